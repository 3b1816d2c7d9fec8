"""Surplus's own reader on what the simulated meter sends: two independent hands."""

from datetime import UTC, datetime

import pytest

from custom_components.surplus.linky.frames import Decoder, Frame
from custom_components.surplus.linky.meter import Meter
from custom_components.surplus.linky.power import grid_reading
from simulator.clock import DayClock
from simulator.house import House, HouseSpec
from simulator.linky import Linky, LinkySpec
from simulator.tariff import OPTIONS
from simulator.tic import TicMode
from simulator.trace import constant_trace

WALL = datetime(2026, 6, 21, 10, 0, 5, tzinfo=UTC)


def stream(
    base_w: list[float], *, phases: int = 1, contract: str = "hphc", **spec: object
) -> tuple[Decoder, Meter, list[Frame], House]:
    """Send a frame every two seconds and read it."""
    linky = Linky(
        LinkySpec(option=OPTIONS[contract], **spec),
        wall=WALL,
    )
    house = House(
        solar=constant_trace(0),
        load=constant_trace(0),
        day=DayClock(),
        meters=[linky],
        spec=HouseSpec(phases=phases),
    )
    decoder, meter, frames = Decoder(), Meter(), []
    for n, watts in enumerate(base_w):
        house.fix_base(watts)
        house.advance(2.0 * n + 2)
        for event in decoder.events(linky.next_frame(), house.now):
            if isinstance(event, Frame):
                frames.append(event)
                meter.on_frame(event)
            else:
                meter.on_group(event, house.now)
    return decoder, meter, frames, house


@pytest.mark.parametrize("mode", list(TicMode))
@pytest.mark.parametrize("phases", [1, 3])
@pytest.mark.parametrize("producer", [True, False])
@pytest.mark.parametrize("contract", list(OPTIONS))
def test_nothing_is_lost(
    mode: TicMode, phases: int, producer: bool, contract: str
) -> None:
    powers = [500.0, -2000.0, 11_000.0, 30.0, 0.0] * 4
    decoder, meter, frames, _ = stream(
        powers, mode=mode, phases=phases, producer=producer, contract=contract
    )
    assert decoder.counters.bad_groups == 0
    assert meter.mode is not None
    assert meter.mode.value == mode.value
    # A three-phase overload in historic mode cuts one frame on purpose.
    assert len(frames) >= len(powers) - 1


@pytest.mark.parametrize("phases", [1, 3])
@pytest.mark.parametrize(
    ("producer", "tolerance_w"),
    # Without an injection contract only whole amperes tell how much is injected.
    [(True, 40), (False, 180)],
)
@pytest.mark.parametrize("watts", [-5000.0, -1500.0, 1500.0, 5000.0])
def test_the_grid_power_that_is_read_is_the_true_one(
    phases: int, producer: bool, tolerance_w: float, watts: float
) -> None:
    _, meter, _, house = stream([watts] * 4, phases=phases, producer=producer)
    reading = grid_reading(meter, house.now)
    assert reading is not None
    assert reading.power_w == pytest.approx(watts, abs=tolerance_w * phases)
