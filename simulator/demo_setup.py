"""Sets up Surplus in a fresh Home Assistant the way a user would, flow by flow."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
import re

from .demo_dashboard import URL_PATH, dashboard, title
from .demo_loads import (
    HEATER_ENTITY,
    HEATER_POWER_ENTITY,
    PUMP_ENTITY,
    PUMP_POWER_ENTITY,
    WATER_ENTITY,
    home_entry_id,
    load_ids,
)
from .hass_api import HassApi, HassError, Json

DOMAIN = "surplus"

# Some entities appear with the first reading; a dashboard without them is no tragedy.
ENTITY_ATTEMPTS = 40

# What each load has that plays a role: `heater_mode`, `pump_resume`.
LOAD_KEYS = (
    *("mode", "reason", "next_event", "resume"),
    *("override_end", "learned_power"),
)
# What else of the Home plays a role: limits, tariff and accounts.
HOME_ROLES = {
    "breaker": "breaker_opens_in",
    "overload": "overload",
    "shed": "shed_loads",
    "price": "tariff_price",
    "next_tariff": "tariff_next_change",
    "cost": "grid_cost_today",
    "self_consumption": "self_consumption_today",
}
SESSION_ROLES = ("session_energy", "session_solar_share", "session_cost")
# The roles of what a viewer may choose.
MODES = ("mode", "heater_mode", "pump_mode")
# Which meter counts first at the grid connection, by the kind of its entry.
_METER_ORDER = ("linky", "solaredge")
# What the meters' entities play on the dashboard, by their unique ids.
_METER_ROLES = {
    "linky_power": r"linky:\w+_net_power",
    "period": r"linky:\w+_period",
    "inverter_power": r"solaredge:[^_]+_ac_power",
    "inverter_status": r"solaredge:[^_]+_status",
    "inverter_meter": r"solaredge:[^_]+_meter_[^_]+_grid_power",
    "battery_power": r"solaredge:[^_]+_battery_[^_]+_power",
    "battery_soc": r"solaredge:[^_]+_battery_[^_]+_soc",
}

SOLAR_ENTITY = "sensor.virtual_solar_production"


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What the flows are told.

    ``tic`` is where the Linky talks and ``modbus_port`` where the SolarEdge inverter
    listens; None: there is none.
    """

    tic: Path | None
    ocpp_port: int
    identity: str
    language: str
    ocpp_host: str = "127.0.0.1"
    modbus_port: int | None = None
    breaker_a: int = 60
    charger_a: int = 32


async def push_solar(hass: HassApi, watts: float, language: str) -> None:
    """Tell Home Assistant what the virtual panels give.

    A Linky cannot see production: without an inverter that tells it, it comes as what the
    design calls *any Home Assistant sensor*, a state that something outside wrote.
    """
    name = "Panneaux virtuels" if language == "fr" else "Virtual solar panels"
    await hass.set_state(
        SOLAR_ENTITY,
        f"{max(0.0, watts):.0f}",
        {
            "friendly_name": name,
            "device_class": "power",
            "state_class": "measurement",
            "unit_of_measurement": "W",
            "icon": "mdi:solar-power-variant",
        },
    )


async def add_linky(hass: HassApi, setup: Setup) -> Json:
    """Add the Linky: its port, and a test read."""
    answers = {"user": "linky", "linky": {"device": str(setup.tic)}}
    return _created(await hass.add(DOMAIN, answers | {"linky_historic": {}}))


async def add_solaredge(hass: HassApi, port: int) -> Json:
    """Add the inverter: its address, a test read, and what its meters say they are."""
    link = {"host": "127.0.0.1", "port": port, "more_options": {"unit_id": 1}}
    answers = {
        "user": "solaredge",
        # Only asked where Home Assistant's own integration reads an inverter already.
        "solaredge": "solaredge_host",
        "solaredge_host": link,
        "solaredge_found": _suggested,
    }
    return _created(await hass.add(DOMAIN, answers))


async def add_central_system(hass: HassApi, setup: Setup) -> Json:
    """Add the central system that chargers call."""
    listen = {"port": setup.ocpp_port, "host": setup.ocpp_host}
    return _created(await hass.add(DOMAIN, {"user": "ocpp", "ocpp": listen}))


async def adopt_charger(hass: HassApi, setup: Setup) -> Json:
    """Wait until the charger has called in, and adopt it."""
    name = "Borne virtuelle" if setup.language == "fr" else "Virtual charger"

    def answer(flow: Json) -> Json:
        return {**_defaults(flow), "name": name, "max_a": setup.charger_a}

    flow = await hass.discovered(DOMAIN)
    result = await hass.walk(flow, {"charger_found": answer})
    if result.get("reason") != "charger_added":
        raise HassError(f"adopting the charger ended with {result}")
    return result


