"""The words every room shares: readings come in, decisions go out.

Signs: grid + = import, − = export; solar ≥ 0; battery + = discharging; load ≥ 0.
Units: W, VA, A, V, seconds. ``at`` is a monotonic instant in seconds, always the
moment a value was *true*, not the moment it arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# IEC 61851-1: a pilot cannot offer less than 6 A without offering nothing.
IEC_MINIMUM_A = 6.0


class Mode(StrEnum):
    """What a load is allowed to take."""

    OFF = "off"
    SOLAR = "solar"
    BOOST = "boost"


class Reason(StrEnum):
    """Why a load was told what it was told; each has a sentence in translations."""

    MODE_OFF = "mode_off"
    NO_GRID_METER = "no_grid_meter"
    METER_LOST = "meter_lost"
    METER_STALE = "meter_stale"
    SIGN_REVERSED = "sign_reversed"
    SIGN_UNKNOWN = "sign_unknown"
    CHECKING = "checking"
    UNREACHABLE = "unreachable"
    NO_VEHICLE = "no_vehicle"
    WAITING_FOR_SURPLUS = "waiting_for_surplus"
    ABOUT_TO_START = "about_to_start"
    RESTING = "resting"
    FOLLOWING_SURPLUS = "following_surplus"
    AT_MAXIMUM = "at_maximum"
    HOLDING_MINIMUM = "holding_minimum"
    BOOST = "boost"
    LIMITED = "limited"
    NO_ROOM = "no_room"


class LimitKind(StrEnum):
    """A limit above every mode."""

    BREAKER = "breaker"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, kw_only=True, slots=True)
class GridReading:
    """One sample of the connection point.

    ``power_w`` is signed (+ = import) and ``None`` where the meter cannot tell import
    from export. ``drawn_va`` is the apparent power drawn, 0 while exporting.
    ``currents_a`` and ``voltages_v`` hold one value per phase, or are empty; a current
    is negative where the meter knows that the phase exports.
    ``subscribed_va`` and ``cutoff_va`` are what the meter says the contract allows and
    what its breaker applies now. ``overload`` is the meter's own warning.
    """

    at: float
    power_w: float | None
    drawn_va: float | None = None
    currents_a: tuple[float, ...] = ()
    voltages_v: tuple[float, ...] = ()
    overload: bool = False
    subscribed_va: float | None = None
    cutoff_va: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSpec:
    """What does not change about a load from one reading to the next.

    ``phases`` are the supply phases (1, 2, 3) it is wired to. It runs for at least
    ``min_on_s`` and rests for at least ``min_off_s``.
    """

    load_id: str
    name: str
    priority: int
    phases: tuple[int, ...] = (1,)
    min_on_s: float = 300.0
    min_off_s: float = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSpec(LoadSpec):
    """A charger. Its set-point is a current per phase, in A.

    ``max_a`` is the wiring's and the charger's limit, per phase. ``safe_a`` is what it
    falls to by itself when nobody renews its lease (0 = stops).
    """

    min_a: float = IEC_MINIMUM_A
    max_a: float = 32.0
    step_a: float = 1.0
    safe_a: float = IEC_MINIMUM_A
    lease_s: float = 120.0
    pacing_s: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadReading:
    """What a load last told.

    ``power_w`` was true at ``power_at``. ``link_lost_at`` is when the link went,
    ``None`` while it is up. ``wants_power`` means that nothing on the load's own side
    refuses.
    """

    reachable: bool
    wants_power: bool = True
    power_w: float | None = None
    power_at: float | None = None
    link_lost_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerReading(LoadReading):
    """What a charger last told.

    ``currents_a`` are the currents of the phases the vehicle really uses, or empty.
    ``offered_a`` is the last current the charger *accepted* from us, at ``offered_at``;
    ``None`` when it was never told anything. Without the instant it is what an earlier
    run wrote down, and may be a little old. ``wants_power`` also means plugged in.
    ``offering`` is whether the charger itself says that a vehicle may draw now; ``None``
    where it does not tell.
    """

    currents_a: tuple[float, ...] = ()
    offered_a: float | None = None
    offered_at: float | None = None
    offering: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setpoint:
    """What one load is told, and what that means in power.

    ``value`` is in the load's own unit: A per phase for a charger, W for a heater and a
    storage, 0 or 1 for a switched load; 0 is off for all of them.
    """

    value: float
    power_w: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Setpoint, reason and the numbers behind it, for one load, in one cycle.

    Without a setpoint the load is left alone, on the safe state it falls to by itself.
    """

    load_id: str
    setpoint: Setpoint | None
    reason: Reason
    numbers: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether the load is told to take anything."""
        return self.setpoint is not None and self.setpoint.value != 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadInput[S: LoadSpec = LoadSpec, R: LoadReading = LoadReading]:
    """One load as a cycle sees it: what it is, what it told, what is asked of it.

    ``wishes`` counts how often a person has set the mode: a new wish does not wait for
    minimum times, a boost that ends by itself does.
    """

    spec: S
    reading: R
    mode: Mode
    wishes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything a cycle may know.

    ``now`` is monotonic, ``wall`` an aware datetime: the same instant.
    """

    now: float
    wall: datetime
    grid: GridReading | None
    solar_w: float | None = None
    loads: tuple[LoadInput, ...] = ()
