"""A surplus for meters that do not see an export, from the production.

Such a meter tells what is drawn and 0 while power leaves. While it draws, everything is
known: the house takes production + drawn − own loads. While it shows 0, the house is
believed to take what it last took at most, so that

    surplus = production − house as modelled

stays on the careful side; an error the other way is drawn, and so seen, at once.
"""

from collections import deque
from dataclasses import dataclass, replace
from math import exp
from statistics import median

from .model import GridReading

# One reading may have met a load or a cloud half way.
_SAMPLES = 5
# What the house took is believed for this long, then less and less, down to the least
# it took in a day: a refrigerator ends, and nothing would ever show it.
_HELD_S = 600.0
_FADES_S = 1_200.0
_HOUR_S = 3_600.0
_HOURS = 24
# Left to leave, for what no model knows.
_MARGIN_W = 100.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """A grid reading to regulate by.

    ``house_w`` is what the house was believed to take where ``power_w`` of the reading
    is modelled, None where the meter told it.
    """

    grid: GridReading
    house_w: float | None = None


class HouseModel:
    """What the house takes without the loads, learned while the meter draws."""

    def __init__(self) -> None:
        """Know nothing: until the meter has drawn, there is no surplus."""
        self._seen: deque[float] = deque(maxlen=_SAMPLES)
        self._peak: tuple[float, float] | None = None
        self._least: deque[tuple[int, float]] = deque(maxlen=_HOURS)
        self._noted_at: float | None = None

    def balance(
        self, grid: GridReading, solar_w: float | None, own_w: float
    ) -> Balance:
        """Return the reading with a power, where it lacks one and can be given one.

        ``own_w`` is what the loads draw at its instant.
        """
        if grid.power_w is not None or grid.drawn_va is None or solar_w is None:
            return Balance(grid=grid)
        if grid.drawn_va > 0:
            # Apparent power is never less than real power: that is careful, too.
            self._note(grid.at, max(0.0, solar_w + grid.drawn_va - own_w))
        if (house_w := self._house_w(grid.at)) is None:
            return Balance(grid=grid)
        if grid.drawn_va > 0:
            return Balance(grid=replace(grid, power_w=grid.drawn_va), house_w=house_w)
        leaves_w = max(0.0, solar_w - own_w - house_w - _MARGIN_W)
        return Balance(grid=replace(grid, power_w=-leaves_w), house_w=house_w)

    def _note(self, at: float, house_w: float) -> None:
        """Take in what the house takes, each reading once."""
        if self._noted_at is not None and at <= self._noted_at:
            return
        self._noted_at = at
        self._seen.append(house_w)
        if len(self._seen) < _SAMPLES:
            return
        usual_w = median(self._seen)
        believed_w = self._house_w(at)
        if believed_w is None or usual_w >= believed_w:
            self._peak = at, usual_w
        hour = int(at // _HOUR_S)
        if self._least and self._least[-1][0] == hour:
            usual_w = min(usual_w, self._least.pop()[1])
        self._least.append((hour, usual_w))

    def _house_w(self, at: float) -> float | None:
        """Return what the house is believed to take."""
        if self._peak is None:
            return None
        peak_at, peak_w = self._peak
        least_w = min((watts for _, watts in self._least), default=peak_w)
        faded = exp(-max(0.0, at - peak_at - _HELD_S) / _FADES_S)
        return least_w + (peak_w - least_w) * faded
