"""The central system with the virtual charger, which applies profiles by the standard.

It was written from the standard and not from the central system, keeps its own clock,
and goes on drawing by its profiles when the link is cut: what is proven here is what a
lease is for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from custom_components.surplus.ocpp.charge_point import Charger
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.profiles import Form
from custom_components.surplus.ocpp.server import CentralSystem
from custom_components.surplus.ocpp.status import Status
from simulator.car import Car, CarSpec
from simulator.charger import Charger as VirtualCharger, ChargerSpec
from simulator.clock import Clock
from simulator.evse import Evse, EvseSpec
from simulator.profiles import StoreLimits

from .conftest import timed, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

LEASE_S = 2.0
TIMING = timed(lease_s=LEASE_S, renew_s=0.7, spacing_s=0.1, poll_s=1.5)
SETTINGS = ChargerSettings(
    identity="BOX-1", name="Box", max_a=20, safe_a=8, auto_start=True
)


class Box:
    """A virtual charger in real time, with a car plugged in."""

    def __init__(
        self, port: int | None, spec: ChargerSpec, error_s: float, levels: int
    ) -> None:
        self.clock = Clock()
        self.evse = Evse(
            EvseSpec(pilot_gap_s=0.0, store=StoreLimits(max_stack_level=levels)),
            wall=self.clock.wall(),
            clock_error_s=error_s,
        )
        self.charger = VirtualCharger(
            self.evse, self.clock, f"ws://127.0.0.1:{port}", spec
        )
        self.evse.plug(
            Car(
                CarSpec(
                    dead_time_s=0.1, wake_s=0.1, start_latency_s=0.2, ramp_up_a_s=50
                )
            )
        )

    async def live(self) -> None:
        before = self.clock.now()
        while True:
            now = self.clock.now()
            self.evse.step(now, now - before, 230.0)
            self.charger.poll(now)
            before = now
            await asyncio.sleep(0.01)


@asynccontextmanager
async def site(
    *,
    free_vend: bool = True,
    synchronised: bool = True,
    error_s: float = 0.0,
    levels: int = 9,
) -> AsyncIterator[tuple[Box, Charger, CentralSystem]]:
    central = CentralSystem(timing=TIMING)
    charger = central.add(SETTINGS)
    await central.start("127.0.0.1", 0)
    spec = ChargerSpec(identity="BOX-1", free_vend=free_vend, synchronised=synchronised)
    box = Box(central.port, spec, error_s, levels)
    tasks = [asyncio.create_task(box.live()), asyncio.create_task(box.charger.run())]
    try:
        await until(
            lambda: charger.ready_link is not None and charger.service.configured
        )
        yield box, charger, central
    finally:
        await central.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(("levels", "form"), [(9, Form.STACKED), (0, Form.SINGLE)])
async def test_the_limit_holds_while_it_is_renewed_and_ends_with_the_link(
    levels: int, form: Form
) -> None:
    async with site(levels=levels) as (box, charger, _):
        await charger.apply(16)
        await until(lambda: box.evse.pilot_a == 16)
        assert charger.memory.form is form
        # Longer than the lease: it is renewed.
        await asyncio.sleep(LEASE_S + 0.5)
        assert box.evse.pilot_a == 16
        await charger.apply(0)
        await until(lambda: box.evse.pilot_a == 0)
        await charger.apply(12)
        await until(lambda: box.evse.pilot_a == 12)

        box.charger.cut()
        await until(lambda: box.evse.pilot_a == 8, within_s=LEASE_S + 3)
        assert box.evse.session is not None


@pytest.mark.parametrize("error_s", [-5000.0, 3600.0, 20.0])
async def test_a_clock_that_is_never_set_right_does_not_matter(error_s: float) -> None:
    async with site(synchronised=False, error_s=error_s) as (box, charger, _):
        await until(lambda: abs(charger.state.charger_clock.offset_s - error_s) < 3, 15)
        await charger.apply(16)
        await until(lambda: box.evse.pilot_a == 16)
        box.charger.cut()
        await until(lambda: box.evse.pilot_a == 8, within_s=LEASE_S + 3)


async def test_a_central_system_that_dies_leaves_the_safe_current_behind() -> None:
    async with site() as (box, charger, central):
        await charger.apply(16)
        await until(lambda: box.evse.pilot_a == 16)
        # Killed: nothing is released.
        await central.stop()
        assert box.evse.pilot_a == 16
        await until(lambda: box.evse.pilot_a == 8, within_s=LEASE_S + 3)


async def test_an_orderly_stop_leaves_it_at_once() -> None:
    async with site() as (box, charger, central):
        await charger.apply(16)
        await until(lambda: box.evse.pilot_a == 16)
        await central.release()
        await until(lambda: box.evse.pilot_a == 8, within_s=1)
        await asyncio.sleep(LEASE_S + 0.5)
        assert box.evse.pilot_a == 8


async def test_a_session_is_begun_where_the_charger_does_not_by_itself() -> None:
    async with site(free_vend=False) as (box, charger, _):
        await until(lambda: charger.connector().status is Status.PREPARING)
        assert box.evse.session is None
        await charger.apply(10)
        await until(lambda: box.evse.session is not None)
        assert box.evse.session is not None
        assert box.evse.session.id_tag == "SURPLUS"
        await until(lambda: box.evse.pilot_a == 10)
        await until(lambda: charger.transactions.current(1) is not None)


async def test_what_it_measures_is_read() -> None:
    async with site() as (box, charger, _):
        await charger.apply(10)
        await until(lambda: (charger.connector().power_w or 0) > 2000, within_s=20)
        assert charger.connector().power_w == pytest.approx(
            sum(box.evse.power_w), abs=50
        )
        (current,) = charger.connector().vehicle_currents_a
        assert current == pytest.approx(box.evse.currents_a[0], abs=0.2)
        assert charger.connector().energy.total_wh == pytest.approx(1_234_000, abs=100)
        assert charger.connector().measured_offer_a == 10
