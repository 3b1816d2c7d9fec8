"""The grid meter is late, lost, asleep, frozen, absurd; there is another one, or none."""

from math import inf, nan

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.clock import monotonic
from custom_components.surplus.control.meters import MeterChoice, MeterSight, Witness
from custom_components.surplus.control.model import GridReading, Mode
from custom_components.surplus.control.sound import sound_grid
from custom_components.surplus.home.sources import LoadSight, witness_of
from custom_components.surplus.registry import HomeControls, async_get_registry
from homeassistant.core import HomeAssistant

from ..home.conftest import LOAD_ID, METER_ID, HandCharger, HandMeter
from .conftest import Site

METER = "sensor.home_grid_meter_state"
PROBLEM = "binary_sensor.home_grid_meter_problem"


def amps(site: Site) -> float | None:
    """Return what the charger was told last."""
    return site.charger.told[-1] if site.charger.told else None


def reason(site: Site) -> str:
    (decision,) = site.entry.runtime_data.cycle.decisions
    return str(decision.reason)


# ---- late, lost, back ----------------------------------------------------------------


async def test_a_silent_meter_passes_late_and_lost_in_their_time_and_recovers(
    site: Site,
) -> None:
    await site.life.run(150, -3000)
    assert amps(site) == 13
    await site.silent(15)
    assert site.state(METER) == "fresh"
    await site.silent(5)
    assert site.state(METER) == "stale"
    assert amps(site) == 6
    assert site.state(PROBLEM) == "on"
    assert site.issues() == set()
    await site.silent(40)
    assert site.state(METER) == "stale"
    await site.silent(5)
    assert site.state(METER) == "lost"
    assert amps(site) == 0
    assert reason(site) == "meter_lost"
    assert site.state(PROBLEM) == "on"
    assert site.issues() == {"grid_meter_lost"}
    await site.life.run(12, -3000)
    assert site.state(METER) == "fresh"
    assert site.state(PROBLEM) == "off"
    assert site.issues() == set()
    # Only after the rest that a contactor needs.
    assert amps(site) == 0
    await site.life.run(330, -3000)
    assert amps(site) == 13


@pytest.mark.parametrize(("base_w", "left_a"), [(500, 6), (7900, 0)])
async def test_without_any_meter_a_boost_keeps_its_minimum_where_the_usual_peak_allows(
    site: Site, home: HomeControls, base_w: float, left_a: float
) -> None:
    await site.life.run(30, base_w)
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await site.life.run(30, 500)
    assert amps(site) == 32
    await site.silent(70)
    assert site.state(METER) == "lost"
    # 40 A less the most that the house took in this hour: 34 A leave no 6 A.
    assert amps(site) == left_a
    await site.life.run(330, 500)
    assert amps(site) == 32
    assert site.issues() == set()


async def test_the_peak_of_last_week_counts_and_that_of_the_week_before_does_not(
    site: Site, home: HomeControls
) -> None:
    await site.life.run(30, 7900)
    site.clocks.freezer.tick(6 * 86_400)
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await site.life.run(30, 500)
    await site.silent(70)
    assert amps(site) == 0
    site.clocks.freezer.tick(3 * 86_400)
    await site.life.run(330, 500)
    await site.silent(70)
    assert amps(site) == 6


# ---- frozen --------------------------------------------------------------------------


async def frozen(site: Site, seconds: int, *, shown_w: float) -> None:
    """Let the one meter say the same again and again, whatever the car does."""
    for _ in range(seconds):
        await site.life.pass_time(1)
        site.charger.update(power_at=monotonic())
        site.meter.show(shown_w)
        await site.hass.async_block_till_done(wait_background_tasks=True)


