"""Steps that set up or change the Home."""

from collections.abc import Iterable, Mapping
from typing import Any, override

import voluptuous as vol

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import Platform, UnitOfElectricCurrent, UnitOfPower
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_KIND, Kind
from ..control.settings import HomeSettings
from ..measured import load_sensors, own_kind
from ..registry import MeterSource, ProductionSource, async_get_registry
from .const import (
    CONF_BREAKER_A,
    CONF_EXPORT_ENTITY,
    CONF_GRID_METERS,
    CONF_NO_LIMIT,
    CONF_PHASES,
    CONF_POWER_ENTITY,
    CONF_RESERVE_W,
    CONF_SIGN,
    CONF_SOLAR_ENTITY,
    CONF_SOLAR_SOURCES,
    CONF_STRICTNESS,
    CONF_SUBSCRIBED_KVA,
    CONF_ZERO_EXPORT,
    GRID_METER_ENTITY,
    IMPORT_PRICE,
    SIGN_EXPORT,
    SIGN_IMPORT,
    STRICTNESS_BALANCED,
)

_LARGEST_RESERVE_W = 5000

type _Named = Mapping[str, MeterSource] | Mapping[str, ProductionSource]

_POWER_ENTITY = EntitySelector(
    EntitySelectorConfig(domain=Platform.SENSOR, device_class=SensorDeviceClass.POWER)
)

_SENSOR_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_POWER_ENTITY): _POWER_ENTITY,
        vol.Required(CONF_SIGN, default=SIGN_IMPORT): SelectSelector(
            SelectSelectorConfig(
                options=[SIGN_IMPORT, SIGN_EXPORT],
                translation_key="grid_sign",
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Optional(CONF_EXPORT_ENTITY): _POWER_ENTITY,
    }
)


class OrderedSelector(SelectSelector):
    """A choice of several whose order can be changed by dragging.

    The frontend can do it; the backend's schema of this selector does not know yet.
    """

    @override
    def serialize(self) -> dict[str, dict[str, Any]]:
        """Tell the frontend."""
        return {"selector": {self.selector_type: {**self.config, "reorder": True}}}


