"""A Linky meter: what it measures, counts and shows.

It lives in device time like every other device; its clock is the real one, its tariff
period is whatever it was last switched to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
import math
from zoneinfo import ZoneInfo

from .house import PhaseSample
from .tariff import HP_HC, TariffOption
from .tic import (
    MeterValues,
    Peak,
    PhaseValues,
    TicMode,
    distributor_index,
    interrupted_frame,
    long_frame,
    short_frame,
)

PARIS = ZoneInfo("Europe/Paris")

# The trip law of the specification: a first-order filter of the squared load, once a
# second, that opens the breaker at 1.3 squared.
FILTER_B = 0.008
TRIP_LEVEL = 1.69
# Load curve: means of half hours.
CURVE = timedelta(minutes=30)
# Three-phase historic overload: 20 short frames, then a long one, until a minute after.
SHORT_FRAMES = 20
SHORT_FRAMES_AFTER_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkySpec:
    """What a meter is. The serial's fifth and sixth digit tell its type."""

    mode: TicMode = TicMode.STANDARD
    producer: bool = True
    serial: str = "021961000042"
    prm: str = "00000000000042"
    subscribed_kva: int = 9
    option: TariffOption = HP_HC
    drawn_wh: int = 12_345_678
    injected_wh: int = 2_345_678


@dataclass(slots=True)
class _Filtered:
    """A load seen through the trip law's filter, and its daily maximum."""

    squared: float = 0.0
    peak: int = 0
    peak_at: datetime | None = None
    yesterday: int = 0
    yesterday_at: datetime | None = None

    def feed(self, va: float, dt: float, wall: datetime) -> None:
        kept = (1 - FILTER_B) ** dt
        self.squared = va * va - (va * va - self.squared) * kept
        if (value := round(math.sqrt(self.squared))) > self.peak:
            self.peak, self.peak_at = value, wall

    def next_day(self) -> None:
        self.yesterday, self.yesterday_at = self.peak, self.peak_at
        self.peak, self.peak_at = 0, None

    def today(self, wall: datetime) -> Peak:
        return Peak(value=self.peak, at=self.peak_at or wall)

    def day_before(self, wall: datetime) -> Peak:
        at = self.yesterday_at or wall - timedelta(days=1)
        return Peak(value=self.yesterday, at=at)


