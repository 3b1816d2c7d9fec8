"""A SolarEdge inverter in the house: what it measures, counts and shows on Modbus.

It gives the house its sun; its grid meter stands where the Linky stands; a battery of the
house hangs on its DC side when there is one. With a follower a part of the panels hangs on
a second inverter, reached through the first under a unit id of its own.

Signs inside are the house's (grid + = import, battery + = discharging); on the wire they
are SolarEdge's: meter + = export, battery + = charging, AC power with the battery in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
import math

from . import sunspec
from .battery import SelfRegulatingBattery
from .house import GridMeter, House, PhaseSample
from .sunspec import (
    BatteryStatus,
    BatteryValues,
    Identity,
    Image,
    InverterValues,
    MeterValues,
    Status,
    WithPhases,
)

# From DC to AC.
EFFICIENCY = 0.98
# What the sun gives below this keeps no inverter awake, nor does such a battery.
AWAKE_W = 5.0
# How often the meter tells the inverter something new, in device seconds.
METER_REFRESH_S = 1.0
# How long nothing is known of the inverter and of its meters when it wakes up.
BLANK_S = 2.0
METER_BLANK_S = 40.0

_S_PER_H = 3600.0
_FREQUENCY_HZ = 50.01
_DC_V = 380.0
_SLEEPING_DC_V = 0.8
_BATTERY_V = 820.0
_FIRMWARE = "0004.0018.0032"
# What they have counted before the story begins.
_SOLAR_WH = 18_785_652.0
_METER_WH = 2_324_624.0
_CHARGED_WH = 310_000.0
_DISCHARGED_WH = 280_000.0


class MeterRole(StrEnum):
    """What a meter measures, as its option string says it."""

    GRID = "Export+Import"
    PRODUCTION = "Production"


@dataclass(frozen=True, kw_only=True, slots=True)
class SolarEdgeSpec:
    """What an inverter is and what hangs on it.

    ``follower_share`` is the part of the panels on a second inverter (unit + 1); None:
    there is none. ``meter_sleeps``: the meters read 0 while the inverter sleeps, as some
    do. ``blank_at_dawn``: it shows nothing while it wakes up, the meters for longer.
    """

    unit: int = 1
    serial: str = "7E0A51C3"
    meters: tuple[MeterRole, ...] = (MeterRole.GRID,)
    follower_share: float | None = None
    meter_sleeps: bool = False
    blank_at_dawn: bool = False


class _Energy:
    """Counters in both directions, of the total and of each phase."""

    def __init__(self, exported: float = 0.0, phases: int = 1) -> None:
        begun = [exported / phases] * phases + [0.0] * (3 - phases)
        self._out = [exported, *begun]
        # Most houses have drawn several times what they have given.
        self._in = [5 * counted for counted in self._out]

    def count(self, exported: Sequence[float], hours: float) -> None:
        """Count the total and the phases, each in the direction it flows."""
        for place, power in enumerate(exported):
            if power >= 0:
                self._out[place] += power * hours
            else:
                self._in[place] -= power * hours

    @property
    def exported(self) -> WithPhases:
        total, a, b, c = self._out
        return (total, a, b, c)

    @property
    def imported(self) -> WithPhases:
        total, a, b, c = self._in
        return (total, a, b, c)


class _Meter:
    """A meter of the inverter: what it saw last, and what it has counted."""

    def __init__(self, identity: Identity, unit: int, phases: int) -> None:
        self._identity = identity
        self._unit = unit
        self._energy = _Energy(_METER_WH, phases)
        self._apparent = _Energy(_METER_WH, phases)
        self._reactive = [_Energy() for _ in range(4)]
        self._values = MeterValues()
        self._seen_at = -math.inf

    def see(self, now: float, dt: float, phases: tuple[PhaseSample, ...]) -> None:
        """Count what flowed; look at it anew once a second. Powers + are import."""
        hours = dt / _S_PER_H
        power = _exported([phase.power_w for phase in phases])
        signed_va = [
            math.copysign(phase.apparent_va, phase.power_w) for phase in phases
        ]
        apparent = _exported(signed_va)
        # Electronics look capacitive: quadrant 3 while it exports, 4 while it imports.
        reactive = [
            math.sqrt(max(0.0, va * va - w * w))
            for va, w in zip(apparent, power, strict=True)
        ]
        self._energy.count(power, hours)
        self._apparent.count(apparent, hours)
        for place, var in enumerate(reactive):
            only = [0.0, 0.0, 0.0, 0.0]
            only[place] = var
            self._reactive[2 if power[place] >= 0 else 3].count(only, hours)
        if now - self._seen_at < METER_REFRESH_S:
            return
        self._seen_at = now
        missing = 3 - len(phases)
        currents = [phase.current_a for phase in phases] + [0.0] * missing
        volts = [phase.voltage_v for phase in phases]
        self._values = MeterValues(
            current_a=_four([sum(currents), *currents]),
            voltage_v=_four([sum(volts) / len(volts), *volts, *[None] * missing]),
            frequency_hz=_FREQUENCY_HZ,
            power_w=_four(power),
            apparent_va=_four([abs(va) for va in apparent]),
            reactive_var=_four([-var for var in reactive]),
            exported_wh=self._energy.exported,
            imported_wh=self._energy.imported,
            exported_vah=self._apparent.exported,
            imported_vah=self._apparent.imported,
            reactive_varh=tuple(counted.exported for counted in self._reactive),
        )

    def words(self, *, asleep: bool, blank: bool) -> list[int]:
        """Return its block; one that sleeps reads zero, but keeps its energies."""
        values = self._values
        if blank:
            values = MeterValues()
        elif asleep:
            zero = (0.0, 0.0, 0.0, 0.0)
            values = MeterValues(
                current_a=zero,
                voltage_v=values.voltage_v,
                frequency_hz=values.frequency_hz,
                power_w=zero,
                apparent_va=zero,
                reactive_var=zero,
                exported_wh=values.exported_wh,
                imported_wh=values.imported_wh,
                exported_vah=values.exported_vah,
                imported_vah=values.imported_vah,
                reactive_varh=values.reactive_varh,
            )
        return sunspec.meter(self._identity, values, self._unit)


def _exported(imported: Sequence[float]) -> list[float]:
    """Return the total and three phases, + = export."""
    return [-sum(imported), *(-value for value in imported), 0.0, 0.0][:4]


def _four(values: Sequence[float | None]) -> WithPhases:
    total, a, b, c = values
    return (total, a, b, c)


def _at_dc(ac_w: float) -> float:
    """Return the DC power of an AC power: the losses are whence it comes."""
    return ac_w / EFFICIENCY if ac_w >= 0 else ac_w * EFFICIENCY


class SolarEdge(GridMeter):
    """One inverter with its meters, its battery and its follower.

    It is a meter of the house: that is how it lives along.
    """

    def __init__(
        self,
        spec: SolarEdgeSpec,
        house: House,
        battery: SelfRegulatingBattery | None = None,
    ) -> None:
        """Give a house its sun; ``house.meters`` must know it."""
        self.spec = spec
        self._house = house
        self._battery = battery
        self._phases = house.spec.phases
        self._charged_wh = _CHARGED_WH
        self._discharged_wh = _DISCHARGED_WH
        self._woke_at = -math.inf
        self._slept = False
        self._now = house.now
        self._meters = [
            _Meter(
                Identity(
                    model="SE-MTR-3Y-400V-A",
                    serial=f"{spec.serial[:-2]}M{slot}",
                    version="1.0.91",
                    option=role,
                ),
                spec.unit,
                self._phases,
            )
            for slot, role in enumerate(spec.meters, start=1)
        ]
        share = spec.follower_share or 0.0
        self._shares = {spec.unit: 1 - share}
        if spec.follower_share is not None:
            self._shares[spec.unit + 1] = share
        self._solar_wh = dict.fromkeys(self._shares, _SOLAR_WH)

    @property
    def units(self) -> tuple[int, ...]:
        """The unit ids that answer: its own, then its follower's."""
        return tuple(self._shares)

    @property
    def asleep(self) -> bool:
        """Whether neither the sun nor a battery keeps it awake."""
        return (
            self._house.solar_w * self._shares[self.spec.unit] < AWAKE_W
            and abs(self._battery_w) < AWAKE_W
        )

    @property
    def solar_w(self) -> float:
        """What all its panels give, in AC W."""
        return self._house.solar_w

    @property
    def _battery_w(self) -> float:
        return 0.0 if self._battery is None else self._battery.battery_w

    def measure(self, now: float, dt: float, phases: tuple[PhaseSample, ...]) -> None:
        """See what flowed during the ``dt`` seconds that end at ``now``."""
        self._now = now
        if self._slept and not self.asleep:
            self._woke_at = now
        self._slept = self.asleep
        hours = dt / _S_PER_H
        for unit in self._shares:
            self._solar_wh[unit] += max(0.0, self._ac_w(unit)) * hours
        if self._battery_w < 0:
            self._charged_wh -= self._battery_w * hours
        else:
            self._discharged_wh += self._battery_w * hours
        for meter, role in zip(self._meters, self.spec.meters, strict=True):
            seen = phases if role is MeterRole.GRID else self._generated(phases)
            meter.see(now, dt, seen)

    def _generated(self, phases: tuple[PhaseSample, ...]) -> tuple[PhaseSample, ...]:
        power = -self.solar_w / len(phases)
        return tuple(
            PhaseSample(
                power_w=power, apparent_va=abs(power), voltage_v=phase.voltage_v
            )
            for phase in phases
        )

    def image(self, unit: int) -> Image:
        """Return all registers a unit has, as they are now."""
        leader = unit == self.spec.unit
        values = InverterValues() if self._blank(BLANK_S) else self._values(unit)
        # A meter that sleeps does so with the inverter it is wired to.
        meters = [
            meter.words(
                asleep=self.spec.meter_sleeps and self.asleep,
                blank=self._blank(METER_BLANK_S),
            )
            for meter in (self._meters if leader else [])
        ]
        image = sunspec.chain(
            sunspec.common(self._identity(unit), unit),
            sunspec.inverter(values, self._phases),
            meters,
        )
        if leader and self._battery is not None:
            image[sunspec.BATTERIES[0]] = self._battery_words(self._battery)
        return image

    def _blank(self, seconds: float) -> bool:
        return self.spec.blank_at_dawn and self._now - self._woke_at < seconds

    def _identity(self, unit: int) -> Identity:
        serial = self.spec.serial
        if unit != self.spec.unit:
            serial = f"{serial[:-2]}F{unit}"
        model = "SE10K-RWS48BEN4" if self._phases == 3 else "SE6000H-RWS00BNN4"
        return Identity(model=model, serial=serial, version=_FIRMWARE)

    def _ac_w(self, unit: int) -> float:
        battery_w = self._battery_w if unit == self.spec.unit else 0.0
        return self._house.solar_w * self._shares[unit] + battery_w

    def _values(self, unit: int) -> InverterValues:
        volts = self._house.spec.voltage_v
        ac_w = 0.0 if self.asleep else self._ac_w(unit)
        dc_w = _at_dc(ac_w)
        dc_v = _SLEEPING_DC_V if self.asleep else _DC_V
        status = Status.PRODUCING
        if self.asleep:
            status = Status.SLEEPING
        elif ac_w < 0:
            # One that charges its battery from the grid calls itself off.
            status = Status.OFF
        return InverterValues(
            status=status,
            currents_a=(abs(ac_w) / volts / self._phases,) * self._phases,
            voltages_v=(volts,) * self._phases,
            ac_w=ac_w,
            apparent_va=abs(ac_w),
            reactive_var=0.0,
            frequency_hz=_FREQUENCY_HZ,
            energy_wh=self._solar_wh[unit],
            dc_a=abs(dc_w) / dc_v,
            dc_v=dc_v,
            dc_w=dc_w,
            heat_sink_c=18.4 + abs(ac_w) / 200,
        )

    def _battery_words(self, battery: SelfRegulatingBattery) -> list[int]:
        full = battery.charge_wh >= battery.spec.capacity_wh
        if battery.battery_w < -AWAKE_W:
            status = BatteryStatus.CHARGING
        elif battery.battery_w > AWAKE_W:
            status = BatteryStatus.DISCHARGING
        else:
            status = BatteryStatus.FULL if full else BatteryStatus.IDLE
        identity = Identity(
            model="SE-BAT-10K", serial=f"{self.spec.serial[:-2]}B1", version="1.22"
        )
        # What the panels give and does not leave: nobody measures the panels alone.
        dc_w = _at_dc(self._house.solar_w * self._shares[self.spec.unit]) - _at_dc(
            self._ac_w(self.spec.unit)
        )
        values = BatteryValues(
            rated_wh=battery.spec.capacity_wh,
            max_w=battery.spec.power_w,
            status=status,
            temperature_c=23.6,
            voltage_v=_BATTERY_V,
            power_w=dc_w,
            discharged_wh=self._discharged_wh,
            charged_wh=self._charged_wh,
            available_wh=0.99 * battery.spec.capacity_wh,
            health_percent=99.0,
            energy_percent=100 * battery.soc,
        )
        return sunspec.battery(identity, values)
