"""Steps that set up or move a Linky."""

import asyncio
import os
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.helpers.selector import SerialPortSelector

from ..const import CONF_KIND, Kind
from ..parking import async_close_parked
from .labels import TicMode
from .probe import Found, ProbeError, async_probe

_SCHEMA: Final = vol.Schema({vol.Required(CONF_DEVICE): SerialPortSelector()})

# Translations hold no URLs.
_EXAMPLE: Final = "socket://192.168.1.20:8888"

_BY_ID: Final = Path("/dev/serial/by-id")


class LinkyFlow(ConfigFlow):
    """The port, a test read, and what the test read found."""

    _linky_device: str = ""
    _linky_error: str | None = None
    _linky_task: asyncio.Task[Found] | None = None
    _linky_found: Found

    async def async_step_linky(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the meter is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._linky_device = await self.hass.async_add_executor_job(
                stable_path, user_input[CONF_DEVICE].strip()
            )
            self._async_abort_entries_match(
                {CONF_KIND: Kind.LINKY, CONF_DEVICE: self._linky_device}
            )
            return await self.async_step_linky_read()
        if self._linky_error is not None:
            errors["base"] = self._linky_error
        suggested = self._linky_device
        if not suggested and self.source == SOURCE_RECONFIGURE:
            suggested = self._get_reconfigure_entry().data[CONF_DEVICE]
        return self.async_show_form(
            step_id="linky",
            data_schema=self.add_suggested_values_to_schema(
                _SCHEMA, {CONF_DEVICE: suggested} if suggested else {}
            ),
            errors=errors,
            description_placeholders={"example": _EXAMPLE},
        )

    async def async_step_linky_read(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Read the meter for real, and show that this goes on."""
        if self._linky_task is None:
            self._linky_task = self.hass.async_create_task(
                self._async_read_linky(), "linky test read", eager_start=False
            )
        if not self._linky_task.done():
            return self.async_show_progress(
                step_id="linky_read",
                progress_action="linky_read",
                progress_task=self._linky_task,
            )
        task, self._linky_task = self._linky_task, None
        try:
            self._linky_found = task.result()
        except ProbeError as err:
            self._linky_error = err.trouble
            return self.async_show_progress_done(next_step_id="linky")
        return self.async_show_progress_done(next_step_id="linky_found")

    async def async_step_linky_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Compare what was found with what is set up."""
        await self.async_set_unique_id(f"{Kind.LINKY}:{self._linky_found.identity}")
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="wrong_meter")
        else:
            self._abort_if_unique_id_configured(
                updates={CONF_DEVICE: self._linky_device}
            )
        if self._linky_found.mode is TicMode.HISTORIC:
            return await self.async_step_linky_historic()
        return self._finish_linky()

    async def async_step_linky_historic(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say plainly what historic mode cannot do."""
        if user_input is None:
            return self.async_show_form(
                step_id="linky_historic", data_schema=vol.Schema({})
            )
        return self._finish_linky()

    def _finish_linky(self) -> ConfigFlowResult:
        data = {CONF_KIND: Kind.LINKY, CONF_DEVICE: self._linky_device}
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(
                self._get_reconfigure_entry(), data=data
            )
        return self.async_create_entry(title="Linky", data=data)

    async def _async_read_linky(self) -> Found:
        """Test the port; an entry that holds it lets go of it meanwhile."""
        holder = await self._async_holder_of_port()
        if holder is not None:
            await self.hass.config_entries.async_unload(holder.entry_id)
            await async_close_parked(self.hass, holder)
        try:
            return await async_probe(
                self._linky_device, on_progress=self.async_update_progress
            )
        finally:
            if holder is not None:
                await self.hass.config_entries.async_setup(holder.entry_id)

    async def _async_holder_of_port(self) -> ConfigEntry | None:
        """Return the entry under reconfiguration if it reads this very port."""
        if self.source != SOURCE_RECONFIGURE:
            return None
        entry = self._get_reconfigure_entry()
        same = await self.hass.async_add_executor_job(
            is_same_port, entry.data[CONF_DEVICE], self._linky_device
        )
        return entry if same and entry.state is ConfigEntryState.LOADED else None


def stable_path(device: str) -> str:
    """Return the name of a port that stays when ports are counted anew.

    Touches the file system.
    """
    if not device.startswith("/dev/tty"):
        return device
    real = os.path.realpath(device)
    try:
        names = sorted(_BY_ID.iterdir())
    except OSError:
        return device
    return next((str(name) for name in names if os.path.realpath(name) == real), device)


def is_same_port(one: str, other: str) -> bool:
    """Whether two names mean one port. Touches the file system."""
    if "://" in one or "://" in other:
        return one == other
    return os.path.realpath(one) == os.path.realpath(other)