class Linky:
    """A meter at the connection point of the house."""

    def __init__(self, spec: LinkySpec | None = None, *, wall: datetime) -> None:
        """Begin measuring; ``wall`` is the true time at device time 0."""
        self.spec = spec or LinkySpec()
        self.tripped_at: float | None = None
        self._wall0 = wall
        self._now = 0.0
        self._period = self.spec.option.periods[-1]
        self._supplier = [0.0] * 10
        self._injected_wh = float(self.spec.injected_wh)
        self._varh = [0.0] * 4
        self._samples: tuple[PhaseSample, ...] = ()
        self._drawn = _Filtered()
        self._injected = _Filtered()
        self._per_phase: list[_Filtered] = []
        self._curve_wh = [0.0, 0.0]
        self._curve: list[tuple[datetime, float, float]] = []
        self._day: datetime | None = None
        self._overload_until = -1.0
        self._short_left = 0
        self._interrupt = False
        # A meter that has lived: what it counted so far, spread over its periods.
        for period in self.spec.option.periods:
            share = self.spec.drawn_wh // len(self.spec.option.periods)
            self._supplier[period.index - 1] = float(share)

    @property
    def period(self) -> str:
        """Key of the tariff period it is in."""
        return self._period.key

    def set_period(self, key: str) -> None:
        """Switch the tariff period; raises KeyError when the contract has no such one."""
        self._period = self.spec.option.period(key)

    def wall(self, now: float) -> datetime:
        """Its clock: legal time in France."""
        return (self._wall0 + timedelta(seconds=now)).astimezone(PARIS)

    def measure(self, now: float, dt: float, phases: tuple[PhaseSample, ...]) -> None:
        """See what flowed during the ``dt`` seconds that end at ``now``."""
        self._now = now
        self._samples = phases
        if not self._per_phase:
            self._per_phase = [_Filtered() for _ in phases]
        wall = self.wall(now)
        self._turn_pages(wall)
        power = sum(phase.power_w for phase in phases)
        wh = power * dt / 3600
        if wh >= 0:
            self._supplier[self._period.index - 1] += wh
            self._curve_wh[0] += wh
        else:
            self._injected_wh -= wh
            self._curve_wh[1] -= wh
        apparent = self._net_va()
        # Electronics look capacitive: quadrant 4 while drawing, 3 while injecting.
        reactive = math.sqrt(max(0.0, apparent * apparent - power * power))
        self._varh[3 if power >= 0 else 2] += reactive * dt / 3600
        drawn = apparent if power >= 0 else 0.0
        self._drawn.feed(drawn, dt, wall)
        self._injected.feed(apparent - drawn, dt, wall)
        for seen, phase in zip(self._per_phase, phases, strict=True):
            seen.feed(phase.apparent_va if phase.power_w >= 0 else 0.0, dt, wall)
        self._watch_overload(now)

    def _turn_pages(self, wall: datetime) -> None:
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        if self._day is not None and midnight > self._day:
            for seen in (self._drawn, self._injected, *self._per_phase):
                seen.next_day()
        self._day = midnight
        ended = wall.replace(minute=wall.minute // 30 * 30, second=0, microsecond=0)
        if not self._curve:
            self._curve = [(ended, 0.0, 0.0), (ended - CURVE, 0.0, 0.0)]
        elif ended > self._curve[0][0]:
            hours = CURVE.total_seconds() / 3600
            drawn, injected = (wh / hours for wh in self._curve_wh)
            self._curve = [(ended, drawn, injected), self._curve[0]]
            self._curve_wh = [0.0, 0.0]

    def _net_va(self) -> float:
        signed = sum(
            math.copysign(phase.apparent_va, phase.power_w) for phase in self._samples
        )
        return abs(signed)

    def _reference_va(self) -> float:
        return self.spec.subscribed_kva * 1000 / len(self._samples)

    def _overload(self) -> tuple[bool, ...]:
        # The subscription stands for a current at 200 V in historic mode, for VA else.
        historic = self.spec.mode is TicMode.HISTORIC
        per_phase_a = self._reference_va() // 200
        return tuple(
            phase.power_w >= 0
            and (
                round(phase.current_a) > per_phase_a
                if historic
                else phase.apparent_va > self._reference_va()
            )
            for phase in self._samples
        )

    def _watch_overload(self, now: float) -> None:
        if any(self._overload()):
            if now > self._overload_until:
                self._interrupt = True
            self._overload_until = now + SHORT_FRAMES_AFTER_S
        reference = self._reference_va()
        if self.tripped_at is None and any(
            seen.squared >= TRIP_LEVEL * reference * reference
            for seen in self._per_phase
        ):
            self.tripped_at = now

    def values(self) -> MeterValues:
        """Return what it shows now."""
        wall = self.wall(self._now)
        power = sum(phase.power_w for phase in self._samples)
        apparent = round(self._net_va())
        injecting = power < 0
        (ended, drawn_w, injected_w), (before, drawn_before, injected_before) = (
            self._curve
        )
        supplier = tuple(int(wh) for wh in self._supplier)
        distributor = [0] * 4
        for index, wh in enumerate(supplier, start=1):
            distributor[distributor_index(index) - 1] += wh
        return MeterValues(
            serial=self.spec.serial,
            prm=self.spec.prm,
            wall=wall,
            producer=self.spec.producer,
            option=self.spec.option,
            period=self._period,
            subscribed_kva=self.spec.subscribed_kva,
            cutoff_kva=self.spec.subscribed_kva,
            drawn_wh=sum(supplier),
            supplier_wh=supplier,
            distributor_wh=tuple(distributor),
            injected_wh=int(self._injected_wh),
            reactive_varh=(
                int(self._varh[0]),
                int(self._varh[1]),
                int(self._varh[2]),
                int(self._varh[3]),
            ),
            phases=tuple(
                PhaseValues(
                    current_a=round(phase.current_a),
                    voltage_v=round(phase.voltage_v),
                    drawn_va=round(phase.apparent_va) if phase.power_w >= 0 else 0,
                    max_va=seen.today(wall),
                    max_yesterday_va=seen.day_before(wall),
                )
                for phase, seen in zip(self._samples, self._per_phase, strict=True)
            ),
            drawn_va=0 if injecting else apparent,
            injected_va=apparent if injecting else 0,
            injecting=injecting,
            max_drawn=self._drawn.today(wall),
            max_drawn_yesterday=self._drawn.day_before(wall),
            max_injected=self._injected.today(wall),
            max_injected_yesterday=self._injected.day_before(wall),
            mean_drawn_w=(
                Peak(value=round(drawn_w), at=ended),
                Peak(value=round(drawn_before), at=before),
            ),
            mean_injected_w=(
                Peak(value=round(injected_w), at=ended),
                Peak(value=round(injected_before), at=before),
            ),
            overload=self._overload(),
            breaker_open=self.tripped_at is not None,
        )

    def next_frame(self) -> bytes:
        """Encode the frame it sends next."""
        values = self.values()
        mode = self.spec.mode
        if mode is TicMode.STANDARD or len(values.phases) == 1:
            return long_frame(mode, values)
        if self._interrupt:
            self._interrupt = False
            self._short_left = SHORT_FRAMES
            return interrupted_frame(values)
        if self._now > self._overload_until:
            self._short_left = 0
            return long_frame(mode, values)
        if self._short_left:
            self._short_left -= 1
            return short_frame(values)
        self._short_left = SHORT_FRAMES
        return long_frame(mode, values)
