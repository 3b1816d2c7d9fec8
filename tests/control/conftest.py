"""The control code knows no Home Assistant: its tests need none of its fixtures.

The plugin opens and closes an event loop for each test, which takes longer than most of
these.
"""

import pytest


@pytest.fixture(autouse=True)
def configure_event_loop() -> None:
    """There is no loop to configure."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """There is no loop to debug."""


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """There is no loop that anything could linger in."""


@pytest.fixture(autouse=True)
def disable_http_server() -> None:
    """There is no server."""
