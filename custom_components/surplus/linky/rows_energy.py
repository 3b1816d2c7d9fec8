"""What the meter counts: active and reactive energy."""

from collections.abc import Iterator
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfReactiveEnergy
from homeassistant.helpers.typing import StateType

from .labels import LABELS
from .meter import Meter
from .reactive import QUADRANTS
from .rows import SLOW_INTERVAL, Exists, LinkySensorDescription, ValueOf, number, seen

# All of a calendar's indexes are sent, and most of them never count anything.
_MAY_BE_UNUSED: Final = ("EASF", "EASD")


def _counts(label: str) -> Exists:
    def exists(meter: Meter) -> bool:
        value = meter.last(label)
        return value is not None and (
            not label.startswith(_MAY_BE_UNUSED) or int(value.data) > 0
        )

    return exists


def _active() -> Iterator[LinkySensorDescription]:
    for label in LABELS.values():
        if not label.index or label.name in QUADRANTS:
            continue
        yield LinkySensorDescription(
            key=label.name.lower(),
            translation_key=f"linky_{label.name.lower()}",
            device_class=SensorDeviceClass.ENERGY,
            state_class=SensorStateClass.TOTAL_INCREASING,
            native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
            suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            suggested_display_precision=2,
            # The distributor's calendar is not what anybody pays by.
            entity_registry_enabled_default=not label.name.startswith("EASD"),
            exists_fn=_counts(label.name),
            value_fn=number(label.name),
            write_interval=SLOW_INTERVAL,
        )


def _reactive_total(meter: Meter, now: float) -> StateType:
    """Return the sum of the quadrants; half a sum would look like a reset."""
    total = 0
    for label in QUADRANTS:
        varh = meter.number(label, now)
        if varh is None:
            return None
        total += varh
    return total


def _reactive() -> Iterator[LinkySensorDescription]:
    def row(key: str, value_fn: ValueOf, exists_fn: Exists) -> LinkySensorDescription:
        return LinkySensorDescription(
            key=key,
            translation_key=f"linky_{key}",
            device_class=SensorDeviceClass.REACTIVE_ENERGY,
            state_class=SensorStateClass.TOTAL_INCREASING,
            native_unit_of_measurement=UnitOfReactiveEnergy.VOLT_AMPERE_REACTIVE_HOUR,
            suggested_unit_of_measurement=(
                UnitOfReactiveEnergy.KILO_VOLT_AMPERE_REACTIVE_HOUR
            ),
            suggested_display_precision=2,
            entity_registry_enabled_default=False,
            exists_fn=exists_fn,
            value_fn=value_fn,
            write_interval=SLOW_INTERVAL,
        )

    for label in QUADRANTS:
        yield row(label.lower(), number(label), _counts(label))
    yield row("erq_total", _reactive_total, seen(*QUADRANTS))


ENERGY_ROWS: Final = (*_active(), *_reactive())
