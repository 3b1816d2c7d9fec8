"""A real central system on loopback, and real OCPP 1.6 clients that call in on it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import logging
import socket
from typing import Any
from unittest.mock import patch

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from websockets.asyncio.client import ClientConnection, connect

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.ocpp.charge_point import Charger
from custom_components.surplus.ocpp.const import (
    CONF_AUTO_START,
    CONF_IDENTITY,
    CONF_MAX_A,
    CONF_MIN_A,
    CONF_PHASES,
    CONF_PRIORITY,
    CONF_SAFE_A,
    CONF_TAG,
    SUBENTRY_CHARGER,
)
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.server import CentralSystem
from custom_components.surplus.ocpp.timing import Timing
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant

IDENTITY = "CP-1"

# Long enough for a busy machine to answer, short enough not to wait for.
FAST = Timing(
    call_s=2.0,
    settle_s=0.01,
    first_frame_s=0.05,
    close_s=0.2,
    ping_s=30.0,
    lease_s=120.0,
    renew_s=60.0,
    spacing_s=0.05,
    retry_s=0.05,
    retry_max_s=0.2,
    stop_retry_s=0.05,
    start_delay_s=0.01,
    start_retry_s=0.05,
    poll_s=30.0,
    goodbye_s=1.0,
)


async def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait until something is true; failing to become so is the failure."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.002)


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a user would see in the log of ours."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.startswith("custom_components.surplus")
    ]


async def for_a_while(seconds: float = 0.1) -> None:
    """Give what must not happen the time to happen."""
    await asyncio.sleep(seconds)


class Wallbox(ChargePoint):
    """A charger on the ``ocpp`` package, which checks every message by its schema.

    ``calls`` holds what the central system asked, as (action, payload). ``answers``
    maps an action to a status, or to a function of the payload; ``None`` leaves the
    call without an answer for as long as ``silent`` lasts.
    """

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(IDENTITY, connection, response_timeout=5)
        self.socket = connection
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.configuration = {
            "NumberOfConnectors": "1",
            "ChargeProfileMaxStackLevel": "3",
            "MaxChargingProfilesInstalled": "4",
            "MeterValueSampleInterval": "60",
            "MeterValuesSampledData": "Energy.Active.Import.Register",
            "HeartbeatInterval": "3600",
        }
        self.readonly: set[str] = set()
        self.measurands: set[str] | None = None
        self.silent = False
        self.running: asyncio.Task[None] | None = None

    def named(self, action: str) -> list[dict[str, Any]]:
        """What was asked by one action."""
        return [payload for name, payload in self.calls if name == action]

    @property
    def profiles(self) -> list[dict[str, Any]]:
        """The charging profiles that were sent."""
        return [
            payload["cs_charging_profiles"]
            for payload in self.named("SetChargingProfile")
        ]

    @property
    def limits(self) -> list[float]:
        """The first limit of each live profile that was sent."""
        return [limit_of(profile) for profile in self.profiles if not is_safe(profile)]

    async def _take(self, action: str, payload: dict[str, Any], status: str) -> str:
        self.calls.append((action, payload))
        while self.silent:
            await asyncio.sleep(0.01)
        answer = self.answers.get(action, status)
        return answer(payload) if callable(answer) else answer

    @on(Action.set_charging_profile)
    async def on_profile(self, **payload: Any) -> Any:
        return call_result.SetChargingProfile(
            status=await self._take("SetChargingProfile", payload, "Accepted")
        )

    @on(Action.clear_charging_profile)
    async def on_clear(self, **payload: Any) -> Any:
        return call_result.ClearChargingProfile(
            status=await self._take("ClearChargingProfile", payload, "Accepted")
        )

    @on(Action.get_configuration)
    async def on_get(self, **payload: Any) -> Any:
        await self._take("GetConfiguration", payload, "")
        keys = payload.get("key") or list(self.configuration)
        return call_result.GetConfiguration(
            configuration_key=[
                {
                    "key": key,
                    "readonly": key in self.readonly,
                    "value": self.configuration[key],
                }
                for key in keys
                if key in self.configuration
            ],
            unknown_key=[key for key in keys if key not in self.configuration],
        )

    @on(Action.change_configuration)
    async def on_change(self, **payload: Any) -> Any:
        status = await self._take("ChangeConfiguration", payload, "Accepted")
        key, value = payload["key"], payload["value"]
        wanted = set(value.split(","))
        if key in self.readonly or (
            key == "MeterValuesSampledData"
            and self.measurands is not None
            and not wanted <= self.measurands
        ):
            status = "Rejected"
        if status == "Accepted":
            self.configuration[key] = value
        return call_result.ChangeConfiguration(status=status)

    @on(Action.trigger_message)
    async def on_trigger(self, **payload: Any) -> Any:
        return call_result.TriggerMessage(
            status=await self._take("TriggerMessage", payload, "Accepted")
        )

    @on(Action.remote_start_transaction)
    async def on_remote_start(self, **payload: Any) -> Any:
        return call_result.RemoteStartTransaction(
            status=await self._take("RemoteStartTransaction", payload, "Accepted")
        )

    @on(Action.remote_stop_transaction)
    async def on_remote_stop(self, **payload: Any) -> Any:
        return call_result.RemoteStopTransaction(
            status=await self._take("RemoteStopTransaction", payload, "Accepted")
        )

    # --- what it says ----------------------------------------------------------------

    async def boot(self, **more: Any) -> Any:
        return await self.call(
            call.BootNotification(
                **(
                    {
                        "charge_point_vendor": "Vendor",
                        "charge_point_model": "Model",
                        "charge_point_serial_number": "0001",
                        "firmware_version": "1.0",
                    }
                    | more
                )
            )
        )

    async def status(self, status: str, **more: Any) -> None:
        await self.call(
            call.StatusNotification(
                **(
                    {"connector_id": 1, "error_code": "NoError", "status": status}
                    | more
                )
            )
        )

    async def begin(self, **more: Any) -> int:
        answer = await self.call(
            call.StartTransaction(
                **(
                    {
                        "connector_id": 1,
                        "id_tag": "TAG",
                        "meter_start": 1000,
                        "timestamp": "2026-01-01T10:00:00Z",
                    }
                    | more
                )
            )
        )
        transaction_id: int = answer.transaction_id
        return transaction_id

    async def end(self, transaction_id: int, **more: Any) -> Any:
        return await self.call(
            call.StopTransaction(
                **(
                    {
                        "transaction_id": transaction_id,
                        "meter_stop": 2000,
                        "timestamp": "2026-01-01T11:00:00Z",
                    }
                    | more
                )
            )
        )

    async def measure(
        self, stamp: str, transaction_id: int | None = None, **values: Any
    ) -> None:
        """Send a sample; values are measurand -> value, dots as underscores."""
        await self.call(
            call.MeterValues(
                connector_id=1,
                transaction_id=transaction_id,
                meter_value=[
                    {
                        "timestamp": stamp,
                        "sampled_value": [
                            {"measurand": name.replace("_", "."), "value": str(value)}
                            for name, value in values.items()
                        ],
                    }
                ],
            )
        )

    async def hang_up(self) -> None:
        """Close the connection in an orderly way."""
        await self.socket.close()
        await self.gone()

    async def gone(self) -> None:
        """Wait until the connection is over."""
        assert self.running is not None
        _, busy = await asyncio.wait([self.running], timeout=2)
        if busy:
            # Held by a test that failed before it let go.
            self.running.cancel()
            await asyncio.wait([self.running])
        if not self.running.cancelled():
            self.running.exception()


def periods_of(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """The periods of a profile."""
    periods: list[dict[str, Any]] = profile["charging_schedule"][
        "charging_schedule_period"
    ]
    return periods


def phases_of(profile: dict[str, Any]) -> list[int | None]:
    """The number of phases of each period of a profile."""
    return [period.get("number_phases") for period in periods_of(profile)]


def limit_of(profile: dict[str, Any]) -> float:
    """The limit of a profile's first period."""
    limit: float = profile["charging_schedule"]["charging_schedule_period"][0]["limit"]
    return limit


