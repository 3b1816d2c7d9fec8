"""The words every room shares: readings come in, decisions go out.

Signs: grid + = import, − = export; solar ≥ 0; battery + = discharging; load ≥ 0.
Units: W, VA, A, V, seconds. ``at`` is a monotonic instant in seconds, always the
moment a value was *true*, not the moment it arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

# IEC 61851-1: a pilot cannot offer less than 6 A without offering nothing.
IEC_MINIMUM_A = 6.0


class Mode(StrEnum):
    """What a load is allowed to take.

    ``solar``: the surplus, and nothing without one. ``min_solar``: at least its minimum,
    and the surplus above it. ``eco``: the surplus, and all it can take in cheap hours.
    ``boost``: all it can take. ``manual``: what a person gave it, until that ends.
    """

    OFF = "off"
    SOLAR = "solar"
    MIN_SOLAR = "min_solar"
    ECO = "eco"
    BOOST = "boost"
    MANUAL = "manual"


class Reason(StrEnum):
    """Why a load was told what it was told; each has a sentence in translations."""

    MODE_OFF = "mode_off"
    NO_GRID_METER = "no_grid_meter"
    METER_LOST = "meter_lost"
    METER_STALE = "meter_stale"
    SIGN_REVERSED = "sign_reversed"
    SIGN_UNKNOWN = "sign_unknown"
    BATTERY_LOST = "battery_lost"
    SOC_UNKNOWN = "soc_unknown"
    STORAGE_EMPTY = "storage_empty"
    STORAGE_FULL = "storage_full"
    STORAGE_REFUSES = "storage_refuses"
    COVERING_HOUSE = "covering_house"
    CHECKING = "checking"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    NO_VEHICLE = "no_vehicle"
    VEHICLE_FULL = "vehicle_full"
    WAITING_FOR_SURPLUS = "waiting_for_surplus"
    ABOUT_TO_START = "about_to_start"
    RESTING = "resting"
    FOLLOWING_SURPLUS = "following_surplus"
    AT_MAXIMUM = "at_maximum"
    HOLDING_MINIMUM = "holding_minimum"
    BOOST = "boost"
    BOOST_UNSEEN = "boost_unseen"
    CHEAP_HOURS = "cheap_hours"
    MANUAL = "manual"
    LEARNING = "learning"
    OTHER_TRIAL = "other_trial"
    CATCHING_UP = "catching_up"
    DONE_FOR_TODAY = "done_for_today"
    NOT_DRAWING = "not_drawing"
    LIMITED = "limited"
    NO_ROOM = "no_room"
    HEATING_FORCED = "heating_forced"
    DISINFECTING = "disinfecting"
    WARM_ENOUGH = "warm_enough"
    TEMPERATURE_UNKNOWN = "temperature_unknown"
    THERMOSTAT_OPEN = "thermostat_open"
    THERMOSTAT_TEST = "thermostat_test"


class NextEventKind(StrEnum):
    """What may happen to a load next; each has a word in translations."""

    START = "start"
    STOP = "stop"
    END_OF_REST = "end_of_rest"
    END_OF_MINIMUM_RUN = "end_of_minimum_run"
    END_OF_BOOST = "end_of_boost"
    END_OF_OVERRIDE = "end_of_override"
    FORCED_HEATING = "forced_heating"
    END_OF_FORCED_HEATING = "end_of_forced_heating"
    END_OF_CATCHING_UP = "end_of_catching_up"
    NEW_DAY = "new_day"
    NEXT_TRY = "next_try"


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
    what its breaker applies now. ``overload`` is the meter's own warning. Below
    ``dead_zone_w`` the meter knows neither size nor sign of the power. What
    another meter measured at ``limits_at`` counts for limits too: ``limits_va``, drawn,
    or negative where it knows an export, and ``limits_a`` per phase, or empty.
    """

    at: float
    power_w: float | None
    drawn_va: float | None = None
    currents_a: tuple[float, ...] = ()
    voltages_v: tuple[float, ...] = ()
    overload: bool = False
    subscribed_va: float | None = None
    cutoff_va: float | None = None
    dead_zone_w: float = 0.0
    limits_at: float | None = None
    limits_va: float = 0.0
    limits_a: tuple[float, ...] = ()

    @property
    def balance_w(self) -> float:
        """The power to regulate by: nothing where the meter cannot tell."""
        power_w = self.power_w or 0.0
        return 0.0 if abs(power_w) < self.dead_zone_w else power_w


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

    def phases_on(self, supply_phases: int) -> tuple[int, ...]:
        """Return the phases it can use of a supply of 1 or 3, at least the first."""
        phases = self.phases
        if phases and max(phases) <= supply_phases:
            return phases
        return tuple(p for p in phases if p <= supply_phases) or (1,)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSpec(LoadSpec):
    """A charger. Its set-point is a current per phase, in A.

    ``max_a`` is the wiring's and the charger's limit, per phase. ``safe_a`` is what it
    falls to by itself when nobody renews its lease (0 = stops). ``switches_phases`` says
    that it can be told to use the first of its phases only; it then offers nothing for
    ``phase_change_s``. ``writes_per_day`` is how many commands a day may have: as they
    are used up, small changes wait.
    """

    min_a: float = IEC_MINIMUM_A
    max_a: float = 32.0
    step_a: float = 1.0
    safe_a: float = IEC_MINIMUM_A
    lease_s: float = 120.0
    pacing_s: float = 5.0
    switches_phases: bool = False
    phase_change_s: float = 45.0
    writes_per_day: int = 3000


