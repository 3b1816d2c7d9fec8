"""Who is asked when, in virtual time."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any, override

from modbus_connection import (
    GatewayTargetError,
    ModbusConnectionError,
    ModbusProtocolError,
    ModbusTcpParams,
    ModbusTimeoutError,
)
from modbus_connection.tmodbus import ModbusConnection
import pytest

from custom_components.surplus.solaredge.lanes import Lane, Pace, Poller
from custom_components.surplus.solaredge.sound import UnsoundError

from .dumps import Unit, unit
from .virtual import SharedLink, now, run

FOR_EVER = 1e6


class Bench:
    """A poller with a meter and some others on a link of its own."""

    def __init__(
        self, answer_s: float = 0.1, others: dict[str, float] | None = None
    ) -> None:
        self.link = SharedLink(answer_s)
        self.unit: Unit = unit({})
        self.read_at: dict[str, list[float]] = {}
        self.trouble: dict[str, Callable[[], Exception | None]] = {}
        self.primary = self.lane("meter", 1.0)
        self.others = [
            self.lane(name, interval)
            for name, interval in (others or {"inverter": 2.0, "battery": 3.0}).items()
        ]
        self.poller = Poller(
            unit=self.unit, primary=self.primary, others=self.others, clock=now
        )

    def lane(self, name: str, interval_s: float) -> Lane:
        self.read_at[name] = []

        async def read() -> None:
            await self.unit._ensure_connected()
            await self.link.request(name, 0)
            if (error := self.trouble.get(name, lambda: None)()) is not None:
                raise error
            self.read_at[name].append(now())

        return Lane(name, interval_s, read)

    async def poll(self, seconds: float) -> None:
        self.poller.start()
        await asyncio.sleep(seconds)
        await self.poller.stop()

    def oldest_s(self, name: str) -> float:
        """Return how old the reading became, once there was one."""
        at = self.read_at[name]
        return max(later - earlier for earlier, later in pairwise(at))


async def core(link: SharedLink, requests: int = 10, pause_s: float = 10.0) -> None:
    """Poll as core does: so many requests in a row, then a pause."""
    while True:
        for _ in range(requests):
            await link.request("core", 0)
        await asyncio.sleep(pause_s)


def test_a_quick_link_reads_the_meter_each_second_and_the_rest_when_due() -> None:
    async def main() -> Bench:
        bench = Bench()
        await bench.poll(60)
        return bench

    bench = run(main())
    assert len(bench.read_at["meter"]) == 60
    assert bench.oldest_s("meter") == pytest.approx(1.0)
    assert bench.oldest_s("inverter") <= 3.0
    assert bench.oldest_s("battery") <= 4.0
    assert bench.poller.latency_s == pytest.approx(0.1)
    assert not bench.poller.slow


def test_with_core_on_a_link_of_slow_answers_the_meter_stays_three_seconds_old() -> (
    None
):
    async def main() -> Bench:
        bench = Bench(answer_s=1.0)
        other = asyncio.create_task(core(bench.link))
        await bench.poll(600)
        other.cancel()
        return bench

    bench = run(main())
    assert bench.oldest_s("meter") <= 3.0
    # The others come less often, and still come.
    assert bench.oldest_s("inverter") < 30.0
    assert bench.oldest_s("battery") < 30.0
    # Core waits for four requests of ours at most.
    cores = [at for at, who in enumerate(bench.link.turns) if who == "core"]
    gaps = [later - earlier for earlier, later in pairwise(cores)]
    assert sum(gap > 5 for gap in gaps) < len(cores) / 10 + 1


def test_the_meter_keeps_its_turn_when_core_comes_at_any_moment() -> None:
    async def main(delay_s: float) -> float:
        bench = Bench(answer_s=1.0)

        async def late_core() -> None:
            await asyncio.sleep(delay_s)
            await core(bench.link, requests=3, pause_s=2.7)

        other = asyncio.create_task(late_core())
        await bench.poll(200)
        other.cancel()
        return bench.oldest_s("meter")

    assert max(run(main(tenth / 10)) for tenth in range(100)) <= 3.0


def test_a_link_that_is_quick_again_is_polled_as_a_quick_one() -> None:
    async def main() -> tuple[bool, bool]:
        bench = Bench(answer_s=1.0)
        bench.poller.start()
        await asyncio.sleep(30)
        slow = bench.poller.slow
        bench.link.answer_s = 0.15
        await asyncio.sleep(30)
        await bench.poller.stop()
        return slow, bench.poller.slow

    assert run(main()) == (True, False)


def test_a_device_that_is_gone_does_not_touch_the_others() -> None:
    async def main() -> Bench:
        bench = Bench(others={"inverter": 2.0, "follower": 2.0})
        bench.trouble["follower"] = GatewayTargetError
        await bench.poll(120)
        return bench

    bench = run(main())
    assert bench.read_at["follower"] == []
    assert bench.oldest_s("meter") <= 1.5
    assert bench.oldest_s("inverter") <= 3.0
    # It is asked ever less often.
    assert bench.poller.counters.exceptions < 15


def test_a_meter_that_is_gone_leaves_the_inverter_readable() -> None:
    async def main() -> Bench:
        bench = Bench()
        bench.trouble["meter"] = ModbusTimeoutError
        await bench.poll(120)
        return bench

    bench = run(main())
    assert bench.read_at["meter"] == []
    assert bench.oldest_s("inverter") <= 5.0
    assert bench.poller.counters.recycled == 0


def test_what_comes_back_is_read_again_soon() -> None:
    async def main() -> float:
        bench = Bench()
        bench.trouble["meter"] = lambda: (
            UnsoundError("nothing") if now() < 1060 else None
        )
        await bench.poll(120)
        return bench.read_at["meter"][0] - 1060

    assert run(main()) < 11.0


def test_a_request_without_answer_is_given_up_before_the_links_own_limit() -> None:
    async def main() -> Bench:
        bench = Bench()
        # Core is content to wait for 30 s, and so would the link.
        lost = iter([0.1] * 20 + [FOR_EVER])
        bench.link.answers_s = lambda _: next(lost, 0.1)
        await bench.poll(30)
        return bench

    bench = run(main())
    assert bench.poller.counters.timeouts == 1
    assert bench.oldest_s("meter") < 6.0


def test_a_link_on_which_nothing_is_answered_is_taken_down() -> None:
    async def main() -> Bench:
        bench = Bench()
        bench.link.answers_s = lambda _: FOR_EVER if 1010 < now() < 1100 else 0.1
        await bench.poll(200)
        return bench

    bench = run(main())
    assert bench.unit.disconnects == bench.poller.counters.recycled
    assert 2 <= bench.unit.disconnects <= 6
    back = [at for at in bench.read_at["meter"] if at > 1100]
    assert back[0] < 1100 + 45
    # And then as before.
    assert back[-1] - back[-2] < 1.5


def test_a_refused_connection_is_tried_again_ever_more_slowly() -> None:
    async def main() -> Bench:
        bench = Bench()
        for name in bench.read_at:
            bench.trouble[name] = lambda: (
                ModbusConnectionError("refused") if now() < 1300 else None
            )
        await bench.poll(400)
        return bench

    bench = run(main())
    assert bench.poller.counters.failed_connections < 20
    assert bench.unit.disconnects == 0
    assert bench.read_at["meter"][0] < 1300 + 31
    assert "refused" in (bench.poller.counters.last_error or "")


class NobodyThere(ModbusConnection):
    """A link to an address at which nobody answers: it takes its time to fail."""

    @override
    async def _connect_client(self) -> Any:
        await asyncio.sleep(self._timeout)
        raise ModbusTimeoutError("could not connect")


# Alone on the link, and with core.
@pytest.mark.parametrize("limit_s", [10.0, 30.0])
def test_a_connection_that_takes_its_time_to_fail_is_no_error_in_the_log(
    limit_s: float,
) -> None:
    async def main() -> Poller:
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: errors.append(context)
        )
        link = NobodyThere(ModbusTcpParams(host="inverter"), timeout=limit_s)
        unit = link.for_unit(1)

        async def read() -> None:
            await unit.read_holding_registers(0, 1)

        lanes = [Lane(name, 1.0, read) for name in ("meter", "inverter")]
        poller = Poller(unit=unit, primary=lanes[0], others=lanes[1:], clock=now)
        poller.start()
        await asyncio.sleep(3600)
        # Removed while it is trying once more.
        for asked in (False, True):
            while bool(poller._asked) is not asked:
                await asyncio.sleep(0.1)
        await asyncio.sleep(limit_s - 5)
        before = now()
        await poller.stop()
        assert 4 < now() - before < 6
        await link.close()
        await asyncio.sleep(60)
        assert len(asyncio.all_tasks()) == 1
        return poller

    errors: list[dict[str, Any]] = []
    counters = run(main()).counters
    assert errors == []
    assert (counters.timeouts, counters.recycled) == (0, 0)
    assert 50 < counters.failed_connections < 150


def test_garbage_is_counted_and_survived() -> None:
    async def main() -> Bench:
        bench = Bench()
        errors = iter([ModbusProtocolError("short"), UnsoundError("zeros"), None])
        bench.trouble["meter"] = lambda: next(errors, None)
        await bench.poll(20)
        return bench

    counters = (bench := run(main())).poller.counters
    assert (counters.garbled, counters.refused) == (1, 1)
    assert counters.last_error == "meter: zeros"
    assert len(bench.read_at["meter"]) > 10


@pytest.mark.expects_logged_errors
def test_a_fault_of_ours_does_not_end_the_polling(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> Bench:
        bench = Bench()
        faults = iter([ZeroDivisionError("ours")])
        bench.trouble["meter"] = lambda: next(faults, None)
        await bench.poll(10)
        return bench

    assert len(run(main()).read_at["meter"]) > 5
    assert "Polling meter failed" in caplog.text


def test_stopping_ends_the_requests_and_may_be_repeated() -> None:
    async def main() -> int:
        bench = Bench()
        await bench.poll(5)
        await bench.poller.stop()
        turns = len(bench.link.turns)
        await asyncio.sleep(10)
        return len(bench.link.turns) - turns

    assert run(main()) == 0


def test_a_pace_can_be_set() -> None:
    async def main() -> Bench:
        bench = Bench()
        bench.poller.pace = Pace(primary_s=0.5)
        bench.primary.interval_s = 0.5
        await bench.poll(10)
        return bench

    assert len(run(main()).read_at["meter"]) >= 18
