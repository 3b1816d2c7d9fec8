"""The engine under test, fed as Home Assistant would feed it."""

from collections.abc import Mapping
from dataclasses import replace
from math import floor
from typing import Any

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Mode,
    Setpoint,
    Snapshot,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings
from simulator.heater import Characteristic, phase_angle_share, power_share

from .cases import Case, ChargerCase, HeaterCase, RelayCase
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

# Below this a phase carries no vehicle: a charger then tells no currents.
_IDLE_A = 0.1
# A Linky tells apparent power: active power is lost in it below this.
_LINKY_DEAD_ZONE_W = 200.0
# A dimmer's control moves by whole percents.
_PERCENT = 0.01


class Ours:
    """One Home with the loads of a case.

    The engine has no circuits yet: where several cars share a limit, each is given what
    those before it have left as the limit of its own wiring.
    """

    def __init__(
        self,
        case: Case,
        *,
        import_price: float = 1.0,
        writes_per_day: int | None = None,
    ) -> None:
        """Set a Home up; ``import_price`` is the λ it shall regulate by.

        ``writes_per_day`` is how often each charger may be told something.
        """
        self._engine = Engine(
            HomeSettings(
                phases=case.supply_phases,
                subscribed_va=case.subscribed_va,
                import_price=import_price,
            )
        )
        self._mode = Mode.BOOST if case.fast else Mode.SOLAR
        more: dict[str, Any] = {}
        if writes_per_day is not None:
            more["writes_per_day"] = writes_per_day
        self._chargers = tuple(
            charger_spec(charger, priority, more)
            for priority, charger in enumerate(case.chargers, start=1)
        )
        first = 1 + len(case.chargers)
        self._heaters = tuple(
            heater_spec(heater, priority)
            for priority, heater in enumerate(case.heaters, start=first)
        )
        first += len(case.heaters)
        self._relays = tuple(
            switched_spec(relay, priority)
            for priority, relay in enumerate(case.relays, start=first)
        )
        self._told: dict[str, Setpoint] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Run one cycle."""
        cycle = self._engine.cycle(
            Snapshot(
                now=seen.now,
                wall=seen.wall,
                grid=_grid(seen),
                loads=(
                    *self._charger_inputs(seen),
                    *(
                        LoadInput(
                            spec=spec, reading=heater_reading(heater), mode=self._mode
                        )
                        for spec, heater in zip(
                            self._heaters, seen.heaters, strict=True
                        )
                    ),
                    *(
                        LoadInput(
                            spec=spec, reading=relay_reading(relay), mode=self._mode
                        )
                        for spec, relay in zip(self._relays, seen.relays, strict=True)
                    ),
                ),
                batteries=_batteries(seen),
            )
        )
        for decision in cycle.decisions:
            if decision.setpoint is not None:
                self._told[decision.load_id] = decision.setpoint
        return {
            **self._charger_orders(seen),
            **{
                heater.case.load_id: HeaterCommand(
                    share=share_of(heater.case, told.value)
                )
                for heater in seen.heaters
                if (told := self._told.get(heater.case.load_id)) is not None
            },
            **{
                relay.case.load_id: RelayCommand(on=told.value > 0)
                for relay in seen.relays
                if (told := self._told.get(relay.case.load_id)) is not None
            },
        }

    def _told_a(self, load_id: str) -> float:
        told = self._told.get(load_id)
        return told.value if told is not None else 0.0

    def _phases(self, charger: ChargerSeen) -> int:
        """Return how many phases a charger shall use: all, until it is told another."""
        told = self._told.get(charger.case.load_id)
        if told is None or told.phases is None:
            return len(charger.case.evse.wiring)
        return told.phases

    def _charger_inputs(self, seen: Seen) -> list[LoadInput]:
        rest_a = seen.case.ev_limit_a
        inputs: list[LoadInput] = []
        for spec, charger in zip(self._chargers, seen.chargers, strict=True):
            top_a = max(spec.min_a, min(spec.max_a, rest_a))
            inputs.append(
                LoadInput(
                    spec=replace(spec, max_a=top_a),
                    reading=charger_reading(charger),
                    mode=self._mode,
                )
            )
            rest_a -= self._told_a(spec.load_id)
        return inputs

    def _charger_orders(self, seen: Seen) -> dict[str, Order]:
        rest_a = seen.case.ev_limit_a
        orders: dict[str, Order] = {}
        for charger in seen.chargers:
            load_id = charger.case.load_id
            amps = min(self._told_a(load_id), float(floor(rest_a)))
            rest_a -= amps
            orders[load_id] = Command(current_a=amps, phases=self._phases(charger))
        return orders


# ---- what the user told ------------------------------------------------------------


def charger_spec(
    case: ChargerCase, priority: int, more: Mapping[str, Any]
) -> ChargerSpec:
    """Return what a user tells of a charger."""
    told = dict(more)
    if case.evse.switches_phases:
        told |= {"switches_phases": True, "phase_change_s": case.evse.phase_switch_s}
    return ChargerSpec(
        load_id=case.load_id,
        name=case.load_id,
        priority=priority,
        phases=case.evse.wiring,
        max_a=case.evse.max_a,
        **told,
    )


def heater_spec(case: HeaterCase, priority: int) -> HeaterSpec:
    """Return what a user tells of a heater."""
    linear = case.stated is Characteristic.LINEAR
    return HeaterSpec(
        load_id=case.load_id,
        name=case.load_id,
        priority=priority,
        max_w=case.stated_w,
        # Along a curve the steps of the control are no even steps of power.
        step_w=_PERCENT * case.stated_w if linear else 1.0,
    )


def switched_spec(case: RelayCase, priority: int) -> SwitchedSpec:
    """Return what a user tells of a load behind a relay."""
    return SwitchedSpec(
        load_id=case.load_id,
        name=case.load_id,
        priority=priority,
        power_w=case.stated_w,
    )


def share_of(case: HeaterCase, power_w: float) -> float:
    """Return the control for a power, by what the user told of the dimmer."""
    share = power_w / case.stated_w
    if case.stated is Characteristic.PHASE_ANGLE:
        share = phase_angle_share(share)
    return round(round(share / _PERCENT) * _PERCENT, 2)


# ---- what the devices tell ---------------------------------------------------------


def _grid(seen: Seen) -> GridReading | None:
    if seen.grid is None:
        return None
    watts = seen.grid.value
    return GridReading(
        at=seen.grid.at,
        power_w=watts,
        drawn_va=max(0.0, watts),
        currents_a=seen.currents_a,
        dead_zone_w=_LINKY_DEAD_ZONE_W if seen.case.wires.linky else 0.0,
    )


def _batteries(seen: Seen) -> tuple[BatteryReading, ...]:
    if (told := seen.battery) is None:
        return ()
    return (BatteryReading(power_w=told.value.power_w, at=told.at, soc=told.value.soc),)


def charger_reading(charger: ChargerSeen) -> ChargerReading:
    """Return what a charger tells."""
    accepted, power = charger.accepted, charger.power
    drawn = charger.plugged and charger.current_a > _IDLE_A
    return ChargerReading(
        reachable=True,
        wants_power=charger.plugged,
        power_w=power.value if power else None,
        power_at=power.at if power else None,
        currents_a=(charger.current_a,) * charger.phases if drawn else (),
        offered_a=accepted.value.current_a if accepted else None,
        offered_at=accepted.at if accepted else None,
    )


def heater_reading(heater: HeaterSeen) -> HeaterReading:
    """Return what a heater tells."""
    accepted, power, case = heater.accepted, heater.power, heater.case
    accepted_w = None
    if accepted is not None:
        accepted_w = case.stated_w * power_share(case.stated, accepted.value.share)
    return HeaterReading(
        reachable=True,
        power_w=power.value if power else None,
        power_at=power.at if power else None,
        accepted_w=accepted_w,
        accepted_at=accepted.at if accepted else None,
    )


def relay_reading(relay: RelaySeen) -> SwitchedReading:
    """Return what a relay tells."""
    accepted, power = relay.accepted, relay.power
    return SwitchedReading(
        reachable=True,
        power_w=power.value if power else None,
        power_at=power.at if power else None,
        on=accepted is not None and accepted.value.on,
        changed_at=accepted.at if accepted else None,
    )
