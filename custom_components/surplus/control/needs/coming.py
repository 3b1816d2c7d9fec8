"""What comes next for a load by its schedules and needs."""

from collections.abc import Iterable
from dataclasses import replace

from ..model import Decision, NextEvent, NextEventKind, Reason, Snapshot
from .state import PlanState


def foreseen(
    decision: Decision, states: Iterable[PlanState], snapshot: Snapshot
) -> Decision:
    """Say what comes next by a plan, where nothing else is foreseen."""
    event = decision.next_event
    if event is not None and event.in_s is not None:
        return decision
    events = [
        event
        for state in states
        if state.load_id == decision.load_id
        and (event := _event(state, decision, snapshot)) is not None
    ]
    if not events:
        return decision
    return replace(
        decision, next_event=min(events, key=lambda event: event.in_s or 0.0)
    )


def _event(
    state: PlanState, decision: Decision, snapshot: Snapshot
) -> NextEvent | None:
    if decision.runs and state.active and state.ends is not None:
        kind = {
            Reason.SCHEDULED: NextEventKind.END_OF_SCHEDULE,
            Reason.NEEDED: NextEventKind.END_OF_NEED,
        }.get(decision.reason)
        at = state.ends
    elif not decision.runs and state.starts is not None:
        kind, at = NextEventKind.PLANNED_START, state.starts
    else:
        return None
    if kind is None:
        return None
    # Two times of one zone subtracted would count by the clock, and be an hour wrong
    # where it is put forward or back in between.
    in_s = at.timestamp() - snapshot.wall.timestamp()
    return NextEvent(kind=kind, in_s=max(0.0, in_s))
