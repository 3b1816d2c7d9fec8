"""Batteries that regulate themselves: nobody commands them, and nobody may fight them.

Such a battery holds the grid at zero by its own loop, some seconds late: it fills every
hole that loads leave and takes every surplus that they leave. The grid meter alone
therefore shows nothing. What the battery charges is what loads could have; what it
gives is what they take too much, and never surplus:

    surplus = own loads − battery − grid        (battery + = discharging)

all three at one instant. While the battery moves, an older reading of it beside a newer
one of the grid counts twice what went from one to the other, so the surplus is that of
the newest instant at which both are known.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from .freshness import Freshness, MeterState
from .model import BatteryReading, GridReading

_HISTORY_S = 600.0
# A battery's own loop is a few seconds late: what leaves for the grid for longer than
# this, it cannot take.
_TAKES_AFTER_S = 10.0
# What a battery's own loop leaves on the meter while it is at work.
_RIPPLE_W = 150.0
# Above the share below which it comes first it must rise by this, or it would change
# sides with every cloud.
_SOC_HYSTERESIS = 0.02
# Left to it while loads come first: a load's steps and dead band may take it for
# themselves, and nothing of a load then lasts on the battery.
_KEPT_W = 75.0
# What loads may borrow from batteries, to ride through clouds, before it must come back.
_BORROWED_WH = 150.0
# λ of loads that owe: any lasting import stops them.
STRICT_PRICE = 25.0
# Exported while an unseen battery might be hiding what loads take too much.
_UNSEEN_KEPT_W = 250.0
_UNSEEN_EXPORT_W = 50.0
# How long it takes until all that loads draw without an export is taken to be hidden.
# At once would throw a fast load off and on again with every ripple of the grid.
_SUSPECTED_S = 60.0


class Course:
    """A power over the last minutes, a line between its samples. W at seconds."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._times: deque[float] = deque()
        self._watts: deque[float] = deque()

    def note(self, at: float, power_w: float) -> None:
        """Take in a sample; one that is not newer than the last changes nothing."""
        if not isfinite(power_w) or (self._times and at <= self._times[-1]):
            return
        self._times.append(at)
        self._watts.append(power_w)
        while self._times[0] < at - _HISTORY_S:
            self._times.popleft()
            self._watts.popleft()

    @property
    def last_at(self) -> float | None:
        """The instant of the newest sample, None without one."""
        return self._times[-1] if self._times else None

    def spread_w(self, at: float) -> float:
        """Return by how much the samples around an instant differ; 0 after the last."""
        right = bisect_right(self._times, at)
        if right == 0 or right == len(self._times):
            return 0.0
        return abs(self._watts[right] - self._watts[right - 1])

    def power_w(self, at: float) -> float:
        """Return the power at an instant; before and after all samples the nearest."""
        times, watts = self._times, self._watts
        right = bisect_right(times, at)
        if right == 0:
            return watts[0]
        if right == len(times):
            return watts[-1]
        share = (at - times[right - 1]) / (times[right] - times[right - 1])
        return watts[right - 1] + share * (watts[right] - watts[right - 1])


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryShare:
    """What the sun leaves to loads, and what batteries have to do with it.

    ``surplus_w`` was true at ``at``, the newest instant at which all is known.
    ``sun_left_w`` is the same without any claim of a battery: what the house lacks
    where it is negative.
    ``power_w`` is what all batteries give (+ = discharging), None while one is not
    heard. ``kept_w`` is what loads leave unused. ``state`` is that of the battery heard
    worst. ``first`` says that one is charged before any load, ``owed`` that loads have
    borrowed from batteries what they may, and now take nothing from them.
    """

    at: float
    surplus_w: float
    sun_left_w: float
    power_w: float | None = 0.0
    kept_w: float = 0.0
    state: MeterState = MeterState.NONE
    first: bool = False
    owed: bool = False


class _Battery:
    """One battery's last minutes, and what it was seen to take."""

    def __init__(self) -> None:
        self.first = False
        self.state = MeterState.NONE
        self.course = Course()
        self._freshness = Freshness()
        self._soc_known = False
        self._claim_w = 0.0
        self._refused_s = 0.0

    def observe(self, reading: BatteryReading, now: float) -> None:
        """Take in the newest reading."""
        self._choose_side(reading)
        if isfinite(reading.power_w):
            self.course.note(reading.at, reading.power_w)
            self.state = self._freshness.judge(reading, now)
        else:
            self.state = MeterState.LOST

    def _choose_side(self, reading: BatteryReading) -> None:
        """Decide whether it is charged before any load."""
        soc, first_soc = reading.soc, reading.first_soc
        if soc is None or not 0.0 <= soc <= 1.0:
            # Where its charge was never told, it gets what a person asked for it.
            if not self._soc_known:
                self.first = first_soc > 0.0
            return
        if not self._soc_known:
            self.first = soc < first_soc
            self._soc_known = True
        elif soc < first_soc:
            self.first = True
        elif soc >= min(1.0, first_soc + _SOC_HYSTERESIS):
            self.first = False

    def counted_w(self, power_w: float) -> float:
        """Return what of its power is held against the surplus; + = discharging."""
        if self.state is not MeterState.FRESH:
            # It may have ceased to charge, and not have ceased to discharge.
            power_w = max(0.0, power_w)
        return power_w + self._claim_w if self.first else power_w

    def learn(self, power_w: float, grid_w: float, dt_s: float) -> None:
        """Learn how much it takes: what leaves for the grid beside it, it does not."""
        charge_w = max(0.0, -power_w)
        if charge_w >= self._claim_w:
            self._claim_w = charge_w
            self._refused_s = 0.0
        elif grid_w > -_RIPPLE_W:
            self._refused_s = 0.0
        else:
            self._refused_s += dt_s
            if self._refused_s > _TAKES_AFTER_S:
                self._claim_w = charge_w


