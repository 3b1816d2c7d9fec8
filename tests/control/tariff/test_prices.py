"""What periods cost and mean, and what an imported kWh is worth by that."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.model import (
    Period,
    PriceClass,
    TariffNow,
    TariffSpan,
)
from custom_components.surplus.control.settings import HomeSettings, priced
from custom_components.surplus.control.tariff.clock import Stretch
from custom_components.surplus.control.tariff.prices import (
    LEAST,
    STRICTEST,
    PeriodTerms,
    Prices,
    import_worth,
)
from custom_components.surplus.control.tariff.spans import held_back_s, spent_s

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
CHEAP, NORMAL, DEAR = PriceClass.CHEAP, PriceClass.NORMAL, PriceClass.DEAR

# Made up, with the proportions of a real contract.
TEMPO = Prices(
    periods={
        Period.TEMPO_BLUE_HC: PeriodTerms(price=0.12),
        Period.TEMPO_BLUE_HP: PeriodTerms(price=0.16),
        Period.TEMPO_RED_HC: PeriodTerms(price=0.15),
        Period.TEMPO_RED_HP: PeriodTerms(price=0.70),
    },
    feed_in=0.04,
)


def span(price: float | None, hours: float = 1.0, of: PriceClass = CHEAP) -> TariffSpan:
    return TariffSpan(
        begins=NOW + timedelta(hours=hours),
        ends=NOW + timedelta(hours=hours + 1),
        period=Period.OFF_PEAK,
        price_class=of,
        price=price,
    )


@pytest.mark.parametrize(
    ("period", "price_class"),
    [
        (Period.BASE, NORMAL),
        (Period.OFF_PEAK, CHEAP),
        (Period.PEAK, NORMAL),
        (Period.EJP_NORMAL, NORMAL),
        (Period.EJP_PEAK, DEAR),
        (Period.TEMPO_BLUE_HC, CHEAP),
        (Period.TEMPO_BLUE_HP, NORMAL),
        (Period.TEMPO_WHITE_HC, CHEAP),
        (Period.TEMPO_WHITE_HP, NORMAL),
        # Eco starts nothing on a red day, its night included.
        (Period.TEMPO_RED_HC, NORMAL),
        (Period.TEMPO_RED_HP, DEAR),
        # What an index costs nobody can read from its number.
        (Period.INDEX_1, NORMAL),
    ],
)
def test_a_period_counts_by_its_name(period: Period, price_class: PriceClass) -> None:
    assert Prices().class_of(period) is price_class


def test_the_user_knows_better_what_a_period_is() -> None:
    chosen = Prices(periods={Period.TEMPO_RED_HC: PeriodTerms(price_class=CHEAP)})
    assert chosen.class_of(Period.TEMPO_RED_HC) is CHEAP
    assert chosen.class_of(Period.TEMPO_RED_HP) is DEAR


@pytest.mark.parametrize(
    ("price", "later", "feed_in", "worth"),
    [
        # Tempo red against the night, as the reference has it: four to five.
        (0.70, 0.15, 0.04, 5.0),
        (0.25, 0.20, 0.08, 0.05 / 0.12),
        # A flat tariff would give nothing, and a load would never stop.
        (0.20, 0.20, 0.04, LEAST),
        (0.15, 0.20, 0.04, LEAST),
        # What is exported brings as much as a later kWh costs: capturing gains nothing.
        (0.25, 0.20, 0.20, STRICTEST),
        (0.25, 0.20, 0.30, STRICTEST),
        (0.20, 0.20, 0.30, LEAST),
        (0.21, 0.20, 0.1999, STRICTEST),
        # Nothing is paid for what is exported.
        (0.30, 0.20, None, 0.5),
        # Prices may be below nothing.
        (0.10, -0.05, -0.10, 3.0),
        (None, 0.20, 0.04, None),
        (0.20, None, 0.04, None),
    ],
)
def test_an_imported_kwh_is_worth_what_it_costs_more_than_later(
    price: float | None, later: float | None, feed_in: float | None, worth: float | None
) -> None:
    assert import_worth(price, later, feed_in) == (
        None if worth is None else pytest.approx(worth)
    )


prices = st.floats(-2, 2)


@given(prices, prices, st.none() | prices)
def test_it_is_always_between_its_bounds(
    price: float, later: float, feed_in: float | None
) -> None:
    worth = import_worth(price, later, feed_in)
    assert worth is not None
    assert LEAST <= worth <= STRICTEST


class TestTheUsersChoice:
    def test_a_tariff_raises_it(self) -> None:
        worth = TEMPO.worth(DEAR, 0.70, [span(0.15)], 0.04)
        assert worth == pytest.approx(5.0)

    def test_a_tariff_does_not_lower_it(self) -> None:
        assert TEMPO.worth(NORMAL, 0.16, [span(0.15)], 0.04) == 1.0
        strict = Prices(periods=TEMPO.periods, import_price=25.0)
        assert strict.worth(DEAR, 0.70, [span(0.15)], 0.04) == 25.0

    def test_a_tariff_lowers_it_for_who_asked_for_the_cheapest(self) -> None:
        cheapest = Prices(periods=TEMPO.periods, cheapest=True)
        worth = cheapest.worth(NORMAL, 0.16, [span(0.12)], 0.04)
        assert worth == pytest.approx(0.5)
        assert cheapest.worth(CHEAP, 0.12, [span(0.16)], 0.04) == LEAST
        # Without prices it is as balanced as the usual.
        assert Prices(cheapest=True).worth(NORMAL, None, [], None) == 1.0

    def test_dear_hours_without_prices_are_strict(self) -> None:
        assert Prices().worth(DEAR, None, [], None) == STRICTEST
        assert Prices().worth(NORMAL, None, [], None) == 1.0
        assert Prices().worth(None, None, [], None) == 1.0

    def test_the_cheapest_of_what_comes_is_waited_for(self) -> None:
        ahead = [span(0.16, 1), span(None, 2), span(0.12, 3), span(0.70, 4)]
        worth = TEMPO.worth(DEAR, 0.70, ahead, 0.04)
        assert worth == pytest.approx((0.70 - 0.12) / (0.12 - 0.04))

    def test_where_nothing_ahead_is_known_the_contracts_cheapest_is(self) -> None:
        worth = TEMPO.worth(DEAR, 0.70, [], 0.04)
        assert worth == pytest.approx((0.70 - 0.12) / (0.12 - 0.04))
        # What is dear is waited for by nobody.
        dear = Prices(periods={Period.EJP_PEAK: PeriodTerms(price=1.0)})
        assert dear.worth(NORMAL, 0.2, [], None) == 1.0
        # However cheap it is, and a period without a price is none to wait for.
        odd = Prices(
            periods={
                Period.EJP_PEAK: PeriodTerms(price=0.05),
                Period.EJP_NORMAL: PeriodTerms(price=0.10),
                Period.OFF_PEAK: PeriodTerms(house_cap_w=12_000.0),
            },
        )
        assert odd.worth(NORMAL, 0.40, [], None) == pytest.approx(3.0)


def test_a_stretch_is_told_with_what_it_means() -> None:
    (told,) = TEMPO.spans(
        [Stretch(begins=NOW, ends=NOW + timedelta(hours=1), period=Period.TEMPO_RED_HP)]
    )
    assert (told.price, told.price_class) == (0.70, DEAR)
    capped = Prices(periods={Period.OFF_PEAK: PeriodTerms(house_cap_w=12_000.0)})
    assert capped.house_cap_w(Period.OFF_PEAK) == 12_000.0
    assert capped.house_cap_w(Period.PEAK) is None


def test_time_of_a_class_is_counted_between_two_instants() -> None:
    tariff = TariffNow(
        price_class=NORMAL,
        ahead=(span(None, 0, CHEAP), span(None, 1, DEAR), span(None, 2, CHEAP)),
    )
    begins, ends = NOW + timedelta(minutes=30), NOW + timedelta(minutes=150)
    assert spent_s(tariff, CHEAP, begins, ends) == 3600
    assert held_back_s(tariff, begins, ends) == 3600
    allowed = TariffNow(ahead=tariff.ahead, dear_allowed=True)
    assert held_back_s(allowed, begins, ends) == 0


def test_dear_hours_hold_back_unless_that_is_allowed() -> None:
    assert TariffNow(price_class=DEAR).holds_back
    assert not TariffNow(price_class=DEAR, dear_allowed=True).holds_back
    assert not TariffNow(price_class=NORMAL).holds_back
    assert not TariffNow().holds_back


def test_the_engine_goes_by_the_tariffs_worth() -> None:
    settings = HomeSettings(import_price=1.0)
    assert priced(settings, None) is settings
    assert priced(settings, TariffNow()) is settings
    assert priced(settings, TariffNow(import_price=1.0)) is settings
    dear = priced(settings, TariffNow(import_price=5.0))
    assert dear.import_price == 5.0
    assert dear.tolerated_import_share == pytest.approx(1 / 6)
