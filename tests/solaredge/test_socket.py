"""Answers that come late, short or from elsewhere, through the real connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from modbus_connection import ModbusTcpParams
from modbus_connection.tmodbus import ModbusConnection
import pytest

from custom_components.surplus.solaredge.lanes import Pace
from custom_components.surplus.solaredge.layout import (
    CannotConnectError,
    NoAnswerError,
    NotSolarEdgeError,
    async_probe_unit,
)
from custom_components.surplus.solaredge.model import MeterReading
from custom_components.surplus.solaredge.plant import Plant

from .dumps import LEADER, METER, registers
from .modbus_end import Answer, FarEnd, Request, far_end

pytestmark = pytest.mark.usefixtures("socket_enabled")

QUICK = Pace(
    primary_s=0.02,
    gap_s=0.0,
    answer_min_s=0.15,
    answer_max_s=0.3,
    other_max_s=0.3,
    dead_s=0.5,
    backoff_min_s=0.02,
    backoff_max_s=0.1,
    primary_retry_max_s=0.05,
)
POWER = METER + 18 - 40155


def is_meter(request: Request) -> bool:
    return (request.address, request.count) == (40155, 88)


def numbered(request: Request, answer: Answer) -> Answer:
    """Let the meter tell the number of the request it answers, as its power in W."""
    if is_meter(request):
        answer.words[POWER] = request.number
        answer.words[POWER + 4] = 0
    return answer


class Watch:
    """A plant behind a socket, and every reading of its meter."""

    def __init__(self, end: FarEnd, plant: Plant) -> None:
        self.end = end
        self.plant = plant
        self.told: list[MeterReading] = []
        plant.subscribe_readings(self._take)

    def _take(self) -> None:
        newest = self.plant.last_meter(self.plant.layout.meters[0].key)
        if newest is not None and (not self.told or newest is not self.told[-1]):
            self.told.append(newest)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    async def more(self, readings: int) -> None:
        wanted = len(self.told) + readings
        await self.until(lambda: len(self.told) >= wanted)

    @property
    def numbers(self) -> list[int]:
        return [-int(reading.power_w or 0) for reading in self.told]


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    async with far_end(registers(LEADER)) as end:
        connection = ModbusConnection(
            ModbusTcpParams(host="127.0.0.1", port=end.port), timeout=2.0
        )
        unit = connection.for_unit(1)
        plant = Plant(
            units={1: unit}, layout=await async_probe_unit(unit, 1), pace=QUICK
        )
        end.mischief = numbered
        watch = Watch(end, plant)
        plant.start()
        try:
            await watch.more(3)
            yield watch
        finally:
            await plant.stop()
            await connection.close()


async def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    async with watched() as watch:
        late: set[int] = set()

        def dawdle(request: Request, answer: Answer) -> Answer:
            answer = numbered(request, answer)
            if request.number % 5 == 0:
                # Later than we wait, and in the middle of the next requests.
                late.add(request.number)
                answer.after_s = 0.32
            return answer

        watch.end.mischief = dawdle
        await watch.until(lambda: len(late) >= 6)
        await watch.more(5)
        assert watch.plant.counters.timeouts >= 5
        assert not late & set(watch.numbers)
        assert watch.numbers == sorted(watch.numbers)
        inverter = watch.plant.inverter(watch.plant.layout.inverters[0].key)
        assert inverter is not None
        assert inverter.ac_power_w == pytest.approx(1530.1)


@pytest.mark.parametrize("words", [0, 1, 8, 40, 87, 89], ids=str)
async def test_an_answer_of_another_length_is_no_reading(words: int) -> None:
    async with watched() as watch:

        def cut(request: Request, answer: Answer) -> Answer:
            answer = numbered(request, answer)
            if is_meter(request) and request.number % 3 == 0:
                answer.words = (answer.words * 2)[:words]
            return answer

        watch.end.mischief = cut
        await watch.more(6)
        assert watch.plant.counters.garbled >= 1
        assert watch.numbers == sorted(watch.numbers)
        fooled = [number for number in watch.numbers[4:] if number % 3 == 0]
        assert fooled == []


async def test_an_answer_of_another_unit_ends_the_connection_and_is_no_reading() -> (
    None
):
    async with watched() as watch:
        before = watch.end.connections
        strange: list[int] = []

        def stray(request: Request, answer: Answer) -> Answer:
            answer = numbered(request, answer)
            if is_meter(request) and not strange:
                strange.append(request.number)
                answer.unit_id = 7
            return answer

        watch.end.mischief = stray
        await watch.until(lambda: bool(strange))
        await watch.more(3)
        assert watch.end.connections == before + 1
        assert not set(strange) & set(watch.numbers)
        assert watch.plant.counters.garbled == 1


async def test_an_exception_is_counted_and_the_rest_goes_on() -> None:
    async with watched() as watch:
        inverters = 0

        def refuse(request: Request, answer: Answer) -> Answer:
            nonlocal inverters
            if request.address == 40069:
                inverters += 1
                return Answer(exception=4)
            return numbered(request, answer)

        watch.end.mischief = refuse
        # The inverter is due every two seconds.
        await watch.until(lambda: inverters >= 1)
        await watch.more(5)
        assert watch.plant.counters.exceptions >= 1


async def test_a_connection_that_is_cut_is_made_again_and_the_inverter_verified() -> (
    None
):
    async with watched() as watch:
        hung_up: list[int] = []

        def cut(request: Request, answer: Answer) -> Answer:
            if not hung_up:
                hung_up.append(request.number)
                return Answer(hang_up=True)
            return numbered(request, answer)

        watch.end.mischief = cut
        await watch.until(lambda: bool(hung_up))
        await watch.more(3)
        assert watch.end.connections == 2
        assert watch.plant.counters.failed_connections == 1
        after = watch.end.requests[hung_up[0] :]
        assert after[0].address == 40004
        assert not is_meter(after[0])


async def test_a_silent_connection_is_taken_down_and_made_again() -> None:
    async with watched() as watch:
        silent = True

        def dead(request: Request, answer: Answer) -> Answer:
            answer = numbered(request, answer)
            if silent:
                answer.after_s = 60.0
            return answer

        watch.end.mischief = dead
        await watch.until(lambda: watch.plant.counters.recycled > 0)
        silent = False
        await watch.more(3)
        assert watch.end.connections >= 2


async def test_probing_tells_why_there_is_no_inverter() -> None:
    async with far_end({}) as end:
        connection = ModbusConnection(
            ModbusTcpParams(host="127.0.0.1", port=end.port), timeout=0.1
        )
        unit = connection.for_unit(1)
        with pytest.raises(NotSolarEdgeError):
            await async_probe_unit(unit, 1)
        end.mischief = lambda _request, _answer: Answer(exception=11)
        with pytest.raises(NoAnswerError):
            await async_probe_unit(unit, 1)
        end.mischief = lambda _request, answer: Answer(words=[0] * 4)
        with pytest.raises(NotSolarEdgeError):
            await async_probe_unit(unit, 1)
        end.mischief = lambda _request, answer: Answer(after_s=60)
        with pytest.raises(NoAnswerError):
            await async_probe_unit(unit, 1)
        await connection.close()
    closed = ModbusConnection(ModbusTcpParams(host="127.0.0.1", port=end.port))
    with pytest.raises(CannotConnectError):
        await async_probe_unit(closed.for_unit(1), 1)
    await closed.close()
