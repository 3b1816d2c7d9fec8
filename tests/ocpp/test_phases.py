"""On how many phases a charger charges: said, refused, remembered."""

from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.surplus.ocpp.load import ChargerLoad
from custom_components.surplus.ocpp.memory import ChargerSettings, Memory
from custom_components.surplus.ocpp.profiles import Form
from custom_components.surplus.ocpp.server import CentralSystem

from .conftest import (
    IDENTITY,
    Site,
    for_a_while,
    is_safe,
    limit_of,
    outlive,
    phases_of,
    until,
    warnings_of,
)


@pytest.fixture
def settings() -> ChargerSettings:
    return ChargerSettings(
        identity=IDENTITY,
        name="Wallbox",
        phases=(1, 2, 3),
        auto_start=False,
        switches_phases=True,
        writes_per_day=500,
    )


def refusing_phases(payload: dict[str, Any]) -> str:
    profile = payload["cs_charging_profiles"]
    return "Accepted" if phases_of(profile) == [None] else "Rejected"


async def test_the_limit_says_its_phases_and_the_safe_one_is_of_one(site: Site) -> None:
    wallbox = await site.ready()
    load = ChargerLoad(site.charger)
    assert load.spec.switches_phases
    assert load.spec.writes_per_day == 500
    assert load.reading.phases is None
    await load.async_apply(10, 3)
    safe, live = wallbox.profiles
    assert (is_safe(safe), phases_of(safe)) == (True, [1])
    assert (limit_of(live), phases_of(live)) == (10, [3])
    assert load.reading.phases == 3
    await load.async_apply(10, 1)
    await until(lambda: load.reading.phases == 1)
    assert phases_of(wallbox.profiles[-1]) == [1]
    # The safe profile stays what it is.
    assert sum(map(is_safe, wallbox.profiles)) == 1


async def test_the_same_number_is_not_sent_again(site: Site) -> None:
    wallbox = await site.ready()
    for _ in range(4):
        await site.charger.apply(10, 1)
    assert wallbox.limits == [10]


async def test_one_profile_with_two_periods_says_both(site: Site) -> None:
    def prepare(wallbox: Any) -> None:
        wallbox.configuration["ChargeProfileMaxStackLevel"] = "0"

    wallbox = await site.ready(prepare=prepare)
    await site.charger.apply(16, 3)
    (profile,) = wallbox.profiles
    assert site.charger.memory.form is Form.SINGLE
    assert phases_of(profile) == [3, 1]


async def test_a_charger_set_up_without_it_is_told_no_number(site: Site) -> None:
    wallbox = await site.ready()
    charger = site.charger
    charger.reconfigure(replace(charger.settings, switches_phases=False))
    await charger.apply(10, 1)
    assert {count for each in wallbox.profiles for count in phases_of(each)} == {None}
    load = ChargerLoad(charger)
    assert not load.spec.switches_phases
    assert load.reading.phases is None


async def test_switched_on_later_both_profiles_are_written_anew(site: Site) -> None:
    wallbox = await site.ready()
    charger = site.charger
    with_it = charger.settings
    charger.reconfigure(replace(with_it, switches_phases=False))
    await charger.apply(10, 1)
    sent = len(wallbox.profiles)
    charger.reconfigure(with_it)
    await charger.apply(10, 1)
    await until(lambda: len(wallbox.profiles) == sent + 2)
    safe, live = wallbox.profiles[sent:]
    assert (is_safe(safe), phases_of(safe)) == (True, [1])
    assert (is_safe(live), phases_of(live)) == (False, [1])


@pytest.mark.parametrize("as_error", [False, True])
async def test_a_charger_that_refuses_the_number_is_told_without(
    site: Site, caplog: pytest.LogCaptureFixture, *, as_error: bool
) -> None:
    def answer(payload: dict[str, Any]) -> str:
        status = refusing_phases(payload)
        if as_error and status != "Accepted":
            raise ValueError("PropertyConstraintViolation")
        return status

    wallbox = await site.ready()
    wallbox.answers["SetChargingProfile"] = answer
    load = ChargerLoad(site.charger)
    await load.async_apply(10, 1)
    safe, live = (each for each in wallbox.profiles if phases_of(each) == [None])
    assert (is_safe(safe), limit_of(live)) == (True, 10)
    assert live["stack_level"] == 1
    assert not load.spec.switches_phases
    assert load.reading.phases is None
    assert load.reading.offered_a == 10
    assert site.charger.counters.refused_phases == 1
    (warning,) = warnings_of(caplog)
    assert "does not switch phases" in warning

    # It is not tried again, and nothing is left to say.
    sent = len(wallbox.profiles)
    await load.async_apply(10, 3)
    await load.async_apply(12, 3)
    await until(lambda: wallbox.limits[-1] == 12)
    assert [phases_of(each) for each in wallbox.profiles[sent:]] == [[None]]


