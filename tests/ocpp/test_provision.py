"""What is asked and set when a charger comes: little, late, and once."""

import asyncio
import itertools
import time
from typing import Any

import pytest

from custom_components.surplus.ocpp.errors import NoAnswerError, RefusedError
from custom_components.surplus.ocpp.memory import ChargerSettings, Memory
from custom_components.surplus.ocpp.profiles import Form
from custom_components.surplus.ocpp.provision import ask
from custom_components.surplus.ocpp.starter import Starter
from custom_components.surplus.ocpp.status import Status

from .conftest import IDENTITY, Site, Wallbox, for_a_while, stamp, timed, until


def changes(wallbox: Wallbox) -> list[tuple[str, str]]:
    """The settings that were written, in order."""
    return [
        (payload["key"], payload["value"])
        for payload in wallbox.named("ChangeConfiguration")
    ]


def polls(wallbox: Wallbox) -> list[dict[str, Any]]:
    """How often its meter was asked for."""
    return [
        payload
        for payload in wallbox.named("TriggerMessage")
        if payload["requested_message"] == "MeterValues"
    ]


ALL = "Power.Active.Import,Current.Import,Energy.Active.Import.Register,Voltage,Current.Offered"


async def test_a_short_list_is_asked_and_what_differs_is_set(site: Site) -> None:
    wallbox = await site.ready()
    first = wallbox.named("GetConfiguration")[0]["key"]
    assert len(first) == 10
    assert "ChargeProfileMaxStackLevel" in first
    assert "ConnectorSwitch3to1PhaseSupported" in first
    assert changes(wallbox) == [
        ("MeterValueSampleInterval", "5"),
        ("HeartbeatInterval", "60"),
        ("MeterValuesSampledData", ALL),
    ]
    # And read back.
    assert [call["key"] for call in wallbox.named("GetConfiguration")[1:]] == [
        ["MeterValueSampleInterval"],
        ["HeartbeatInterval"],
        ["MeterValuesSampledData"],
    ]
    assert site.charger.memory.setting("ChargeProfileMaxStackLevel") == 3


async def test_what_is_so_already_is_not_written(site: Site) -> None:
    def prepare(wallbox: Wallbox) -> None:
        wallbox.configuration |= {
            "MeterValueSampleInterval": "5",
            "HeartbeatInterval": "60",
            "MeterValuesSampledData": ALL.lower() + ", SoC",
        }

    wallbox = await site.ready(prepare=prepare)
    assert changes(wallbox) == []


async def test_a_list_that_is_refused_is_built_one_by_one(site: Site) -> None:
    def prepare(wallbox: Wallbox) -> None:
        wallbox.measurands = {
            "Power.Active.Import",
            "Energy.Active.Import.Register",
            "Voltage",
        }

    wallbox = await site.ready(prepare=prepare)
    assert wallbox.configuration["MeterValuesSampledData"] == (
        "Power.Active.Import,Energy.Active.Import.Register,Voltage"
    )
    # Not once more after the next boot: it is known what it takes.
    wallbox.calls.clear()
    await wallbox.boot()
    await until(lambda: site.charger.service.configured)
    assert changes(wallbox) == []


async def test_a_setting_it_will_not_take_is_not_forced_on_it(site: Site) -> None:
    def prepare(wallbox: Wallbox) -> None:
        wallbox.readonly = {"MeterValueSampleInterval", "HeartbeatInterval"}

    wallbox = await site.ready(prepare=prepare)
    assert site.charger.memory.stubborn["metervaluesampleinterval"] == "5"
    wallbox.calls.clear()
    await wallbox.boot()
    await until(lambda: site.charger.service.configured)
    assert changes(wallbox) == []
    # Another firmware may.
    await wallbox.boot(firmware_version="2.0")
    await until(lambda: len(wallbox.named("ChangeConfiguration")) >= 2)


async def test_capabilities_are_asked_once_and_settings_after_each_boot(
    site: Site,
) -> None:
    wallbox = await site.ready()
    wallbox.calls.clear()
    await wallbox.boot()
    await until(lambda: site.charger.service.configured)
    assert [call["key"] for call in wallbox.named("GetConfiguration")] == [
        ["MeterValueSampleInterval", "MeterValuesSampledData", "HeartbeatInterval"]
    ]


async def test_what_else_it_tells_is_not_kept(site: Site) -> None:
    def prepare(wallbox: Wallbox) -> None:
        wallbox.configuration["AuthorizationKey"] = "SECRET"
        wallbox.answers["GetConfiguration"] = ""

    wallbox = await site.ready(prepare=prepare)
    wallbox.configuration["Other"] = "x"
    assert "SECRET" not in str(site.charger.as_dict())


