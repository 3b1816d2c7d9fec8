"""The menu; each room's own steps live in the room."""

from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.core import callback
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.typing import DiscoveryInfoType

from .const import CONF_KIND, DOMAIN, Kind
from .home.circuits.flow import CircuitSubentryFlow
from .home.circuits.settings import SUBENTRY_CIRCUIT
from .home.flow import HomeFlow
from .home.loads.flow import SUBENTRY_FLOWS
from .home.plans.const import SUBENTRY_NEED, SUBENTRY_SCHEDULE
from .home.plans.flow import NeedFlow, ScheduleFlow
from .home.tariff.const import SUBENTRY_TARIFF
from .home.tariff.flow import TariffSubentryFlow
from .linky.flow import LinkyFlow
from .ocpp.const import SUBENTRY_CHARGER
from .ocpp.flow import ChargerSubentryFlow, OcppFlow
from .solaredge.flow import SolarEdgeFlow


class SurplusConfigFlow(HomeFlow, LinkyFlow, SolarEdgeFlow, OcppFlow, domain=DOMAIN):
    """Add something to Surplus, or change it in place."""

    VERSION = 1
    MINOR_VERSION = 3

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what to add; Home exists once."""
        kinds = [
            entry.data.get(CONF_KIND) for entry in self._async_current_entries(False)
        ]
        return self.async_show_menu(
            step_id="user",
            menu_options=[
                kind for kind in Kind if kind is not Kind.HOME or kind not in kinds
            ],
        )

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Offer a charger that called in and that nobody has adopted."""
        return await self.async_step_charger_found(discovery_info)

    @override
    async def async_step_usb(self, discovery_info: UsbServiceInfo) -> ConfigFlowResult:
        """Offer the adapter of a meter that was plugged in."""
        return await self.async_step_linky_dongle(discovery_info)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change an entry in place."""
        match self._get_reconfigure_entry().data[CONF_KIND]:
            case Kind.LINKY:
                return await self.async_step_linky()
            case Kind.SOLAREDGE:
                return await self.async_step_solaredge_host()
            case Kind.OCPP:
                return await self.async_step_ocpp()
            case _:
                return await self.async_step_home()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can hang behind an entry."""
        match config_entry.data.get(CONF_KIND):
            case Kind.HOME:
                return {
                    **SUBENTRY_FLOWS,
                    SUBENTRY_CIRCUIT: CircuitSubentryFlow,
                    SUBENTRY_TARIFF: TariffSubentryFlow,
                    SUBENTRY_SCHEDULE: ScheduleFlow,
                    SUBENTRY_NEED: NeedFlow,
                }
            case Kind.OCPP:
                return {SUBENTRY_CHARGER: ChargerSubentryFlow}
            case _:
                return {}
