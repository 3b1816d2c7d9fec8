"""Everything that can be asked or shown of the tariff has its words."""

from collections.abc import Iterator
from typing import Any

import pytest

from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Period,
    PriceClass,
    Reason,
)
from custom_components.surplus.home.tariff.const import (
    SOURCE_CALENDAR,
    SOURCE_ENTITY,
    WEEKDAYS,
)
from custom_components.surplus.home.tariff.entities import LOST, SENSORS
from custom_components.surplus.home.tariff.forms import (
    CLASS_USUAL,
    hours_fields,
    more_fields,
    period_fields,
    price_fields,
    source_fields,
)
from custom_components.surplus.registry import DATA_REGISTRY, Registry
from homeassistant.core import HomeAssistant

from .. import test_translations
from ..test_translations import ENGLISH

STEP = "config_subentries.tariff.step"
SECTIONS = f"{STEP}.prices.sections"


def keys(fields: dict[Any, Any]) -> Iterator[str]:
    for marker in fields:
        yield str(marker.schema)


def assert_asked(place: str, fields: dict[Any, Any]) -> None:
    for key in keys(fields):
        assert f"{place}.data.{key}" in ENGLISH, key
        assert f"{place}.data_description.{key}" in ENGLISH, key


def test_every_field_is_explained(hass: HomeAssistant) -> None:
    hass.data[DATA_REGISTRY] = Registry()
    assert_asked(f"{STEP}.user", source_fields({}, Contract.BASE))
    for contract in Contract:
        for source in (SOURCE_CALENDAR, SOURCE_ENTITY, "linky:1"):
            told = {"contract": contract, "told_by": source}
            assert_asked(f"{STEP}.hours", hours_fields(told))
    assert_asked(f"{STEP}.prices", price_fields(hass))
    assert_asked(f"{SECTIONS}.more", more_fields(hass, {}))
    for period in Period:
        assert f"{SECTIONS}.{period}.name" in ENGLISH
        assert_asked(f"{SECTIONS}.{period}", period_fields(hass))


@pytest.mark.parametrize(
    ("selector", "options"),
    [
        ("tariff_source", (SOURCE_ENTITY, SOURCE_CALENDAR)),
        ("tariff_contract", Contract),
        ("tariff_class", (CLASS_USUAL, *PriceClass)),
        ("tariff_period", Period),
        ("weekday", WEEKDAYS),
    ],
)
def test_every_choice_has_a_word(selector: str, options: Any) -> None:
    for option in options:
        assert f"selector.{selector}.options.{option}" in ENGLISH


def test_every_field_of_a_window_has_a_word() -> None:
    told = {"contract": Contract.OTHER, "told_by": SOURCE_CALENDAR}
    (windows,) = (
        selector
        for marker, selector in hours_fields(told).items()
        if marker.schema == "windows"
    )
    for field in windows.config["fields"]:
        assert f"selector.tariff_window.fields.{field}.name" in ENGLISH


def test_every_error_of_the_steps_has_words() -> None:
    for error in (
        *("own_entity", "not_understood", "windows_missing", "season_open"),
        *("windows_wrong", "no_price", "too_few_indexes"),
    ):
        assert f"config_subentries.tariff.error.{error}" in ENGLISH


def test_everything_that_is_shown_has_words_and_an_icon() -> None:
    icons = (test_translations.ROOT / "icons.json").read_text()
    for description in SENSORS:
        assert f"entity.sensor.{description.key}.name" in ENGLISH
        assert f'"{description.key}"' in icons
        for option in description.options or ():
            assert f"entity.sensor.{description.key}.state.{option}" in ENGLISH
    assert f"entity.binary_sensor.{LOST.key}.name" in ENGLISH
    assert {colour.name.lower() for colour in Colour} == set(SENSORS[-1].options)
    assert f"entity.sensor.load_reason.state.{Reason.HELD_BACK}" in ENGLISH
    assert "issues.tariff_lost.title" in ENGLISH