async def test_the_only_meter_that_is_stuck_is_found_out_by_what_the_car_draws(
    site: Site,
) -> None:
    await frozen(site, 250, shown_w=-1500.0)
    # It takes ever more of a sun that is not there.
    assert amps(site) == 32
    await frozen(site, 320, shown_w=-1500.0)
    assert site.state(METER) == "lost"
    assert amps(site) == 0
    assert site.issues() == {"grid_meter_frozen"}
    await frozen(site, 400, shown_w=-1500.0)
    assert amps(site) == 0
    await site.life.run(2, 300)
    assert site.state(METER) == "fresh"
    assert site.issues() == set()
    await site.life.run(330, -3000)
    assert amps(site) == 13


async def test_a_quiet_house_is_not_stuck(site: Site) -> None:
    await frozen(site, 900, shown_w=220.0)
    assert site.state(METER) == "fresh"
    assert site.issues() == set()


def sights(at: float, power_w: float) -> list[MeterSight]:
    reading = GridReading(at=at, power_w=power_w)
    return [MeterSight(meter_id=METER_ID, reading=reading)]


@pytest.mark.parametrize(
    ("shown_w", "sees_sun", "found"),
    [(40.0, False, False), (40.0, True, True), (-900.0, False, True)],
)
def test_where_nobody_measures_the_sun_a_meter_near_its_target_may_stay_the_same(
    shown_w: float, *, sees_sun: bool, found: bool
) -> None:
    choice = MeterChoice()
    for now in range(600):
        witness = Witness(power_w=2000.0 if now > 100 else 0.0, sees_sun=sees_sun)
        chosen = choice.choose(sights(now, shown_w), now, witness)
    assert chosen.control is not None
    assert chosen.control.frozen is found
    if found:
        assert chosen.reading is not None
        assert chosen.reading.at == 0


def test_what_measured_loads_move_the_grid_by_is_their_draw_less_the_sun() -> None:
    car, pump = HandCharger(), HandCharger()
    car.update(power_w=3000.0)

    def sight(load: HandCharger) -> LoadSight:
        return LoadSight(spec=load.spec, reading=load.reading, taken_over=None)

    seen = {"car": sight(car), "pump": sight(pump)}
    assert witness_of(seen, 2000.0) == Witness(power_w=1000.0, sees_sun=True)
    assert witness_of(seen, None) == Witness(power_w=3000.0, sees_sun=False)
    assert witness_of({"pump": sight(pump)}, None) is None
    car.update(power_w=nan)
    assert witness_of({"car": sight(car)}, None) is None
    car.update(power_w=3000.0, reachable=False)
    assert witness_of({"car": sight(car)}, None) is None


# ---- absurd --------------------------------------------------------------------------

ABSURD = [
    {"power_w": 1e9},
    {"power_w": -1e9},
    {"power_w": nan},
    {"power_w": inf},
    {"power_w": 500.0, "drawn_va": 1e9},
]


@pytest.mark.parametrize("values", ABSURD)
async def test_absurd_values_are_no_reading_and_for_long_a_lost_meter(
    site: Site, values: dict[str, float]
) -> None:
    await site.life.run(150, -3000)
    told = len(site.charger.told)
    for _ in range(10):
        await site.life.pass_time(1)
        site.meter.reading = GridReading(at=monotonic(), **values)
        site.meter.listeners[0]()
    assert set(site.charger.told[told:]) <= {13}
    for _ in range(14):
        await site.life.pass_time(5)
        site.meter.reading = GridReading(at=monotonic(), **values)
        site.meter.listeners[0]()
    await site.life.pass_time(5)
    assert site.state(METER) == "lost"
    assert amps(site) == 0
    assert site.issues() == {"grid_meter_lost"}
    await site.life.run(340, -3000)
    assert amps(site) == 13
    assert site.issues() == set()


@pytest.mark.parametrize("current_a", [1e6, -1e6, nan, inf])
def test_a_current_that_cannot_be_is_none_and_the_power_counts(
    current_a: float,
) -> None:
    grid = GridReading(at=1.0, power_w=800.0, currents_a=(3.0, current_a, 2.0))
    sound = sound_grid(grid, 1.0)
    assert sound is not None
    assert sound.currents_a == ()
    assert sound.power_w == 800.0


