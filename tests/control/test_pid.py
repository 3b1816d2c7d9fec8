"""A PID on the grid power: its sign, its stability, its bounds, and no jumps."""

from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.model import PidGains
from custom_components.surplus.control.pid import (
    FAST,
    GENTLE,
    NORMAL,
    PRESETS,
    Pid,
    translated,
)

MAX_W = 2400.0


class Plant:
    """A heater that follows with a first-order lag, behind a late meter."""

    def __init__(self, pid: Pid, *, lag_s: float, gain: float = 1.0) -> None:
        self.pid = pid
        self.lag_s = lag_s
        self.gain = gain
        self.base_w = 0.0
        self.drawn_w = 0.0
        self.told = [0.0, 0.0]
        self.grids: list[float] = []

    def run(self, seconds: int, *, target_w: float = 0.0) -> list[float]:
        """Return the grid power of each second; command and meter are a second late."""
        seen = []
        for _ in range(seconds):
            self.drawn_w += (self.told[-2] * self.gain - self.drawn_w) / self.lag_s
            self.grids.append(self.base_w + self.drawn_w)
            seen.append(self.grids[-1])
            late_w = self.grids[-2] if len(self.grids) > 1 else self.grids[-1]
            self.told.append(
                self.pid.step(target_w, late_w, 1.0, low_w=0.0, high_w=MAX_W)
            )
        return seen


def test_an_export_raises_the_load_and_an_import_lowers_it() -> None:
    pid = Pid(PidGains(kp=0.1, ki=0.1))
    first = pid.step(0, -500, 1, low_w=0, high_w=MAX_W)
    second = pid.step(0, -500, 1, low_w=0, high_w=MAX_W)
    assert second > first >= 0
    assert pid.step(0, 500, 1, low_w=0, high_w=MAX_W) < second


def test_the_closed_loop_brings_the_grid_to_its_target() -> None:
    plant = Plant(Pid(NORMAL), lag_s=2)
    plant.base_w = -1500
    assert abs(plant.run(200)[-1]) < 5
    assert plant.run(200, target_w=-100)[-1] == pytest.approx(-100, abs=5)


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("lag_s", [1, 2, 3, 5, 7, 10])
@pytest.mark.parametrize("gain", [0.7, 1.0, 1.2])
def test_every_preset_is_stable_on_loads_of_one_to_ten_seconds(
    preset: str, lag_s: int, gain: float
) -> None:
    plant = Plant(Pid(PRESETS[preset]), lag_s=lag_s, gain=gain)
    plant.base_w = -500
    plant.run(300)
    plant.base_w = -1500
    seen = plant.run(300)
    # A step of 1000 W: no more than a quarter too far, and quiet in the end.
    assert max(seen) < 250
    assert max(abs(grid_w) for grid_w in seen[150:]) < 10


def test_presets_are_what_their_names_say() -> None:
    def settled_after(gains: PidGains) -> int:
        plant = Plant(Pid(gains), lag_s=2)
        plant.run(10)
        plant.base_w = -1000
        seen = plant.run(300)
        return max(i for i, grid_w in enumerate(seen) if abs(grid_w) > 50)

    assert settled_after(FAST) < settled_after(NORMAL) < settled_after(GENTLE) < 120


class TestTranslation:
    """The earlier server's gains, on the earlier server's law."""

    def test_its_proportional_gain_is_our_integral_one(self) -> None:
        assert translated(0.005, 0.001, 0.0001) == PidGains(kp=0.00002, ki=0.001)

    def test_both_laws_command_the_same_power(self) -> None:
        """Every 5 s it added kp·e + kd·de/dt, in W: the two 230 cancel."""
        kp, kd = 0.25, 0.5
        earlier_w, before_w = 0.0, -800.0
        pid = Pid(translated(kp, 0.0, kd))
        pid.step(0, before_w, 0.0, low_w=0, high_w=1e6)
        pid.follow(0.0)
        pid.step(0, before_w, 5.0, low_w=0, high_w=1e6)
        output_w = 0.0
        for grid_w in (-800.0, -760.0, -900.0, -300.0, -310.0, -50.0):
            slope = (-grid_w - -before_w) / 5.0
            amps = (kp * -grid_w + kd * slope) / 230.0
            earlier_w += amps * 230.0
            before_w = grid_w
            output_w = pid.step(0, grid_w, 5.0, low_w=0, high_w=1e6)
        assert output_w == pytest.approx(earlier_w)

    def test_its_double_integral_is_dropped(self) -> None:
        assert translated(0.01, 5.0, 0.0) == translated(0.01, 0.0, 0.0)


