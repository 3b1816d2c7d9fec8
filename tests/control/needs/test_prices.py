"""What the hours to come cost is what the tariff tells, or what was seen before."""

from datetime import datetime, timedelta

from custom_components.surplus.control.loads.daily import CheapHours
from custom_components.surplus.control.model import PriceClass, TariffNow
from custom_components.surplus.control.needs.prices import Slice, class_now, slices_of
from custom_components.surplus.control.needs.specs import OnDear

from .bench import PARIS, spans

NOW = datetime(2026, 6, 21, 20, tzinfo=PARIS)


def until(hours: float) -> float:
    return (NOW + timedelta(hours=hours)).timestamp()


def sliced(
    hours: float,
    *,
    wall: datetime = NOW,
    tariff: TariffNow | None = None,
    cheap: bool | None = None,
    cheap_hours: CheapHours | None = None,
    on_dear: OnDear = OnDear.NEVER,
) -> tuple[Slice, ...]:
    return slices_of(
        wall,
        until(hours),
        tariff=tariff,
        cheap=cheap,
        cheap_hours=cheap_hours or CheapHours(),
        on_dear=on_dear,
    )


def told(
    *classes: tuple[float, PriceClass, float | None],
    hours: float,
    on_dear: OnDear = OnDear.NEVER,
) -> list[tuple[float, float, bool]]:
    """Return (hours, cost, barred) of what a tariff tells."""
    tariff = TariffNow(ahead=spans(NOW, *classes), price_class=classes[0][1])
    made = sliced(hours, tariff=tariff, on_dear=on_dear)
    return [
        ((one.ends - one.begins) / 3600, round(one.cost, 3), one.barred) for one in made
    ]


def test_classes_are_in_order_where_no_price_is_told() -> None:
    assert told(
        (2, PriceClass.NORMAL, None), (8, PriceClass.CHEAP, None), hours=11
    ) == [(2, 1.0, False), (8, 0.0, False), (1, 1.0, False)]


def test_what_ends_before_the_tariff_does_is_not_cut_further() -> None:
    assert told((2, PriceClass.NORMAL, None), (8, PriceClass.CHEAP, None), hours=2) == [
        (2, 1.0, False)
    ]


def test_what_the_tariff_tells_of_the_past_is_passed_over() -> None:
    past = NOW - timedelta(hours=3)
    tariff = TariffNow(
        ahead=spans(
            past,
            (2, PriceClass.DEAR, 0.7),
            (2, PriceClass.CHEAP, 0.1),
            (2, PriceClass.NORMAL, 0.2),
        )
    )
    made = sliced(3, tariff=tariff)
    assert [((one.ends - one.begins) / 3600, one.price) for one in made] == [
        (1, 0.1),
        (2, 0.2),
    ]


def test_prices_decide_where_they_are_told_and_stand_in_where_not() -> None:
    assert told(
        (1, PriceClass.CHEAP, 0.15),
        (1, PriceClass.NORMAL, 0.25),
        (1, PriceClass.NORMAL, 0.23),
        (1, PriceClass.CHEAP, None),
        hours=5,
    ) == [
        (1, 0.15, False),
        (1, 0.25, False),
        (1, 0.23, False),
        (1, 0.15, False),
        # Beyond what is told it counts as normal, and as what that costs.
        (1, 0.24, False),
    ]


def test_dear_hours_are_barred_a_last_resort_or_just_dear() -> None:
    classes = ((1, PriceClass.NORMAL, 0.2), (1, PriceClass.DEAR, 0.7))
    assert told(*classes, hours=2)[1] == (1, 0.7, True)
    assert told(*classes, hours=2, on_dear=OnDear.ALWAYS)[1] == (1, 0.7, False)
    usual, late = told(*classes, hours=2, on_dear=OnDear.IF_LATE)
    assert usual == (1, 0.2, False)
    assert late[1] > 1000
    assert not late[2]


def test_what_the_user_allows_to_all_loads_is_allowed_here_too() -> None:
    tariff = TariffNow(ahead=spans(NOW, (2, PriceClass.DEAR, 0.7)), dear_allowed=True)
    (one,) = sliced(2, tariff=tariff)
    assert not one.barred


def test_beyond_the_tariff_half_hours_are_as_they_were_seen() -> None:
    seen = CheapHours()
    for half_hours in range(48):
        wall = datetime(2026, 6, 20, tzinfo=PARIS) + timedelta(minutes=30 * half_hours)
        seen.note(wall, 1 <= wall.hour < 5)
    made = sliced(11, cheap=False, cheap_hours=seen)
    assert [((one.ends - one.begins) / 3600, one.cost) for one in made] == [
        (5, 1.0),
        (4, 0.0),
        (2, 1.0),
    ]


def test_the_present_half_hour_is_as_it_is_now() -> None:
    made = sliced(2, cheap=True)
    assert made == (
        Slice(begins=NOW.timestamp(), ends=until(0.5), cost=0.0),
        Slice(begins=until(0.5), ends=until(2), cost=1.0),
    )


def test_half_hours_are_those_of_the_clock() -> None:
    seen = CheapHours()
    for half_hours in range(48):
        wall = datetime(2026, 6, 20, tzinfo=PARIS) + timedelta(minutes=30 * half_hours)
        seen.note(wall, wall.hour >= 22)
    made = sliced(4, wall=NOW + timedelta(minutes=10), cheap=False, cheap_hours=seen)
    assert made == (
        Slice(begins=until(1 / 6), ends=until(2), cost=1.0),
        Slice(begins=until(2), ends=until(4), cost=0.0),
    )


def test_the_tariff_s_word_on_now_counts_before_the_meter_s() -> None:
    assert class_now(TariffNow(price_class=PriceClass.DEAR), True) is PriceClass.DEAR
    assert class_now(TariffNow(), True) is PriceClass.CHEAP


def test_a_tariff_that_says_nothing_of_now_is_not_believed_of_later() -> None:
    later = TariffNow(ahead=spans(NOW + timedelta(hours=1), (2, PriceClass.CHEAP, 0.1)))
    made = sliced(2, tariff=later)
    assert made == (Slice(begins=NOW.timestamp(), ends=until(2), cost=1.0),)
    assert class_now(later, None) is PriceClass.NORMAL
