"""Play a controller on a day, and keep what is scored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .cases import Case, Day
from .plant import Command, Plant, Seen


class Controller(Protocol):
    """Asked once a second. A load that is not named stays as it was told."""

    def __call__(self, seen: Seen) -> Mapping[str, Command]:
        """Return what each load shall be told."""


@dataclass(kw_only=True, slots=True)
class Record:
    """One value per second; chargers in the order of the case.

    ``on`` is whether the station was asked to offer anything (a phase change does not
    count as off), ``drawn_a`` is per phase, ``ev_a`` the current of all cars together.
    ``commands`` counts changes of what was told.
    """

    case: Case
    day: Day
    loads_w: list[float] = field(default_factory=list)
    grid_w: list[float] = field(default_factory=list)
    ev_a: list[float] = field(default_factory=list)
    on: list[list[bool]] = field(default_factory=list)
    drawn_a: list[list[float]] = field(default_factory=list)
    phase_changes: int = 0
    commands: int = 0


def play(case: Case, controller: Controller, *, seed: int = 1) -> Record:
    """Return the day as it went with this controller."""
    day = case.build()
    plant = Plant(case, day, seed=seed)
    record = Record(
        case=case,
        day=day,
        on=[[] for _ in case.chargers],
        drawn_a=[[] for _ in case.chargers],
    )
    told: dict[str, Command] = {}
    for now in range(day.begin_s, day.end_s):
        seen = plant.step(now)
        record.loads_w.append(plant.loads_w)
        record.grid_w.append(plant.grid_w)
        for n, charger in enumerate(plant.chargers):
            record.on[n].append(charger.on)
            record.drawn_a[n].append(max(charger.evse.currents_a))
        record.ev_a.append(sum(drawn[-1] for drawn in record.drawn_a))
        changed = {
            load_id: command
            for load_id, command in controller(seen).items()
            if told.get(load_id, _nothing(command)) != command
        }
        if changed:
            plant.command(now, changed)
            record.commands += len(changed)
            record.phase_changes += sum(
                load_id in told and told[load_id].phases != command.phases
                for load_id, command in changed.items()
            )
            told.update(changed)
    return record


def _nothing(command: Command) -> Command:
    return Command(current_a=0.0, phases=command.phases)
