"""Steps that set up or move a SolarEdge inverter."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_RECONFIGURE,
    SOURCE_ZEROCONF,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from ..const import CONF_KIND, Kind
from ..parking import async_close_parked
from .address import (
    CORE_DOMAIN,
    UNIT_IDS,
    Address,
    address_of,
    announced_unit_id,
    async_is_same,
    async_known_addresses,
    async_spelling,
    core_entries,
    parse_unit_ids,
)
from .const import (
    CONF_LAYOUT,
    CONF_METERS,
    CONF_UNIT_IDS,
    DEFAULT_PORT,
    DEFAULT_UNIT_ID,
)
from .found import async_describe, commercial_name, meter_settings, meters_schema
from .model import Layout
from .probe import ReadError, Trouble
from .survey import async_survey

_INVERTER: Final = "inverter"
_MORE_OPTIONS: Final = "more_options"
_UNIT_ID: Final = "unit_id"
_FOLLOWERS: Final = "followers"


def _whole_number(lowest: int, highest: int) -> Any:
    return vol.All(
        NumberSelector(
            NumberSelectorConfig(
                min=lowest, max=highest, step=1, mode=NumberSelectorMode.BOX
            )
        ),
        vol.Coerce(int),
    )


_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT, default=DEFAULT_PORT): _whole_number(1, 65535),
        vol.Required(_MORE_OPTIONS): section(
            vol.Schema(
                {
                    vol.Required(_UNIT_ID, default=DEFAULT_UNIT_ID): _whole_number(
                        UNIT_IDS[0], UNIT_IDS[-1]
                    ),
                    vol.Optional(_FOLLOWERS): TextSelector(),
                }
            ),
            {"collapsed": True},
        ),
    }
)


def _read_by(entry: ConfigEntry) -> set[str | None]:
    """Return the unique ids of the inverters of one of our entries."""
    inverters = entry.data.get(CONF_LAYOUT, {}).get("inverters", ())
    return {
        entry.unique_id,
        *(f"{Kind.SOLAREDGE}:{inverter['serial']}" for inverter in inverters),
    }


class SolarEdgeFlow(ConfigFlow):
    """The address, a test read, and what the test read found."""

    _solaredge_address: Address | None = None
    _solaredge_error: ReadError | None = None
    _solaredge_task: asyncio.Task[Layout] | None = None
    _solaredge_layout: Layout

    @override
    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Offer an inverter that announces itself, unless core reads it already."""
        port = discovery_info.port or DEFAULT_PORT
        try:
            known = await async_known_addresses(self.hass)
        except HomeAssistantError as err:
            return self.async_abort(
                reason=Trouble.NO_MODBUS, description_placeholders={"detail": str(err)}
            )
        host = await async_spelling(discovery_info.host, port, known)
        if await self._async_is_read_at(discovery_info.host, port):
            return self.async_abort(reason="already_configured")
        self._solaredge_address = Address(
            host=host,
            port=port,
            unit_ids=(announced_unit_id(discovery_info.properties),),
        )
        there = [
            entry
            for entry in core_entries(self.hass)
            if (entry.data[CONF_HOST].lower(), entry.data[CONF_PORT]) == (host, port)
        ]
        if there:
            for entry in there:
                await self._async_follow(entry.unique_id)
            return self.async_abort(reason="solaredge_known")
        # The announcement tells no serial number.
        try:
            self._solaredge_layout = await self._async_survey(known)
        except ReadError as err:
            return self.async_abort(
                reason=err.trouble, description_placeholders=self._told_of(err)
            )
        serial = self._solaredge_layout.inverters[0].serial
        await self._async_follow(serial)
        core = self.hass.config_entries.async_entry_for_domain_unique_id(
            CORE_DOMAIN, serial
        )
        if core is not None and core.source != SOURCE_IGNORE:
            return self.async_abort(reason="solaredge_known")
        return await self.async_step_solaredge_found()

    async def async_step_solaredge(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which way to the inverter, if Home Assistant knows one already."""
        if self._importable():
            return self.async_show_menu(
                step_id="solaredge",
                menu_options=["solaredge_known", "solaredge_host"],
            )
        return await self.async_step_solaredge_host()

    async def async_step_solaredge_known(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take an inverter over from core's integration, which goes on reading it."""
        entries = {entry.entry_id: entry for entry in self._importable()}
        if user_input is not None:
            chosen = address_of(entries[user_input[_INVERTER]])
            followers = {
                unit_id
                for address in map(address_of, core_entries(self.hass))
                if (address.host, address.port) == (chosen.host, chosen.port)
                for unit_id in address.unit_ids
            } - set(chosen.unit_ids)
            self._solaredge_address = Address(
                host=chosen.host,
                port=chosen.port,
                unit_ids=(*chosen.unit_ids, *sorted(followers)),
            )
            return await self.async_step_solaredge_read()
        options = [
            SelectOptionDict(
                value=entry_id, label=f"{entry.title} ({entry.data[CONF_HOST]})"
            )
            for entry_id, entry in entries.items()
        ]
        return self.async_show_form(
            step_id="solaredge_known",
            data_schema=vol.Schema(
                {
                    vol.Required(
                        _INVERTER, default=options[0]["value"]
                    ): SelectSelector(
                        SelectSelectorConfig(
                            options=options, mode=SelectSelectorMode.LIST
                        )
                    )
                }
            ),
        )

    async def async_step_solaredge_host(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the inverter is."""
        errors: dict[str, str] = {}
        told: dict[str, str] = {}
        if user_input is not None:
            more = user_input[_MORE_OPTIONS]
            try:
                followers = parse_unit_ids(more.get(_FOLLOWERS, ""))
            except ValueError:
                errors["base"] = "solaredge_followers"
            else:
                self._solaredge_address = Address(
                    host=user_input[CONF_HOST].strip(),
                    port=user_input[CONF_PORT],
                    unit_ids=tuple(dict.fromkeys((more[_UNIT_ID], *followers))),
                )
                self._solaredge_error = None
                return await self.async_step_solaredge_read()
        elif self._solaredge_error is not None:
            errors["base"] = self._solaredge_error.trouble
            told = self._told_of(self._solaredge_error)
        return self.async_show_form(
            step_id="solaredge_host",
            data_schema=self.add_suggested_values_to_schema(
                _SCHEMA, user_input or self._suggested()
            ),
            errors=errors,
            description_placeholders=told,
        )

    async def async_step_solaredge_read(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Read the inverter for real, and show that this goes on."""
        if self._solaredge_task is None:
            self._solaredge_task = self.hass.async_create_task(
                self._async_read_as_spelled(), "solaredge test read", eager_start=False
            )
        if not self._solaredge_task.done():
            return self.async_show_progress(
                step_id="solaredge_read",
                progress_action="solaredge_read",
                progress_task=self._solaredge_task,
            )
        task, self._solaredge_task = self._solaredge_task, None
        try:
            self._solaredge_layout = task.result()
        except ReadError as err:
            self._solaredge_error = err
            return self.async_show_progress_done(next_step_id="solaredge_host")
        return self.async_show_progress_done(next_step_id="solaredge_found")

    async def async_step_solaredge_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what was found; meters that do not say what they measure are settled."""
        layout = self._solaredge_layout
        leader = layout.inverters[0]
        if user_input is None:
            await self._async_identify(leader.serial)
            name = commercial_name(leader.model)
            self.context["title_placeholders"] = {"name": name}
            settings = {}
            if self.source == SOURCE_RECONFIGURE:
                settings = self._get_reconfigure_entry().data.get(CONF_METERS, {})
            return self.async_show_form(
                step_id="solaredge_found",
                data_schema=meters_schema(layout, settings),
                description_placeholders=await async_describe(self.hass, layout),
            )
        address = self._address
        data = {
            CONF_KIND: Kind.SOLAREDGE,
            CONF_HOST: address.host,
            CONF_PORT: address.port,
            CONF_UNIT_IDS: list(address.unit_ids),
            CONF_METERS: meter_settings(layout, user_input),
        }
        if not layout.unsure:
            data[CONF_LAYOUT] = layout.as_dict()
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(
                self._get_reconfigure_entry(), data=data
            )
        return self.async_create_entry(title=commercial_name(leader.model), data=data)

    def _importable(self) -> list[ConfigEntry]:
        """Return what core reads and no entry of ours does."""
        ours = set[str | None]().union(*map(_read_by, self._ours()))
        return [
            entry
            for entry in core_entries(self.hass)
            if f"{Kind.SOLAREDGE}:{entry.unique_id}" not in ours
        ]

    @property
    def _address(self) -> Address:
        if self._solaredge_address is None:
            raise AssertionError
        return self._solaredge_address

    async def _async_identify(self, serial: str) -> None:
        """Abort unless this is the inverter of the entry, or of none."""
        existing = await self.async_set_unique_id(
            f"{Kind.SOLAREDGE}:{serial}",
            # What a person adds by hand does not wait for what was offered.
            raise_on_progress=self.source == SOURCE_ZEROCONF,
        )
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="wrong_inverter")
            return
        address = self._address
        updates: dict[str, Any] = {}
        # The entry's own spelling stays while it leads there: others may share it.
        if existing is not None and not await self._async_leads_to(
            existing, address.host, address.port
        ):
            updates = {CONF_HOST: address.host, CONF_PORT: address.port}
        self._abort_if_unique_id_configured(updates=updates)

    async def _async_follow(self, serial: str | None) -> None:
        """Abort if an entry of ours reads this inverter, which may have moved here."""
        if serial is not None and any(
            entry.unique_id == f"{Kind.SOLAREDGE}:{serial}" for entry in self._ours()
        ):
            await self._async_identify(serial)

    def _ours(self) -> list[ConfigEntry]:
        """Return our entries that read inverters."""
        return [
            entry
            for entry in self._async_current_entries(include_ignore=False)
            if entry.data[CONF_KIND] == Kind.SOLAREDGE
        ]

    async def _async_survey(self, known: Iterable[Address]) -> Layout:
        """Read what is at the address. Raises ReadError.

        An inverter has one device: it belongs to one entry, be it as a follower.
        """
        layout = await async_survey(self.hass, self._address, known)
        leader, *_ = ids = [
            f"{Kind.SOLAREDGE}:{one.serial}" for one in layout.inverters
        ]
        for entry in self._ours():
            if entry.unique_id == leader:
                # The entry that is changed, or the one that may follow to here.
                continue
            for inverter, unique_id in zip(layout.inverters, ids, strict=True):
                if unique_id in _read_by(entry):
                    raise ReadError(Trouble.READ_ALREADY, inverter.unit_id, entry.title)
        return layout

    async def _async_is_read_at(self, host: str, port: int) -> bool:
        """Whether an entry of ours reads an inverter at this address."""
        for entry in self._ours():
            if await self._async_leads_to(entry, host, port):
                return True
        return False

    @staticmethod
    async def _async_leads_to(entry: ConfigEntry, host: str, port: int) -> bool:
        if entry.data.get(CONF_PORT) != port:
            return False
        return await async_is_same(entry.data[CONF_HOST], host, port)

    def _suggested(self) -> dict[str, Any]:
        address = self._solaredge_address
        if address is None and self.source == SOURCE_RECONFIGURE:
            data = self._get_reconfigure_entry().data
            address = Address(
                host=data[CONF_HOST],
                port=data[CONF_PORT],
                unit_ids=tuple(data[CONF_UNIT_IDS]),
            )
        if address is None:
            return {}
        leader, *followers = address.unit_ids
        return {
            CONF_HOST: address.host,
            CONF_PORT: address.port,
            _MORE_OPTIONS: {
                _UNIT_ID: leader,
                _FOLLOWERS: ", ".join(map(str, followers)),
            },
        }

    def _told_of(self, err: ReadError) -> dict[str, str]:
        return {
            "detail": err.detail,
            "host": self._address.host,
            "port": str(self._address.port),
            "unit_id": str(err.unit_id),
        }

    async def _async_read_as_spelled(self) -> Layout:
        """Read on the link that others in Home Assistant hold, if they hold one.

        The entry that is changed lets go of its own meanwhile, for a second connection
        would be refused.
        """
        address = self._address
        holder = None
        if self.source == SOURCE_RECONFIGURE:
            holder = self._get_reconfigure_entry()
        try:
            known = await async_known_addresses(
                self.hass, without_entry=holder.entry_id if holder else None
            )
        except HomeAssistantError as err:
            raise ReadError(Trouble.NO_MODBUS, address.unit_ids[0], str(err)) from err
        host = await async_spelling(address.host, address.port, known)
        self._solaredge_address = address = Address(
            host=host, port=address.port, unit_ids=address.unit_ids
        )
        if holder is not None and (
            holder.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY)
            or (holder.data[CONF_HOST], holder.data[CONF_PORT]) == (host, address.port)
            or not await self.hass.config_entries.async_unload(holder.entry_id)
        ):
            holder = None
        if holder is not None:
            await async_close_parked(self.hass, holder)
        try:
            return await self._async_survey(known)
        finally:
            if holder is not None:
                await self.hass.config_entries.async_setup(holder.entry_id)