@dataclass(frozen=True, kw_only=True, slots=True)
class Temperatures:
    """The four temperatures of a water heater's programme, in °C.

    In cheap hours it is forced from the grid at or below ``min_c`` until ``eco_c``. The
    sun heats it until ``max_c``; then it rests until it is below ``sol_min_c``.
    Ordered: min < eco ≤ sol_min < max. Where ``legionella_c`` is set, the water reaches
    it at least every ``legionella_days``.
    """

    min_c: float = 45.0
    eco_c: float = 50.0
    sol_min_c: float = 55.0
    max_c: float = 60.0
    legionella_c: float | None = None
    legionella_days: float = 7.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PidGains:
    """Gains of a PID from the error on the grid (W) to a load's power (W).

    ``kp`` is W per W, ``ki`` per second, ``kd`` in seconds. ``setpoint_weight`` is the
    share of a change of the target that P answers to; ``filter_s`` smooths D.
    """

    kp: float
    ki: float
    kd: float = 0.0
    setpoint_weight: float = 1.0
    filter_s: float = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterSpec(LoadSpec):
    """A heater that takes any power up to ``max_w``. Its set-point is in W.

    Below ``min_w`` it takes nothing (triacs do not fire). ``lag_s`` is how long it takes
    to follow. ``temperatures`` make it follow its water's temperature. ``pid`` drives it
    while nobody measures it and its answer to a command cannot be trusted.
    ``writes_per_day`` is how many commands a day may have, as for a charger.
    """

    max_w: float
    min_w: float = 0.0
    step_w: float = 1.0
    lag_s: float = 2.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    temperatures: Temperatures | None = None
    pid: PidGains | None = None
    writes_per_day: int = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchedSpec(LoadSpec):
    """A load that is on or off. Its set-point is 1 or 0.

    ``power_w`` is what it takes while on; None where that is to be learned from the
    grid meter. Until it is, it is tried once there are ``first_guess_w`` to spare.
    ``least_run_s`` and ``most_run_s`` bound its time on in a day, which ends
    ``day_ends_s`` after local midnight.
    """

    power_w: float | None = None
    first_guess_w: float = 1000.0
    least_run_s: float = 0.0
    most_run_s: float | None = None
    day_ends_s: float = 0.0
    temperatures: Temperatures | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageSpec(LoadSpec):
    """A battery that can be commanded. Its set-point is in W, + = charging.

    It is charged up to ``max_soc`` and discharged down to ``min_soc`` (shares of 1).
    ``writes_per_day`` is how many commands a day may have, as for a charger.
    """

    charge_w: float
    discharge_w: float
    min_soc: float = 0.1
    max_soc: float = 1.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    writes_per_day: int = 10_000


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
    where it does not tell. ``phases`` is on how many phases it was last told to charge;
    ``None`` where it was not, or that is not known.
    """

    currents_a: tuple[float, ...] = ()
    phases: int | None = None
    offered_a: float | None = None
    offered_at: float | None = None
    offering: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterReading(LoadReading):
    """What a heater last told; ``temperature_c`` is its water's, None when unknown.

    ``accepted_w`` is the last power it took as a command, at ``accepted_at``.
    """

    accepted_w: float | None = None
    accepted_at: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchedReading(LoadReading):
    """What a switched load last told: whether it is on, and since when."""

    on: bool | None = None
    changed_at: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageReading(LoadReading):
    """What a commanded battery last told; ``power_w`` + = charging, as any load's."""

    accepted_w: float | None = None
    accepted_at: float | None = None
    soc: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryReading:
    """A battery that regulates itself: only observed. + = discharging, − = charging.

    ``soc`` is its state of charge as a share of 1. Below ``first_soc`` it is charged
    before any load.
    """

    power_w: float
    at: float
    soc: float | None = None
    first_soc: float = 0.0
    battery_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setpoint:
    """What one load is told, and what that means in power.

    ``value`` is in the load's own unit: A per phase for a charger, W for a heater and a
    storage, 0 or 1 for a switched load; 0 is off for all of them. ``phases`` is how many
    of its phases a charger shall use; None leaves that to the charger.
    """

    value: float
    power_w: float
    phases: int | None = None


