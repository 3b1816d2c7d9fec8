"""What Home remembers over a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..control.model import Mode
from .grid_meters import meter_ids_of
from .modes import LoadModes, moment

_VERSION = 3
_LEDGER_VERSION = 1
_SESSIONS_VERSION = 1
# Far more than are deleted in the days that a record goes back.
_GONE = 50
SAVE_SOON_S = 2.0
SAVE_LATER_S = 15.0
# What is only learned, or shown, may be a little old after a power cut.
SAVE_RARELY_S = 300.0

# How long an override lasts that a person did not give an end.
DEFAULT_OVERRIDE_S = 3600.0


@dataclass(slots=True)
class HomeMemory:
    """Modes, the numbers a user moves, and the engine's own memory.

    Observing is where a new Home begins: it decides and shows, and commands nothing.
    ``override_s`` is how long a load stays as a person has moved it; None is for ever.
    ``reversed_meters`` are the grid meters that were found to count the wrong way round.
    ``gone`` are the ids of loads that were deleted: the record still holds them.
    ``saved_at`` is when all of it was written down last.
    """

    observing: bool = True
    grid_target_w: float = 0.0
    margin_w: float = 0.0
    override_s: float | None = DEFAULT_OVERRIDE_S
    reversed_meters: set[str] = field(default_factory=set)
    loads: dict[str, LoadModes] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    engine: Mapping[str, Any] = field(default_factory=dict)
    tariff: Mapping[str, Any] = field(default_factory=dict)
    saved_at: datetime | None = None

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read what ``as_dict`` wrote.

        Raises AttributeError, KeyError, TypeError or ValueError when it is something
        else.
        """
        override_s, saved_at = saved["override_s"], saved.get("saved_at")
        return cls(
            observing=bool(saved["observing"]),
            grid_target_w=float(saved["grid_target_w"]),
            margin_w=float(saved["margin_w"]),
            override_s=float(override_s) if override_s is not None else None,
            reversed_meters={str(meter) for meter in saved["reversed_meters"]},
            loads={
                str(load_id): LoadModes.from_dict(load)
                for load_id, load in saved["loads"].items()
            },
            gone=[str(load_id) for load_id in saved.get("gone", ())],
            engine=dict(saved["engine"]),
            tariff=dict(saved.get("tariff", {})),
            saved_at=moment(saved_at) if saved_at is not None else None,
        )

    def forget(self, load_id: str) -> None:
        """Forget what was asked of a load that was deleted."""
        self.loads.pop(load_id, None)
        others = [gone for gone in self.gone if gone != load_id]
        self.gone = [*others, load_id][-_GONE:]

    def as_dict(self) -> dict[str, Any]:
        """Return what to save."""
        return {
            "observing": self.observing,
            "grid_target_w": self.grid_target_w,
            "margin_w": self.margin_w,
            "override_s": self.override_s,
            "reversed_meters": sorted(self.reversed_meters),
            "loads": {key: load.as_dict() for key, load in self.loads.items()},
            "gone": list(self.gone),
            "engine": dict(self.engine),
            "tariff": dict(self.tariff),
            "saved_at": self.saved_at.isoformat() if self.saved_at else None,
        }


class HomeStore(Store[dict[str, Any]]):
    """The file a Home's memory is kept in."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Name the file after the entry."""
        super().__init__(
            hass, _VERSION, f"{DOMAIN}.home.{entry_id}", atomic_writes=True
        )
        self._entry_id = entry_id

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what an earlier version wrote in the words of this one."""
        if old_major_version < 2:
            old_data = _from_version_1(old_data)
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        return _from_version_2(old_data, meter_ids_of(entry.data) if entry else ())


def _from_version_2(old: dict[str, Any], meter_ids: Sequence[str]) -> dict[str, Any]:
    """Version 2 knew one grid meter, and whether that was reversed."""
    others = {key: value for key, value in old.items() if key != "sign_reversed"}
    found = list(meter_ids[:1]) if old["sign_reversed"] else []
    return {**others, "reversed_meters": found}


def _from_version_1(old: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew one boost, and no override."""
    return {
        **old,
        "override_s": DEFAULT_OVERRIDE_S,
        "loads": {
            load_id: {
                "lasting": load["back_to"]
                if load["mode"] == Mode.BOOST
                else load["mode"],
                "passing": [
                    {
                        "mode": load["mode"],
                        "until": load["until"],
                        "energy_wh": None,
                        "value": None,
                        "by_hand": False,
                    }
                ]
                if load["mode"] == Mode.BOOST
                else [],
            }
            for load_id, load in old["loads"].items()
        },
    }


def ledger_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where the accounts of a Home are kept: they are written every minute."""
    return Store(
        hass, _LEDGER_VERSION, f"{DOMAIN}.ledger.{entry_id}", atomic_writes=True
    )


def sessions_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where the sessions of a Home are kept that have ended."""
    return Store(
        hass, _SESSIONS_VERSION, f"{DOMAIN}.sessions.{entry_id}", atomic_writes=True
    )