class TestTerms:
    """What can be read of a step."""

    def test_nothing_before_the_first_step(self) -> None:
        assert Pid(NORMAL).terms is None

    def test_terms_add_up(self) -> None:
        pid = Pid(PidGains(kp=0.5, ki=0.1, kd=1.1, filter_s=0.1))
        pid.step(0, -100, 1, low_w=0, high_w=MAX_W)
        pid.step(0, -200, 1, low_w=0, high_w=MAX_W)
        terms = pid.terms
        assert terms is not None
        assert terms.error_w == 200
        assert terms.p_w == 100
        # The first step adopts an output of 0: its P is taken back by I.
        assert terms.i_w == pytest.approx(-50 + 20)
        assert terms.d_w == 100
        assert terms.output_w == terms.p_w + terms.i_w + terms.d_w

    def test_the_derivative_is_filtered(self) -> None:
        pid = Pid(PidGains(kp=0, ki=0, kd=1.0, filter_s=3.0))
        pid.step(0, 0, 1, low_w=-MAX_W, high_w=MAX_W)
        steps = [pid.step(0, -100, 1, low_w=-MAX_W, high_w=MAX_W) for _ in range(3)]
        assert steps == pytest.approx([25, 18.75, 14.0625])

    def test_a_new_target_kicks_no_derivative_and_only_its_share_of_p(self) -> None:
        pid = Pid(PidGains(kp=0.5, ki=0, kd=5.0, setpoint_weight=0.2))
        pid.step(0, 0, 1, low_w=0, high_w=MAX_W)
        assert pid.step(1000, 0, 1, low_w=0, high_w=MAX_W) == pytest.approx(100)


class TestNoJumps:
    """Bumpless: what changes in the regulator does not move the load."""

    def test_it_goes_on_from_what_somebody_else_has_set(self) -> None:
        pid = Pid(NORMAL)
        pid.follow(1300)
        assert pid.step(0, -400, 1, low_w=0, high_w=MAX_W) == pytest.approx(1300)
        after_w = pid.step(0, -400, 1, low_w=0, high_w=MAX_W)
        assert after_w == pytest.approx(1300 + NORMAL.ki * 400)

    def test_other_gains_do_not_move_the_load(self) -> None:
        pid = Pid(PidGains(kp=0.1, ki=0.1, kd=0.5))
        for grid_w in (-900, -800, -650, -640):
            before_w = pid.step(0, grid_w, 1, low_w=0, high_w=MAX_W)
        pid.tune(PidGains(kp=0.6, ki=0.0, kd=3.0))
        # The derivative's filter moves on by a step of its own.
        after_w = pid.step(0, -640, 1e-9, low_w=0, high_w=MAX_W)
        assert after_w == pytest.approx(before_w, abs=1e-3)

    def test_the_same_gains_again_change_nothing(self) -> None:
        pid = Pid(NORMAL)
        pid.follow(500)
        pid.step(0, -100, 1, low_w=0, high_w=MAX_W)
        pid.tune(replace(NORMAL))
        assert pid.terms is not None
        before = pid.terms.i_w
        pid.step(0, 0, 0, low_w=0, high_w=MAX_W)
        assert pid.terms.i_w == before

    def test_gains_changed_before_the_first_step_wait_for_it(self) -> None:
        pid = Pid(NORMAL)
        pid.follow(700)
        pid.tune(FAST)
        assert pid.step(0, -300, 1, low_w=0, high_w=MAX_W) == pytest.approx(700)

    def test_gains_changed_while_somebody_else_leads_keep_his_power(self) -> None:
        pid = Pid(NORMAL)
        pid.step(0, -300, 1, low_w=0, high_w=MAX_W)
        pid.follow(900)
        pid.tune(FAST)
        assert pid.step(0, -300, 1, low_w=0, high_w=MAX_W) == pytest.approx(900)

    def test_other_gains_count_from_the_next_step(self) -> None:
        pid = Pid(PidGains(kp=0.0, ki=0.1))
        before_w = pid.step(0, -100, 1, low_w=0, high_w=MAX_W)
        pid.tune(PidGains(kp=0.0, ki=0.5))
        after_w = pid.step(0, -100, 1, low_w=0, high_w=MAX_W)
        assert after_w - before_w == pytest.approx(50)

    def test_a_slope_from_before_somebody_else_led_is_forgotten(self) -> None:
        pid = Pid(PidGains(kp=0, ki=0, kd=1.0, filter_s=3.0))
        for grid_w in (0, -400, -900):
            pid.step(0, grid_w, 1, low_w=0, high_w=MAX_W)
        pid.follow(500)
        steps = [pid.step(0, -900, 1, low_w=0, high_w=MAX_W) for _ in range(3)]
        assert steps == pytest.approx([500, 500, 500])

    def test_two_readings_of_one_instant_are_no_slope(self) -> None:
        pid = Pid(PidGains(kp=0, ki=0, kd=1.0, filter_s=3.0))
        for _ in range(2):
            before_w = pid.step(0, -100, 1, low_w=0, high_w=MAX_W)
        assert pid.step(0, -700, 0, low_w=0, high_w=MAX_W) == before_w

    def test_the_same_reading_again_integrates_nothing(self) -> None:
        pid = Pid(NORMAL)
        pid.step(0, -300, 1, low_w=0, high_w=MAX_W)
        before_w = pid.step(0, -300, 1, low_w=0, high_w=MAX_W)
        assert pid.step(0, -300, 0, low_w=0, high_w=MAX_W) == before_w


