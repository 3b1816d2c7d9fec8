"""One cycle: a snapshot comes in, decisions go out.

The engine keeps what must be remembered between cycles and nothing else: given the same
snapshots in the same order it decides the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Any

from .battery import STRICT_PRICE, Batteries, BatteryShare
from .blind import Balance, HouseModel
from .check import Check, CheckEnd, CheckResult
from .freshness import Freshness, MeterState
from .limits import Headroom, grid_currents_a, limits_of, voltage_of
from .loads import control_of
from .loads.base import Circumstances, LoadControl, usable
from .model import (
    Decision,
    GridReading,
    LimitKind,
    LoadInput,
    LoadSpec,
    Mode,
    Reason,
    RegulatorTerms,
    Snapshot,
)
from .peaks import HousePeaks
from .probing import Probing
from .settings import HomeSettings

type Follower = tuple[LoadInput, LoadControl[Any, Any]]

# A longer gap between readings is not time in which anything was seen.
_LONGEST_STEP_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """What a cycle made of its snapshot.

    ``surplus_w`` is what the sun leaves to all loads together; ``budget_w`` and
    ``budget_a`` are what they may use of it under target, margin and limits (current
    over one phase of the supply). ``battery_w`` is what batteries that regulate
    themselves give (+ = discharging) at the instant of the surplus.
    ``modelled_house_w`` is what the house was believed to take where the surplus rests
    on that, ``probed_w`` what of the budget nobody has seen yet. Rooms are what is left
    under a limit as the house runs now. ``checks`` holds the commissioning checks that
    ended in this cycle, ``regulation`` what the PIDs of loads did that have one, and
    ``facts`` what was learned of loads.
    """

    at: float
    meter: MeterState
    grid_w: float | None = None
    solar_w: float | None = None
    battery_w: float | None = None
    battery_state: MeterState = MeterState.NONE
    battery_first: bool = False
    modelled_house_w: float | None = None
    probed_w: float = 0.0
    house_w: float | None = None
    surplus_w: float | None = None
    budget_w: float | None = None
    budget_a: float | None = None
    breaker_room_a: float | None = None
    subscription_room_va: float | None = None
    decisions: tuple[Decision, ...] = ()
    checks: Mapping[str, CheckResult] = field(default_factory=dict)
    regulation: Mapping[str, RegulatorTerms] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Engine:
    """The brain of one Home."""

    def __init__(
        self, settings: HomeSettings, saved: Mapping[str, Any] | None = None
    ) -> None:
        """Start from settings and what ``as_dict`` saved.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        saved = saved or {}
        self.settings = settings
        self.freshness = Freshness()
        self._batteries = Batteries()
        self._house = HouseModel()
        self._probing = Probing()
        self._peaks = HousePeaks(saved.get("peaks"))
        self._saved_loads: dict[str, Mapping[str, Any]] = {
            str(load_id): usable(load)
            for load_id, load in saved.get("loads", {}).items()
        }
        self._loads: dict[str, LoadControl[Any, Any]] = {}
        self._checks: dict[str, Check] = {}
        self._last_at: float | None = None

    def as_dict(self, now: float, wall: datetime) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "peaks": self._peaks.as_dict(),
            "loads": {
                **self._saved_loads,
                **{key: load.as_dict(now, wall) for key, load in self._loads.items()},
            },
        }

    def new_meter(self) -> None:
        """Forget the rhythm of the grid meter: another one has taken over."""
        self.freshness = Freshness()
        self._last_at = None

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self._loads.pop(load_id, None)
        self._saved_loads.pop(load_id, None)
        self._checks.pop(load_id, None)

    def start_check(self, spec: LoadSpec) -> None:
        """Begin a commissioning check of a load with the next cycle."""
        control = self._loads.get(spec.load_id) or control_of(spec)
        self._checks[spec.load_id] = Check(control.pulses(self.settings.voltage_v))

    def stop_check(self, load_id: str) -> None:
        """End a check; the load is decided for again, as if it had not been."""
        if self._checks.pop(load_id, None) and (control := self._loads.get(load_id)):
            control.check_ended()

    @property
    def checking(self) -> frozenset[str]:
        """The loads that are being checked."""
        return frozenset(self._checks)

    def cycle(self, snapshot: Snapshot) -> Cycle:
        """Decide for every load."""
        settings, grid = self.settings, snapshot.grid
        meter = self.freshness.judge(grid, snapshot.now)
        self._batteries.observe(snapshot.batteries, snapshot.now)
        controls = self._observe(snapshot)
        if grid is None or meter is MeterState.LOST:
            return self._blind(snapshot, meter, controls)

        dt_s, is_new = 0.0, False
        if self._last_at is None or grid.at > self._last_at:
            longest_s = max(_LONGEST_STEP_S, 1.5 * self.freshness.interval_s)
            dt_s = min(grid.at - (self._last_at or grid.at), longest_s)
            self._last_at = grid.at
            is_new = True

        voltage_v = voltage_of(settings, grid)
        own_w = {
            load.spec.load_id: control.own_power_w(
                load.reading, grid.at, snapshot.now, voltage_v
            )
            for load, control in controls
        }
        grid_a = grid_currents_a(settings, grid)
        base_a = _base_currents(grid_a, controls, own_w, voltage_v)
        # Where the meter itself warns, no calculation gets the benefit of the doubt.
        shown_a = (inf,) * settings.phases if grid.overload else grid_a
        headroom = Headroom(limits_of(settings, grid), base_a, shown_a)
        if is_new:
            solar_a = (snapshot.solar_w or 0.0) / voltage_v / settings.phases
            self._peaks.observe(max(base_a) + solar_a, snapshot.wall)
            all_w = sum(own_w.values())
            for load, control in controls:
                control.see_grid(grid, all_w - own_w[load.spec.load_id])

        # Loads out of reach cannot follow: for the surplus they are part of the house.
        def followed_w(at: float) -> float:
            return sum(
                control.own_power_w(load.reading, at, snapshot.now, voltage_v)
                if at != grid.at
                else own_w[load.spec.load_id]
                for load, control in controls
                if load.reading.reachable
            )

        # Two models of the house would be one too many beside a battery.
        balance = (
            Balance(grid=grid)
            if snapshot.batteries
            else self._house.balance(grid, snapshot.solar_w, followed_w(grid.at))
        )
        battery = self._batteries.share(balance.grid, followed_w, dt_s)
        surplus_w = battery.surplus_w
        if settings.zero_export and is_new:
            self._probing.observe(
                grid,
                solar_w=snapshot.solar_w,
                own_w=followed_w(grid.at),
                needs_w=_least_wanted(controls, voltage_v, snapshot.cheap),
                dt_s=dt_s,
            )
        probed_w = self._probing.offer_w if settings.zero_export else 0.0
        available_w = (
            surplus_w
            + settings.grid_target_w
            - settings.margin_w
            - battery.kept_w
            + probed_w
        )
        room_now = Headroom(limits_of(settings, grid), grid_a)
        room_va = room_now.room_a(LimitKind.SUBSCRIPTION)
        budget_w = _budget(available_w, headroom, voltage_v, settings.phases)

        checks = (
            self._step_checks(
                snapshot,
                grid,
                controls,
                own_w,
                headroom=headroom,
                voltage_v=voltage_v,
            )
            if is_new
            else {}
        )
        known = balance.grid.power_w is not None
        decisions = self._allocate(
            controls,
            own_w,
            Circumstances(
                now=snapshot.now,
                wall=snapshot.wall,
                cheap=snapshot.cheap,
                at=grid.at,
                dt_s=dt_s,
                surplus_w=available_w,
                total_w=available_w,
                sun_left_w=battery.sun_left_w,
                voltage_v=voltage_v,
                meter=meter,
                direction_known=known,
                headroom=headroom,
                settings=(
                    replace(
                        settings,
                        import_price=max(settings.import_price, STRICT_PRICE),
                    )
                    if battery.owed
                    else settings
                ),
            ),
        )
        return Cycle(
            at=snapshot.now,
            meter=meter,
            grid_w=grid.drawn_va if grid.power_w is None else grid.power_w,
            solar_w=snapshot.solar_w,
            battery_w=battery.power_w if snapshot.batteries else None,
            battery_state=battery.state,
            battery_first=battery.first,
            house_w=_house(grid, snapshot.solar_w, battery),
            surplus_w=surplus_w if known else None,
            budget_w=budget_w if known else None,
            budget_a=budget_w / voltage_v if known else None,
            breaker_room_a=room_now.room_a(LimitKind.BREAKER),
            subscription_room_va=(
                room_va * voltage_v * settings.phases if room_va is not None else None
            ),
            modelled_house_w=balance.house_w,
            probed_w=probed_w,
            decisions=tuple(
                _told_with(decision, battery, balance) for decision in decisions
            ),
            checks=checks,
            regulation={
                load.spec.load_id: terms
                for load, control in controls
                if (terms := control.pid_terms) is not None
            },
            facts=_facts(controls),
        )

    def _observe(self, snapshot: Snapshot) -> list[Follower]:
        """Return loads with their memories in priority order."""
        ordered = sorted(
            snapshot.loads, key=lambda load: (load.spec.priority, load.spec.load_id)
        )
        controls = []
        for load in ordered:
            load_id = load.spec.load_id
            if (control := self._loads.get(load_id)) is None:
                control = self._loads[load_id] = control_of(load.spec)
                if saved := self._saved_loads.pop(load_id, None):
                    control.restore(saved, snapshot.now, snapshot.wall)
            control.observe(load, self.settings.phases)
            controls.append((load, control))
        return controls

    def _allocate(
        self,
        controls: list[Follower],
        own_w: Mapping[str, float],
        around: Circumstances,
    ) -> tuple[Decision, ...]:
        """Hand out surplus and room in strict order of priority."""
        decisions = []
        spans = {
            load.spec.load_id: control.span_w(around.voltage_v)
            for load, control in controls
            if control.follows_surplus(load, around.cheap)
        }
        least_below_w = sum(
            spans[load.spec.load_id].least_w
            for load, control in controls
            if control.switching.on and load.spec.load_id in spans
        )
        trims_below_w = sum(
            control.trim_w for load, control in controls if load.spec.load_id in spans
        )
        moving_w = {
            load.spec.load_id: control.moving_w(load.reading, around.at, around.now)
            for load, control in controls
        }
        all_moving_w = sum(moving_w.values())
        # What cannot be commanded takes its room first, whatever its priority.
        for load, control in sorted(
            controls, key=lambda pair: pair[0].reading.reachable
        ):
            load_id = load.spec.load_id
            span = spans.get(load_id)
            if span is not None and control.switching.on:
                least_below_w -= span.least_w
            if span is not None:
                trims_below_w -= control.trim_w
            around = replace(
                around,
                least_below_w=least_below_w,
                reserve_w=min(trims_below_w, self.settings.reserve_w),
                doubt_w=all_moving_w - moving_w[load_id],
            )
            if check := self._checks.get(load_id):
                decision = control.follow_check(check.value, around)
            elif self._checks and self._stands_still(load):
                decision = control.hold(around)
            else:
                decision = control.decide(load, around)
            decisions.append(decision)
            taken_w = control.takes_w(decision)
            follows = span is not None and (decision.runs or control.reserved_w > 0)
            drawn_w = own_w.get(load_id, 0.0) if load.reading.reachable else 0.0
            around = replace(
                around,
                surplus_w=around.surplus_w - taken_w,
                # Who does not follow the surplus takes from what the others share.
                total_w=around.total_w
                if span is not None
                else around.total_w - taken_w,
                above=around.above + span if span and follows else around.above,
                # Out of a total that is less what others take, only what they draw
                # otherwise than that.
                drawn_above_w=around.drawn_above_w
                + (drawn_w if span is not None else drawn_w - taken_w),
            )
        return tuple(decisions)

    def _stands_still(self, load: LoadInput) -> bool:
        """Whether a load waits for another one's check: not when it must stop anyway."""
        return (
            load.reading.reachable
            and load.reading.wants_power
            and load.mode is not Mode.OFF
            and not self.settings.sign_reversed
        )

    def _blind(
        self,
        snapshot: Snapshot,
        meter: MeterState,
        controls: list[Follower],
    ) -> Cycle:
        """Decide without a grid reading: leave the house its own peak of this hour."""
        settings = self.settings
        limits = limits_of(settings, snapshot.grid)
        peak_a = self._peaks.peak_a(snapshot.wall)
        # An hour never seen may hold anything: then nothing fits under a limit.
        base_a = (
            peak_a
            if peak_a is not None
            else max((limit.current_a for limit in limits), default=0.0)
        )
        checks = {}
        for load_id, check in tuple(self._checks.items()):
            checks[load_id] = check.abort(CheckEnd.METER_LOST)
            self.stop_check(load_id)
        decisions = self._allocate(
            controls,
            {},
            Circumstances(
                now=snapshot.now,
                wall=snapshot.wall,
                cheap=snapshot.cheap,
                at=snapshot.now,
                dt_s=0.0,
                surplus_w=0.0,
                total_w=0.0,
                voltage_v=settings.voltage_v,
                meter=meter,
                direction_known=False,
                # No meter shows anything: nothing gets the benefit of the doubt.
                headroom=Headroom(
                    limits, (base_a,) * settings.phases, (inf,) * settings.phases
                ),
                settings=settings,
            ),
        )
        return Cycle(
            at=snapshot.now,
            meter=meter,
            solar_w=snapshot.solar_w,
            battery_state=self._batteries.state,
            decisions=decisions,
            checks=checks,
            facts=_facts(controls),
        )

    def _step_checks(
        self,
        snapshot: Snapshot,
        grid: GridReading,
        controls: list[Follower],
        own_w: Mapping[str, float],
        *,
        headroom: Headroom,
        voltage_v: float,
    ) -> dict[str, CheckResult]:
        ended = {}
        by_id = {load.spec.load_id: (load, control) for load, control in controls}
        for load_id, check in tuple(self._checks.items()):
            if load_id not in by_id:
                ended[load_id] = check.abort(CheckEnd.NOT_READY)
                self.stop_check(load_id)
                continue
            load, control = by_id[load_id]
            measured_w = load.reading.power_w
            result = check.step(
                snapshot.now,
                grid,
                load.reading,
                own_w[load_id] if measured_w is None else measured_w,
                wishes=load.wishes,
                fits=control.fits(
                    check.needs_w / voltage_v / len(control.phases),
                    headroom,
                    snapshot.now,
                ),
            )
            if result is not None:
                ended[load_id] = result
                self.stop_check(load_id)
        return ended


