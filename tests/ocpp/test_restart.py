"""The central system is restarted while a car charges: the same session goes on."""

from collections.abc import AsyncGenerator
from dataclasses import replace
import json
import time
from typing import Any

import pytest

from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.profiles import Form
from custom_components.surplus.ocpp.server import CentralSystem
from custom_components.surplus.ocpp.timing import Timing

from .conftest import FAST, IDENTITY, Site, for_a_while, stamp, until

SETTINGS = ChargerSettings(identity=IDENTITY, name="x", auto_start=False)


class Machine:
    """Something a central system runs on, which keeps a file and loses the rest."""

    def __init__(self, timing: Timing = FAST) -> None:
        self.timing = timing
        self.file = "{}"
        self.saves = 0
        self.notes = 0
        self.settings = SETTINGS
        self.site: Site | None = None

    async def up(self) -> Site:
        central = CentralSystem(timing=self.timing, on_save=self.save)
        central.restore(json.loads(self.file))
        central.add(self.settings)
        self.site = Site(central)
        await central.start("127.0.0.1", 0)
        return self.site

    def save(self, soon: bool) -> None:
        self.saves += soon
        self.notes += not soon
        assert self.site is not None
        self.file = json.dumps(self.site.central.as_dict())

    async def killed(self) -> None:
        """Nothing is written any more, and the sockets are gone."""
        assert self.site is not None
        self.site.central.on_save = lambda _soon: None
        await self.site.close()


@pytest.fixture
async def machine(socket_enabled: None) -> AsyncGenerator[Machine]:
    machine = Machine()
    yield machine
    await machine.killed()