async def test_a_refused_number_of_the_live_limit_alone_is_noticed_too(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(10, 3)
    wallbox.answers["SetChargingProfile"] = refusing_phases
    await site.charger.apply(10, 1)
    await until(lambda: site.charger.memory.refuses_phases)
    await until(lambda: site.charger.commander().lease.offered.phases is None)
    # The safe profile that lies there says a number still: it is written anew.
    await site.charger.apply(12, 1)
    await until(lambda: wallbox.limits[-1] == 12)
    safes = [each for each in wallbox.profiles if is_safe(each)]
    assert [phases_of(each) for each in safes] == [[1], [None]]


async def test_a_charger_that_refuses_everything_is_not_taken_for_one_that_cannot_switch(
    site: Site,
) -> None:
    wallbox = await site.ready()
    wallbox.answers["SetChargingProfile"] = "Rejected"
    with pytest.raises(Exception, match="Rejected"):
        await site.charger.apply(10, 1)
    assert site.charger.switches_phases
    wallbox.answers.clear()
    await until(lambda: wallbox.limits and site.charger.commander().lease.failures == 0)
    assert phases_of(wallbox.profiles[-1])[0] == 1


async def test_a_reboot_or_another_setting_asks_again(site: Site) -> None:
    wallbox = await site.ready()
    charger = site.charger
    charger.memory.refuses_phases = True
    assert not charger.switches_phases
    await wallbox.boot()
    assert charger.switches_phases
    charger.memory.refuses_phases = True
    charger.reconfigure(replace(charger.settings, max_a=20))
    assert not charger.switches_phases
    charger.reconfigure(replace(charger.settings, switches_phases=False))
    charger.reconfigure(replace(charger.settings, switches_phases=True))
    assert charger.switches_phases


async def test_let_go_it_is_safe_on_one_phase(site: Site) -> None:
    wallbox = await site.ready()
    load = ChargerLoad(site.charger)
    await load.async_apply(16, 3)
    await load.async_release()
    assert (limit_of(wallbox.profiles[-1]), phases_of(wallbox.profiles[-1])) == (6, [1])
    assert load.reading.phases == 1


async def test_after_the_lease_it_is_known_to_be_on_one_phase(site: Site) -> None:
    wallbox = await site.ready()
    load = ChargerLoad(site.charger)
    await load.async_apply(16, 3)
    await wallbox.hang_up()
    await until(lambda: not load.reading.reachable)
    assert load.reading.phases == 3
    outlive(site)
    await site.ready()
    assert (load.reading.offered_a, load.reading.phases) == (6, 1)


async def test_a_lost_link_is_followed_by_the_same_number_again(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16, 1)
    await wallbox.hang_up()
    again = await site.call_in()
    await again.status("Available")
    await until(lambda: again.limits == [16])
    assert phases_of(again.profiles[-1]) == [1]


async def test_what_it_was_told_survives_a_restart(
    site: Site, settings: ChargerSettings
) -> None:
    await site.ready()
    await site.charger.apply(16, 1)
    stored = json.loads(json.dumps(site.central.as_dict()))
    central = CentralSystem(timing=site.central.timing)
    central.restore(stored)
    try:
        charger = central.add(settings)
        offered = charger.commander().lease.offered
        assert offered is not None
        assert (offered.amps, offered.phases) == (16, 1)
        assert charger.memory.safe_phases == {1: 1}
        assert not charger.memory.refuses_phases
    finally:
        await central.stop()


def test_what_is_unreadable_of_the_memory_is_left_out() -> None:
    memory = Memory.from_dict(
        {"safe_phases": {"x": "1", "2": "3"}, "refuses_phases": True}
    )
    assert memory.safe_phases == {2: 3}
    assert memory.refuses_phases
    assert Memory.from_dict(memory.as_dict()) == memory


@pytest.mark.parametrize(
    ("said", "claims"),
    [("true", True), (" True", True), ("false", False), (None, False)],
)
async def test_a_charger_says_itself_whether_it_can(
    site: Site, said: str | None, *, claims: bool
) -> None:
    def prepare(wallbox: Any) -> None:
        if said is not None:
            wallbox.configuration["ConnectorSwitch3to1PhaseSupported"] = said

    await site.ready(prepare=prepare)
    await for_a_while(0.02)
    assert site.charger.memory.says_it_switches_phases is claims
