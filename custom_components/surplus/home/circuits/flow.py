"""Steps that make a circuit, or change it in place."""

from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, UnitOfElectricCurrent
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..loads.choice import load_options
from ..loads.fields import number
from .settings import (
    CONF_LIMIT_A,
    CONF_LOADS,
    CONF_PARENT,
    SUBENTRY_CIRCUIT,
    circuit_of,
    circuits_of,
    wiring_errors,
)

# Stands for the main board, where most circuits begin.
MAIN_BOARD: Final = "board"
_USUAL_A: Final = 20
_LARGEST_A: Final = 125


class CircuitSubentryFlow(ConfigSubentryFlow):
    """One form, for a new circuit and for changing one."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the breaker, what is behind it and what it hangs on."""
        errors: dict[str, str] = {}
        if user_input is not None:
            title, data = self._read(user_input)
            errors = self._errors(title, data)
            if not errors:
                return self._finish(title, data)
        answers = user_input if user_input is not None else self._present()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                self._schema(answers), answers
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the same form with what there is."""
        return await self.async_step_user(user_input)

    def _read(self, user_input: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        data = dict(user_input)
        title = str(data.pop(CONF_NAME)).strip()
        if data.get(CONF_PARENT) == MAIN_BOARD:
            del data[CONF_PARENT]
        return title, data

    def _errors(self, title: str, data: dict[str, Any]) -> dict[str, str]:
        own_id = self._own_id
        others = [
            circuit
            for circuit in circuits_of(self._get_entry())
            if circuit.circuit_id != own_id
        ]
        errors = wiring_errors(circuit_of(own_id, data), others)
        if not title:
            errors[CONF_NAME] = "name_missing"
        return errors

    def _finish(self, title: str, data: dict[str, Any]) -> SubentryFlowResult:
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_entry(),
                self._get_reconfigure_subentry(),
                title=title,
                data=data,
            )
        return self.async_create_entry(title=title, data=data)

    @property
    def _own_id(self) -> str:
        if self.source != SOURCE_RECONFIGURE:
            return ""
        return self._get_reconfigure_subentry().subentry_id

    def _present(self) -> dict[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        subentry = self._get_reconfigure_subentry()
        present = {**subentry.data, CONF_NAME: subentry.title}
        if present.get(CONF_PARENT) not in self._parents():
            # The one it hung on was deleted.
            present[CONF_PARENT] = MAIN_BOARD
        return present

    def _parents(self) -> dict[str, str]:
        own_id = self._own_id
        return {
            subentry.subentry_id: subentry.title
            for subentry in self._get_entry().get_subentries_of_type(SUBENTRY_CIRCUIT)
            if subentry.subentry_id != own_id
        }

    def _schema(self, answers: dict[str, Any]) -> vol.Schema:
        parents = [
            SelectOptionDict(value=MAIN_BOARD, label=MAIN_BOARD),
            *(
                SelectOptionDict(value=circuit_id, label=title)
                for circuit_id, title in self._parents().items()
            ),
        ]
        return vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_LIMIT_A, default=_USUAL_A): number(
                    1, _LARGEST_A, 1, UnitOfElectricCurrent.AMPERE
                ),
                vol.Required(CONF_LOADS, default=[]): SelectSelector(
                    SelectSelectorConfig(
                        options=load_options(self.hass, answers.get(CONF_LOADS, ())),
                        multiple=True,
                        mode=SelectSelectorMode.DROPDOWN,
                    )
                ),
                vol.Required(CONF_PARENT, default=MAIN_BOARD): SelectSelector(
                    SelectSelectorConfig(
                        options=parents,
                        translation_key="circuit_parent",
                        mode=SelectSelectorMode.DROPDOWN,
                    )
                ),
            }
        )
