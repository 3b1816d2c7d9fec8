"""Steps that make a schedule or a need, or change it in place."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfTemperature, UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)

from ...control.model import StorageSpec
from ...control.needs.specs import NeedKind, OnDear
from ..loads.choice import load_options
from ..loads.fields import number
from .checks import need_errors, needs_for, schedule_errors, spec_of
from .const import (
    CONF_BEGINS,
    CONF_CAPACITY_KWH,
    CONF_DAYS,
    CONF_EFFICIENCY,
    CONF_ENABLED,
    CONF_ENDS,
    CONF_ENERGY_KWH,
    CONF_LEVEL_ENTITY,
    CONF_LIMIT,
    CONF_LOAD,
    CONF_MINIMUM,
    CONF_NEED,
    CONF_ON_DEAR,
    CONF_READY_BY,
    CONF_TARGET,
    CONF_VALUE,
    DAYS,
    SUBENTRY_NEED,
    SUBENTRY_SCHEDULE,
)
from .numbers import LARGEST_KWH, LARGEST_TARGET
from .settings import DEFAULT_EFFICIENCY, DEFAULT_READY_BY
from .titles import title_of

_LARGEST_VALUE: Final = 36_000
_SMALLEST_STEP: Final = 0.1
# What is no question of the forms: it has a switch.
_KEPT: Final = (CONF_ENABLED,)

type Answers = dict[str, Any]


def _days() -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=list(DAYS),
            translation_key="weekday",
            multiple=True,
            mode=SelectSelectorMode.LIST,
        )
    )


def _on_dear() -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[choice.value for choice in OnDear],
            translation_key="on_dear",
            mode=SelectSelectorMode.LIST,
        )
    )


def _level(*device_classes: SensorDeviceClass) -> EntitySelector:
    # Templates and helpers have no device class: any sensor can be chosen there.
    return EntitySelector(
        EntitySelectorConfig(
            filter=[
                {"domain": "sensor", "device_class": [*device_classes]},
                {"domain": ["input_number", "number"]},
            ]
        )
    )


def _percent(low: float = 0.0) -> NumberSelector:
    return number(low, 100, 1, PERCENTAGE)


def _by_clock() -> dict[vol.Marker, Any]:
    return {
        vol.Required(CONF_READY_BY, default=DEFAULT_READY_BY): TimeSelector(),
        vol.Required(CONF_DAYS, default=list(DAYS)): _days(),
        vol.Required(CONF_ON_DEAR, default=OnDear.NEVER.value): _on_dear(),
    }


def _fields(kind: NeedKind, *, is_storage: bool) -> dict[vol.Marker, Any]:
    """Return what is asked of a need of some kind."""
    largest = LARGEST_TARGET[kind]
    match kind:
        case NeedKind.ENERGY:
            box = number(
                _SMALLEST_STEP, largest, _SMALLEST_STEP, UnitOfEnergy.KILO_WATT_HOUR
            )
            return {vol.Required(CONF_TARGET): box, **_by_clock()}
        case NeedKind.HOURS:
            box = number(_SMALLEST_STEP, largest, _SMALLEST_STEP, UnitOfTime.HOURS)
            return {vol.Required(CONF_TARGET): box, **_by_clock()}
        case NeedKind.TEMPERATURE:
            box = number(1, largest, 0.5, UnitOfTemperature.CELSIUS)
            return {
                vol.Optional(CONF_LEVEL_ENTITY): _level(SensorDeviceClass.TEMPERATURE),
                vol.Required(CONF_TARGET): box,
                **_by_clock(),
            }
        case NeedKind.CHARGE:
            kwh = number(1, LARGEST_KWH, 0.1, UnitOfEnergy.KILO_WATT_HOUR)
            # A battery of its own has both already.
            bounds: dict[vol.Marker, Any] = {
                vol.Required(CONF_MINIMUM, default=0): _percent(),
                vol.Required(CONF_LIMIT, default=100): _percent(1),
            }
            return {
                vol.Optional(CONF_LEVEL_ENTITY): _level(SensorDeviceClass.BATTERY),
                **({} if is_storage else bounds),
                vol.Optional(CONF_TARGET): _percent(),
                **_by_clock(),
                vol.Optional(CONF_CAPACITY_KWH): kwh,
                vol.Required(CONF_EFFICIENCY, default=DEFAULT_EFFICIENCY): _percent(50),
            }


class _PlanFlow(ConfigSubentryFlow):
    """What schedules and needs have in common."""

    _type: str

    def _load(self, chosen: Mapping[str, Any]) -> dict[vol.Marker, Any]:
        load_id = chosen.get(CONF_LOAD)
        options = load_options(self.hass, [load_id] if load_id else [])
        return {
            vol.Required(CONF_LOAD): SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN)
            )
        }

    @property
    def _present(self) -> Answers:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        return dict(self._get_reconfigure_subentry().data)

    def _finish(self, data: Answers) -> SubentryFlowResult:
        title = title_of(self.hass, self._type, data)
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=title, data=data)
        kept = {key: self._present[key] for key in _KEPT if key in self._present}
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=title,
            data={**kept, **data},
        )


class ScheduleFlow(_PlanFlow):
    """One form for a window of the day."""

    _type = SUBENTRY_SCHEDULE

    async def async_step_user(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for load, days, window and power."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = schedule_errors(self.hass, user_input)
            if not errors:
                return self._finish(user_input)
        answers = user_input if user_input is not None else self._present
        schema = vol.Schema(
            {
                **self._load(answers),
                vol.Required(CONF_DAYS, default=list(DAYS)): _days(),
                vol.Required(CONF_BEGINS, default="21:00:00"): TimeSelector(),
                vol.Required(CONF_ENDS, default="07:00:00"): TimeSelector(),
                vol.Optional(CONF_VALUE): NumberSelector(
                    NumberSelectorConfig(
                        min=1,
                        max=_LARGEST_VALUE,
                        step="any",
                        mode=NumberSelectorMode.BOX,
                    )
                ),
                vol.Optional(CONF_ENERGY_KWH): number(
                    _SMALLEST_STEP,
                    LARGEST_KWH,
                    _SMALLEST_STEP,
                    UnitOfEnergy.KILO_WATT_HOUR,
                ),
                vol.Required(CONF_ON_DEAR, default=False): BooleanSelector(),
            }
        )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(schema, answers),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Show the same form with what there is."""
        return await self.async_step_user(user_input)


