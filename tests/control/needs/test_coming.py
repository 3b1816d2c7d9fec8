"""What a plan will do next is foreseen where nothing else is."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from custom_components.surplus.control.model import (
    Decision,
    NextEvent,
    NextEventKind,
    Reason,
    Setpoint,
    Snapshot,
)
from custom_components.surplus.control.needs.coming import foreseen
from custom_components.surplus.control.needs.state import PlanState

from .bench import LOAD, PARIS

WALL = datetime(2026, 6, 21, 20, tzinfo=PARIS)
SNAPSHOT = Snapshot(now=0.0, wall=WALL, grid=None)
OFF = Decision(
    load_id=LOAD,
    setpoint=Setpoint(value=0.0, power_w=0.0),
    reason=Reason.WAITING_FOR_SURPLUS,
)
ON = Decision(
    load_id=LOAD, setpoint=Setpoint(value=6.0, power_w=1380.0), reason=Reason.SCHEDULED
)
SOON = WALL + timedelta(seconds=90)
LATER = WALL + timedelta(hours=1)


def planned(**more: object) -> PlanState:
    return PlanState(load_id=LOAD, **more)


ENDING = planned(active=True, ends=SOON, starts=LATER)


def test_a_load_that_rests_waits_for_its_planned_start() -> None:
    found = foreseen(OFF, [planned(starts=SOON)], SNAPSHOT)
    event = NextEvent(kind=NextEventKind.PLANNED_START, in_s=90.0)
    assert found == replace(OFF, next_event=event)
    # One that is left alone rests as well.
    alone = replace(OFF, setpoint=None)
    assert foreseen(alone, [planned(starts=SOON)], SNAPSHOT).next_event == event
    # And one whose plan asks in vain.
    asked = planned(active=True, ends=LATER, starts=SOON)
    assert foreseen(OFF, [asked], SNAPSHOT).next_event == event


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (Reason.SCHEDULED, NextEventKind.END_OF_SCHEDULE),
        (Reason.NEEDED, NextEventKind.END_OF_NEED),
    ],
)
def test_a_load_that_runs_by_a_plan_waits_for_its_end(
    reason: Reason, kind: NextEventKind
) -> None:
    found = foreseen(replace(ON, reason=reason), [ENDING], SNAPSHOT)
    assert found.next_event == NextEvent(kind=kind, in_s=90.0)


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        # It runs, but not by a plan.
        (replace(ON, reason=Reason.FOLLOWING_SURPLUS), ENDING),
        (ON, replace(ENDING, active=False)),
        # A plan without an end is not told by its next start.
        (ON, replace(ENDING, ends=None)),
        # It rests, and no plan begins: the end of one that asks in vain is no event.
        (OFF, replace(ENDING, starts=None)),
        (OFF, replace(planned(starts=SOON), load_id="other")),
        (ON, replace(ENDING, load_id="other")),
    ],
)
def test_what_no_plan_will_do_is_not_foreseen(
    decision: Decision, state: PlanState
) -> None:
    assert foreseen(decision, [state], SNAPSHOT) is decision


def test_the_nearest_of_several_is_told() -> None:
    states = [planned(starts=LATER), planned(starts=SOON), planned(starts=LATER)]
    event = foreseen(OFF, states, SNAPSHOT).next_event
    assert event is not None
    assert event.in_s == 90


def test_what_is_foreseen_without_a_plan_is_told_unless_nobody_knows_when() -> None:
    known = replace(OFF, next_event=NextEvent(kind=NextEventKind.START, in_s=3000.0))
    assert foreseen(known, [planned(starts=SOON)], SNAPSHOT) is known
    at_some_time = replace(OFF, next_event=NextEvent(kind=NextEventKind.START))
    event = foreseen(at_some_time, [planned(starts=SOON)], SNAPSHOT).next_event
    assert event == NextEvent(kind=NextEventKind.PLANNED_START, in_s=90.0)
    assert foreseen(at_some_time, [], SNAPSHOT) is at_some_time


def test_what_should_have_been_is_now() -> None:
    late = replace(SNAPSHOT, wall=LATER)
    event = foreseen(OFF, [planned(starts=SOON)], late).next_event
    assert event is not None
    assert event.in_s == 0


def test_a_night_in_which_the_clock_is_moved_is_as_long_as_it_is() -> None:
    # Put forward at 2:00.
    night = replace(SNAPSHOT, wall=datetime(2026, 3, 29, 1, tzinfo=PARIS))
    starts = datetime(2026, 3, 29, 4, tzinfo=PARIS)
    event = foreseen(OFF, [planned(starts=starts)], night).next_event
    assert event is not None
    assert event.in_s == 2 * 3600
