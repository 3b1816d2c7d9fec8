"""Home Assistant's API, used as a browser uses it: log in, flows, states, services."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
import contextlib
import json
import time
from typing import Any

import aiohttp

FLOW_TIMEOUT_S = 60.0
_HEARTBEAT_S = 20.0

type Json = dict[str, Any]


class HassError(Exception):
    """Home Assistant did not do what was asked; the text says what it said."""


class HassApi:
    """One user of one Home Assistant. ``connect`` first, ``disconnect`` at the end."""

    def __init__(self, url: str, username: str, password: str) -> None:
        """Nothing is asked yet."""
        self.url = url
        self.username = username
        self.password = password
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._refresh_token = ""
        self._token_until = 0.0

    def connect(self) -> None:
        """Make ready to ask."""
        timeout = aiohttp.ClientTimeout(total=FLOW_TIMEOUT_S)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def disconnect(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def answers(self) -> bool:
        """Whether its HTTP server answers at all."""
        try:
            async with self._connected.get(f"{self.url}/manifest.json") as answer:
                return answer.ok
        except aiohttp.ClientError:
            return False

    @property
    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise HassError("not connected")
        return self._session

    # Logging in

    async def login(self) -> None:
        """Log in as a browser does: a login flow, then a token for its code."""
        client = f"{self.url}/"
        flow = await self._plain(
            "/auth/login_flow",
            json={
                "client_id": client,
                "handler": ["homeassistant", None],
                "redirect_uri": client,
            },
        )
        result = await self._plain(
            f"/auth/login_flow/{flow['flow_id']}",
            json={
                "client_id": client,
                "username": self.username,
                "password": self.password,
            },
        )
        if result["type"] != "create_entry":
            raise HassError(f"login refused: {result.get('errors')}")
        code = {"grant_type": "authorization_code", "code": result["result"]}
        await self._take_token({**code, "client_id": client})

    async def _take_token(self, form: Mapping[str, str]) -> None:
        answer = await self._plain("/auth/token", data=form)
        self._token = answer["access_token"]
        self._refresh_token = answer.get("refresh_token", self._refresh_token)
        self._token_until = time.monotonic() + answer["expires_in"] / 2

    async def token(self) -> str:
        """Return an access token that is good for a while."""
        if time.monotonic() > self._token_until:
            await self._take_token(
                {
                    "grant_type": "refresh_token",
                    "refresh_token": self._refresh_token,
                    "client_id": f"{self.url}/",
                }
            )
        return self._token

    async def _plain(self, path: str, **body: Any) -> Json:
        async with self._connected.post(f"{self.url}{path}", **body) as answer:
            found: Json = await _json(answer)
            return found

    # REST

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request as the user; raises HassError unless it succeeds."""
        headers = {"Authorization": f"Bearer {await self.token()}"}
        async with self._connected.request(
            method, f"{self.url}{path}", json=body, headers=headers
        ) as answer:
            return await _json(answer)

    async def get(self, path: str) -> Any:
        """GET as the user."""
        return await self.request("GET", path)

    async def post(self, path: str, body: Any = None) -> Any:
        """POST as the user."""
        return await self.request("POST", path, body if body is not None else {})

    async def states(self) -> dict[str, Json]:
        """Return all states by entity id."""
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def state(self, entity_id: str) -> str | None:
        """Return one entity's state; None when there is no such entity."""
        found = (await self.states()).get(entity_id)
        return None if found is None else str(found["state"])

    async def set_state(
        self, entity_id: str, state: str, attributes: Mapping[str, Any]
    ) -> None:
        """Make a state out of nothing, as scripts outside Home Assistant do."""
        body = {"state": state, "attributes": dict(attributes)}
        await self.post(f"/api/states/{entity_id}", body)

    async def call(
        self, domain: str, service: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """Call a service and wait for it."""
        await self.post(f"/api/services/{domain}/{service}", dict(data or {}))

    async def wait_until(
        self,
        condition: Callable[[dict[str, Json]], bool],
        what: str,
        *,
        timeout_s: float = 60.0,
    ) -> dict[str, Json]:
        """Wait until the states fulfil a condition; returns them."""
        end = time.monotonic() + timeout_s
        while True:
            states = await self.states()
            if condition(states):
                return states
            if time.monotonic() > end:
                raise HassError(f"waited {timeout_s:g} s for {what}")
            await asyncio.sleep(0.5)

    # WebSocket

    async def ask(self, kind: str, **fields: Any) -> Any:
        """Send one WebSocket command; returns its result."""
        async with self._asking(kind, fields) as socket:
            while True:
                answer = await socket.receive_json()
                if answer["type"] == "result":
                    break
        if not answer["success"]:
            raise HassError(f"{kind}: {answer['error']['message']}")
        return answer["result"]

    async def follow(self, entity_ids: Sequence[str]) -> AsyncIterator[tuple[str, str]]:
        """Yield entity ids with their states: all at once, then what changes.

        Ends when Home Assistant hangs up.
        """
        fields = {"entity_ids": list(entity_ids)}
        async with self._asking("subscribe_entities", fields) as socket:
            async for message in socket:
                answer = message.json()
                if answer["type"] == "result" and not answer["success"]:
                    raise HassError(f"not followed: {answer['error']['message']}")
                event = answer.get("event", {})
                changed = {
                    entity_id: change.get("+", {})
                    for entity_id, change in event.get("c", {}).items()
                }
                for entity_id, state in (event.get("a", {}) | changed).items():
                    if "s" in state:
                        yield entity_id, str(state["s"])

    @contextlib.asynccontextmanager
    async def _asking(
        self, kind: str, fields: Mapping[str, Any]
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        token = await self.token()
        url = f"{self.url}/api/websocket"
        async with self._connected.ws_connect(
            url, max_msg_size=0, heartbeat=_HEARTBEAT_S
        ) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": token})
            if (answer := await socket.receive_json())["type"] != "auth_ok":
                raise HassError(f"not let in: {answer}")
            await socket.send_json({"id": 1, "type": kind, **fields})
            yield socket

    async def entity_ids(self, platform: str = "surplus") -> dict[str, str]:
        """Return the entity ids of a platform by unique id."""
        entities = await self.ask("config/entity_registry/list")
        return {
            entity["unique_id"]: entity["entity_id"]
            for entity in entities
            if entity["platform"] == platform
        }

    # Config flows

    async def entries(self, domain: str = "surplus") -> list[Json]:
        """Return a domain's config entries."""
        entries: list[Json] = await self.get(
            f"/api/config/config_entries/entry?domain={domain}"
        )
        return entries

    async def add(self, domain: str, answers: Mapping[str, Any]) -> Json:
        """Walk a new config flow; see ``walk``."""
        flow = await self.post(
            "/api/config/config_entries/flow",
            {"handler": domain, "show_advanced_options": False},
        )
        return await self.walk(flow, answers)

    async def discovered(
        self, domain: str = "surplus", *, timeout_s: float = 60.0
    ) -> Json:
        """Wait for a discovery of the domain and return its flow."""
        end = time.monotonic() + timeout_s
        while True:
            for flow in await self.ask("config_entries/flow/progress"):
                if flow["handler"] == domain:
                    path = f"/api/config/config_entries/flow/{flow['flow_id']}"
                    found: Json = await self.get(path)
                    return found
            if time.monotonic() > end:
                raise HassError(f"waited {timeout_s:g} s for a discovery")
            await asyncio.sleep(0.5)

    async def add_subentry(
        self, entry_id: str, kind: str, answers: Mapping[str, Any]
    ) -> Json:
        """Walk a new subentry flow; see ``walk``."""
        base = "/api/config/config_entries/subentries/flow"
        flow = await self.post(base, {"handler": [entry_id, kind]})
        return await self.walk(flow, answers, base=base)

    async def walk(
        self,
        flow: Json,
        answers: Mapping[str, Any],
        *,
        base: str = "/api/config/config_entries/flow",
    ) -> Json:
        """Answer a flow's steps until it ends; returns the last answer.

        ``answers`` holds, by step id, the name of a menu's choice or a form's input (a
        mapping, or a function of the step). Raises HassError when a step is not in there,
        or shows an error.
        """
        end = time.monotonic() + FLOW_TIMEOUT_S
        answered: set[str] = set()
        while True:
            path = f"{base}/{flow['flow_id']}"
            match flow["type"]:
                case "create_entry" | "abort":
                    return flow
                case "progress":
                    if time.monotonic() > end:
                        raise HassError(f"step {flow['step_id']} never ended")
                    await asyncio.sleep(0.3)
                    flow = await self.get(path)
                case "progress_done":
                    flow = await self.get(path)
                case "menu" | "form":
                    flow = await self.post(path, _answer(flow, answers, answered))
                case other:
                    raise HassError(f"a step of type {other}: {flow}")


def _answer(flow: Json, answers: Mapping[str, Any], answered: set[str]) -> Json:
    step = flow["step_id"]
    if step not in answers:
        raise HassError(f"no answer for step {step}: {json.dumps(flow)[:2000]}")
    if flow.get("errors") or step in answered:
        raise HassError(f"step {step} was not taken: {flow.get('errors')}")
    answered.add(step)
    answer = answers[step]
    if flow["type"] == "menu":
        return {"next_step_id": answer}
    given: Json = answer(flow) if callable(answer) else dict(answer)
    return given


async def _json(answer: aiohttp.ClientResponse) -> Any:
    text = await answer.text()
    if not answer.ok:
        raise HassError(f"{answer.method} {answer.url.path}: {answer.status} {text}")
    return json.loads(text) if text else None
