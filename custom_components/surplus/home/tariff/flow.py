"""Steps that tell of the tariff, or change it in place."""

from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.translation import async_get_translations

from ...const import DOMAIN, Kind
from ...control.model import Contract, Period
from ...control.tariff.published import is_silent
from ...control.tariff.windows import FixedHours
from ...measured import own_kind
from ...registry import async_get_registry
from ..loads.values import is_known
from .const import (
    CONF_CONTRACT,
    CONF_FEED_IN_ENTITY,
    CONF_FIRST_DAY,
    CONF_INDEXES,
    CONF_LAST_DAY,
    CONF_OTHERWISE,
    CONF_PERIODS,
    CONF_PRICE_ENTITY,
    CONF_SOURCE,
    CONF_TARIFF_ENTITY,
    CONF_TODAY_ENTITY,
    CONF_TOMORROW_ENTITY,
    CONF_WINDOWS,
    DEFAULT_INDEXES,
    SOURCE_CALENDAR,
    SOURCE_ENTITY,
    periods_of,
)
from .forms import (
    CLASS_USUAL,
    WINDOWED,
    hours_fields,
    more_fields,
    period_fields,
    price_fields,
    source_fields,
)
from .settings import hours_of, tariff_subentry
from .sources import price_of, published_of
from .texts import tariff_title

type Answers = dict[str, Any]

_MORE: Final = "more"
# What the second step asks; what it does not ask of another contract is forgotten.
_HOURS_KEYS: Final = frozenset(
    (CONF_TARIFF_ENTITY, CONF_TODAY_ENTITY, CONF_TOMORROW_ENTITY, CONF_WINDOWS)
)


