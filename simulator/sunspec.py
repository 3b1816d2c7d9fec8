"""A SolarEdge inverter's registers, written as it writes them: values to 16-bit words.

Pure: what the device measures comes in, words at their wire addresses (base 0) go out.
A value of None is written as the "not implemented" word of its type. The layout follows
SolarEdge's "SunSpec Implementation" note (v3.2) and, for batteries, the register maps
that public implementations read.

Scale factors are not fixed: like the real device, each group of values takes the finest
factor at which all of them fit their words, so it changes while the power does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
import math
import struct

type Words = list[int]
# What a device answers: the first address of each block, and its words.
type Image = dict[int, Words]

INVERTER_COMMON = 40000
INVERTER_MODEL = 40069
METERS = 40121
METER_STRIDE = 174
METER_COMMON_WORDS = 67
# Batteries lie where their firmware puts them, not at even distances.
BATTERIES = (57600, 57856)
BATTERY_WORDS = 154

_SUNS = [0x5375, 0x6E53]
_COMMON_MODEL = 1
_INVERTER_WORDS = 52
_METER_WORDS = 107
_END_OF_MODELS = [0xFFFF, 0]
_MAKER = "SolarEdge"
_NO_FACTOR = 0x8000
_NO_FLOAT = math.nan


class Number(Enum):
    """A number type of SunSpec: its words, its largest raw value, "not implemented"."""

    INT16 = (1, 0x7FFF, 0x8000)
    UINT16 = (1, 0xFFFE, 0xFFFF)
    # 0 is both "not implemented" and what a new device has counted.
    ACC32 = (2, 0xFFFFFFFE, 0)

    def __init__(self, words: int, most: int, missing: int) -> None:
        """Keep the parts by name."""
        self.words = words
        self.most = most
        self.missing = missing

    def write(self, raw: int) -> Words:
        """Return the words of a raw value, high word first."""
        return [raw >> 16 * n & 0xFFFF for n in reversed(range(self.words))]


class Status(IntEnum):
    """What an inverter says it is doing."""

    OFF = 1
    SLEEPING = 2
    PRODUCING = 4


class BatteryStatus(IntEnum):
    """What a battery says it is doing."""

    CHARGING = 3
    DISCHARGING = 4
    FULL = 6
    IDLE = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who a device is. ``option`` of a meter tells its role."""

    model: str
    serial: str
    version: str
    option: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InverterValues:
    """What an inverter shows; without arguments nothing at all, as when it wakes up.

    Currents and voltages (to neutral) are those of its phases, one or three. AC power is
    negative while it draws.
    """

    status: Status | None = None
    currents_a: tuple[float | None, ...] = (None,)
    voltages_v: tuple[float | None, ...] = (None,)
    ac_w: float | None = None
    apparent_va: float | None = None
    reactive_var: float | None = None
    frequency_hz: float | None = None
    energy_wh: float | None = None
    dc_a: float | None = None
    dc_v: float | None = None
    dc_w: float | None = None
    heat_sink_c: float | None = None


