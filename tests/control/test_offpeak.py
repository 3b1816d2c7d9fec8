"""What off-peak hours start by themselves: learned, expected, and forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import json
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.freeze import freeze, thaw
from custom_components.surplus.control.model import (
    BatteryReading,
    GridReading,
    Period,
    PriceClass,
    Snapshot,
    TariffNow,
    TariffSpan,
)
from custom_components.surplus.control.offpeak import LEAD_S, WATCH_S, OffPeakStart

PARIS = ZoneInfo("Europe/Paris")
NIGHT = datetime(2026, 11, 2, 22, 30, tzinfo=PARIS)
CHEAP, NORMAL = PriceClass.CHEAP, PriceClass.NORMAL

type House = Callable[[float], float]


def heater(power_w: float, delay_s: float = 20.0, base_w: float = 400.0) -> House:
    """Return what a house draws some seconds after off-peak began."""
    return lambda since_s: base_w + (power_w if since_s >= delay_s else 0.0)


def idle(since_s: float) -> float:
    return 400.0


def noisy(house: House, seed: int, noise_w: float = 60.0) -> House:
    """Return the same house with a fridge's worth of restlessness."""
    random = Random(seed)
    return lambda since_s: house(since_s) + random.uniform(-noise_w, noise_w)


@dataclass
class Nights:
    """Evenings and nights of a house, looked at every five seconds."""

    offpeak: OffPeakStart = field(default_factory=OffPeakStart)
    contact: bool = True
    foretold: bool = True
    now: float = 1000.0
    day: int = 0
    every_s: float = 5.0

    def tariff(self, begins: datetime, wall: datetime) -> TariffNow:
        cheap = wall >= begins
        ends = begins + timedelta(hours=8)
        spans = (
            TariffSpan(
                begins=begins - timedelta(hours=8),
                ends=begins,
                period=Period.PEAK,
                price_class=NORMAL,
            ),
            TariffSpan(
                begins=begins, ends=ends, period=Period.OFF_PEAK, price_class=CHEAP
            ),
        )
        return TariffNow(
            price_class=CHEAP if cheap else NORMAL,
            ahead=spans[1:] if cheap else spans if self.foretold else (),
            contact_closed=cheap if self.contact else None,
        )

    def night(
        self,
        house: House,
        *,
        before_s: float = 600.0,
        after_s: float = 1200.0,
        begins: datetime = NIGHT,
        blind: tuple[float, float] = (0.0, 0.0),
    ) -> list[tuple[float, float]]:
        """Live through one; return what was expected, by the time since it began."""
        begins += timedelta(days=self.day)
        self.day += 1
        expected = []
        since_s = -before_s
        while since_s < after_s:
            wall = begins + timedelta(seconds=since_s)
            if not blind[0] <= since_s < blind[1] and self.offpeak.due(self.now):
                self.offpeak.observe(
                    self.now, wall, self.tariff(begins, wall), house(since_s)
                )
            expected.append((since_s, self.offpeak.expected_w(self.now)))
            self.now += self.every_s
            since_s += self.every_s
        self.now += 3600.0
        return expected

    def learn(self, *houses: House, **more: object) -> list[list[tuple[float, float]]]:
        return [self.night(house, **more) for house in houses]


