"""A loop belongs to its thread."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("schedule", ["call_soon", "call_later"])
async def test_what_another_thread_schedules_is_refused(schedule: str) -> None:
    loop = asyncio.get_running_loop()
    call: Callable[..., Any] = getattr(loop, schedule)
    delay = (1.0,) if schedule == "call_later" else ()
    with pytest.raises(RuntimeError, match="Non-thread-safe"):
        await asyncio.to_thread(call, *delay, print)