class Batteries:
    """All batteries of the house that regulate themselves."""

    def __init__(self) -> None:
        """Know none."""
        self._known: dict[tuple[int, str], _Battery] = {}
        self._grid = Course()
        self._state = MeterState.NONE
        self._suspected_s = 0.0
        self._borrowed_wh = 0.0
        self._owed = False

    @property
    def state(self) -> MeterState:
        """That of the battery heard worst."""
        return self._state

    def observe(self, readings: tuple[BatteryReading, ...], now: float) -> None:
        """Take in the newest readings."""
        known = {}
        for index, reading in enumerate(readings):
            key = index, reading.battery_id
            known[key] = self._known.get(key) or _Battery()
            known[key].observe(reading, now)
        self._known = known
        self._state = max(
            (battery.state for battery in known.values()),
            key=_WORSE.index,
            default=MeterState.NONE,
        )

    def share(
        self, grid: GridReading, own_w: Callable[[float], float], dt_s: float
    ) -> BatteryShare:
        """Return what the sun leaves to loads beside the batteries.

        ``own_w`` returns what loads draw at an instant. ``dt_s`` is the time since the
        previous grid reading, 0 when this one was seen before.
        """
        if grid.power_w is not None:
            self._grid.note(grid.at, grid.balance_w)
        if self._grid.last_at is None or not self._known:
            left_w = own_w(grid.at) - grid.balance_w
            return BatteryShare(at=grid.at, surplus_w=left_w, sun_left_w=left_w)
        if self._state is MeterState.LOST:
            return self._unseen(grid.at, own_w(grid.at), dt_s)
        self._suspected_s = 0.0
        batteries = tuple(self._known.values())
        at = grid.at
        if self._state is MeterState.FRESH:
            at = min(at, *(battery.course.last_at or at for battery in batteries))
        grid_w, drawn_w = self._grid.power_w(at), own_w(at)
        powers_w = [battery.course.power_w(at) for battery in batteries]
        for battery, power_w in zip(batteries, powers_w, strict=True):
            battery.learn(power_w, grid_w, dt_s)
        total_w = sum(powers_w)
        self._settle(total_w, drawn_w, dt_s)
        counted_w = sum(
            battery.counted_w(power_w)
            for battery, power_w in zip(batteries, powers_w, strict=True)
        )
        return BatteryShare(
            at=at,
            surplus_w=drawn_w - counted_w - grid_w,
            # One that is not heard must not make a commanded one charge it.
            sun_left_w=drawn_w
            - grid_w
            - (total_w if self._state is MeterState.FRESH else 0.0),
            power_w=total_w,
            kept_w=_KEPT_W,
            state=self._state,
            first=any(battery.first for battery in batteries),
            owed=self._owed,
        )

    def _unseen(self, at: float, drawn_w: float, dt_s: float) -> BatteryShare:
        """Beside an export a battery gives nothing; without, perhaps all loads take."""
        grid_w = self._grid.power_w(at)
        exports = grid_w <= -_UNSEEN_EXPORT_W
        self._suspected_s = (
            0.0 if exports else min(self._suspected_s + dt_s, _SUSPECTED_S)
        )
        hidden_w = max(0.0, drawn_w) * self._suspected_s / _SUSPECTED_S
        return BatteryShare(
            at=at,
            surplus_w=drawn_w - hidden_w - grid_w,
            sun_left_w=drawn_w - grid_w,
            power_w=None,
            kept_w=_UNSEEN_KEPT_W,
            state=self._state,
            first=any(battery.first for battery in self._known.values()),
            owed=self._owed,
        )

    def _settle(self, power_w: float, drawn_w: float, dt_s: float) -> None:
        """Keep the account of what loads took from batteries and what came back."""
        lent_w = min(power_w, max(0.0, drawn_w)) if power_w > 0 else power_w
        self._borrowed_wh = max(0.0, self._borrowed_wh + lent_w * dt_s / 3600.0)
        if self._borrowed_wh >= _BORROWED_WH:
            self._owed = True
        elif self._borrowed_wh == 0:
            self._owed = False


_WORSE = (MeterState.NONE, MeterState.FRESH, MeterState.STALE, MeterState.LOST)
