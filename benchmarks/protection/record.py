"""Play a controller on a day, and keep what is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.closed_loop.plant import PlantCharger, PlantHeater, PlantRelay
from benchmarks.closed_loop.seen import (
    Command,
    HeaterCommand,
    Order,
    RelayCommand,
    is_nothing,
)

from .breaker import LinkyBreaker
from .cases import House
from .plant import Frame, Plant
from .players import Controller


@dataclass(kw_only=True, slots=True)
class LoadRecord:
    """One value per second for one load.

    ``told`` is the last order: A, a share, or 0 and 1. ``drawn_w`` is per supply phase,
    ``least_w`` what it would draw there at the least that keeps it running.
    """

    told: list[float] = field(default_factory=list)
    drawn_w: list[tuple[float, ...]] = field(default_factory=list)
    least_w: list[tuple[float, ...]] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Record:
    """A day as it went, one value per second; ``heat`` is the breaker's, per phase.

    ``base_w`` is what the house drew per phase without any load, ``drawn_va`` with all.
    ``frames`` holds what the meter told in a second, None in most. ``held`` is where a
    station has taken an order and may not move its pilot yet.
    """

    house: House
    base_w: list[tuple[float, ...]] = field(default_factory=list)
    drawn_va: list[tuple[float, ...]] = field(default_factory=list)
    heat: list[tuple[float, ...]] = field(default_factory=list)
    frames: list[Frame | None] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    loads: dict[str, LoadRecord] = field(default_factory=dict)
    trips: int = 0
    commands: int = 0


def play(house: House, controller: Controller) -> Record:
    """Return the day as it went with this controller."""
    plant = Plant(house)
    breaker = LinkyBreaker(house.subscribed_va, house.phases)
    record = Record(
        house=house, loads={one.load_id: LoadRecord() for one in plant.loads}
    )
    told: dict[str, Order] = {}
    for now in house.seconds:
        seen = plant.step(now)
        breaker.step(plant.drawn_va)
        orders = controller(seen) if seen is not None else {}
        changed = _changed(told, orders)
        if changed:
            plant.command(now, changed)
            record.commands += len(changed)
            told |= changed
        record.held.append(_is_held(plant.car))
        record.base_w.append(house.base_w(now))
        record.drawn_va.append(plant.drawn_va)
        record.heat.append(tuple(breaker.heat))
        fresh = seen is not None and seen.fresh
        record.frames.append(seen.frame if seen is not None and fresh else None)
        for load in plant.loads:
            kept, drawn_w = record.loads[load.load_id], load.device.power_w
            kept.told.append(_value(told.get(load.load_id)))
            kept.drawn_w.append(drawn_w[: house.phases])
            kept.least_w.append(_least_w(load)[: house.phases])
    record.trips = breaker.opened
    return record


def _changed(
    told: Mapping[str, Order], orders: Mapping[str, Order]
) -> dict[str, Order]:
    return {
        load_id: order
        for load_id, order in orders.items()
        if told.get(load_id) != order
        and not (load_id not in told and is_nothing(order))
    }


def _is_held(car: PlantCharger) -> bool:
    accepted, pilot_a = car.accepted, car.evse.pilot_a
    if accepted is None or not pilot_a:
        return False
    return 0 < accepted.value.current_a < pilot_a


def _value(order: Order | None) -> float:
    match order:
        case Command(current_a=amps):
            return amps
        case HeaterCommand(share=share):
            return share
        case RelayCommand(on=on):
            return float(on)
    return 0.0


def _least_w(load: PlantCharger | PlantHeater | PlantRelay) -> tuple[float, ...]:
    """Return what it would draw if it were told its least but not switched off."""
    drawn_w = load.device.power_w
    match load:
        case PlantCharger():
            phases = sum(watts > 0 for watts in drawn_w)
            least_w = load.case.drawn_w(load.case.min_a, phases) / max(1, phases)
            return tuple(min(watts, least_w) for watts in drawn_w)
        case PlantHeater():
            return tuple(0.0 for _ in drawn_w)
        case PlantRelay():
            return drawn_w
