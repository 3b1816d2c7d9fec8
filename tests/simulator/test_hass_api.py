"""The driver's API calls against a small server that answers as Home Assistant does."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web
import pytest

from simulator.demo_dashboard import URL_PATH
from simulator.demo_loads import PUMP_ENTITY, WATER_ENTITY
from simulator.demo_setup import (
    SOLAR_ENTITY,
    Setup,
    begin,
    make_dashboard,
    push_solar,
    roles,
)
from simulator.hass_api import HassApi, HassError

UNIQUE_IDS = {
    "home_grid_power": "sensor.grid",
    "home_observer": "switch.observer",
    "ocpp:BOX_mode": "select.mode",
    "ocpp:BOX_current": "sensor.current",
    "linky:0219_period": "sensor.period",
    "linky:0219_lost_share": "sensor.lost",
    "home:h_mode": "select.heater",
    "home:p_reason": "sensor.pump_reason",
}


class FakeHass:
    """Knows one user, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.grants: list[str] = []
        self.flows: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.subentries: list[dict[str, str]] = []
        self.home_id = ""
        self.refuses = False
        self.token = "token-1"
        self.app = web.Application()
        self.app.add_routes(
            [
                web.post("/auth/login_flow", self.login),
                web.post("/auth/login_flow/f", self.password),
                web.post("/auth/token", self.grant),
                web.get("/manifest.json", self.manifest),
                web.get("/api/websocket", self.websocket),
                web.get("/api/config/config_entries/entry", self.entries),
                web.get("/api/config/config_entries/flow/g", self.flow),
                web.post("/api/{rest:.*}", self.post),
            ]
        )

    async def manifest(self, request: web.Request) -> web.Response:
        return web.json_response({})

    async def login(self, request: web.Request) -> web.Response:
        assert (await request.json())["handler"] == ["homeassistant", None]
        return web.json_response({"flow_id": "f", "type": "form"})

    async def password(self, request: web.Request) -> web.Response:
        if (await request.json())["password"] != "right":
            return web.json_response({"type": "form", "errors": {"base": "no"}})
        return web.json_response({"type": "create_entry", "result": "code"})

    async def grant(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.grants.append(str(form["grant_type"]))
        self.token = f"token-{len(self.grants)}"
        answer = {"access_token": self.token, "expires_in": 1800}
        if form["grant_type"] == "authorization_code":
            answer["refresh_token"] = "again"
        else:
            assert form["refresh_token"] == "again"
        return web.json_response(answer)

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized

    async def entries(self, request: web.Request) -> web.Response:
        self._check(request)
        entries: list[dict[str, Any]] = [{"domain": request.query["domain"]}]
        if self.home_id:
            types = {"heater": {"supports_reconfigure": True}}
            entries.append(
                {"entry_id": self.home_id, "supported_subentry_types": types}
            )
        return web.json_response(entries)

    async def flow(self, request: web.Request) -> web.Response:
        return web.json_response({"flow_id": "g", "step_id": "charger_found"})

    async def post(self, request: web.Request) -> web.Response:
        self._check(request)
        self.asked.append({"path": request.path, **await request.json()})
        return web.Response(text="")

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        if (await socket.receive_json())["access_token"] != self.token:
            await socket.send_json({"type": "auth_invalid"})
            return socket
        await socket.send_json({"type": "auth_ok"})
        message = await socket.receive_json()
        self.asked.append(message)
        await socket.send_json({"type": "event", "event": {}})
        answer: dict[str, Any] = {"type": "result", "success": True, "result": None}
        match message["type"]:
            case "config/entity_registry/list":
                answer["result"] = [
                    {"unique_id": unique, "entity_id": entity, "platform": "surplus"}
                    for unique, entity in UNIQUE_IDS.items()
                ] + [{"unique_id": "x", "entity_id": "sun.sun", "platform": "sun"}]
            case "config_entries/flow/progress":
                answer["result"] = self.flows
            case "config_entries/subentries/list":
                assert message["entry_id"] == self.home_id
                answer["result"] = self.subentries
            case "subscribe_entities" if self.refuses:
                answer |= {"success": False, "error": {"message": "Not yours."}}
            case "nonsense":
                answer |= {"success": False, "error": {"message": "Unknown command."}}
        await socket.send_json(answer)
        for event in self.events:
            await socket.send_json({"type": "event", "event": event})
        return socket


@pytest.fixture
async def fake(socket_enabled: None) -> AsyncIterator[tuple[FakeHass, HassApi]]:
    """Return the server and a driver that has logged in."""
    server = FakeHass()
    runner = web.AppRunner(server.app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    hass = HassApi(f"http://127.0.0.1:{port}", "demo", "right")
    hass.connect()
    await hass.login()
    yield server, hass
    await hass.disconnect()
    await runner.cleanup()


async def test_it_logs_in_as_a_browser_does(fake: tuple[FakeHass, HassApi]) -> None:
    server, hass = fake
    assert server.grants == ["authorization_code"]
    assert await hass.entries() == [{"domain": "surplus"}]


async def test_it_notices_whether_anybody_answers(
    fake: tuple[FakeHass, HassApi],
) -> None:
    _, hass = fake
    assert await hass.answers()
    hass.url = "http://127.0.0.1:1"
    assert not await hass.answers()


async def test_a_wrong_password_is_an_error(fake: tuple[FakeHass, HassApi]) -> None:
    _, hass = fake
    hass.password = "wrong"
    with pytest.raises(HassError, match="login refused"):
        await hass.login()


async def test_a_token_is_renewed_before_it_ends(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    hass._token_until = 0.0
    await hass.entries()
    await hass.entries()
    assert server.grants == ["authorization_code", "refresh_token"]


async def test_a_refused_request_says_why(fake: tuple[FakeHass, HassApi]) -> None:
    server, hass = fake
    server.token = "another"
    with pytest.raises(HassError, match="401"):
        await hass.entries()
    with pytest.raises(HassError, match="not let in"):
        await hass.ask("anything")


async def test_commands_are_asked_over_the_websocket(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    assert await hass.ask("lovelace/info", more=1) is None
    assert server.asked == [{"id": 1, "type": "lovelace/info", "more": 1}]
    with pytest.raises(HassError, match="Unknown command"):
        await hass.ask("nonsense")


async def test_what_is_asked_while_not_connected_is_an_error_to_expect(
    fake: tuple[FakeHass, HassApi],
) -> None:
    _, hass = fake
    await hass.disconnect()
    with pytest.raises(HassError, match="not connected"):
        await hass.entries()
    with pytest.raises(HassError, match="not connected"):
        await hass.ask("anything")


async def test_states_are_followed_from_what_they_are_now(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    server.events = [
        {"a": {"switch.a": {"s": "on"}, "number.b": {"s": "5"}}},
        {"c": {"switch.a": {"+": {"s": "off"}}, "number.b": {"+": {"lu": 1.0}}}},
    ]
    seen = [pair async for pair in hass.follow(["switch.a", "number.b"])]
    assert seen == [("switch.a", "on"), ("number.b", "5"), ("switch.a", "off")]
    assert server.asked[-1]["entity_ids"] == ["switch.a", "number.b"]


async def test_what_may_not_be_followed_is_said(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    server.refuses = True
    with pytest.raises(HassError, match="Not yours"):
        _ = [pair async for pair in hass.follow(["switch.a"])]


async def test_a_discovery_is_waited_for(fake: tuple[FakeHass, HassApi]) -> None:
    server, hass = fake
    server.flows = [{"handler": "sun", "flow_id": "s"}]
    with pytest.raises(HassError, match="for a discovery"):
        await hass.discovered(timeout_s=0)
    server.flows += [{"handler": "surplus", "flow_id": "g"}]
    assert (await hass.discovered())["step_id"] == "charger_found"


async def test_entities_are_found_by_the_role_they_play(
    fake: tuple[FakeHass, HassApi],
) -> None:
    _, hass = fake
    assert await roles(hass, "BOX") == {
        "grid": "sensor.grid",
        "observer": "switch.observer",
        "mode": "select.mode",
        "current": "sensor.current",
        "period": "sensor.period",
    }


async def test_the_loads_of_the_home_are_found_by_their_kind(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    server.home_id = "home"
    server.subentries = [
        {"subentry_id": "h", "subentry_type": "heater"},
        {"subentry_id": "p", "subentry_type": "switched"},
    ]
    found = await roles(hass, "BOX")
    assert found["heater_mode"] == "select.heater"
    assert found["pump_reason"] == "sensor.pump_reason"
    assert found["water"] == WATER_ENTITY
    assert found["pump_switch"] == PUMP_ENTITY
    await begin(hass, Setup(tic=Path("x"), ocpp_port=1, identity="BOX", language="en"))
    assert server.asked[-1]["entity_id"] == ["select.mode", "select.heater"]


async def test_the_demo_makes_its_dashboard_and_opens_with_it(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    setup = Setup(tic=Path("x"), ocpp_port=1, identity="BOX", language="fr")
    await make_dashboard(hass, setup)
    asked = {message["type"]: message for message in server.asked}
    assert asked["lovelace/dashboards/create"]["title"] == "Maison virtuelle"
    assert asked["lovelace/config/save"]["url_path"] == URL_PATH
    assert asked["frontend/set_system_data"]["value"] == {"default_panel": URL_PATH}
    assert asked["frontend/set_user_data"]["value"] == {"language": "fr"}


async def test_the_demo_hands_the_charger_over(
    fake: tuple[FakeHass, HassApi],
) -> None:
    server, hass = fake
    setup = Setup(tic=Path("x"), ocpp_port=1, identity="BOX", language="en")
    await begin(hass, setup)
    assert server.asked[-2:] == [
        {"path": "/api/services/switch/turn_off", "entity_id": "switch.observer"},
        {
            "path": "/api/services/select/select_option",
            "entity_id": ["select.mode"],
            "option": "solar",
        },
    ]


async def test_the_sun_is_told_as_any_sensor(fake: tuple[FakeHass, HassApi]) -> None:
    server, hass = fake
    await push_solar(hass, 1234.56, "fr")
    await push_solar(hass, -3.0, "en")
    first, second = server.asked
    assert first["path"] == f"/api/states/{SOLAR_ENTITY}"
    assert first["state"] == "1235"
    assert first["attributes"]["unit_of_measurement"] == "W"
    assert second["state"] == "0"