def _facts(controls: list[Follower]) -> dict[str, Mapping[str, float]]:
    return {
        load.spec.load_id: facts
        for load, control in controls
        if (facts := control.facts)
    }


def _base_currents(
    grid_a: tuple[float, ...],
    controls: list[Follower],
    own_w: Mapping[str, float],
    voltage_v: float,
) -> tuple[float, ...]:
    """Return what the house draws per phase without the loads."""
    base = list(grid_a)
    for load, control in controls:
        current_a = own_w[load.spec.load_id] / voltage_v / len(control.phases)
        for phase in control.phases:
            base[phase - 1] -= current_a
    return tuple(base)


def _budget(
    available_w: float, headroom: Headroom, voltage_v: float, phases: int
) -> float:
    """Return what loads may use: the surplus, as far as the limits leave room."""
    budget_w = max(0.0, available_w)
    if tight := headroom.tightest(range(1, phases + 1)):
        budget_w = min(budget_w, max(0.0, tight[0]) * voltage_v * phases)
    return budget_w


def _told_with(decision: Decision, battery: BatteryShare, balance: Balance) -> Decision:
    """Say what a surplus rests on, and what is missing where a battery is not heard."""
    waits = decision.reason in (Reason.WAITING_FOR_SURPLUS, Reason.HOLDING_MINIMUM)
    if battery.state is MeterState.LOST and waits:
        decision = replace(decision, reason=Reason.BATTERY_LOST)
    if balance.house_w is None or "surplus_w" not in decision.numbers:
        return decision
    return replace(
        decision,
        numbers={**decision.numbers, "modelled_house_w": round(balance.house_w)},
    )


def _least_wanted(
    controls: list[Follower], voltage_v: float, cheap: bool | None
) -> float | None:
    """Return the least that a load needs to take more: 0 where a running one could."""
    wants = [
        0.0 if control.switching.on else control.span_w(voltage_v).least_w
        for load, control in controls
        if control.follows_surplus(load, cheap)
    ]
    return min(wants, default=None)


def _house(
    grid: GridReading, solar_w: float | None, battery: BatteryShare
) -> float | None:
    """Return what the whole house consumes; without the production nobody knows."""
    if grid.power_w is None or solar_w is None or battery.power_w is None:
        return None
    return grid.power_w + solar_w + battery.power_w
