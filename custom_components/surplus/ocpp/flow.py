"""Steps that set up the central system and adopt chargers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import voluptuous as vol

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_NAME,
    CONF_PORT,
    Platform,
    UnitOfElectricCurrent,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from ..const import CONF_KIND, DOMAIN, Kind
from ..control.model import IEC_MINIMUM_A
from ..measured import is_own, measuring_sensors
from .config import source_id
from .const import (
    CONF_AUTO_START,
    CONF_IDENTITY,
    CONF_MAX_A,
    CONF_MIN_A,
    CONF_PHASE_SWITCHING,
    CONF_PHASES,
    CONF_POWER_ENTITY,
    CONF_PRIORITY,
    CONF_SAFE_A,
    CONF_TAG,
    CONF_WRITES_PER_DAY,
    DEFAULT_HOST,
    DEFAULT_PORT,
    DEFAULT_WRITES_PER_DAY,
    SUBENTRY_CHARGER,
    PhaseSwitching,
)
from .errors import ListenError, PortInUseError
from .server import async_can_listen, identity_of

_LARGEST_A: Final = 80

# Some chargers give a longer tag back corrupted.
_LONGEST_TAG: Final = 16

# The wiring, as one choice: L1, L2, L3 or all three.
_ALL_PHASES: Final = "123"
_WIRINGS: Final = {"1": [1], "2": [2], "3": [3], _ALL_PHASES: [1, 2, 3]}


def _amperes() -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=0,
            max=_LARGEST_A,
            step=1,
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        )
    )


_SERVER_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PORT, default=DEFAULT_PORT): vol.All(
            NumberSelector(
                NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX)
            ),
            vol.Coerce(int),
        ),
        vol.Required(CONF_HOST, default=DEFAULT_HOST): TextSelector(),
    }
)

_CHARGER_FIELDS: Final = {
    vol.Required(CONF_NAME): TextSelector(),
    vol.Required(CONF_PHASES, default="1"): SelectSelector(
        SelectSelectorConfig(options=list(_WIRINGS), translation_key="charger_phases")
    ),
    vol.Required(CONF_PHASE_SWITCHING, default=PhaseSwitching.OFF): SelectSelector(
        SelectSelectorConfig(
            options=[way.value for way in PhaseSwitching],
            translation_key="phase_switching",
        )
    ),
    vol.Required(CONF_MAX_A, default=16): _amperes(),
    vol.Required(CONF_MIN_A, default=6): _amperes(),
    vol.Required(CONF_SAFE_A, default=6): _amperes(),
    vol.Required(CONF_PRIORITY, default=1): vol.All(
        NumberSelector(
            NumberSelectorConfig(min=1, max=99, mode=NumberSelectorMode.BOX)
        ),
        vol.Coerce(int),
    ),
    vol.Required(CONF_AUTO_START, default=True): BooleanSelector(),
    vol.Required(CONF_TAG, default="SURPLUS"): TextSelector(),
    vol.Required(CONF_WRITES_PER_DAY, default=DEFAULT_WRITES_PER_DAY): vol.All(
        NumberSelector(
            NumberSelectorConfig(min=50, max=50_000, mode=NumberSelectorMode.BOX)
        ),
        vol.Coerce(int),
    ),
    vol.Optional(CONF_POWER_ENTITY): EntitySelector(
        EntitySelectorConfig(
            domain=Platform.SENSOR, device_class=SensorDeviceClass.POWER
        )
    ),
}
_CHARGER_SCHEMA: Final = vol.Schema(_CHARGER_FIELDS)
_NEW_CHARGER_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_IDENTITY): TextSelector(), **_CHARGER_FIELDS}
)


def _charger_errors(
    hass: HomeAssistant, user_input: Mapping[str, Any], own_id: str | None = None
) -> dict[str, str]:
    """Return what is wrong with the settings of a charger, by field.

    ``own_id`` is its subentry, once it has one.
    """
    errors = {}
    if user_input[CONF_MIN_A] < IEC_MINIMUM_A:
        errors[CONF_MIN_A] = "below_six"
    if user_input[CONF_MAX_A] < max(user_input[CONF_MIN_A], IEC_MINIMUM_A):
        errors[CONF_MAX_A] = "maximum_below_minimum"
    safe_a = user_input[CONF_SAFE_A]
    if safe_a and not user_input[CONF_MIN_A] <= safe_a <= user_input[CONF_MAX_A]:
        errors[CONF_SAFE_A] = "safe_current"
    if not 0 < len(user_input[CONF_TAG].strip()) <= _LONGEST_TAG:
        errors[CONF_TAG] = "tag_length"
    switching = user_input[CONF_PHASE_SWITCHING] != PhaseSwitching.OFF
    if switching and user_input[CONF_PHASES] != _ALL_PHASES:
        errors[CONF_PHASE_SWITCHING] = "needs_three_phases"
    power_entity = user_input.get(CONF_POWER_ENTITY)
    if is_own(hass, power_entity):
        errors[CONF_POWER_ENTITY] = "own_entity"
    elif power_entity in measuring_sensors(hass, own_id):
        errors[CONF_POWER_ENTITY] = "already_measures"
    return errors


def _charger_data(identity: str, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a charger's subentry."""
    power_entity = user_input.get(CONF_POWER_ENTITY)
    return {
        CONF_IDENTITY: identity,
        CONF_PHASES: _WIRINGS[user_input[CONF_PHASES]],
        CONF_PHASE_SWITCHING: user_input[CONF_PHASE_SWITCHING],
        CONF_WRITES_PER_DAY: user_input[CONF_WRITES_PER_DAY],
        CONF_MIN_A: float(user_input[CONF_MIN_A]),
        CONF_MAX_A: float(user_input[CONF_MAX_A]),
        CONF_SAFE_A: float(user_input[CONF_SAFE_A]),
        CONF_PRIORITY: user_input[CONF_PRIORITY],
        CONF_AUTO_START: user_input[CONF_AUTO_START],
        CONF_TAG: user_input[CONF_TAG].strip(),
        **({CONF_POWER_ENTITY: power_entity} if power_entity else {}),
    }


