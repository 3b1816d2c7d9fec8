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

from ...measured import is_own, measuring_sensors
from ..const import CONF_PHASES as CONF_HOME_PHASES
from .checks import placeholders_of
from .const import (
    CONF_ACTION,
    CONF_ACTION_FIELD,
    CONF_ENERGY_ENTITY,
    CONF_PHASES,
    CONF_POWER_ENTITY,
    CONF_SOURCE,
    SUBENTRY_BATTERY,
    SUBENTRY_ENTITY_CHARGER,
    SUBENTRY_HEATER,
    SUBENTRY_STORAGE,
    SUBENTRY_SWITCHED,
)
from .fields import LEARNED_PHASE, ONLY_PHASE, WIRINGS, Errors, without_needless
from .forms import DOUBTS, FORMS, OPENS, Form


class LoadSubentryFlow(ConfigSubentryFlow):
    """One form, for a new load and for changing one."""

    _type: ClassVar[str]
    _doubted: dict[str, Any] | None = None

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
            errors = self._form.check(self.hass, answers) | self._place_errors(answers)
            errors = self._without_what_is_confirmed(errors, answers)
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
            description_placeholders=placeholders_of(
                self.hass,
                answers.get(next(iter(self._form.commands), "")),
                answers,
            ),
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

    def _without_what_is_confirmed(
        self, errors: Errors, answers: Mapping[str, Any]
    ) -> Errors:
        """Take answers that were doubted and are given once more as they are."""
        confirmed = answers == self._doubted
        self._doubted = None
        if not errors or not DOUBTS.issuperset(errors.values()):
            return errors
        self._doubted = dict(answers)
        return {} if confirmed else errors

    # ---- between the form and the data -----------------------------------------------

    def _present(self) -> dict[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        subentry = self._get_reconfigure_subentry()
        present = {**subentry.data, CONF_NAME: subentry.title}
        if CONF_PHASES in present:
            wired = "".join(map(str, present[CONF_PHASES]))
            present[CONF_PHASES] = wired or LEARNED_PHASE
        return present

    def _flat(self, user_input: Mapping[str, Any]) -> dict[str, Any]:
        flat: dict[str, Any] = {}
        for key, value in user_input.items():
            flat |= value if key in self._form.sections else {key: value}
        for key in (CONF_ACTION, CONF_ACTION_FIELD):
            if key in flat:
                flat[key] = flat[key].strip()
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
        fields = self._form.fields
        if self._form.adapted is not None:
            fields = self._form.adapted(self.hass, fields, answers)
        return vol.Schema({**fields, **sections})

    def _place_errors(self, answers: Mapping[str, Any]) -> Errors:
        """Return what does not go together with the Home or with other loads."""
        errors: Errors = {}
        if not str(answers[CONF_NAME]).strip():
            errors[CONF_NAME] = "name_missing"
        one_phase = self._get_entry().data[CONF_HOME_PHASES] == 1
        if one_phase and answers.get(CONF_PHASES, ONLY_PHASE) != ONLY_PHASE:
            errors[CONF_PHASES] = "one_phase_home"
        if answers.get(CONF_POWER_ENTITY) in measuring_sensors(self.hass, self._own_id):
            errors[CONF_POWER_ENTITY] = "already_measures"
        for key in (*self._form.commands, CONF_POWER_ENTITY, CONF_ENERGY_ENTITY):
            if is_own(self.hass, answers.get(key)):
                errors[key] = "own_entity"
        if answers.get(CONF_SOURCE) in self._told_of():
            errors[CONF_SOURCE] = "already_used"
        commanded = self._commanded()
        for key in self._form.commands:
            if answers.get(key) in commanded:
                errors[key] = "already_used"
        return errors

    @property
    def _own_id(self) -> str | None:
        if self.source != SOURCE_RECONFIGURE:
            return None
        return self._get_reconfigure_subentry().subentry_id

    def _told_of(self) -> set[str]:
        """Return the batteries of devices that another subentry observes."""
        return {
            subentry.data[CONF_SOURCE]
            for subentry in self._get_entry().subentries.values()
            if subentry.subentry_id != self._own_id and CONF_SOURCE in subentry.data
        }

    def _commanded(self) -> set[str]:
        """Return the entities that another load commands."""
        return {
            entity_id
            for subentry in self._get_entry().subentries.values()
            if subentry.subentry_id != self._own_id and subentry.subentry_type in FORMS
            for key in FORMS[subentry.subentry_type].commands
            if (entity_id := subentry.data.get(key)) is not None
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