class TariffSubentryFlow(ConfigSubentryFlow):
    """Who tells the tariff, its hours, and what they cost."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._answers: Answers = {}

    async def async_step_user(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask who tells the tariff, and which contract it is."""
        if self.source != SOURCE_RECONFIGURE and tariff_subentry(self._get_entry()):
            return self.async_abort(reason="one_tariff")
        if user_input is not None:
            self._answers |= user_input
            if hours_fields(self._answers):
                return await self.async_step_hours()
            return await self.async_step_prices()
        tellers = async_get_registry(self.hass).tariffs
        present = self._answers
        told = {source_id: source.name for source_id, source in tellers.items()}
        chosen = present.get(CONF_SOURCE)
        if chosen not in (None, SOURCE_ENTITY, SOURCE_CALENDAR):
            # What is away now must not be lost by changing something else.
            told.setdefault(chosen, chosen)
        options = [source.tariff for source in tellers.values()]
        contract = next((one.option for one in options if one and one.option), None)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(source_fields(told, contract or Contract.PEAK_OFF_PEAK)),
                present,
            ),
            last_step=False,
        )

    async def async_step_reconfigure(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Show the same steps with what there is."""
        self._answers = dict(self._get_reconfigure_subentry().data)
        return await self.async_step_user()

    async def async_step_hours(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask for the entities that tell, and for fixed windows."""
        errors: dict[str, str] = {}
        answers = self._answers
        if user_input is not None:
            kept = {
                key: value for key, value in answers.items() if key not in _HOURS_KEYS
            }
            answers = kept | user_input
            errors = self._hours_errors(answers)
            if not errors:
                self._answers = answers
                return await self.async_step_prices()
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "selector", {DOMAIN}
        )
        return self.async_show_form(
            step_id="hours",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(hours_fields(self._answers, texts)), answers
            ),
            errors=errors,
            last_step=False,
        )

    async def async_step_prices(
        self, user_input: Answers | None = None
    ) -> SubentryFlowResult:
        """Ask what each period costs and means, and what else there is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._price_errors(user_input)
            if not errors:
                return self._finish(user_input)
        fields = {
            **price_fields(self.hass),
            **{
                vol.Required(period.value): section(
                    vol.Schema(period_fields(self.hass)), {"collapsed": False}
                )
                for period in self._periods
            },
            vol.Required(_MORE): section(
                vol.Schema(more_fields(self.hass, self._answers)), {"collapsed": True}
            ),
        }
        return self.async_show_form(
            step_id="prices",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(fields), user_input or self._nested()
            ),
            errors=errors,
        )

    # ---- between the forms and the data ----------------------------------------------

    @property
    def _contract(self) -> Contract:
        return Contract(self._answers[CONF_CONTRACT])

    @property
    def _periods(self) -> tuple[Period, ...]:
        indexes = int(self._answers.get(CONF_INDEXES, DEFAULT_INDEXES))
        return periods_of(self._contract, indexes)

    def _nested(self) -> Answers:
        """Return the present values as the form has them."""
        answers = self._answers
        keys = {str(key.schema) for key in more_fields(self.hass, answers)}
        return {
            **answers,
            **answers.get(CONF_PERIODS, {}),
            _MORE: {key: answers[key] for key in keys & answers.keys()},
        }

    def _finish(self, user_input: Answers) -> SubentryFlowResult:
        periods = {}
        for period in self._periods:
            told = {
                key: value
                for key, value in user_input[period].items()
                if value not in (None, CLASS_USUAL)
            }
            if told:
                periods[period.value] = told
        asked = {CONF_SOURCE, CONF_CONTRACT} | {
            str(key.schema) for key in hours_fields(self._answers)
        }
        data = {key: value for key, value in self._answers.items() if key in asked}
        data |= {
            str(key.schema): user_input.get(str(key.schema))
            for key in price_fields(self.hass)
        }
        data |= user_input[_MORE]
        data = {key: value for key, value in data.items() if value not in (None, [])}
        data[CONF_PERIODS] = periods
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_entry(), self._get_reconfigure_subentry(), data=data
            )
        if tariff_subentry(self._get_entry()):
            # Made in another window, while this one was open.
            return self.async_abort(reason="one_tariff")
        return self.async_create_entry(title=tariff_title(self.hass), data=data)

    # ---- what is wrong with answers --------------------------------------------------

    def _hours_errors(self, answers: Answers) -> dict[str, str]:
        errors: dict[str, str] = {}
        contract = self._contract
        for key in (CONF_TARIFF_ENTITY, CONF_TODAY_ENTITY, CONF_TOMORROW_ENTITY):
            entity_id = answers.get(key)
            if self._is_made_of_it(entity_id):
                errors[key] = "own_entity"
                continue
            state = self.hass.states.get(entity_id) if entity_id else None
            if state is None or not is_known(state) or is_silent(state.state):
                continue
            told = published_of(state, contract)
            days = key != CONF_TARIFF_ENTITY
            if told is None or (days and not told.tells_day):
                errors[key] = "not_understood"
        windows = answers.get(CONF_WINDOWS) or []
        is_calendar = answers[CONF_SOURCE] == SOURCE_CALENDAR
        if is_calendar and contract in WINDOWED and not windows:
            errors[CONF_WINDOWS] = "windows_missing"
        if any(
            (CONF_FIRST_DAY in one) is not (CONF_LAST_DAY in one) for one in windows
        ):
            errors[CONF_WINDOWS] = "season_open"
        try:
            hours = hours_of(answers)
        except KeyError, TypeError, ValueError:
            errors[CONF_WINDOWS] = "windows_wrong"
        else:
            if contract is Contract.OTHER and _names_more(hours, answers):
                errors[CONF_INDEXES] = "too_few_indexes"
        return errors

    def _price_errors(self, user_input: Answers) -> dict[str, str]:
        more = user_input[_MORE]
        for key in (CONF_PRICE_ENTITY, CONF_FEED_IN_ENTITY):
            entity_id = more.get(key)
            if self._is_made_of_it(entity_id):
                return {_MORE: "own_entity"}
            state = self.hass.states.get(entity_id) if entity_id else None
            if state is not None and is_known(state) and price_of(state) is None:
                return {_MORE: "no_price"}
        return {}

    def _is_made_of_it(self, entity_id: str | None) -> bool:
        """Return whether Surplus shows in it what it makes of the tariff itself."""
        return own_kind(self.hass, entity_id) in (Kind.HOME, Kind.OCPP)


def _names_more(hours: FixedHours | None, answers: Answers) -> bool:
    """Return whether a window, or what is left of the day, has an index beyond those."""
    periods = periods_of(Contract.OTHER, int(answers[CONF_INDEXES]))
    named = {Period(answers[CONF_OTHERWISE])}
    if hours is not None:
        named |= {window.period for window in hours.windows}
    return not named <= set(periods)
