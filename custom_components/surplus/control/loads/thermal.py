"""The temperature programme of a water heater: when it must, may, or need not heat.

In cheap hours it is forced from the grid at or below ``min_c`` until ``eco_c``. The sun
heats it until ``max_c``; then it rests until it is below ``sol_min_c``. A temperature
that is missing or absurd is unknown, never 0 °C: nothing is forced by it and no rest is
begun or ended by it. Heating by the sun may go on blindly for a bounded time, since the
heater's own thermostat is still there.

A hot day against legionella is left to the sun until it is due, then to cheap hours,
and a day later to any hour that is not dear: health is not a matter of price, and dear
hours end the same day.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Any

from ..model import Temperatures

# A sensor that is broken shows −127, 0 or 85 °C, or a boiler that is steam.
_COLDEST_C = 0.5
_HOTTEST_C = 110.0
# Water behind a sensor is drawn off in a minute at most, not in a second.
_JUMP_C = 5.0
_JUMP_C_PER_S = 0.1
# 2.4 kW warm 300 l by 20 K in this time: more is not heated without seeing.
BLIND_SOLAR_S = 3 * 3600.0
# The sun is given this long before the due date, and cheap hours this long after it.
_DAY = timedelta(days=1)


class Demand(StrEnum):
    """What the water's temperature asks for.

    ``unknown`` means neither forced nor resting by temperature: the sun only.
    """

    FORCED = "forced"
    SOLAR = "solar"
    REST = "rest"
    UNKNOWN = "unknown"


def check_temperatures(temperatures: Temperatures) -> None:
    """Raise ValueError naming what is wrong with the temperatures of a programme."""
    named = {
        "min_c": temperatures.min_c,
        "eco_c": temperatures.eco_c,
        "sol_min_c": temperatures.sol_min_c,
        "max_c": temperatures.max_c,
    }
    if temperatures.legionella_c is not None:
        named["legionella_c"] = temperatures.legionella_c
    for name, value in named.items():
        if not _COLDEST_C <= value <= _HOTTEST_C:
            raise ValueError(f"{name} is not between {_COLDEST_C} and {_HOTTEST_C} °C")
    if temperatures.min_c >= temperatures.eco_c:
        raise ValueError("min_c is not below eco_c")
    if temperatures.eco_c > temperatures.sol_min_c:
        raise ValueError("eco_c is above sol_min_c")
    if temperatures.sol_min_c >= temperatures.max_c:
        raise ValueError("sol_min_c is not below max_c")
    if temperatures.legionella_c is None:
        return
    if temperatures.legionella_c <= temperatures.eco_c:
        raise ValueError("legionella_c is not above eco_c")
    if not (
        isfinite(temperatures.legionella_days) and temperatures.legionella_days > 0
    ):
        raise ValueError("legionella_days is not above 0")


class Thermal:
    """The programme's memory: forced or resting, and when the water was last hot.

    ``temperature_c`` is the newest temperature that can be believed.
    """

    def __init__(self, temperatures: Temperatures) -> None:
        """Know nothing but the programme. Raises ValueError when it has no order."""
        check_temperatures(temperatures)
        self._temperatures = temperatures
        self.temperature_c: float | None = None
        self._seen_at = 0.0
        self._believed_at = 0.0
        self._unknown_since: float | None = None
        self._forced = False
        self._resting = False
        self._disinfecting = False
        self._hot_at: datetime | None = None

    # ---- what is told --------------------------------------------------------------

    def change(self, temperatures: Temperatures) -> None:
        """Take over other temperatures; they hold at once, without the old memory.

        Raises ValueError, and keeps the old ones, when they have no order.
        """
        if temperatures == self._temperatures:
            return
        check_temperatures(temperatures)
        self._temperatures = temperatures
        self._forced = self._resting = self._disinfecting = False

    def wake(self) -> None:
        """End a rest: a person asks for heat."""
        self._resting = False

    def demand(
        self,
        temperature_c: float | None,
        cheap: bool | None,
        *,
        now: float,
        wall: datetime,
        holds_back: bool = False,
    ) -> Demand:
        """Return what the water asks for; call it in each cycle.

        ``cheap`` is whether the hours are cheap, None where nobody tells, and
        ``holds_back`` whether nothing may be started from the grid. ``now`` is
        monotonic, in seconds, ``wall`` aware: the same instant.
        """
        if self._hot_at is None or self._hot_at > wall:
            # Never seen hot, or by a clock that was ahead: counted from here.
            self._hot_at = wall
        if not self._believe(temperature_c, now):
            return Demand.UNKNOWN
        assert self.temperature_c is not None
        now_c, programme = self.temperature_c, self._temperatures
        overdue = self._overdue(now_c, wall)
        ceiling_c = self._ceiling_c(overdue)
        if now_c >= ceiling_c:
            self._resting = True
        elif now_c < programme.sol_min_c or self._sun_may_disinfect(overdue):
            self._resting = False
        self._disinfecting = (
            overdue is not None
            and overdue >= timedelta()
            and (cheap is True or (overdue >= _DAY and not holds_back))
        )
        if cheap is not True or now_c >= programme.eco_c:
            self._forced = False
        elif now_c <= programme.min_c:
            self._forced = True
        if self._forced or self._disinfecting:
            return Demand.FORCED
        return Demand.REST if self._resting else Demand.SOLAR

    # ---- what is known -------------------------------------------------------------

    @property
    def resting(self) -> bool:
        """Whether it was warm enough when it was last seen."""
        return self._resting

    @property
    def may_heat(self) -> bool:
        """Whether the sun may heat though the temperature is unknown."""
        return not self._resting and self.blind_for_s < BLIND_SOLAR_S

    @property
    def disinfecting(self) -> bool:
        """Whether it is forced for the sake of a hot day that is overdue."""
        return self._disinfecting

    @property
    def blind_for_s(self) -> float:
        """How long the temperature has been unknown, in s."""
        if self._unknown_since is None:
            return 0.0
        return self._seen_at - self._unknown_since

    @property
    def target_c(self) -> float:
        """The temperature at which what the water asks for now will end."""
        programme = self._temperatures
        if self._disinfecting and programme.legionella_c is not None:
            return programme.legionella_c
        if self._forced:
            return programme.eco_c
        return programme.sol_min_c if self._resting else programme.max_c

    def _believe(self, temperature_c: float | None, now: float) -> bool:
        """Take in a temperature; return whether it can be believed."""
        self._seen_at = now
        if temperature_c is not None and self._plausible(temperature_c, now):
            self.temperature_c = temperature_c
            self._believed_at = now
            self._unknown_since = None
            return True
        if self._unknown_since is None:
            self._unknown_since = now
        return False

    def _plausible(self, temperature_c: float, now: float) -> bool:
        # NaN fails every comparison.
        if not _COLDEST_C <= temperature_c <= _HOTTEST_C:
            return False
        if self.temperature_c is None:
            return True
        # What goes on being shown is believed in the end: the sensor may have moved.
        allowed_c = _JUMP_C + _JUMP_C_PER_S * (now - self._believed_at)
        return abs(temperature_c - self.temperature_c) <= allowed_c

    # ---- legionella ----------------------------------------------------------------

    def _overdue(self, now_c: float, wall: datetime) -> timedelta | None:
        """Note a hot water; return by how much the next one is overdue (< 0: not yet)."""
        programme = self._temperatures
        if programme.legionella_c is None or self._hot_at is None:
            return None
        if now_c >= programme.legionella_c:
            self._hot_at = wall
        return wall - self._hot_at - timedelta(days=programme.legionella_days)

    def _sun_may_disinfect(self, overdue: timedelta | None) -> bool:
        return overdue is not None and overdue >= -_DAY

    def _ceiling_c(self, overdue: timedelta | None) -> float:
        """Return until what the sun heats: higher shortly before and after a due date."""
        programme = self._temperatures
        if self._sun_may_disinfect(overdue) and programme.legionella_c is not None:
            return max(programme.max_c, programme.legionella_c)
        return programme.max_c

    # ---- surviving a restart -------------------------------------------------------

    def learned(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        saved: dict[str, Any] = {"forced": self._forced, "resting": self._resting}
        if self._hot_at is not None:
            saved["hot_at"] = self._hot_at.isoformat()
        return saved

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        self._forced = learned.get("forced") is True
        self._resting = learned.get("resting") is True
        try:
            hot_at = datetime.fromisoformat(str(learned["hot_at"]))
        except KeyError, ValueError:
            return
        if hot_at.tzinfo is not None:
            self._hot_at = hot_at
