"""Steps that set up or move a Linky."""

import asyncio
from typing import Any, Final

import voluptuous as vol

from homeassistant.components import usb
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USB,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.selector import SerialPortSelector
from homeassistant.helpers.service_info.usb import UsbServiceInfo

from ..const import CONF_KIND, Kind
from ..parking import async_close_parked
from .labels import TicMode
from .port import CONF_DONGLE, is_remote, is_same_port, stable_path
from .probe import Found, ProbeError, async_probe

_SCHEMA: Final = vol.Schema({vol.Required(CONF_DEVICE): SerialPortSelector()})

# Translations hold no URLs.
_EXAMPLES: Final = {
    "raw": "socket://192.168.1.20:8888",
    "rfc2217": "rfc2217://192.168.1.20:2217",
}


class LinkyFlow(ConfigFlow):
    """The port, a test read, and what the test read found."""

    _linky_device: str = ""
    _linky_dongle: str | None = None
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
            self._linky_dongle = await self.hass.async_add_executor_job(
                dongle_on, self._linky_device
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
            description_placeholders=_EXAMPLES,
        )

    async def async_step_linky_dongle(self, info: UsbServiceInfo) -> ConfigFlowResult:
        """Offer an adapter that was plugged in, unless it is known or in use."""
        self._linky_device = await self.hass.async_add_executor_job(
            stable_path, info.device
        )
        self._linky_dongle = _dongle_id(info)
        await self.async_set_unique_id(
            f"{Kind.LINKY}:{usb.usb_unique_id_from_service_info(info)}"
        )
        # An adapter whose discovery was ignored is configured, too.
        self._abort_if_unique_id_configured()
        if (entry := await self._async_entry_of_dongle()) is not None:
            await self.async_set_unique_id(entry.unique_id, raise_on_progress=False)
            self._abort_if_unique_id_configured(
                updates={CONF_DEVICE: self._linky_device}
            )
        self.context["title_placeholders"] = {
            "name": usb.human_readable_device_name(
                info.device,
                info.serial_number,
                info.manufacturer,
                info.description,
                info.vid,
                info.pid,
            )
        }
        return await self.async_step_linky_confirm()

    async def async_step_linky_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Open the port of a discovered adapter only when the user says so."""
        await self._async_abort_if_in_use()
        if user_input is not None:
            return await self.async_step_linky_read()
        return self.async_show_form(
            step_id="linky_confirm",
            description_placeholders={"device": self._linky_device},
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
                updates={
                    CONF_DEVICE: self._linky_device,
                    CONF_DONGLE: self._linky_dongle,
                }
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
        data = {
            CONF_KIND: Kind.LINKY,
            CONF_DEVICE: self._linky_device,
            CONF_DONGLE: self._linky_dongle,
        }
        if self._linky_dongle is not None:
            # It need not be offered any longer.
            for flow in self._async_in_progress(
                match_context={
                    "source": SOURCE_USB,
                    "unique_id": f"{Kind.LINKY}:{self._linky_dongle}",
                }
            ):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(
                self._get_reconfigure_entry(), data=data
            )
        return self.async_create_entry(title="Linky", data=data)

    async def _async_read_linky(self) -> Found:
        """Test the port; an entry that holds it lets go of it meanwhile."""
        holder = await self._async_holder_of_port()
        was_loaded = holder is not None and holder.state is ConfigEntryState.LOADED
        if holder is not None:
            if was_loaded:
                await self.hass.config_entries.async_unload(holder.entry_id)
            await async_close_parked(self.hass, holder)
        try:
            return await async_probe(
                self._linky_device, on_progress=self.async_update_progress
            )
        finally:
            if holder is not None and was_loaded:
                await self.hass.config_entries.async_setup(holder.entry_id)

    async def _async_holder_of_port(self) -> ConfigEntry | None:
        """Return the entry under reconfiguration if it reads this very port."""
        if self.source != SOURCE_RECONFIGURE:
            return None
        entry = self._get_reconfigure_entry()
        same = await self.hass.async_add_executor_job(
            is_same_port, entry.data[CONF_DEVICE], self._linky_device
        )
        return entry if same else None

    async def _async_entry_of_dongle(self) -> ConfigEntry | None:
        """Return the entry that reads the discovered adapter, wherever it was before."""
        for entry in self._async_current_entries(include_ignore=False):
            if entry.data.get(CONF_KIND) != Kind.LINKY:
                continue
            dongle = entry.data.get(CONF_DONGLE)
            if dongle is None or self._linky_dongle is None:
                known = await self.hass.async_add_executor_job(
                    is_same_port, entry.data[CONF_DEVICE], self._linky_device
                )
            else:
                # The name of a port may have gone over to another adapter.
                known = dongle == self._linky_dongle
            if known:
                return entry
        return None

    async def _async_abort_if_in_use(self) -> None:
        """Keep away from a port that something else is configured to read.

        Opening it would be enough to disturb a program that does not lock its port.
        """
        port = usb.SerialDevice(
            device=self._linky_device,
            serial_number=None,
            manufacturer=None,
            description=None,
        )
        consumers = await usb.async_get_serial_port_consumers(self.hass, [port])
        if any(consumer.active for consumer in consumers.get(port.device, ())):
            raise AbortFlow("port_in_use")


def dongle_on(device: str) -> str | None:
    """Return what names the adapter of a port, None without one. Touches the disk."""
    try:
        found = None if is_remote(device) else usb.usb_device_from_path(device)
    except OSError:
        # An adapter that comes or goes at this moment; its port tells by itself.
        return None
    if found is None:
        return None
    return _dongle_id(usb.usb_service_info_from_device(found))


def _dongle_id(info: UsbServiceInfo) -> str | None:
    """Return what names one adapter; None for one without a serial number."""
    if not info.serial_number:
        return None
    return usb.usb_unique_id_from_service_info(info)
