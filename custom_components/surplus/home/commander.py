"""Tell one load what was decided: the newest only, one command at a time."""

import asyncio
from dataclasses import dataclass
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..clock import monotonic
from ..control.model import Setpoint
from ..registry import LoadSource

_LOGGER = logging.getLogger(__name__)

# A room renews a device's lease only because Home repeats itself.
REPEAT_S = 20.0
_FIRST_RETRY_S = 5.0
_LONGEST_RETRY_S = 60.0
# Longer than any room waits for its device: only a room that hangs is cut off.
_ANSWER_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """What a load is told; what that means in power is not its business."""

    value: float
    phases: int | None

    def is_below(self, other: _Order) -> bool:
        """Return whether it asks for less than another order."""
        if self.value != other.value or None in (self.phases, other.phases):
            return self.value < other.value
        return (self.phases or 0) < (other.phases or 0)


class LoadCommander:
    """Carries set-points to a load source.

    ``None`` stands for letting go: the load returns to its safe state and is left alone.
    """

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, source: LoadSource
    ) -> None:
        """Begin with a load that was told nothing."""
        self.source = source
        self.failures = 0
        self._hass = hass
        self._entry = entry
        self._wanted: _Order | None = None
        self._by_hand = False
        self._tried: _Order | None = None
        self._told: _Order | None = None
        # What was tried last may have been taken although it failed.
        self._unsure = False
        self._told_at = 0.0
        self._retry_at = 0.0
        self._task: asyncio.Task[None] | None = None

    @callback
    def tell(self, setpoint: Setpoint | None, *, by_hand: bool = False) -> None:
        """Make this the wanted set-point; sends when it differs or must be repeated.

        ``by_hand``: let go, it is left as a person has set it.
        """
        self._by_hand = by_hand
        self._wanted = (
            _Order(value=setpoint.value, phases=setpoint.phases) if setpoint else None
        )
        if not self._busy and self._due():
            self._task = self._entry.async_create_background_task(
                self._hass, self._send(), f"surplus command {self.source.spec.load_id}"
            )

    @callback
    def insist(self) -> None:
        """Say it again: the load does not do what it was told."""
        self.source.async_insist()
        self._unsure = True

    @property
    def _busy(self) -> bool:
        # A command that needs no waiting ends before its task is even returned.
        return self._task is not None and not self._task.done()

    def _due(self) -> bool:
        now = monotonic()
        if self.failures and now < self._retry_at and not self._is_lower():
            return False
        if self._unsure or self._wanted != self._told:
            return True
        return self._wanted is not None and now - self._told_at >= REPEAT_S

    def _is_lower(self) -> bool:
        """Whether less is wanted than what failed: that must not wait with it."""
        if self._wanted is None or self._tried is None:
            return self._wanted is not self._tried
        return self._wanted.is_below(self._tried)

    async def _send(self) -> None:
        while self._due():
            await self._command()

    async def _command(self) -> None:
        wanted = self._tried = self._wanted
        name = self.source.spec.name
        try:
            async with asyncio.timeout(_ANSWER_S):
                if wanted is None:
                    await self.source.async_release(by_hand=self._by_hand)
                else:
                    await self.source.async_apply(wanted.value, wanted.phases)
        except (HomeAssistantError, TimeoutError) as err:
            if not self.failures:
                _LOGGER.warning("%s does not take commands: %s", name, err or "timeout")
            self._failed()
            return
        except Exception:
            if not self.failures:
                _LOGGER.exception("%s does not take commands", name)
            self._failed()
            return
        if self.failures:
            _LOGGER.info("%s takes commands again", name)
            self.failures = 0
        self._unsure = False
        self._told, self._told_at = wanted, monotonic()

    def _failed(self) -> None:
        wait_s = min(_FIRST_RETRY_S * 2 ** min(self.failures, 8), _LONGEST_RETRY_S)
        self.failures += 1
        # It may have been taken all the same: whatever is wanted next is said again.
        self._unsure = True
        self._retry_at = monotonic() + wait_s
