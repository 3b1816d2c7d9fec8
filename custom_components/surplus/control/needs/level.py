"""A state of charge or a temperature: as it was told last, and what was taken since.

A car may be asleep and tell its charge once an hour; until then what it took says how
far it must have come. How much energy a step of the level takes is learned from how far
it rises for what is taken.
"""

from collections.abc import Mapping
from typing import Any

from .specs import Need, NeedKind

# What is not told: a middling car, and a boiler rather too large than too small.
_USUAL_BATTERY_WH = 60_000.0
_USUAL_WH_PER_K = 350.0
# A rise from which it can be learned, in the unit of the level.
_STEP = {NeedKind.CHARGE: 0.1, NeedKind.TEMPERATURE: 5.0}
_LEARNING_RATE = 0.3
_FLOAT_SLACK = 1e-6
# What was learned further from what is told was something else: sun on the roof, a
# tap left open, another charger.
_LEAST_SHARE, _MOST_SHARE = 0.3, 3.0


class Level:
    """The memory of one level. ``told`` is the newest value that was told, if any."""

    def __init__(self) -> None:
        """Know nothing."""
        self.told: float | None = None
        self._since_wh = 0.0
        self._anchor: float | None = None
        self._anchor_wh = 0.0
        self._learned_wh: float | None = None

    def see(self, level: float | None, taken_wh: float, need: Need) -> None:
        """Take in what is told now, and what was taken since it was last asked."""
        self._since_wh += taken_wh
        self._anchor_wh += taken_wh
        if level is None or level == self.told:
            return
        self.told, self._since_wh = level, 0.0
        if self._anchor is None or level < self._anchor:
            self._anchor, self._anchor_wh = level, 0.0
            return
        rise = level - self._anchor
        if rise + _FLOAT_SLACK >= _STEP[need.kind]:
            self._learn(self._anchor_wh / rise, need)
            self._anchor, self._anchor_wh = level, 0.0

    def leave(self) -> None:
        """Forget what was told: the car has gone, another one may come."""
        self.told = self._anchor = None
        self._since_wh = self._anchor_wh = 0.0

    def renew(self) -> None:
        """Forget what was learned: the battery is another one."""
        self._learned_wh = None

    def wh_per_unit(self, need: Need) -> float:
        """Return the energy that raises it by 1, as the load takes it."""
        if self._learned_wh is not None:
            return self._learned_wh
        return _assumed_wh(need)

    def now(self, need: Need) -> float | None:
        """Return the level as it must be by now; None where that cannot be said.

        A car that never told its charge is counted from its minimum.
        """
        if need.kind is NeedKind.TEMPERATURE:
            return self.told
        begun = need.minimum if self.told is None else self.told
        return min(1.0, begun + self._since_wh / self.wh_per_unit(need))

    def _learn(self, wh: float, need: Need) -> None:
        assumed_wh = _assumed_wh(need)
        if not _LEAST_SHARE * assumed_wh <= wh <= _MOST_SHARE * assumed_wh:
            return
        before_wh = wh if self._learned_wh is None else self._learned_wh
        self._learned_wh = before_wh + _LEARNING_RATE * (wh - before_wh)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "told": self.told,
            "since_wh": round(self._since_wh, 1),
            "anchor": self._anchor,
            "anchor_wh": round(self._anchor_wh, 1),
            "learned_wh": self._learned_wh,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what ``as_dict`` gave.

        Raises KeyError, TypeError or ValueError when it is damaged.
        """
        self.told = number_or_none(saved["told"])
        self._since_wh = float(saved["since_wh"])
        self._anchor = number_or_none(saved["anchor"])
        self._anchor_wh = float(saved["anchor_wh"])
        self._learned_wh = number_or_none(saved["learned_wh"])


def number_or_none(saved: Any) -> float | None:
    """Return a saved number; raises TypeError or ValueError when it is none."""
    return None if saved is None else float(saved)


def _assumed_wh(need: Need) -> float:
    if need.kind is NeedKind.TEMPERATURE:
        return _USUAL_WH_PER_K
    return (need.capacity_wh or _USUAL_BATTERY_WH) / need.efficiency
