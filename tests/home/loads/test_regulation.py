"""How a heater is regulated, what is learned of a load, and what is shown of both."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.loads.switched import SwitchedControl
from custom_components.surplus.control.model import PidGains
from custom_components.surplus.control.pid import FAST, GENTLE, NORMAL
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er

from ..conftest import Life
from .conftest import HEATER, SWITCHED, Add, load_of

TERMS = ("error", "p", "i", "d", "output")


def pid_sensors(hass: HomeAssistant, load_id: str) -> list[str]:
    registry = er.async_get(hass)
    return [
        term
        for term in TERMS
        if registry.async_get_entity_id("sensor", "surplus", f"{load_id}_pid_{term}")
    ]


@pytest.mark.parametrize(
    ("data", "gains"),
    [
        ({}, None),
        ({"regulation": "characteristic"}, None),
        ({"regulation": "gentle"}, GENTLE),
        ({"regulation": "normal"}, NORMAL),
        ({"regulation": "fast"}, FAST),
        (
            {"regulation": "own", "kp": 0.2, "ki": 0.1, "kd": 0.01},
            PidGains(kp=0.2, ki=0.1, kd=0.01),
        ),
        ({"regulation": "own", "ki": 0.1}, PidGains(kp=0.0, ki=0.1)),
        (
            {"regulation": "earlier", "kp": 0.005, "ki": 0.001, "kd": 0.0001},
            PidGains(kp=0.00002, ki=0.001),
        ),
    ],
)
async def test_what_the_form_says_of_regulation_is_what_the_heater_is_driven_by(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    data: dict[str, object],
    gains: PidGains | None,
) -> None:
    base = {key: value for key, value in HEATER.items() if key != "regulation"}
    spec = load_of(hass, home_entry, await add("heater", {**base, **data})).spec
    assert (spec.pid is None) is (gains is None)
    if gains is not None:
        assert replace(spec.pid, kp=0, ki=0) == replace(gains, kp=0, ki=0)
        assert spec.pid.kp == pytest.approx(gains.kp)
        assert spec.pid.ki == pytest.approx(gains.ki)
    assert len(pid_sensors(hass, spec.load_id)) == (5 if gains else 0)


async def test_the_terms_come_and_go_with_the_pid(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add("heater", HEATER)
    load = load_of(hass, home_entry, subentry)
    load_id = load.spec.load_id
    for regulation, seen in (("fast", 5), ("gentle", 5), ("characteristic", 0)):
        hass.config_entries.async_update_subentry(
            home_entry,
            home_entry.subentries[subentry.subentry_id],
            data={**HEATER, "regulation": regulation},
        )
        await hass.async_block_till_done()
        assert len(pid_sensors(hass, load_id)) == seen
    # A change of gains is no reason to let go of the heater.
    assert load_of(hass, home_entry, subentry) is load


async def test_how_long_a_heater_takes_to_follow_is_what_was_said(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add("heater", {**HEATER, "lag": 7.5})
    assert load_of(hass, home_entry, subentry).spec.lag_s == 7.5


async def test_a_hot_day_is_part_of_the_programme(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add(
        "heater",
        {**HEATER, "temperature_entity": "sensor.t", "legionella_c": 62},
    )
    temperatures = load_of(hass, home_entry, subentry).spec.temperatures
    assert (temperatures.legionella_c, temperatures.legionella_days) == (62, 7)


async def test_a_number_moved_past_the_hot_day_is_refused(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    await add(
        "heater",
        {**HEATER, "temperature_entity": "sensor.t", "legionella_c": 52},
    )
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(
            "number",
            "set_value",
            {"entity_id": "number.tank_forced_until", "value": 53},
            blocking=True,
        )
    assert refused.value.translation_key == "legionella_order"


@pytest.mark.parametrize(
    ("clock", "seconds"), [("00:00:00", 0), ("06:30:00", 23_400), ("06:00", 21_600)]
)
async def test_a_day_ends_when_the_form_says(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    clock: str,
    seconds: float,
) -> None:
    subentry = await add(
        "switched", {**SWITCHED, "day_ends": clock, "first_guess_w": 400}
    )
    spec = load_of(hass, home_entry, subentry).spec
    assert spec.day_ends_s == seconds
    assert spec.first_guess_w == 400


async def test_the_learned_power_shows_how_sure_it_is(
    hass: HomeAssistant, add: Add, life: Life
) -> None:
    data = {key: value for key, value in SWITCHED.items() if key != "power_w"}
    await add("switched", data, "Pump")
    sensor = "sensor.pump_learned_power"
    await life.run(2, 500)
    assert hass.states.get(sensor).state == STATE_UNAVAILABLE
    facts = {"power_w": 1100.0, "confidence": 0.75, "steps": 4}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SwitchedControl, "facts", facts)
        await life.run(2, 500)
        shown = hass.states.get(sensor)
        assert float(shown.state) == 1100
        assert shown.attributes["confidence"] == 75
        assert shown.attributes["steps"] == 4
    await life.run(2, 500)
    assert hass.states.get(sensor).state == STATE_UNAVAILABLE


async def test_a_declared_power_is_not_learned(hass: HomeAssistant, add: Add) -> None:
    await add("switched", SWITCHED, "Pump")
    assert not hass.states.get("sensor.pump_learned_power")
