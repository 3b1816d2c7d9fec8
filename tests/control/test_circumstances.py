"""What a cycle holds against one load, and what every kind of load shares."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.circumstances import Circumstances, Span
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    LimitKind,
    LoadInput,
    Mode,
)
from custom_components.surplus.control.settings import HomeSettings
from custom_components.surplus.control.switching import BUDGETS, PATIENT_BUDGETS

SPEC = ChargerSpec(load_id="one", name="One", priority=1, max_a=32.0)
READING = ChargerReading(reachable=True, wants_power=True)


def around(total_w: float, **more: float | Span) -> Circumstances:
    return Circumstances(
        now=0.0,
        wall=datetime(2026, 6, 21, 12, tzinfo=UTC),
        dt_s=1.0,
        surplus_w=total_w,
        total_w=total_w,
        voltage_v=230.0,
        meter=MeterState.FRESH,
        direction_known=True,
        headroom=Headroom((), (0.0,)),
        settings=HomeSettings(import_price=2.0),
        **more,
    )


class TestWorth:
    CAR = Span(least_w=1400.0, most_w=7000.0)

    def test_alone_it_is_what_it_captures_less_the_price_of_an_import(self) -> None:
        assert around(3000.0).worth_w(self.CAR) == 3000
        assert around(9000.0).worth_w(self.CAR) == 7000
        assert around(1000.0).worth_w(self.CAR) == 1000 - 2 * 400

    def test_what_another_already_captures_is_nothing_new(self) -> None:
        running = Span(least_w=1000.0, most_w=5000.0)
        assert around(4000.0, above=running).worth_w(self.CAR) == 0
        assert around(6000.0, above=running).worth_w(self.CAR) == 1000
        # Both at their least draw 400 W: the one above would have captured all.
        assert around(2000.0, above=running).worth_w(self.CAR) == -2 * 400

    def test_what_is_left_is_what_those_above_do_not_draw(self) -> None:
        assert around(4000.0, drawn_above_w=1500.0).left_w == 2500


def test_a_battery_or_a_fast_heater_below_fills_what_a_slow_load_leaves() -> None:
    assert not around(0.0).others_fill
    assert replace(around(0.0), beside_battery=True).others_fill
    assert around(0.0, trims_below=Span(least_w=0.0, most_w=2000.0)).others_fill


@pytest.mark.parametrize("beside_battery", [False, True])
def test_a_charger_is_more_patient_where_others_fill(*, beside_battery: bool) -> None:
    charger = control_of(SPEC)
    load = LoadInput(spec=SPEC, reading=READING, mode=Mode.SOLAR)
    charger.observe(load, 1)
    charger.decide(load, replace(around(0.0), beside_battery=beside_battery))
    assert charger.switching.budgets == (PATIENT_BUDGETS if beside_battery else BUDGETS)


@pytest.mark.parametrize(
    ("power_w", "nearest_w"),
    [(0.0, 100.0), (100.0, 100.0), (250.0, 250.0), (400.0, 300.0)],
)
def test_a_span_gives_the_nearest_power_within_it(
    power_w: float, nearest_w: float
) -> None:
    assert Span(least_w=100.0, most_w=300.0).nearest_w(power_w) == nearest_w


class TestFollowing:
    @pytest.mark.parametrize(
        ("mode", "cheap", "follows"),
        [
            (Mode.SOLAR, None, True),
            (Mode.SOLAR, True, True),
            (Mode.MIN_SOLAR, False, True),
            (Mode.ECO, False, True),
            (Mode.ECO, None, True),
            (Mode.ECO, True, False),
            (Mode.BOOST, False, False),
            (Mode.OFF, False, False),
        ],
    )
    def test_the_mode_says_whether_the_surplus_decides(
        self, mode: Mode, cheap: bool | None, follows: bool
    ) -> None:
        load = LoadInput(spec=SPEC, reading=READING, mode=mode)
        assert control_of(SPEC).follows_surplus(load, cheap) is follows

    def test_out_of_reach_or_full_it_follows_nothing(self) -> None:
        for reading in (
            replace(READING, reachable=False),
            replace(READING, wants_power=False),
        ):
            load = LoadInput(spec=SPEC, reading=reading, mode=Mode.SOLAR)
            assert not control_of(SPEC).follows_surplus(load, None)


class TestFits:
    """A running load that seems not to fit may only move otherwise than its model."""

    LIMIT = Limit(kind=LimitKind.BREAKER, current_a=20.0)

    def room(self, room_a: float, *, shown_a: float = 0.0) -> Headroom:
        return Headroom((self.LIMIT,), (20.0 - room_a,), (shown_a,))

    def test_what_rounding_takes_away_still_fits(self) -> None:
        control = control_of(SPEC)
        assert control.fits(6.0, self.room(6.0 - 1e-7), 0.0)
        assert not control.fits(6.0, self.room(5.99), 0.0)

    def test_a_running_load_is_given_ten_seconds_of_doubt_each_time(self) -> None:
        control = control_of(SPEC)
        control.switching.switch(True, 0.0)
        assert control.fits(6.0, self.room(4.0), 100.0)
        assert control.fits(6.0, self.room(4.0), 109.0)
        assert not control.fits(6.0, self.room(4.0), 110.0)
        assert control.fits(6.0, self.room(6.0), 111.0)
        assert control.fits(6.0, self.room(4.0), 115.0)
        assert not control.fits(6.0, self.room(4.0), 125.0)

    def test_what_the_meter_shows_is_not_doubted(self) -> None:
        control = control_of(SPEC)
        control.switching.switch(True, 0.0)
        assert not control.fits(6.0, self.room(4.0, shown_a=20.5), 100.0)