async def test_the_same_session_goes_on(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    number = await wallbox.begin(meter_start=1000, timestamp=stamp(-60))
    await wallbox.status("Charging")
    await machine.killed()

    site = await machine.up()
    again = await site.call_in()
    # No boot, no status first: a sample, under the id it was given.
    await again.measure(
        stamp(), number, Energy_Active_Import_Register=3000, Power_Active_Import=3600
    )
    session = site.charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == number
    assert session.energy_wh == 2000
    assert site.charger.connector(1).power_w == 3600
    await again.end(number, meter_stop=4000)
    assert session.energy_wh == 3000
    assert site.charger.transactions.current(1) is None


async def test_a_session_that_ended_meanwhile_is_over(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    number = await wallbox.begin()
    await machine.killed()

    site = await machine.up()
    again = await site.call_in()
    await again.end(number, reason="EVDisconnected")
    await again.status("Available")
    assert site.charger.transactions.current(1) is None
    last = site.charger.transactions.last(1)
    assert last is not None
    assert last.reason == "EVDisconnected"


async def test_the_whole_burst_again_changes_nothing(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    number = await wallbox.begin(timestamp=stamp(-600))
    await machine.killed()
    site = await machine.up()
    for _ in range(2):
        again = await site.call_in()
        assert await again.begin() != number
        await again.end(number)
        await again.hang_up()
    assert len(site.charger.transactions.as_dict()["recent"]) == 2


async def test_with_the_store_lost_the_chargers_id_is_adopted_and_none_reused(
    machine: Machine,
) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    number = await wallbox.begin()
    await machine.killed()
    machine.file = "{}"

    site = await machine.up()
    again = await site.call_in()
    await again.status("Charging")
    await again.measure(stamp(), number, Energy_Active_Import_Register=3000)
    session = site.charger.transactions.current(1)
    assert session is not None
    assert session.transaction_id == number
    assert await again.begin(timestamp=stamp()) != number


async def test_what_was_learnt_is_not_asked_again(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    wallbox.answers["SetChargingProfile"] = lambda payload: (
        "Rejected" if payload["cs_charging_profiles"]["stack_level"] else "Accepted"
    )
    await site.charger.apply(16)
    await machine.killed()

    site = await machine.up()
    assert site.charger.memory.form is Form.SINGLE
    assert site.charger.memory.nameplate.model == "Model"
    again = await site.call_in()
    await again.status("Charging")
    await until(lambda: site.charger.service.configured)
    await site.charger.apply(10)
    assert again.named("ClearChargingProfile") == []
    assert [profile["stack_level"] for profile in again.profiles] == [0]
    assert "ChargeProfileMaxStackLevel" not in str(again.named("GetConfiguration"))


async def test_the_limit_left_by_the_run_before_is_known(machine: Machine) -> None:
    site = await machine.up()
    await site.ready()
    await site.charger.apply(16)
    await machine.killed()
    site = await machine.up()
    offered = site.charger.commander().lease.offered
    assert offered is not None
    assert offered.amps == 16
    # Known, not wanted: it is up to whoever decides to go on.
    assert site.charger.commander().lease.wanted_a is None


def hours_later(file: str) -> str:
    """The store, read when what it tells is three hours old."""
    data = json.loads(file)
    data["chargers"][IDENTITY]["limits"]["1"]["sent"] = stamp(-3 * 3600)
    return json.dumps(data)


async def test_a_limit_that_was_renewed_until_the_kill_counts_for_a_whole_lease(
    machine: Machine,
) -> None:
    site = await machine.up()
    await site.ready()
    await site.charger.apply(16)
    await machine.killed()
    # It was accepted three hours ago; renewals are not written down.
    machine.file = hours_later(machine.file)
    site = await machine.up()
    offered = site.charger.commander().lease.offered
    assert offered is not None
    assert offered.amps == 16
    assert time.monotonic() - offered.sent_at < 60


async def test_one_that_was_let_go_is_on_its_safe_current(machine: Machine) -> None:
    site = await machine.up()
    await site.ready()
    await site.charger.apply(16)
    await site.charger.release()
    await machine.killed()
    machine.file = hours_later(machine.file)
    site = await machine.up()
    lease = site.charger.commander().lease
    assert lease.at_rest
    assert lease.offered is not None
    assert lease.offered.amps == 6
    assert time.monotonic() - lease.offered.sent_at > 10_000


async def test_the_total_does_not_begin_anew(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    for register in (900, 0, 10):
        await wallbox.measure(
            stamp(register / 1000), None, Energy_Active_Import_Register=register
        )
    await wallbox.status("Preparing")
    await machine.killed()
    site = await machine.up()
    assert site.charger.connector(1).energy.total_wh is not None


@pytest.mark.parametrize(
    "stored",
    [
        {"last_transaction_id": "x", "chargers": []},
        {"chargers": {IDENTITY: 5}},
        {"chargers": {IDENTITY: {"stopped_on_purpose": 5}}},
        {"chargers": {IDENTITY: {"stopped_on_purpose": ["x", None, []]}}},
        {"chargers": {IDENTITY: {"memory": 1, "state": {"transactions": []}}}},
        {
            "chargers": {
                IDENTITY: {
                    "state": {"energy": {"x": {}, "1": 5, "2": {"register_wh": "x"}}},
                    "limits": {"1": 5, "y": {}, "2": {"offered_a": "x"}},
                }
            }
        },
    ],
)
async def test_a_store_of_anything_hinders_no_charger(
    machine: Machine, stored: dict[str, Any]
) -> None:
    machine.file = json.dumps(stored)
    site = await machine.up()
    wallbox = await site.ready()
    assert await wallbox.begin() > 0


async def test_starts_and_ends_are_written_down_at_once(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    before = machine.saves
    number = await wallbox.begin()
    assert machine.saves > before
    assert str(number) in machine.file
    before = machine.saves
    await wallbox.measure(stamp(), number, Power_Active_Import=3600)
    assert machine.saves == before
    await wallbox.end(number)
    assert machine.saves > before


async def test_energy_is_written_down_as_it_is_counted(machine: Machine) -> None:
    site = await machine.up()
    wallbox = await site.ready()
    number = await wallbox.begin(meter_start=1000, timestamp=stamp(-60))
    await wallbox.status("Charging")
    for register in (1500, 2500):
        saves, notes = machine.saves, machine.notes
        await wallbox.measure(
            stamp(register / 10_000), number, Energy_Active_Import_Register=register
        )
        # Nothing that an end of a session would wait for.
        assert (machine.saves, machine.notes) == (saves, notes + 1)
    notes = machine.notes
    await wallbox.measure(stamp(1), number, Energy_Active_Import_Register=2500)
    assert machine.notes == notes
    await machine.killed()

    site = await machine.up()
    session = site.charger.transactions.current(1)
    assert session is not None
    assert session.energy_wh == 1500
    assert site.charger.connector(1).energy.total_wh == 2500


@pytest.mark.parametrize(
    ("reason", "starts"), [("Local", 0), ("EVDisconnected", 1), ("Reboot", 1)]
)
async def test_a_session_that_a_person_ended_is_not_begun_again_by_a_restart(
    machine: Machine, reason: str, starts: int
) -> None:
    machine.settings = replace(SETTINGS, auto_start=True)
    site = await machine.up()
    wallbox = await site.ready()
    number = await wallbox.begin()
    await wallbox.status("Charging", timestamp=stamp(-60))
    await wallbox.end(number, reason=reason)
    await machine.killed()

    site = await machine.up()
    again = await site.call_in()
    await again.status("Preparing", timestamp=stamp(-30))
    await until(lambda: site.charger.ready_link)
    await site.charger.apply(10)
    await for_a_while()
    assert bool(again.named("RemoteStartTransaction")) == bool(starts)
    # The next car is another matter.
    await again.status("Available", timestamp=stamp(-20))
    await again.status("Preparing", timestamp=stamp(-10))
    await until(lambda: again.named("RemoteStartTransaction"))


async def test_nor_is_one_withheld_from_a_car_that_came_after_it(
    machine: Machine,
) -> None:
    machine.settings = replace(SETTINGS, auto_start=True)
    site = await machine.up()
    wallbox = await site.ready()
    await wallbox.end(await wallbox.begin(), reason="Local")
    await wallbox.status("Finishing", timestamp=stamp(-60))
    await wallbox.status("Available", timestamp=stamp(-50))
    await machine.killed()

    site = await machine.up()
    again = await site.call_in()
    await again.status("Preparing", timestamp=stamp(-30))
    await until(lambda: site.charger.ready_link)
    await site.charger.apply(10)
    await until(lambda: again.named("RemoteStartTransaction"))
