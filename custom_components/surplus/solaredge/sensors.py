"""The sensors of an entry: of each part, of the whole site, and of the link."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final, override

from homeassistant.components.sensor import RestoreSensor, SensorDeviceClass
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..clock import monotonic
from ..entity import LiveSensor
from .battery_sensors import BATTERIES_SENSORS, BATTERY_SENSORS
from .descriptions import Row
from .devices import Devices, SolarEdgeEntity, async_devices, async_remove_absent
from .inverter_sensors import INVERTER_SENSORS, STRING_SENSORS
from .meter_sensors import meter_rows
from .model import InverterReading, MeterReading, StorageReading, StringReading
from .runtime import SolarEdgeConfigEntry, SolarEdgeRuntime
from .site_sensors import INVERTERS_SENSORS, SITE_SENSORS
from .sound import follows
from .totals import batteries_total, inverters_total

# What an inverter tells while it wakes is right within seconds.
_DOUBT_TIME: Final = timedelta(minutes=5)


class PartSensor[ReadingT](SolarEdgeEntity, LiveSensor):
    """A value of a part; unavailable while the part, or this value, is not told."""

    entity_description: Row[Any, ReadingT]

    def __init__(
        self,
        runtime: SolarEdgeRuntime,
        part: str,
        device: DeviceInfo,
        row: Row[Any, ReadingT],
        read: Callable[[], ReadingT | None],
        *,
        string: int | None = None,
    ) -> None:
        """Show one value of what ``read`` returns; ``string`` numbers a DC input."""
        prefix = "" if string is None else f"string_{string}_"
        super().__init__(runtime, part, f"{prefix}{row.key}", device)
        self.entity_description = row
        self._read = read
        self._dead_band = row.dead_band
        self._write_interval = row.write_interval
        if string is not None:
            self._attr_translation_placeholders = {"number": str(string)}

    @property
    @override
    def live_value(self) -> StateType:
        """Return the value; None while it is not told or too old."""
        reading = self._read()
        return None if reading is None else self.entity_description.value_fn(reading)

    @property
    @override
    def available(self) -> bool:
        """Whether there is a value."""
        return self.live_value is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the readings."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self.async_refresh_live))


class EnergySensor[ReadingT](PartSensor[ReadingT], RestoreSensor):
    """A lifetime energy, which goes on at what it showed before a restart."""

    _shown_before: float | None = None
    _shown_at: float = 0.0
    _doubted_since: float | None = None

    @property
    @override
    def live_value(self) -> StateType:
        """Return the energy; one that does not follow is doubted for a while.

        An inverter that wakes up while Home Assistant starts may tell too little or too
        much, and what falls is taken for a counter that was replaced.
        """
        value = super().live_value
        before = self._shown_before
        if before is None or not isinstance(value, int | float):
            return value
        now = dt_util.utcnow()
        if not follows(value, now.timestamp(), before, self._shown_at):
            if self._doubted_since is None:
                self._doubted_since = monotonic()
            if monotonic() - self._doubted_since < _DOUBT_TIME.total_seconds():
                return before
        self._shown_before = None
        return value

    @override
    async def async_added_to_hass(self) -> None:
        """Recall what was shown last."""
        data = await self.async_get_last_sensor_data()
        state = await self.async_get_last_state()
        if data is not None and isinstance(data.native_value, int | float):
            self._shown_before = float(data.native_value)
        if state is not None:
            self._shown_at = state.last_updated.timestamp()
        await super().async_added_to_hass()


def _sensor[ReadingT](
    runtime: SolarEdgeRuntime,
    part: str,
    device: DeviceInfo,
    row: Row[Any, ReadingT],
    read: Callable[[], ReadingT | None],
    *,
    string: int | None = None,
) -> PartSensor[ReadingT]:
    kind = EnergySensor if row.device_class is SensorDeviceClass.ENERGY else PartSensor
    return kind(runtime, part, device, row, read, string=string)


def _string_of(
    runtime: SolarEdgeRuntime, inverter_key: str, index: int
) -> StringReading | None:
    reading = runtime.strings(inverter_key)
    if reading is None:
        return None
    return next((found for found in reading.strings if found.index == index), None)


def _inverters(
    runtime: SolarEdgeRuntime, devices: Devices
) -> Iterator[PartSensor[InverterReading] | PartSensor[StringReading]]:
    for inverter in runtime.layout.inverters:
        device = devices[inverter.key]
        for row in INVERTER_SENSORS:
            if row.exists_fn(inverter):
                yield _sensor(
                    runtime,
                    inverter.key,
                    device,
                    row,
                    partial(runtime.inverter, inverter.key),
                )
        for index in range(1, inverter.strings + 1):
            for string_row in STRING_SENSORS:
                yield _sensor(
                    runtime,
                    inverter.key,
                    device,
                    string_row,
                    partial(_string_of, runtime, inverter.key, index),
                    string=index,
                )


def _meters(
    runtime: SolarEdgeRuntime, devices: Devices
) -> Iterator[PartSensor[MeterReading]]:
    for meter in runtime.layout.meters:
        for row in meter_rows(runtime.role(meter.key)):
            if row.exists_fn(meter):
                yield _sensor(
                    runtime,
                    meter.key,
                    devices[meter.key],
                    row,
                    partial(runtime.meter, meter.key),
                )


def _batteries(
    runtime: SolarEdgeRuntime, devices: Devices
) -> Iterator[PartSensor[StorageReading]]:
    for battery in runtime.layout.batteries:
        for row in BATTERY_SENSORS:
            yield _sensor(
                runtime,
                battery.key,
                devices[battery.key],
                row,
                partial(runtime.battery, battery.key),
            )


def _site(runtime: SolarEdgeRuntime, devices: Devices) -> Iterator[PartSensor[Any]]:
    """Yield what belongs to the whole site, shown by the leader's device."""
    layout = runtime.layout
    leader = layout.inverters[0].key
    device = devices[leader]
    for row in SITE_SENSORS:
        if row.exists_fn(runtime):
            yield PartSensor(runtime, leader, device, row, lambda: runtime)
    if len(layout.inverters) > 1:
        for inverters_row in INVERTERS_SENSORS:
            yield _sensor(
                runtime,
                leader,
                device,
                inverters_row,
                lambda: inverters_total(
                    runtime.inverter(inverter.key) for inverter in layout.inverters
                ),
            )
    if len(layout.batteries) > 1:
        for batteries_row in BATTERIES_SENSORS:
            yield _sensor(
                runtime,
                leader,
                device,
                batteries_row,
                lambda: batteries_total(
                    runtime.battery(battery.key) for battery in layout.batteries
                ),
            )


@callback
def add_sensors(
    hass: HomeAssistant,
    entry: SolarEdgeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of everything behind the entry."""
    runtime = entry.runtime_data
    devices = async_devices(hass, entry)
    async_add_entities(_site(runtime, devices))
    async_add_entities(_inverters(runtime, devices))
    async_add_entities(_meters(runtime, devices))
    async_add_entities(_batteries(runtime, devices))
    async_remove_absent(hass, entry)
