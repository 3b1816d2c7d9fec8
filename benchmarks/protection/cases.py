"""The houses: what they draw by themselves, their loads, and what they subscribed to."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from benchmarks.closed_loop.cases import (
    VOLTAGE_V,
    Case,
    ChargerCase,
    Day,
    HeaterCase,
    RelayCase,
    Wires,
)
from simulator.appliance import ApplianceSpec
from simulator.car import CarSpec
from simulator.evse import EvseSpec
from simulator.heater import HeaterSpec
from simulator.trace import DAY_S, read_trace

_HOUR_S = 3600
# The oven: at noon and in the evening it heats up, then its thermostat keeps it warm.
_OVEN_W = 2400.0
_OVEN_ON = ((12 * _HOUR_S, 45 * 60), (19 * _HOUR_S, _HOUR_S))
_OVEN_HEATS_S, _OVEN_EVERY_S, _OVEN_KEEPS_S = 600, 300, 150
# Off-peak hours of a contract, through midnight.
_CHEAP_FROM_S, _CHEAP_TO_S = 22 * _HOUR_S + 1800, 6 * _HOUR_S + 1800
# Of a house with electric heating at least this much is not heating.
_BESIDE_HEATING_W = 500.0
_ENDLESS_WH = 1e9
_LINKY = Wires(grid_interval_s=2, grid_noise_w=0.0, linky=True)

# A tank whose element any thermostat would have opened at noon, left on: the worst case.
_TANK = RelayCase(
    load_id="tank", appliance=ApplianceSpec(power_w=2000.0), stated_w=2000.0
)
_CAR = ChargerCase(load_id="car")
_WALLBOX = ChargerCase(
    load_id="car",
    car=CarSpec(phases=3, max_a=16.0, capacity_wh=_ENDLESS_WH),
    evse=EvseSpec(max_a=16.0, wiring=(1, 2, 3)),
)


class Asked(StrEnum):
    """What the loads are asked for.

    ``fast``: all they can take, all day. ``eco``: that in off-peak hours, else the sun.
    """

    FAST = "fast"
    ECO = "eco"


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """One day of one house.

    ``shares`` is how the trace spreads over the phases of the supply. ``oven_phase`` is
    where an oven is added to what was recorded, None where that holds one. Of the trace
    ``heating_w`` is electric heating behind a relay, that may be switched off where
    ``sheddable``; the tank may be in every house. Loads are named in order of priority.
    """

    name: str
    text: str
    trace: str
    subscribed_va: float
    asked: Asked = Asked.FAST
    shares: tuple[float, ...] = (1.0,)
    oven_phase: int | None = 1
    heating_w: float = 0.0
    sun: str | None = None
    car: ChargerCase = _CAR
    heater: HeaterCase = field(default_factory=HeaterCase)
    tank: RelayCase | None = _TANK
    begin_s: int = 0
    end_s: int = DAY_S

    @property
    def phases(self) -> int:
        """Phases of the supply."""
        return len(self.shares)

    @property
    def seconds(self) -> range:
        """The seconds of its day."""
        return range(self.begin_s, self.end_s)

    @property
    def heating(self) -> RelayCase | None:
        """The relay of the electric heating."""
        if not self.heating_w:
            return None
        return RelayCase(
            load_id="heating",
            appliance=ApplianceSpec(power_w=self.heating_w),
            stated_w=self.heating_w,
        )

    @property
    def relays(self) -> tuple[RelayCase, ...]:
        """All loads behind relays."""
        return tuple(relay for relay in (self.heating, self.tank) if relay is not None)

    @property
    def wires(self) -> Case:
        """What the devices of the closed loop need to know of the whole."""
        return Case(
            name=self.name,
            text=self.text,
            build=lambda: Day(begin_s=self.begin_s, solar_w=(), base_w=()),
            chargers=(self.car,),
            heaters=(self.heater,),
            relays=self.relays,
            wires=_LINKY,
            subscribed_va=self.subscribed_va,
        )

    def cheap(self, now: int) -> bool:
        """Return whether a second is in off-peak hours."""
        second = now % DAY_S
        return second >= _CHEAP_FROM_S or second < _CHEAP_TO_S

    def all_wanted(self, now: int) -> bool:
        """Return whether loads are asked for all they can take."""
        return self.asked is Asked.FAST or self.cheap(now)

    def heats(self, now: int) -> bool:
        """Return whether the electric heating draws, if its relay lets it."""
        if not self.heating_w:
            return False
        return _watts(self.trace)[now % DAY_S] >= self.heating_w + _BESIDE_HEATING_W

    def base_w(self, now: int) -> tuple[float, ...]:
        """Return what the house draws by itself on each phase, less its sun."""
        recorded = _watts(self.trace)[now % DAY_S]
        if self.heats(now):
            recorded -= self.heating_w
        sun = _watts(self.sun)[now % DAY_S] if self.sun is not None else 0.0
        base = [share * recorded - sun / self.phases for share in self.shares]
        if self.oven_phase is not None:
            base[self.oven_phase - 1] += oven_w(now)
        return tuple(base)


def oven_w(now: int) -> float:
    """Return what the oven draws."""
    for begin_s, lasts_s in _OVEN_ON:
        into_s = now % DAY_S - begin_s
        if 0 <= into_s < lasts_s:
            heats = into_s < _OVEN_HEATS_S or into_s % _OVEN_EVERY_S < _OVEN_KEEPS_S
            return _OVEN_W if heats else 0.0
    return 0.0


@cache
def _watts(trace: str) -> tuple[float, ...]:
    recorded = read_trace(trace)
    return tuple(recorded.at(second) for second in range(DAY_S))


_TRACES = {
    "load_fr_winter": "electrically heated house in winter",
    "load_fr_summer": "the same house in summer",
    "load_uk_family": "family house",
    "load_synth": "hob and kettle, each second",
}
_SUNS = {
    "load_fr_winter": (9_000.0, "pv_front"),
    "load_fr_summer": (9_000.0, "pv_clear"),
    "load_uk_family": (6_000.0, "pv_convective"),
    "load_synth": (6_000.0, "pv_broken_real1s"),
}

_FAST = [
    House(
        name=f"F{number}-{kva}",
        text=f"{text}, all loads on all day, {kva} kVA",
        trace=trace,
        subscribed_va=1000.0 * kva,
    )
    for kva in (6, 9)
    for number, (trace, text) in enumerate(_TRACES.items(), start=1)
]
_ECO = [
    House(
        name=f"E{number}",
        text=f"{text}, sun, loads on eco, {_SUNS[trace][0] / 1000:.0f} kVA",
        trace=trace,
        subscribed_va=_SUNS[trace][0],
        asked=Asked.ECO,
        sun=_SUNS[trace][1],
    )
    for number, (trace, text) in enumerate(_TRACES.items(), start=1)
]
_HEATED = House(
    name="H1-6",
    text="electrically heated house in winter, 3 kW of its heating sheddable, 6 kVA",
    trace="load_fr_winter",
    subscribed_va=6_000.0,
    # The recording goes to the very edge of what can be held.
    oven_phase=None,
    heating_w=3_000.0,
    tank=None,
)
_THREE = House(
    name="T1-9",
    text="three phases unevenly loaded, three-phase car, 9 kVA",
    trace="load_fr_summer",
    subscribed_va=9_000.0,
    shares=(0.5, 0.3, 0.2),
    oven_phase=2,
    car=_WALLBOX,
    heater=HeaterCase(heater=HeaterSpec(lag_s=0.0, phase=1)),
    tank=RelayCase(
        load_id="tank",
        appliance=ApplianceSpec(power_w=2000.0, phase=3),
        stated_w=2000.0,
    ),
)
_LONE = replace(
    _THREE,
    name="T2-12",
    text="three phases, single-phase car on the one of the oven, 12 kVA",
    subscribed_va=12_000.0,
    car=ChargerCase(
        load_id="car",
        car=CarSpec(max_a=32.0, capacity_wh=_ENDLESS_WH),
        evse=EvseSpec(max_a=32.0, wiring=(2,)),
    ),
)

HOUSES = {house.name: house for house in (*_FAST, *_ECO, _HEATED, _THREE, _LONE)}

__all__ = ["HOUSES", "VOLTAGE_V", "Asked", "House", "oven_w"]
