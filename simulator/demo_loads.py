"""The demo's water heater and pool pump: what a user has of them, and the wires.

In Home Assistant they are a number, a switch and three sensors, as a dimmer and a relay
of any make would bring them; Surplus is told of them in its own forms. ``HomeWires``
carries what the number and the switch show to the virtual house, and what the house
measures, or somebody moves at the device itself, back.
"""

import asyncio
import contextlib
from typing import Final

import aiohttp

from .appliance import ApplianceSpec
from .hass_api import HassApi, HassError, Json
from .heater import HeaterSpec, TankSpec
from .virtual_house import VirtualHouse

HEATER_W: Final = 2400.0
PUMP_W: Final = 700.0

HEATER: Final = HeaterSpec(max_w=HEATER_W, step_share=1 / HEATER_W)
# Small enough that its temperature moves while somebody watches.
TANK: Final = TankSpec(litres=50)
PUMP: Final = ApplianceSpec(power_w=PUMP_W)

HEATER_ENTITY: Final = "input_number.virtual_water_heater"
PUMP_ENTITY: Final = "input_boolean.virtual_pool_pump"
HEATER_POWER_ENTITY: Final = "sensor.virtual_water_heater_power"
WATER_ENTITY: Final = "sensor.virtual_water_temperature"
PUMP_POWER_ENTITY: Final = "sensor.virtual_pool_pump_power"

_PUSH_S: Final = 1.0
_RETRY_S: Final = 2.0

_NAMES: Final = {
    "en": {
        "heater": "Water heater",
        "pump": "Pool pump",
        "heater_set": "Water heater set-point",
        "pump_switch": "Pool pump switch",
        HEATER_POWER_ENTITY: "Water heater power",
        WATER_ENTITY: "Water temperature",
        PUMP_POWER_ENTITY: "Pool pump power",
    },
    "fr": {
        "heater": "Chauffe-eau",
        "pump": "Pompe de piscine",
        "heater_set": "Consigne du chauffe-eau",
        "pump_switch": "Interrupteur de la pompe",
        HEATER_POWER_ENTITY: "Puissance du chauffe-eau",
        WATER_ENTITY: "Température de l'eau",
        PUMP_POWER_ENTITY: "Puissance de la pompe",
    },
}


def helpers(language: str) -> str:
    """Return the lines of ``configuration.yaml`` that make the number and the switch."""
    names = _NAMES[language]
    number, switch = HEATER_ENTITY.partition(".")[2], PUMP_ENTITY.partition(".")[2]
    return f"""\
input_number:
  {number}:
    name: "{names["heater_set"]}"
    icon: mdi:water-boiler
    min: 0
    max: {HEATER_W:g}
    step: 1
    unit_of_measurement: W
input_boolean:
  {switch}:
    name: "{names["pump_switch"]}"
    icon: mdi:pool
"""


async def add_loads(
    hass: HassApi,
    language: str,
    *,
    pump_told: bool = True,
    pump_w: float = PUMP_W,
    pump_sheddable: bool = False,
) -> None:
    """Add both to the Home, as a user does in its forms.

    Without ``pump_told`` nobody says what the pump draws, nor measures it. One that is
    ``pump_sheddable`` may be stopped for a breaker although somebody wants it on.
    """
    names = _NAMES[language]
    home = await home_entry_id(hass)
    # Its own times would be long beside a day of fifteen minutes.
    short = {"min_on": 1, "min_off": 1, "release": "off", "repeat": 0}
    pump: Json = {
        "name": names["pump"],
        "switch_entity": PUMP_ENTITY,
        "phases": "1",
        "priority": 2,
        "sheddable": pump_sheddable,
        "running": {**short, "least_run": 0},
        "temperature": {},
    }
    if pump_told:
        pump |= {"power_w": pump_w, "power_entity": PUMP_POWER_ENTITY}
    heater: Json = {
        "name": names["heater"],
        "command_entity": HEATER_ENTITY,
        "command_unit": "watt",
        "max_w": HEATER_W,
        "min_w": 0,
        "characteristic": "linear",
        "power_entity": HEATER_POWER_ENTITY,
        "phases": "1",
        "priority": 3,
        "by_action": {},
        "regulator": {"regulation": "characteristic"},
        "running": {"min_on": 0, "min_off": 0, "release": "off", "repeat": 0},
        "temperature": {"temperature_entity": WATER_ENTITY},
    }
    for kind, answers in (("switched", pump), ("heater", heater)):
        result = await hass.add_subentry(home, kind, {"user": answers})
        if result["type"] != "create_entry":
            raise HassError(f"adding the {kind} load ended with {result}")


