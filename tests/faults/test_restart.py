"""Home Assistant stops, crashes and comes back: in mid-charge, in mid-boost, in mid-shed."""

from datetime import timedelta

import pytest

from custom_components.surplus.clock import monotonic
from custom_components.surplus.control.model import Mode
from custom_components.surplus.registry import HomeControls, async_get_registry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..home.conftest import LOAD_ID
from ..home.loads.conftest import HEATER, SWITCHED, Add, put
from .conftest import Site

MINUTES = timedelta(minutes=1)


def reason(site: Site, load_id: str = LOAD_ID) -> str:
    cycle = site.entry.runtime_data.cycle
    (found,) = [one.reason for one in cycle.decisions if one.load_id == load_id]
    return str(found)


def mode(site: Site) -> Mode:
    modes = site.entry.runtime_data.memory.loads[LOAD_ID]
    assert isinstance(modes.mode, Mode)
    return modes.mode


def amps(site: Site) -> float | None:
    return site.charger.told[-1] if site.charger.told else None


async def down(site: Site, seconds: int) -> None:
    """Crash, and come back after a while in which nobody commanded."""
    await site.crash(seconds)


# ---- in mid-charge -------------------------------------------------------------------


async def test_a_charge_that_goes_on_is_adopted_and_not_interrupted(site: Site) -> None:
    await site.life.run(150, -3000)
    assert amps(site) == 13
    told = len(site.charger.told)
    await site.crash()
    await site.life.run(30, -3000)
    assert set(site.charger.told[told:]) == {13}
    assert reason(site) == "following_surplus"


async def test_a_charge_that_fell_to_its_safe_current_is_taken_up_again(
    site: Site,
) -> None:
    await site.life.run(150, -3000)
    await site.crash()
    # Its lease has ended: it gave itself the safe current.
    site.charger.update(power_w=6 * 230.0, offered_a=6.0, offered_at=monotonic())
    told = len(site.charger.told)
    await site.life.run(60, -3000)
    assert 0 not in site.charger.told[told:]
    assert amps(site) == 13


async def test_one_that_must_rest_rests_on_after_a_crash(site: Site) -> None:
    await site.life.run(400, -3000)
    while amps(site) != 0:
        await site.life.run(5, 2000)
    stopped_at = monotonic()
    await site.life.run(30, 2000)
    await site.crash()
    while amps(site) == 0:
        await site.life.run(5, -3000)
        assert monotonic() - stopped_at < 600
    # The five minutes of a contactor, from before the crash on.
    assert monotonic() - stopped_at >= 295


async def test_what_a_session_has_taken_is_counted_on(site: Site) -> None:
    await site.life.run(400, -3000)
    before = site.entry.runtime_data.ledger.statement(LOAD_ID)
    assert before is not None
    await site.crash()
    after = site.entry.runtime_data.ledger.statement(LOAD_ID)
    assert after is not None
    # What was shown was on disk: no total runs backwards.
    assert after.total.total_wh == pytest.approx(before.total.total_wh)
    assert after.session is not None
    assert before.session is not None
    assert after.session.started == before.session.started
    await site.life.run(120, -3000)
    grown = site.entry.runtime_data.ledger.statement(LOAD_ID)
    assert grown is not None
    assert grown.total.total_wh > before.total.total_wh + 40
    assert grown.session is not None
    assert grown.session.started == before.session.started


async def test_a_crash_costs_no_more_of_a_counter_than_is_written_down_at_a_time(
    site: Site,
) -> None:
    await site.life.run(400, -3000)
    drawn_w = site.charger.reading.power_w
    assert drawn_w
    await site.crash()
    lost_to = site.entry.runtime_data.ledger.statement(LOAD_ID)
    assert lost_to is not None
    # From the start of the charge on, which was within three minutes.
    least_wh = drawn_w * (400 - 180 - 70) / 3600
    assert lost_to.total.total_wh >= least_wh


# ---- in mid-boost --------------------------------------------------------------------


async def test_a_boost_goes_on_after_a_crash_and_ends_when_it_was_to(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + 30 * MINUTES)
    await site.life.run(10, 500)
    await down(site, 600)
    await site.life.run(10, 500)
    assert mode(site) is Mode.BOOST
    assert amps(site) == 32
    await site.silent(1150, 50)
    assert mode(site) is Mode.BOOST
    await site.silent(60)
    assert mode(site) is Mode.SOLAR


async def test_a_boost_that_ended_while_nobody_was_there_is_over(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST, dt_util.utcnow() + 30 * MINUTES)
    await site.life.run(10, 500)
    await down(site, 3600)
    await site.life.run(10, 500)
    assert mode(site) is Mode.SOLAR


async def test_what_a_boost_by_energy_has_left_is_at_most_a_minute_old(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST, energy_kwh=5.0)
    await site.life.run(300, 500)
    before = site.entry.runtime_data.memory.loads[LOAD_ID].top.energy_wh
    await site.crash()
    after = site.entry.runtime_data.memory.loads[LOAD_ID].top.energy_wh
    assert before <= after <= before + 75 * 32 * 230 / 3600


