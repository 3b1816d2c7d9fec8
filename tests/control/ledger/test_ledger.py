"""The ledger over time: totals, prices, days, restarts."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.ledger import Counted, Ledger, Source, Tally
from custom_components.surplus.control.model import PriceClass, TariffNow

from .books import (
    CAR,
    CHEAP,
    FULL,
    PUMP,
    STORE,
    TANK,
    Books,
    by_source,
    car,
    plugged,
    pump,
    store,
    tank,
)

PARIS = ZoneInfo("Europe/Paris")


def test_energy_is_counted_by_source() -> None:
    books = Books()
    books.step(1, tank())
    books.run(
        3600,
        tank(),
        grid_w=500.0,
        solar_w=1500.0,
        battery_w=300.0,
        batteries=1,
        tank=2000.0,
    )
    # The house takes 300 W of the sun.
    assert by_source(books.total(TANK)) == pytest.approx([1200, 300, 0, 500])
    assert books.total(TANK).cost == pytest.approx(0.125)
    assert books.total(TANK).solar_share == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("tariff", "cheap", "sources"),
    [
        (CHEAP, None, [0, 0, 1000, 0]),
        (FULL, None, [0, 0, 0, 1000]),
        (TariffNow(price_class=PriceClass.DEAR, price=0.7), None, [0, 0, 0, 1000]),
        # What the tariff says rules over the entity of the cheap hours.
        (FULL, True, [0, 0, 0, 1000]),
        (None, True, [0, 0, 1000, 0]),
        (TariffNow(price=0.2), True, [0, 0, 1000, 0]),
        (None, None, [0, 0, 0, 1000]),
    ],
)
def test_the_grid_is_counted_by_its_price(
    tariff: TariffNow | None, cheap: bool | None, sources: list[float]
) -> None:
    books = Books(tariff=tariff, cheap=cheap)
    books.step(1, pump())
    books.run(3600, pump(), grid_w=1000.0, pump=1000.0)
    assert by_source(books.total(PUMP)) == pytest.approx(sources)


@pytest.mark.parametrize("tariff", [None, TariffNow(price=float("nan")), TariffNow()])
def test_what_has_no_price_is_counted_apart(tariff: TariffNow | None) -> None:
    books = Books()
    books.step(1, pump())
    books.run(3600, pump(), grid_w=1000.0, pump=1000.0)
    books.tariff = tariff
    books.run(1800, pump(), grid_w=1000.0, pump=1000.0)
    total = books.total(PUMP)
    assert total.cost == pytest.approx(0.25)
    assert total.unpriced_wh == pytest.approx(500.0)
    assert total.total_wh == pytest.approx(1500.0)


def test_without_any_price_no_cost_is_known() -> None:
    books = Books(tariff=None)
    books.step(1, pump())
    assert not books.ledger.statement(PUMP).priced
    books.tariff = FULL
    books.step(1, pump())
    assert books.ledger.statement(PUMP).priced
    # What was paid once is known for good, whoever is silent since.
    books.tariff = None
    books.step(1, pump())
    for _ in range(2):
        assert books.ledger.statement(PUMP).priced
        assert books.ledger.house_statement.paid
        books.restart()


def test_a_gap_is_not_time_in_which_anything_was_seen() -> None:
    books = Books()
    books.step(1, pump())
    books.step(3600, pump(), grid_w=1000.0, pump=1000.0)
    assert books.total(PUMP).total_wh == pytest.approx(1000 * 30 / 3600)


def test_time_that_runs_backwards_is_no_time() -> None:
    books = Books()
    books.step(1, pump())
    books.step(-100, pump(), grid_w=1000.0, pump=1000.0)
    assert books.total(PUMP).total_wh == 0.0


@pytest.mark.parametrize(
    "unseen",
    [
        {"meter": MeterState.STALE},
        {"meter": MeterState.LOST},
        {"trusted": False},
        {"grid_w": None},
        {"grid_w": float("nan")},
    ],
)
def test_what_nobody_sees_counts_as_bought(unseen: dict) -> None:
    books = Books()
    books.step(1, pump())
    books.run(
        3600, pump(), **{"grid_w": -2000.0, **unseen}, solar_w=5000.0, pump=1000.0
    )
    assert by_source(books.total(PUMP)) == pytest.approx([0, 0, 0, 1000])
    assert books.ledger.house.total.taken.total_wh == 0.0


def test_a_load_that_the_engine_says_nothing_of_is_counted_as_it_measures() -> None:
    books = Books()
    books.step(1, tank())
    books.run(3600, tank(power_w=1000.0, power_at=books.now))
    assert books.total(TANK).total_wh == pytest.approx(1000.0)


def test_out_of_reach_a_load_counts_as_long_as_it_is_measured() -> None:
    books = Books()
    books.step(1, tank())
    for _ in range(36):
        away = tank(reachable=False, power_w=1000.0, power_at=books.now)
        books.step(10, away, tank=2000.0)
    assert books.total(TANK).total_wh == pytest.approx(100.0)
    old = tank(reachable=False, power_w=1000.0, power_at=books.now - 60)
    books.run(360, old, tank=2000.0)
    books.run(360, tank(reachable=False), tank=2000.0)
    assert books.total(TANK).total_wh == pytest.approx(100.0)


def test_a_guess_that_nobody_has_seen_is_no_energy() -> None:
    books = Books()
    books.step(1, pump(None))
    books.run(3600, pump(None), pump=1000.0)
    assert books.total(PUMP).total_wh == 0.0
    books.run(3600, pump(None), pump=800.0, facts={PUMP: {"power_w": 800.0}})
    assert books.total(PUMP).total_wh == pytest.approx(800.0)
    books.run(3600, pump(None, power_w=700.0), pump=700.0)
    assert books.total(PUMP).total_wh == pytest.approx(1500.0)


def test_what_is_offered_to_nobody_is_not_taken() -> None:
    books, unmeasured = Books(), car(power_w=None, offered_a=10.0)
    books.step(1, unmeasured)
    books.run(3600, unmeasured, car=2300.0)
    assert books.total(CAR).total_wh == 0.0
    # Its own counter knows.
    books.step(1, unmeasured, car=2300.0, counted={CAR: Counted(register_wh=0.0)})
    books.step(1, unmeasured, car=2300.0, counted={CAR: Counted(register_wh=700.0)})
    assert by_source(books.total(CAR)) == pytest.approx([0, 0, 0, 700])
    books.run(3600, unmeasured, car=2300.0, counted=plugged())
    assert books.total(CAR).total_wh == pytest.approx(3000.0)


def test_a_battery_gives_to_others_and_is_not_counted_twice() -> None:
    books = Books()
    books.step(1, store(), tank())
    books.run(3600, store(), tank(), solar_w=0.0, store=-1500.0, tank=1000.0)
    assert books.total(STORE).total_wh == 0.0
    assert by_source(books.total(TANK)) == pytest.approx([0, 1000, 0, 0])
    books.run(3600, store(), grid_w=2000.0, solar_w=0.0, store=2000.0)
    assert by_source(books.total(STORE)) == pytest.approx([0, 0, 0, 2000])
    assert books.total(STORE).cost == pytest.approx(0.5)
    assert books.total(STORE).saving == 0.0


# ---- days ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 21), 24)]
)
def test_a_day_is_a_local_day(day: tuple[int, int, int], hours: int) -> None:
    midnight = datetime(*day, tzinfo=PARIS).astimezone(UTC)
    books = Books(wall=midnight, zone=PARIS)
    books.step(0, pump())
    for _ in range(hours * 120 - 1):
        books.step(30.0, pump(), grid_w=1000.0, pump=1000.0)
    account = books.ledger.accounts[PUMP]
    assert account.today.total_wh == pytest.approx(account.total.total_wh)
    assert account.total.total_wh == pytest.approx(hours * 1000.0, rel=0.001)
    books.step(30.0, pump(), grid_w=1000.0, pump=1000.0)
    assert account.today.total_wh == pytest.approx(1000 * 30 / 3600)


def test_a_day_goes_on_over_a_restart() -> None:
    books = Books()
    books.step(1, pump())
    books.run(3600, pump(), grid_w=1000.0, pump=1000.0)
    books.restart(60)
    books.step(1, pump())
    books.run(3600, pump(), grid_w=1000.0, pump=1000.0)
    assert books.ledger.statement(PUMP).today.total_wh == pytest.approx(2000.0)
    books.restart(86_400)
    books.step(1, pump())
    assert books.ledger.statement(PUMP).today.total_wh == 0.0
    assert books.ledger.statement(PUMP).total.total_wh == pytest.approx(2000.0)


# ---- what always holds -----------------------------------------------------------------

WATTS = st.floats(0.0, 8000.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 40.0),
            WATTS,
            st.floats(0.0, 2400.0),
            st.floats(-9000.0, 9000.0),
            st.one_of(st.none(), WATTS),
            st.one_of(st.none(), st.floats(-3000.0, 3000.0)),
            st.sampled_from([True, False, None]),
            st.one_of(st.none(), st.floats(0.0, 2000.0)),
            st.sampled_from(list(MeterState)),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_totals_never_run_backwards_and_are_the_sum_of_their_parts(
    steps: list[tuple],
) -> None:
    books, before = Books(), dict.fromkeys((CAR, TANK), Tally())
    for (
        seconds,
        car_w,
        tank_w,
        grid_w,
        solar_w,
        battery_w,
        plug,
        moved,
        meter,
        again,
    ) in steps:
        if again:
            books.restart(seconds)
        books.step(
            seconds,
            car(),
            tank(),
            grid_w=grid_w,
            solar_w=solar_w,
            battery_w=battery_w,
            batteries=1,
            meter=meter,
            counted={CAR: Counted(plugged=plug, register_wh=moved)},
            car=car_w,
            tank=tank_w,
        )
        for load_id, old in before.items():
            new = books.total(load_id)
            for source in Source:
                assert new.of(source) >= old.of(source) - 1e-9
            assert new.cost >= old.cost - 1e-9
            assert new.unpriced_wh >= old.unpriced_wh - 1e-9
            assert new.total_wh == pytest.approx(sum(by_source(new)), abs=1e-5)
            before[load_id] = new.copy()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0.5, 29.0), min_size=1, max_size=20),
    st.floats(-2000.0, 6000.0),
    st.floats(0.0, 2400.0),
)
def test_how_long_a_step_is_makes_no_difference(
    steps: list[float], grid_w: float, tank_w: float
) -> None:
    many, few = Books(), Books()
    powers = {"grid_w": grid_w, "solar_w": 3000.0, "tank": tank_w}
    for books in (many, few):
        books.step(1, tank())
    for seconds in steps:
        few.step(seconds, tank(), **powers)
        for _ in range(5):
            many.step(seconds / 5, tank(), **powers)
    for source in Source:
        assert many.total(TANK).of(source) == pytest.approx(few.total(TANK).of(source))
    assert many.total(TANK).cost == pytest.approx(few.total(TANK).cost)
    assert many.total(TANK).saving == pytest.approx(few.total(TANK).saving, abs=1e-9)


# ---- a load's own counter --------------------------------------------------------------


def test_what_was_missing_is_taken_as_what_was_seen() -> None:
    books = Books()
    books.step(1, car(), counted=plugged(10_000.0))
    books.run(
        3600,
        car(),
        grid_w=1500.0,
        solar_w=1500.0,
        car=3000.0,
        counted=plugged(10_000.0),
    )
    books.step(0, car(), counted=plugged(13_300.0))
    assert by_source(books.total(CAR)) == pytest.approx([1650, 0, 0, 1650])
    assert books.total(CAR).cost == pytest.approx(1.65 * 0.25)


def test_what_was_taken_while_nobody_looked_counts_as_bought() -> None:
    books = Books()
    books.step(1, car(), counted=plugged(10_000.0))
    books.restart(3600)
    books.tariff = CHEAP
    books.step(1, car(), counted=plugged(14_000.0))
    assert by_source(books.total(CAR)) == pytest.approx([0, 0, 4000, 0])
    assert books.ledger.statement(CAR).session.tally.total_wh == pytest.approx(4000.0)


def test_the_total_is_what_the_counter_says() -> None:
    books, shown_wh = Books(), 10_000.0
    books.step(1, car(), counted=plugged(shown_wh))
    for _ in range(60):
        # The sensor of the power shows a tenth too much.
        books.run(60, car(), grid_w=3300.0, car=3300.0, counted=plugged(shown_wh))
        shown_wh += 50.0
        books.step(0, car(), counted=plugged(shown_wh))
    assert books.total(CAR).total_wh == pytest.approx(3000.0, abs=6.0)


# ---- saved -----------------------------------------------------------------------------


def filled() -> Books:
    books = Books()
    books.step(1, car(), tank(), counted=plugged(500.0))
    books.run(
        600,
        car(),
        tank(),
        grid_w=500.0,
        solar_w=4000.0,
        car=2000.0,
        tank=900.0,
        counted=plugged(500.0),
    )
    return books


def test_a_ledger_comes_back_as_it_was_saved() -> None:
    books = filled()
    saved = books.ledger.as_dict()
    books.restart()
    assert books.ledger.as_dict() == saved


def test_a_deleted_load_is_forgotten() -> None:
    books = filled()
    books.ledger.forget(CAR)
    books.ledger.forget(CAR)
    assert books.ledger.statement(CAR) is None
    assert books.ledger.statement(TANK) is not None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("house", None),
        ("loads", []),
        ("import_priced", ...),
        ("house.total.solar_wh", -5.0),
        ("house.total.income", "much"),
        ("house.day", "someday"),
        (f"loads.{CAR}", None),
        (f"loads.{CAR}.total.sun_wh", -0.1),
        (f"loads.{CAR}.total.cost", float("inf")),
        (f"loads.{CAR}.total.saving", True),
        (f"loads.{CAR}.at_once", [[1.0]]),
        (f"loads.{CAR}.day", 5),
        (f"loads.{CAR}.session.before", None),
        (f"loads.{CAR}.register", {}),
    ],
)
def test_a_damaged_ledger_raises(path: str, value: object) -> None:
    saved = filled().ledger.as_dict()
    *places, key = path.split(".")
    node = saved
    for place in places:
        node = node[place]
    if value is ...:
        del node[key]
    else:
        node[key] = value
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        Ledger(saved)
