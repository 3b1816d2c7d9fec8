"""In dear hours nothing is started from the grid but by a person."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.surplus.control.loads.daily import CheapHours, DailyRun
from custom_components.surplus.control.model import (
    Contract,
    Mode,
    Period,
    Reason,
    TariffNow,
    TariffReading,
    Temperatures,
)
from custom_components.surplus.control.tariff.prices import PeriodTerms, Prices
from custom_components.surplus.control.tariff.tariff import Tariff, TariffTerms
from custom_components.surplus.control.tariff.windows import FixedHours, Window

from .switched_house import START_S, House, Relay

PARIS = ZoneInfo("Europe/Paris")
# A red Tuesday.
MORNING = datetime(2026, 1, 20, 4, tzinfo=PARIS)
COLOURS = {"days": {"colours": {"2026-01-19": 1, "2026-01-20": 3, "2026-01-21": 1}}}


class Tempo:
    """The tariff of a house: blue, then red, then blue."""

    def __init__(self, **terms: object) -> None:
        self.tariff = Tariff(
            TariffTerms(contract=Contract.TEMPO, is_calendar=True, **terms), COLOURS
        )

    def __call__(self, wall: datetime) -> TariffNow:
        return self.tariff.look(0.0, wall)


def house(
    begins: datetime, tempo: Tempo, *, sun_w: float = 0.0, **relay: object
) -> House:
    return House(
        relays=[Relay(**relay)],
        start=begins,
        base_w=500 - sun_w,
        tariff=tempo,
        cheap=lambda wall: tempo(wall).price_class == "cheap",
    )


def ran_by_hour(one: House, hours: int) -> list[int]:
    """Return in which hours of the day it was on."""
    on = []
    for _ in range(hours):
        before = one.relay.ran_s
        hour = one.wall.hour
        one.run(3600, every_s=10)
        if one.relay.ran_s - before > 60:
            on.append(hour)
    return on


def test_a_minimum_is_run_before_a_dear_day_where_it_does_not_fit_behind() -> None:
    # From 22:00 to midnight only two of its three hours fit.
    one = house(MORNING, Tempo(), least_run_s=3 * 3600)
    hours = ran_by_hour(one, 20)
    assert all(not 6 <= hour < 22 for hour in hours), hours
    assert one.relay.ran_s == pytest.approx(3 * 3600, abs=300)


def test_a_minimum_that_has_come_too_late_waits_for_the_end_of_dear_hours() -> None:
    noon = MORNING.replace(hour=12)
    one = house(noon, Tempo(), least_run_s=4 * 3600)
    decision = one.run(8 * 3600, every_s=10)
    assert one.wall.hour == 20
    assert decision.reason is Reason.HELD_BACK
    assert one.relay.ran_s == 0
    assert one.run(2.1 * 3600, every_s=10).reason is Reason.CATCHING_UP


def test_the_sun_may_heat_in_dear_hours() -> None:
    one = house(MORNING.replace(hour=12), Tempo(), least_run_s=4 * 3600, sun_w=3500)
    assert one.run(1800, every_s=5).reason is Reason.FOLLOWING_SURPLUS
    assert one.relay.on


def test_what_runs_from_the_grid_ends_when_dear_hours_begin() -> None:
    one = house(MORNING.replace(hour=5), Tempo(), mode=Mode.ECO)
    one.run(3500, every_s=10)
    assert one.decision().reason is Reason.CHEAP_HOURS
    one.run(600, every_s=10)
    assert one.decision().reason is Reason.WAITING_FOR_SURPLUS
    assert not one.relay.on


def test_a_red_night_starts_nothing_in_eco_either() -> None:
    one = house(MORNING.replace(hour=23), Tempo(), mode=Mode.ECO)
    one.run(600, every_s=10)
    assert one.decision().reason is Reason.WAITING_FOR_SURPLUS


def test_a_person_may_have_it_run_all_the_same() -> None:
    one = house(MORNING.replace(hour=12), Tempo(), mode=Mode.BOOST)
    assert one.run(60).reason is Reason.BOOST


def test_the_user_may_allow_it() -> None:
    one = house(
        MORNING.replace(hour=18), Tempo(dear_allowed=True), least_run_s=5.9 * 3600
    )
    assert one.run(60).reason is Reason.CATCHING_UP


def test_a_hot_day_that_is_overdue_waits_for_the_night() -> None:
    programme = Temperatures(legionella_c=65.0, legionella_days=7.0)
    one = house(
        MORNING.replace(hour=12), Tempo(), temperatures=programme, temperature_c=52.0
    )
    one.run(10)
    # Nine days ago it was last hot.
    water = one.control.water
    water._thermal._hot_at = one.wall - timedelta(days=9)
    one.run(60)
    assert not one.relay.on
    one.run(10.5 * 3600, every_s=10)
    assert one.wall.hour == 22
    assert one.decision().reason is Reason.DISINFECTING


def test_worth_of_import_follows_the_tariff_in_dear_hours() -> None:
    prices = Prices(
        periods={
            Period.TEMPO_RED_HP: PeriodTerms(price=0.7),
            Period.TEMPO_RED_HC: PeriodTerms(price=0.15),
        },
        feed_in=0.04,
    )
    tempo = Tempo(prices=prices)
    noon = MORNING.replace(hour=12)
    assert tempo(noon).import_price == pytest.approx(5.0)
    # 200 W short of 2000 W for a while: a cloud in blue, a cost in red.
    red = house(noon, tempo, sun_w=3000)
    blue = house(noon + timedelta(days=1), tempo, sun_w=3000)
    for one in (red, blue):
        one.run(900)
        assert one.relay.on
        one.run(1500, base_w=-1500)
    assert not red.relay.on
    assert blue.relay.on


class TestCheapTimeAhead:
    """The tariff's own hours count before those that were seen."""

    NIGHT = FixedHours(
        windows=(Window(period=Period.OFF_PEAK, begins_min=22 * 60, ends_min=6 * 60),),
        otherwise=Period.PEAK,
    )

    def now(self, wall: datetime) -> TariffNow:
        terms = TariffTerms(
            contract=Contract.PEAK_OFF_PEAK, hours=self.NIGHT, is_calendar=True
        )
        return Tariff(terms).look(START_S, wall)

    def test_what_the_tariff_tells_is_counted_to_the_second(self) -> None:
        hours = CheapHours()
        wall = datetime(2026, 6, 10, 12, tzinfo=PARIS)
        end = datetime(2026, 6, 10, 23, 30, tzinfo=PARIS)
        # Never seen, they would all count.
        assert hours.left_s(wall, end) == 11.5 * 3600
        assert hours.left_s(wall, end, self.now(wall)) == 1.5 * 3600

    def test_beyond_what_it_tells_that_what_was_seen_counts(self) -> None:
        hours = CheapHours()
        for hour in range(24):
            for minute in (0, 30):
                at = datetime(2026, 6, 9, hour, minute, tzinfo=PARIS)
                hours.note(at, hour < 6)
        wall = datetime(2026, 6, 10, 12, tzinfo=PARIS)
        now = self.now(wall)
        known = replace(now, ahead=now.ahead[:2])
        assert known.ahead[-1].ends == datetime(2026, 6, 11, 6, tzinfo=PARIS)
        end = datetime(2026, 6, 12, 12, tzinfo=PARIS)
        assert hours.left_s(wall, end, known) == (8 + 6) * 3600

    def test_a_minimum_begins_as_late_in_the_night_as_it_can(self) -> None:
        daily = DailyRun()
        daily.ends_s = 6 * 3600
        begins = None
        wall = datetime(2026, 6, 10, 21, tzinfo=PARIS)
        while begins is None:
            now = self.now(wall)
            cheap = now.price_class == "cheap"
            if daily.must_run(wall, 2 * 3600, 300, cheap, now):
                begins = wall
            wall += timedelta(minutes=1)
        assert begins == datetime(2026, 6, 11, 3, 55, tzinfo=PARIS)


def test_a_tariff_that_tells_nothing_changes_nothing() -> None:
    nothing = Tariff(TariffTerms())
    now = nothing.look(0.0, MORNING)
    assert now.price_class is None
    assert not now.holds_back
    assert TariffReading().at is None
