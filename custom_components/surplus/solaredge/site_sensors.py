"""What the whole site shows, all inverters together, and the link to them."""

from collections.abc import Callable
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfTime

from .descriptions import ENERGY, POWER, SLOW_INTERVAL, Row
from .model import LinkState, MeterRole
from .runtime import SolarEdgeRuntime
from .totals import InvertersTotal

type SiteRow = Row[SolarEdgeRuntime, SolarEdgeRuntime]


def _counter(key: str, value_fn: Callable[[SolarEdgeRuntime], int]) -> SiteRow:
    return Row(
        key=key,
        translation_key=f"solaredge_{key}",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        write_interval=SLOW_INTERVAL,
        value_fn=value_fn,
    )


SITE_SENSORS: Final[tuple[SiteRow, ...]] = (
    POWER.row("production", lambda runtime: runtime.production_w),
    POWER.row(
        "house_power",
        lambda runtime: runtime.house_power_w,
        # What the house takes follows from what crosses the grid, or is measured.
        exists_fn=lambda runtime: any(
            runtime.role(meter.key) in (MeterRole.GRID, MeterRole.CONSUMPTION)
            for meter in runtime.layout.meters
        ),
    ),
    Row(
        key="link",
        translation_key="solaredge_link",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in LinkState],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.state,
    ),
    Row(
        key="latency",
        translation_key="solaredge_latency",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        dead_band=0.05,
        write_interval=SLOW_INTERVAL,
        value_fn=lambda runtime: runtime.latency_s,
    ),
    _counter("requests", lambda runtime: runtime.counters.requests),
    _counter("timeouts", lambda runtime: runtime.counters.timeouts),
    _counter("exceptions", lambda runtime: runtime.counters.exceptions),
    _counter("garbled", lambda runtime: runtime.counters.garbled),
    _counter("refused", lambda runtime: runtime.counters.refused),
    _counter("failed_connections", lambda runtime: runtime.counters.failed_connections),
)

INVERTERS_SENSORS: Final[tuple[Row[object, InvertersTotal], ...]] = (
    POWER.row("inverters_power", lambda total: total.ac_power_w),
    ENERGY.row("inverters_energy", lambda total: total.energy_wh),
)
