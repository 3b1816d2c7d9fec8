"""What of a need can be moved while Home Assistant runs, as number entities."""

from dataclasses import dataclass
from typing import Final

from homeassistant.components.number import NumberDeviceClass
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfTemperature, UnitOfTime

from ...control.needs.specs import NeedKind
from .const import CONF_LIMIT, CONF_MINIMUM, CONF_NEED, CONF_TARGET, SUBENTRY_NEED

LARGEST_KWH: Final = 300.0
LARGEST_TARGET: Final = {
    NeedKind.ENERGY: LARGEST_KWH,
    NeedKind.HOURS: 24.0,
    NeedKind.TEMPERATURE: 95.0,
    NeedKind.CHARGE: 100.0,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanNumber:
    """A value of a need's data; ``default`` is what it is without one."""

    key: str
    device_class: NumberDeviceClass
    unit: str
    high: float
    step: float
    low: float = 0.0
    default: float = 0.0


_CLASSES: Final = {
    NeedKind.ENERGY: (NumberDeviceClass.ENERGY, UnitOfEnergy.KILO_WATT_HOUR, 0.1),
    NeedKind.HOURS: (NumberDeviceClass.DURATION, UnitOfTime.HOURS, 0.1),
    NeedKind.TEMPERATURE: (
        NumberDeviceClass.TEMPERATURE,
        UnitOfTemperature.CELSIUS,
        0.5,
    ),
    NeedKind.CHARGE: (NumberDeviceClass.BATTERY, PERCENTAGE, 1.0),
}


def _charge(key: str, *, low: float, default: float) -> PlanNumber:
    return PlanNumber(
        key=key,
        device_class=NumberDeviceClass.BATTERY,
        unit=PERCENTAGE,
        low=low,
        high=100.0,
        step=1.0,
        default=default,
    )


def plan_numbers(subentry: ConfigSubentry) -> tuple[PlanNumber, ...]:
    """Return the numbers of a schedule or a need."""
    if subentry.subentry_type != SUBENTRY_NEED:
        return ()
    kind = NeedKind(subentry.data[CONF_NEED])
    device_class, unit, step = _CLASSES[kind]
    target = PlanNumber(
        key=CONF_TARGET,
        device_class=device_class,
        unit=unit,
        high=LARGEST_TARGET[kind],
        step=step,
    )
    if CONF_LIMIT not in subentry.data:
        return (target,)
    return (
        target,
        _charge(CONF_MINIMUM, low=0.0, default=0.0),
        _charge(CONF_LIMIT, low=1.0, default=100.0),
    )
