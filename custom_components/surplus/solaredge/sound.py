"""What can be true: limits of physics, counters that only rise.

Around sleep and dawn an inverter answers with sentinels, with a new value and an old
scale factor, with zeros or with plain garbage, and nothing marks it as such.
"""

from dataclasses import dataclass
import math
from typing import Final

# The largest supply that still has a breaker one can name (250 kVA), with room above it.
_MAX_POWER_W: Final = 300_000.0
_MAX_CURRENT_A: Final = 600.0
_MAX_VOLTAGE_V: Final = 600.0
_MAX_DC_VOLTAGE_V: Final = 1600.0
_FREQUENCY_HZ: Final = (40.0, 70.0)
_TEMPERATURE_C: Final = (-40.0, 150.0)

# The reference's limits for a battery, and the most energy a home's battery holds.
_BATTERY_VOLTAGE_V: Final = (0.0, 1000.0)
_BATTERY_CURRENT_A: Final = 200.0
_BATTERY_TEMPERATURE_C: Final = (-30.0, 100.0)
_BATTERY_POWER_W: Final = 100_000.0
_BATTERY_ENERGY_WH: Final = 1_000_000.0

# A counter that leaps is believed once so many reads in a row agree with each other.
_AGREEING_READS: Final = 3
_COUNTER_SLACK_WH: Final = 1000.0


class UnsoundError(Exception):
    """A block was answered, and cannot be true."""


def within(value: float | None, low: float, high: float) -> float | None:
    """Return a value that lies in its bounds, as a float; None for any other."""
    if value is None or not math.isfinite(value) or not low <= value <= high:
        return None
    return float(value)


def power(value: float | None) -> float | None:
    """Return a power in W, VA or var that a supply can carry."""
    return within(value, -_MAX_POWER_W, _MAX_POWER_W)


def current(value: float | None) -> float | None:
    """Return the magnitude of an AC current in A."""
    value = within(value, -_MAX_CURRENT_A, _MAX_CURRENT_A)
    return None if value is None else abs(value)


def voltage(value: float | None) -> float | None:
    """Return an AC voltage in V; 0 is what a phase that is not there shows."""
    value = within(value, 0.0, _MAX_VOLTAGE_V)
    return value or None


def dc_voltage(value: float | None) -> float | None:
    """Return the voltage of a string in V."""
    return within(value, 0.0, _MAX_DC_VOLTAGE_V)


def frequency(value: float | None) -> float | None:
    """Return a mains frequency in Hz."""
    return within(value, *_FREQUENCY_HZ)


def power_factor(percent: float | None) -> float | None:
    """Return a power factor as a share of 1; the device tells per cent."""
    value = within(percent, -100.0, 100.0)
    return None if value is None else value / 100


def temperature(value: float | None) -> float | None:
    """Return the temperature of a device in °C."""
    return within(value, *_TEMPERATURE_C)


def battery_power(value: float | None) -> float | None:
    """Return a battery's power in W."""
    return within(value, -_BATTERY_POWER_W, _BATTERY_POWER_W)


def battery_voltage(value: float | None) -> float | None:
    """Return a battery's voltage in V."""
    return within(value, *_BATTERY_VOLTAGE_V)


def battery_current(value: float | None) -> float | None:
    """Return the magnitude of a battery's current in A.

    Its sign is the power's on some batteries and the opposite on others.
    """
    value = within(value, -_BATTERY_CURRENT_A, _BATTERY_CURRENT_A)
    return None if value is None else abs(value)


def battery_temperature(value: float | None) -> float | None:
    """Return a battery's temperature in °C."""
    return within(value, *_BATTERY_TEMPERATURE_C)


def battery_energy(value: float | None) -> float | None:
    """Return a battery's capacity in Wh; limits that were never set are huge."""
    value = within(value, 0.0, _BATTERY_ENERGY_WH)
    return value or None


def percentage(value: float | None) -> float | None:
    """Return a percentage; a battery that is starting tells others."""
    return within(value, 0.0, 100.0)


@dataclass(slots=True)
class Counter:
    """A lifetime energy, which never falls.

    It reads 0 for one poll around sleep, leaps when value and scale factor do not belong
    together, and starts anew when the device is replaced. What does not fit is held
    back until several reads in a row agree.
    """

    value_wh: float | None = None
    _at: float = 0.0
    _doubtful_wh: float | None = None
    _doubtful_at: float = 0.0
    _agreeing: int = 0

    def take(self, wh: float | None, at: float) -> float | None:
        """Take what was read at ``at``; return what to believe now, in Wh."""
        if wh is None:
            return self.value_wh
        if self.value_wh is None or follows(wh, at, self.value_wh, self._at):
            return self._believe(wh, at)
        if self._doubtful_wh is not None and follows(
            wh, at, self._doubtful_wh, self._doubtful_at
        ):
            self._agreeing += 1
        else:
            self._agreeing = 1
        self._doubtful_wh, self._doubtful_at = wh, at
        if self._agreeing >= _AGREEING_READS:
            return self._believe(wh, at)
        return self.value_wh

    def _believe(self, wh: float, at: float) -> float:
        self.value_wh, self._at = wh, at
        self._doubtful_wh, self._agreeing = None, 0
        return wh


def follows(wh: float, at: float, before_wh: float, before_at: float) -> bool:
    """Return whether a supply can have carried the difference since."""
    room = _COUNTER_SLACK_WH + _MAX_POWER_W / 3600 * max(at - before_at, 0.0)
    return before_wh <= wh <= before_wh + room
