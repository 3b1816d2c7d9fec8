"""What every test that runs inside Home Assistant needs."""

import asyncio
from collections.abc import Callable, Generator
from functools import partial
import os
from typing import Any

from hypothesis import settings
import pytest

# A change is judged by what it does, not by the luck of a draw: the scheduled run on the
# newest Home Assistant and every run at home search for new counter-examples.
settings.register_profile("judge", derandomize=True, print_blob=True)
if os.environ.get("CI") and not os.environ.get("SURPLUS_SEARCH"):
    settings.load_profile("judge")

# Home Assistant logs these instead of failing: a test must not.
_SWALLOWED = (
    "Error setting up entry",
    "Error while setting up",
    "Error adding entity",
    "Error unloading entry",
    "Error doing job",
    "Exception in callback",
    "Task exception was never retrieved",
    "Unable to remove unknown job listener",
    "does not support entry unload",
    "Detected that custom integration",
    "Detected blocking call",
)


# What a day counts begins anew at midnight: a frozen test starts far from it, and at the
# same moment whenever it is run. It is noon in the plugin's time zone.
_NOON = pytest.mark.freeze_time("2026-01-20 20:00:00+00:00")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start every frozen test at noon, unless it says when."""
    for item in items:
        if "freezer" not in getattr(item, "fixturenames", ()):
            continue
        if not item.get_closest_marker("freeze_time"):
            item.add_marker(_NOON)


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Refuse what another thread schedules, as the loop's debug mode does.

    That mode also notes the whole stack of every future, which takes a third of the time
    of these tests: ``--asyncio-debug``, which the run on the newest Home Assistant has.
    """
    loop = asyncio.get_running_loop()
    loop.call_soon = partial(_in_its_thread, loop, loop.call_soon)
    loop.call_at = partial(_in_its_thread, loop, loop.call_at)


def _in_its_thread(
    loop: asyncio.BaseEventLoop, schedule: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    loop._check_thread()
    return schedule(*args, **kwargs)


@pytest.fixture(autouse=True)
def _custom_integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant see ``custom_components`` in tests that start one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def no_swallowed_errors(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Generator[None]:
    """Fail a test whose log holds an error that Home Assistant swallowed.

    The mark ``expects_logged_errors`` lets a test that provokes one through.
    """
    yield
    if request.node.get_closest_marker("expects_logged_errors"):
        return
    found = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if any(text in record.getMessage() for text in _SWALLOWED)
    ]
    assert not found, found