def is_safe(profile: dict[str, Any]) -> bool:
    """Whether a profile is the one that stays on the charger."""
    schedule = profile["charging_schedule"]
    return (
        profile["stack_level"] == 0
        and "duration" not in schedule
        and len(schedule["charging_schedule_period"]) == 1
    )


type CallIn = Callable[..., Any]


class Callers:
    """Chargers that call in on a port."""

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self._open: list[Wallbox] = []

    @property
    def port(self) -> int | None:
        return self._port

    def url(self, path: str = f"/{IDENTITY}") -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    async def call_in(
        self, path: str = f"/{IDENTITY}", *, prepare: Any = None, **options: Any
    ) -> Wallbox:
        """Connect a charger."""
        options = {"subprotocols": ["ocpp1.6"], "ping_interval": None} | options
        wallbox = Wallbox(await connect(self.url(path), close_timeout=0.5, **options))
        if prepare is not None:
            prepare(wallbox)
        wallbox.running = asyncio.create_task(wallbox.start())
        self._open.append(wallbox)
        return wallbox

    async def hang_up(self) -> None:
        """Close all connections."""
        for wallbox in self._open:
            wallbox.silent = False
            await wallbox.socket.close()
            await wallbox.gone()


class Site(Callers):
    """The central system under test and who calls in."""

    def __init__(self, central: CentralSystem) -> None:
        super().__init__()
        self.central = central
        self.unknown: list[str] = []
        central.on_unknown = self.unknown.append

    @property
    def port(self) -> int | None:
        return self.central.port

    @property
    def charger(self) -> Charger:
        return self.central.chargers[IDENTITY]

    async def ready(self, *, prepare: Any = None) -> Wallbox:
        """Connect a charger that boots, and wait until it may be commanded."""
        wallbox = await self.call_in(prepare=prepare)
        await wallbox.boot()
        await wallbox.status("Available", timestamp="2026-01-01T00:00:00Z")
        await until(lambda: self.charger.ready_link is not None)
        await until(lambda: self.charger.service.configured)
        return wallbox

    async def close(self) -> None:
        await self.central.stop()
        await self.hang_up()


