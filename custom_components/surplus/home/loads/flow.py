"""Steps that make a load of entities, or change it in place."""

from collections.abc import Mapping
from typing import Any, ClassVar

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section

from .const import (
    CONF_PHASES,
    SUBENTRY_BATTERY,
    SUBENTRY_ENTITY_CHARGER,
    SUBENTRY_HEATER,
    SUBENTRY_STORAGE,
    SUBENTRY_SWITCHED,
)
from .fields import WIRINGS, Errors, without_needless
from .forms import FORMS, OPENS, Form


class LoadSubentryFlow(ConfigSubentryFlow):
    """One form, for a new load and for changing one."""

    _type: ClassVar[str]

    @property
    def _form(self) -> Form:
        return FORMS[self._type]

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask all there is to know."""
        errors: Errors = {}
        if user_input is not None:
            answers = self._flat(user_input)
            errors = self._form.check(self.hass, answers) | self._taken(answers)
            if not errors:
                return self._finish(answers)
        else:
            answers = self._present()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                self._schema(answers, errors), self._nested(answers)
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the same form with what there is."""
        return await self.async_step_user(user_input)

    def _finish(self, answers: dict[str, Any]) -> SubentryFlowResult:
        title = answers.pop(CONF_NAME).strip()
        data = without_needless(answers)
        if CONF_PHASES in data:
            data[CONF_PHASES] = WIRINGS[data[CONF_PHASES]]
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_entry(),
                self._get_reconfigure_subentry(),
                title=title,
                data=data,
            )
        return self.async_create_entry(title=title, data=data)

    # ---- between the form and the data -----------------------------------------------

    def _present(self) -> dict[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        subentry = self._get_reconfigure_subentry()
        present = {**subentry.data, CONF_NAME: subentry.title}
        if CONF_PHASES in present:
            present[CONF_PHASES] = "".join(map(str, present[CONF_PHASES]))
        return present

    def _flat(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        flat: dict[str, Any] = {}
        for key, value in user_input.items():
            flat |= value if key in self._form.sections else {key: value}
        return flat

    def _nested(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        nested = dict(answers)
        for name, fields in self._form.sections.items():
            keys = {str(key.schema) for key in fields}
            nested[name] = {key: nested.pop(key) for key in keys & nested.keys()}
        return nested

    def _schema(self, answers: Mapping[str, Any], errors: Errors) -> vol.Schema:
        sections = {
            vol.Required(name): section(
                vol.Schema(dict(fields)),
                {
                    "collapsed": name not in errors
                    and not answers.get(OPENS.get(name, ""))
                },
            )
            for name, fields in self._form.sections.items()
        }
        return vol.Schema({**self._form.fields, **sections})

    def _taken(self, answers: Mapping[str, Any]) -> Errors:
        """Return the fields whose entity another load commands already."""
        own = (
            self._get_reconfigure_subentry().subentry_id
            if self.source == SOURCE_RECONFIGURE
            else None
        )
        taken = {
            subentry.data.get(key)
            for subentry in self._get_entry().subentries.values()
            if subentry.subentry_id != own and subentry.subentry_type in FORMS
            for key in FORMS[subentry.subentry_type].commands
        } - {None}
        return {
            key: "already_used"
            for key in self._form.commands
            if answers.get(key) in taken
        }


class HeaterFlow(LoadSubentryFlow):
    """A heater that takes any power."""

    _type = SUBENTRY_HEATER


class SwitchedFlow(LoadSubentryFlow):
    """A load that is on or off."""

    _type = SUBENTRY_SWITCHED


class EntityChargerFlow(LoadSubentryFlow):
    """A charger of another integration."""

    _type = SUBENTRY_ENTITY_CHARGER


class StorageFlow(LoadSubentryFlow):
    """A battery that can be commanded."""

    _type = SUBENTRY_STORAGE


class BatteryFlow(LoadSubentryFlow):
    """A battery that regulates itself."""

    _type = SUBENTRY_BATTERY


SUBENTRY_FLOWS: dict[str, type[ConfigSubentryFlow]] = {
    SUBENTRY_HEATER: HeaterFlow,
    SUBENTRY_SWITCHED: SwitchedFlow,
    SUBENTRY_ENTITY_CHARGER: EntityChargerFlow,
    SUBENTRY_STORAGE: StorageFlow,
    SUBENTRY_BATTERY: BatteryFlow,
}