async def home_entry_id(hass: HassApi) -> str:
    """Return the id of the Home's entry; raises HassError without one."""
    for entry in await hass.entries():
        if "heater" in entry.get("supported_subentry_types", {}):
            return str(entry["entry_id"])
    raise HassError("there is no Home")


async def load_ids(hass: HassApi) -> dict[str, str]:
    """Return the ids of the Home's loads by the kind of their subentry."""
    try:
        home = await home_entry_id(hass)
    except HassError:
        return {}
    subentries = await hass.ask("config_entries/subentries/list", entry_id=home)
    return {
        subentry["subentry_type"]: f"home:{subentry['subentry_id']}"
        for subentry in subentries
    }


class HomeWires:
    """The wires between Home Assistant's entities and the devices of the house."""

    def __init__(self, hass: HassApi, house: VirtualHouse, language: str) -> None:
        """Nothing is connected; the house must have a heater with a tank and a pump."""
        assert house.heater is not None
        assert house.heater.tank is not None
        assert house.appliance is not None
        self._heater, self._tank = house.heater, house.heater.tank
        self._pump = house.appliance
        self._hass = hass
        self._names = _NAMES[language]
        # What the devices were moved to by their entities; None before the first time.
        self._taken_w: float | None = None
        self._taken_on: bool | None = None

    async def run(self) -> None:
        """Carry values until cancelled, also over a restart of Home Assistant."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._carry_out())
            tasks.create_task(self._carry_back())

    async def _carry_out(self) -> None:
        while True:
            with contextlib.suppress(HassError, aiohttp.ClientError, TimeoutError):
                wanted = [HEATER_ENTITY, PUMP_ENTITY]
                async for entity_id, state in self._hass.follow(wanted):
                    self.take(entity_id, state)
            await asyncio.sleep(_RETRY_S)

    def take(self, entity_id: str, state: str) -> None:
        """Move a device to what its entity shows; no value leaves it where it is."""
        if entity_id == PUMP_ENTITY and state in {"on", "off"}:
            self._pump.switch(state == "on")
            self._taken_on = self._pump.on
        elif entity_id == HEATER_ENTITY:
            with contextlib.suppress(ValueError):
                self._heater.tell(float(state) / self._heater.spec.max_w)
                self._taken_w = self._told_w

    @property
    def _told_w(self) -> float:
        return self._heater.told_share * self._heater.spec.max_w

    async def _carry_back(self) -> None:
        while True:
            with contextlib.suppress(HassError, aiohttp.ClientError, TimeoutError):
                await self.push()
                await self.show_moves()
            await asyncio.sleep(_PUSH_S)

    async def show_moves(self) -> None:
        """Show in Home Assistant what somebody has moved at the device itself."""
        if self._taken_on not in {None, self._pump.on}:
            service = "turn_on" if self._pump.on else "turn_off"
            self._taken_on = self._pump.on
            await self._hass.call("input_boolean", service, {"entity_id": PUMP_ENTITY})
        if self._taken_w not in {None, self._told_w}:
            self._taken_w = self._told_w
            value = {"entity_id": HEATER_ENTITY, "value": round(self._told_w)}
            await self._hass.call("input_number", "set_value", value)

    async def push(self) -> None:
        """Tell Home Assistant what the house measures."""
        for entity_id, value, kind, unit in (
            (HEATER_POWER_ENTITY, sum(self._heater.power_w), "power", "W"),
            (PUMP_POWER_ENTITY, sum(self._pump.power_w), "power", "W"),
            (WATER_ENTITY, self._tank.temperature_c, "temperature", "°C"),
        ):
            digits = 0 if kind == "power" else 1
            await self._hass.set_state(
                entity_id,
                f"{value:.{digits}f}",
                {
                    "friendly_name": self._names[entity_id],
                    "device_class": kind,
                    "state_class": "measurement",
                    "unit_of_measurement": unit,
                },
            )
