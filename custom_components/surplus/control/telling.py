"""What is said of decisions beside what each load's own control says."""

from dataclasses import replace

from .freshness import MeterState
from .model import Decision, LimitKind, Reason
from .surplus import Surplus


def told_blind(decision: Decision, meter: MeterState) -> Decision:
    """Say that it is the meter that is missing where nobody knows of any room."""
    circuit = decision.numbers.get("limit") == LimitKind.CIRCUIT
    if decision.reason is not Reason.NO_ROOM or circuit:
        return decision
    never = meter is MeterState.NONE
    return replace(
        decision,
        reason=Reason.NO_GRID_METER if never else Reason.METER_LOST,
        numbers={},
    )


def told_with(
    decisions: tuple[Decision, ...], surplus: Surplus
) -> tuple[Decision, ...]:
    """Say what a surplus rests on, and what is missing where a battery is not heard."""
    if surplus.battery.state is MeterState.LOST:
        decisions = tuple(
            replace(decision, reason=Reason.BATTERY_LOST)
            if decision.reason in (Reason.WAITING_FOR_SURPLUS, Reason.HOLDING_MINIMUM)
            else decision
            for decision in decisions
        )
    modelled_w = surplus.balance.house_w
    if modelled_w is None:
        return decisions
    modelled = {"modelled_house_w": round(modelled_w)}
    return tuple(
        replace(decision, numbers={**decision.numbers, **modelled})
        if "surplus_w" in decision.numbers
        else decision
        for decision in decisions
    )