def test_hours_at_a_bound_are_forgotten_at_once() -> None:
    for grid_w, back_w, bound_w in ((-5000, 200, MAX_W), (5000, -200, 0.0)):
        pid = Pid(NORMAL)
        for _ in range(5000):
            at_bound_w = pid.step(0, grid_w, 1, low_w=0, high_w=MAX_W)
        assert at_bound_w == bound_w
        # P answers to the new sign at once, and not a second of the past is left.
        for _ in range(3):
            leaving_w = pid.step(0, back_w, 1, low_w=0, high_w=MAX_W)
        assert abs(leaving_w - bound_w) > 2 * NORMAL.ki * 200


gains = st.builds(
    PidGains,
    kp=st.floats(0, 2),
    ki=st.floats(0, 1),
    kd=st.floats(0, 5),
    setpoint_weight=st.floats(0, 1),
    filter_s=st.floats(0, 10),
)
powers = st.floats(-20_000, 20_000)


@given(
    gains=gains,
    retuned=gains,
    readings=st.lists(st.tuples(powers, st.floats(0, 10)), min_size=1, max_size=60),
    start_w=st.floats(0, MAX_W),
    target_w=st.floats(-500, 500),
)
def test_the_output_never_leaves_its_range_and_nothing_winds_up(
    gains: PidGains,
    retuned: PidGains,
    readings: list[tuple[float, float]],
    start_w: float,
    target_w: float,
) -> None:
    pid = Pid(gains)
    pid.follow(start_w)
    for index, (grid_w, dt_s) in enumerate(readings):
        if index == len(readings) // 2:
            pid.tune(retuned)
        before = pid.terms
        output_w = pid.step(target_w, grid_w, dt_s, low_w=0, high_w=MAX_W)
        assert 0 <= output_w <= MAX_W
        terms = pid.terms
        assert terms is not None
        if before is None or index == len(readings) // 2:
            continue
        # At a bound the integral does not go further out.
        if output_w == MAX_W and terms.p_w + terms.i_w + terms.d_w > MAX_W + 1e-6:
            assert terms.i_w <= before.i_w + 1e-6
        if output_w == 0 and terms.p_w + terms.i_w + terms.d_w < -1e-6:
            assert terms.i_w >= before.i_w - 1e-6
