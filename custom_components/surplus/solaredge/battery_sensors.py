"""What a battery shows, and what several show together."""

from typing import Final

from solaredged import BatteryStatus

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from .descriptions import (
    CHARGE,
    CURRENT,
    ENERGY,
    POWER,
    STORED,
    TEMPERATURE,
    VOLTAGE,
    Row,
)
from .model import Battery, StorageReading
from .totals import BatteriesTotal

type BatteryRow = Row[Battery, StorageReading]

BATTERY_SENSORS: Final[tuple[BatteryRow, ...]] = (
    POWER.row(
        "power",
        lambda reading: reading.power_w,
        translation_key="solaredge_battery_power",
    ),
    CHARGE.row("soc", lambda reading: reading.soc),
    ENERGY.row("charged", lambda reading: reading.charged_wh),
    ENERGY.row("discharged", lambda reading: reading.discharged_wh),
    STORED.row("stored", lambda reading: reading.stored_wh),
    Row(
        key="status",
        translation_key="solaredge_battery_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.name.lower() for status in BatteryStatus],
        value_fn=lambda reading: (
            None if reading.status is None else reading.status.name.lower()
        ),
    ),
    STORED.row("capacity", lambda reading: reading.capacity_wh, diagnostic=True),
    # Health is a percentage too, but not one that a battery symbol should show.
    Row(
        key="soh",
        translation_key="solaredge_soh",
        state_class=CHARGE.state_class,
        native_unit_of_measurement=CHARGE.unit,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        dead_band=CHARGE.dead_band,
        value_fn=lambda reading: reading.soh,
    ),
    TEMPERATURE.row(
        "temperature", lambda reading: reading.temperature_c, diagnostic=True
    ),
    TEMPERATURE.row(
        "temperature_max",
        lambda reading: reading.temperature_max_c,
        enabled=False,
        diagnostic=True,
    ),
    VOLTAGE.row(
        "dc_voltage", lambda reading: reading.voltage_v, enabled=False, diagnostic=True
    ),
    CURRENT.row(
        "dc_current", lambda reading: reading.current_a, enabled=False, diagnostic=True
    ),
)

BATTERIES_SENSORS: Final[tuple[Row[object, BatteriesTotal], ...]] = (
    POWER.row("batteries_power", lambda total: total.power_w),
    CHARGE.row("batteries_soc", lambda total: total.soc),
    STORED.row("batteries_stored", lambda total: total.stored_wh),
    STORED.row("batteries_capacity", lambda total: total.capacity_wh, diagnostic=True),
)
