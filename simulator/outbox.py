"""The transaction messages of the simulated charger, which must not get lost.

They are delivered in order, each until it is answered, and wait while there is no link
(OCPP 1.6, 3.7 and the keys TransactionMessageAttempts and -RetryInterval).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import logging
from typing import Any

from ocpp.exceptions import OCPPError

from .clock import Clock
from .configuration import Configuration

_LOGGER = logging.getLogger(__name__)

# Embedded clients keep few samples while nobody listens; MicroOcpp keeps ten.
SAMPLES_KEPT = 10


@dataclass(slots=True)
class Message:
    """A request built at the moment it is sent, and what its answer is good for."""

    build: Callable[[], Any]
    done: Callable[[Any], None] = lambda _: None
    is_sample: bool = False


class Outbox:
    """First in, first out; of the samples only the newest are kept."""

    def __init__(self, config: Configuration, clock: Clock) -> None:
        """Begin empty."""
        self._config = config
        self._clock = clock
        self._messages: deque[Message] = deque()
        self._filled = asyncio.Event()

    def put(self, message: Message) -> None:
        """Add a message."""
        if message.is_sample:
            samples = [waiting for waiting in self._messages if waiting.is_sample]
            if len(samples) >= SAMPLES_KEPT:
                self._messages.remove(samples[0])
        self._messages.append(message)
        self._filled.set()

    async def deliver(self, send: Callable[[Any], Awaitable[Any]]) -> None:
        """Send what there is and what comes, until the link goes.

        ``send`` raises TimeoutError or OCPPError for a message that was not taken.
        """
        attempts = 0
        while True:
            if not self._messages:
                self._filled.clear()
                await self._filled.wait()
                continue
            message = self._messages[0]
            answer: Any = None
            try:
                answer = await send(message.build())
            except (TimeoutError, OCPPError) as error:
                _LOGGER.debug("A transaction message was not taken: %s", error)
                attempts += 1
                if attempts < self._config.number("TransactionMessageAttempts"):
                    wait = self._config.number("TransactionMessageRetryInterval")
                    await self._clock.sleep(wait * attempts)
                    continue
            attempts = 0
            # A full box may have dropped it while it was on its way.
            if self._messages and self._messages[0] is message:
                self._messages.popleft()
            if answer is not None:
                message.done(answer)
