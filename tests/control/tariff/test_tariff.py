"""Who tells the tariff, who is believed, and for how long."""

import pytest

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Period,
    PriceClass,
    TariffReading,
)
from custom_components.surplus.control.tariff.prices import PeriodTerms, Prices
from custom_components.surplus.control.tariff.tariff import TariffTerms

from .bench import BLUE, EJP, HC, HP, HPHC, NIGHT, RED, TEMPO, WHITE, Home, linky
from .days import at, later


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

    def test_what_it_told_is_as_old_as_its_reading(self) -> None:
        home = Home("2026-06-10 12:00")
        assert home.see(linky(HC, at=home.now - 200.0)).period is HC
        home.wait(seconds=99)
        assert home.see().period is HC
        home.wait(seconds=1)
        assert home.see().period is None

    def test_one_without_an_instant_tells_now(self) -> None:
        home = Home("2026-06-10 12:00")
        home.tariff.see(linky(HC), home.now, home.wall)
        assert home.tariff.look(home.now, home.wall).period is HC

    def test_what_is_too_old_tells_nothing_of_days_either(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO)
        home.see(TariffReading(today=RED, at=home.now - 300.0))
        assert home.tariff.colours(home.wall)[0] is Colour.NONE

    def test_one_that_never_tells_is_lost_after_five_minutes(self) -> None:
        home = Home("2026-06-10 12:00")
        assert not home.tariff.lost
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

    def test_another_contract_knows_no_dear_day_of_the_one_before(self) -> None:
        for contract, reading in (
            (TEMPO, TariffReading(today=RED)),
            (EJP, TariffReading(today=RED)),
        ):
            home = Home("2026-01-20 12:00", contract=contract)
            home.see(reading)
            home.tariff.change(TariffTerms(contract=HPHC), other_source=False)
            home.wait(minutes=6)
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
        for word in (base, TariffReading(period=Period.BASE)):
            assert Home("2026-06-10 23:00").see(word).period is Period.BASE

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

    def test_an_index_of_no_contract_keeps_its_number(self) -> None:
        home = Home("2026-01-20 12:00")
        bare = TariffReading(period=Period.INDEX_3, index=3)
        assert home.see(bare).period is Period.INDEX_3

    @pytest.mark.parametrize(
        ("reading", "period"),
        [
            (TariffReading(), None),
            (TariffReading(index=1), Period.BASE),
            (TariffReading(period=HC), Period.BASE),
        ],
    )
    def test_of_one_price_any_word_is_that_price_and_silence_none(
        self, reading: TariffReading, period: Period | None
    ) -> None:
        home = Home("2026-01-20 12:00", contract=Contract.BASE)
        assert home.see(reading).period is period

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

    def test_when_off_peak_begins_is_its_word(self) -> None:
        home = Home("2026-01-20 21:55", contract=TEMPO)
        told = home.see(TariffReading(today=RED, cheap=True))
        assert told.period is Period.TEMPO_RED_HC

    def test_after_six_yesterdays_colour_says_nothing_of_today(self) -> None:
        home = Home("2026-01-20 12:00", contract=TEMPO)
        home.see(TariffReading(today=WHITE))
        home.wait(hours=17, minutes=58)
        assert home.see(TariffReading(today=WHITE)).period is Period.TEMPO_WHITE_HC
        home.wait(minutes=3)
        assert home.see(TariffReading(today=WHITE)).period is None

    def test_at_six_the_colour_that_was_announced_holds(self) -> None:
        home = Home("2026-01-20 20:00", contract=TEMPO)
        home.see(TariffReading(tomorrow=WHITE))
        home.wait(hours=9, minutes=57)
        assert home.see(TariffReading(today=BLUE)).period is None
        home.wait(minutes=4)
        assert home.see().period is Period.TEMPO_WHITE_HP

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
        assert not home.tariff.lost
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