async def test_currents_that_cannot_be_neither_stop_nor_start_anything(
    site: Site,
) -> None:
    await site.life.run(150, -3000)
    told = len(site.charger.told)
    for current_a in (1e6, -1e6, nan):
        await site.life.pass_time(1)
        site.charger.update(power_at=monotonic())
        site.meter.show(-10.0, currents_a=(current_a,))
        await site.hass.async_block_till_done(wait_background_tasks=True)
    assert set(site.charger.told[told:]) <= {13}


@pytest.mark.parametrize("power_w", [1e9, -1e9, nan, inf])
async def test_a_charger_that_measures_nonsense_opens_no_limit(
    site: Site, home: HomeControls, power_w: float
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await site.life.run(30, 500)
    for _ in range(60):
        await site.life.pass_time(1)
        site.charger.update(power_w=power_w, power_at=monotonic())
        # 32 A of the car, and an oven: 43 A.
        site.meter.show(32 * 230.0 + 2500.0)
        await site.hass.async_block_till_done(wait_background_tasks=True)
    assert amps(site) < 32


# ---- asleep, disagreeing ---------------------------------------------------------------


@pytest.fixture
async def two(
    hass: HomeAssistant, site: Site, home_entry: MockConfigEntry
) -> HandMeter:
    """Return an inverter's meter that is asked before the Linky."""
    inverter = HandMeter(source_id="solaredge:1", name="SolarEdge")
    async_get_registry(hass).async_register_meter(inverter)
    hass.config_entries.async_update_entry(
        home_entry, data={**home_entry.data, "grid_meters": ["solaredge:1", METER_ID]}
    )
    await hass.async_block_till_done()
    return inverter


async def both(
    site: Site, inverter: HandMeter, seconds: int, *, linky_w: float, inverter_w: float
) -> None:
    for second in range(seconds):
        await site.life.pass_time(1)
        # No meter shows the same to the watt for minutes.
        inverter.show(inverter_w + second % 7)
        site.meter.show(linky_w + second % 5)
        await site.hass.async_block_till_done(wait_background_tasks=True)


async def test_an_inverters_meter_that_sleeps_yields_without_an_issue(
    site: Site, two: HandMeter
) -> None:
    await both(site, two, 30, linky_w=500, inverter_w=500)
    assert site.state("sensor.home_grid_meter_in_use") == "SolarEdge"
    two.asleep = True
    for _ in range(120):
        await site.life.run(1, 500)
    assert site.state("sensor.home_grid_meter_in_use") == "Linky"
    assert site.state(PROBLEM) == "off"
    assert site.issues() == set()
    two.asleep = False
    await both(site, two, 50, linky_w=500, inverter_w=500)
    assert site.state("sensor.home_grid_meter_in_use") == "SolarEdge"


async def test_two_that_disagree_for_ten_minutes_are_told_of_until_they_agree(
    site: Site, two: HandMeter
) -> None:
    await both(site, two, 30, linky_w=2000, inverter_w=2000)
    await both(site, two, 560, linky_w=2000, inverter_w=1000)
    assert site.issues() == set()
    await both(site, two, 110, linky_w=2000, inverter_w=1000)
    assert site.issues() == {"grid_meters_disagree"}
    await both(site, two, 700, linky_w=2000, inverter_w=2000)
    assert site.issues() == set()


async def test_when_both_are_silent_the_house_is_blind_and_says_so(
    site: Site, two: HandMeter, home: HomeControls
) -> None:
    await both(site, two, 30, linky_w=500, inverter_w=500)
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await both(site, two, 10, linky_w=500, inverter_w=500)
    await site.silent(70)
    assert site.issues() == {"grid_meter_lost"}
    assert amps(site) == 6
