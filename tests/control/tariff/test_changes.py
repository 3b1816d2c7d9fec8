"""Prices by period, and what a user changes while it runs."""

from dataclasses import replace
from datetime import UTC

import pytest

from custom_components.surplus.control.model import Period, PriceClass, TariffReading
from custom_components.surplus.control.tariff.prices import LEAST, PeriodTerms, Prices
from custom_components.surplus.control.tariff.tariff import Tariff, TariffTerms

from .bench import BLUE, HC, HP, HPHC, NIGHT, RED, TEMPO, Home, linky
from .days import PARIS


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

    def test_only_a_day_is_waited_for_what_is_cheaper(self) -> None:
        prices = Prices(
            periods={
                Period.TEMPO_BLUE_HC: PeriodTerms(price=0.10),
                Period.TEMPO_BLUE_HP: PeriodTerms(price=0.25),
                Period.TEMPO_RED_HC: PeriodTerms(price=0.20),
                Period.TEMPO_RED_HP: PeriodTerms(price=0.70),
            },
            cheapest=True,
        )
        home = Home("2026-01-20 12:00", contract=TEMPO, prices=prices)
        now = home.see(TariffReading(today=RED, tomorrow=BLUE))
        # Tonight, not the blue night that begins in 34 hours.
        assert now.import_price == pytest.approx((0.70 - 0.20) / 0.20)
        home.wait(hours=10)
        now = home.see(TariffReading(today=RED, tomorrow=BLUE))
        # It begins in 24 hours to the minute.
        assert now.import_price == LEAST
        home.wait(minutes=15)
        now = home.see(TariffReading(today=RED, tomorrow=BLUE))
        assert now.import_price == pytest.approx((0.20 - 0.10) / 0.10)

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

    def test_another_source_may_have_another_contract(self) -> None:
        home = Home("2026-01-20 12:00")
        home.see(linky(HC, index=1))
        assert home.tariff.contract is HPHC
        home.tariff.change(TariffTerms(), other_source=True)
        assert home.tariff.contract is None
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
