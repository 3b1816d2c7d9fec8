"""What is left on a charger that is let go, reconfigured or removed."""

from typing import Any

import pytest

from custom_components.surplus.ocpp.errors import LinkLostError
from custom_components.surplus.ocpp.load import ChargerLoad
from custom_components.surplus.ocpp.memory import ChargerSettings

from .conftest import IDENTITY, Site, for_a_while, is_safe, limit_of, until


async def test_letting_go_leaves_the_safe_current_at_once_and_for_good(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    await site.charger.release()
    assert wallbox.limits == [16, 6]
    assert sum(map(is_safe, wallbox.profiles)) == 1
    offered = site.charger.commander().lease.offered
    assert offered is not None
    assert offered.amps == 6
    # And is alone from then on.
    sent = len(wallbox.calls)
    await for_a_while()
    assert len(wallbox.calls) == sent


async def test_letting_go_with_one_profile_leaves_that_without_an_end(
    site: Site,
) -> None:
    def prepare(wallbox: Any) -> None:
        wallbox.configuration["ChargeProfileMaxStackLevel"] = "0"

    wallbox = await site.ready(prepare=prepare)
    await site.charger.apply(16)
    await site.charger.release()
    assert is_safe(wallbox.profiles[-1])
    assert limit_of(wallbox.profiles[-1]) == 6


async def test_a_charger_never_commanded_is_let_go_as_it_is(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.release()
    assert wallbox.profiles == []


async def test_one_that_is_gone_cannot_be_told_and_needs_not_be(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    await wallbox.hang_up()
    await until(lambda: not site.charger.connected)
    with pytest.raises(LinkLostError):
        await site.charger.release()


async def test_all_chargers_are_left_safe_and_a_dead_one_keeps_none_waiting(
    site: Site,
) -> None:
    site.central.add(ChargerSettings(identity="CP-2", name="Other", safe_a=0))
    first = await site.ready()
    second = await site.call_in("/CP-2")
    await second.boot()
    other = site.central.chargers["CP-2"]
    await until(lambda: other.ready_link is not None and other.service.configured)
    await site.charger.apply(16)
    await other.apply(10)
    first.silent = True
    await site.central.release()
    assert second.limits == [10, 0]
    first.silent = False


async def test_a_changed_safe_current_is_left_on_the_charger(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    site.charger.reconfigure(
        ChargerSettings(identity=IDENTITY, name="x", safe_a=8, max_a=13)
    )
    await until(lambda: wallbox.limits == [16, 13])
    safes = [limit_of(profile) for profile in wallbox.profiles if is_safe(profile)]
    assert safes == [6, 8]


async def test_also_on_one_that_nobody_commands_any_more(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    await site.charger.release()
    site.charger.reconfigure(ChargerSettings(identity=IDENTITY, name="x", safe_a=8))
    await until(lambda: wallbox.limits == [16, 6, 8])


async def test_and_on_one_that_never_was_nothing_is_written(site: Site) -> None:
    wallbox = await site.ready()
    site.charger.reconfigure(ChargerSettings(identity=IDENTITY, name="x", safe_a=8))
    await for_a_while()
    assert wallbox.profiles == []


async def test_a_changed_setting_reaches_a_charger_that_is_gone_later(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    await wallbox.hang_up()
    await until(lambda: not site.charger.connected)
    await for_a_while(0.06)
    site.charger.reconfigure(ChargerSettings(identity=IDENTITY, name="x", safe_a=8))
    again = await site.call_in()
    await again.status("Charging")
    await until(lambda: again.limits == [16])
    assert [limit_of(p) for p in again.profiles if is_safe(p)] == [8]


async def test_a_removed_charger_is_freed_of_our_profiles(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    wallbox.calls.clear()
    await site.central.remove(IDENTITY, forget=True)
    assert [call["id"] for call in wallbox.named("ClearChargingProfile")] == [2, 1]
    await until(lambda: wallbox.running and wallbox.running.done())


@pytest.mark.parametrize("answer", ["Unknown", "Rejected"])
async def test_also_where_it_does_not_know_them(site: Site, answer: str) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    wallbox.calls.clear()
    wallbox.answers["ClearChargingProfile"] = answer
    await site.central.remove(IDENTITY, forget=True)
    assert len(wallbox.named("ClearChargingProfile")) == 2


async def test_a_charger_that_had_none_of_ours_is_left_alone(site: Site) -> None:
    wallbox = await site.ready()
    await site.central.remove(IDENTITY, forget=True)
    assert wallbox.named("ClearChargingProfile") == []


@pytest.mark.parametrize("status", ["SuspendedEV", "SuspendedEVSE", "Finishing"])
async def test_what_a_charger_does_by_itself_is_no_person(
    site: Site, status: str
) -> None:
    wallbox = await site.ready()
    load = ChargerLoad(site.charger)
    await site.charger.apply(16)
    await wallbox.begin()
    await wallbox.status("Charging")
    assert load.reading.offering
    await wallbox.status(status)
    assert load.taken_over is None
    # Only an offer that stands lets a vehicle go on.
    assert load.reading.wants_power is (status != "Finishing")
