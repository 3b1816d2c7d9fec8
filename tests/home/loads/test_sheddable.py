"""Whether a load may be shed is a person's word, and no is the word of who was not asked."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.model import SwitchedSpec
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from .conftest import SWITCHED, Add, load_of


def spec_of(
    hass: HomeAssistant, entry: MockConfigEntry, subentry: ConfigSubentry
) -> SwitchedSpec:
    spec = load_of(hass, entry, subentry).spec
    assert isinstance(spec, SwitchedSpec)
    return spec


async def test_a_load_made_before_it_was_asked_may_not_be_shed(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    assert not spec_of(hass, home_entry, await add("switched", SWITCHED)).sheddable


async def test_a_load_that_becomes_sheddable_runs_on(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add("switched", SWITCHED)
    load = load_of(hass, home_entry, subentry)
    hass.config_entries.async_update_subentry(
        home_entry, subentry, data={**SWITCHED, "sheddable": True}
    )
    await hass.async_block_till_done()
    assert load_of(hass, home_entry, subentry) is load
    assert spec_of(hass, home_entry, subentry).sheddable
