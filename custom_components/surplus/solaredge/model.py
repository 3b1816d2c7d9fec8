"""The words of the room: what was found behind an inverter, and what it reads.

Readings have Surplus's signs: grid + = import, battery + = discharging, solar + =
produced. Every value is None where the device does not tell it, or tells nonsense.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from solaredged import BatteryStatus, InverterStatus


class MeterRole(StrEnum):
    """What a meter measures."""

    GRID = "grid"
    PRODUCTION = "production"
    CONSUMPTION = "consumption"
    UNKNOWN = "unknown"


class LinkState(StrEnum):
    """How it stands with the inverter; each has a text in translations."""

    WAITING = "waiting"
    READING = "reading"
    ASLEEP = "asleep"
    UNREACHABLE = "unreachable"
    OTHER_DEVICE = "other_device"


@dataclass(frozen=True, kw_only=True, slots=True)
class Inverter:
    """An inverter. Its key is its serial number.

    ``strings`` is the number of DC inputs it tells apart, 0 where it does not.
    ``extended`` is whether it tells that it runs on the grid.
    """

    key: str
    serial: str
    model: str | None
    manufacturer: str | None
    version: str | None
    unit_id: int
    phases: int
    strings: int = 0
    extended: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """A meter that hangs on an inverter.

    ``index`` (1–3) is the slot it answers in, which may change: slots are packed. ``shift``
    is how far the inverter's string model moves all slots up. ``option`` is what the
    installer chose, ``role`` what follows from it. ``phases`` are those that carry a
    voltage: a three-phase meter on one phase calls itself three-phase.
    """

    key: str
    serial: str | None
    model: str | None
    manufacturer: str | None
    version: str | None
    unit_id: int
    inverter_key: str
    index: int
    shift: int
    phases: int
    option: str | None
    role: MeterRole


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterSetting:
    """What a person has settled about a meter."""

    role: MeterRole | None = None
    reversed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Battery:
    """A battery that hangs on an inverter; ``index`` counts from 1."""

    key: str
    serial: str | None
    model: str | None
    manufacturer: str | None
    version: str | None
    unit_id: int
    inverter_key: str
    index: int
    rated_wh: float | None
    max_charge_w: float | None = None
    max_discharge_w: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Everything behind an entry, the leader's first.

    ``unsure`` names what stayed silent while it was looked for: absent as far as anybody
    knows, but nobody said so.
    """

    inverters: tuple[Inverter, ...]
    meters: tuple[Meter, ...] = ()
    batteries: tuple[Battery, ...] = ()
    unsure: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all devices."""
        return frozenset(
            (
                *(inverter.key for inverter in self.inverters),
                *(meter.key for meter in self.meters),
                *(battery.key for battery in self.batteries),
            )
        )

    def of_unit(self, unit_id: int) -> Layout:
        """Return the part of it that is behind one unit."""
        return Layout(
            inverters=tuple(one for one in self.inverters if one.unit_id == unit_id),
            meters=tuple(one for one in self.meters if one.unit_id == unit_id),
            batteries=tuple(one for one in self.batteries if one.unit_id == unit_id),
            unsure=self.unsure,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as entry data holds it."""
        return {
            "inverters": [asdict(inverter) for inverter in self.inverters],
            "meters": [asdict(meter) for meter in self.meters],
            "batteries": [asdict(battery) for battery in self.batteries],
            "unsure": sorted(self.unsure),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what entry data holds. Raises KeyError, TypeError or ValueError."""
        return cls(
            inverters=tuple(Inverter(**row) for row in data["inverters"]),
            meters=tuple(
                Meter(**{**row, "role": MeterRole(row["role"])})
                for row in data["meters"]
            ),
            batteries=tuple(Battery(**row) for row in data["batteries"]),
            unsure=frozenset(data.get("unsure", ())),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class InverterReading:
    """What an inverter told at ``at`` (monotonic seconds).

    ``ac_power_w`` is negative while it draws; it includes a battery on the DC side.
    Currents are magnitudes, one per phase, None where one is not told.
    """

    at: float
    ac_power_w: float | None = None
    ac_current_a: float | None = None
    currents_a: tuple[float | None, ...] = ()
    voltages_v: tuple[float | None, ...] = ()
    frequency_hz: float | None = None
    apparent_va: float | None = None
    reactive_var: float | None = None
    power_factor: float | None = None
    energy_wh: float | None = None
    dc_current_a: float | None = None
    dc_voltage_v: float | None = None
    dc_power_w: float | None = None
    temperature_c: float | None = None
    status: InverterStatus | None = None
    vendor_status: int | None = None
    on_grid: bool | None = None

    @property
    def sleeps(self) -> bool:
        """Whether it says that it sleeps."""
        return self.status is InverterStatus.SLEEPING

    @property
    def produces(self) -> bool:
        """Whether it says that it works, be it for a battery."""
        return self.status in (InverterStatus.PRODUCING, InverterStatus.THROTTLED)


@dataclass(frozen=True, kw_only=True, slots=True)
class StringReading:
    """One DC input of an inverter with several."""

    index: int
    name: str | None = None
    current_a: float | None = None
    voltage_v: float | None = None
    power_w: float | None = None
    energy_wh: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StringsReading:
    """All DC inputs of an inverter with several."""

    at: float
    strings: tuple[StringReading, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterReading:
    """What a meter told at ``at`` (monotonic seconds).

    ``power_w`` is + = import on a grid meter, + = produced on a production meter and
    + = consumed on a consumption meter; so are the phases' powers and the signs of their
    currents. ``imported_wh`` and ``exported_wh`` have the same sense: what a production
    meter produced is in ``imported_wh``. Power factor is a share of 1.
    """

    at: float
    power_w: float | None = None
    powers_w: tuple[float | None, ...] = ()
    current_a: float | None = None
    currents_a: tuple[float | None, ...] = ()
    voltages_v: tuple[float | None, ...] = ()
    frequency_hz: float | None = None
    apparent_va: float | None = None
    apparents_va: tuple[float | None, ...] = ()
    reactive_var: float | None = None
    reactives_var: tuple[float | None, ...] = ()
    power_factor: float | None = None
    power_factors: tuple[float | None, ...] = ()
    imported_wh: float | None = None
    exported_wh: float | None = None
    phases_imported_wh: tuple[float | None, ...] = ()
    phases_exported_wh: tuple[float | None, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageReading:
    """What a battery told at ``at`` (monotonic seconds).

    ``power_w`` is + = discharging. ``soc`` is a percentage. ``capacity_wh`` is what it
    can hold now; the energy in it is ``stored_wh``.
    """

    at: float
    power_w: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    temperature_c: float | None = None
    temperature_max_c: float | None = None
    soc: float | None = None
    soh: float | None = None
    capacity_wh: float | None = None
    charged_wh: float | None = None
    discharged_wh: float | None = None
    status: BatteryStatus | None = None

    @property
    def stored_wh(self) -> float | None:
        """The energy in it; the device tells no such number."""
        if self.soc is None or self.capacity_wh is None:
            return None
        return self.capacity_wh * self.soc / 100


@dataclass(slots=True)
class LinkCounters:
    """What happened to the requests of one entry."""

    requests: int = 0
    timeouts: int = 0
    exceptions: int = 0
    failed_connections: int = 0
    garbled: int = 0
    refused: int = 0
    recycled: int = 0
    last_error: str | None = None
