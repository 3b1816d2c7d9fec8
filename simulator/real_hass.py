"""A real Home Assistant process, driven as a browser drives it.

Prepares a configuration folder, starts ``hass``, logs in, walks config flows over the
REST API, reads states and calls services over REST and WebSocket, stops or kills the
process. For the demo and for end-to-end tests.
"""

import asyncio
from collections.abc import Callable, Mapping
import contextlib
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import signal
import sys
import time
from types import TracebackType
from typing import Any, Self

import aiohttp

REPOSITORY = Path(__file__).resolve().parent.parent

# What a user sees and the energy dashboard needs; no voice, no cloud, no discovery.
CONFIGURATION = """\
frontend:
history:
logbook:
energy:
config:
sun:
"""

CORE = {
    "latitude": 48.8566,
    "longitude": 2.3522,
    "elevation": 35,
    "unit_system_v2": "metric",
    "time_zone": "Europe/Paris",
    "external_url": None,
    "internal_url": None,
    "currency": "EUR",
    "country": "FR",
    "radius": 100,
}

# How the process ends when somebody asked it to restart.
RESTART_EXIT_CODE = 100

START_TIMEOUT_S = 180.0
# Home Assistant gives its parts 20 s each for several stages of stopping.
STOP_TIMEOUT_S = 90.0
FLOW_TIMEOUT_S = 60.0

type Json = dict[str, Any]


class HassError(Exception):
    """Home Assistant did not do what was asked; the text says what it said."""


class RealHass:
    """One Home Assistant: its folder, its process, its API."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 8123,
        username: str = "demo",
        password: str = "demo",
        language: str = "en",
        extra_configuration: str = "",
    ) -> None:
        """Nothing is touched yet."""
        self.folder = folder
        self.host = host
        self.port = port
        self.username = username
        self.password = password
        self.language = language
        self._extra = extra_configuration
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._refresh_token = ""
        self._token_until = 0.0

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        reachable = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host
        return f"http://{reachable}:{self.port}"

    @property
    def log(self) -> Path:
        """What the process printed."""
        return self.folder / "hass.out"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    # The folder

    async def prepare(self) -> None:
        """Make or refresh the configuration folder: no wizard will ask anything."""
        new = not (self.folder / ".storage" / "auth_provider.homeassistant").exists()
        await asyncio.to_thread(self._write_files)
        if new:
            await self._add_user()

    def _write_files(self) -> None:
        storage = self.folder / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION + self._extra
        (self.folder / "configuration.yaml").write_text(text, encoding="utf-8")
        link = self.folder / "custom_components"
        if not link.exists():
            link.symlink_to(REPOSITORY / "custom_components")
        created = datetime.now(UTC).isoformat()
        # A partial "stable" slot fails, an address in YAML asks for a confirmation.
        http = {
            "stable": {
                "server_host": [self.host],
                "server_port": self.port,
                "cors_allowed_origins": ["https://cast.home-assistant.io"],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": True,
                "ssl_profile": "modern",
                "use_x_frame_options": True,
                "created_at": created,
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        }
        _store(storage / "http", 2, 2, http)
        done = ["user", "core_config", "analytics", "integration"]
        _store(storage / "onboarding", 4, 1, {"done": done})
        if not (storage / "core.config").exists():
            name = "Maison" if self.language == "fr" else "Home"
            core = {**CORE, "location_name": name, "language": self.language}
            _store(storage / "core.config", 1, 4, core)

    async def _add_user(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *_hass("--script", "auth", "-c", str(self.folder)),
            "add",
            self.username,
            self.password,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise HassError(f"adding the user failed:\n{output.decode()}")

    # The process

    async def __aenter__(self) -> Self:
        """Prepare and start."""
        await self.prepare()
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, the hard way if need be."""
        await self.stop()

    async def start(self) -> None:
        """Start the process and wait until it runs and we are logged in."""
        with self.log.open("ab") as output:
            # A session of its own: a terminal's Ctrl-C reaches us, and we stop it.
            self._process = await asyncio.create_subprocess_exec(
                *_hass("-c", str(self.folder)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
            )
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=FLOW_TIMEOUT_S)
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._wait_for_http()
                await self.login()
                while (await self.get("/api/core/state"))["state"] != "RUNNING":
                    await asyncio.sleep(0.2)
        except BaseException as error:
            await self.kill()
            if isinstance(error, TimeoutError):
                raise HassError(f"it did not start:\n{self.log_tail()}") from error
            raise

    async def _wait_for_http(self) -> None:
        assert self._session is not None
        while True:
            if self.pid is None:
                raise HassError(f"it ended while starting:\n{self.log_tail()}")
            with contextlib.suppress(aiohttp.ClientError):
                async with self._session.get(f"{self.url}/manifest.json") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.2)

    async def stop(self) -> None:
        """Ask it to stop (SIGTERM), and wait; kill it when it does not."""
        if (process := self._process) is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                await self.kill()
        await self._close()

    async def kill(self) -> None:
        """End it at once (SIGKILL), children included, as a power cut would."""
        if (process := self._process) is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        await self._close()

    async def wait(self) -> int:
        """Wait until the process ends by itself; returns its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def restart(self) -> None:
        """Start again after the process ended."""
        await self._close()
        await self.start()

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines it printed."""
        if not self.log.exists():
            return ""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

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
        assert self._session is not None
        async with self._session.post(f"{self.url}{path}", **body) as answer:
            found: Json = await _json(answer)
            return found

    # REST

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request as the user; raises HassError unless it succeeds."""
        assert self._session is not None
        headers = {"Authorization": f"Bearer {await self.token()}"}
        async with self._session.request(
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
        assert self._session is not None
        token = await self.token()
        url = f"{self.url}/api/websocket"
        async with self._session.ws_connect(url, max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": token})
            if (answer := await socket.receive_json())["type"] != "auth_ok":
                raise HassError(f"not let in: {answer}")
            await socket.send_json({"id": 1, "type": kind, **fields})
            while True:
                answer = await socket.receive_json()
                if answer["type"] == "result":
                    break
        if not answer["success"]:
            raise HassError(f"{kind}: {answer['error']['message']}")
        return answer["result"]

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


def _hass(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "homeassistant", *arguments)


def _store(path: Path, version: int, minor: int, data: Mapping[str, Any]) -> None:
    document = {
        "version": version,
        "minor_version": minor,
        "key": path.name,
        "data": data,
    }
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")


async def _json(answer: aiohttp.ClientResponse) -> Any:
    text = await answer.text()
    if not answer.ok:
        raise HassError(f"{answer.method} {answer.url.path}: {answer.status} {text}")
    return json.loads(text) if text else None
