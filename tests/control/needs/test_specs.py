"""What is asked without saying on which days is asked on each of them."""

from datetime import datetime, timedelta

import pytest

from custom_components.surplus.control.needs.clock import deadline_of, window_of
from custom_components.surplus.control.needs.specs import (
    EVERY_DAY,
    Need,
    NeedKind,
    Schedule,
)

from .bench import LOAD, PARIS


@pytest.mark.parametrize("days_on", range(7))
def test_every_day_leaves_none_out(days_on: int) -> None:
    morning = datetime(2026, 6, 22, 5, tzinfo=PARIS) + timedelta(days=days_on)
    need = Need(
        plan_id="p", load_id=LOAD, kind=NeedKind.HOURS, target=1.0, days=EVERY_DAY
    )
    assert deadline_of(need, morning) == morning.timestamp() + 2 * 3600
    schedule = Schedule(
        plan_id="q", load_id=LOAD, begins_s=6 * 3600, ends_s=7 * 3600, days=EVERY_DAY
    )
    window = window_of(schedule, morning)
    assert window is not None
    assert window[0] == morning.timestamp() + 3600


def test_only_what_is_read_may_fall_again() -> None:
    assert [kind for kind in NeedKind if kind.is_level] == [
        NeedKind.TEMPERATURE,
        NeedKind.CHARGE,
    ]
