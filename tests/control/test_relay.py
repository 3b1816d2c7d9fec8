"""What one switched load is told of one reading, and what it keeps of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.base import Circumstances
from custom_components.surplus.control.loads.switched import SwitchedControl
from custom_components.surplus.control.model import (
    Decision,
    LimitKind,
    LoadInput,
    Mode,
    Reason,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

NOW = 100_000.0
WALL = datetime(2026, 6, 21, 12, tzinfo=UTC)
SPEC = SwitchedSpec(load_id="x", name="x", priority=1, power_w=2000.0)


def around(surplus_w: float, room_a: float = 100.0, **more: Any) -> Circumstances:
    return replace(
        Circumstances(
            now=NOW,
            wall=WALL,
            dt_s=1.0,
            surplus_w=surplus_w,
            total_w=surplus_w,
            voltage_v=230.0,
            meter=MeterState.FRESH,
            direction_known=True,
            headroom=Headroom(
                (Limit(kind=LimitKind.BREAKER, current_a=room_a),), (0.0,), (0.0,)
            ),
            settings=HomeSettings(),
        ),
        **more,
    )


def found(on: bool, since_s: float = 10_000.0, **spec: Any) -> SwitchedControl:
    """Return the control of a load found on or off since some time."""
    control = SwitchedControl(replace(SPEC, **spec))
    observe(control, on, NOW - since_s)
    return control


def observe(
    control: SwitchedControl,
    on: bool | None,
    changed_at: float | None = None,
    mode: Mode = Mode.SOLAR,
    manual_value: float | None = None,
) -> LoadInput[SwitchedSpec, SwitchedReading]:
    reading = SwitchedReading(reachable=True, on=on, changed_at=changed_at)
    load = LoadInput(
        spec=control.spec, reading=reading, mode=mode, manual_value=manual_value
    )
    control.observe(load, 1)
    control.own_power_w(reading, NOW, NOW, 230.0)
    return load


def decide(
    control: SwitchedControl,
    here: Circumstances,
    mode: Mode = Mode.SOLAR,
    manual_value: float | None = None,
    changed_at: float | None = None,
) -> Decision:
    load = observe(control, control.value != 0, changed_at, mode, manual_value)
    return control.decide(load, here)


def is_on(decision: Decision) -> bool:
    assert decision.setpoint is not None
    return decision.setpoint.value == 1


class TestEnough:
    """One that ran as long as it may in a day."""

    def done(self) -> SwitchedControl:
        """Return one that began a minute ago, and was to run for one."""
        control = found(on=True, since_s=60.0, most_run_s=60.0)
        self.told(control, -60)
        return control

    @staticmethod
    def told(control: SwitchedControl, later_s: float, **more: Any) -> Decision:
        here = around(5000.0, now=NOW + later_s, **more)
        return decide(control, here, changed_at=NOW - 60)

    def test_its_minimum_time_is_kept_as_far_as_limits_and_meter_allow(self) -> None:
        for more, stays in (
            ({}, True),
            ({"room_a": 8.0}, False),
            ({"meter": MeterState.STALE}, True),
            ({"meter": MeterState.LOST}, False),
            ({"meter": MeterState.NONE}, False),
        ):
            control = self.done()
            for later_s in (1, 20):
                decision = self.told(control, later_s, **more)
            assert decision.reason is Reason.DONE_FOR_TODAY
            assert is_on(decision) is stays

    def test_after_its_minimum_time_it_stops(self) -> None:
        control = self.done()
        assert is_on(self.told(control, 239))
        assert not is_on(self.told(control, 240))


class TestForced:
    """One that runs whatever the sun."""

    def test_then_the_surplus_does_not_decide(self) -> None:
        control = found(on=False)
        load = observe(control, False, mode=Mode.ECO)
        control.decide(load, around(0.0, cheap=True))
        # Even where nobody calls the hour cheap any more.
        assert not control.follows_surplus(load, None)
        control.decide(observe(control, True, mode=Mode.ECO), around(9000.0))
        assert control.follows_surplus(load, None)

    @pytest.mark.parametrize(("surplus_w", "stays"), [(900.0, False), (1100.0, True)])
    def test_when_that_ends_it_goes_on_if_the_sun_is_worth_it(
        self, surplus_w: float, *, stays: bool
    ) -> None:
        control = found(on=True)
        assert is_on(decide(control, around(0.0, cheap=True), Mode.ECO))
        assert is_on(decide(control, around(surplus_w), Mode.ECO)) is stays

    def test_by_the_sun_it_stays_on_until_a_stop_is_worth_it(self) -> None:
        control = found(on=True)
        assert is_on(decide(control, around(5000.0)))
        assert is_on(decide(control, around(900.0)))
        assert not is_on(decide(control, around(900.0, dt_s=3600.0)))


class TestFirstSight:
    """What it is found in, and what was saved of it."""

    def test_only_what_it_was_found_in_is_taken_as_its_own_doing(self) -> None:
        control = found(on=True)
        assert control.value == 1
        observe(control, False)
        # Somebody else switched it: it was not told so.
        assert control.value == 1
        assert control.switching.on

    def test_back_in_reach_it_is_not_switched_on_again(self) -> None:
        control = found(on=True)
        away = SwitchedReading(reachable=False)
        load = LoadInput(spec=control.spec, reading=away, mode=Mode.SOLAR)
        control.observe(load, 1)
        assert control.decide(load, around(3000.0)).setpoint is None
        back = observe(control, False, NOW - 10)
        decision = control.decide(back, around(500.0))
        assert not is_on(decision)
        assert control.switching.since == NOW - 10

    def test_a_hand_that_was_there_before_us_does_not_end_a_rest(self) -> None:
        control = SwitchedControl(SPEC)
        saved = {"on": False, "value": 0.0, "for_s": 10.0, "saved_at": WALL.isoformat()}
        control.restore(saved, NOW, WALL)
        decision = decide(control, around(0.0), Mode.MANUAL, 1.0)
        assert decision.reason is Reason.RESTING
        # But one that changes its mind does.
        decide(control, around(0.0), Mode.MANUAL, 0.0)
        assert is_on(decide(control, around(0.0), Mode.MANUAL, 1.0))


def test_what_it_runs_while_another_is_checked_counts_for_its_day() -> None:
    control = found(on=True)
    decide(control, around(5000.0))
    ran_s = control.daily.run_s
    observe(control, True, NOW - 10_000)
    decision = control.hold(around(5000.0, now=NOW + 30))
    assert is_on(decision)
    assert control.daily.run_s == ran_s + 30
    observe(control, True, NOW - 10_000)
    control.follow_check(1.0, around(5000.0, now=NOW + 50))
    assert control.daily.run_s == ran_s + 50
