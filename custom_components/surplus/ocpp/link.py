"""What a connection, the protocol spoken on it and a charger promise each other.

A charger is one object over all its connections and whatever version of OCPP is spoken
on them; each version brings a ``Link``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .meter_values import MeterSample
from .profiles import Profile
from .status import ErrorCode, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Nameplate:
    """What a charger says it is."""

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None


class Connection(Protocol):
    """A WebSocket."""

    @property
    def heard_at(self) -> float:
        """When the last byte arrived, pings and pongs included (monotonic)."""

    async def recv(self, *, decode: bool | None = None) -> bytes | str:
        """Return the next message."""

    async def send(self, message: str) -> None:
        """Send a message."""

    def drop(self) -> None:
        """Begin to close; returns at once, and the other end is not waited for long."""


class CallHandler(Protocol):
    """The charger, as the calls of its connection see it. None of these may raise."""

    def heard(self) -> None:
        """Take note that the charger said something."""

    def malformed(self, why: str) -> None:
        """Take note of a frame beyond repair."""

    def late_answer(self) -> None:
        """Take note of an answer nobody waits for any more."""

    def boot(self, nameplate: Nameplate) -> datetime:
        """Take a boot; returns our time."""

    def heartbeat(self) -> datetime:
        """Return our time."""

    def status(
        self,
        connector: int,
        status: Status | None,
        *,
        error_code: ErrorCode,
        error_text: str | None,
        stamp: datetime | None,
    ) -> None:
        """Take a connector's state; None is one that is not known."""

    def authorize(self, id_tag: str) -> str:
        """Return the authorisation status of a tag."""

    def start_transaction(
        self,
        connector: int,
        *,
        id_tag: str,
        meter_start_wh: float | None,
        stamp: datetime | None,
    ) -> int:
        """Take the start of a session; returns its id."""

    def stop_transaction(
        self,
        transaction_id: int | None,
        *,
        meter_stop_wh: float | None,
        stamp: datetime | None,
        reason: str | None,
        samples: Sequence[MeterSample],
    ) -> None:
        """Take the end of a session."""

    def meter_values(
        self,
        connector: int,
        *,
        transaction_id: int | None,
        samples: Sequence[MeterSample],
    ) -> None:
        """Take meter samples."""


class Link(Protocol):
    """A live connection on which a charger can be called.

    All calls raise ``LinkLostError``, ``NoAnswerError``, or ``RefusedError`` when the
    answer is no. At most one is under way; further ones wait for it.
    """

    @property
    def lost(self) -> bool:
        """Whether the connection is over."""

    def fail(self) -> None:
        """Give the connection up at once; whoever waits for an answer is told."""

    async def set_profile(self, profile: Profile) -> None:
        """Install a charging profile."""

    async def clear_profiles(self, profile_id: int | None = None) -> None:
        """Remove one of our profiles, or all there are."""

    async def get_configuration(self, *keys: str) -> dict[str, str]:
        """Return settings by plain key; unknown ones are missing."""

    async def change_configuration(self, key: str, value: str) -> str:
        """Change a setting; returns ``Accepted`` or ``RebootRequired``."""

    async def trigger(self, message: str, connector: int | None = None) -> None:
        """Ask the charger to send a message."""

    async def remote_start(self, connector: int, id_tag: str) -> None:
        """Ask the charger to begin a session."""

    async def remote_stop(self, transaction_id: int) -> None:
        """Ask the charger to end a session."""
