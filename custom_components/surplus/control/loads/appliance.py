"""What is known of the appliance behind a switch: its state, its power, its thermostat."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..model import SwitchedReading, SwitchedSpec
from .learned_power import LearnedPower

# After a switching a power sensor still tells what was.
_SENSOR_LAG_S = 5.0
# Between a command and the switch that says it is done.
OBEYS_WITHIN_S = 15.0
# A thermostat refuses when nothing is drawn for so long after a start.
_REFUSED_AFTER_S = 30.0
_REFUSED_SHARE = 0.1
_REFUSED_AT_MOST_W = 50.0
_LEARNING_RATE = 0.2
# Less than this share of what was declared is no tolerance: it was declared wrongly.
_DECLARED_SHARE = 0.7
# No appliance on a relay takes more.
_MOST_W = 50_000.0
# What nobody knows anything of takes no more than a 16 A socket gives.
_SOCKET_W = 3680.0


class Appliance:
    """Learned from its own sensor and from the grid meter, declared or guessed before.

    ``on`` is the state it was seen in last, None until it was; one that does not tell
    is taken to be as it was told.
    """

    def __init__(self, spec: SwitchedSpec) -> None:
        """Know nothing but what was declared."""
        self.on: bool | None = None
        self.meter = LearnedPower()
        self._spec = spec
        self._reading = SwitchedReading(reachable=False)
        self._flipped_at: float | None = None
        self._measured_w: float | None = None
        self._measured_at: float | None = None

    # ---- what it tells -------------------------------------------------------------

    def observe(self, spec: SwitchedSpec, reading: SwitchedReading) -> None:
        """Take in the newest reading."""
        self._spec = spec
        self._reading = reading

    def notice(self, on: bool, now: float, told_at: float | None) -> None:
        """See whether it was switched, and learn what its sensor shows.

        ``told_at`` is when it was told to be in this state, None when it was not.
        """
        reading = self._reading
        if self.on is None:
            self.meter.found(on)
        elif on is not self.on:
            ended = now
            if reading.on is not None and reading.changed_at is not None:
                ended = min(reading.changed_at, now)
            # It really switched between the command and the news of it.
            began = ended
            if told_at is not None:
                began = min(max(told_at, now - OBEYS_WITHIN_S), ended)
            self._flipped_at = ended
            self.meter.switched(on, began, ended)
        self.on = on
        if on and reading.power_w is not None and reading.power_at is not None:
            self._measure(reading.power_w, reading.power_at)

    def _measure(self, power_w: float, at: float) -> None:
        if at == self._measured_at or at < self._settled_at:
            return
        self._measured_at = at
        if self._measured_w is None:
            if power_w > _REFUSED_AT_MOST_W:
                self._measured_w = power_w
        elif power_w > _refused_w(self._measured_w):
            self._measured_w += _LEARNING_RATE * (power_w - self._measured_w)

    @property
    def _settled_at(self) -> float:
        """The instant from which its sensor tells of its present state."""
        flipped_at = self._flipped_at
        return float("-inf") if flipped_at is None else flipped_at + _SENSOR_LAG_S

    def see_grid(self, at: float, grid_w: float | None, others_w: float) -> None:
        """Take in a new reading of the grid meter; see ``LearnedPower.see``."""
        expected_w = self.power_w if self.power_known else None
        self.meter.see(at, grid_w, others_w, expected_w)

    # ---- what it takes -------------------------------------------------------------

    @property
    def _shown_w(self) -> float | None:
        """What a sensor of its own has shown that it takes; None without one."""
        return None if self._reading.power_w is None else self._measured_w

    @property
    def power_known(self) -> bool:
        """Whether it was measured, declared or learned what it takes."""
        return (
            self._spec.power_w is not None
            or self.meter.power_w is not None
            or self._shown_w is not None
        )

    @property
    def power_w(self) -> float:
        """What it takes while on: measured, declared, learned or guessed.

        In doubt less: what it is believed to take counts as surplus while it runs. Taken
        for more than it is, it would never stop in the night, nor, where a kettle made
        its step too large, ever be tried again.
        """
        if (measured_w := self._shown_w) is not None:
            return measured_w
        meter, declared_w = self.meter, self._spec.power_w
        if declared_w is not None:
            shown_w = meter.most_w or declared_w
            return shown_w if shown_w < _DECLARED_SHARE * declared_w else declared_w
        if meter.power_w is not None:
            return meter.power_w
        guess_w = self._spec.first_guess_w
        return min(meter.least_w or guess_w, guess_w)

    @property
    def most_w(self) -> float:
        """The most it may take when it is started, as far as anybody knows."""
        if self._spec.power_w is not None and self._shown_w is None:
            # What the meter showed less may have been the house's doing.
            return self._spec.power_w
        if self.power_known:
            return self.power_w
        return self.meter.most_w or max(_SOCKET_W, self._spec.first_guess_w)

    @property
    def refuses(self) -> bool:
        """Whether it is on and takes nothing, as its own sensor or the meter shows."""
        if not self.on:
            return False
        reading = self._reading
        if reading.power_w is None or reading.power_at is None:
            return self.meter.draws is False
        if reading.power_w > _REFUSED_AT_MOST_W:
            return False
        flipped_at = self._flipped_at
        if flipped_at is not None and reading.power_at < flipped_at + _REFUSED_AFTER_S:
            return False
        return reading.power_w <= _refused_w(self.power_w)

    @property
    def running_w(self) -> float:
        """What it takes of being on: nothing where it refuses."""
        return 0.0 if self.refuses else self.power_w

    def drawn_w(self, at: float) -> float:
        """Return what it draws at an instant, by measurement and model."""
        reading, flipped_at = self._reading, self._flipped_at
        if flipped_at is not None and at < flipped_at:
            return 0.0 if self.on else self.running_w
        if reading.power_w is not None and reading.power_at is not None:
            if reading.reachable and reading.power_at >= self._settled_at:
                return max(0.0, reading.power_w)
        return self.running_w if self.on else 0.0

    # ---- surviving a restart -------------------------------------------------------

    def learned(self) -> dict[str, Any]:
        """Return what was learned, ready for JSON."""
        return {"meter": self.meter.as_dict(), "measured_w": self._measured_w}

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        with suppress(KeyError, TypeError, ValueError):
            self.meter.restore(learned["meter"])
        with suppress(KeyError, TypeError, ValueError):
            measured_w = learned["measured_w"]
            if not isinstance(measured_w, bool) and 0 < float(measured_w) <= _MOST_W:
                self._measured_w = float(measured_w)


def _refused_w(power_w: float) -> float:
    """Return up to what an appliance of some power only shows that it is on."""
    return min(_REFUSED_AT_MOST_W, _REFUSED_SHARE * power_w)
