"""A load that is not there, does not take commands, or does not do what it is told."""

import asyncio
from itertools import pairwise

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)

from custom_components.surplus.clock import monotonic
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    HeaterReading,
    HeaterSpec,
    Mode,
    Setpoint,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.home.obedience import Obedience
from custom_components.surplus.load_entities import load_entities
from custom_components.surplus.registry import HomeControls, Trouble, async_get_registry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

from ..home.conftest import LOAD_ID
from ..home.loads.conftest import HEATER, SWITCHED, Add, put
from .conftest import Site

ISSUE = f"load_trouble_{LOAD_ID}"


def trouble(site: Site, load_id: str = LOAD_ID) -> Trouble | None:
    home = async_get_registry(site.hass).home
    assert home is not None
    controls = home.load(load_id)
    assert controls is not None
    return controls.trouble


def reason(site: Site, load_id: str = LOAD_ID) -> str:
    cycle = site.entry.runtime_data.cycle
    (found,) = [one.reason for one in cycle.decisions if one.load_id == load_id]
    return str(found)


# ---- the link of a charger -----------------------------------------------------------


async def test_a_charger_out_of_reach_keeps_its_room_until_its_lease_ends(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.BOOST)
    await site.life.run(60, 500)
    assert site.charger.reading.power_w == 32 * 230
    lost_at = site.charger.reading.power_at
    site.charger.update(reachable=False, link_lost_at=lost_at)
    await site.life.run(100, 500)
    assert reason(site) == "unreachable"
    assert trouble(site) is Trouble.UNREACHABLE
    assert ISSUE not in site.issues()
    # Its lease is over: it has fallen to its safe current by itself.
    site.charger.update(power_w=6 * 230.0)
    await site.life.run(270, 500)
    assert ISSUE in site.issues()
    site.charger.update(reachable=True, link_lost_at=None)
    await site.life.run(30, 500)
    assert trouble(site) is None
    assert ISSUE not in site.issues()
    assert site.charger.told[-1] == 32


async def test_what_charged_by_itself_while_out_of_reach_rests_after_its_stop(
    site: Site,
) -> None:
    await site.life.run(400, 500)
    site.charger.update(reachable=False, link_lost_at=monotonic(), power_w=None)
    await site.life.run(200, 500)
    # Its lease has ended, and a car has taken the safe current since.
    site.charger.update(
        reachable=True,
        link_lost_at=None,
        offering=True,
        offered_a=6.0,
        offered_at=monotonic(),
        power_w=6 * 230.0,
    )
    told = len(site.charger.told)
    while 0 not in site.charger.told[told:]:
        await site.life.run(1, 500)
    stopped_at = monotonic()
    site.charger.update(offering=False)
    while site.charger.told[-1] == 0:
        await site.life.run(5, -3000)
        assert monotonic() - stopped_at < 900
    assert monotonic() - stopped_at >= 295


