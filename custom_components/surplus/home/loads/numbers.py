"""Settings of a load that can be moved while it runs: numbers of its device."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.number import (
    DOMAIN as NUMBER_DOMAIN,
    NumberDeviceClass,
    NumberEntity,
    NumberMode,
)
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTemperature
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo

from ...const import DOMAIN
from ...entity import SurplusEntity
from .const import (
    CONF_FIRST_SOC,
    CONF_SOC_ENTITY,
    CONF_SOURCE,
    CONF_TEMP_ECO,
    CONF_TEMP_MAX,
    CONF_TEMP_MIN,
    CONF_TEMP_SOL_MIN,
    SUBENTRY_BATTERY,
)
from .settings import are_ordered, kills_legionella, load_id_of, temperatures_of

TEMPERATURE_KEYS: Final = (
    CONF_TEMP_MIN,
    CONF_TEMP_ECO,
    CONF_TEMP_SOL_MIN,
    CONF_TEMP_MAX,
)
type Subscribe = Callable[[Callable[[], None]], CALLBACK_TYPE]

COLDEST_C: Final = 5.0
HOTTEST_C: Final = 95.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingNumber:
    """A setting that is a number entity; ``key`` is its key in the subentry's data."""

    key: str
    default: float
    low: float
    high: float
    step: float
    unit: str
    device_class: NumberDeviceClass

    def entity(
        self,
        entry: ConfigEntry,
        subentry: ConfigSubentry,
        device: DeviceInfo,
        subscribe: Subscribe,
    ) -> SettingNumberEntity:
        """Return its entity."""
        return SettingNumberEntity(entry, subentry, self, device, subscribe)


def _temperature(key: str, default: float) -> SettingNumber:
    return SettingNumber(
        key=key,
        default=default,
        low=COLDEST_C,
        high=HOTTEST_C,
        step=0.5,
        unit=UnitOfTemperature.CELSIUS,
        device_class=NumberDeviceClass.TEMPERATURE,
    )


_FIRST_SOC: Final = SettingNumber(
    key=CONF_FIRST_SOC,
    default=0.0,
    low=0.0,
    high=100.0,
    step=1.0,
    unit=PERCENTAGE,
    device_class=NumberDeviceClass.BATTERY,
)


def setting_numbers(subentry: ConfigSubentry) -> tuple[SettingNumber, ...]:
    """Return what of a subentry can be moved while it runs."""
    if subentry.subentry_type == SUBENTRY_BATTERY:
        tells = subentry.data.get(CONF_SOC_ENTITY) or subentry.data.get(CONF_SOURCE)
        return (_FIRST_SOC,) if tells else ()
    present = temperatures_of(subentry.data)
    if present is None:
        return ()
    values = (present.min_c, present.eco_c, present.sol_min_c, present.max_c)
    return tuple(map(_temperature, TEMPERATURE_KEYS, values, strict=True))


def _unique_id(subentry: ConfigSubentry, key: str) -> str:
    return f"{load_id_of(subentry)}_{key}"


@callback
def async_remove_needless(hass: HomeAssistant, subentry: ConfigSubentry) -> None:
    """Remove numbers that no longer mean anything: their sensor is gone."""
    needed = {number.key for number in setting_numbers(subentry)}
    registry = er.async_get(hass)
    for key in {*TEMPERATURE_KEYS, CONF_FIRST_SOC} - needed:
        entity_id = registry.async_get_entity_id(
            NUMBER_DOMAIN, DOMAIN, _unique_id(subentry, key)
        )
        if entity_id is not None:
            registry.async_remove(entity_id)


class SettingNumberEntity(SurplusEntity, NumberEntity):
    """Shows and changes one value of the subentry: the form shows the same."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_mode = NumberMode.BOX

    def __init__(
        self,
        entry: ConfigEntry,
        subentry: ConfigSubentry,
        number: SettingNumber,
        device: DeviceInfo,
        subscribe: Subscribe,
    ) -> None:
        """Belong to the load's device; ``subscribe`` tells of changed settings."""
        self._subscribe = subscribe
        self._entry = entry
        self._subentry_id = subentry.subentry_id
        self._number = number
        self._attr_unique_id = _unique_id(subentry, number.key)
        self._attr_translation_key = f"load_{number.key}"
        self._attr_device_info = device
        self._attr_device_class = number.device_class
        self._attr_native_unit_of_measurement = number.unit
        self._attr_native_min_value = number.low
        self._attr_native_max_value = number.high
        self._attr_native_step = number.step

    @property
    def _data(self) -> Mapping[str, Any]:
        return self._entry.subentries[self._subentry_id].data

    @property
    @override
    def native_value(self) -> float:
        """Return the value in the subentry."""
        return float(self._data.get(self._number.key, self._number.default))

    @override
    async def async_added_to_hass(self) -> None:
        """Show a change that was made in the form."""
        await super().async_added_to_hass()
        self.async_on_remove(self._subscribe(self.async_write_ha_state))

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change it; raises ServiceValidationError where the order would be lost."""
        data = {**self._data, self._number.key: value}
        temperatures = temperatures_of(data)
        if temperatures is not None and not are_ordered(temperatures):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="temperature_order",
                translation_placeholders={
                    "minimum": f"{temperatures.min_c:g}",
                    "eco": f"{temperatures.eco_c:g}",
                    "solar": f"{temperatures.sol_min_c:g}",
                    "maximum": f"{temperatures.max_c:g}",
                },
            )
        if temperatures is not None and not kills_legionella(temperatures):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="legionella_order"
            )
        self.hass.config_entries.async_update_subentry(
            self._entry, self._entry.subentries[self._subentry_id], data=data
        )
