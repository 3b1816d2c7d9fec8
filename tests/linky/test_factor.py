"""The power factor is learned from indexes, slowly, and from nothing else."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.linky.factor import PowerFactor
from custom_components.surplus.linky.power import NetQuality, grid_reading, net_quality

from .test_meter import Line
from .tic import standard, standard_frame, three_phase_frame


class Producer:
    """A meter in producer mode: its indexes count what is active, its VA do not."""

    def __init__(self) -> None:
        self.line = Line()
        self.drawn_wh = 17_000_000.0
        self.injected_wh = 4_000_000.0
        self.adsc = "031664000000"
        self.mangle: Callable[[bytes], bytes] = lambda data: data

    def frame(self, va: float) -> bytes:
        """The frame of a moment; what is injected is negative."""
        data = standard_frame(
            round(max(va, 0)),
            sinsti=round(max(-va, 0)),
            adsc=self.adsc,
            east=int(self.drawn_wh),
            eait=int(self.injected_wh),
            irms=round(abs(va) / 230),
            stge="003A8300" if va < 0 else "003A8100",
        )
        return self.mangle(data)

    def run(
        self, seconds: int, va: float, factor: float, *, every: float = 1.0
    ) -> None:
        for _ in range(int(seconds / every)):
            wh = abs(va) * factor * every / 3600
            if va >= 0:
                self.drawn_wh += wh
            else:
                self.injected_wh += wh
            self.line.now += every
            self.line.send(self.frame(va))

    @property
    def drawn(self) -> PowerFactor:
        return self.line.meter.drawn_factor

    @property
    def injected(self) -> PowerFactor:
        return self.line.meter.injected_factor

    @property
    def net_w(self) -> float | None:
        reading = grid_reading(self.line.meter, self.line.now)
        assert reading is not None
        return reading.power_w

    @property
    def quality(self) -> NetQuality | None:
        return net_quality(self.line.meter, self.line.now)


@pytest.fixture
def meter() -> Producer:
    return Producer()


@pytest.mark.parametrize("every", [1.0, 2.0])
@pytest.mark.parametrize("va", [600.0, 2500.0, 9000.0])
@pytest.mark.parametrize("factor", [0.7, 0.95])
def test_the_factor_of_what_is_drawn_is_found(
    meter: Producer, va: float, factor: float, every: float
) -> None:
    meter.run(3600, va, factor, every=every)
    assert meter.drawn.value == pytest.approx(factor, abs=0.02)
    assert meter.net_w == pytest.approx(factor * va, rel=0.03)


def test_before_anything_is_learned_apparent_power_stands_as_it_is(
    meter: Producer,
) -> None:
    meter.run(50, 3000, 0.8)
    assert not meter.drawn.learned
    assert meter.net_w == 3000.0
    assert meter.quality is NetQuality.APPARENT


def test_each_direction_has_its_own(meter: Producer) -> None:
    meter.run(1800, 2000, 0.9)
    assert meter.quality is NetQuality.PARTLY_LEARNED
    drawn = meter.drawn.value
    meter.run(1800, -3000, 0.75)
    assert meter.injected.value == pytest.approx(0.75, abs=0.02)
    assert meter.drawn.value == drawn == pytest.approx(0.9, abs=0.02)
    assert meter.net_w == pytest.approx(-0.75 * 3000, rel=0.03)
    assert meter.quality is NetQuality.LEARNED


def test_limits_stay_on_apparent_power(meter: Producer) -> None:
    meter.run(3600, 8000, 0.6)
    reading = grid_reading(meter.line.meter, meter.line.now)
    assert reading is not None
    assert reading.drawn_va == 8000.0
    assert reading.currents_a == (35.0,)
    assert reading.power_w == pytest.approx(4800, rel=0.03)


def test_it_moves_by_two_percent_a_minute_at_most(meter: Producer) -> None:
    seen = [1.0]
    for _ in range(30):
        meter.run(60, 3000, 0.6)
        seen.append(meter.drawn.value)
    steps = [before - after for before, after in pairwise(seen)]
    # A stretch ends on a movement of the index: now and then a little after the minute.
    assert max(steps) <= 0.0205
    assert seen[-1] < 0.65


def test_near_zero_it_is_frozen(meter: Producer) -> None:
    meter.run(1200, 2000, 0.9)
    before = meter.drawn.value
    meter.run(7200, 300, 0.2)
    assert meter.drawn.value == before


def test_phases_that_oppose_each_other_teach_nothing() -> None:
    # 6 A of sun leave by one phase, beside a pump of 2400 VA and 1500 W on another: of
    # the 1020 VA that remain next to nothing is active, and that is nobody's factor.
    line, wh = Line(), 1_000_000.0
    for _ in range(3600):
        wh += (1500 - 1380) / 3600
        line.now += 1
        line.send(
            three_phase_frame(
                sinsts=1020,
                phases=((6, 230, 0), (10, 240, 2400), (0, 230, 0)),
                east=int(wh),
            )
        )
    assert not line.meter.drawn_factor.learned
    for _ in range(3600):
        wh += 0.9 * 3000 / 3600
        line.now += 1
        line.send(
            three_phase_frame(
                sinsts=3000,
                phases=((2, 230, 460), (10, 240, 2400), (0, 230, 140)),
                east=int(wh),
            )
        )
    assert line.meter.drawn_factor.value == pytest.approx(0.9, abs=0.02)


def test_a_night_of_filters_makes_nothing_of_what_is_drawn_by_day(
    meter: Producer,
) -> None:
    # Several inverters at rest: 700 VA, and hardly a watt.
    meter.run(8 * 3600, 700, 0.2, every=2.0)
    meter.run(2, 7000, 1.0)
    assert meter.net_w is not None
    assert meter.net_w >= 0.6 * 7000 - 1


def test_a_house_that_hovers_about_zero_teaches_nothing(meter: Producer) -> None:
    for _ in range(600):
        meter.run(3, 700, 0.3)
        meter.run(3, -700, 0.3)
    assert not meter.drawn.learned
    assert not meter.injected.learned


def test_it_is_never_more_than_one(meter: Producer) -> None:
    meter.run(1800, 2000, 1.05)
    assert meter.drawn.learned
    assert meter.drawn.value == 1.0


def test_energy_that_cannot_be_is_not_believed(meter: Producer) -> None:
    meter.run(1800, 2000, 0.9)
    before = meter.drawn.value
    meter.run(1800, 2000, 1.6)
    # All but the stretch that had begun before.
    assert meter.drawn.value == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize("lost_s", [6, 60, 3000])
def test_energy_of_a_gap_is_not_laid_to_the_seconds_after_it(
    meter: Producer, lost_s: int
) -> None:
    meter.run(1800, 2000, 0.9)
    for _ in range(40):
        meter.line.now += lost_s
        # Nobody saw that the house drew six times as much.
        meter.drawn_wh += 12_000 * lost_s / 3600
        meter.run(70, 2000, 0.9)
    assert meter.drawn.value == pytest.approx(0.9, abs=0.02)


def test_a_stretch_with_a_gap_in_it_counts_for_nothing(meter: Producer) -> None:
    for _ in range(60):
        meter.run(50, 3000, 0.5)
        meter.line.now += 6
    assert not meter.drawn.learned


def test_a_corrupted_index_teaches_nothing(meter: Producer) -> None:
    meter.run(1800, 2000, 0.9)
    before = meter.drawn.value
    true_wh = meter.drawn_wh
    # A step that the index itself still allows.
    meter.drawn_wh += 150
    meter.run(1, 2000, 0.9)
    meter.drawn_wh = true_wh
    # The index stands still until the truth has caught up.
    meter.run(270, 2000, 0.9)
    assert meter.drawn.value == before
    meter.run(1800, 2000, 0.9)
    assert meter.drawn.value == pytest.approx(0.9, abs=0.02)


def test_a_lost_index_is_made_up_for_by_the_next(meter: Producer) -> None:
    count = 0

    def lose_some(data: bytes) -> bytes:
        nonlocal count
        count += 1
        return data.replace(b"EAST", b"EAS!") if count % 5 else data

    meter.mangle = lose_some
    meter.run(3600, 3000, 0.85)
    assert meter.drawn.value == pytest.approx(0.85, abs=0.03)


def test_another_meter_begins_anew(meter: Producer) -> None:
    meter.run(1800, 2000, 0.7)
    meter.run(1800, -2000, 0.7)
    assert meter.drawn.learned
    assert meter.injected.learned
    meter.adsc = "031664000001"
    meter.run(3, 2000, 0.7)
    assert not meter.drawn.learned
    assert not meter.injected.learned
    assert meter.net_w == 2000.0


def test_an_index_that_goes_back_begins_a_new_stretch() -> None:
    factor = PowerFactor()
    for second in range(40):
        factor.observe(float(second), 3600.0, 1000 + second)
    for second in range(40, 100):
        factor.observe(float(second), 3600.0, 500 + second)
    assert not factor.learned
    for second in range(100, 130):
        factor.observe(float(second), 3600.0, 500 + second)
    assert factor.learned
    assert factor.value == 1.0


def steady(
    factor: PowerFactor,
    seconds: int,
    va: float,
    ratio: float,
    start: tuple[float, float] = (0.0, 1000.0),
) -> tuple[float, float]:
    """Show a constant load once a second from an instant and an index on.

    Return those at its end.
    """
    at, wh = start
    for _ in range(seconds):
        at += 1.0
        wh += va * ratio / 3600
        factor.observe(at, va, int(wh))
    return at, wh


def test_a_small_load_is_left_out_and_the_stretch_with_it() -> None:
    factor = PowerFactor()
    end = steady(factor, 50, 3600.0, 0.5)
    end = steady(factor, 3, 499.0, 0.5, end)
    end = steady(factor, 50, 3600.0, 0.5, end)
    assert not factor.learned
    end = steady(factor, 600, 499.0, 0.5, end)
    assert not factor.learned
    steady(factor, 100, 500.0, 0.5, end)
    assert factor.learned


def test_a_stretch_is_a_minute_from_move_to_move() -> None:
    factor = PowerFactor()
    # A watt-hour every ten seconds, from the tenth on.
    end = steady(factor, 69, 720.0, 0.5)
    assert not factor.learned
    steady(factor, 2, 720.0, 0.5, end)
    assert factor.value == 0.98


def test_a_stretch_counts_a_quarter_and_two_percent_at_most() -> None:
    factor = PowerFactor()
    steady(factor, 70, 3600.0, 0.96)
    assert factor.value == pytest.approx(0.99, abs=0.002)
    factor = PowerFactor()
    steady(factor, 70, 3600.0, 0.8)
    assert factor.value == 0.98
    factor = PowerFactor(value=0.5)
    steady(factor, 70, 3600.0, 0.8)
    assert factor.value == 0.52


def test_an_index_that_was_corrupted_stands_still_and_teaches_nothing() -> None:
    factor = PowerFactor()
    at, _ = steady(factor, 30, 3600.0, 0.9)
    for _ in range(180):
        at += 1.0
        factor.observe(at, 3600.0, 1180)
    assert not factor.learned
    end = steady(factor, 50, 3600.0, 0.9, (at, 1180.0))
    assert not factor.learned
    steady(factor, 30, 3600.0, 0.9, end)
    assert factor.value == pytest.approx(0.98, abs=0.005)


def test_what_is_more_than_apparent_is_a_swing_or_no_truth() -> None:
    factor = PowerFactor(value=0.9)
    end = steady(factor, 70, 3600.0, 1.1)
    assert factor.value == pytest.approx(0.92)
    before = factor.value
    factor._began = None
    steady(factor, 70, 3600.0, 1.3, end)
    assert factor.value == before


def test_the_same_frame_counts_once() -> None:
    once, twice = PowerFactor(), PowerFactor()
    for second in range(200):
        once.observe(float(second), 1000.0, second * 900 // 3600)
        for _ in range(2):
            twice.observe(float(second), 1000.0, second * 900 // 3600)
    assert once == twice
    assert once.learned


def test_a_lost_injection_teaches_nothing(meter: Producer) -> None:
    # What is drawn with the injection of an older frame: nobody knows which it is.
    meter.run(30, -2000, 0.5)
    meter.mangle = lambda data: data.replace(b"SINSTI", b"SINST!")
    meter.run(8, 2000, 0.5)
    assert meter.drawn._last is None
    # Once the injection is too old to stand, it is no longer in the way.
    meter.run(1800, 2000, 0.5)
    assert meter.drawn.learned
    meter.mangle = lambda data: data
    meter.run(10, -2000, 0.5)
    meter.mangle = lambda data: data.replace(b"SINSTI", b"SINST!")
    meter.run(5, -2000, 0.5)
    assert meter.injected._last is None


def test_a_consumer_learns_what_it_draws() -> None:
    line = Line()
    for second in range(1800):
        line.now += 1
        line.send(standard_frame(3000, east=17_000_000 + int(second * 0.7), irms=13))
    assert line.meter.drawn_factor.value == pytest.approx(0.84, abs=0.02)
    assert net_quality(line.meter, line.now) is NetQuality.LEARNED
    # What it injects is as large as its current says: nothing was learned of that.
    line.send(standard_frame(0, irms=5, urms=240, stge="003A8200"))
    reading = grid_reading(line.meter, line.now)
    assert reading is not None
    assert reading.power_w == -1200.0
    assert net_quality(line.meter, line.now) is NetQuality.ESTIMATED
    line.send(standard_frame(0, sinsti=1100, irms=5, stge="003A8300"))
    assert net_quality(line.meter, line.now) is NetQuality.PARTLY_LEARNED


def test_without_standard_mode_there_is_no_quality() -> None:
    assert net_quality(Line().meter, 0.0) is None
    line = Line()
    line.send(standard("PREF", "09"))
    assert net_quality(line.meter, 0.0) is None


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 8.0),
            st.none() | st.floats(0, 20_000),
            st.none() | st.integers(-5, 30),
        ),
        min_size=20,
        max_size=400,
    )
)
def test_whatever_comes_it_stays_a_factor_and_moves_slowly(
    frames: list[tuple[float, float | None, int | None]],
) -> None:
    factor, at, wh = PowerFactor(), 0.0, 1_000
    moved_at, before = 0.0, 1.0
    for wait_s, va, step in frames:
        at += wait_s
        wh += step or 0
        factor.observe(at, va, None if step is None else wh)
        assert 0.6 <= factor.value <= 1.0
        if factor.value != before:
            assert abs(factor.value - before) <= 0.02 * (at - moved_at) / 60 + 1e-9
            moved_at, before = at, factor.value


def test_a_loop_that_regulates_by_it_is_led_to_its_target_without_swinging(
    meter: Producer,
) -> None:
    # A heater shall leave 1500 W to the grid, by what the meter says every other second.
    # The factor is learned meanwhile: what was taken for 1500 W becomes 1500 W.
    target_w, sun_w, factor = -1500.0, 4000.0, 0.8
    heater_w, seen = 0.0, []
    for _ in range(900):
        meter.run(2, (heater_w - sun_w) / factor, factor, every=2.0)
        assert meter.net_w is not None
        heater_w = max(0.0, heater_w - 0.9 * (meter.net_w - target_w))
        seen.append(heater_w - sun_w)
    assert seen[20] == pytest.approx(target_w * factor, rel=0.01)
    assert seen[-1] == pytest.approx(target_w, rel=0.01)
    settled = seen[20:]
    # Two percent a minute is the most that it ever moves by from one cycle to the next.
    assert all(abs(after - before) < 35 for before, after in pairwise(settled))
    assert all(after - before < 3 for before, after in pairwise(settled))
