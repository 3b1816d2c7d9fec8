"""What Home remembers over a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
import logging
from typing import Any, Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..control.model import Mode

_LOGGER = logging.getLogger(__name__)

_VERSION = 1
SAVE_SOON_S = 2.0
SAVE_LATER_S = 15.0


@dataclass(slots=True)
class LoadMemory:
    """A load's mode; a boost with an end goes back to the mode before it.

    ``wishes`` counts the times a person has set it, since the start only.
    """

    mode: Mode = Mode.SOLAR
    until: datetime | None = None
    back_to: Mode = Mode.SOLAR
    wishes: int = 0

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        until = saved.get("until")
        return cls(
            Mode(saved["mode"]),
            dt_util.parse_datetime(until, raise_on_error=True) if until else None,
            Mode(saved["back_to"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what to save."""
        return {
            "mode": self.mode,
            "until": self.until.isoformat() if self.until else None,
            "back_to": self.back_to,
        }


@dataclass(slots=True)
class HomeMemory:
    """Modes, the numbers a user moves, and the engine's own memory.

    Observing is where a new Home begins: it decides and shows, and commands nothing.
    """

    observing: bool = True
    grid_target_w: float = 0.0
    margin_w: float = 0.0
    sign_reversed: bool = False
    loads: dict[str, LoadMemory] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote.

        Raises KeyError, TypeError or ValueError when it is something else.
        """
        return cls(
            observing=bool(saved["observing"]),
            grid_target_w=float(saved["grid_target_w"]),
            margin_w=float(saved["margin_w"]),
            sign_reversed=bool(saved["sign_reversed"]),
            loads={
                str(load_id): LoadMemory.from_dict(load)
                for load_id, load in saved["loads"].items()
            },
            engine=dict(saved["engine"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what to save."""
        return {
            "observing": self.observing,
            "grid_target_w": self.grid_target_w,
            "margin_w": self.margin_w,
            "sign_reversed": self.sign_reversed,
            "loads": {key: load.as_dict() for key, load in self.loads.items()},
            "engine": dict(self.engine),
        }


def home_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return the file a Home's memory is kept in."""
    return Store(hass, _VERSION, f"{DOMAIN}.home.{entry_id}", atomic_writes=True)


async def async_load_memory(store: Store[dict[str, Any]]) -> HomeMemory:
    """Return what was saved; a Home that observes when nothing usable was."""
    saved = await store.async_load()
    if saved is None:
        return HomeMemory()
    try:
        return HomeMemory.from_dict(saved)
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        _LOGGER.warning(
            "What was saved of the Home cannot be read (%r): it starts anew, observing",
            err,
        )
        return HomeMemory()
