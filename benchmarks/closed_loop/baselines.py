"""Other controllers, re-implemented from what they do, to stand beside ours.

Each knows what it would know in its own world: measured powers as they come, no model
of the car, its own cycle time and its own delays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

from .cases import VOLTAGE_V, ChargerCase
from .seen import (
    ChargerSeen,
    Command,
    HeaterCommand,
    HeaterSeen,
    Order,
    RelayCommand,
    RelaySeen,
    Seen,
)

# A grid meter's value that is not there yet reads as balance.
_BALANCE_W = 0.0


def _grid_w(seen: Seen) -> float:
    return seen.grid.value if seen.grid is not None else _BALANCE_W


def _own_w(load: ChargerSeen | HeaterSeen | RelaySeen) -> float:
    return load.power.value if load.power is not None else 0.0


def _own_all_w(seen: Seen) -> float:
    """Return what the chargers draw."""
    return sum(_own_w(charger) for charger in seen.chargers)


class _Offers:
    """What was told last to each charger."""

    def __init__(self) -> None:
        self.amps: dict[str, float] = {}

    def tell(self, case: ChargerCase, amps: float, phases: int | None = None) -> None:
        self.amps[case.load_id] = 0.0 if amps < case.min_a else min(amps, case.top_a)

    def told(self, case: ChargerCase) -> float:
        return self.amps.get(case.load_id, 0.0)

    def commands(self, seen: Seen) -> dict[str, Order]:
        return {
            charger.case.load_id: Command(
                current_a=self.told(charger.case) if charger.plugged else 0.0,
                phases=charger.case.car.phases,
            )
            for charger in seen.chargers
        }


# ---- evcc --------------------------------------------------------------------------

_EVCC_ENABLE_S = 60.0
_EVCC_DISABLE_S = 180.0
_EVCC_PHASES_REST_S = 60.0
# Offered current counts up to this much above the one measured.
_EVCC_ABOVE_A = 2.0


@dataclass(kw_only=True, slots=True)
class _Loadpoint:
    """One charger of evcc; ``timer`` is since when it wants to switch."""

    enabled: bool = False
    offered_a: float = 0.0
    phases: int = 1
    timer: float | None = None
    phase_timer: float | None = None
    phases_switched: float = float("-inf")


class Evcc:
    """evcc's PV mode (core/loadpoint.go ``pvMaxCurrent``), one charger per tick in turn."""

    def __init__(self, interval_s: int = 30) -> None:
        """Tick every ``interval_s``."""
        self._interval_s = interval_s
        self._ticks = 0
        self._points: dict[str, _Loadpoint] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Update the charger whose turn it is."""
        if seen.now % self._interval_s:
            return {}
        charger = seen.chargers[self._ticks % len(seen.chargers)]
        self._ticks += 1
        case = charger.case
        point = self._points.setdefault(
            case.load_id,
            _Loadpoint(phases=1 if case.evse.switches_phases else case.car.phases),
        )
        if not charger.plugged:
            point.enabled, point.timer, point.phase_timer = False, None, None
            point.offered_a = 0.0
            return {}
        site_w = _grid_w(seen) + seen.battery_w
        if seen.case.fast:
            target_a = case.top_a
        else:
            if case.evse.switches_phases:
                self._scale_phases(point, charger, site_w, seen.now)
            target_a = self._pv_max_current(point, charger, site_w, seen.now)
        target_a = self._circuit(seen, point, charger, target_a)
        # Chargers with whole amperes cut the fraction off.
        target_a = float(floor(target_a))
        point.enabled = target_a >= case.min_a
        point.offered_a = target_a if point.enabled else 0.0
        return {case.load_id: Command(current_a=point.offered_a, phases=point.phases)}

    def _pv_max_current(
        self, point: _Loadpoint, charger: ChargerSeen, site_w: float, now: float
    ) -> float:
        case = charger.case
        effective_a = 0.0
        if charger.charging:
            effective_a = min(charger.current_a + _EVCC_ABOVE_A, point.offered_a)
        target_a = max(0.0, effective_a - site_w / VOLTAGE_V / point.phases)
        if point.enabled and target_a < case.min_a:
            if site_w >= 0:
                if point.timer is None:
                    point.timer = now
                if now - point.timer >= _EVCC_DISABLE_S:
                    point.timer = None
                    return 0.0
            else:
                point.timer = None
            return case.min_a
        if not point.enabled:
            if target_a >= case.min_a:
                if point.timer is None:
                    point.timer = now
                if now - point.timer >= _EVCC_ENABLE_S:
                    point.timer = None
                    return case.min_a
            else:
                point.timer = None
            return 0.0
        point.timer = None
        return min(target_a, case.top_a)

    def _scale_phases(
        self, point: _Loadpoint, charger: ChargerSeen, site_w: float, now: float
    ) -> None:
        if now - point.phases_switched < _EVCC_PHASES_REST_S:
            return
        case = charger.case
        available_w = _own_w(charger) - site_w
        per_phase_a = available_w / VOLTAGE_V
        if point.phases > 1:
            pressed = site_w > 0 or not point.enabled
            wants = pressed and per_phase_a / point.phases < case.min_a
            delay_s, phases = _EVCC_DISABLE_S if charger.charging else 0.0, 1
        else:
            wants = per_phase_a > case.top_a and per_phase_a / 3 >= case.min_a
            delay_s, phases = _EVCC_ENABLE_S, case.car.phases
        if not wants:
            point.phase_timer = None
            return
        if point.phase_timer is None:
            point.phase_timer = now
        if now - point.phase_timer >= delay_s:
            point.phases, point.phase_timer = phases, None
            point.phases_switched = now

    def _circuit(
        self, seen: Seen, point: _Loadpoint, charger: ChargerSeen, target_a: float
    ) -> float:
        """Cap by the circuits: all cars together, and the grid connection."""
        if target_a < charger.case.min_a:
            return target_a
        old_a = min(charger.current_a, point.offered_a) if charger.charging else 0.0
        limit_a = seen.case.ev_limit_a - sum(c.current_a for c in seen.chargers)
        limit_w = seen.case.subscribed_va - _grid_w(seen)
        potential_a = min(limit_a, limit_w / VOLTAGE_V / point.phases)
        if target_a - old_a > potential_a:
            target_a = max(0.0, min(target_a, old_a + potential_a))
        return target_a


# ---- TWCManager --------------------------------------------------------------------

_TWC_DELAY_S = 60.0


class TwcManager:
    """TWCManager's green energy policy: export + own power, shared evenly."""

    def __init__(self, interval_s: int = 60) -> None:
        """Act every ``interval_s``."""
        self._interval_s = interval_s
        self._offers = _Offers()
        self._switched: dict[str, float] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Share what there is."""
        if seen.now % self._interval_s:
            return {}
        plugged = [charger for charger in seen.chargers if charger.plugged]
        if not plugged:
            return self._offers.commands(seen)
        # The battery's share is not in its sum: only what the grid meter shows.
        budget_w = _own_all_w(seen) - _grid_w(seen)
        phases = plugged[0].case.car.phases
        if seen.case.fast:
            limit_w = seen.case.subscribed_va
            budget_w = limit_w + budget_w
        budget_a = min(budget_w / VOLTAGE_V / phases, seen.case.ev_limit_a)
        for n, charger in enumerate(plugged):
            share_a = float(floor(max(0.0, budget_a) / (len(plugged) - n)))
            self._set(charger.case, share_a, seen.now)
            budget_a -= self._offers.told(charger.case)
        return self._offers.commands(seen)

    def _set(self, case: ChargerCase, amps: float, now: float) -> None:
        was_on = self._offers.told(case) > 0
        if (amps >= case.min_a) is not was_on:
            since_s = now - self._switched.get(case.load_id, float("-inf"))
            if since_s < _TWC_DELAY_S:
                amps = case.min_a if was_on else 0.0
            else:
                self._switched[case.load_id] = now
        self._offers.tell(case, amps)


# ---- The earlier OCPP server's PID ---------------------------------------------------

_PID_INTERVAL_S = 5
_PID_STOP_S = 60.0
_PID_STOP_W = 50.0


class EarlierPid:
    """A PID on the grid error whose output is *added* to the current, as it was."""

    def __init__(self, kp: float = 0.005, ki: float = 0.001, kd: float = 1e-4) -> None:
        """Take gains; the defaults are the upper ends of its ranges."""
        self._gains = (kp, ki, kd)
        self._target_a = 0.0
        self._integral = 0.0
        self._error: float | None = None
        self._importing_since: float | None = None
        self._offers = _Offers()

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Add the PID's output to the current target; station 1 gets it first."""
        if seen.now % _PID_INTERVAL_S:
            return {}
        plugged = [charger for charger in seen.chargers if charger.plugged]
        top_a = min(
            seen.case.ev_limit_a, sum(charger.case.top_a for charger in plugged)
        )
        grid_w = _grid_w(seen)
        aim_w = seen.case.subscribed_va if seen.case.fast else 0.0
        error = aim_w - grid_w
        kp, ki, kd = self._gains
        slope = 0.0 if self._error is None else (error - self._error) / _PID_INTERVAL_S
        self._error = error
        saturated = (self._target_a <= 0 and error < 0) or (
            self._target_a >= top_a and error > 0
        )
        if not saturated:
            self._integral += error * _PID_INTERVAL_S
        step_a = (kp * error + ki * self._integral + kd * slope) / VOLTAGE_V
        self._target_a = min(top_a, max(0.0, self._target_a + step_a))
        self._stop_on_import(seen, grid_w)
        rest_a = self._target_a
        for charger in plugged:
            amps = float(floor(min(rest_a, charger.case.top_a)))
            self._offers.tell(charger.case, amps)
            rest_a -= self._offers.told(charger.case)
        return self._offers.commands(seen)

    def _stop_on_import(self, seen: Seen, grid_w: float) -> None:
        least_a = min(charger.case.min_a for charger in seen.chargers)
        if grid_w <= _PID_STOP_W or not least_a <= self._target_a < least_a + 1:
            self._importing_since = None
            return
        if self._importing_since is None:
            self._importing_since = seen.now
        if seen.now - self._importing_since >= _PID_STOP_S:
            self._target_a = self._integral = 0.0
            self._importing_since = None


