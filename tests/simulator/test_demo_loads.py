"""The wires between the demo's entities and the devices of the virtual house."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from simulator.demo_loads import (
    HEATER,
    HEATER_ENTITY,
    HEATER_POWER_ENTITY,
    HEATER_W,
    PUMP,
    PUMP_ENTITY,
    PUMP_POWER_ENTITY,
    TANK,
    WATER_ENTITY,
    HomeWires,
    add_loads,
    helpers,
)
from simulator.hass_api import HassApi, HassError
from simulator.virtual_house import HouseOptions, VirtualHouse


class Recorder(HassApi):
    """Remembers what it is told."""

    def __init__(self, result: str = "create_entry") -> None:
        super().__init__("http://nowhere", "", "")
        self.states_set: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.calls: list[tuple[str, str, Mapping[str, Any] | None]] = []
        self.added: list[tuple[str, Mapping[str, Any]]] = []
        self._result = result

    async def set_state(
        self, entity_id: str, state: str, attributes: Mapping[str, Any]
    ) -> None:
        self.states_set[entity_id] = (state, attributes)

    async def call(
        self, domain: str, service: str, data: Mapping[str, Any] | None = None
    ) -> None:
        self.calls.append((domain, service, data))

    async def entries(self, domain: str = "surplus") -> list[dict[str, Any]]:
        return [
            {"entry_id": "linky"},
            {"entry_id": "home", "supported_subentry_types": {"heater": {}}},
        ]

    async def add_subentry(
        self, entry_id: str, kind: str, answers: Mapping[str, Any]
    ) -> dict[str, Any]:
        assert entry_id == "home"
        self.added.append((kind, answers["user"]))
        return {"type": self._result}


@pytest.fixture
def house() -> VirtualHouse:
    """Return a house with both loads."""
    return VirtualHouse(HouseOptions(heater=HEATER, tank=TANK, appliance=PUMP))


def wires(house: VirtualHouse, hass: HassApi) -> HomeWires:
    """Return its wires."""
    return HomeWires(hass, house, "fr")


def test_what_the_entities_show_moves_the_devices(house: VirtualHouse) -> None:
    assert house.heater is not None
    assert house.appliance is not None
    wired = wires(house, Recorder())
    wired.take(HEATER_ENTITY, "600.0")
    wired.take(PUMP_ENTITY, "on")
    assert house.heater.told_share * HEATER_W == pytest.approx(600)
    assert house.appliance.on
    for entity_id in (HEATER_ENTITY, PUMP_ENTITY):
        wired.take(entity_id, "unavailable")
    assert house.heater.told_share * HEATER_W == pytest.approx(600)
    assert house.appliance.on


async def test_what_the_house_measures_shows_in_home_assistant(
    house: VirtualHouse,
) -> None:
    assert house.appliance is not None
    hass = Recorder()
    house.appliance.switch(on=True)
    house.house.advance(1.0)
    await wires(house, hass).push()
    assert hass.states_set[PUMP_POWER_ENTITY][0] == "700"
    assert hass.states_set[HEATER_POWER_ENTITY][0] == "0"
    state, attributes = hass.states_set[WATER_ENTITY]
    assert state == "45.0"
    assert attributes["device_class"] == "temperature"
    assert attributes["friendly_name"] == "Température de l'eau"


async def test_what_is_moved_at_the_device_shows_once(house: VirtualHouse) -> None:
    assert house.heater is not None
    assert house.appliance is not None
    hass = Recorder()
    wired = wires(house, hass)
    house.appliance.switch(on=True)
    await wired.show_moves()
    # Nobody knows yet what the entities show.
    assert hass.calls == []
    wired.take(HEATER_ENTITY, "600")
    wired.take(PUMP_ENTITY, "on")
    await wired.show_moves()
    assert hass.calls == []
    house.appliance.switch(on=False)
    house.heater.tell(0.5)
    await wired.show_moves()
    await wired.show_moves()
    assert hass.calls == [
        ("input_boolean", "turn_off", {"entity_id": PUMP_ENTITY}),
        (
            "input_number",
            "set_value",
            {"entity_id": HEATER_ENTITY, "value": HEATER_W / 2},
        ),
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_helpers_are_the_entities_that_the_wires_follow(language: str) -> None:
    made = yaml.safe_load(helpers(language))
    ids = {f"{domain}.{name}" for domain, names in made.items() for name in names}
    assert ids == {HEATER_ENTITY, PUMP_ENTITY}


async def test_both_loads_are_added_in_the_forms() -> None:
    hass = Recorder()
    await add_loads(hass, "en")
    assert [kind for kind, _ in hass.added] == ["switched", "heater"]
    priorities = [answers["priority"] for _, answers in hass.added]
    assert priorities == [2, 3]


async def test_a_form_that_refuses_is_an_error() -> None:
    with pytest.raises(HassError, match="switched load ended"):
        await add_loads(Recorder("abort"), "en")
