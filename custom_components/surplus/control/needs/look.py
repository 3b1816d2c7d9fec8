"""What a cycle shows of a load that something is planned for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..limits import limits_of
from ..loads.base import LoadControl
from ..model import (
    ChargerReading,
    ChargerSpec,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    LoadSpec,
    Mode,
    Snapshot,
    StorageReading,
    StorageSpec,
    SwitchedReading,
    SwitchedSpec,
)
from ..settings import NOMINAL_VOLTAGE_V, HomeSettings

# Below this it is an idle display, not a load that runs.
_IDLE_W = 20.0
_IDLE_SHARE = 0.05
# The share of its power that a load is counted on to get beside a busy house.
_LEAST_ROOM_SHARE = 0.25
_SLACK_A = 0.5
# A heater is worth starting from this share of its power on.
_HEATER_LEAST_SHARE = 0.1
# What a car that nobody has seen charge is counted on to take: half of the offer, but no
# more than 16 A on one phase, as small cars and plug-in hybrids do at any wallbox.
_UNSEEN_SHARE = 0.5
_UNSEEN_CAR_A = 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One load at one instant.

    ``at`` is the instant in epoch seconds, ``dt_s`` the time since the last look, 0
    where nobody saw what happened in it. ``power_w`` is what it takes, ``runs`` whether
    that is more than nothing.
    """

    load: LoadInput
    wall: datetime
    at: float
    dt_s: float
    power_w: float
    runs: bool

    @property
    def taken_wh(self) -> float:
        """What it took since the last look."""
        return self.power_w * self.dt_s / 3600.0

    @property
    def wants(self) -> bool:
        """Whether a car wants power, as far as anybody knows; any other load always does."""
        reading = self.load.reading
        return (
            not isinstance(self.load.spec, ChargerSpec)
            or reading.wants_power
            or not reading.reachable
        )

    @property
    def plugged(self) -> bool | None:
        """Whether a car is there; None where nobody can tell."""
        reading = self.load.reading
        if self.wants:
            return True
        return reading.plugged if isinstance(reading, ChargerReading) else None

    @property
    def planned_for(self) -> bool:
        """Whether its mode lets a plan have a say."""
        return self.load.mode is not Mode.OFF

    @property
    def follows_sun(self) -> bool:
        """Whether it takes what the sun gives."""
        return self.load.mode in (Mode.SOLAR, Mode.MIN_SOLAR, Mode.ECO)


def look_at(
    load: LoadInput, wall: datetime, *, at: float, dt_s: float, told_w: float
) -> Look:
    """Return what there is to see of a load; ``told_w`` is what it was told last.

    Only where it is not measured that counts.
    """
    reading = load.reading
    power_w = told_w if reading.power_w is None else reading.power_w
    if not reading.reachable:
        power_w = 0.0
    power_w = max(0.0, power_w)
    runs = power_w > max(_IDLE_W, _IDLE_SHARE * full_w(load.spec, None))
    if isinstance(reading, SwitchedReading) and reading.on is not None:
        runs = reading.on and reading.reachable
    return Look(load=load, wall=wall, at=at, dt_s=dt_s, power_w=power_w, runs=runs)


def own_level(load: LoadInput) -> float | None:
    """Return the level that a load tells itself; None where it has none."""
    match load.reading:
        case HeaterReading(temperature_c=level) | SwitchedReading(temperature_c=level):
            return level
        case StorageReading(soc=level):
            return level
    return None


def full_w(spec: LoadSpec, control: LoadControl[Any, Any] | None) -> float:
    """Return what a load takes when it takes all it can."""
    match spec:
        case ChargerSpec():
            nominal_w = spec.max_a * NOMINAL_VOLTAGE_V * len(spec.phases)
        case HeaterSpec():
            nominal_w = spec.max_w
        case StorageSpec():
            nominal_w = spec.charge_w
        case SwitchedSpec():
            nominal_w = spec.power_w or spec.first_guess_w
        case _:
            nominal_w = 0.0
    if control is not None and (seen_w := control.span_w(NOMINAL_VOLTAGE_V).most_w) > 0:
        # A car that charges on one phase of three, a heater weaker than declared.
        return min(nominal_w, seen_w) if _declared(spec) else seen_w
    return nominal_w


def _declared(spec: LoadSpec) -> bool:
    return not isinstance(spec, SwitchedSpec) or spec.power_w is not None


def unseen_w(spec: LoadSpec, most_w: float) -> float:
    """Return what is counted on before anybody has seen what is taken of an offer.

    What other loads than a charger take is declared, or learned by itself.
    """
    if not isinstance(spec, ChargerSpec):
        return most_w
    offered_w = spec.max_a * NOMINAL_VOLTAGE_V * len(spec.phases)
    usual_w = min(_UNSEEN_SHARE * offered_w, _UNSEEN_CAR_A * NOMINAL_VOLTAGE_V)
    return min(most_w, max(spec.min_a * NOMINAL_VOLTAGE_V, usual_w))


def least_w(spec: LoadSpec, most_w: float) -> float:
    """Return what a load needs of the sun to run at all, of ``most_w`` it can take."""
    match spec:
        case ChargerSpec():
            return most_w * spec.min_a / spec.max_a
        case HeaterSpec():
            return max(spec.min_w, _HEATER_LEAST_SHARE * spec.max_w)
        case SwitchedSpec():
            return most_w
    return 0.0


def within_limits_w(
    most_w: float,
    load: LoadInput,
    settings: HomeSettings,
    snapshot: Snapshot,
    *,
    house_w: float,
) -> float:
    """Return what of a load's power the limits leave it beside the house, as usual."""
    spec, voltage_v = load.spec, settings.voltage_v
    phases = spec.phases_on(settings.phases)
    house_a = house_w / voltage_v / settings.phases
    rooms_a = [
        limit.current_a - house_a for limit in limits_of(settings, snapshot.grid)
    ]
    rooms_a += [
        circuit.limit_a
        for circuit in settings.circuits
        if spec.load_id in circuit.load_ids
    ]
    if not rooms_a:
        return most_w
    room_a = min(rooms_a)
    if isinstance(spec, ChargerSpec):
        # In whole steps, and a rise needs a little more than it takes.
        room_a = (room_a - _SLACK_A) // spec.step_a * spec.step_a
    room_w = room_a * voltage_v * len(phases)
    return min(most_w, max(room_w, _LEAST_ROOM_SHARE * most_w))
