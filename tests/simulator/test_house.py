"""The house at its grid connection."""

from itertools import pairwise

import pytest

from simulator.clock import DayClock
from simulator.device import Device, Phases
from simulator.house import COOKING_W, House, HouseSpec, PhaseSample
from simulator.trace import DAY_S, Trace, constant_trace


class Heater(Device):
    """Draws what it is told to."""

    def __init__(self, power_w: Phases) -> None:
        self.power = power_w
        self.lived = 0.0

    def step(self, now: float, dt: float, voltage_v: float) -> None:
        self.lived += dt

    @property
    def power_w(self) -> Phases:
        return self.power


class Meter:
    """Counts energy."""

    def __init__(self) -> None:
        self.wh = 0.0
        self.samples: tuple[PhaseSample, ...] = ()

    def measure(self, now: float, dt: float, phases: tuple[PhaseSample, ...]) -> None:
        self.wh += sum(phase.power_w for phase in phases) * dt / 3600
        self.samples = phases


def house(
    *,
    solar: float = 0.0,
    load: float = 500.0,
    devices: list[Device] | None = None,
    meters: list[Meter] | None = None,
    phases: int = 1,
) -> House:
    """Return a house of constants."""
    return House(
        solar=constant_trace(solar),
        load=constant_trace(load),
        day=DayClock(),
        devices=devices,
        meters=list(meters or []),
        spec=HouseSpec(phases=phases),
    )


def test_grid_is_load_plus_devices_less_sun() -> None:
    heater = Heater((2000.0, 0.0, 0.0))
    meter = Meter()
    home = house(solar=3000, load=500, devices=[heater], meters=[meter])
    home.advance(3600)
    assert home.base_w == -2500
    assert home.devices_w == 2000
    assert home.grid_w == -500
    assert meter.wh == pytest.approx(-500)
    assert heater.lived == pytest.approx(3600)
    assert home.now == 3600


def test_living_backwards_does_nothing() -> None:
    heater = Heater((0.0, 0.0, 0.0))
    home = house(devices=[heater])
    home.advance(10)
    home.advance(5)
    assert heater.lived == pytest.approx(10)
    assert home.now == 10


def test_apparent_power_shows_what_electronics_take() -> None:
    home = house(load=0)
    (sample,) = home.phases()
    assert sample.power_w == 0
    assert sample.apparent_va == 150
    assert sample.current_a == pytest.approx(150 / 230)


def test_three_phases_share_unevenly_and_add_up() -> None:
    meter = Meter()
    heater = Heater((0.0, 1000.0, 0.0))
    home = house(solar=3000, load=1000, devices=[heater], meters=[meter], phases=3)
    home.advance(1)
    powers = [sample.power_w for sample in meter.samples]
    assert powers == pytest.approx([450 - 1000, 300 - 1000 + 1000, 250 - 1000])
    assert sum(powers) == pytest.approx(home.grid_w)


@pytest.mark.parametrize("watts", [-3500.0, -300.0, 0.0, 300.0, 2000.0])
def test_any_grid_power_can_be_asked_for(watts: float) -> None:
    home = house(solar=1000, devices=[Heater((700.0, 0.0, 0.0))])
    home.fix_base(watts)
    home.advance(1)
    assert home.grid_w == pytest.approx(watts + 700)
    assert home.solar_w >= 0
    assert home.load_w >= 0
    home.fix_base(None)
    home.advance(2)
    assert home.base_w == -500


def test_a_cloud_comes_softly_and_goes() -> None:
    home = house(solar=4000)
    home.cloud(0.0)
    home.advance(4)
    assert 800 < home.solar_w < 4000
    home.advance(30)
    assert home.solar_w == pytest.approx(800)
    home.advance(61)
    assert home.solar_w == 4000


@pytest.mark.parametrize("held", [None, -2000.0])
def test_cooking_comes_on_top_of_whatever_the_house_takes(held: float | None) -> None:
    home = house(solar=4000)
    home.fix_base(held)
    home.advance(1)
    before_w, sun_w = home.base_w, home.solar_w
    home.cooking = True
    home.advance(2)
    assert home.base_w == before_w + COOKING_W
    assert home.solar_w == sun_w
    home.cooking = False
    home.advance(3)
    assert home.base_w == before_w


def test_a_cloud_can_be_blown_away() -> None:
    home = house(solar=4000)
    home.cloud(0.0)
    home.advance(30)
    home.clear_sky()
    home.advance(31)
    assert home.solar_w == 4000


def kettle_day() -> Trace:
    """Return a day with 2400 W for three minutes in every hour."""
    return Trace("kettle", [2400.0 if n % 3600 < 180 else 100.0 for n in range(DAY_S)])


def test_at_sixty_times_the_speed_no_level_is_shorter_than_the_hold() -> None:
    trace = kettle_day()
    home = House(
        solar=constant_trace(0), load=trace, day=DayClock(speed=60), spec=HouseSpec()
    )
    levels = []
    for tick in range(1, 1200):
        home.advance(tick / 10)
        levels.append(home.load_w)
    runs = []
    for level in levels:
        if runs and runs[-1][0] == level:
            runs[-1][1] += 1
        else:
            runs.append([level, 1])
    assert all(count >= 98 for _, count in runs[:-1])
    # Nothing is lost: one hour of the day is one minute here.
    assert sum(levels[:600]) / 600 == pytest.approx(trace.mean(0, 3600), rel=0.02)


def test_in_real_time_every_second_is_shown() -> None:
    home = House(solar=constant_trace(0), load=kettle_day(), day=DayClock())
    home.advance(100)
    assert home.load_w == 2400
    home.advance(200)
    assert home.load_w == 100


def test_a_fast_sun_moves_without_jumps() -> None:
    trace = Trace("steps", [5000.0 if n // 1800 % 2 else 0.0 for n in range(DAY_S)])
    home = House(
        solar=trace, load=constant_trace(0), day=DayClock(speed=60), spec=HouseSpec()
    )
    seen = []
    for tick in range(1, 600):
        home.advance(tick / 10)
        seen.append(home.solar_w)
    steps = [abs(b - a) for a, b in pairwise(seen)]
    assert max(steps) < 100
    assert max(seen) > 4500
    assert min(seen) < 500


def test_a_held_sun_shows_the_moment_it_stands_at() -> None:
    day = DayClock(speed=60, start_s=100)
    home = House(solar=constant_trace(0), load=kettle_day(), day=day)
    day.hold(0.0)
    home.advance(500)
    assert home.load_w == 2400
