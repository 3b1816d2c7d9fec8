"""Who decides: Surplus, Surplus without its guard, and a limit checked now and then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import floor
from typing import Protocol

from benchmarks.closed_loop.ours import (
    charger_reading,
    charger_spec,
    heater_reading,
    heater_spec,
    relay_reading,
    share_of,
    switched_spec,
)
from benchmarks.closed_loop.seen import Command, HeaterCommand, Order, RelayCommand
from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    GridReading,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Setpoint,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings

from .cases import VOLTAGE_V, Asked, House
from .plant import Frame, Seen

# A Linky tells apparent power: active power is lost in it below this.
_LINKY_DEAD_ZONE_W = 200.0
_MODES = {Asked.FAST: Mode.BOOST, Asked.ECO: Mode.ECO}
_CHECKED_EVERY_S = 30


class Controller(Protocol):
    """Asked once a second. A load that is not named stays as it was told."""

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Return what each load shall be told."""


class Surplus:
    """The engine, fed as Home Assistant would feed it: once for each frame.

    Without ``limits`` it knows of no subscription, and its meter tells of none.
    """

    def __init__(self, house: House, *, limits: bool = True) -> None:
        """Set a Home up."""
        self._house, self._limits = house, limits
        self.cycle: Cycle | None = None
        self._engine = Engine(
            HomeSettings(
                phases=house.phases,
                subscribed_va=house.subscribed_va if limits else None,
            )
        )
        self._specs = _specs(house)
        self._told: dict[str, Setpoint] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Run one cycle on each frame."""
        if not seen.fresh:
            return {}
        house = self._house
        readings: dict[str, LoadReading] = {
            seen.car.case.load_id: charger_reading(seen.car),
            seen.heater.case.load_id: heater_reading(seen.heater),
            **{relay.case.load_id: relay_reading(relay) for relay in seen.relays},
        }
        cheap = house.cheap(seen.now) if house.asked is Asked.ECO else None
        self.cycle = self._engine.cycle(
            Snapshot(
                now=float(seen.now),
                wall=seen.wall,
                grid=self._grid(seen.frame),
                loads=tuple(
                    LoadInput(
                        spec=spec,
                        reading=readings[spec.load_id],
                        # Warm rooms are what a person wants all day long.
                        mode=Mode.BOOST
                        if spec.load_id == "heating"
                        else _MODES[house.asked],
                    )
                    for spec in self._specs
                ),
                cheap=cheap,
            )
        )
        for decision in self.cycle.decisions:
            if decision.setpoint is not None:
                self._told[decision.load_id] = decision.setpoint
        return {
            load_id: self._order(load_id, told.value)
            for load_id, told in self._told.items()
        }

    def _order(self, load_id: str, value: float) -> Order:
        house = self._house
        if load_id == house.car.load_id:
            return Command(current_a=value, phases=len(house.car.evse.wiring))
        if load_id == house.heater.load_id:
            return HeaterCommand(share=share_of(house.heater, value))
        return RelayCommand(on=value > 0)

    def _grid(self, frame: Frame) -> GridReading:
        phases_va = frame.phases_va
        drawn_va = sum(max(0.0, va) for va in phases_va)
        told = self._house.subscribed_va if self._limits else None
        return GridReading(
            at=frame.at,
            power_w=sum(phases_va),
            drawn_va=drawn_va,
            currents_a=tuple(va / VOLTAGE_V for va in phases_va)
            if len(phases_va) > 1
            else (),
            voltages_v=(VOLTAGE_V,) * len(phases_va),
            dead_zone_w=_LINKY_DEAD_ZONE_W,
            overload=frame.overload and self._limits,
            subscribed_va=told,
            cutoff_va=told,
        )


def _specs(house: House) -> tuple[LoadSpec, ...]:
    """Return what the user told of the loads: what is for comfort comes first."""
    relays = [
        replace(
            switched_spec(relay, priority),
            phases=(relay.appliance.phase,),
            sheddable=True,
        )
        for priority, relay in enumerate(house.relays, start=1)
    ]
    car = charger_spec(house.car, len(relays) + 1, {})
    heater = replace(
        heater_spec(house.heater, len(relays) + 2),
        phases=(house.heater.heater.phase,),
    )
    return (*relays, car, heater)


class CheckedEvery30s:
    """A limit as evcc keeps one: every 30 s, by the current of its own charger.

    All else is told as without a guard.
    """

    def __init__(self, house: House) -> None:
        """Begin with the charger's own limit."""
        self._house = house
        self._others = Surplus(house, limits=False)
        self._most_a = house.car.evse.max_a
        self._wanted: dict[str, Order] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Check when it is time; lower what the charger is wanted to take."""
        if seen.now % _CHECKED_EVERY_S == 0:
            self._check(seen)
        self._wanted |= self._others(seen)
        load_id = self._house.car.load_id
        wanted = self._wanted.get(load_id)
        if not isinstance(wanted, Command):
            return self._wanted
        amps = min(wanted.current_a, self._most_a)
        if amps < self._house.car.min_a:
            amps = 0.0
        return {**self._wanted, load_id: replace(wanted, current_a=amps)}

    def _check(self, seen: Seen) -> None:
        wiring = self._house.car.evse.wiring
        own_w = seen.car.power.value if seen.car.power is not None else 0.0
        most_va = self._house.subscribed_va / self._house.phases
        room_va = min(
            most_va - (seen.frame.phases_va[phase - 1] - own_w / len(wiring))
            for phase in wiring
        )
        self._most_a = float(floor(max(0.0, room_va) / VOLTAGE_V))


@dataclass(frozen=True, kw_only=True, slots=True)
class Player:
    """A controller by name."""

    name: str
    make: Callable[[House], Controller]


OURS = Player(name="Surplus", make=Surplus)
UNGUARDED = Player(name="no guard", make=lambda house: Surplus(house, limits=False))
CHECKED = Player(name="checked every 30 s", make=CheckedEvery30s)
PLAYERS = {player.name: player for player in (OURS, UNGUARDED, CHECKED)}