async def test_one_that_is_off_may_be_switched_off_for_months(
    site: Site, home: HomeControls
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    site.charger.update(reachable=False)
    await site.life.run(400, 500)
    assert trouble(site) is None
    assert site.issues() == set()


# ---- commands that fail --------------------------------------------------------------


async def test_a_charger_that_refuses_is_shown_told_of_and_retried_with_patience(
    site: Site,
) -> None:
    site.charger.refuses = True
    await site.life.run(200, -3000)
    assert trouble(site) is Trouble.REFUSES
    await site.life.run(300, -3000)
    assert ISSUE in site.issues()
    site.charger.refuses = False
    await site.life.run(70, -3000)
    assert site.charger.told[-1] > 6
    assert trouble(site) is None
    assert site.issues() == set()


async def test_one_command_that_fails_is_no_trouble(site: Site) -> None:
    await site.life.run(150, -3000)
    site.charger.refuses = True
    await site.life.run(2, -3800)
    site.charger.refuses = False
    await site.life.run(10, -3800)
    assert trouble(site) is None


async def test_who_only_observes_tells_nothing_and_sees_no_disobedience(
    site: Site,
) -> None:
    site.entry.runtime_data.async_set_observing(True)
    site.charger.refuses = True
    site.charger.update(power_w=5000.0)
    await site.life.run(60, 500)
    assert trouble(site) is None


async def raises(call: ServiceCall) -> None:
    raise HomeAssistantError("the bridge does not answer")


async def breaks(call: ServiceCall) -> None:
    raise RuntimeError("a bug of another integration")


async def never_returns(call: ServiceCall) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("fails", [raises, breaks, never_returns])
@pytest.mark.expects_logged_errors
async def test_an_action_that_fails_costs_only_its_load_and_recovers_without_a_hand(
    site: Site, add: Add, monkeypatch: pytest.MonkeyPatch, fails: object
) -> None:
    if fails is never_returns:
        # Time stands still while the test waits for it.
        monkeypatch.setattr("custom_components.surplus.home.loads.caller.ANSWER_S", 0.0)
    hass = site.hass
    subentry = await add("heater", {**HEATER, "power_entity": "sensor.heater"})
    load_id = f"home:{subentry.subentry_id}"
    home = async_get_registry(hass).home
    assert home is not None
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    works = hass.services._services["input_number"]["set_value"].job
    hass.services.async_register("input_number", "set_value", fails)
    drawn_w = 0.0

    async def live(seconds: int) -> None:
        nonlocal drawn_w
        for _ in range(seconds):
            drawn_w = float(hass.states.get("input_number.router").state)
            put(hass, "sensor.heater", drawn_w)
            await site.life.run(1, -1500 + drawn_w)

    await live(40)
    assert trouble(site, load_id) is Trouble.REFUSES
    assert site.state("binary_sensor.tank_problem") == "on"
    assert drawn_w == 0
    hass.services._services["input_number"]["set_value"].job = works
    monkeypatch.setattr("custom_components.surplus.home.loads.caller.ANSWER_S", 15.0)
    await live(70)
    assert drawn_w > 1000
    assert trouble(site, load_id) is None
    assert site.state("binary_sensor.tank_problem") == "off"


async def test_an_entity_that_is_unavailable_is_named_after_ten_minutes(
    site: Site, add: Add
) -> None:
    subentry = await add("switched", SWITCHED, "Pump")
    load_id = f"home:{subentry.subentry_id}"
    site.hass.states.async_set("input_boolean.pump", "unavailable")
    await site.life.run(70, 500)
    assert trouble(site, load_id) is Trouble.UNREACHABLE
    assert site.state("binary_sensor.pump_problem") == "on"
    attributes = site.hass.states.get("binary_sensor.pump_problem").attributes
    assert attributes["problem"] == "unreachable"
    await site.silent(60)
    await site.life.run(2, 500)
    await site.silent(640, 20)
    await site.life.run(2, 500)
    # Once, with the name of the entity.
    assert site.issues() - {"grid_meter_lost"} == {
        f"load_entity_{subentry.subentry_id}"
    }
    site.hass.states.async_set("input_boolean.pump", "off")
    await site.life.run(40, 500)
    assert trouble(site, load_id) is None
    assert site.issues() == set()


# ---- commands that are not obeyed ----------------------------------------------------


async def lying(site: Site, seconds: int, base_w: float, drawn_a: float) -> None:
    """Let a charger accept everything and its car draw the same all the time."""
    for _ in range(seconds):
        site.charger.update(power_w=drawn_a * 230.0)
        await site.life.run(1, base_w)


async def test_a_charger_that_draws_on_is_counted_as_measured_shown_and_told_again(
    site: Site, home: HomeControls
) -> None:
    await site.life.run(150, -3000)
    assert site.charger.told[-1] > 6
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    await lying(site, 5, 500, 13)
    assert trouble(site) is None
    await lying(site, 20, 500, 13)
    assert site.charger.told[-1] == 0
    assert trouble(site) is Trouble.DRAWS_TOO_MUCH
    cycle = site.entry.runtime_data.cycle
    # The limits count what is measured, whatever it was told.
    assert cycle.breaker_room_a == pytest.approx(40 - 500 / 230 - 13, abs=0.1)
    assert site.charger.insisted == 0
    await lying(site, 200, 500, 13)
    told_again = site.charger.insisted
    # After 20, 40, 80 s.
    assert 2 <= told_again <= 4
    await lying(site, 120, 500, 13)
    assert ISSUE in site.issues()
    await lying(site, 5, 500, 0)
    assert trouble(site) is None
    assert site.issues() == set()
    await lying(site, 60, 500, 0)
    assert site.charger.insisted <= told_again + 1


async def test_diagnostics_tell_what_is_wrong_and_for_how_long(
    site: Site, home: HomeControls, hass_client: object
) -> None:
    await home.async_set_mode(LOAD_ID, Mode.OFF)
    await lying(site, 40, 500, 16)
    assert await async_setup_component(site.hass, "diagnostics", {})
    told = await get_diagnostics_for_config_entry(site.hass, hass_client, site.entry)
    (found,) = told["troubles"].values()
    assert found["trouble"] == "draws_too_much"
    assert found["seconds"] >= 15
    assert found["excess_w"] > 3000


async def test_a_deleted_load_takes_its_trouble_along(
    site: Site, home: HomeControls
) -> None:
    site.charger.refuses = True
    await site.life.run(500, -3000)
    assert ISSUE in site.issues()
    home.async_forget(LOAD_ID)
    assert site.issues() == set()


async def test_what_was_told_of_a_load_that_is_gone_ends_with_the_home(
    site: Site,
) -> None:
    site.charger.refuses = True
    await site.life.run(500, -3000)
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    assert site.issues() == set()


async def test_an_issue_of_a_run_before_ends_where_all_is_well(site: Site) -> None:
    site.charger.refuses = True
    await site.life.run(500, -3000)
    assert ISSUE in site.issues()
    site.charger.refuses = False
    await site.crash()
    await site.life.run(10, -3000)
    assert site.issues() == set()


def test_a_load_without_a_home_has_no_trouble(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    assert load_entities(Platform.BINARY_SENSOR, object(), "a", {})[
        0
    ].translation_key == ("load_problem")


# ---- the judgement itself --------------------------------------------------------------

CAR = ChargerSpec(load_id="car", name="Car", priority=1, phases=(1, 2, 3))
TANK = HeaterSpec(load_id="tank", name="Tank", priority=1, max_w=2400.0, lag_s=20.0)
PUMP = SwitchedSpec(load_id="pump", name="Pump", priority=1, power_w=800.0)


def heater(power_w: float | None, at: float) -> HeaterReading:
    return HeaterReading(reachable=True, power_w=power_w, power_at=at)


def told(power_w: float) -> Setpoint:
    return Setpoint(value=power_w, power_w=power_w)


def test_a_slow_heater_is_given_three_times_its_lag() -> None:
    obedience = Obedience()
    obedience.observe(TANK, heater(2400, 0), told(2400), 0)
    for now in range(1, 60):
        obedience.observe(TANK, heater(2400, now), told(0), now)
        assert obedience.excess_w == 0
    for now in range(60, 65):
        obedience.observe(TANK, heater(2400, now), told(0), now)
    assert obedience.excess_w == 2400


def test_an_old_measurement_says_nothing_of_a_new_order() -> None:
    obedience = Obedience()
    obedience.observe(TANK, heater(2400, 0), told(2400), 0)
    for now in range(1, 300):
        obedience.observe(TANK, heater(2400, now // 100 * 100.0), told(2400), now)
    for now in range(300, 420):
        # Measured every 100 s: at 300 it was just told less.
        at = now // 100 * 100.0
        obedience.observe(TANK, heater(2400 if at <= 300 else 0, at), told(0), now)
        assert obedience.excess_w == 0


def test_one_measurement_may_be_wrong() -> None:
    obedience = Obedience()
    for now in range(200):
        power_w = 9000 if now == 100 else 0
        obedience.observe(TANK, heater(power_w, now), told(0), now)
        assert obedience.excess_w == 0


def test_what_is_left_alone_does_as_it_likes() -> None:
    obedience = Obedience()
    for now in range(100):
        obedience.observe(TANK, heater(2400, now), told(0), now)
    assert obedience.excess_w
    obedience.observe(TANK, heater(2400, 100), None, 100)
    assert not obedience.excess_w
    assert not obedience.tell_again(1000)


def test_what_nobody_measures_obeys() -> None:
    obedience = Obedience()
    for now in range(100):
        obedience.observe(TANK, HeaterReading(reachable=True), told(0), now)
    assert not obedience.excess_w


@pytest.mark.parametrize(("value", "excess"), [(1.0, False), (0.0, True)])
def test_a_relay_that_is_on_draws_what_it_draws(value: float, excess: bool) -> None:
    obedience = Obedience()
    for now in range(100):
        reading = SwitchedReading(reachable=True, power_w=1500.0, power_at=now)
        obedience.observe(
            PUMP, reading, Setpoint(value=value, power_w=800 * value), now
        )
    assert bool(obedience.excess_w) is excess


@pytest.mark.parametrize(
    ("currents_a", "power_w", "excess"),
    [((10.0, 10.0, 10.0), 6900.0, False), ((16.0,), 3680.0, True), ((), 7000, False)],
)
def test_a_car_is_held_against_its_current_on_as_many_phases_as_it_may_use(
    currents_a: tuple[float, ...], power_w: float, excess: bool
) -> None:
    obedience = Obedience()
    for now in range(100):
        reading = ChargerReading(
            reachable=True, power_w=power_w, power_at=now, currents_a=currents_a
        )
        obedience.observe(CAR, reading, Setpoint(value=10.0, power_w=2300.0), now)
    assert bool(obedience.excess_w) is excess


def test_it_is_told_again_later_and_later() -> None:
    obedience = Obedience()
    again = []
    for now in range(3000):
        obedience.observe(TANK, heater(2400, now), told(0), now)
        if obedience.tell_again(now):
            again.append(now)
    gaps = [after - before for before, after in pairwise(again)]
    assert gaps[:4] == [40, 80, 160, 320]
    assert set(gaps[4:]) == {600}
