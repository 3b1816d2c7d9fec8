"""What does not change about a load from one reading to the next."""

from dataclasses import dataclass

# IEC 61851-1: a pilot cannot offer less than 6 A without offering nothing.
IEC_MINIMUM_A = 6.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSpec:
    """What does not change about a load from one reading to the next.

    ``phases`` are the supply phases (1, 2, 3) it is wired to; where it ``learns_phase``
    it uses one of three, and the meter shows which. It runs for at least ``min_on_s``
    and rests for at least ``min_off_s``.
    """

    load_id: str
    name: str
    priority: int
    phases: tuple[int, ...] = (1,)
    learns_phase: bool = False
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
    ``sheddable`` says that it may be switched off to keep a breaker closed although a
    person wants it on.
    ``least_run_s`` and ``most_run_s`` bound its time on in a day, which ends
    ``day_ends_s`` after local midnight.
    """

    power_w: float | None = None
    first_guess_w: float = 1000.0
    sheddable: bool = False
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
