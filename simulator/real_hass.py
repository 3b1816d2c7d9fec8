"""A real Home Assistant process, for the demo and for end-to-end tests.

Prepares a configuration folder so that no wizard asks anything, starts ``hass``, logs in,
stops or kills the process. What is asked of it meanwhile is in ``hass_api``.
"""

import asyncio
from collections.abc import Mapping
import contextlib
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import signal
import sys
from types import TracebackType
from typing import Any, Self

from .hass_api import HassApi, HassError

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


class RealHass(HassApi):
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
        reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
        super().__init__(f"http://{reachable}:{port}", username, password)
        self.folder = folder
        self.host = host
        self.port = port
        self.language = language
        self._extra = extra_configuration
        self._process: asyncio.subprocess.Process | None = None

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
                # What it still installs for itself comes through the machine's own trust.
                env={**os.environ, "UV_SYSTEM_CERTS": "true"},
                start_new_session=True,
            )
        self.connect()
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
        while True:
            if self.pid is None:
                raise HassError(f"it ended while starting:\n{self.log_tail()}")
            if await self.answers():
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
        await self.disconnect()

    async def kill(self) -> None:
        """End it at once (SIGKILL), children included, as a power cut would."""
        if (process := self._process) is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        await self.disconnect()

    async def wait(self) -> int:
        """Wait until the process ends by itself; returns its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def restart(self) -> None:
        """Start again after the process ended."""
        await self.disconnect()
        await self.start()

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines it printed."""
        if not self.log.exists():
            return ""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


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
