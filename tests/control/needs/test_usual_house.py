"""What the house takes beside its loads is seen where it can be, and averaged slowly."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf, nan

import pytest

from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    GridReading,
    LoadInput,
    Mode,
    Snapshot,
)
from custom_components.surplus.control.needs.house import House

from .bench import CHARGER, LOAD

WALL = datetime(2026, 6, 21, 10, tzinfo=UTC)
UNKNOWN_W = House().power_w


def seen(
    grid_w: float | None,
    *,
    solar_w: float | None = None,
    batteries_w: tuple[float, ...] = (),
    load_w: float | None = 0.0,
    now: float = 100.0,
    grid_at: float = 100.0,
) -> Snapshot:
    return Snapshot(
        now=now,
        wall=WALL,
        grid=GridReading(at=grid_at, power_w=grid_w),
        solar_w=solar_w,
        batteries=tuple(BatteryReading(power_w=one, at=now) for one in batteries_w),
        loads=(
            LoadInput(
                spec=CHARGER,
                reading=ChargerReading(reachable=True, power_w=load_w),
                mode=Mode.SOLAR,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("snapshot", "own_w", "house_w"),
    [
        (seen(900.0), {}, 900.0),
        (seen(0.0), {}, 0.0),
        # The sun gives, a battery gives or takes, loads take.
        (seen(-2000.0, solar_w=2500.0), {}, 500.0),
        (seen(200.0, batteries_w=(600.0, 100.0)), {}, 900.0),
        (seen(1000.0, batteries_w=(-400.0,)), {}, 600.0),
        (seen(2300.0, load_w=1800.0), {}, 500.0),
        # What is known of a load counts before what it tells.
        (seen(2300.0, load_w=1800.0), {LOAD: 2000.0}, 300.0),
        (seen(2300.0, load_w=None), {LOAD: 2000.0}, 300.0),
        # It never gives.
        (seen(100.0, load_w=1800.0), {}, 0.0),
    ],
)
def test_the_first_look_is_believed_at_once(
    snapshot: Snapshot, own_w: dict[str, float], house_w: float
) -> None:
    house = House()
    house.look(snapshot, own_w)
    assert house.power_w == house_w


@pytest.mark.parametrize(
    "snapshot",
    [
        replace(seen(0.0), grid=None),
        seen(None),
        # Behind an export, without the sun's own meter.
        seen(-300.0),
        # A battery that is not heard may give or take anything.
        seen(900.0, batteries_w=(nan,)),
        seen(900.0, batteries_w=(500.0, inf)),
        # What a load takes that nobody measures is known once it was told something.
        seen(2300.0, load_w=None),
    ],
)
def test_what_cannot_be_seen_changes_nothing(snapshot: Snapshot) -> None:
    house = House()
    house.look(snapshot, {})
    assert house.power_w == UNKNOWN_W
    house.look(seen(700.0), {})
    house.look(snapshot, {})
    assert house.power_w == 700


def test_a_meter_that_is_silent_says_once_what_the_house_takes() -> None:
    house = House()
    house.look(seen(400.0), {})
    # Its last reading is from before the car was stopped.
    house.look(seen(3400.0, grid_at=160.0, now=160.0, load_w=3000.0), {})
    for minute in range(1, 61):
        house.look(seen(3400.0, grid_at=160.0, now=160.0 + 60 * minute), {})
    assert house.power_w == 400


def test_it_moves_over_hours() -> None:
    house = House()
    house.see(400.0, 0.0)
    for minute in range(1, 6 * 60 + 1):
        house.see(1400.0, minute * 60.0)
    # After its time constant, 63 % of the way.
    assert house.power_w == pytest.approx(400 + 632, abs=2)


def test_a_pause_or_a_clock_set_back_is_not_hours_of_what_is_seen_after_it() -> None:
    house = House()
    house.see(400.0, 100_000.0)
    house.see(6400.0, 200_000.0)
    # Ten minutes of six hours.
    assert house.power_w == pytest.approx(400 + 6000 / 36)
    before = house.power_w
    house.see(6400.0, 1000.0)
    assert house.power_w == before
    house.see(6400.0, 1060.0)
    assert before < house.power_w < before + 20
