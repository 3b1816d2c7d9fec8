"""What a cycle made of its snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .check import CheckResult
from .freshness import MeterState
from .model import Decision, GuardState, RegulatorTerms
from .needs.state import PlanState
from .offpeak import Learned


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """What a cycle made of its snapshot.

    ``loads_w`` is what each load draws, as measured or believed. ``surplus_w`` is what
    the sun leaves to all loads together; ``budget_w`` and ``budget_a`` are what they
    may use of it under target, margin and limits (current over one phase of the
    supply). ``battery_w`` is what batteries that regulate themselves give (+ =
    discharging) at the instant of the surplus. ``modelled_house_w`` is what the house
    was believed to take where the surplus rests on that, ``probed_w`` what of the
    budget nobody has seen yet. Rooms are what is left under a limit as the house runs
    now, ``circuits_a`` what loads draw behind each circuit on its most loaded phase.
    ``offpeak_start`` is what the house is known to start by itself when off-peak hours
    begin, ``learned_phases`` the phase that loads were seen to use, by load. ``checks``
    holds the commissioning checks that ended in this cycle, ``regulation`` what the PIDs
    of loads did that have one, and ``facts`` what was learned of loads. ``failures`` is
    what the controls of loads have raised: those loads are let go. ``guard`` is how
    things stand with the limits, ``plans`` how with schedules and needs, by their ids.
    """

    at: float
    meter: MeterState
    grid_w: float | None = None
    solar_w: float | None = None
    battery_w: float | None = None
    battery_state: MeterState = MeterState.NONE
    battery_first: bool = False
    modelled_house_w: float | None = None
    probed_w: float = 0.0
    house_w: float | None = None
    surplus_w: float | None = None
    budget_w: float | None = None
    budget_a: float | None = None
    breaker_room_a: float | None = None
    subscription_room_va: float | None = None
    offpeak_start: Learned | None = None
    loads_w: Mapping[str, float] = field(default_factory=dict)
    learned_phases: Mapping[str, int] = field(default_factory=dict)
    circuits_a: Mapping[str, float] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    checks: Mapping[str, CheckResult] = field(default_factory=dict)
    regulation: Mapping[str, RegulatorTerms] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    failures: Mapping[str, Exception] = field(default_factory=dict)
    guard: GuardState = field(default_factory=GuardState)
    plans: Mapping[str, PlanState] = field(default_factory=dict)