@pytest.fixture
def timing() -> Timing:
    """The intervals of the central system; a test module may choose others."""
    return FAST


@pytest.fixture
def settings() -> ChargerSettings:
    """What the user chose for the charger."""
    return ChargerSettings(identity=IDENTITY, name="Wallbox", auto_start=False)


@pytest.fixture
async def site(
    socket_enabled: None, timing: Timing, settings: ChargerSettings
) -> AsyncGenerator[Site]:
    """A central system that knows one charger."""
    central = CentralSystem(timing=timing)
    central.add(settings)
    await central.start("127.0.0.1", 0)
    site = Site(central)
    yield site
    await site.close()


def stamp(seconds: float = 0) -> str:
    """A charger's time, some seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def outlive(site: Site) -> None:
    """The link was gone for longer than the lease of what the charger holds."""
    lease = site.charger.commander().lease
    assert lease._held is not None
    lease._held = replace(lease._held, sent_at=lease._held.sent_at - 1000)


def timed(**changes: float) -> Timing:
    """The fast intervals with some changed."""
    return replace(FAST, **changes)


# --- inside Home Assistant ---------------------------------------------------------


@pytest.fixture
def port(socket_enabled: None) -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    return free


@pytest.fixture
def fast(timing: Timing) -> Generator[None]:
    """Home Assistant's central system with the tests' intervals."""
    with patch("custom_components.surplus.ocpp.host.TIMING", timing):
        yield


@pytest.fixture
async def callers(port: int) -> AsyncGenerator[Callers]:
    """Chargers that call in on Home Assistant's central system."""
    callers = Callers(port)
    yield callers
    await callers.hang_up()


def charger_data(identity: str = IDENTITY, **more: Any) -> ConfigSubentryData:
    """A charger as its subentry holds it."""
    return ConfigSubentryData(
        data={
            CONF_IDENTITY: identity,
            CONF_PHASES: [1],
            CONF_MIN_A: 6.0,
            CONF_MAX_A: 16.0,
            CONF_SAFE_A: 6.0,
            CONF_PRIORITY: 1,
            CONF_AUTO_START: False,
            CONF_TAG: "SURPLUS",
        }
        | more,
        subentry_type=SUBENTRY_CHARGER,
        title="Garage" if identity == IDENTITY else f"Garage {identity}",
        unique_id=f"ocpp:{identity}",
    )


@pytest.fixture
def identities() -> tuple[str, ...]:
    """The chargers of the entry."""
    return (IDENTITY,)


@pytest.fixture
async def entry(
    hass: HomeAssistant, fast: None, port: int, identities: tuple[str, ...]
) -> MockConfigEntry:
    """An entry of a central system, set up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="OCPP",
        data={CONF_KIND: Kind.OCPP, CONF_PORT: port, CONF_HOST: "127.0.0.1"},
        subentries_data=[charger_data(identity) for identity in identities],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry
