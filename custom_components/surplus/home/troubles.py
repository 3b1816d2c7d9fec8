"""What is wrong with loads, as long as it is: seen on each, and told where it lasts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant, callback

from ..const import Kind
from ..control.cycle import Cycle
from ..control.model import Decision, Mode, Reason
from ..registry import Trouble
from .commander import LoadCommander
from .obedience import Obedience
from .reports import async_report_trouble, async_troubled
from .sources import LoadSight
from .store import HomeMemory

# One command that fails is repeated before anybody is told.
_FAILURES = 2
# A device that restarts, and a network that stumbles, are no trouble.
_UNREACHABLE_S = 60.0
# What lasts for so long will hardly mend itself.
_TOLD_AFTER_S = 300.0


@dataclass(slots=True)
class _Troubled:
    trouble: Trouble
    since: float


class Troubles:
    """Judges every load after each cycle."""

    def __init__(
        self,
        hass: HomeAssistant,
        memory: HomeMemory,
        on_change: Callable[[str, Trouble | None], None],
    ) -> None:
        """Know of no trouble; ``on_change`` is told of each that begins or ends."""
        self._hass = hass
        self._memory = memory
        self._on_change = on_change
        self._obedience: dict[str, Obedience] = {}
        self._away_since: dict[str, float] = {}
        self._found: dict[str, _Troubled] = {}
        # Of a run before, until it is known better.
        self._reported = set(async_troubled(hass))

    @callback
    def async_after(
        self,
        cycle: Cycle,
        seen: Mapping[str, LoadSight],
        commanders: Mapping[str, LoadCommander],
        now: float,
    ) -> None:
        """Look what is wrong now, and tell a load again what it does not do."""
        for decision in cycle.decisions:
            load_id = decision.load_id
            commander = commanders.get(load_id)
            trouble = self._trouble(decision, seen[load_id], commander, now)
            self._note(load_id, trouble, now)
            if (
                commander is not None
                and trouble is Trouble.DRAWS_TOO_MUCH
                and self._obedience[load_id].tell_again(now)
            ):
                commander.insist()
        for load_id in self._found.keys() - seen.keys():
            self._note(load_id, None, now)
        self._report(seen, now)

    @callback
    def async_forget(self, load_id: str) -> None:
        """Forget a load that was deleted."""
        self._obedience.pop(load_id, None)
        self._away_since.pop(load_id, None)
        if self._found.pop(load_id, None) is not None:
            self._on_change(load_id, None)
        self._reported.discard(load_id)
        async_report_trouble(self._hass, load_id, None)

    def as_dict(self, now: float) -> dict[str, dict[str, float | str]]:
        """Return what is wrong with which load, for how long."""
        return {
            load_id: {
                "trouble": found.trouble,
                "seconds": round(now - found.since),
                "excess_w": round(self._obedience[load_id].excess_w),
            }
            for load_id, found in self._found.items()
        }

    def _trouble(
        self,
        decision: Decision,
        sight: LoadSight,
        commander: LoadCommander | None,
        now: float,
    ) -> Trouble | None:
        load_id, reading = decision.load_id, sight.reading
        obedience = self._obedience.setdefault(load_id, Obedience())
        commands = not self._memory.observing and commander is not None
        told = decision.setpoint if commands and reading.reachable else None
        obedience.observe(sight.spec, reading, told, now)
        if reading.reachable:
            self._away_since.pop(load_id, None)
        elif now - self._away_since.setdefault(load_id, now) >= _UNREACHABLE_S:
            modes = self._memory.loads.get(load_id)
            # What is off may be switched off for months.
            if modes is None or modes.mode is not Mode.OFF:
                return Trouble.UNREACHABLE
        if decision.reason is Reason.FAILED:
            return Trouble.FAILED
        if not commands or commander is None:
            return None
        if reading.reachable and commander.failures >= _FAILURES:
            return Trouble.REFUSES
        return Trouble.DRAWS_TOO_MUCH if obedience.excess_w else None

    def _note(self, load_id: str, trouble: Trouble | None, now: float) -> None:
        found = self._found.get(load_id)
        if trouble is (found and found.trouble):
            return
        if trouble is None:
            del self._found[load_id]
        else:
            self._found[load_id] = _Troubled(trouble, now)
        self._on_change(load_id, trouble)

    def _report(self, seen: Mapping[str, LoadSight], now: float) -> None:
        for load_id in self._reported - self._found.keys() & self._reported:
            if load_id in seen:
                self._reported.discard(load_id)
                async_report_trouble(self._hass, load_id, None)
        for load_id, found in self._found.items():
            if now - found.since < _TOLD_AFTER_S:
                continue
            if found.trouble is Trouble.UNREACHABLE and load_id.startswith(Kind.HOME):
                # Of these, the entities that are not there are named (``absences``).
                continue
            self._reported.add(load_id)
            async_report_trouble(
                self._hass, load_id, found.trouble, name=seen[load_id].spec.name
            )
