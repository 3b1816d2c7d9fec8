"""One entry's devices: what stands of what they told, and what does not."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
import logging

from modbus_connection import ModbusConnectionError, ModbusTimeoutError
import pytest
from solaredged import InverterStatus

from custom_components.surplus.solaredge.layout import async_probe_unit, joined
from custom_components.surplus.solaredge.model import LinkState, MeterRole, MeterSetting
from custom_components.surplus.solaredge.plant import Plant
from custom_components.surplus.solaredge.sources import (
    GridMeter,
    Storage,
    Sun,
    house_power_w,
    production_w,
)

from .dumps import (
    FOLLOWER,
    FULL,
    INT16_NONE,
    LEADER,
    METER,
    NO_METER,
    SLEEPING,
    STRIDE,
    THREE_METERS,
    TWO_BATTERIES,
    UINT16_NONE,
    Unit,
    Words,
    float_words,
    put,
    registers,
    unit,
    words_of,
)
from .virtual import now, run

STATUS = 40107
AC_POWER = 40083
METER_POWER = METER + 18


class Site:
    """A plant on units that answer at once."""

    def __init__(self, plant: Plant, units: dict[int, Unit]) -> None:
        self.plant = plant
        self.units = units
        self.unit = units[next(iter(units))]
        self.words = self.unit.words
        self.low_sun = False
        plant.sun_is_low = lambda: self.low_sun
        self.readings = 0
        plant.subscribe_readings(self._count)

    def _count(self) -> None:
        self.readings += 1

    @property
    def inverter_key(self) -> str:
        return self.plant.layout.inverters[0].key

    @property
    def meter_key(self) -> str:
        return self.plant.layout.meters[0].key

    def silence(self, error: type[Exception] | None = ModbusTimeoutError) -> None:
        for device in self.units.values():
            device.fail_requests(None if error is None else error("nothing"))


@asynccontextmanager
async def site(
    *dumps: str | Words,
    settings: dict[str, MeterSetting] | None = None,
    options: Iterable[str] = ("Export+Import",),
    started: bool = True,
) -> AsyncIterator[Site]:
    units = {
        unit_id: unit(
            registers(words, options=options) if isinstance(words, str) else words,
            unit_id,
        )
        for unit_id, words in enumerate(dumps, 1)
    }
    layouts = [
        await async_probe_unit(device, unit_id) for unit_id, device in units.items()
    ]
    plant = Plant(
        units=units, layout=joined(layouts), settings=settings or {}, clock=now
    )
    found = Site(plant, units)
    if started:
        plant.start()
        await asyncio.sleep(5)
    try:
        yield found
    finally:
        await plant.stop()


def test_everything_is_read_and_comes_together() -> None:
    async def main() -> None:
        async with site(LEADER, FOLLOWER) as here:
            plant = here.plant
            assert plant.state is LinkState.READING
            meter = plant.meter(here.meter_key)
            assert meter is not None
            assert meter.power_w == pytest.approx(-326.1)
            assert production_w(plant) == pytest.approx(1530.1 + 1599.6)
            assert house_power_w(plant) == pytest.approx(1530.1 + 1599.6 - 326.1)
            assert here.readings > 5

    run(main())


def test_the_grid_meter_is_read_first_and_each_second() -> None:
    async def main() -> None:
        async with site(THREE_METERS, options=("Production", "Export+Import")) as here:
            assert here.plant.poller.primary.name == "meter 1.2"
            here.unit.read_events.clear()
            await asyncio.sleep(60)
            reads = [event.address for event in here.unit.read_events]
            assert reads.count(40155 + STRIDE) == 60
            assert reads.count(40069) == pytest.approx(30, abs=2)
            # The others are for show.
            assert reads.count(40155) == pytest.approx(12, abs=2)

    run(main())


def test_the_gap_between_requests_is_asked_for() -> None:
    async def main() -> float:
        async with site(LEADER) as here:
            return here.unit.message_spacing

    assert run(main()) == 0.1


def test_a_block_that_fails_blanks_only_itself() -> None:
    async def main() -> None:
        async with site(TWO_BATTERIES) as here:
            first, second = here.plant.layout.batteries
            here.unit.fail_read(57856 + 116, ModbusTimeoutError("late"))
            await asyncio.sleep(90)
            assert here.plant.battery(first.key) is not None
            assert here.plant.battery(second.key) is None
            assert here.plant.last_battery(second.key) is not None
            assert here.plant.meter(here.meter_key) is not None
            assert here.plant.inverter(here.inverter_key) is not None
            assert here.plant.state is LinkState.READING
            # What depends on it is not known, what does not is.
            assert production_w(here.plant) is None
            assert house_power_w(here.plant) is not None

    run(main())


def test_a_silent_follower_blanks_the_sum_and_not_the_grid() -> None:
    async def main() -> None:
        async with site(LEADER, FOLLOWER) as here:
            sun = Sun(here.plant, "solaredge:SE000001", "Roof")
            before = sun.reading
            here.units[2].fail_requests(ModbusTimeoutError("nothing"))
            await asyncio.sleep(90)
            assert production_w(here.plant) is None
            assert house_power_w(here.plant) is None
            assert here.plant.inverter(here.inverter_key) is not None
            assert here.plant.meter(here.meter_key) is not None
            # It keeps what was true last, with its age.
            assert before is not None
            assert sun.reading is not None
            assert sun.reading[0] == before[0]
            assert now() - sun.reading[1] > 60

    run(main())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (METER_POWER, [INT16_NONE]),
        (METER_POWER + 4, [11]),
        (METER_POWER + 4, [0xFFF5]),
        (METER_POWER + 4, [INT16_NONE]),
        # 32 kW times 100: nothing a supply could carry.
        (METER_POWER, [32000, 0, 0, 0, 2]),
        (METER, [0xFFFF]),
        (METER, [103]),
    ],
    ids=[
        "no power",
        "factor too large",
        "factor too small",
        "no factor",
        "absurd",
        "no block",
        "another block",
    ],
)
def test_a_meter_that_tells_nonsense_ages(address: int, words: list[int]) -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, address, words)
            before = here.plant.meter(here.meter_key)
            await asyncio.sleep(10)
            assert here.plant.meter(here.meter_key) is before
            assert here.plant.inverter(here.inverter_key) is not None
            await asyncio.sleep(30)
            assert here.plant.meter(here.meter_key) is None
            counters = here.plant.counters
            assert counters.refused + counters.garbled > 0

    run(main())


def test_a_scale_factor_that_changes_changes_no_value() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            seen = set()
            for raw, factor in ((3261, 0xFFFF), (326, 0), (33, 1), (32610, 0xFFFE)):
                put(here.words, METER_POWER, [raw])
                put(here.words, METER_POWER + 4, [factor])
                await asyncio.sleep(1)
                reading = here.plant.meter(here.meter_key)
                assert reading is not None
                assert reading.power_w is not None
                seen.add(round(reading.power_w, -1))
            assert seen == {-330.0}

    run(main())


def test_another_meter_in_its_place_is_not_taken_for_it() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, METER - 67 + 50, words_of("OTHER", 16))
            before = here.plant.meter(here.meter_key)
            await asyncio.sleep(10)
            assert here.plant.meter(here.meter_key) is before
            assert here.plant.moved

    run(main())


def test_another_inverter_at_the_address_is_noticed_after_a_new_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, 40052, words_of("ANOTHER", 16))
            before = here.plant.inverter(here.inverter_key)
            here.unit._conn.simulate_connection_lost()
            await asyncio.sleep(10)
            assert here.plant.state is LinkState.OTHER_DEVICE
            assert here.plant.inverter(here.inverter_key) is before
            put(here.words, 40052, words_of("SE000001", 16))
            here.unit._conn.simulate_connection_lost()
            await asyncio.sleep(30)
            assert here.plant.state is LinkState.READING

    caplog.set_level(logging.INFO)
    run(main())
    assert caplog.text.count("Another inverter answers") == 1
    assert caplog.text.count("answers again") == 1


def test_a_lifetime_that_falls_to_zero_for_a_poll_is_held() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, 40093, [0, 1])
            await asyncio.sleep(3)
            reading = here.plant.inverter(here.inverter_key)
            assert reading is not None
            assert reading.energy_wh == 9477377

    run(main())


def test_a_sleeping_inverter_is_a_state_and_gives_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with site(SLEEPING) as here:
            assert here.plant.state is LinkState.ASLEEP
            sun = Sun(here.plant, "solaredge:SE000125", "Roof")
            assert sun.reading == (0.0, now())
            assert production_w(here.plant) == 0.0

    run(main())
    assert "WARNING" not in caplog.text


def test_a_sleeping_inverter_that_tells_no_power_gives_none() -> None:
    async def main() -> None:
        words = registers(SLEEPING)
        async with site(words) as here:
            put(words, AC_POWER, [INT16_NONE])
            await asyncio.sleep(5)
            reading = here.plant.inverter(here.inverter_key)
            assert reading is not None
            assert reading.ac_power_w == 0.0

    run(main())


def test_the_zeros_of_a_meter_whose_inverter_sleeps_are_not_believed() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            source = grid(here)
            before = source.reading
            put(here.words, METER + 2, [0] * 4)
            put(here.words, METER_POWER, [0] * 4)
            put(here.words, STATUS, [InverterStatus.SLEEPING])
            await asyncio.sleep(10)
            assert source.reading == before
            assert not source.asleep
            await asyncio.sleep(10)
            assert source.asleep
            assert here.plant.state is LinkState.ASLEEP
            await asyncio.sleep(20)
            assert here.plant.meter(here.meter_key) is None
            # And the morning after.
            put(here.words, STATUS, [InverterStatus.PRODUCING])
            put(here.words, METER + 2, [900, 900])
            put(here.words, METER_POWER, [2000])
            await asyncio.sleep(12)
            assert not source.asleep
            assert source.reading is not None
            assert source.reading.power_w == -200.0

    run(main())


@pytest.mark.parametrize(
    "status",
    [
        InverterStatus.OFF,
        InverterStatus.STARTING,
        InverterStatus.SHUTTING_DOWN,
        InverterStatus.STANDBY,
    ],
)
def test_zeros_at_dusk_and_dawn_are_not_believed_either(status: InverterStatus) -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            before = grid(here).reading
            put(here.words, METER + 2, [0] * 4)
            put(here.words, METER_POWER, [0] * 4)
            put(here.words, STATUS, [status])
            await asyncio.sleep(20)
            assert grid(here).reading == before

    run(main())


def test_zeros_beside_an_inverter_that_tells_nothing_any_more_are_not_believed() -> (
    None
):
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, METER + 2, [0] * 4)
            put(here.words, METER_POWER, [0] * 4)
            await asyncio.sleep(20)
            assert here.plant.meter(here.meter_key) is not None
            put(here.words, AC_POWER, [INT16_NONE])
            await asyncio.sleep(120)
            assert here.plant.meter(here.meter_key) is None

    run(main())


def test_zeros_by_day_are_a_house_that_takes_what_it_makes() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, METER + 2, [0] * 4)
            put(here.words, METER_POWER, [0] * 4)
            await asyncio.sleep(6)
            reading = here.plant.meter(here.meter_key)
            assert reading is not None
            assert reading.power_w == 0.0

    run(main())


def test_a_meter_that_stays_awake_at_night_is_read_on() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            put(here.words, STATUS, [InverterStatus.SLEEPING])
            await asyncio.sleep(60)
            source = grid(here)
            assert here.plant.state is LinkState.ASLEEP
            assert not source.asleep
            assert source.reading is not None
            assert now() - source.reading.at < 2

    run(main())


def test_a_link_that_drops_at_night_is_sleep_and_not_worth_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            here.low_sun = True
            here.silence(ModbusConnectionError)
            await asyncio.sleep(600)
            assert here.plant.state is LinkState.ASLEEP
            assert grid(here).asleep
            reading = here.plant.inverter(here.inverter_key)
            assert reading is not None
            assert reading.ac_power_w == 0.0
            assert reading.sleeps
            assert reading.energy_wh == 9477377
            here.silence(None)
            here.low_sun = False
            await asyncio.sleep(60)
            assert here.plant.state is LinkState.READING

    caplog.set_level(logging.INFO)
    run(main())
    assert [
        record.message
        for record in caplog.records
        if record.name.startswith("custom_components")
        and record.levelno > logging.DEBUG
    ] == []


def test_an_inverter_that_said_good_night_is_not_missed_while_the_sun_is_up() -> None:
    async def main() -> None:
        async with site(SLEEPING) as here:
            here.silence()
            await asyncio.sleep(3600)
            assert here.plant.state is LinkState.ASLEEP
            await asyncio.sleep(16 * 3600)
            assert here.plant.state is LinkState.UNREACHABLE

    run(main())


def test_a_follower_that_sleeps_leaves_the_leader_and_its_meter_to_count() -> None:
    async def main() -> None:
        async with site(LEADER, FOLLOWER, options=("Consumption",)) as here:
            leader, follower = (found.key for found in here.plant.layout.inverters)
            put(here.units[2].words, STATUS, [InverterStatus.SLEEPING])
            await asyncio.sleep(5)
            here.units[2].fail_requests(ModbusTimeoutError("nothing"))
            await asyncio.sleep(600)
            plant = here.plant
            assert plant.state is LinkState.READING
            assert (plant.sleeps(leader), plant.sleeps(follower)) == (False, True)
            assert production_w(plant) == pytest.approx(1530.1)
            sun = Sun(plant, "solaredge:x", "Roof").reading
            assert sun is not None
            assert now() - sun[1] < 5
            meter = plant.roles.consumption
            assert meter is not None
            grid = GridMeter(plant, meter, "solaredge:x", "Roof").reading
            assert grid is not None
            assert grid.power_w == pytest.approx(326.1 - 1530.1)
            assert now() - grid.at < 5

    run(main())


def test_a_follower_that_only_falls_silent_sleeps_at_night_and_is_missed_by_day() -> (
    None
):
    async def main() -> None:
        async with site(LEADER, FOLLOWER) as here:
            here.units[2].fail_requests(ModbusTimeoutError("nothing"))
            await asyncio.sleep(120)
            assert production_w(here.plant) is None
            here.low_sun = True
            await asyncio.sleep(20)
            assert production_w(here.plant) == pytest.approx(1530.1)
            assert house_power_w(here.plant) == pytest.approx(1530.1 - 326.1)

    run(main())


def test_a_silent_inverter_with_a_battery_is_not_asleep_beside_one_that_is_awake() -> (
    None
):
    async def main() -> None:
        async with site(FOLLOWER, TWO_BATTERIES) as here:
            here.low_sun = True
            here.units[2].fail_requests(ModbusTimeoutError("nothing"))
            await asyncio.sleep(120)
            assert production_w(here.plant) is None
            assert house_power_w(here.plant) is None

    run(main())


def test_the_meter_of_a_leader_that_sleeps_sleeps_while_a_follower_is_awake() -> None:
    async def main() -> None:
        async with site(LEADER, FOLLOWER) as here:
            put(here.words, METER + 2, [0] * 4)
            put(here.words, METER_POWER, [0] * 4)
            put(here.words, STATUS, [InverterStatus.SLEEPING])
            await asyncio.sleep(30)
            assert here.plant.state is LinkState.READING
            assert grid(here).asleep

    run(main())


def test_a_start_at_night_beside_an_inverter_that_is_silent_shows_no_production() -> (
    None
):
    async def main() -> None:
        async with site(LEADER, started=False) as here:
            here.low_sun = True
            here.silence()
            here.plant.start()
            await asyncio.sleep(60)
            assert here.plant.state is LinkState.ASLEEP
            assert production_w(here.plant) == 0.0
            reading = here.plant.inverter(here.inverter_key)
            assert reading is not None
            assert reading.energy_wh is None

    run(main())


def test_an_inverter_lost_by_day_is_told_once_and_once_more_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            here.silence()
            await asyncio.sleep(300)
            assert here.plant.state is LinkState.UNREACHABLE
            assert not grid(here).asleep
            assert here.plant.inverter(here.inverter_key) is None
            here.silence(None)
            await asyncio.sleep(60)
            assert here.plant.state is LinkState.READING

    caplog.set_level(logging.INFO)
    run(main())
    assert caplog.text.count("does not answer") == 1
    assert caplog.text.count("answers again") == 1


def test_an_inverter_that_never_answers_is_waited_for_and_then_missed() -> None:
    async def main() -> None:
        async with site(LEADER, started=False) as here:
            here.silence()
            assert here.plant.state is LinkState.WAITING
            here.plant.start()
            await asyncio.sleep(10)
            assert here.plant.state is LinkState.WAITING
            assert grid(here).reading is None
            assert not grid(here).asleep
            await asyncio.sleep(60)
            assert here.plant.state is LinkState.UNREACHABLE

    run(main())


def test_a_device_that_wakes_without_its_name_is_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            truth = dict(here.words)
            put(here.words, 40052, [0] * 16)
            put(here.words, METER - 67 + 34, [0] * 32)
            here.unit._conn.simulate_connection_lost()
            await asyncio.sleep(10)
            assert here.plant.state is LinkState.READING
            assert not here.plant.moved
            put(here.words, 40052, words_of("SE000001", 16))
            await asyncio.sleep(12)
            assert not here.plant.moved
            here.words.update(truth)
            await asyncio.sleep(12)
            reading = here.plant.meter(here.meter_key)
            assert reading is not None
            assert now() - reading.at < 2

    run(main())
    assert "WARNING" not in caplog.text


def test_energies_of_the_phases_never_fall_either() -> None:
    async def main() -> None:
        async with site(FULL) as here:
            first = here.plant.meter(here.meter_key)
            assert first is not None
            assert None not in first.phases_imported_wh
            put(here.words, METER + 38, [0, 1] * 8)
            await asyncio.sleep(2)
            reading = here.plant.meter(here.meter_key)
            assert reading is not None
            assert reading.phases_imported_wh == first.phases_imported_wh
            assert reading.phases_exported_wh == first.phases_exported_wh
            assert reading.imported_wh == first.imported_wh

    run(main())


def test_dawn_with_sentinels_for_forty_seconds_leaves_no_false_value() -> None:
    async def main() -> None:
        async with site(LEADER) as here:
            truth = dict(here.words)
            put(here.words, 40071, [UINT16_NONE] * 12)
            put(here.words, AC_POWER, [INT16_NONE] * 26)
            put(here.words, METER + 2, [INT16_NONE] * 100)
            for _ in range(40):
                await asyncio.sleep(1)
                reading = here.plant.meter(here.meter_key)
                assert reading is None or reading.power_w == pytest.approx(-326.1)
                inverter = here.plant.inverter(here.inverter_key)
                assert inverter is None or inverter.ac_power_w == pytest.approx(1530.1)
            here.words.update(truth)
            await asyncio.sleep(15)
            assert here.plant.meter(here.meter_key) is not None

    run(main())


def test_whoever_fails_to_follow_is_blamed_once_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with site(LEADER) as here:
            here.plant.subscribe_readings(fail)
            before = here.readings
            await asyncio.sleep(20)
            assert here.readings - before > 20
            assert here.plant.state is LinkState.READING

    run(main())
    assert caplog.text.count("What follows an inverter failed") == 1


# -- meters, and what a person has settled about them ------------------------------


def test_a_lone_meter_that_does_not_say_measures_the_grid() -> None:
    async def main() -> None:
        async with site(LEADER, options=("",)) as here:
            (meter,) = here.plant.layout.meters
            assert meter.role is MeterRole.UNKNOWN
            assert here.plant.roles.of(meter) is MeterRole.GRID

    run(main())


def test_several_meters_that_do_not_say_are_not_guessed_at() -> None:
    async def main() -> None:
        async with site(THREE_METERS, options=("", "", "")) as here:
            assert here.plant.roles.grid is None
            assert here.plant.poller.primary.name == "inverter 1"
            assert house_power_w(here.plant) is None

    run(main())


def test_a_person_can_say_what_a_meter_measures_and_that_it_is_reversed() -> None:
    async def main() -> None:
        key = "SE000001_meter_MT000001_production"
        setting = MeterSetting(role=MeterRole.GRID, reversed=True)
        async with site(
            LEADER, options=("Production",), settings={key: setting}
        ) as here:
            assert here.plant.roles.grid is not None
            reading = here.plant.meter(key)
            assert reading is not None
            assert reading.power_w == pytest.approx(326.1)
            assert reading.imported_wh == 13631357

    run(main())


def test_a_consumption_meter_tells_the_grid_by_what_the_inverters_give() -> None:
    async def main() -> None:
        async with site(LEADER, FOLLOWER, options=("Consumption",)) as here:
            meter = here.plant.roles.consumption
            assert meter is not None
            source = GridMeter(here.plant, meter, "solaredge:x", "Roof")
            reading = source.reading
            assert reading is not None
            assert reading.power_w == pytest.approx(326.1 - 1530.1 - 1599.6)
            assert reading.drawn_va == 0.0
            assert house_power_w(here.plant) == pytest.approx(326.1)
            assert source.knows_direction

    run(main())


def test_a_consumption_meter_tells_no_grid_before_every_inverter_was_heard() -> None:
    async def main() -> None:
        async with site(
            LEADER, FOLLOWER, options=("Consumption",), started=False
        ) as here:
            here.units[2].fail_requests(ModbusTimeoutError("nothing"))
            here.plant.start()
            await asyncio.sleep(20)
            meter = here.plant.roles.consumption
            assert meter is not None
            assert GridMeter(here.plant, meter, "solaredge:x", "Roof").reading is None

    run(main())


def test_a_grid_meter_calls_for_its_own_readings_only() -> None:
    async def main() -> None:
        async with site(LEADER, FOLLOWER) as here:
            calls = []
            remove = grid(here).async_subscribe(lambda: calls.append(now()))
            before = here.readings
            await asyncio.sleep(10)
            remove()
            assert len(calls) == 10
            assert here.readings - before > 15
            await asyncio.sleep(10)
            assert len(calls) == 10

    run(main())


# -- batteries ---------------------------------------------------------------------


def test_the_sun_of_a_hybrid_is_its_power_without_its_batteries() -> None:
    async def main() -> None:
        async with site(TWO_BATTERIES) as here:
            # 257 W AC, of which both batteries give 66 W.
            assert production_w(here.plant) == pytest.approx(256.56 - 132)
            sources = [
                Storage(here.plant, battery, f"solaredge:{battery.key}", "Battery")
                for battery in here.plant.layout.batteries
            ]
            first = sources[0].reading
            assert first is not None
            assert first.power_w == pytest.approx(66.0)
            assert first.soc == pytest.approx(0.958, abs=0.001)
            assert first.battery_id == sources[0].source_id
            assert sources[0].capacity_wh == pytest.approx(9599.04)

    run(main())


def test_the_sun_of_a_hybrid_is_as_old_as_what_its_battery_told() -> None:
    async def main() -> None:
        async with site(THREE_METERS) as here:
            sun = Sun(here.plant, "solaredge:x", "Roof")
            put(here.words, 57600 + 108, [0x0000, 0x7FC0] * 14)
            since = now()
            await asyncio.sleep(45)
            assert sun.reading is not None
            assert sun.reading[1] <= since + 3

    run(main())


def test_a_battery_charged_from_the_grid_is_no_sun() -> None:
    async def main() -> None:
        async with site(THREE_METERS) as here:
            assert production_w(here.plant) == 0.0

    run(main())


@pytest.mark.parametrize("soe", [-1.0, 100.5, 255.0, float("nan"), 3.4e38])
def test_a_state_of_energy_out_of_bounds_is_no_value(soe: float) -> None:
    async def main() -> None:
        async with site(TWO_BATTERIES) as here:
            put(here.words, 57600 + 132, float_words(soe))
            await asyncio.sleep(6)
            (battery, _) = here.plant.layout.batteries
            reading = here.plant.battery(battery.key)
            assert reading is not None
            assert reading.soc is None
            assert reading.stored_wh is None
            assert reading.power_w == pytest.approx(66.0)

    run(main())


def test_a_battery_that_tells_no_power_is_no_reading_for_home() -> None:
    async def main() -> None:
        async with site(FULL) as here:
            battery = here.plant.layout.batteries[0]
            source = Storage(here.plant, battery, "solaredge:x", "Battery")
            put(here.words, 57600 + 116, float_words(float("nan")))
            put(here.words, 57600 + 126, float_words(float("nan")) * 2)
            await asyncio.sleep(6)
            assert source.reading is None
            assert source.capacity_wh == 9700.0
            assert here.plant.battery(battery.key) is not None

    run(main())


def test_a_battery_of_nothing_but_sentinels_is_refused() -> None:
    async def main() -> None:
        async with site(TWO_BATTERIES) as here:
            battery = here.plant.layout.batteries[0]
            put(here.words, 57600 + 108, [0x0000, 0x7FC0] * 14)
            await asyncio.sleep(70)
            assert here.plant.battery(battery.key) is None

    run(main())


# -- strings -----------------------------------------------------------------------


def with_strings() -> Words:
    """Return an inverter that tells its two DC inputs apart, with a meter behind them."""
    words = registers(NO_METER)
    header = [160, 48, 0xFFFF, 0xFFFF, 0, 0, 0, 0, 2, 0]
    put(words, 40121, header)
    for index, power in enumerate((500, 365)):
        module = [index + 1, *words_of(f"String {index + 1}", 8)]
        module += [12, 4000, power, 0, 1234, 0, 0, 41, 4, 0, 0]
        put(words, 40131 + 20 * index, module)
    meter = registers(LEADER)
    for address in range(METER - 67, METER + 107):
        words[address + 50] = meter[address]
    return words


def test_dc_inputs_are_read_and_the_meters_behind_them_found() -> None:
    async def main() -> None:
        async with site(with_strings()) as here:
            (inverter,) = here.plant.layout.inverters
            (meter,) = here.plant.layout.meters
            assert (inverter.strings, meter.shift) == (2, 50)
            reading = here.plant.strings(inverter.key)
            assert reading is not None
            assert [one.power_w for one in reading.strings] == [500.0, 365.0]
            assert reading.strings[0].name == "String 1"
            assert reading.strings[0].voltage_v == 400.0
            grid_power = here.plant.meter(meter.key)
            assert grid_power is not None
            assert grid_power.power_w == pytest.approx(-326.1)
            here.silence()
            await asyncio.sleep(200)
            assert here.plant.strings(inverter.key) is None

    run(main())


def grid(here: Site) -> GridMeter:
    meter = here.plant.roles.grid
    assert meter is not None
    return GridMeter(here.plant, meter, f"solaredge:{meter.key}", "Roof")