async def test_a_person_s_override_and_its_end_come_back(site: Site) -> None:
    await site.life.run(5, 500)
    site.charger.taken_over = 8.0
    await site.life.run(5, 500)
    await down(site, 600)
    await site.life.run(20, 500)
    assert mode(site) is Mode.MANUAL
    assert amps(site) == 8
    await site.silent(3000, 50)
    await site.life.run(5, 500)
    assert mode(site) is Mode.SOLAR


# ---- in mid-shed ---------------------------------------------------------------------


async def overloaded(site: Site, seconds: int, base_w: float) -> None:
    """Let a house of 6 kVA draw, with what the car draws beside it."""
    for _ in range(seconds):
        await site.life.pass_time(1)
        own_w = site.charger.reading.power_w or 0.0
        site.charger.update(power_at=monotonic())
        grid_w = base_w + own_w
        site.meter.show(grid_w, subscribed_va=6000.0, overload=grid_w > 6000)
        await site.hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def shed(site: Site, home: HomeControls) -> Site:
    """Return a Home that had to stop a boosted car: it shows, and is written down."""
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await overloaded(site, 60, 1000)
    assert amps(site)
    await overloaded(site, 600, 5500)
    assert amps(site) == 0
    assert reason(site) == "shed"
    return site


async def test_what_was_shed_stays_so_over_a_crash_until_there_is_room(
    shed: Site,
) -> None:
    told = len(shed.charger.told)
    await shed.crash()
    await overloaded(shed, 200, 5500)
    assert set(shed.charger.told[told:]) <= {0}
    assert reason(shed) == "shed"
    assert mode(shed) is Mode.BOOST


async def test_what_was_shed_comes_back_after_a_crash_with_patience(shed: Site) -> None:
    await shed.crash()
    told = len(shed.charger.told)
    await overloaded(shed, 50, 1000)
    # As long as without a crash: the room must have been there for a while.
    assert set(shed.charger.told[told:]) <= {0}
    await overloaded(shed, 300, 1000)
    assert amps(shed) > 6
    assert reason(shed) != "shed"


async def test_a_crash_in_the_moment_of_a_shed_does_not_forget_it(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await overloaded(site, 60, 1000)
    while reason(site) != "shed":
        await overloaded(site, 1, 5500)
    # A hundredth of a second later the breaker opens.
    await site.life.pass_time(0.01)
    await site.crash()
    await overloaded(site, 2, 5500)
    assert reason(site) == "shed"
    assert site.entry.runtime_data.cycle.guard.counters.sheds == 1


async def test_counters_of_overloads_and_sheds_come_back(shed: Site) -> None:
    await overloaded(shed, 70, 5500)
    before = shed.entry.runtime_data.cycle.guard.counters
    # Nobody has asked for a save: it has come by itself.
    await shed.crash()
    await overloaded(shed, 2, 5500)
    after = shed.entry.runtime_data.cycle.guard.counters
    assert after.sheds == before.sheds >= 1
    assert after.overload_s >= before.overload_s - 75
    assert before.overload_s > 0


# ---- an orderly stop -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "left"), [("off", "off"), ("keep", "on"), ("on", "on")]
)
async def test_a_stop_leaves_a_relay_as_was_chosen(
    hass: HomeAssistant, site: Site, add: Add, release: str, left: str
) -> None:
    await add("switched", {**SWITCHED, "release": release}, "Pump")
    home = async_get_registry(hass).home
    assert home is not None
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    await site.life.run(150, -3000)
    assert site.state("input_boolean.pump") == "on"
    await hass.async_stop(force=True)
    assert site.state("input_boolean.pump") == left


async def test_a_stop_writes_everything_down(
    hass: HomeAssistant, site: Site, home: HomeControls, hass_storage: dict
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.ECO)
    await site.life.run(20, 500)
    await hass.async_stop(force=True)
    saved = hass_storage[f"surplus.home.{site.entry.entry_id}"]["data"]
    assert saved["loads"][LOAD_ID]["lasting"] == "eco"
    assert saved["saved_at"] == dt_util.utcnow().isoformat()


async def test_a_heater_that_a_crash_left_at_work_is_taken_in_hand_again(
    site: Site, add: Add, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    await add("heater", {**HEATER, "power_entity": "sensor.heater"})

    async def live(seconds: int, base_w: float) -> None:
        for _ in range(seconds):
            drawn_w = float(site.state("input_number.router"))
            put(site.hass, "sensor.heater", drawn_w)
            await site.life.run(1, base_w + drawn_w)

    await live(30, -1500)
    assert float(site.state("input_number.router")) == pytest.approx(1500, abs=60)
    await site.crash()
    assert float(site.state("input_number.router")) == pytest.approx(1500, abs=60)
    await live(20, 300)
    assert float(site.state("input_number.router")) == 0