class TestUnwilling:
    """Chargers that take fewer keys at a time, or none."""

    @pytest.fixture
    def timing(self) -> Any:
        # Settled once all that the charger says by itself is said.
        return timed(call_s=0.4, settle_s=0.3)

    async def test_refused_together_they_are_asked_one_by_one(self, site: Site) -> None:
        def answer(payload: dict[str, Any]) -> str:
            if len(payload["key"]) > 1:
                raise ValueError("OccurenceConstraintViolation")
            if payload["key"] == ["SupportedFeatureProfiles"]:
                raise ValueError("not even this one")
            return ""

        def prepare(wallbox: Wallbox) -> None:
            wallbox.answers["GetConfiguration"] = answer

        wallbox = await site.ready(prepare=prepare)
        assert site.charger.memory.setting("NumberOfConnectors") == 1
        assert wallbox.configuration["MeterValueSampleInterval"] == "5"

    async def test_one_that_does_not_answer_is_not_asked_further(
        self, site: Site
    ) -> None:
        hang = asyncio.Event()

        def prepare(wallbox: Wallbox) -> None:
            original = wallbox._take

            async def take(action: str, payload: dict[str, Any], status: str) -> str:
                if action == "GetConfiguration":
                    wallbox.calls.append((action, payload))
                    await hang.wait()
                return await original(action, payload, status)

            wallbox._take = take

        wallbox = await site.ready(prepare=prepare)
        await wallbox.socket.ping()
        assert len(wallbox.named("GetConfiguration")) == 1
        assert changes(wallbox) == []
        assert site.charger.memory.configuration == {}
        hang.set()

    async def test_one_by_one_ends_with_the_first_silence(self, site: Site) -> None:
        hang = asyncio.Event()

        def prepare(wallbox: Wallbox) -> None:
            original = wallbox._take

            async def take(action: str, payload: dict[str, Any], status: str) -> str:
                if action == "GetConfiguration":
                    wallbox.calls.append((action, payload))
                    if len(payload["key"]) > 1:
                        raise ValueError("too many")
                    await hang.wait()
                return await original(action, payload, status)

            wallbox._take = take

        wallbox = await site.ready(prepare=prepare)
        assert len(wallbox.named("GetConfiguration")) == 2
        hang.set()

    async def test_a_setting_without_an_answer_is_left(self, site: Site) -> None:
        def answer(payload: dict[str, Any]) -> str:
            raise ValueError("InternalError")

        def prepare(wallbox: Wallbox) -> None:
            wallbox.answers["ChangeConfiguration"] = answer

        wallbox = await site.ready(prepare=prepare)
        assert wallbox.configuration["MeterValueSampleInterval"] == "60"
        assert site.charger.ready_link is not None