class RegulatorTerms(Protocol):
    """What the newest step of a PID was made of, in W: its output is p + i + d."""

    @property
    def error_w(self) -> float:
        """Target − grid."""

    @property
    def p_w(self) -> float:
        """The part that answers to the error."""

    @property
    def i_w(self) -> float:
        """The part that has gathered."""

    @property
    def d_w(self) -> float:
        """The part that answers to the slope of the grid power."""

    @property
    def output_w(self) -> float:
        """The power it asks of the load."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextEvent:
    """What will happen to a load next; ``in_s`` is None where nobody can tell when."""

    kind: NextEventKind
    in_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Setpoint, reason and the numbers behind it, for one load, in one cycle.

    Without a setpoint the load is left alone, on the safe state it falls to by itself.
    ``next_event`` is what can be foreseen of it, None when that is nothing.
    """

    load_id: str
    setpoint: Setpoint | None
    reason: Reason
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    next_event: NextEvent | None = None

    @property
    def runs(self) -> bool:
        """Whether the load is told to take anything."""
        return self.setpoint is not None and self.setpoint.value != 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadInput[S: LoadSpec = LoadSpec, R: LoadReading = LoadReading]:
    """One load as a cycle sees it: what it is, what it told, what is asked of it.

    ``wishes`` counts how often a person has set the mode: a new wish does not wait for
    minimum times, a boost that ends by itself does. ``manual_value`` is the set-point a
    person gave it in mode ``manual``, in the load's unit; without one it goes on with
    what it had when that mode began.
    """

    spec: S
    reading: R
    mode: Mode
    wishes: int = 0
    manual_value: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything a cycle may know.

    ``now`` is monotonic, ``wall`` an aware datetime: the same instant. ``cheap`` is
    whether the tariff's hours are cheap now; None where nobody tells.
    """

    now: float
    wall: datetime
    grid: GridReading | None
    solar_w: float | None = None
    loads: tuple[LoadInput, ...] = ()
    batteries: tuple[BatteryReading, ...] = ()
    cheap: bool | None = None