class NeedFlow(_PlanFlow):
    """What load needs what kind of thing, then how much of it by when."""

    _type = SUBENTRY_NEED
    _chosen: Answers

    async def async_step_user(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for the load and what is counted."""
        errors: dict[str, str] = {}
        if user_input is not None:
            kind = NeedKind(user_input[CONF_NEED])
            if kind in needs_for(self.hass, user_input[CONF_LOAD]):
                self._chosen = user_input
                return await self._async_ask(kind)
            errors[CONF_NEED] = "need_makes_no_sense"
        kinds = SelectSelector(
            SelectSelectorConfig(
                options=[kind.value for kind in NeedKind],
                translation_key="need",
                mode=SelectSelectorMode.LIST,
            )
        )
        schema = vol.Schema(
            {**self._load(user_input or {}), vol.Required(CONF_NEED): kinds}
        )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or {}),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Change how much and by when; another load has another need."""
        present = self._present
        self._chosen = {key: present[key] for key in (CONF_LOAD, CONF_NEED)}
        return await self._async_ask(NeedKind(present[CONF_NEED]))

    async def async_step_energy(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for an energy."""
        return await self._async_ask(NeedKind.ENERGY, user_input)

    async def async_step_hours(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for a time on."""
        return await self._async_ask(NeedKind.HOURS, user_input)

    async def async_step_temperature(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for a temperature."""
        return await self._async_ask(NeedKind.TEMPERATURE, user_input)

    async def async_step_charge(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for states of charge."""
        return await self._async_ask(NeedKind.CHARGE, user_input)

    async def _async_ask(
        self, kind: NeedKind, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**self._chosen, **user_input}
            errors = need_errors(self.hass, data)
            if not errors:
                return self._finish(data)
        answers = user_input if user_input is not None else self._present
        spec = spec_of(self.hass, self._chosen[CONF_LOAD])
        is_storage = isinstance(spec, StorageSpec)
        return self.async_show_form(
            step_id=kind.value,
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(_fields(kind, is_storage=is_storage)), answers
            ),
            errors=errors,
        )