async def add_home(hass: HassApi, setup: Setup, *, solar: bool = True) -> Json:
    """Add the Home: a Linky counts first at its grid connection, an inverter next.

    Production is what the inverter tells, else (with ``solar``) what is pushed.
    """

    def answer(flow: Json) -> Json:
        home = {**_defaults(flow), "breaker_a": setup.breaker_a}
        meters = _choices(flow, "grid_meters")
        home["grid_meters"] = [
            meter
            for kind in _METER_ORDER
            for meter in meters
            if meter.startswith(f"{kind}:")
        ]
        if inverters := _choices(flow, "solar_sources"):
            home["solar_sources"] = inverters
        elif solar:
            home["solar_entity"] = SOLAR_ENTITY
        return home

    return _created(await hass.add(DOMAIN, {"user": "home", "home": answer}))


async def add_battery(hass: HassApi, setup: Setup) -> None:
    """Let the Home observe the battery that the inverter tells of."""
    name = "Batterie" if setup.language == "fr" else "Battery"

    def answer(flow: Json) -> Json:
        (source,) = _choices(flow, "source")
        return {**_defaults(flow), "name": name, "source": source}

    home = await home_entry_id(hass)
    _created(await hass.add_subentry(home, "battery", {"user": answer}))


def _defaults(flow: Json) -> Json:
    """Return what a form would send if the user only pressed its button."""
    return {
        field["name"]: field["default"]
        for field in flow["data_schema"]
        if "default" in field
    }


def _suggested(flow: Json) -> Json:
    """Return what a form suggests where it has no default."""
    return _defaults(flow) | {
        field["name"]: field["description"]["suggested_value"]
        for field in flow["data_schema"]
        if "suggested_value" in (field.get("description") or {})
    }


def _choices(flow: Json, name: str) -> list[str]:
    """Return what can be chosen in a form's field; nothing where it has no such one."""
    for field in flow["data_schema"]:
        if field["name"] == name:
            options = field["selector"]["select"]["options"]
            return [option["value"] for option in options]
    return []


def _created(result: Json) -> Json:
    if result["type"] != "create_entry":
        raise HassError(f"nothing was created: {result.get('reason', result)}")
    return result


async def roles(hass: HassApi, identity: str) -> dict[str, str]:
    """Return entity ids by the role they play on the dashboard."""
    by_unique_id = await hass.entity_ids(DOMAIN)
    load = f"ocpp:{identity}"
    wanted = {
        "grid": "home_grid_power",
        "solar": "home_solar_power",
        "house": "home_house_power",
        "surplus": "home_surplus_power",
        "observer": "home_observer",
        "meter": "home_meter_in_use",
        "mode": f"{load}_mode",
        "reason": f"{load}_reason",
        "offered": f"{load}_offered_current",
        "current": f"{load}_current",
        "power": f"{load}_power",
        "next_event": f"{load}_next_event",
        "status": f"{load}_status",
        **{role: f"home_{key}" for role, key in HOME_ROLES.items()},
        **{role: f"{load}_{role}" for role in SESSION_ROLES},
    }
    loads = await load_ids(hass)
    for kind, name in (("heater", "heater"), ("switched", "pump")):
        if kind in loads:
            for key in LOAD_KEYS:
                wanted[f"{name}_{key}"] = f"{loads[kind]}_{key}"
    found = {
        role: by_unique_id[unique_id]
        for role, unique_id in wanted.items()
        if unique_id in by_unique_id
    }
    for role, pattern in _METER_ROLES.items():
        for unique_id, entity_id in by_unique_id.items():
            if re.fullmatch(pattern, unique_id):
                found[role] = entity_id
    if "heater" in loads:
        found |= {
            "heater_power": HEATER_POWER_ENTITY,
            "heater_set": HEATER_ENTITY,
            "water": WATER_ENTITY,
        }
    if "switched" in loads:
        found |= {"pump_power": PUMP_POWER_ENTITY, "pump_switch": PUMP_ENTITY}
    return found


async def _known_roles(hass: HassApi, setup: Setup) -> dict[str, str]:
    """Return the roles once the first readings have brought their entities."""
    wanted = {"grid", "mode", "current"}
    if setup.tic is not None:
        wanted.add("period")
    if setup.modbus_port is not None:
        wanted.add("inverter_meter")
    for _ in range(ENTITY_ATTEMPTS):
        found = await roles(hass, setup.identity)
        if wanted <= found.keys():
            break
        await asyncio.sleep(0.5)
    return found


async def make_dashboard(hass: HassApi, setup: Setup) -> None:
    """Make the demo's dashboard and open with it."""
    language = setup.language
    await hass.ask(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title=title(language),
        icon="mdi:home-lightning-bolt",
        show_in_sidebar=True,
        require_admin=False,
        mode="storage",
    )
    config = dashboard(await _known_roles(hass, setup), language)
    await hass.ask("lovelace/config/save", url_path=URL_PATH, config=config)
    await hass.ask(
        "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
    )
    await hass.ask(
        "frontend/set_user_data", key="language", value={"language": language}
    )


async def begin(hass: HassApi, setup: Setup) -> None:
    """Hand the loads to Surplus: no longer observing, all in mode solar."""
    entities = await roles(hass, setup.identity)
    await hass.call("switch", "turn_off", {"entity_id": entities["observer"]})
    modes = [entities[role] for role in MODES if role in entities]
    mode = {"entity_id": modes, "option": "solar"}
    await hass.call("select", "select_option", mode)
