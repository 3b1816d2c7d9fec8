"""Play a controller on a day, and keep what is scored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .cases import Case, Day
from .plant import Plant, PlantCharger, PlantRelay
from .seen import Command, Order, Seen, is_nothing


class Controller(Protocol):
    """Asked once a second. A load that is not named stays as it was told."""

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Return what each load shall be told."""


@dataclass(kw_only=True, slots=True)
class Record:
    """One value per second.

    ``on`` holds what is switched: chargers in the order of the case, then relays. A
    charger is on while asked to offer anything (a phase change does not count as off).
    ``drawn_a`` is per phase, for each charger; ``ev_a`` and ``ev_w`` are all cars
    together. ``commands`` counts changes of what was told, but for heaters; ``told`` by
    load.
    """

    case: Case
    day: Day
    loads_w: list[float] = field(default_factory=list)
    ev_w: list[float] = field(default_factory=list)
    grid_w: list[float] = field(default_factory=list)
    ev_a: list[float] = field(default_factory=list)
    on: list[list[bool]] = field(default_factory=list)
    drawn_a: list[list[float]] = field(default_factory=list)
    phase_changes: int = 0
    told: dict[str, int] = field(default_factory=dict)

    @property
    def commands(self) -> int:
        """Changes of what loads were told, but for heaters."""
        heaters = {heater.load_id for heater in self.case.heaters}
        return sum(n for load_id, n in self.told.items() if load_id not in heaters)


def play(case: Case, controller: Controller, *, seed: int = 1) -> Record:
    """Return the day as it went with this controller."""
    day = case.build()
    plant = Plant(case, day, seed=seed)
    switched: list[PlantCharger | PlantRelay] = [*plant.chargers, *plant.relays]
    record = Record(
        case=case,
        day=day,
        on=[[] for _ in switched],
        drawn_a=[[] for _ in plant.chargers],
    )
    told: dict[str, Order] = {}
    for now in range(day.begin_s, day.end_s):
        seen = plant.step(now)
        record.loads_w.append(plant.loads_w)
        record.grid_w.append(plant.grid_w)
        for on, load in zip(record.on, switched, strict=True):
            on.append(load.on)
        for drawn, charger in zip(record.drawn_a, plant.chargers, strict=True):
            drawn.append(max(charger.evse.currents_a))
        record.ev_a.append(sum(drawn[-1] for drawn in record.drawn_a))
        record.ev_w.append(sum(charger.power_w for charger in plant.chargers))
        changed = {
            load_id: order
            for load_id, order in controller(seen).items()
            if told.get(load_id) != order
            and not (load_id not in told and is_nothing(order))
        }
        if changed:
            plant.command(now, changed)
            for load_id, order in changed.items():
                record.told[load_id] = record.told.get(load_id, 0) + 1
                record.phase_changes += _changes_phases(told.get(load_id), order)
            told.update(changed)
    return record


def _changes_phases(before: Order | None, after: Order) -> bool:
    return (
        isinstance(before, Command)
        and isinstance(after, Command)
        and before.phases != after.phases
    )
