"""What passes between a controller and the plant: orders, and what is known."""

from dataclasses import dataclass
from datetime import datetime

from .cases import Case, ChargerCase, HeaterCase, RelayCase


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What a charger is told: a current per phase, 0 or at least its minimum."""

    current_a: float
    phases: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterCommand:
    """What a dimmer is told: a share of its control, 0 to 1."""

    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayCommand:
    """What a relay is told."""

    on: bool


type Order = Command | HeaterCommand | RelayCommand


def is_nothing(order: Order) -> bool:
    """Return whether an order asks for what there is before the first one: nothing."""
    match order:
        case Command(current_a=asked) | HeaterCommand(share=asked):
            return asked == 0
        case RelayCommand(on=on):
            return not on


@dataclass(frozen=True, kw_only=True, slots=True)
class Told[T]:
    """A value and the instant at which it was true."""

    at: float
    value: T


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSeen:
    """What is known of a charger: the last command it took, the last it measured.

    ``phases`` is over how many it measured a current.
    """

    case: ChargerCase
    plugged: bool
    charging: bool
    accepted: Told[Command] | None
    power: Told[float] | None
    current_a: float
    phases: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterSeen:
    """What is known of a heater."""

    case: HeaterCase
    accepted: Told[HeaterCommand] | None
    power: Told[float] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RelaySeen:
    """What is known of a relay."""

    case: RelayCase
    accepted: Told[RelayCommand] | None
    power: Told[float] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryTold:
    """What a home battery tells; ``power_w`` + = discharging."""

    power_w: float
    soc: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """All that a controller may know at ``now``.

    ``currents_a`` are those of a three-phase connection, signed, of the same instant as
    ``grid``; empty on one phase.
    """

    case: Case
    now: float
    wall: datetime
    grid: Told[float] | None
    currents_a: tuple[float, ...] = ()
    chargers: tuple[ChargerSeen, ...] = ()
    heaters: tuple[HeaterSeen, ...] = ()
    relays: tuple[RelaySeen, ...] = ()
    battery: Told[BatteryTold] | None = None

    @property
    def battery_w(self) -> float:
        """What the battery told last, 0 where there is none."""
        return self.battery.value.power_w if self.battery is not None else 0.0
