"""What a cycle is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .readings import BatteryReading, GridReading, LoadReading
from .specs import LoadSpec
from .tariff import TariffNow
from .wishes import Wish
from .words import Mode


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadInput[S: LoadSpec = LoadSpec, R: LoadReading = LoadReading]:
    """One load as a cycle sees it: what it is, what it told, what is asked of it.

    ``wishes`` counts how often a person has set the mode: a new wish does not wait for
    minimum times, a boost that ends by itself does. ``manual_value`` is the set-point a
    person gave it in mode ``manual``, in the load's unit; without one it goes on with
    what it had when that mode began. ``wish`` is what a schedule or a need asks for now,
    None while the mode alone decides.
    """

    spec: S
    reading: R
    mode: Mode
    wishes: int = 0
    manual_value: float | None = None
    wish: Wish | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SolarSpan:
    """A stretch of time and what the sun is expected to produce in it."""

    begins: datetime
    ends: datetime
    energy_wh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything a cycle may know.

    ``now`` is monotonic, ``wall`` an aware datetime: the same instant. ``cheap`` is
    whether the tariff's hours are cheap now; None where nobody tells. ``tariff`` is what
    else is known of it. ``forecast`` is the production that is expected, in order, None
    where nobody tells. ``levels`` is what the sensors of needs show, by need: °C, or a
    share of 1; one that shows nothing is missing.
    """

    now: float
    wall: datetime
    grid: GridReading | None
    solar_w: float | None = None
    loads: tuple[LoadInput, ...] = ()
    batteries: tuple[BatteryReading, ...] = ()
    cheap: bool | None = None
    tariff: TariffNow | None = None
    forecast: tuple[SolarSpan, ...] | None = None
    levels: Mapping[str, float] = field(default_factory=dict)