# ---- OpenEMS -----------------------------------------------------------------------

_OPENEMS_AFTER_STOP_S = 30.0
_OPENEMS_AFTER_START_S = 120.0
_OPENEMS_TAKEN_S = 10.0
_OPENEMS_LEAST_CHANGE_W = 50.0


class OpenEms:
    """OpenEMS' Ctrl.EVCS on excess power: every second, with its hysteresis."""

    def __init__(self) -> None:
        """Begin with everything off."""
        self._offers = _Offers()
        self._switched: dict[str, float] = {}
        self._changed: dict[str, tuple[float, bool]] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Hand the excess power out in order."""
        rest_w = _own_all_w(seen) - _grid_w(seen) - seen.battery_w
        if seen.case.fast:
            rest_w += seen.case.subscribed_va
        rest_a = seen.case.ev_limit_a
        for charger in seen.chargers:
            if not charger.plugged:
                continue
            case = charger.case
            per_a = VOLTAGE_V * case.car.phases
            amps = float(floor(min(max(0.0, rest_w) / per_a, rest_a, case.top_a)))
            self._set(case, amps, seen.now)
            told_a = self._offers.told(case)
            rest_w -= told_a * per_a
            rest_a -= told_a
        return self._offers.commands(seen)

    def _set(self, case: ChargerCase, amps: float, now: float) -> None:
        before = self._offers.told(case)
        amps = amps if amps >= case.min_a else 0.0
        if (amps > 0) is not (before > 0):
            rest_s = _OPENEMS_AFTER_START_S if before else _OPENEMS_AFTER_STOP_S
            if now - self._switched.get(case.load_id, float("-inf")) < rest_s:
                return
            self._switched[case.load_id] = now
        at, rising = self._changed.get(case.load_id, (float("-inf"), False))
        change_w = abs(amps - before) * VOLTAGE_V * case.car.phases
        if change_w <= _OPENEMS_LEAST_CHANGE_W:
            return
        # A change waits until the last one was taken; only a fall may break a rise off.
        if now - at < _OPENEMS_TAKEN_S and not (rising and amps < before):
            return
        self._changed[case.load_id] = (now, amps > before)
        self._offers.tell(case, amps)


# ---- A greedy optimiser --------------------------------------------------------------

_OPTIMISER_MARGIN_W = 30.0


class PriorityOptimiser:
    """The earlier Linky optimiser: surplus in priority order, no minimum times."""

    def __init__(self, interval_s: int = 5) -> None:
        """Act every ``interval_s``."""
        self._interval_s = interval_s
        self._offers = _Offers()

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Hand out what there is."""
        if seen.now % self._interval_s:
            return {}
        others_w = sum(map(_own_w, seen.heaters)) + sum(map(_own_w, seen.relays))
        rest_w = _own_all_w(seen) + others_w - _grid_w(seen) - _OPTIMISER_MARGIN_W
        if seen.case.fast:
            rest_w += seen.case.subscribed_va
        rest_a = seen.case.ev_limit_a
        for charger in seen.chargers:
            if not charger.plugged:
                continue
            case = charger.case
            per_a = VOLTAGE_V * case.car.phases
            amps = float(floor(min(max(0.0, rest_w) / per_a, rest_a, case.top_a)))
            self._offers.tell(case, amps)
            told_a = self._offers.told(case)
            rest_w -= told_a * per_a
            rest_a -= told_a
        return self._offers.commands(seen) | self._others(seen, rest_w)

    def _others(self, seen: Seen, rest_w: float) -> dict[str, Order]:
        orders: dict[str, Order] = {}
        for heater in seen.heaters:
            case = heater.case
            share = floor(100 * min(1.0, max(0.0, rest_w) / case.stated_w)) / 100
            orders[case.load_id] = HeaterCommand(share=share)
            rest_w -= share * case.stated_w
        for relay in seen.relays:
            needed_w = relay.case.stated_w or 0.0
            orders[relay.case.load_id] = RelayCommand(on=rest_w >= needed_w)
            rest_w -= needed_w if rest_w >= needed_w else 0.0
        return orders
