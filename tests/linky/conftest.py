"""A Linky in a Home Assistant, behind a pseudo-terminal."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from serialx import Serial, SerialTransport, register_uri_handler

from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.linky import flow, integration
from custom_components.surplus.linky.probe import async_probe
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant

from .far_end import QUICK, Meter, plugged_in
from .tic import ADSC

# As the list of ports has a serial proxy of ESPHome.
PROXY = "esphome-hass://esphome/01JABCDEF?port_name=TIC"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less."""
    monkeypatch.setattr(integration, "_PACE", QUICK)
    monkeypatch.setattr(flow, "async_probe", partial(async_probe, pace=QUICK))


@pytest.fixture
async def meter(hass: HomeAssistant, tmp_path: Path) -> AsyncIterator[Meter]:
    """A meter in standard mode."""
    async with plugged_in(tmp_path / "meter") as meter:
        yield meter
        # It outlives whoever reads it: what happens to a port that vanishes while Home
        # Assistant stops is not what these tests are about.
        if not hass.is_stopping:
            for entry in hass.config_entries.async_entries(DOMAIN):
                await hass.config_entries.async_remove(entry.entry_id)
            await hass.async_block_till_done()


@pytest.fixture
def entry(hass: HomeAssistant, quick: None, meter: Meter) -> MockConfigEntry:
    """An entry that is not yet set up."""
    entry = linky_entry(meter.path)
    entry.add_to_hass(hass)
    return entry


def linky_entry(path: Path | str, identity: str = ADSC) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title="Linky",
        unique_id=f"linky:{identity}",
        data={CONF_KIND: Kind.LINKY, CONF_DEVICE: str(path)},
    )


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Path]:
    """A scheme that leads to a pseudo-terminal, registered as ESPHome registers its own."""
    path = tmp_path / "proxied"

    class Transport(SerialTransport):
        @override
        async def _connect(self, **settings: Any) -> None:
            assert settings["path"] == PROXY
            await super()._connect(**{**settings, "path": str(path)})

    remove = register_uri_handler(
        scheme="esphome-hass://",
        unique_scheme="esphome-hass-internal://",
        sync_cls=Serial,
        async_transport_cls=Transport,
    )
    yield path
    remove()