# The total, then phases A, B and C.
type WithPhases = tuple[float | None, float | None, float | None, float | None]
NOTHING: WithPhases = (None, None, None, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterValues:
    """What a meter shows: the total (voltage: the mean) and each phase.

    Power + is export, or generation for a production meter; reactive energies are those
    of the quadrants 1 to 4.
    """

    current_a: WithPhases = NOTHING
    voltage_v: WithPhases = NOTHING
    frequency_hz: float | None = None
    power_w: WithPhases = NOTHING
    apparent_va: WithPhases = NOTHING
    reactive_var: WithPhases = NOTHING
    exported_wh: WithPhases = NOTHING
    imported_wh: WithPhases = NOTHING
    exported_vah: WithPhases = NOTHING
    imported_vah: WithPhases = NOTHING
    reactive_varh: tuple[WithPhases, ...] = field(default=(NOTHING,) * 4)


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryValues:
    """What a battery shows. Power + is charging."""

    rated_wh: float
    max_w: float
    status: BatteryStatus
    temperature_c: float
    voltage_v: float
    power_w: float
    discharged_wh: float
    charged_wh: float
    available_wh: float
    health_percent: float
    energy_percent: float


def text(value: str, words: int) -> Words:
    """Return a string in that many words, filled with NUL."""
    raw = value.encode("ascii").ljust(2 * words, b"\0")[: 2 * words]
    return [high << 8 | low for high, low in zip(raw[::2], raw[1::2], strict=True)]


def scaled(
    values: Sequence[float | None], number: Number, *, finest: int = -4
) -> tuple[Words, int]:
    """Return the words of values that share a scale factor, and the factor's word."""
    known = [abs(value) for value in values if value is not None]
    if not known:
        return number.write(number.missing) * len(values), _NO_FACTOR
    factor = finest if any(known) else 0
    while round(max(known) / 10**factor) > number.most:
        factor += 1
    words: Words = []
    for value in values:
        raw = number.missing if value is None else round(value / 10**factor)
        words += number.write(raw)
    return words, factor & 0xFFFF


def float_low_first(value: float) -> Words:
    """Return a float32 as the proprietary blocks have it: the low word first."""
    raw = 0x7FC00000 if math.isnan(value) else _bits(value)
    return [raw & 0xFFFF, raw >> 16]


def _bits(value: float) -> int:
    (raw,) = struct.unpack(">I", struct.pack(">f", value))
    return int(raw)


def integer_low_first(value: int, words: int) -> Words:
    """Return an unsigned integer with its low word first."""
    return [value >> 16 * n & 0xFFFF for n in range(words)]


class _Block:
    """Words of one block, put at their offsets; the rest is 0."""

    def __init__(self, words: int) -> None:
        self.words: Words = [0] * words

    def put(self, offset: int, words: Words) -> None:
        self.words[offset : offset + len(words)] = words

    def put_scaled(
        self,
        offset: int,
        factor_offset: int,
        values: Sequence[float | None],
        number: Number,
        *,
        finest: int = -4,
    ) -> None:
        words, factor = scaled(values, number, finest=finest)
        self.put(offset, words)
        self.words[factor_offset] = factor


def common(identity: Identity, unit: int) -> Words:
    """Return the inverter's common block, 69 words from 40000."""
    return [*_SUNS, *_identity(identity, unit)]


def _identity(identity: Identity, unit: int) -> Words:
    return [
        _COMMON_MODEL,
        65,
        *text(_MAKER, 16),
        *text(identity.model, 16),
        *text(identity.option, 8),
        *text(identity.version, 8),
        *text(identity.serial, 16),
        unit,
    ]


def inverter(values: InverterValues, phases: int) -> Words:
    """Return the inverter model 101 or 103 with its header, 52 words from 40069."""
    block = _Block(_INVERTER_WORDS)
    block.put(0, [103 if phases == 3 else 101, 50])
    currents = _by_phase(values.currents_a)
    known = [current for current in currents if current is not None]
    total = sum(known) if known else None
    block.put_scaled(2, 6, (total, *currents), Number.UINT16)
    to_neutral = _by_phase(values.voltages_v)
    between = (
        tuple(None if volts is None else volts * math.sqrt(3) for volts in to_neutral)
        if phases == 3
        # One phase: recent firmware shows the grid's voltage at both places.
        else to_neutral
    )
    block.put_scaled(7, 13, (*between, *to_neutral), Number.UINT16, finest=-1)
    block.put_scaled(14, 15, (values.ac_w,), Number.INT16)
    block.put_scaled(16, 17, (values.frequency_hz,), Number.UINT16)
    block.put_scaled(18, 19, (values.apparent_va,), Number.INT16)
    block.put_scaled(20, 21, (values.reactive_var,), Number.INT16)
    factor = _power_factor(values.ac_w, values.apparent_va)
    block.put_scaled(22, 23, (factor,), Number.INT16, finest=-2)
    block.put_scaled(24, 26, (values.energy_wh,), Number.ACC32, finest=0)
    block.put_scaled(27, 28, (values.dc_a,), Number.UINT16)
    block.put_scaled(29, 30, (values.dc_v,), Number.UINT16)
    block.put_scaled(31, 32, (values.dc_w,), Number.INT16)
    temperatures = (None, values.heat_sink_c, None, None)
    block.put_scaled(33, 37, temperatures, Number.INT16, finest=-2)
    status = Number.UINT16.missing if values.status is None else int(values.status)
    block.put(38, [status])
    return block.words


def _by_phase(values: tuple[float | None, ...]) -> tuple[float | None, ...]:
    return (*values, None, None)[:3]


def _power_factor(power: float | None, apparent: float | None) -> float | None:
    if power is None or not apparent:
        return None if power is None else 0.0
    return 100 * power / apparent


def meter(identity: Identity, values: MeterValues, unit: int) -> Words:
    """Return a meter's common block and model 203, 174 words from its slot.

    Single-phase sites report the three-phase model too, with nothing on B and C.
    """
    block = _Block(_METER_WORDS)
    block.put(0, [203, 105])
    int16, acc32 = Number.INT16, Number.ACC32
    block.put_scaled(2, 6, values.current_a, int16, finest=-3)
    # The voltages between phases stay 0.
    block.put_scaled(7, 15, (*values.voltage_v, 0, 0, 0, 0), int16, finest=-2)
    block.put_scaled(16, 17, (values.frequency_hz,), int16, finest=-2)
    block.put_scaled(18, 22, values.power_w, int16)
    block.put_scaled(23, 27, values.apparent_va, int16)
    block.put_scaled(28, 32, values.reactive_var, int16)
    factors = [
        _power_factor(power, apparent)
        for power, apparent in zip(values.power_w, values.apparent_va, strict=True)
    ]
    block.put_scaled(33, 37, factors, int16, finest=-2)
    energies = (*values.exported_wh, *values.imported_wh)
    block.put_scaled(38, 54, energies, acc32, finest=-3)
    apparent_energies = (*values.exported_vah, *values.imported_vah)
    block.put_scaled(55, 71, apparent_energies, acc32, finest=-3)
    quadrants = [value for quadrant in values.reactive_varh for value in quadrant]
    block.put_scaled(72, 104, quadrants, acc32, finest=-3)
    return [*_identity(identity, unit), *block.words]


def battery(identity: Identity, values: BatteryValues) -> Words:
    """Return a battery's block, 154 words from its base, without a SunSpec header."""
    block = _Block(BATTERY_WORDS)
    for offset, part in (
        (0, _MAKER),
        (16, identity.model),
        (32, identity.version),
        (48, identity.serial),
    ):
        block.put(offset, text(part, 16))
    # The current has the opposite sign of the power on real ones.
    current_a = -values.power_w / values.voltage_v
    for offset, number in {
        66: values.rated_wh,
        68: values.max_w,
        70: values.max_w,
        72: values.max_w,
        74: values.max_w,
        108: values.temperature_c,
        110: _NO_FLOAT,
        112: values.voltage_v,
        114: current_a,
        116: values.power_w,
        126: values.rated_wh,
        128: values.available_wh,
        130: values.health_percent,
        132: values.energy_percent,
    }.items():
        block.put(offset, float_low_first(number))
    block.put(118, integer_low_first(int(values.discharged_wh), 4))
    block.put(122, integer_low_first(int(values.charged_wh), 4))
    block.put(134, integer_low_first(values.status, 2))
    return block.words


def chain(first: Words, models: Words, meters: Sequence[Words]) -> Image:
    """Return the SunSpec blocks one behind the other, each at its address.

    After the last one comes the end mark; what lies behind it does not exist.
    """
    image = {INVERTER_COMMON: first, INVERTER_MODEL: models}
    for slot, words in enumerate(meters):
        image[METERS + METER_STRIDE * slot] = words
    image[METERS + METER_STRIDE * len(meters)] = list(_END_OF_MODELS)
    return image
