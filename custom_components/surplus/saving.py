"""Writes what must survive a restart, and takes back what was written.

Soon or later, and never put off for ever; what is damaged is set aside and reported.
"""

from collections.abc import Callable
from contextlib import suppress
import logging
from pathlib import Path
from shutil import copyfile
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

# What a reader raises at values of a wrong shape, and ``Store`` at a wrong envelope or
# at a file that a newer version wrote.
_DAMAGED = (AttributeError, KeyError, TypeError, ValueError, HomeAssistantError)


class Saver:
    """A store that is written within a time of the change that asked for it.

    ``Store.async_delay_save`` waits anew each time it is called.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        store: Store[dict[str, Any]],
        data: Callable[[], dict[str, Any]],
    ) -> None:
        """Write what ``data`` returns when its time has come."""
        self._hass = hass
        self._store = store
        self._data = data
        self._due: float | None = None

    @callback
    def async_save_within(self, seconds: float) -> None:
        """Write at the latest in this many seconds."""
        now = self._hass.loop.time()
        due = now + seconds
        if self._due is not None and self._due <= due:
            return
        self._due = due
        self._store.async_delay_save(self._take, seconds)

    async def async_save_now(self) -> None:
        """Write now."""
        await self._store.async_save(self._take())

    @callback
    def _take(self) -> dict[str, Any]:
        self._due = None
        return self._data()


async def async_load_sound[T](
    hass: HomeAssistant,
    store: Store[dict[str, Any]],
    read: Callable[[dict[str, Any]], T],
    *,
    lost: str,
) -> T | None:
    """Return what ``read`` makes of a store; None when there is nothing usable.

    ``read`` raises AttributeError, KeyError, TypeError or ValueError at what it cannot
    take. A damaged file is set aside as ``<file>.corrupt.<time>``, and ``lost``, the key
    of an issue, tells the user what went with it.
    """
    path = Path(store.path)
    was_there = await hass.async_add_executor_job(path.is_file)
    try:
        stored = await store.async_load()
        if stored is not None:
            return read(stored)
    except _DAMAGED as err:
        aside = await hass.async_add_executor_job(_set_aside, path)
        _LOGGER.error(
            "What was saved in %s cannot be read (%r) and is kept as %s",
            path,
            err,
            aside,
        )
    else:
        # ``Store`` sets aside by itself, and logs, what is not even JSON.
        if not was_there:
            return None
    async_report_lost(hass, store, lost)
    return None


async def async_keep_copy(hass: HomeAssistant, store: Store[dict[str, Any]]) -> None:
    """Keep a copy of a file that is damaged in part, before it is overwritten."""
    await hass.async_add_executor_job(_copy_aside, Path(store.path))


@callback
def async_report_lost(
    hass: HomeAssistant, store: Store[dict[str, Any]], lost: str
) -> None:
    """Raise the issue that something saved was lost, until the user has seen it."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{lost}_{store.key}",
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=lost,
        translation_placeholders={"file": store.key},
    )


@callback
def async_clear_lost(
    hass: HomeAssistant, store: Store[dict[str, Any]], lost: str
) -> None:
    """Clear the issue: what was lost is of no interest any more."""
    ir.async_delete_issue(hass, DOMAIN, f"{lost}_{store.key}")


def _set_aside(path: Path) -> str | None:
    try:
        return path.rename(_aside(path)).name
    except OSError:
        # It cannot be moved: it will be overwritten.
        return None


def _copy_aside(path: Path) -> None:
    with suppress(OSError):
        copyfile(path, _aside(path))


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.corrupt.{dt_util.utcnow().isoformat()}")
