"""How much sun a load may still expect before a deadline, by a forecast."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..model import SolarSpan

# A forecast is of clear and cloudy hours together, and others want the sun, too.
_TRUSTED_SHARE = 0.7


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What the sun may give a load: how much energy, in how much time."""

    energy_wh: float = 0.0
    time_s: float = 0.0


class SunAhead:
    """The sun that is expected, handed out to one load after the other."""

    def __init__(self, forecast: Sequence[SolarSpan], house_w: float) -> None:
        """Begin with all that the house leaves of it."""
        self._spans: list[tuple[float, float, float]] = []
        for span in forecast:
            begins, ends = span.begins.timestamp(), span.ends.timestamp()
            if ends <= begins:
                continue
            produced_w = span.energy_wh * 3600.0 / (ends - begins)
            left_w = _TRUSTED_SHARE * produced_w - house_w
            self._spans.append((begins, ends, left_w))

    def hand_out(
        self, begins: float, ends: float, *, least_w: float, most_w: float
    ) -> Expected:
        """Return what a load gets that needs ``least_w`` to run; others do without."""
        energy_wh = time_s = 0.0
        for n, (begin, end, left_w) in enumerate(self._spans):
            passed_s = min(end, ends) - max(begin, begins)
            if passed_s <= 0 or left_w <= 0 or left_w < least_w:
                continue
            taken_w = min(left_w, most_w)
            energy_wh += taken_w * passed_s / 3600.0
            time_s += passed_s
            self._spans[n] = (begin, end, left_w - taken_w)
        return Expected(energy_wh=energy_wh, time_s=time_s)
