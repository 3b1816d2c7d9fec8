"""A meter in historic mode is reported while a Home follows it, and only then."""

import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.const import DOMAIN
from custom_components.surplus.registry import MeterSource, async_get_registry
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import linky_entry
from .far_end import Meter, until
from .test_integration import set_up, state
from .tic import ADCO, historic_frame, standard_frame


@pytest.fixture
def historic_entry(hass: HomeAssistant, quick: None, meter: Meter) -> MockConfigEntry:
    meter.send_historic()
    entry = linky_entry(meter.path, ADCO)
    entry.add_to_hass(hass)
    return entry


def follow(hass: HomeAssistant) -> CALLBACK_TYPE:
    """Do as a Home does with its grid meter."""
    source: MeterSource = async_get_registry(hass).meters[f"linky:{ADCO}"]
    return source.async_subscribe(lambda: None)


def issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue(
        DOMAIN, f"linky_historic_{entry.entry_id}"
    )


async def hear(entry: MockConfigEntry) -> None:
    """Wait for a few frames more."""
    counters = entry.runtime_data.link.decoder.counters
    frames = counters.frames + 3
    await until(lambda: counters.frames >= frames)


async def test_a_followed_meter_in_historic_mode_is_reported(
    hass: HomeAssistant, historic_entry: MockConfigEntry
) -> None:
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: issue(hass, historic_entry))
    found = issue(hass, historic_entry)
    assert found is not None
    assert found.severity is ir.IssueSeverity.WARNING
    assert not found.is_fixable
    assert found.translation_key == "linky_historic"
    assert found.translation_placeholders == {"name": "Linky"}
    assert state(hass, "sensor.linky_net_power") is None


async def test_a_plain_meter_in_historic_mode_lacks_nothing(
    hass: HomeAssistant, historic_entry: MockConfigEntry
) -> None:
    await set_up(hass, historic_entry)
    await until(lambda: state(hass, "sensor.linky_power_drawn"))
    await hear(historic_entry)
    assert issue(hass, historic_entry) is None


async def test_a_meter_in_standard_mode_is_not_reported(
    hass: HomeAssistant, historic_entry: MockConfigEntry, meter: Meter
) -> None:
    meter.send_standard(lambda: standard_frame(adsc=ADCO))
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: state(hass, "sensor.linky_net_power"))
    await hear(historic_entry)
    assert issue(hass, historic_entry) is None


async def test_standard_mode_withdraws_the_report(
    hass: HomeAssistant, historic_entry: MockConfigEntry, meter: Meter
) -> None:
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: issue(hass, historic_entry))
    meter.send_standard(lambda: standard_frame(adsc=ADCO))
    await until(lambda: issue(hass, historic_entry) is None)
    await until(lambda: state(hass, "sensor.linky_net_power") == "519.0")


async def test_what_a_user_ignores_stays_ignored_over_a_reload(
    hass: HomeAssistant, historic_entry: MockConfigEntry
) -> None:
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: issue(hass, historic_entry))
    ir.async_ignore_issue(
        hass, DOMAIN, f"linky_historic_{historic_entry.entry_id}", True
    )
    await hass.config_entries.async_reload(historic_entry.entry_id)
    await hass.async_block_till_done()
    follow(hass)
    await hear(historic_entry)
    found = issue(hass, historic_entry)
    assert found is not None
    assert found.dismissed_version is not None


async def test_a_home_that_follows_another_meter_is_left_in_peace(
    hass: HomeAssistant, historic_entry: MockConfigEntry
) -> None:
    await set_up(hass, historic_entry)
    leave = follow(hass)
    await until(lambda: issue(hass, historic_entry))
    leave()
    # It may just be reloading.
    await hear(historic_entry)
    assert issue(hass, historic_entry) is not None
    historic_entry.runtime_data.link.clock = lambda: time.monotonic() + 61
    await until(lambda: issue(hass, historic_entry) is None)


async def test_another_meter_on_the_line_is_not_judged(
    hass: HomeAssistant, historic_entry: MockConfigEntry, meter: Meter
) -> None:
    other = historic_frame().replace(
        historic_frame()[1:22], historic_frame()[1:22].replace(b"21861", b"12861")
    )
    meter.send_historic(lambda: other)
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: state(hass, "sensor.linky_link") == "other_meter")
    await hear(historic_entry)
    assert issue(hass, historic_entry) is None


async def test_a_disabled_meter_is_no_longer_reported(
    hass: HomeAssistant, historic_entry: MockConfigEntry
) -> None:
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: issue(hass, historic_entry))
    await hass.config_entries.async_set_disabled_by(
        historic_entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done()
    assert issue(hass, historic_entry) is None


async def test_a_removed_meter_is_no_longer_reported(
    hass: HomeAssistant, historic_entry: MockConfigEntry
) -> None:
    await set_up(hass, historic_entry)
    follow(hass)
    await until(lambda: issue(hass, historic_entry))
    await hass.config_entries.async_remove(historic_entry.entry_id)
    await hass.async_block_till_done()
    assert issue(hass, historic_entry) is None
