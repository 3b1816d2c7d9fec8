"""What is asked of the tariff."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import voluptuous as vol

from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)

from ...const import DOMAIN
from ...control.model import Contract, Period, PriceClass
from ..flow import OrderedSelector
from ..loads.choice import load_options
from .const import (
    CONF_BEGINS,
    CONF_CAP_KW,
    CONF_CHEAP_ORDER,
    CONF_CONTRACT,
    CONF_DEAR_ALLOWED,
    CONF_DEAR_ORDER,
    CONF_ENDS,
    CONF_FEED_IN,
    CONF_FEED_IN_ENTITY,
    CONF_FIRST_DAY,
    CONF_INDEXES,
    CONF_LAST_DAY,
    CONF_OTHERWISE,
    CONF_PERIOD,
    CONF_PRICE,
    CONF_PRICE_CLASS,
    CONF_PRICE_ENTITY,
    CONF_SOURCE,
    CONF_TARIFF_ENTITY,
    CONF_TODAY_ENTITY,
    CONF_TOMORROW_ENTITY,
    CONF_WEEKDAYS,
    CONF_WINDOWS,
    DEFAULT_INDEXES,
    MOST_INDEXES,
    SOURCE_CALENDAR,
    SOURCE_ENTITY,
    WEEKDAYS,
    periods_of,
)

type Fields = dict[vol.Marker, Any]
# Translations of selectors by their whole key, as Home Assistant hands them out.
type Texts = Mapping[str, str]

# Stands for the class that a period has by its name.
CLASS_USUAL: Final = "usual"
# Contracts whose hours differ from house to house.
WINDOWED: Final = (Contract.PEAK_OFF_PEAK, Contract.OTHER)
# Contracts whose days are announced.
_ANNOUNCED: Final = (Contract.TEMPO, Contract.EJP)
_DEAREST: Final = 10.0
_LARGEST_CAP_KW: Final = 100.0

_TELLERS: Final = EntitySelector(
    EntitySelectorConfig(
        domain=[
            *("sensor", "select", "input_select", "input_text", "schedule"),
            *("binary_sensor", "input_boolean", "switch", "calendar"),
        ]
    )
)
_DAYS: Final = EntitySelector(
    EntitySelectorConfig(domain=["sensor", "select", "input_select", "calendar"])
)
_PRICES: Final = EntitySelector(
    EntitySelectorConfig(domain=["sensor", "number", "input_number"])
)


def source_fields(told: Mapping[str, str], contract: Contract) -> Fields:
    """Return the first step: who tells, by names of meters, and the contract."""
    options = [
        SelectOptionDict(value=source_id, label=name)
        for source_id, name in told.items()
    ]
    options += [
        SelectOptionDict(value=source, label=source)
        for source in (SOURCE_ENTITY, SOURCE_CALENDAR)
    ]
    return {
        vol.Required(CONF_SOURCE, default=options[0]["value"]): SelectSelector(
            SelectSelectorConfig(
                options=options,
                translation_key="tariff_source",
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Required(CONF_CONTRACT, default=contract.value): _choice(
            "tariff_contract", Contract
        ),
    }


def hours_fields(answers: Mapping[str, Any], texts: Texts | None = None) -> Fields:
    """Return the second step; nothing where nothing need be asked."""
    contract, source = Contract(answers[CONF_CONTRACT]), answers[CONF_SOURCE]
    fields: Fields = {}
    if source == SOURCE_ENTITY:
        fields[vol.Required(CONF_TARIFF_ENTITY)] = _TELLERS
    if contract in _ANNOUNCED:
        needed = vol.Required if source == SOURCE_CALENDAR else vol.Optional
        fields[needed(CONF_TODAY_ENTITY)] = _DAYS
        fields[vol.Optional(CONF_TOMORROW_ENTITY)] = _DAYS
    if contract is Contract.OTHER:
        fields[vol.Required(CONF_INDEXES, default=DEFAULT_INDEXES)] = NumberSelector(
            NumberSelectorConfig(
                min=1, max=MOST_INDEXES, step=1, mode=NumberSelectorMode.BOX
            )
        )
    if contract in WINDOWED:
        fields[vol.Optional(CONF_WINDOWS)] = _windows(contract, texts or {})
    if contract is Contract.OTHER:
        usual = Period.INDEX_1.value
        fields[vol.Required(CONF_OTHERWISE, default=usual)] = _choice(
            "tariff_period", periods_of(contract, MOST_INDEXES)
        )
    return fields


def price_fields(hass: HomeAssistant) -> Fields:
    """Return what the third step asks first."""
    return {
        vol.Optional(CONF_FEED_IN): _price(hass),
        vol.Required(CONF_DEAR_ALLOWED, default=False): BooleanSelector(),
    }


def period_fields(hass: HomeAssistant) -> Fields:
    """Return what is asked of each period."""
    return {
        vol.Optional(CONF_PRICE): _price(hass),
        vol.Required(CONF_PRICE_CLASS, default=CLASS_USUAL): _choice(
            "tariff_class", (CLASS_USUAL, *PriceClass)
        ),
        vol.Optional(CONF_CAP_KW): NumberSelector(
            NumberSelectorConfig(
                min=0,
                max=_LARGEST_CAP_KW,
                step=0.1,
                unit_of_measurement=UnitOfPower.KILO_WATT,
                mode=NumberSelectorMode.BOX,
            )
        ),
    }


def more_fields(hass: HomeAssistant, answers: Mapping[str, Any]) -> Fields:
    """Return what few need: prices of entities, and other priorities."""
    return {
        vol.Optional(CONF_PRICE_ENTITY): _PRICES,
        vol.Optional(CONF_FEED_IN_ENTITY): _PRICES,
        **{
            vol.Optional(key): OrderedSelector(
                SelectSelectorConfig(
                    options=load_options(hass, answers.get(key, ())), multiple=True
                )
            )
            for key in (CONF_CHEAP_ORDER, CONF_DEAR_ORDER)
        },
    }


def _windows(contract: Contract, texts: Texts) -> ObjectSelector:
    periods = periods_of(contract, MOST_INDEXES)

    def named(translation_key: str, option: str) -> SelectOptionDict:
        # The frontend translates no options of a selector inside another one.
        key = f"component.{DOMAIN}.selector.{translation_key}.options.{option}"
        return SelectOptionDict(value=option, label=texts.get(key, option))

    return ObjectSelector(
        ObjectSelectorConfig(
            fields={
                CONF_PERIOD: {
                    "required": True,
                    "selector": SelectSelector(
                        SelectSelectorConfig(
                            options=[
                                named("tariff_period", period.value)
                                for period in periods
                            ],
                            mode=SelectSelectorMode.DROPDOWN,
                        )
                    ),
                },
                CONF_BEGINS: {"required": True, "selector": TimeSelector()},
                CONF_ENDS: {"required": True, "selector": TimeSelector()},
                CONF_WEEKDAYS: {
                    "selector": SelectSelector(
                        SelectSelectorConfig(
                            options=[named("weekday", day) for day in WEEKDAYS],
                            multiple=True,
                            mode=SelectSelectorMode.LIST,
                        )
                    )
                },
                CONF_FIRST_DAY: {"selector": DateSelector()},
                CONF_LAST_DAY: {"selector": DateSelector()},
            },
            multiple=True,
            label_field=CONF_BEGINS,
            description_field=CONF_ENDS,
            translation_key="tariff_window",
        )
    )


def _choice(translation_key: str, options: Iterable[str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[str(option) for option in options],
            translation_key=translation_key,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def _price(hass: HomeAssistant) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=-_DEAREST,
            max=_DEAREST,
            step="any",
            unit_of_measurement=f"{hass.config.currency}/kWh",
            mode=NumberSelectorMode.BOX,
        )
    )
