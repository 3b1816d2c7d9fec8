"""The tariff from cycle to cycle: who tells, who is believed, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    PeakSpan,
    Period,
    PriceClass,
    Switching,
    TariffNow,
    TariffReading,
)
from custom_components.surplus.control.tariff.prices import PeriodTerms, Prices
from custom_components.surplus.control.tariff.tariff import Tariff, TariffTerms
from custom_components.surplus.control.tariff.windows import FixedHours, Window

from .days import PARIS, at, later, told

HC, HP = Period.OFF_PEAK, Period.PEAK
HPHC, TEMPO, EJP = Contract.PEAK_OFF_PEAK, Contract.TEMPO, Contract.EJP
RED, BLUE, WHITE = Colour.RED, Colour.BLUE, Colour.WHITE
NIGHT = FixedHours(
    windows=(Window(period=HC, begins_min=22 * 60, ends_min=6 * 60),), otherwise=HP
)


class Home:
    """A tariff in time."""

    def __init__(self, wall: str, **terms: object) -> None:
        self.wall, self.now = at(wall), 1000.0
        self.tariff = Tariff(TariffTerms(**terms))

    def see(self, reading: TariffReading | None = None, **more: object) -> TariffNow:
        if reading is not None and reading.at is None:
            reading = replace(reading, at=self.now)
        self.tariff.see(reading, self.now, self.wall, **more)
        return self.tariff.look(self.now, self.wall)

    def wait(self, **time: float) -> None:
        self.wall = later(self.wall, **time)
        self.now += timedelta(**time).total_seconds()

    def restart(self) -> None:
        saved = json.loads(json.dumps(self.tariff.as_dict()))
        self.tariff = Tariff(self.tariff._terms, saved)
        self.now = 5.0


def linky(period: Period, **more: object) -> TariffReading:
    return TariffReading(option=HPHC, period=period, **more)


class TestAMeter:
    def test_it_tells_period_class_and_contract(self) -> None:
        home = Home("2026-06-10 12:00")
        told = home.see(linky(HC, contact_closed=True))
        assert (told.period, told.price_class) == (HC, PriceClass.CHEAP)
        assert told.contact_closed is True
        assert told.import_price == 1.0
        assert home.tariff.contract is HPHC
        assert not home.tariff.lost

    def test_what_it_told_stands_for_five_minutes(self) -> None:
        home = Home("2026-06-10 12:00")
        home.see(linky(HC))
        home.wait(seconds=299)
        assert home.see().period is HC
        assert not home.tariff.lost
        home.wait(seconds=1)
        told = home.see()
        assert (told.period, told.price_class) == (None, None)
        assert told.contact_closed is None
        assert told.ahead == ()
        assert home.tariff.lost
        assert home.see(linky(HP)).period is HP
        assert not home.tariff.lost

    def test_a_reading_that_does_not_get_newer_is_none(self) -> None:
        home = Home("2026-06-10 12:00")
        frozen = linky(HC, at=1000.0)
        home.see(frozen)
        home.wait(minutes=5)
        assert home.see(frozen).period is None
        assert home.tariff.lost

    def test_one_that_never_tells_is_lost_after_five_minutes(self) -> None:
        home = Home("2026-06-10 12:00")
        home.see()
        home.wait(seconds=299)
        home.see()
        assert not home.tariff.lost
        home.wait(seconds=1)
        home.see()
        assert home.tariff.lost

    def test_fixed_windows_stand_in_for_one_that_stops(self) -> None:
        home = Home("2026-06-10 23:00", contract=HPHC, hours=NIGHT)
        # It is late, and it is what one is billed by.
        assert home.see(linky(HP)).period is HP
        home.wait(minutes=5)
        assert home.see().period is HC
        assert not home.tariff.lost

    @pytest.mark.parametrize("restarts", [False, True])
    @pytest.mark.parametrize(
        ("reading", "period", "until"),
        [
            (
                TariffReading(option=TEMPO, period=Period.TEMPO_RED_HP, today=RED),
                Period.TEMPO_RED_HP,
                "2026-01-20 22:00",
            ),
            (
                TariffReading(option=EJP, period=Period.EJP_PEAK),
                Period.EJP_PEAK,
                "2026-01-21 01:00",
            ),
        ],
    )
    def test_one_that_stops_takes_no_dear_day_back(
        self, reading: TariffReading, period: Period, until: str, *, restarts: bool
    ) -> None:
        home = Home("2026-01-20 12:00")
        home.see(reading)
        home.wait(minutes=10)
        if restarts:
            home.restart()
        told = home.see()
        assert told.period is period
        assert told.holds_back
        home.wait(minutes=6)
        assert home.see().holds_back
        assert home.tariff.lost
        home.wait(seconds=(at(until) - home.wall).total_seconds() - 1)
        assert home.see().holds_back
        home.wait(seconds=1)
        assert home.see().price_class is None

    def test_one_that_stops_on_a_blue_day_is_not_known_to_be_cheap(self) -> None:
        home = Home("2026-01-20 23:00")
        home.see(TariffReading(option=TEMPO, period=Period.TEMPO_BLUE_HC, today=BLUE))
        home.wait(minutes=6)
        assert home.see().price_class is None

    def test_a_frame_without_the_period_changes_nothing(self) -> None:
        home = Home("2026-06-10 12:00")
        home.see(linky(HC))
        home.wait(seconds=10)
        told = home.see(TariffReading(option=HPHC, contact_closed=False))
        assert (told.period, told.contact_closed) == (HC, False)

    def test_a_historic_meter_without_words_for_a_contract_says_nothing(self) -> None:
        home = Home("2026-06-10 23:00", contract=HPHC, hours=NIGHT)
        base = TariffReading(option=Contract.BASE, period=Period.BASE)
        assert home.see(base).period is HC
        # Without another word it is what it says.
        assert Home("2026-06-10 23:00").see(base).period is Period.BASE

    @pytest.mark.parametrize(
        ("contract", "index", "period"),
        [
            (HPHC, 1, HC),
            (HPHC, 2, HP),
            (HPHC, 3, Period.INDEX_3),
            (TEMPO, 5, Period.TEMPO_RED_HC),
            (EJP, 2, Period.EJP_PEAK),
            (Contract.BASE, 4, Period.BASE),
            (Contract.OTHER, 4, Period.INDEX_4),
        ],
    )
    def test_an_index_is_named_by_the_contract(
        self, contract: Contract, index: int, period: Period
    ) -> None:
        home = Home("2026-01-20 12:00", contract=contract)
        bare = TariffReading(period=Period(f"index_{index}"), index=index)
        assert home.see(bare).period is period

    def test_who_has_several_indexes_has_told_what_each_is(self) -> None:
        prices = Prices(
            periods={
                Period.INDEX_1: PeriodTerms(price=0.1, price_class=PriceClass.CHEAP)
            }
        )
        home = Home("2026-06-10 12:00", contract=Contract.OTHER, prices=prices)
        told = home.see(linky(HC, index=1))
        assert (told.period, told.price) == (Period.INDEX_1, 0.1)
        assert told.price_class is PriceClass.CHEAP


class TestAnEntity:
    def test_what_is_on_is_off_peak(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC)
        assert home.see(TariffReading(cheap=True)).period is HC
        assert home.see(TariffReading(cheap=False)).period is HP

    def test_of_other_contracts_only_the_class_is_known(self) -> None:
        home = Home("2026-06-10 12:00", contract=Contract.OTHER)
        told = home.see(TariffReading(cheap=True))
        assert (told.period, told.price_class) == (None, PriceClass.CHEAP)
        told = home.see(TariffReading(cheap=False))
        assert (told.period, told.price_class) == (None, PriceClass.NORMAL)
        assert not home.tariff.lost

    def test_cheap_is_nothing_where_the_colour_is_not_known(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO)
        assert home.see(TariffReading(cheap=False)).price_class is None
        home.wait(minutes=5)
        home.see(TariffReading(cheap=False))
        assert home.tariff.lost
        told = home.see(TariffReading(cheap=False, today=RED))
        assert told.period is Period.TEMPO_RED_HP

    def test_a_colour_alone_is_enough_for_tempo(self) -> None:
        home = Home("2026-01-20 21:59", contract=TEMPO)
        assert home.see(TariffReading(today=RED)).period is Period.TEMPO_RED_HP
        home.wait(minutes=1)
        assert home.see(TariffReading(today=RED)).period is Period.TEMPO_RED_HC


class TestACalendar:
    def test_it_is_always_known(self) -> None:
        home = Home("2026-06-10 21:00", contract=HPHC, hours=NIGHT, is_calendar=True)
        assert home.see().period is HP
        home.wait(hours=1)
        assert home.see().period is HC
        home.wait(days=400)
        assert home.see().period is HC
        assert not home.tariff.lost

    def test_one_price_is_always_the_same(self) -> None:
        home = Home("2026-06-10 21:00", contract=Contract.BASE, is_calendar=True)
        told = home.see()
        assert told.period is Period.BASE
        assert told.ahead[0].ends == later(home.wall, hours=48)
        assert home.tariff.next_change is None

    def test_a_colour_that_was_told_holds_until_six(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO, is_calendar=True)
        home.see(TariffReading(today=RED, tomorrow=WHITE))
        home.restart()
        home.wait(hours=18)
        assert home.see().period is Period.TEMPO_WHITE_HP
        home.wait(hours=23, minutes=59)
        assert home.see().period is Period.TEMPO_WHITE_HC
        home.wait(minutes=1)
        assert home.see().period is None
        home.wait(minutes=5)
        home.see()
        assert home.tariff.lost

    def test_an_ejp_sunday_has_no_colour_of_tempo(self) -> None:
        home = Home("2026-01-18 08:00", contract=EJP, is_calendar=True)
        reading = TariffReading(option=EJP, today=RED, tomorrow=BLUE)
        assert home.see(reading).period is Period.EJP_PEAK
        home.wait(hours=18)
        reading = TariffReading(option=EJP, today=BLUE)
        assert home.see(reading).period is Period.EJP_NORMAL

    def test_an_ejp_day_that_was_told_holds_until_one(self) -> None:
        home = Home("2026-01-20 12:00", contract=EJP, is_calendar=True)
        assert home.see(TariffReading(today=RED)).period is Period.EJP_PEAK
        home.wait(hours=12, minutes=30)
        assert home.see(TariffReading(today=BLUE)).period is Period.EJP_PEAK
        home.wait(minutes=30)
        assert home.see(TariffReading(today=BLUE)).period is Period.EJP_NORMAL


class TestAhead:
    def test_the_calendar_goes_on_from_what_the_meter_says(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HP))
        assert told(now.ahead) == [
            ("06-10 12:00", "peak"),
            ("06-10 22:00", "off_peak"),
            ("06-11 06:00", "peak"),
            ("06-11 22:00", "off_peak"),
            ("06-12 06:00", "peak"),
        ]
        assert home.tariff.next_change == at("2026-06-10 22:00")

    def test_a_meter_that_switches_early_is_right(self) -> None:
        home = Home("2026-06-10 21:50", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HC))
        assert told(now.ahead)[:2] == [
            ("06-10 21:50", "off_peak"),
            ("06-11 06:00", "peak"),
        ]

    def test_a_meter_that_switches_late_is_right(self) -> None:
        home = Home("2026-06-10 22:10", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HP))
        assert told(now.ahead)[:3] == [
            ("06-10 22:10", "peak"),
            ("06-10 22:30", "off_peak"),
            ("06-11 06:00", "peak"),
        ]
        assert home.see(linky(HC)).ahead[0].period is HC

    def test_a_calendar_that_is_wrong_says_nothing(self) -> None:
        home = Home("2026-06-10 23:00", contract=HPHC, hours=NIGHT)
        assert home.see(linky(HP)).ahead == ()
        assert home.tariff.next_change is None

    def test_tomorrows_colour_that_is_unknown_is_unknown(self) -> None:
        home = Home("2026-01-20 12:00")
        reading = TariffReading(option=TEMPO, period=Period.TEMPO_RED_HP, today=RED)
        now = home.see(reading)
        assert told(now.ahead) == [
            ("01-20 12:00", "tempo_red_hp"),
            ("01-20 22:00", "tempo_red_hc"),
        ]
        assert now.ahead[-1].ends == at("2026-01-21 06:00")
        now = home.see(replace(reading, tomorrow=WHITE))
        assert told(now.ahead)[2:] == [
            ("01-21 06:00", "tempo_white_hp"),
            ("01-21 22:00", "tempo_white_hc"),
        ]
        assert home.tariff.colours(home.wall) == (RED, WHITE)
        # The last known hours end with a change too, to nobody knows what.
        home.wait(hours=16)
        home.see(replace(reading, period=Period.TEMPO_RED_HC, tomorrow=Colour.NONE))
        assert home.tariff.next_change == at("2026-01-21 06:00")

    def test_the_profile_of_tomorrow_counts_before_what_was_learned(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT)
        profile = (
            Switching(minute=0, index=2, contact_closed=False),
            Switching(minute=120, index=1, contact_closed=True),
            Switching(minute=410, index=2, contact_closed=False),
        )
        now = home.see(linky(HP, index=2, profile_tomorrow=profile))
        assert told(now.ahead) == [
            ("06-10 12:00", "peak"),
            ("06-10 22:00", "off_peak"),
            ("06-11 00:00", "peak"),
            ("06-11 02:00", "off_peak"),
            ("06-11 06:50", "peak"),
            ("06-12 00:00", "off_peak"),
            ("06-12 06:00", "peak"),
        ]

    def test_an_index_is_called_in_a_profile_what_it_was_called_before(self) -> None:
        # This supplier counts the other way round.
        home = Home("2026-06-10 12:00")
        home.see(linky(HC, index=2))
        profile = (
            Switching(minute=0, index=2, contact_closed=None),
            Switching(minute=600, index=None, contact_closed=True),
            Switching(minute=720, index=1, contact_closed=None),
        )
        today = linky(HP, index=1, profile_today=profile, profile_tomorrow=profile)
        now = home.see(today)
        assert told(now.ahead) == [
            ("06-10 12:00", "peak"),
            ("06-11 00:00", "off_peak"),
            ("06-11 12:00", "peak"),
        ]

    def test_without_any_calendar_the_last_week_is_planned_by(self) -> None:
        home = Home("2026-06-08 00:00")
        for _ in range(2 * 24 * 60):
            home.see(linky(HC if home.wall.hour < 6 else HP))
            home.wait(minutes=1)
        home.restart()
        now = home.see(linky(HC))
        assert told(now.ahead) == [
            ("06-10 00:00", "off_peak"),
            ("06-10 06:00", "peak"),
            ("06-11 00:00", "off_peak"),
            ("06-11 06:00", "peak"),
        ]
        # Never to act by.
        home.wait(minutes=10)
        assert home.see().period is None

    def test_one_object_lasts_while_nothing_changes(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT)
        now = home.see(linky(HP))
        home.wait(minutes=14)
        assert home.see(linky(HP)) is now
        home.wait(minutes=1)
        assert home.see(linky(HP)) is not now

    def test_it_is_renewed_when_a_period_ends(self) -> None:
        home = Home("2026-06-10 21:59", contract=HPHC, hours=NIGHT, is_calendar=True)
        assert home.see().period is HP
        home.wait(minutes=1)
        assert home.see().ahead[0].period is HC


class TestDays:
    def test_mobile_peaks_tell_the_colours_of_their_days(self) -> None:
        # As in standard_mono_tempo_red_peak_notice_01.
        peaks = (
            PeakSpan(
                number=1,
                begins=datetime(2025, 1, 23, 6),  # noqa: DTZ001
                ends=datetime(2025, 1, 24, 6),  # noqa: DTZ001
            ),
            PeakSpan(
                number=2,
                begins=datetime(2025, 1, 22, 6),  # noqa: DTZ001
                ends=datetime(2025, 1, 23, 6),  # noqa: DTZ001
            ),
            PeakSpan(
                number=3,
                begins=datetime(2025, 1, 25, 6),  # noqa: DTZ001
                ends=datetime(2025, 1, 26, 6),  # noqa: DTZ001
            ),
        )
        home = Home("2025-01-22 23:00")
        home.see(TariffReading(option=TEMPO, period=Period.TEMPO_RED_HC, peaks=peaks))
        assert home.tariff.colours(home.wall) == (RED, WHITE)

    def test_about_six_nobody_knows_whose_day_is_meant(self) -> None:
        home = Home("2026-01-21 06:05")
        # Its clock is behind: it still means yesterday.
        late = TariffReading(
            option=TEMPO, period=Period.TEMPO_RED_HC, today=RED, tomorrow=WHITE
        )
        home.see(late)
        assert home.tariff.colours(home.wall) == (Colour.NONE, Colour.NONE)
        home.wait(minutes=5)
        home.see(
            replace(late, period=Period.TEMPO_WHITE_HP, today=WHITE, tomorrow=BLUE)
        )
        assert home.tariff.colours(home.wall) == (WHITE, BLUE)

    def test_the_colour_of_a_period_is_that_of_its_day(self) -> None:
        home = Home("2026-01-20 12:00")
        home.see(TariffReading(option=TEMPO, period=Period.TEMPO_WHITE_HP))
        assert home.tariff.colours(home.wall)[0] is WHITE

    @pytest.mark.parametrize(
        ("wall", "reading", "first"),
        [
            (
                "2026-01-20 06:40",
                TariffReading(period=Period.EJP_NORMAL, peak_notice=1),
                [("01-20 06:40", "ejp_normal"), ("01-20 07:00", "ejp_peak")],
            ),
            (
                "2026-01-20 12:00",
                TariffReading(period=Period.EJP_PEAK, peak_running=1),
                [("01-20 12:00", "ejp_peak"), ("01-21 01:00", "ejp_normal")],
            ),
            (
                "2026-01-21 00:30",
                TariffReading(period=Period.EJP_PEAK, peak_running=1),
                [("01-21 00:30", "ejp_peak"), ("01-21 01:00", "ejp_normal")],
            ),
            (
                "2026-01-20 20:00",
                TariffReading(period=Period.EJP_NORMAL, peak_notice=1),
                [("01-20 20:00", "ejp_normal")],
            ),
            (
                "2026-01-20 12:00",
                TariffReading(period=Period.EJP_NORMAL),
                [("01-20 12:00", "ejp_normal")],
            ),
        ],
    )
    def test_an_ejp_peak_is_known_from_its_notice_on(
        self, wall: str, reading: TariffReading, first: list[tuple[str, str]]
    ) -> None:
        home = Home(wall)
        now = home.see(replace(reading, option=EJP))
        assert told(now.ahead)[: len(first)] == first

    def test_an_announced_peak_has_its_times(self) -> None:
        home = Home("2026-01-20 20:00")
        peak = PeakSpan(
            number=1,
            begins=datetime(2026, 1, 21, 7),  # noqa: DTZ001
            ends=datetime(2026, 1, 22, 1),  # noqa: DTZ001
        )
        now = home.see(
            TariffReading(
                option=EJP, period=Period.EJP_NORMAL, peak_notice=1, peaks=(peak,)
            )
        )
        assert told(now.ahead) == [
            ("01-20 20:00", "ejp_normal"),
            ("01-21 07:00", "ejp_peak"),
            ("01-22 01:00", "ejp_normal"),
        ]
        assert now.ahead[1].price_class is PriceClass.DEAR

    def test_days_long_gone_are_forgotten(self) -> None:
        home = Home("2026-01-20 12:00")
        for _ in range(20):
            home.see(
                TariffReading(option=TEMPO, period=Period.TEMPO_BLUE_HP, today=BLUE)
            )
            home.wait(days=1)
        assert len(home.tariff.as_dict()["days"]["colours"]) <= 4


class TestPrices:
    PRICES = Prices(
        periods={
            HC: PeriodTerms(price=0.20),
            HP: PeriodTerms(price=0.28, house_cap_w=9000.0),
        },
        feed_in=0.04,
    )

    def test_price_cap_and_worth_are_those_of_the_period(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT, prices=self.PRICES)
        now = home.see(linky(HP))
        assert (now.price, now.feed_in, now.house_cap_w) == (0.28, 0.04, 9000.0)
        assert now.import_price == 1.0
        home.tariff.change(
            replace(home.tariff._terms, prices=replace(self.PRICES, cheapest=True)),
            other_source=False,
        )
        now = home.see(linky(HP))
        assert now.import_price == pytest.approx(0.5)
        assert [one.price for one in now.ahead[:3]] == [0.28, 0.20, 0.28]

    def test_what_a_sensor_shows_counts_before_what_was_told(self) -> None:
        home = Home("2026-06-10 12:00", contract=HPHC, hours=NIGHT, prices=self.PRICES)
        now = home.see(linky(HP), price=0.52, feed_in=0.10)
        assert (now.price, now.feed_in) == (0.52, 0.10)
        assert now.import_price == pytest.approx(3.2)
        assert home.see(linky(HP)).price == 0.28

    def test_dear_hours_may_be_allowed(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO, dear_allowed=True)
        now = home.see(TariffReading(today=RED))
        assert now.price_class is PriceClass.DEAR
        assert not now.holds_back


class TestChanges:
    def test_another_source_begins_anew(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO)
        home.see(TariffReading(today=RED))
        home.tariff.change(TariffTerms(contract=HPHC), other_source=True)
        assert home.see().period is None
        assert home.tariff.as_dict() == Tariff(TariffTerms()).as_dict()

    def test_other_prices_keep_what_was_told(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO)
        home.see(TariffReading(today=RED))
        prices = Prices(periods={Period.TEMPO_RED_HP: PeriodTerms(price=0.7)})
        home.tariff.change(
            TariffTerms(contract=TEMPO, prices=prices), other_source=False
        )
        now = home.see()
        assert (now.period, now.price) == (Period.TEMPO_RED_HP, 0.7)

    @pytest.mark.parametrize(
        "saved",
        [
            {"days": {"colours": {"2026-01-20": 9}}},
            {"days": {"peaks": {"soon": True}}},
            {"days": 3},
            {"names": {"one": "peak"}},
            {"names": {"1": "never"}},
            {"learned": {"2026-01-20": 3}},
        ],
    )
    def test_what_is_damaged_is_refused(self, saved: dict[str, object]) -> None:
        with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
            Tariff(TariffTerms(), saved)


@pytest.mark.parametrize(
    ("evening", "hours"), [("2026-03-28 21:00", 34), ("2026-10-24 21:00", 36)]
)
def test_a_calendar_follows_the_clock_when_it_is_moved(
    evening: str, hours: int
) -> None:
    home = Home(evening, contract=HPHC, hours=NIGHT, is_calendar=True)
    for _ in range(hours * 60):
        now = home.see()
        expected = HC if home.wall.hour >= 22 or home.wall.hour < 6 else HP
        assert now.period is expected is now.ahead[0].period, home.wall
        assert now.ahead[0].begins <= home.wall.astimezone(UTC) < now.ahead[0].ends
        home.wait(minutes=1)
    assert home.wall.tzinfo is PARIS
