"""The meter's binary sensors: warnings, contacts, and what kind of meter it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..entity import LiveFact
from .meter import Meter
from .rows import Exists, current_reading, is_heard, seen
from .rows_tariff import has_peaks
from .runtime import LinkyConfigEntry, LinkyEntity, LinkyRuntime
from .status import Status

type FactOf = Callable[[LinkyRuntime], bool | None]


@dataclass(frozen=True, kw_only=True)
class LinkyBinarySensorDescription(BinarySensorEntityDescription):
    """Something that is so or not; None when nobody knows."""

    value_fn: FactOf


@dataclass(frozen=True, kw_only=True)
class LinkyMeterFactDescription(LinkyBinarySensorDescription):
    """One that not every meter tells."""

    exists_fn: Exists


def _of_meter(pick: Callable[[Meter, float], bool | None]) -> FactOf:
    def value(runtime: LinkyRuntime) -> bool | None:
        if (meter := runtime.meter) is None:
            return None
        return pick(meter, runtime.now)

    return value


def _of_status(pick: Callable[[Status], bool]) -> FactOf:
    def value(meter: Meter, now: float) -> bool | None:
        status = meter.status(now)
        return None if status is None else pick(status)

    return _of_meter(value)


def _overload(meter: Meter, now: float) -> bool | None:
    reading = current_reading(meter, now)
    return None if reading is None else reading.overload


def _bit(label: str, bit: int, base: int = 10) -> FactOf:
    def value(meter: Meter, now: float) -> bool | None:
        text = meter.text(label, now)
        return None if text is None else bool(int(text, base) >> bit & 1)

    return _of_meter(value)


def _phase_absent(meter: Meter, now: float) -> bool | None:
    """Return whether a bit of a phase is set; bit 0 is not one."""
    text = meter.text("PPOT", now)
    return None if text is None else bool(int(text, 16) & 0b1110)


def _peak_notice(meter: Meter, now: float) -> bool | None:
    return meter.tariff(now).peak_notice > 0 if is_heard(meter, now) else None


def _peak_running(meter: Meter, now: float) -> bool | None:
    return meter.tariff(now).peak_running > 0 if is_heard(meter, now) else None


BINARY_SENSORS: Final = (
    LinkyBinarySensorDescription(
        key="overload",
        translation_key="linky_overload",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=_of_meter(_overload),
    ),
    LinkyBinarySensorDescription(
        key="connectivity",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.healthy,
    ),
)


def _fact(
    key: str,
    value_fn: FactOf,
    exists_fn: Exists,
    device_class: BinarySensorDeviceClass | None = None,
    *,
    diagnostic: bool = False,
    enabled: bool = True,
) -> LinkyMeterFactDescription:
    return LinkyMeterFactDescription(
        key=key,
        translation_key=f"linky_{key}",
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC if diagnostic else None,
        entity_registry_enabled_default=enabled,
        exists_fn=exists_fn,
        value_fn=value_fn,
    )


def _facts() -> Iterator[LinkyMeterFactDescription]:
    problem = BinarySensorDeviceClass.PROBLEM
    register = seen("STGE")
    yield _fact("peak_notice", _of_meter(_peak_notice), has_peaks)
    yield _fact("peak_running", _of_meter(_peak_running), has_peaks)
    yield _fact(
        "dry_contact", _of_status(lambda status: not status.contact_open), register
    )
    # The first relay is the dry contact; the others drive nothing in the meter.
    for n in range(2, 9):
        yield _fact(f"relay_{n}", _bit("RELAIS", n - 1), seen("RELAIS"), enabled=False)
    yield _fact(
        "overvoltage",
        _of_status(lambda status: status.overvoltage),
        register,
        problem,
        diagnostic=True,
    )
    yield _fact(
        "producer",
        _of_status(lambda status: status.producer),
        register,
        diagnostic=True,
    )
    yield _fact(
        "terminal_cover",
        _of_status(lambda status: status.cover_open),
        register,
        BinarySensorDeviceClass.OPENING,
        diagnostic=True,
        enabled=False,
    )
    yield _fact(
        "clock_degraded",
        _of_status(lambda status: status.clock_degraded),
        register,
        problem,
        diagnostic=True,
        enabled=False,
    )
    yield _fact(
        "phase_absent",
        _of_meter(_phase_absent),
        seen("PPOT"),
        problem,
        diagnostic=True,
        enabled=False,
    )


METER_FACTS: Final = tuple(_facts())


class LinkyBinarySensor(LinkyEntity, LiveFact):
    """Something that is so or not."""

    entity_description: LinkyBinarySensorDescription

    def __init__(
        self, runtime: LinkyRuntime, description: LinkyBinarySensorDescription
    ) -> None:
        """Show one fact."""
        super().__init__(runtime, description.key)
        self.entity_description = description

    @property
    @override
    def live_fact(self) -> bool | None:
        """Whether it is so now."""
        return self.entity_description.value_fn(self.runtime)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the frames."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.async_subscribe(self.async_refresh_live))


@callback
def add_binary_sensors(
    hass: HomeAssistant,
    entry: LinkyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add those of every meter, and the others as the meter tells them."""
    runtime = entry.runtime_data
    async_add_entities(LinkyBinarySensor(runtime, row) for row in BINARY_SENSORS)
    runtime.async_add_when_seen(
        entry,
        METER_FACTS,
        lambda row, meter: row.exists_fn(meter),
        lambda rows: async_add_entities(
            LinkyBinarySensor(runtime, row) for row in rows
        ),
    )
