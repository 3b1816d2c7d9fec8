"""What a person asks of a load by the clock: schedules, and needs with a deadline.

Times of day are seconds after local midnight, weekdays 0 (Monday) to 6.
"""

from dataclasses import dataclass
from enum import StrEnum

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


class NeedKind(StrEnum):
    """What a need counts, and in which unit its target is.

    ``energy``: Wh taken in the day before the deadline. ``hours``: s on in that day.
    ``temperature``: °C. ``charge``: the state of charge of a car or a storage, as a
    share of 1.
    """

    ENERGY = "energy"
    HOURS = "hours"
    TEMPERATURE = "temperature"
    CHARGE = "charge"

    @property
    def is_level(self) -> bool:
        """Whether it is read, and can fall again, instead of being counted."""
        return self in (NeedKind.TEMPERATURE, NeedKind.CHARGE)


class OnDear(StrEnum):
    """Whether a need may take from the grid in dear hours.

    ``if_late``: where its deadline would be missed otherwise.
    """

    NEVER = "never"
    IF_LATE = "if_late"
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """A window of the day in which a load takes power, whatever the sun.

    It begins on ``days`` and wraps midnight where it ends no later than it begins.
    ``value`` is a set-point in the load's unit, None all it can take. It ends early once
    ``energy_wh`` were taken in it. ``on_dear`` says that it holds in dear hours too.
    """

    plan_id: str
    load_id: str
    begins_s: int
    ends_s: int
    days: tuple[int, ...] = EVERY_DAY
    value: float | None = None
    energy_wh: float | None = None
    on_dear: bool = False
    enabled: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Something a load shall have by a time of day, on ``days``.

    ``target`` is in the unit of its kind; None has no deadline. Of a charge only:
    below ``minimum`` the car is charged at once, at ``limit`` it is stopped (both
    shares of 1). ``capacity_wh`` is what the battery holds, None where that is to be
    learned; ``efficiency`` is what of the energy taken arrives in it.
    """

    plan_id: str
    load_id: str
    kind: NeedKind
    target: float | None
    ready_by_s: int = 7 * 3600
    days: tuple[int, ...] = EVERY_DAY
    on_dear: OnDear = OnDear.NEVER
    enabled: bool = True
    minimum: float = 0.0
    limit: float = 1.0
    capacity_wh: float | None = None
    efficiency: float = 0.9