class TestTriggers:
    """What did not come by itself is asked for, unless that was refused before."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(settle_s=0.3)

    async def test_a_mere_reconnect_is_asked_for_its_state(self, site: Site) -> None:
        first = await site.ready()
        await first.hang_up()
        again = await site.call_in()
        await until(lambda: again.named("TriggerMessage"))
        assert again.named("TriggerMessage") == [
            {"requested_message": "StatusNotification", "connector_id": 1}
        ]
        assert again.named("GetConfiguration") == []

    async def test_not_where_it_came(self, site: Site) -> None:
        first = await site.ready()
        await first.hang_up()
        again = await site.call_in()
        await again.status("Charging")
        await until(lambda: site.charger.ready_link is not None)
        await for_a_while()
        assert again.named("TriggerMessage") == []

    async def test_a_charger_never_seen_is_asked_to_boot(self, site: Site) -> None:
        wallbox = await site.call_in()
        await until(lambda: len(wallbox.named("TriggerMessage")) == 2)
        asked = [call["requested_message"] for call in wallbox.named("TriggerMessage")]
        assert asked == ["BootNotification", "StatusNotification"]
        # That boot is none: nothing was lost, and nothing is to settle.
        await wallbox.boot()
        assert site.charger.ready_link is not None
        assert site.charger.counters.reboots == 0
        assert site.charger.memory.nameplate.vendor == "Vendor"

    async def test_what_was_refused_once_is_not_asked_again(self, site: Site) -> None:
        first = await site.ready()
        await first.hang_up()
        for expected in (1, 0):
            again = await site.call_in(
                prepare=lambda wallbox: wallbox.answers.update(
                    TriggerMessage="Rejected"
                )
            )
            await until(lambda: site.charger.ready_link is not None)
            await for_a_while()
            assert len(again.named("TriggerMessage")) == expected
            await again.hang_up()


class TestPolling:
    """A charger that charges and keeps silent about it."""

    POLL_S = 0.1

    @pytest.fixture
    def timing(self) -> Any:
        return timed(poll_s=self.POLL_S, poll_max_s=0.4, call_s=0.5)

    async def test_its_meter_is_asked_for(self, site: Site) -> None:
        wallbox = await site.ready()
        await for_a_while(0.25)
        assert polls(wallbox) == []
        await wallbox.status("Charging")
        await until(lambda: polls(wallbox))
        assert polls(wallbox)[0] == {
            "requested_message": "MeterValues",
            "connector_id": 1,
        }

    async def test_ever_more_rarely_where_nothing_comes(self, site: Site) -> None:
        wallbox = await site.ready()
        asked: list[float] = []

        def answer(payload: dict[str, Any]) -> str:
            if payload["requested_message"] == "MeterValues":
                asked.append(time.monotonic())
            return "Accepted"

        wallbox.answers["TriggerMessage"] = answer
        await wallbox.status("Charging")
        await until(lambda: len(asked) == 4)
        waits = [later - before for before, later in itertools.pairwise(asked)]
        # What lies on the wire may take longer, never shorter.
        assert waits[1] > 1.3 * self.POLL_S
        assert waits[2] > 2.6 * self.POLL_S

    async def test_and_steadily_where_it_answers_with_its_values(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        sending: list[asyncio.Task[None]] = []

        def answer(payload: dict[str, Any]) -> str:
            sending.append(
                asyncio.create_task(
                    wallbox.measure(stamp(), None, Power_Active_Import=3600)
                )
            )
            return "Accepted"

        wallbox.answers["TriggerMessage"] = answer
        await wallbox.status("Charging")
        await until(lambda: len(polls(wallbox)) >= 5, within_s=3)
        await asyncio.gather(*sending)

    async def test_and_no_more_where_it_is_refused(self, site: Site) -> None:
        wallbox = await site.ready()
        wallbox.answers["TriggerMessage"] = "NotImplemented"
        await wallbox.status("Charging")
        await for_a_while(0.6)
        assert len(polls(wallbox)) == 1

    async def test_a_silent_charger_is_asked_again(self, site: Site) -> None:
        wallbox = await site.ready()
        wallbox.silent = True
        waiting = asyncio.create_task(wallbox.status("Charging"))
        await until(lambda: len(polls(wallbox)) >= 1)
        wallbox.silent = False
        await waiting
        await until(lambda: len(polls(wallbox)) >= 2)


class TestSettling:
    """A charger is not asked anything right after it came."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(settle_s=1.0, first_frame_s=3.0)

    async def test_some_time_passes_after_the_boot(self, site: Site) -> None:
        wallbox = await site.call_in()
        await for_a_while(0.1)
        await wallbox.boot()
        await for_a_while(0.3)
        assert wallbox.calls == []
        await until(lambda: wallbox.calls)

    async def test_a_boot_while_settling_begins_it_anew(self, site: Site) -> None:
        wallbox = await site.call_in()
        await wallbox.status("Available")
        await for_a_while(0.6)
        await wallbox.boot()
        await for_a_while(0.5)
        assert site.charger.ready_link is None
        await until(lambda: site.charger.ready_link is not None)

    async def test_one_that_says_nothing_is_not_waited_for_without_end(
        self, site: Site
    ) -> None:
        wallbox = await site.call_in()
        await until(lambda: wallbox.calls, within_s=8)
        assert site.charger.counters.frames == 0


@pytest.mark.parametrize(
    ("error", "again"),
    [(None, True), (NoAnswerError("x"), True), (RefusedError("x", "no"), False)],
)
async def test_only_a_refusal_is_a_reason_not_to_ask_again(
    error: Exception | None, again: bool
) -> None:
    async def trigger() -> None:
        if error is not None:
            raise error

    assert await ask(trigger) is again


def test_what_was_learnt_survives_being_written_down() -> None:
    memory = Memory(
        configuration={"numberofconnectors": "2"},
        probed=True,
        stubborn={"heartbeatinterval": "60"},
        form=Form.SINGLE,
        cleared=True,
        safe_a={1: 6.0, 2: 0.0},
    )
    assert Memory.from_dict(memory.as_dict()) == memory
    assert memory.connectors == 2
    assert memory.likely_form is Form.SINGLE


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"form": "strange", "safe_a": {"x": 5, "1": "y", "2": 6}, "vendor": 5},
        {"configuration": [], "stubborn": "x", "safe_a": None, "form": ["stacked"]},
    ],
)
def test_a_memory_of_anything_is_read_without_harm(stored: dict[str, Any]) -> None:
    memory = Memory.from_dict(stored)
    assert memory.form is None
    assert set(memory.safe_a) <= {2}