def _undecided(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a new charger: nobody knows yet whether it switches phases."""
    off = data[CONF_PHASE_SWITCHING] == PhaseSwitching.OFF
    return {
        key: value
        for key, value in data.items()
        if not (off and key == CONF_PHASE_SWITCHING)
    }


def _suggested(entry: ConfigEntry, subentry: ConfigSubentry) -> dict[str, Any]:
    """Return a charger's data as the form takes it.

    Whether to switch phases is suggested as the charger says, until it was decided.
    """
    phases = "".join(map(str, subentry.data[CONF_PHASES]))
    suggested = {**subentry.data, CONF_NAME: subentry.title, CONF_PHASES: phases}
    if phases == _ALL_PHASES and entry.state is ConfigEntryState.LOADED:
        chargers = entry.runtime_data.host.central.chargers
        charger = chargers.get(subentry.data[CONF_IDENTITY])
        if charger is not None and charger.memory.says_it_switches_phases:
            suggested.setdefault(CONF_PHASE_SWITCHING, PhaseSwitching.PROFILE)
    return suggested


def _address(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return what to type into a charger, without its identity."""
    try:
        url = get_url(hass, allow_external=False, allow_cloud=False)
        host = urlsplit(url).hostname or ""
    except NoURLAvailableError:
        host = hass.config.api.local_ip if hass.config.api else ""
    return f"ws://{host}:{entry.data[CONF_PORT]}/"


def _is_known(hass: HomeAssistant, identity: str) -> bool:
    """Tell whether any central system has adopted that charger."""
    return any(
        subentry.unique_id == source_id(identity)
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.subentries.values()
    )


class OcppFlow(ConfigFlow):
    """The address to listen on, and chargers that called in."""

    _found_entry: ConfigEntry | None = None
    _found_identity = ""

    async def async_step_ocpp(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where to listen, and try it."""
        errors: dict[str, str] = {}
        entry = (
            self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        )
        if user_input is not None:
            data = {
                CONF_KIND: Kind.OCPP,
                CONF_PORT: user_input[CONF_PORT],
                CONF_HOST: user_input[CONF_HOST].strip(),
            }
            if entry is None or entry.data != data:
                self._async_abort_entries_match(data)
                errors = await self._async_try_to_listen(entry, data)
            if not errors:
                if entry is not None:
                    return self.async_update_and_abort(entry, data=data)
                return self.async_create_entry(title="OCPP", data=data)
        suggested = user_input or (entry.data if entry else {})
        return self.async_show_form(
            step_id="ocpp",
            data_schema=self.add_suggested_values_to_schema(_SERVER_SCHEMA, suggested),
            errors=errors,
        )

    async def _async_try_to_listen(
        self, entry: ConfigEntry | None, data: Mapping[str, Any]
    ) -> dict[str, str]:
        """Open the port for a moment; our own central system may hold it."""
        port = data[CONF_PORT]
        if entry is not None and entry.data[CONF_PORT] == port:
            # Only the address differs: it is free, but for ourselves.
            port = 0
        try:
            await async_can_listen(data[CONF_HOST], port)
        except PortInUseError:
            return {CONF_PORT: "port_in_use"}
        except ListenError:
            return {CONF_HOST: "cannot_listen"}
        return {}

    async def async_step_charger_found(
        self, user_input: Mapping[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer a charger that called in; called with what was discovered first."""
        if self._found_entry is None:
            assert user_input is not None
            self._found_identity = user_input[CONF_IDENTITY]
            entry = self.hass.config_entries.async_get_entry(user_input["entry_id"])
            if entry is None:
                return self.async_abort(reason="central_system_gone")
            self._found_entry = entry
            await self.async_set_unique_id(source_id(self._found_identity))
            self._abort_if_unique_id_configured(reload_on_update=False)
            self.context["title_placeholders"] = {"name": self._found_identity}
            user_input = None
        entry_id = self._found_entry.entry_id
        if self.hass.config_entries.async_get_entry(entry_id) is None:
            return self.async_abort(reason="central_system_gone")
        if _is_known(self.hass, self._found_identity):
            return self.async_abort(reason="already_configured")
        errors: dict[str, str] = {}
        if user_input is not None and not (
            errors := _charger_errors(self.hass, user_input)
        ):
            self.hass.config_entries.async_add_subentry(
                self._found_entry,
                ConfigSubentry(
                    data=MappingProxyType(
                        _undecided(_charger_data(self._found_identity, user_input))
                    ),
                    subentry_type=SUBENTRY_CHARGER,
                    title=user_input[CONF_NAME].strip(),
                    unique_id=source_id(self._found_identity),
                ),
            )
            return self.async_abort(reason="charger_added")
        return self.async_show_form(
            step_id="charger_found",
            data_schema=self.add_suggested_values_to_schema(
                _CHARGER_SCHEMA, user_input or {CONF_NAME: self._found_identity}
            ),
            errors=errors,
            description_placeholders={"identity": self._found_identity},
        )


class ChargerSubentryFlow(ConfigSubentryFlow):
    """A charger by its identity, before or after it has called in."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the identity and the settings."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _charger_errors(self.hass, user_input)
            # As the central system will read it from the address.
            identity = identity_of(f"/{user_input[CONF_IDENTITY].strip()}")
            if identity is None or "/" in user_input[CONF_IDENTITY]:
                errors[CONF_IDENTITY] = "identity"
            elif _is_known(self.hass, identity):
                return self.async_abort(reason="already_configured")
            if identity is not None and not errors:
                return self.async_create_entry(
                    title=user_input[CONF_NAME].strip(),
                    data=_undecided(_charger_data(identity, user_input)),
                    unique_id=source_id(identity),
                )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                _NEW_CHARGER_SCHEMA, user_input or {}
            ),
            errors=errors,
            description_placeholders={
                "address": _address(self.hass, self._get_entry())
            },
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change the settings; the identity is what the charger is."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        identity: str = subentry.data[CONF_IDENTITY]
        errors: dict[str, str] = {}
        if user_input is not None and not (
            errors := _charger_errors(self.hass, user_input, subentry.subentry_id)
        ):
            return self.async_update_and_abort(
                entry,
                subentry,
                title=user_input[CONF_NAME].strip(),
                data=_charger_data(identity, user_input),
            )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                _CHARGER_SCHEMA, user_input or _suggested(entry, subentry)
            ),
            errors=errors,
            description_placeholders={
                "identity": identity,
                "address": f"{_address(self.hass, entry)}{identity}",
            },
        )
