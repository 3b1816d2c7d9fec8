"""One entry's devices, read for ever over one link, and what stands of what they told."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
import logging
from typing import Final

from modbus_connection import ModbusUnit
from solaredged import (
    Battery as BatteryBlock,
    Common,
    Inverter as InverterBlock,
    InverterStatus,
    Meter as MeterBlock,
    Mmppt,
)

from ..clock import monotonic
from .blocks import battery_block, inverter_block, meter_block, strings_block
from .lanes import CreateTask, Lane, Pace, Poller, create_task
from .layout import meter_key
from .listeners import Listeners
from .model import (
    Battery,
    Inverter,
    InverterReading,
    Layout,
    LinkCounters,
    LinkState,
    Meter,
    MeterReading,
    MeterSetting,
    StorageReading,
    StringsReading,
)
from .readings import (
    inverter_reading,
    is_dead,
    meter_reading,
    storage_reading,
    strings_reading,
    text,
)
from .roles import MeterRoles
from .sound import Counter, UnsoundError
from .state import judge, tell

_LOGGER = logging.getLogger(__name__)

_INVERTER_S: Final = 2.0
_BATTERY_S: Final = 3.0
_METER_S: Final = 5.0
_STRINGS_S: Final = 30.0

# An address may become another inverter's, but not while its connection lasts.
_VERIFIED_S: Final = 300.0

# One bad poll keeps the last value; on a slow, shared link a turn takes this long.
_MAX_AGE_S: Final = 60.0
_GRID_MAX_AGE_S: Final = 30.0
_STRINGS_MAX_AGE_S: Final = 180.0


@dataclass(slots=True)
class Plant:
    """The devices of one entry.

    ``sun_is_low`` is whether an inverter may be silent because it is night.
    ``settings`` are by the meters' keys. ``moved`` says that what answers is not what was
    found once, so that somebody should look again.
    """

    units: Mapping[int, ModbusUnit]
    layout: Layout
    settings: Mapping[str, MeterSetting] = field(default_factory=dict)
    sun_is_low: Callable[[], bool] = lambda: False
    name: str = "SolarEdge"
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    create_task: CreateTask = create_task
    counters: LinkCounters = field(default_factory=LinkCounters)
    logger: logging.Logger = _LOGGER

    roles: MeterRoles = field(init=False)
    poller: Poller = field(init=False)
    state: LinkState = LinkState.WAITING
    moved: bool = False

    _inverters: dict[str, InverterReading] = field(default_factory=dict)
    _strings: dict[str, StringsReading] = field(default_factory=dict)
    _meters: dict[str, MeterReading] = field(default_factory=dict)
    _batteries: dict[str, StorageReading] = field(default_factory=dict)
    _totals: dict[str, Counter] = field(default_factory=dict)
    _verified: dict[int, float] = field(default_factory=dict)
    _strangers: set[int] = field(default_factory=set)
    _asleep: frozenset[str] = frozenset()
    _zero_since: dict[str, float] = field(default_factory=dict)
    _started_at: float = 0.0
    _on_reading: Listeners = field(default_factory=Listeners)
    _on_change: Listeners = field(default_factory=Listeners)
    _remove_lost: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make a lane for everything that is read."""
        self.roles = MeterRoles(meters=self.layout.meters, settings=self.settings)
        lanes = [
            *(self._meter_lane(meter) for meter in self.roles.in_order),
            *(self._inverter_lane(found) for found in self.layout.inverters),
            *(self._battery_lane(found) for found in self.layout.batteries),
            *(
                self._strings_lane(found)
                for found in self.layout.inverters
                if found.strings
            ),
        ]
        # The meter to regulate by if there is one, else the leader.
        leads = self.roles.grid is not None or self.roles.consumption is not None
        first = 0 if leads else len(self.layout.meters)
        primary = lanes.pop(first)
        primary.interval_s = self.pace.primary_s
        self.poller = Poller(
            unit=self.units[self.layout.inverters[0].unit_id],
            primary=primary,
            others=lanes,
            on_change=self._after_turn,
            pace=self.pace,
            counters=self.counters,
            clock=self.clock,
            sleep=self.sleep,
            create_task=self.create_task,
        )

    def start(self) -> None:
        """Begin to read."""
        self._started_at = self.clock()
        for unit in self.units.values():
            unit.set_message_spacing(self.pace.gap_s)
            self._remove_lost.append(unit.on_connection_lost(self._verified.clear))
        self.poller.start()

    async def stop(self, *, at_once: bool = False) -> None:
        """Read no more; ``at_once`` even while the link is being opened."""
        for remove in self._remove_lost:
            remove()
        self._remove_lost.clear()
        await self.poller.stop(at_once=at_once)

    # -- what stands ----------------------------------------------------------

    def inverter(self, key: str) -> InverterReading | None:
        """Return an inverter's newest reading; None when it is too old.

        One that fell silent for the night gives nothing, and keeps its counter.
        """
        reading = self._inverters.get(key)
        if reading is not None and not self._is_old(reading.at, _MAX_AGE_S):
            return reading
        if self.sleeps(key):
            return InverterReading(
                at=self.clock(),
                ac_power_w=0.0,
                dc_power_w=0.0,
                energy_wh=None if reading is None else reading.energy_wh,
                status=InverterStatus.SLEEPING,
            )
        return None

    def sleeps(self, key: str) -> bool:
        """Return whether an inverter sleeps, be the others awake or not."""
        return key in self._asleep

    def strings(self, key: str) -> StringsReading | None:
        """Return an inverter's newest DC inputs; None when they are too old."""
        reading = self._strings.get(key)
        if reading is None or self._is_old(reading.at, _STRINGS_MAX_AGE_S):
            return None
        return reading

    def meter(self, key: str) -> MeterReading | None:
        """Return a meter's newest reading; None when it is too old."""
        reading = self._meters.get(key)
        if reading is None or self._is_old(reading.at, _GRID_MAX_AGE_S):
            return None
        return reading

    def battery(self, key: str) -> StorageReading | None:
        """Return a battery's newest reading; None when it is too old."""
        reading = self._batteries.get(key)
        if reading is None or self._is_old(reading.at, _MAX_AGE_S):
            return None
        return reading

    def last_meter(self, key: str) -> MeterReading | None:
        """Return a meter's newest reading, however old."""
        return self._meters.get(key)

    def last_inverter(self, key: str) -> InverterReading | None:
        """Return an inverter's newest reading, however old; asleep it gives nothing."""
        return self.inverter(key) or self._inverters.get(key)

    def last_battery(self, key: str) -> StorageReading | None:
        """Return a battery's newest reading, however old."""
        return self._batteries.get(key)

    def subscribe_readings(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` at each new reading of any device; returns its remover."""
        return self._on_reading.add(listener)

    def subscribe_changes(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` when the state changed or ``refresh`` was called."""
        return self._on_change.add(listener)

    def refresh(self) -> None:
        """Judge how it stands with the devices, and let everybody look at the ages.

        To be called now and then: nothing tells of silence.
        """
        self._after_turn()
        self._on_change.call()

    # -- reading --------------------------------------------------------------

    def _inverter_lane(self, found: Inverter) -> Lane:
        block = inverter_block(self.units[found.unit_id], found)
        return Lane(
            f"inverter {found.unit_id}",
            _INVERTER_S,
            lambda: self._read_inverter(found, block),
        )

    async def _read_inverter(self, found: Inverter, block: InverterBlock) -> None:
        await self._verify(found.unit_id)
        await block.async_update()
        reading = inverter_reading(block, self.clock(), found.phases)
        self._inverters[found.key] = replace(
            reading, energy_wh=self._total(found.key, reading.energy_wh, reading.at)
        )
        self._on_reading.call()

    def _strings_lane(self, found: Inverter) -> Lane:
        block = strings_block(self.units[found.unit_id])
        return Lane(
            f"strings {found.unit_id}",
            _STRINGS_S,
            lambda: self._read_strings(found, block),
        )

    async def _read_strings(self, found: Inverter, block: Mmppt) -> None:
        await self._verify(found.unit_id)
        await block.async_update()
        reading = strings_reading(block, self.clock())
        self._strings[found.key] = replace(
            reading,
            strings=tuple(
                replace(
                    one,
                    energy_wh=self._total(
                        f"{found.key} string {one.index}", one.energy_wh, reading.at
                    ),
                )
                for one in reading.strings
            ),
        )
        self._on_reading.call()

    def _meter_lane(self, found: Meter) -> Lane:
        block = meter_block(self.units[found.unit_id], found)
        return Lane(
            f"meter {found.unit_id}.{found.index}",
            _METER_S,
            lambda: self._read_meter(found, block),
        )

    async def _read_meter(self, found: Meter, block: MeterBlock) -> None:
        await self._verify(found.unit_id)
        await block.async_update()
        at = self.clock()
        key = meter_key(
            found.inverter_key,
            text(block.serial_number),
            text(block.option),
            found.index,
        )
        if key != found.key:
            # Without a name it is the same one, not yet awake.
            self.moved = self.moved or text(block.serial_number) is not None
            raise UnsoundError("another meter answers in its place")
        reading = meter_reading(
            block,
            at,
            phases=found.phases,
            role=self.roles.of(found),
            reversed_=self.roles.setting(found).reversed,
        )
        if self._sleeps_with_its_inverter(found, reading):
            return
        self._meters[found.key] = replace(
            reading,
            imported_wh=self._total(f"{found.key} in", reading.imported_wh, at),
            exported_wh=self._total(f"{found.key} out", reading.exported_wh, at),
            phases_imported_wh=tuple(
                self._total(f"{found.key} in {phase}", wh, at)
                for phase, wh in enumerate(reading.phases_imported_wh, 1)
            ),
            phases_exported_wh=tuple(
                self._total(f"{found.key} out {phase}", wh, at)
                for phase, wh in enumerate(reading.phases_exported_wh, 1)
            ),
        )
        self._on_reading.call()

    def _battery_lane(self, found: Battery) -> Lane:
        block = battery_block(self.units[found.unit_id], found)
        return Lane(
            f"battery {found.unit_id}.{found.index}",
            _BATTERY_S,
            lambda: self._read_battery(found, block),
        )

    async def _read_battery(self, found: Battery, block: BatteryBlock) -> None:
        await self._verify(found.unit_id)
        await block.async_update()
        at = self.clock()
        reading = storage_reading(block, at)
        self._batteries[found.key] = replace(
            reading,
            charged_wh=self._total(f"{found.key} in", reading.charged_wh, at),
            discharged_wh=self._total(f"{found.key} out", reading.discharged_wh, at),
        )
        self._on_reading.call()

    async def _verify(self, unit_id: int) -> None:
        """Make sure that the inverter is still the one that was found.

        Raises UnsoundError for another.
        """
        now = self.clock()
        verified_at = self._verified.get(unit_id)
        if verified_at is not None and now - verified_at <= _VERIFIED_S:
            return
        common = Common(self.units[unit_id])
        await common.async_update()
        serial = text(common.serial_number)
        if serial is None:
            raise UnsoundError("the inverter tells no serial number")
        expected = {found.unit_id: found.serial for found in self.layout.inverters}
        if serial != expected[unit_id]:
            self._strangers.add(unit_id)
            raise UnsoundError("another inverter answers")
        self._strangers.discard(unit_id)
        self._verified[unit_id] = now

    def _sleeps_with_its_inverter(self, found: Meter, reading: MeterReading) -> bool:
        """Return whether its zeros are those of a meter whose inverter sleeps.

        They are believed once its inverter, asked after they began, says it produces:
        while it starts and shuts down they are as wrong as asleep.
        """
        if not is_dead(reading):
            self._zero_since.pop(found.key, None)
            return False
        since = self._zero_since.setdefault(found.key, reading.at)
        inverter = self.inverter(found.inverter_key)
        return inverter is None or not inverter.produces or inverter.at <= since

    def _total(self, key: str, wh: float | None, at: float) -> float | None:
        return self._totals.setdefault(key, Counter()).take(wh, at)

    # -- judging --------------------------------------------------------------

    def _after_turn(self) -> None:
        told = [reading.at for reading in self._inverters.values()]
        told += [reading.at for reading in self._meters.values()]
        inverters = self.layout.inverters
        newest = [self._inverters.get(found.key) for found in inverters]
        before = self.state
        self.state = judge(
            self.clock(),
            started_at=self._started_at,
            told_at=max(told, default=None),
            all_sleep=all(reading is not None and reading.sleeps for reading in newest),
            stranger=inverters[0].unit_id in self._strangers,
            sun_is_low=self.sun_is_low,
        )
        self._asleep = frozenset(
            found.key
            for found in inverters
            if self.state is LinkState.ASLEEP or self._sleeps_alone(found)
        )
        if self.state is not before:
            tell(self.logger, self.name, before, self.state, self.counters.last_error)
            self._on_change.call()

    def _sleeps_alone(self, found: Inverter) -> bool:
        """Return whether an inverter sleeps while another may be awake.

        One with a battery works at night: its silence is no sleep.
        """
        reading = self._inverters.get(found.key)
        works_at_night = any(
            battery.inverter_key == found.key for battery in self.layout.batteries
        )
        state = judge(
            self.clock(),
            started_at=self._started_at,
            told_at=None if reading is None else reading.at,
            all_sleep=reading is not None and reading.sleeps,
            stranger=found.unit_id in self._strangers,
            sun_is_low=(lambda: False) if works_at_night else self.sun_is_low,
        )
        return state is LinkState.ASLEEP

    def _is_old(self, at: float, max_age_s: float) -> bool:
        return self.clock() - at > max_age_s