def test_a_charger_may_claim_anything() -> None:
    memory = Memory(configuration={"chargeprofilemaxstacklevel": "many"})
    assert memory.likely_form is Form.STACKED
    memory = Memory(configuration={"maxchargingprofilesinstalled": "0"})
    assert memory.likely_form is Form.STACKED
    assert Memory(configuration={"numberofconnectors": "0"}).connectors == 1


class Meanwhile:
    """Sessions of which one may begin by itself."""

    def __init__(self) -> None:
        self.open = False
        self.asked = 0
        self.started = 0

    def may_start(self, connector: int) -> bool:
        self.asked += 1
        return not self.open

    async def start(self, connector: int) -> None:
        self.started += 1


class TestAutoStart:
    """A session begins by itself when a vehicle is plugged in."""

    @pytest.fixture
    def settings(self) -> ChargerSettings:
        return ChargerSettings(
            identity=IDENTITY, name="x", tag="HOME-1", auto_start=True
        )

    async def test_once_its_current_is_held(self, site: Site) -> None:
        wallbox = await site.ready()
        await wallbox.status("Preparing")
        await for_a_while()
        # Without a limit it would charge at full power.
        assert wallbox.named("RemoteStartTransaction") == []
        await site.charger.apply(0)
        await until(lambda: wallbox.named("RemoteStartTransaction"))
        assert wallbox.named("RemoteStartTransaction")[0] == {
            "id_tag": "HOME-1",
            "connector_id": 1,
        }

    async def test_not_once_it_was_let_go(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        await site.charger.release()
        await wallbox.status("Preparing")
        await for_a_while()
        assert wallbox.named("RemoteStartTransaction") == []

    async def test_not_where_one_runs_already(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        await wallbox.begin()
        await wallbox.status("Preparing")
        await for_a_while()
        assert wallbox.named("RemoteStartTransaction") == []

    async def test_not_where_one_has_begun_meanwhile(self) -> None:
        sessions = Meanwhile()
        starter = Starter(sessions, 1, delay_s=0.01, retry_s=0.01)
        starter.consider()
        # Before anything else has its turn, whatever the machine is busy with.
        sessions.open = True
        await for_a_while()
        await starter.close()
        assert sessions.asked > 1
        assert sessions.started == 0

    async def test_a_refused_one_is_tried_a_few_times(self, site: Site) -> None:
        wallbox = await site.ready()
        wallbox.answers["RemoteStartTransaction"] = "Rejected"
        await site.charger.apply(10)
        await wallbox.status("Preparing")
        await until(lambda: len(wallbox.named("RemoteStartTransaction")) == 3)
        await for_a_while()
        await site.charger.apply(12)
        await for_a_while()
        assert len(wallbox.named("RemoteStartTransaction")) == 3
        # The next vehicle is another matter.
        await wallbox.status("Available")
        await wallbox.status("Preparing")
        await until(lambda: len(wallbox.named("RemoteStartTransaction")) > 3)

    async def test_not_after_a_person_stopped_it(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        number = await wallbox.begin()
        await wallbox.status("Charging")
        await site.charger.stop_session(1)
        await wallbox.end(number, reason="Remote")
        await wallbox.status("Preparing")
        await for_a_while()
        assert wallbox.named("RemoteStartTransaction") == []
        await wallbox.status("Available")
        await wallbox.status("Preparing")
        await until(lambda: wallbox.named("RemoteStartTransaction"))

    @pytest.mark.parametrize(
        ("reason", "starts"),
        [("Local", False), (None, False), ("EVDisconnected", True), ("Reboot", True)],
    )
    async def test_the_reason_of_the_stop_decides(
        self, site: Site, reason: str | None, starts: bool
    ) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        number = await wallbox.begin()
        await wallbox.status("Charging")
        await wallbox.end(number, reason=reason)
        await wallbox.status("Preparing")
        await for_a_while(0.15)
        assert bool(wallbox.named("RemoteStartTransaction")) is starts

    async def test_after_a_blink_of_the_link_too(self, site: Site) -> None:
        first = await site.ready()
        await site.charger.apply(10)
        await first.hang_up()
        again = await site.call_in()
        await again.status("Preparing")
        await until(lambda: again.named("RemoteStartTransaction"))
        assert site.charger.connector(1).status is Status.PREPARING

    async def test_not_where_the_user_does_not_want_it(self, site: Site) -> None:
        site.charger.reconfigure(
            ChargerSettings(identity=IDENTITY, name="x", auto_start=False)
        )
        wallbox = await site.ready()
        await site.charger.apply(10)
        await wallbox.status("Preparing")
        await for_a_while()
        assert wallbox.named("RemoteStartTransaction") == []
