"""What comes next is told in every state in which it can be."""

import pytest

from custom_components.surplus.control.loads.foresight import foreseen
from custom_components.surplus.control.model import (
    Mode,
    NextEvent,
    NextEventKind,
    Reason,
)

from .house import House


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (Reason.RESTING, NextEventKind.END_OF_REST),
        (Reason.ABOUT_TO_START, NextEventKind.START),
        (Reason.OTHER_TRIAL, NextEventKind.START),
        (Reason.HOLDING_MINIMUM, NextEventKind.STOP),
        (Reason.TEMPERATURE_UNKNOWN, NextEventKind.STOP),
        (Reason.DONE_FOR_TODAY, NextEventKind.NEW_DAY),
        (Reason.THERMOSTAT_OPEN, NextEventKind.NEXT_TRY),
    ],
)
def test_a_reason_that_counts_down_says_to_what(
    reason: Reason, kind: NextEventKind
) -> None:
    event = foreseen(reason, {"seconds": 42}, on=True, held_s=7.0)
    assert event == NextEvent(kind=kind, in_s=42.0)


def test_a_load_that_runs_may_stop_after_its_minimum_run() -> None:
    event = foreseen(Reason.FOLLOWING_SURPLUS, {}, on=True, held_s=30.0)
    assert event == NextEvent(kind=NextEventKind.END_OF_MINIMUM_RUN, in_s=30.0)
    assert foreseen(Reason.FOLLOWING_SURPLUS, {}, on=True, held_s=0.0) is None
    assert foreseen(Reason.BOOST, {}, on=True, held_s=30.0) is None


def test_a_load_that_waits_starts_after_its_rest_or_nobody_knows_when() -> None:
    event = foreseen(Reason.WAITING_FOR_SURPLUS, {}, on=False, held_s=30.0)
    assert event == NextEvent(kind=NextEventKind.END_OF_REST, in_s=30.0)
    event = foreseen(Reason.NO_ROOM, {}, on=False, held_s=0.0)
    assert event == NextEvent(kind=NextEventKind.START)
    assert foreseen(Reason.MODE_OFF, {}, on=False, held_s=30.0) is None


def test_a_day_of_a_car_tells_each_of_its_events() -> None:
    house = House()
    kinds = []
    for base_w, seconds in ((500, 5), (-4000, 400), (1200, 900), (-4000, 60)):
        for _ in range(seconds):
            house.run(1, base_w)
            event = house.decision().next_event
            if event and (not kinds or kinds[-1] is not event.kind):
                kinds.append(event.kind)
    assert kinds[:3] == [
        NextEventKind.START,
        NextEventKind.END_OF_MINIMUM_RUN,
        NextEventKind.STOP,
    ]
    assert NextEventKind.END_OF_REST in kinds
    house.car("ocpp:one").ask(Mode.OFF)
    house.run(2)
    assert house.decision().next_event is None


def test_what_catches_up_is_done_when_its_daily_minimum_is() -> None:
    numbers = {"run_s": 1200.0, "least_s": 3600.0, "seconds": 9000}
    event = foreseen(Reason.CATCHING_UP, numbers, on=True, held_s=0.0)
    assert event == NextEvent(kind=NextEventKind.END_OF_CATCHING_UP, in_s=2400.0)
    for numbers in ({}, {"run_s": 1200.0}, {"least_s": 3600.0}):
        assert foreseen(Reason.CATCHING_UP, numbers, on=True, held_s=0.0) is None
    numbers = {"run_s": 3700.0, "least_s": 3600.0}
    event = foreseen(Reason.CATCHING_UP, numbers, on=True, held_s=0.0)
    assert event == NextEvent(kind=NextEventKind.END_OF_CATCHING_UP, in_s=0.0)


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        (True, NextEventKind.END_OF_MINIMUM_RUN),
        (False, NextEventKind.END_OF_REST),
    ],
)
def test_the_last_moment_of_a_minimum_time_is_told_too(
    *, on: bool, kind: NextEventKind
) -> None:
    reason = Reason.FOLLOWING_SURPLUS if on else Reason.WAITING_FOR_SURPLUS
    event = foreseen(reason, {}, on=on, held_s=0.5)
    assert event == NextEvent(kind=kind, in_s=0.5)


@pytest.mark.parametrize("on", [False, True])
@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (Reason.HEATING_FORCED, NextEventKind.END_OF_FORCED_HEATING),
        (Reason.DISINFECTING, NextEventKind.END_OF_FORCED_HEATING),
        (Reason.WARM_ENOUGH, NextEventKind.START),
    ],
)
def test_nobody_can_tell_when_water_will_be_warm_or_cold(
    reason: Reason, kind: NextEventKind, on: bool
) -> None:
    event = foreseen(reason, {"temperature_c": 44.0}, on=on, held_s=5.0)
    assert event == NextEvent(kind=kind)


def test_a_thermostat_that_says_itself_that_it_is_open_is_not_tried() -> None:
    assert foreseen(Reason.THERMOSTAT_OPEN, {}, on=False, held_s=0.0) is None
