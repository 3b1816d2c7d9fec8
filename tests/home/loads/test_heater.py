"""A heater made of entities: what it is told, what it shows, who has set it."""

import asyncio
from datetime import timedelta
from time import monotonic

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from custom_components.surplus.control.model import HeaterSpec, Temperatures
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .conftest import HEATER, Add, Calls, load_of, put, told

ROUTER = "input_number.router"


async def test_it_is_what_the_form_says(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    subentry = await add(
        "heater",
        {
            **HEATER,
            "min_w": 60,
            "min_on": 2,
            "phases": [1, 2, 3],
            "temperature_entity": "sensor.tank",
            "temp_min": 40,
            "temp_eco": 45,
            "temp_sol_min": 50,
            "temp_max": 62,
        },
    )
    load = load_of(hass, home_entry, subentry)
    assert load.spec == HeaterSpec(
        load_id=f"home:{subentry.subentry_id}",
        name="Tank",
        priority=2,
        phases=(1, 2, 3),
        min_on_s=120,
        max_w=2400,
        min_w=60,
        step_w=10,
        temperatures=Temperatures(min_c=40, eco_c=45, sol_min_c=50, max_c=62),
    )


async def test_watts_are_told_in_the_numbers_steps_and_never_more_than_decided(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(hass, home_entry, await add("heater", HEATER))
    await load.async_apply(1239)
    assert told(calls) == [("set_value", 1230)]
    assert load.reading.accepted_w == 1230
    await load.async_apply(9000)
    assert told(calls) == [("set_value", 2400)]
    await load.async_apply(0)
    assert told(calls) == [("set_value", 0)]
    assert load.reading.accepted_w == 0


async def test_only_changes_are_told(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    calls: Calls,
    freezer: FrozenDateTimeFactory,
) -> None:
    load = load_of(hass, home_entry, await add("heater", HEATER))
    # It stands at 0 already: that need not be said.
    await load.async_apply(0)
    assert told(calls) == []
    first = monotonic()
    await load.async_apply(1000)
    freezer.tick(timedelta(seconds=60))
    await load.async_apply(1000)
    assert told(calls) == [("set_value", 1000)]
    assert load.reading.accepted_at == pytest.approx(first, abs=0.01)


async def test_a_device_that_falls_back_is_told_again_in_time(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    calls: Calls,
    freezer: FrozenDateTimeFactory,
) -> None:
    load = load_of(hass, home_entry, await add("heater", {**HEATER, "repeat": 60}))
    for _ in range(7):
        await load.async_apply(1000)
        freezer.tick(timedelta(seconds=20))
    assert told(calls) == [("set_value", 1000)] * 3


async def test_a_number_in_kilowatts_is_told_kilowatts(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    attributes = {"min": 0, "max": 3, "step": 0.1, "unit_of_measurement": "kW"}
    hass.states.async_set("number.rod", "0.5", attributes)
    sent = async_mock_service(hass, "number", "set_value")
    load = load_of(
        hass,
        home_entry,
        await add("heater", {**HEATER, "command_entity": "number.rod"}),
    )
    assert load.as_dict()["shown"] == 500
    await load.async_apply(1250)
    assert sent[0].data == {"entity_id": "number.rod", "value": 1.2}
    assert load.spec.step_w == 100
    # While the entity is away, what it takes is remembered.
    hass.states.async_set("number.rod", "unavailable")
    assert load.spec.step_w == 100


@pytest.mark.parametrize(
    ("characteristic", "percent", "power_w"),
    [("linear", 25, 600), ("phase_angle", 33, 594)],
)
async def test_percent_follows_the_characteristic(
    hass: HomeAssistant,
    *,
    add: Add,
    home_entry: MockConfigEntry,
    calls: Calls,
    characteristic: str,
    percent: float,
    power_w: float,
) -> None:
    load = load_of(
        hass,
        home_entry,
        await add(
            "heater",
            {
                **HEATER,
                "command_entity": "input_number.dimmer",
                "command_unit": "percent",
                "characteristic": characteristic,
            },
        ),
    )
    await load.async_apply(600)
    assert told(calls) == [("set_value", percent)]
    assert load.reading.accepted_w == pytest.approx(power_w, abs=15)
    assert load.reading.accepted_w <= 600
    assert load.as_dict()["shown"] == pytest.approx(load.reading.accepted_w)
    assert load.spec.step_w == 24


async def test_a_light_is_told_its_brightness(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    on = async_mock_service(hass, "light", "turn_on")
    off = async_mock_service(hass, "light", "turn_off")
    hass.states.async_set("light.rod", "off")
    load = load_of(
        hass,
        home_entry,
        await add(
            "heater",
            {**HEATER, "command_entity": "light.rod", "command_unit": "percent"},
        ),
    )
    await load.async_apply(1200)
    assert on[0].data["brightness"] == 127
    assert load.reading.accepted_w == pytest.approx(2400 * 127 / 255)
    hass.states.async_set("light.rod", "on", {"brightness": 127})
    await hass.async_block_till_done()
    assert load.as_dict()["shown"] == pytest.approx(2400 * 127 / 255)
    await load.async_apply(0)
    assert len(off) == 1
    hass.states.async_set("light.rod", "on")
    assert load.as_dict()["shown"] is None
    assert load.spec.step_w == pytest.approx(2400 / 255)


async def test_an_action_takes_the_value_in_its_field(
    hass: HomeAssistant,
    add: Add,
    home_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    sent = async_mock_service(hass, "mqtt", "publish")
    data = {
        **HEATER,
        "command_entity": None,
        "action": "mqtt.publish",
        "action_field": "payload",
        "action_data": {"topic": "router/set"},
        "command_unit": "percent",
        "full_scale": 255,
    }
    load = load_of(hass, home_entry, await add("heater", data))
    assert load.reading.reachable
    await load.async_apply(1200)
    freezer.tick(timedelta(seconds=60))
    await load.async_apply(1200)
    assert [call.data for call in sent] == [{"topic": "router/set", "payload": 127}]
    assert load.reading.accepted_w == pytest.approx(2400 * 127 / 255)
    assert load.spec.step_w == pytest.approx(2400 / 255)
    assert load.as_dict()["shown"] is None
    hass.services.async_remove("mqtt", "publish")
    assert not load.reading.reachable
    with pytest.raises(HomeAssistantError) as refused:
        await load.async_apply(0)
    assert refused.value.translation_key == "load_unreachable"


async def test_an_action_in_watts_is_told_watts(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    sent = async_mock_service(hass, "rest_command", "router")
    data = {
        **HEATER,
        "command_entity": None,
        "action": "rest_command.router",
        "action_field": "watts",
    }
    load = load_of(hass, home_entry, await add("heater", data))
    await load.async_apply(1200.7)
    assert [call.data for call in sent] == [{"watts": 1200}]
    assert load.spec.step_w == 1


async def test_with_a_switch_the_value_comes_first_and_off_is_the_switch(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
) -> None:
    load = load_of(
        hass,
        home_entry,
        await add("heater", {**HEATER, "switch_entity": "input_boolean.pump"}),
    )
    await load.async_apply(1000)
    assert told(calls) == [("set_value", 1000), ("turn_on", None)]
    await load.async_apply(1100)
    assert told(calls) == [("set_value", 1100)]
    await load.async_apply(0)
    assert told(calls) == [("turn_off", None)]
    assert load.as_dict()["shown"] == 0


async def test_what_cannot_be_told_that_small_is_nothing(
    hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
) -> None:
    attributes = {"min": 500, "max": 2000, "step": 10}
    hass.states.async_set("number.rod", "1000", attributes)
    async_mock_service(hass, "number", "set_value")
    load = load_of(
        hass,
        home_entry,
        await add("heater", {**HEATER, "command_entity": "number.rod"}),
    )
    with pytest.raises(HomeAssistantError) as refused:
        await load.async_apply(300)
    assert refused.value.translation_key == "load_never_off"


class TestFailure:
    """Entities that are away, refuse, or do not answer."""

    async def test_an_entity_that_is_away_is_not_commanded(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        calls: Calls,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        freezer.tick(timedelta(seconds=30))
        hass.states.async_set(ROUTER, "unavailable")
        await hass.async_block_till_done()
        lost_at = monotonic()
        freezer.tick(timedelta(seconds=30))
        assert not load.reading.reachable
        assert load.reading.link_lost_at == pytest.approx(lost_at, abs=0.01)
        with pytest.raises(HomeAssistantError) as refused:
            await load.async_apply(1000)
        assert refused.value.translation_key == "load_unreachable"
        assert told(calls) == []
        put(hass, ROUTER, 0)
        await hass.async_block_till_done()
        assert load.reading.reachable
        assert load.reading.link_lost_at is None

    async def test_an_entity_that_was_never_there_is_away_since_we_look(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        assert not load.reading.reachable
        assert load.reading.link_lost_at is not None

    async def test_a_number_that_shows_nothing_yet_can_be_told(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        hass.states.async_set("number.x", "unknown", {"min": 0, "max": 2000, "step": 1})
        sent = async_mock_service(hass, "number", "set_value")
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        await load.async_apply(700)
        assert sent[0].data["value"] == 700
        assert load.doubts.as_dict() == {}

    @pytest.mark.parametrize(
        "error",
        [
            HomeAssistantError("the device said no"),
            ServiceValidationError("out of range"),
            ValueError("a bug elsewhere"),
        ],
    )
    async def test_a_refusal_says_which_entity_and_why(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        error: Exception,
    ) -> None:
        hass.states.async_set("number.x", "0", {"min": 0, "max": 2000, "step": 1})

        async def refuse(_call: object) -> None:
            raise error

        hass.services.async_register("number", "set_value", refuse)
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        with pytest.raises(HomeAssistantError) as refused:
            await load.async_apply(700)
        assert refused.value.translation_key == "load_refused"
        assert refused.value.translation_placeholders == {
            "name": "Tank",
            "target": "number.x",
            "error": str(error),
        }
        assert load.reading.accepted_w is None

    async def test_an_entity_that_does_not_answer_is_waited_for_only_so_long(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("custom_components.surplus.home.loads.caller.ANSWER_S", 0)
        hass.states.async_set("number.x", "0", {"min": 0, "max": 2000, "step": 1})

        forever = asyncio.Event()

        async def hang(_call: object) -> None:
            await forever.wait()

        hass.services.async_register("number", "set_value", hang)
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        with pytest.raises(HomeAssistantError) as refused:
            await load.async_apply(700)
        assert refused.value.translation_key == "load_no_answer"
        forever.set()

    async def test_what_failed_may_have_been_taken_and_is_told_again(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        hass.states.async_set("number.x", "0", {"min": 0, "max": 2000, "step": 1})
        sent: list[float] = []

        async def take_and_fail(call: object) -> None:
            sent.append(call.data["value"])
            if len(sent) == 1:
                raise HomeAssistantError("the answer was lost")

        hass.services.async_register("number", "set_value", take_and_fail)
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        with pytest.raises(HomeAssistantError):
            await load.async_apply(700)
        await load.async_apply(700)
        assert sent == [700, 700]

    async def test_a_device_that_does_not_show_its_order_is_told_once_more_only(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        hass.states.async_set("number.x", "0", {"min": 0, "max": 2000, "step": 1})
        sent = async_mock_service(hass, "number", "set_value")
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        for _ in range(10):
            await load.async_apply(700)
            freezer.tick(timedelta(seconds=20))
        assert len(sent) == 2

    async def test_a_device_that_is_only_slow_is_not_told_twice(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        hass.states.async_set("number.x", "0", {"min": 0, "max": 2000, "step": 1})
        sent = async_mock_service(hass, "number", "set_value")
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        await load.async_apply(700)
        freezer.tick(timedelta(seconds=10))
        await load.async_apply(700)
        assert len(sent) == 1

    async def test_a_number_that_only_assumes_is_not_believed(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        attributes = {"min": 0, "max": 2000, "step": 1, "assumed_state": True}
        hass.states.async_set("number.x", "700", attributes)
        sent = async_mock_service(hass, "number", "set_value")
        load = load_of(
            hass,
            home_entry,
            await add("heater", {**HEATER, "command_entity": "number.x"}),
        )
        await load.async_apply(700)
        assert len(sent) == 1


class TestReading:
    """What its sensors tell."""

    async def test_power_and_temperature_with_the_instant_they_were_true(
        self,
        hass: HomeAssistant,
        add: Add,
        home_entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        load = load_of(
            hass,
            home_entry,
            await add(
                "heater",
                {
                    **HEATER,
                    "power_entity": "sensor.rod",
                    "temperature_entity": "sensor.tank",
                },
            ),
        )
        assert load.reading.power_w is None
        assert load.reading.power_at is None
        assert load.reading.temperature_c is None
        put(hass, "sensor.rod", 1.5, "kW")
        put(hass, "sensor.tank", 48, "°C")
        then = monotonic()
        freezer.tick(timedelta(seconds=7))
        assert load.reading.power_w == 1500
        assert load.reading.power_at == pytest.approx(then, abs=0.01)
        assert load.reading.temperature_c == 48
        # A value that is merely repeated is younger.
        put(hass, "sensor.rod", 1.5, "kW")
        assert load.reading.power_at == pytest.approx(then + 7, abs=0.01)

    async def test_garbage_is_unknown_counted_and_heard_of_by_home(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry
    ) -> None:
        load = load_of(
            hass,
            home_entry,
            await add(
                "heater",
                {
                    **HEATER,
                    "power_entity": "sensor.rod",
                    "temperature_entity": "sensor.tank",
                },
            ),
        )
        heard: list[float | None] = []
        stop = load.async_subscribe(lambda: heard.append(load.reading.power_w))
        put(hass, "sensor.rod", 900)
        put(hass, "sensor.rod", "nonsense")
        put(hass, "sensor.tank", -127, "°C")
        await hass.async_block_till_done()
        assert load.reading.power_w is None
        assert load.reading.temperature_c is None
        assert load.as_dict()["unusable"] == {"sensor.rod": 1, "sensor.tank": 1}
        assert len(heard) == 3
        stop()
        put(hass, "sensor.rod", 901)
        await hass.async_block_till_done()
        assert len(heard) == 3


class TestPerson:
    """Somebody else sets the number."""

    async def set_by_hand(self, hass: HomeAssistant, value: float) -> None:
        await hass.services.async_call(
            "input_number",
            "set_value",
            {"entity_id": ROUTER, "value": value},
            blocking=True,
            context=Context(parent_id="a rule of the user's"),
        )
        await hass.async_block_till_done()

    async def test_a_person_who_sets_the_number_takes_over_until_home_commands_again(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await self.set_by_hand(hass, 200)
        assert load.taken_over is None
        await load.async_apply(1000)
        heard: list[float | None] = []
        load.async_subscribe(lambda: heard.append(load.taken_over))
        await self.set_by_hand(hass, 500)
        assert load.taken_over == 500
        assert heard == [500]
        assert load.reading.accepted_w == 500
        told(calls)
        # What Home wants in mode manual is what stands there: nothing is said.
        await load.async_apply(500)
        assert told(calls) == []
        assert load.taken_over == 500
        await load.async_apply(1000)
        assert told(calls) == [("set_value", 1000)]
        assert load.taken_over is None

    async def test_going_back_to_the_same_value_at_once_is_told(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await load.async_apply(1000)
        await self.set_by_hand(hass, 0)
        told(calls)
        await load.async_apply(1000)
        assert told(calls) == [("set_value", 1000)]

    async def test_what_comes_back_after_being_away_is_nobodys_order(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await load.async_apply(1000)
        state = hass.states.get(ROUTER)
        hass.states.async_set(ROUTER, "unavailable", state.attributes)
        hass.states.async_set(ROUTER, "0", state.attributes)
        await hass.async_block_till_done()
        assert load.taken_over is None
        told(calls)
        await load.async_apply(1000)
        assert told(calls) == [("set_value", 1000)]


class TestRelease:
    """What it is left at."""

    @pytest.mark.parametrize(
        ("release", "said"),
        [("off", [("set_value", 0)]), ("keep", []), ("on", [("set_value", 2400)])],
    )
    async def test_it_is_left_as_chosen(
        self,
        hass: HomeAssistant,
        *,
        add: Add,
        home_entry: MockConfigEntry,
        calls: Calls,
        release: str,
        said: list,
    ) -> None:
        load = load_of(
            hass, home_entry, await add("heater", {**HEATER, "release": release})
        )
        await load.async_apply(1000)
        told(calls)
        await load.async_release()
        assert told(calls) == said
        assert load.reading.accepted_w is None

    async def test_what_was_never_commanded_is_left_alone(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await TestPerson().set_by_hand(hass, 300)
        told(calls)
        await load.async_release()
        assert told(calls) == []

    async def test_what_a_person_has_set_is_left_alone(
        self, hass: HomeAssistant, add: Add, home_entry: MockConfigEntry, calls: Calls
    ) -> None:
        load = load_of(hass, home_entry, await add("heater", HEATER))
        await load.async_apply(1000)
        await TestPerson().set_by_hand(hass, 300)
        told(calls)
        await load.async_release()
        assert told(calls) == []
        assert load.taken_over is None