class HomeFlow(ConfigFlow):
    """Supply, limits and the grid meters."""

    _home_data: dict[str, Any]

    async def async_step_home(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the supply, its limits and which meters stand at the grid."""
        if self.source != SOURCE_RECONFIGURE:
            await self.async_set_unique_id(Kind.HOME)
            self._abort_if_unique_id_configured(reload_on_update=False)
        errors = _home_errors(user_input) if user_input is not None else {}
        if (user_input or {}).get(CONF_SOLAR_ENTITY) in load_sensors(self.hass):
            errors[CONF_SOLAR_ENTITY] = "measures_load"
        elif self._is_made_of_it((user_input or {}).get(CONF_SOLAR_ENTITY)):
            errors[CONF_SOLAR_ENTITY] = "own_entity"
        if user_input is not None and not errors:
            if _tells_limit(user_input) or _is_limited(user_input):
                user_input.pop(CONF_NO_LIMIT, None)
            if not user_input.get(CONF_SOLAR_SOURCES):
                user_input.pop(CONF_SOLAR_SOURCES, None)
            # Chosen twice, a meter stands where it was chosen first.
            meters = list(dict.fromkeys(user_input[CONF_GRID_METERS]))
            self._home_data = {
                CONF_KIND: Kind.HOME,
                **user_input,
                CONF_PHASES: int(user_input[CONF_PHASES]),
                CONF_GRID_METERS: meters,
            }
            if GRID_METER_ENTITY in meters:
                return await self.async_step_home_sensor()
            return self._finish_home()
        return self.async_show_form(
            step_id="home",
            data_schema=self.add_suggested_values_to_schema(
                self._home_schema(ask_no_limit=CONF_BREAKER_A in errors),
                user_input or self._present_values(),
            ),
            errors=errors,
        )

    async def async_step_home_sensor(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the sensor at the grid, and which way it counts."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._sensor_errors(user_input)
            if not errors:
                self._home_data |= user_input
                return self._finish_home()
        return self.async_show_form(
            step_id="home_sensor",
            data_schema=self.add_suggested_values_to_schema(
                _SENSOR_SCHEMA, user_input or self._present_values()
            ),
            errors=errors,
        )

    def _sensor_errors(self, data: dict[str, Any]) -> dict[str, str]:
        """Return what is wrong with the sensors at the grid."""
        power, export = data[CONF_POWER_ENTITY], data.get(CONF_EXPORT_ENTITY)
        if export == power:
            return {CONF_EXPORT_ENTITY: "same_entity"}
        if export and data[CONF_SIGN] == SIGN_EXPORT:
            return {CONF_SIGN: "import_first"}
        loads, solar = load_sensors(self.hass), self._home_data.get(CONF_SOLAR_ENTITY)
        for key, sensor in ((CONF_POWER_ENTITY, power), (CONF_EXPORT_ENTITY, export)):
            if self._is_made_of_it(sensor):
                return {key: "own_entity"}
            if sensor in loads:
                return {key: "measures_load"}
            if sensor and sensor == solar:
                return {key: "measures_solar"}
        return {}

    def _is_made_of_it(self, entity_id: str | None) -> bool:
        """Return whether Surplus made an entity's value of others, or commands by it.

        What a meter or an inverter measures may be chosen like any other sensor.
        """
        return own_kind(self.hass, entity_id) in (Kind.HOME, Kind.OCPP)

    def _finish_home(self) -> ConfigFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_reconfigure_entry(), data=self._home_data
            )
        title = {"fr": "Maison"}.get(self.hass.config.language, "Home")
        return self.async_create_entry(title=title, data=self._home_data)

    def _present_values(self) -> dict[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        data = self._get_reconfigure_entry().data
        return {**data, CONF_PHASES: str(data[CONF_PHASES])}

    def _home_schema(self, *, ask_no_limit: bool) -> vol.Schema:
        # A house without any limit is rare: it is asked for only where there seems
        # to be none.
        ask_no_limit |= CONF_NO_LIMIT in self._present_values()
        no_limit = {vol.Required(CONF_NO_LIMIT, default=False): BooleanSelector()}
        registry, present = async_get_registry(self.hass), self._present_values()
        meters = _options(
            registry.meters,
            [m for m in present.get(CONF_GRID_METERS, ()) if m != GRID_METER_ENTITY],
        )
        meters.append(
            SelectOptionDict(value=GRID_METER_ENTITY, label=GRID_METER_ENTITY)
        )
        inverters = _options(registry.productions, present.get(CONF_SOLAR_SOURCES, ()))
        solar_sources = {
            vol.Optional(CONF_SOLAR_SOURCES): SelectSelector(
                SelectSelectorConfig(options=inverters, multiple=True)
            )
        }
        return vol.Schema(
            {
                vol.Required(CONF_PHASES, default="1"): SelectSelector(
                    SelectSelectorConfig(
                        options=["1", "3"],
                        translation_key="phases",
                        mode=SelectSelectorMode.DROPDOWN,
                    )
                ),
                vol.Optional(CONF_BREAKER_A): _number(
                    1, 125, 1, UnitOfElectricCurrent.AMPERE
                ),
                vol.Optional(CONF_SUBSCRIBED_KVA): _number(1, 36, 1, "kVA"),
                **(no_limit if ask_no_limit else {}),
                vol.Required(
                    CONF_GRID_METERS, default=[meters[0]["value"]]
                ): OrderedSelector(
                    SelectSelectorConfig(
                        options=meters,
                        translation_key="grid_meter",
                        multiple=True,
                        mode=SelectSelectorMode.DROPDOWN,
                    )
                ),
                **(solar_sources if inverters else {}),
                vol.Optional(CONF_SOLAR_ENTITY): _POWER_ENTITY,
                vol.Required(CONF_ZERO_EXPORT, default=False): BooleanSelector(),
                vol.Required(
                    CONF_STRICTNESS, default=STRICTNESS_BALANCED
                ): SelectSelector(
                    SelectSelectorConfig(
                        options=list(IMPORT_PRICE),
                        translation_key="strictness",
                        mode=SelectSelectorMode.LIST,
                    )
                ),
                vol.Required(CONF_RESERVE_W, default=HomeSettings().reserve_w): _number(
                    0, _LARGEST_RESERVE_W, 10, UnitOfPower.WATT
                ),
            }
        )


def _home_errors(data: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with a Home.

    A Linky tells what the contract allows. Without one, nothing would ever be limited
    unless a limit is given.
    """
    if not data[CONF_GRID_METERS]:
        return {CONF_GRID_METERS: "meter_missing"}
    solar = data.get(CONF_SOLAR_ENTITY) or data.get(CONF_SOLAR_SOURCES)
    if data.get(CONF_ZERO_EXPORT) and not solar:
        return {CONF_SOLAR_ENTITY: "solar_needed"}
    limited = _tells_limit(data) or _is_limited(data)
    if not limited and not data.get(CONF_NO_LIMIT):
        return {CONF_BREAKER_A: "no_limit"}
    return {}


def _tells_limit(data: dict[str, Any]) -> bool:
    linky = f"{Kind.LINKY}:"
    return any(meter.startswith(linky) for meter in data[CONF_GRID_METERS])


def _is_limited(data: dict[str, Any]) -> bool:
    return bool(data.get(CONF_BREAKER_A) or data.get(CONF_SUBSCRIBED_KVA))


def _options(there: _Named, chosen: Iterable[str]) -> list[SelectOptionDict]:
    """Return what can be chosen of what devices offer.

    What is away now must not be lost by changing something else.
    """
    names = {source_id: source.name for source_id, source in there.items()}
    for source_id in chosen:
        names.setdefault(source_id, source_id)
    return [
        SelectOptionDict(value=source_id, label=name)
        for source_id, name in names.items()
    ]


def _number(low: float, high: float, step: float, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=low,
            max=high,
            step=step,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )
