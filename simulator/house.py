"""The house: sun and household from traces, plus the devices, seen at the grid.

Signs are Home Assistant's: grid + = import, solar >= 0, so house = grid + solar.
"""

from dataclasses import dataclass
import math
from typing import Protocol

from .clock import DayClock
from .device import NO_POWER, Device, Phases, add
from .trace import Trace

# The longest step of the physics, in device seconds: finer than any ramp that matters.
STEP_S = 0.5
# What a house without anybody in it draws; overrides build on it.
IDLE_LOAD_W = 400.0
# A cloud of the `cloud` word: how much light it lets through, how soft its edge is.
CLOUD_SHARE = 0.2
CLOUD_EDGE_S = 8.0
# What cooking takes: hob and oven together.
COOKING_W = 6000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseSample:
    """One phase at the connection point: signed active power and rms values."""

    power_w: float
    apparent_va: float
    voltage_v: float

    @property
    def current_a(self) -> float:
        """Rms current, never negative."""
        return self.apparent_va / self.voltage_v


class GridMeter(Protocol):
    """A meter at the connection point."""

    def measure(self, now: float, dt: float, phases: tuple[PhaseSample, ...]) -> None:
        """See what flowed during the ``dt`` seconds that end at ``now``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HouseSpec:
    """What a house is.

    ``hold_s`` is the shortest time, in device seconds, over which sun and household keep
    their level when the day runs faster than real time. A kettle of three minutes would
    last three seconds at sixty times the speed, and nothing could follow it: so each hold
    shows the *mean* of the part of the day it covers (no energy is lost or made) and the
    sun goes in straight lines from mean to mean.

    The load is split unevenly over three phases, the sun evenly. ``reactive_var`` is
    what electronics and filters take whatever the load (a Linky shows VA).
    """

    phases: int = 1
    voltage_v: float = 230.0
    hold_s: float = 10.0
    reactive_var: float = 150.0
    load_split: tuple[float, ...] = (0.45, 0.30, 0.25)


class House:
    """Everything behind one grid connection."""

    def __init__(
        self,
        *,
        solar: Trace,
        load: Trace,
        day: DayClock,
        devices: list[Device] | None = None,
        meters: list[GridMeter] | None = None,
        spec: HouseSpec | None = None,
    ) -> None:
        """Begin at device time 0."""
        self.spec = spec or HouseSpec()
        self.day = day
        self.devices = devices if devices is not None else []
        self.meters = meters if meters is not None else []
        self.solar_w = 0.0
        self.load_w = 0.0
        # Whether somebody has made it night: no sun, whatever the time of day.
        self.night = False
        # Whether somebody is cooking, on top of what the household takes anyway.
        self.cooking = False
        self._solar = solar
        self._load = load
        self._now = 0.0
        self._device_w: Phases = NO_POWER
        self._fixed_base_w: float | None = None
        self._cloud: tuple[float, float] | None = None
        self._look(0.0)

    @property
    def now(self) -> float:
        """Device time the house has lived up to."""
        return self._now

    @property
    def base_w(self) -> float:
        """Grid power there would be without any controlled device."""
        return self.load_w - self.solar_w

    @property
    def grid_w(self) -> float:
        """Grid power."""
        return self.base_w + sum(self._device_w)

    @property
    def devices_w(self) -> float:
        """Power of all devices together."""
        return sum(self._device_w)

    @property
    def fixed_base_w(self) -> float | None:
        """The grid power without devices that somebody asked for, if any."""
        return self._fixed_base_w

    def fix_base(self, watts: float | None) -> None:
        """Hold the grid power without devices there; None: back to the traces."""
        self._fixed_base_w = watts

    def cloud(self, now: float, duration_s: float = 60.0) -> None:
        """Let a cloud pass."""
        self._cloud = (now, now + duration_s)

    def clear_sky(self) -> None:
        """Blow the cloud away."""
        self._cloud = None

    def advance(self, now: float) -> None:
        """Live up to ``now``, in steps of at most ``STEP_S``."""
        while self._now < now:
            dt = min(STEP_S, now - self._now)
            self._now = now if now - self._now <= STEP_S else self._now + dt
            self._step(dt)

    def _step(self, dt: float) -> None:
        self._look(self._now)
        power = NO_POWER
        for device in self.devices:
            device.step(self._now, dt, self.spec.voltage_v)
            power = add(power, device.power_w)
        self._device_w = power
        samples = self.phases()
        for meter in self.meters:
            meter.measure(self._now, dt, samples)

    def _look(self, now: float) -> None:
        day_s = self.day.day_s(now)
        speed = 0.0 if self.day.held else self.day.speed
        if speed > 1:
            hold = self.spec.hold_s * speed
            self.load_w = _block_mean(self._load, day_s, hold)
            self.solar_w = _joined_means(self._solar, day_s, hold)
        else:
            self.load_w = self._load.at(day_s)
            self.solar_w = self._solar.at(day_s)
        if (fixed := self._fixed_base_w) is not None:
            self.solar_w = max(0.0, IDLE_LOAD_W - fixed)
            self.load_w = self.solar_w + fixed
        if self.cooking:
            self.load_w += COOKING_W
        self.solar_w *= self._light(now)

    def _light(self, now: float) -> float:
        if self.night:
            return 0.0
        if self._cloud is None:
            return 1.0
        begin, end = self._cloud
        if now >= end:
            self._cloud = None
            return 1.0
        depth = min(1.0, (now - begin) / CLOUD_EDGE_S, (end - now) / CLOUD_EDGE_S)
        return 1.0 - (1.0 - CLOUD_SHARE) * max(0.0, depth)

    def phases(self) -> tuple[PhaseSample, ...]:
        """Return what flows at the connection point, phase by phase."""
        count = self.spec.phases
        split = self.spec.load_split if count == 3 else (1.0,)
        samples = []
        for n in range(count):
            power = self.load_w * split[n] - self.solar_w / count + self._device_w[n]
            samples.append(
                PhaseSample(
                    power_w=power,
                    apparent_va=math.hypot(power, self.spec.reactive_var / count),
                    voltage_v=self.spec.voltage_v,
                )
            )
        return tuple(samples)


def _block_mean(trace: Trace, day_s: float, hold: float) -> float:
    first = day_s // hold * hold
    return trace.mean(first, first + hold)


def _joined_means(trace: Trace, day_s: float, hold: float) -> float:
    middle = (day_s // hold + 0.5) * hold
    other = middle + math.copysign(hold, day_s - middle)
    share = abs(day_s - middle) / hold
    near, far = _block_mean(trace, middle, hold), _block_mean(trace, other, hold)
    return near + (far - near) * share
