"""Bytes from a French meter come in, a car charger's current goes out.

One Home Assistant lives through these tests in their order.
"""

import pytest

from .conftest import IDENTITY, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

STEP_W = 230.0
SAFE_A = 6.0


async def test_the_car_ends_within_one_step_of_the_surplus(world: World) -> None:
    evse, house = world.house.evse, world.house.house
    assert world.house.charger is not None
    await world.until(lambda: world.house.charger.connected, "the charger to call", 30)
    # Nothing told it anything before: it gave the car all it has.
    await world.until(lambda: evse.pilot_a <= 6, "the first command", 30)
    house.fix_base(-3000.0)
    await world.until(lambda: evse.pilot_a >= 12, "the car to follow", 150)
    await world.until(lambda: evse.currents_a[0] >= 11, "the car to draw", 60)
    await world.until(lambda: abs(house.grid_w) <= STEP_W, "the grid to settle", 60)
    assert 12 <= evse.pilot_a <= 14
    reason = world.entities[f"ocpp:{IDENTITY}_reason"]
    surplus = world.entities["home_surplus_power"]
    await world.hass.wait_until(
        lambda states: (
            states[reason]["state"] == "following_surplus"
            and abs(float(states[surplus]["state"]) - 3000) < 150
        ),
        "what a user sees of it",
    )


async def test_a_kettle_is_followed_down_and_up_again(world: World) -> None:
    evse, house = world.house.evse, world.house.house
    house.fix_base(-1600.0)
    await world.until(lambda: evse.pilot_a <= 7, "the car to give way", 20)
    assert evse.pilot_a >= 6
    house.fix_base(-3000.0)
    await world.until(lambda: evse.pilot_a >= 12, "the car to come back", 30)


async def test_a_dead_meter_brings_the_car_to_its_minimum_and_then_stops_it(
    world: World,
) -> None:
    evse = world.house.evse
    assert evse.pilot_a >= 12
    await world.house.meter("off")
    stale_s = await world.until(lambda: evse.pilot_a == 6, "the minimum", 40)
    lost_s = await world.until(lambda: evse.pilot_a == 0, "the stop", 80)
    # Stale after 15 s, lost after 60 s, each with its command on the way.
    assert stale_s > 10
    assert 50 < stale_s + lost_s < 80
    await world.hass.wait_until(
        lambda states: (
            states[world.entities[f"ocpp:{IDENTITY}_reason"]]["state"] == "meter_lost"
        ),
        "the reason",
    )
    issues = (await world.hass.ask("repairs/list_issues"))["issues"]
    assert "grid_meter_lost" in {issue["issue_id"] for issue in issues}


async def test_a_meter_that_speaks_again_is_followed_without_a_hand(
    world: World,
) -> None:
    evse = world.house.evse
    await world.house.meter("on")
    # A person's wish does not wait for the minimum time off: it saves the test five minutes.
    select = world.entities[f"ocpp:{IDENTITY}_mode"]
    for option in ("off", "solar"):
        await world.hass.call(
            "select", "select_option", {"entity_id": select, "option": option}
        )
    await world.until(lambda: evse.pilot_a >= 12, "the car to follow again", 180)
    issues = (await world.hass.ask("repairs/list_issues"))["issues"]
    assert "grid_meter_lost" not in {issue["issue_id"] for issue in issues}


async def test_killed_in_mid_charge_the_car_falls_to_its_safe_current_by_itself(
    world: World,
) -> None:
    evse = world.house.evse
    assert evse.pilot_a >= 12
    before = evse.pilot_a
    await world.hass.kill()
    fell_s = await world.until(lambda: evse.pilot_a != before, "the lease to end", 150)
    assert evse.pilot_a == SAFE_A
    assert fell_s <= 125
    await world.until(
        lambda: evse.currents_a[0] < SAFE_A + 0.1, "the car to follow", 30
    )
    assert evse.currents_a[0] > 4


async def test_started_again_it_goes_on_with_the_same_session(world: World) -> None:
    session = world.house.evse.session
    assert session is not None
    transaction = session.transaction_id
    assert transaction is not None
    await world.hass.start()
    world.entities = await world.hass.entity_ids()
    await world.until(
        lambda: world.house.charger.connected, "the charger to call again", 90
    )
    await world.until(
        lambda: world.house.evse.pilot_a >= 12, "the car to follow again", 180
    )
    assert world.house.evse.session is session
    assert session.transaction_id == transaction
    sensor = world.entities[f"ocpp:{IDENTITY}_session_energy"]

    def is_counted(states: dict[str, dict[str, str]]) -> bool:
        drawn_kwh = (world.house.evse.energy_wh - session.meter_start_wh) / 1000
        try:
            shown_kwh = float(states[sensor]["state"])
        except ValueError:
            return False
        # A total is shown once a minute.
        return shown_kwh > 0.02 and abs(shown_kwh - drawn_kwh) < 0.07

    # What was drawn while nobody listened is in the charger's next sample.
    await world.hass.wait_until(is_counted, "the session's energy", timeout_s=120)
    assert await world.state("home_observer") == "off"


async def test_an_orderly_stop_leaves_the_safe_current_behind(world: World) -> None:
    evse = world.house.evse
    assert evse.pilot_a >= 12
    await world.hass.stop()
    await world.until(lambda: evse.pilot_a == SAFE_A, "the safe current", 10)