def span_of(expected: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the first and the last instant at which anything was expected."""
    at = [since_s for since_s, power_w in expected if power_w]
    return (at[0], at[-1]) if at else None


@pytest.mark.parametrize("contact", [True, False])
def test_a_water_heater_is_known_after_three_nights(contact: bool) -> None:
    nights = Nights(contact=contact)
    nights.learn(heater(2200), heater(2210))
    assert nights.offpeak.learned is None
    nights.learn(heater(2190))
    learned = nights.offpeak.learned
    assert learned is not None
    assert learned.power_w == pytest.approx(2200)
    assert learned.nights == 3
    assert learned.confidence == 1.0
    assert learned.within_s == pytest.approx(140)


def test_room_is_kept_from_before_it_begins_until_it_is_seen() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 3)
    expected = nights.night(heater(2200, delay_s=60))
    assert span_of(expected) == (-LEAD_S, 60.0)
    assert {power_w for since_s, power_w in expected if -300 <= since_s <= 60} == {
        2200.0
    }


def test_what_the_house_draws_anyway_is_not_taken_for_it() -> None:
    nights = Nights()
    nights.learn(*[heater(2200, base_w=1600)] * 3)
    expected = nights.night(heater(2200, delay_s=60, base_w=1600))
    assert span_of(expected) == (-LEAD_S, 60.0)


def test_once_it_was_seen_it_is_expected_no_more_though_it_ends() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 3)
    expected = nights.night(lambda since_s: 2600 if 20 <= since_s < 60 else 400)
    assert span_of(expected) == (-LEAD_S, 20.0)


def test_what_loads_draw_and_batteries_and_the_sun_give_is_reckoned_with() -> None:
    offpeak = OffPeakStart()
    for since_s in range(-300, 1200, 5):
        began = since_s >= 20
        # 2200 W more: of these the sun gives 300 W, a battery 500 W. A car takes 1000 W.
        grid = GridReading(at=float(since_s), power_w=1800.0 if began else 400.0)
        battery = BatteryReading(at=grid.at, power_w=500.0 if began else 0.0)
        offpeak.look(
            Snapshot(
                now=grid.at,
                wall=NIGHT + timedelta(seconds=since_s),
                grid=grid,
                loads=(),
                tariff=TariffNow(price_class=CHEAP if since_s >= 0 else NORMAL),
                solar_w=300.0 if began else 0.0,
                batteries=(battery,),
            ),
            grid,
            {"car": 1000.0 if began else 0.0},
        )
    (night,) = offpeak.as_list()[0]["nights"]
    assert night == [[20, 1200]]


def test_room_is_given_back_when_it_does_not_start() -> None:
    nights = Nights()
    nights.learn(*[heater(2200, delay_s=40)] * 3)
    expected = nights.night(idle)
    assert span_of(expected) == (-LEAD_S, 160.0)


def test_a_contact_that_is_late_is_waited_for() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 3)
    begins = NIGHT + timedelta(days=nights.day)
    expected = []
    for since_s in range(-400, 400, 5):
        wall = begins + timedelta(seconds=since_s)
        told = nights.tariff(begins, wall)
        late = TariffNow(
            price_class=told.price_class, ahead=told.ahead, contact_closed=since_s >= 90
        )
        drawn_w = 2600.0 if since_s >= 110 else 400.0
        nights.offpeak.observe(nights.now, wall, late, drawn_w)
        expected.append((float(since_s), nights.offpeak.expected_w(nights.now)))
        nights.now += 5.0
    assert span_of(expected) == (-LEAD_S, 110.0)


def test_what_is_not_foretold_is_expected_once_it_has_begun() -> None:
    nights = Nights(foretold=False)
    nights.learn(*[heater(2200)] * 3)
    assert span_of(nights.night(heater(2200))) == (0.0, 20.0)


def test_it_is_forgotten_when_it_stops_happening() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 7)
    nights.learn(*[idle] * 4)
    learned = nights.offpeak.learned
    assert learned is not None
    assert learned.confidence == pytest.approx(3 / 7)
    nights.learn(idle)
    assert nights.offpeak.learned is None
    assert span_of(nights.night(idle)) is None


def test_another_water_heater_takes_its_place() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 7, *[heater(1200)] * 4)
    learned = nights.offpeak.learned
    assert learned is not None
    assert learned.power_w == pytest.approx(1200)


def test_an_oven_of_one_evening_is_not_what_off_peak_starts() -> None:
    nights = Nights()
    nights.learn(heater(3000, 200), heater(1000, 400), heater(1500, 5), heater(2400))
    assert nights.offpeak.learned is None


def test_it_is_found_beside_an_oven() -> None:
    def both(since_s: float) -> float:
        return heater(2200, 30)(since_s) + heater(1500, 300, 0.0)(since_s)

    nights = Nights()
    nights.learn(heater(2200, 25), both, heater(2200, 20))
    learned = nights.offpeak.learned
    assert learned is not None
    assert learned.power_w == pytest.approx(2200)
    assert learned.nights == 3


@pytest.mark.parametrize("power_w", [500, 12_000])
def test_what_is_no_contact_s_worth_is_left_alone(power_w: float) -> None:
    nights = Nights()
    nights.learn(*[heater(power_w)] * 4)
    assert nights.offpeak.learned is None


def test_a_kettle_that_goes_off_again_is_no_step() -> None:
    def kettle(since_s: float) -> float:
        return 2400.0 if 60 <= since_s < 90 else 400.0

    nights = Nights()
    nights.learn(*[kettle] * 4)
    assert nights.offpeak.learned is None


@given(
    power_w=st.floats(900, 6000),
    delay_s=st.integers(0, 700),
    seed=st.integers(0, 1000),
)
def test_a_restless_house_hides_nothing(
    power_w: float, delay_s: int, seed: int
) -> None:
    nights = Nights()
    house = noisy(heater(power_w, delay_s), seed)
    nights.learn(*[house] * 3)
    learned = nights.offpeak.learned
    assert learned is not None
    assert learned.power_w == pytest.approx(power_w, abs=90)
    assert delay_s + 90 <= learned.within_s <= min(WATCH_S, delay_s + 160)


def test_the_afternoon_is_learned_by_itself() -> None:
    afternoon = NIGHT.replace(hour=12)
    nights = Nights()
    for _ in range(4):
        nights.night(heater(2200))
        nights.day -= 1
        nights.night(idle, begins=afternoon)
    assert nights.offpeak.learned is not None
    assert nights.offpeak.learned.confidence == 1.0
    assert span_of(nights.night(idle, begins=afternoon)) is None
    nights.day -= 1
    assert span_of(nights.night(heater(2200))) is not None


def test_a_begin_around_midnight_is_one_and_the_same() -> None:
    nights = Nights()
    for minute in (50, 70, 55):
        nights.night(
            heater(2200), begins=NIGHT.replace(hour=23) + timedelta(minutes=minute - 30)
        )
    assert nights.offpeak.learned is not None
    assert len(nights.offpeak.as_list()) == 1


def test_times_that_are_no_longer_used_give_way() -> None:
    nights = Nights()
    for hour in range(6):
        nights.night(idle, begins=NIGHT.replace(hour=3 * hour))
    begins = [begin["day_s"] for begin in nights.offpeak.as_list()]
    assert begins == [hour * 3 * 3600 + 1800 for hour in range(2, 6)]


def test_a_night_with_a_gap_says_nothing() -> None:
    nights = Nights()
    nights.night(heater(2200), blind=(10.0, 120.0))
    nights.night(heater(2200), blind=(-120.0, 10.0))
    assert nights.offpeak.as_list() == []
    expected = nights.learn(*[heater(2200)] * 4)[-1]
    assert span_of(expected) is not None


def test_nothing_is_learned_of_a_begin_that_nobody_saw() -> None:
    nights = Nights()
    nights.night(heater(2200), before_s=0.0)
    assert nights.offpeak.as_list() == []


def test_a_tariff_that_is_silent_in_between_changes_nothing() -> None:
    offpeak = OffPeakStart()
    wall = NIGHT
    for at in range(0, 300, 5):
        told = None if at % 10 else TariffNow(price_class=NORMAL)
        offpeak.observe(float(at), wall + timedelta(seconds=at), told, 400.0)
    offpeak.observe(300.0, wall, TariffNow(), 400.0)
    for at in range(305, 1400, 5):
        told = TariffNow(price_class=CHEAP)
        offpeak.observe(float(at), wall + timedelta(seconds=at), told, 2600.0)
    assert offpeak.as_list() == [{"day_s": 81_305, "nights": [[[0, 2200]]]}]


def test_what_was_learned_survives_a_restart() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 5)
    saved = json.loads(json.dumps(nights.offpeak.as_list()))
    again = OffPeakStart(saved)
    assert again.learned == nights.offpeak.learned
    assert again.as_list() == nights.offpeak.as_list()
    nights.offpeak = again
    assert span_of(nights.night(heater(2200))) == (-LEAD_S, 20.0)


def test_a_frozen_one_goes_on_as_it_was() -> None:
    nights = Nights()
    nights.learn(*[heater(2200)] * 3)
    nights.night(heater(2200), after_s=10.0)
    again = thaw(json.loads(json.dumps(freeze(nights.offpeak))))
    assert again.expected_w(nights.now) == nights.offpeak.expected_w(nights.now)
    assert again.as_list() == nights.offpeak.as_list()


@pytest.mark.parametrize(
    "damaged",
    [
        [{"nights": []}],
        [{"day_s": 0}],
        [{"day_s": -1, "nights": []}],
        [{"day_s": 86_400, "nights": []}],
        [{"day_s": "noon", "nights": []}],
        [{"day_s": 0, "nights": [[[0, 10]]]}],
        [{"day_s": 0, "nights": [[[0, 10_000]]]}],
        [{"day_s": 0, "nights": [[[-1, 2200]]]}],
        [{"day_s": 0, "nights": [[[0, float("nan")]]]}],
        [{"day_s": 0, "nights": [[[0]]]}],
        [{"day_s": 0, "nights": [2200]}],
        [7],
    ],
)
def test_a_damaged_memory_is_refused(damaged: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        OffPeakStart(damaged)


def test_summer_time_does_not_move_off_peak() -> None:
    nights = Nights()
    before = datetime(2026, 10, 23, 22, 30, tzinfo=PARIS)
    for _ in range(5):
        nights.night(heater(2200), begins=before)
    # Where days are counted in UTC the clock on the wall is still the one that counts.
    assert [begin["day_s"] for begin in nights.offpeak.as_list()] == [81_000]
    assert before.astimezone(UTC).hour == 20


@pytest.mark.parametrize(
    "begins",
    [
        # The clock goes from 02:00 to 03:00 at the very begin.
        datetime(2026, 3, 29, 3, tzinfo=PARIS),
        # It goes back to 02:00 an hour before.
        datetime(2026, 10, 25, 3, tzinfo=PARIS),
    ],
)
def test_room_is_kept_for_minutes_on_the_day_that_the_clock_is_changed(
    begins: datetime,
) -> None:
    nights = Nights()
    clock = {"hour": begins.hour, "minute": begins.minute}
    nights.learn(*[heater(2200)] * 3, begins=begins.replace(month=1, day=4, **clock))
    offpeak, kept = nights.offpeak, []
    for since_s in range(-2 * 3600, 1200, 5):
        wall = datetime.fromtimestamp(begins.timestamp() + since_s, PARIS)
        cheap = since_s >= 0
        span = TariffSpan(
            begins=begins,
            ends=datetime.fromtimestamp(begins.timestamp() + 8 * 3600, PARIS),
            period=Period.OFF_PEAK,
            price_class=CHEAP,
        )
        before = TariffSpan(
            begins=datetime.fromtimestamp(begins.timestamp() - 8 * 3600, PARIS),
            ends=begins,
            period=Period.PEAK,
            price_class=NORMAL,
        )
        tariff = TariffNow(
            price_class=CHEAP if cheap else NORMAL,
            ahead=(span,) if cheap else (before, span),
            contact_closed=cheap,
        )
        nights.now += 5.0
        offpeak.observe(nights.now, wall, tariff, heater(2200)(since_s))
        kept.append((since_s, offpeak.expected_w(nights.now)))
    assert span_of(kept) == (-LEAD_S, 20)
