"""The power of a load nobody measures, learned from the steps on the grid meter."""

from collections.abc import Callable
import json
import random

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.surplus.control.loads.learned_power import LearnedPower

type Grid = Callable[[float], float | None]
type Others = Callable[[float], float]


class Bench:
    """A meter, the base of a house, and a load that switches in it."""

    def __init__(self, power_w: float = 2000.0, every_s: float = 1.0) -> None:
        self.learned = LearnedPower()
        self.power_w = power_w
        self.every_s = every_s
        self.now = 0.0
        self.on = False
        self.base_w = 400.0
        self.others_w = 0.0
        self.dead_zone_w = 0.0
        self.noise = random.Random(3)
        self.noise_w = 0.0
        self.expected_w: float | None = None

    def run(self, seconds: float, base_w: float | None = None) -> None:
        if base_w is not None:
            self.base_w = base_w
        end = self.now + seconds
        while self.now < end:
            self.now += self.every_s
            grid_w = self.base_w + self.others_w + self.power_w * self.on
            grid_w += self.noise.uniform(-self.noise_w, self.noise_w)
            seen_w = None if abs(grid_w) < self.dead_zone_w else grid_w
            self.learned.see(self.now, seen_w, self.others_w, self.expected_w)

    def switch(self, *, reported_after_s: float = 0.0) -> None:
        self.on = not self.on
        self.learned.switched(self.on, self.now, self.now + reported_after_s)

    def cycles(self, count: int) -> None:
        for _ in range(count):
            self.switch()
            self.run(100)
            self.switch()
            self.run(100)


def test_two_runs_are_enough_to_know_a_power() -> None:
    bench = Bench()
    bench.run(60)
    bench.cycles(1)
    assert bench.learned.power_w is None
    assert bench.learned.best_w == 2000
    bench.cycles(1)
    assert bench.learned.power_w == 2000
    assert bench.learned.confidence == 1
    assert bench.learned.spread_w == 0
    assert bench.learned.steps == 4


def test_one_or_two_steps_are_no_knowledge() -> None:
    bench = Bench()
    assert bench.learned.best_w is None
    assert bench.learned.least_w is None
    assert bench.learned.confidence == 0
    assert bench.learned.spread_w is None
    bench.run(60)
    bench.switch()
    bench.run(60)
    assert bench.learned.steps == 1
    assert bench.learned.power_w is None


def test_a_noisy_house_is_no_hindrance() -> None:
    bench = Bench(power_w=800)
    bench.noise_w = 40
    bench.run(60)
    bench.cycles(3)
    assert bench.learned.power_w == pytest.approx(800, abs=30)
    assert 0 < (bench.learned.spread_w or 0) <= 60


def test_a_kettle_in_the_same_second_makes_one_step_wrong_and_not_the_power() -> None:
    bench = Bench()
    bench.run(60)
    bench.switch()
    bench.run(100, base_w=2400)
    assert bench.learned.best_w == pytest.approx(4000)
    bench.run(60, base_w=400)
    bench.switch()
    bench.run(100)
    assert bench.learned.least_w == 2000
    bench.cycles(2)
    assert bench.learned.power_w == pytest.approx(2000)
    assert bench.learned.confidence == pytest.approx(5 / 6)


def test_a_kettle_that_ends_as_the_load_begins_is_no_power_below_nothing() -> None:
    bench = Bench(power_w=500)
    bench.run(60, base_w=2400)
    bench.switch()
    bench.run(60, base_w=400)
    assert bench.learned.steps == 0
    assert bench.learned.draws is None


def test_a_kettle_amid_the_readings_makes_them_useless() -> None:
    bench = Bench()
    bench.run(60)
    bench.switch()
    bench.run(7)
    bench.run(60, base_w=2400)
    assert bench.learned.steps == 0


def test_a_kettle_at_the_end_of_the_readings_is_overruled_by_the_others() -> None:
    bench = Bench()
    bench.run(60)
    bench.switch()
    bench.run(9)
    bench.run(60, base_w=2400)
    assert bench.learned.best_w == 2000


def test_kettles_before_the_power_is_known_keep_it_unknown_at_worst() -> None:
    bench = Bench()
    bench.run(60)
    for kettle_w in (1200, 2500, 700):
        bench.switch()
        bench.run(60, base_w=400 + kettle_w)
        bench.run(60, base_w=400)
        bench.switch()
        bench.run(60, base_w=400)
    # Three starts that disagree, three ends that agree, and no majority before.
    bench.switch()
    bench.run(60)
    assert bench.learned.power_w == pytest.approx(2000)


def test_what_other_loads_do_in_the_same_seconds_is_subtracted() -> None:
    bench = Bench()
    bench.others_w = 3000
    bench.run(60)
    for _ in range(2):
        bench.switch()
        # A car makes room for it, and takes it back.
        bench.others_w = 1000
        bench.run(60)
        bench.switch()
        bench.others_w = 3000
        bench.run(60)
    assert bench.learned.power_w == 2000


def test_a_meter_that_loses_the_sign_near_zero_costs_only_those_steps() -> None:
    bench = Bench(power_w=1500, every_s=2)
    bench.dead_zone_w = 200
    # From −1500 to 0: nothing to be seen after the start.
    bench.run(60, base_w=-1500)
    bench.switch()
    bench.run(100)
    assert bench.learned.steps == 0
    bench.run(30, base_w=-600)
    bench.switch()
    bench.run(100)
    assert bench.learned.steps == 1
    bench.cycles(1)
    assert bench.learned.power_w == pytest.approx(1500)


def test_a_slow_meter_is_enough() -> None:
    bench = Bench(every_s=10)
    bench.run(100)
    bench.cycles(2)
    assert bench.learned.power_w == 2000


def test_a_meter_too_slow_to_show_both_sides_teaches_nothing() -> None:
    bench = Bench(every_s=40)
    bench.run(200)
    bench.cycles(4)
    assert bench.learned.steps == 0
    assert bench.learned.draws is None


def test_news_of_the_switching_may_come_late() -> None:
    bench = Bench()
    bench.run(60)
    for _ in range(4):
        began = bench.now
        bench.on = not bench.on
        bench.run(9)
        bench.learned.switched(bench.on, began, bench.now)
        bench.run(60)
    assert bench.learned.power_w == 2000


def test_readings_between_command_and_news_belong_to_neither_side() -> None:
    bench = Bench()
    bench.run(3)
    bench.on = True
    bench.run(9)
    # Only two readings are surely from before.
    bench.learned.switched(True, 3.0, bench.now)
    bench.run(60)
    assert bench.learned.steps == 0


def test_readings_from_long_before_do_not_count_as_before() -> None:
    bench = Bench()
    bench.run(60)
    bench.now += 100
    bench.switch()
    bench.run(60)
    assert bench.learned.steps == 0


def test_a_switching_right_after_another_is_not_judged_by_the_firsts_readings() -> None:
    bench = Bench()
    bench.run(60)
    bench.switch()
    bench.run(6)
    bench.switch()
    bench.run(60)
    assert bench.learned.steps == 0


def steps_of(*powers: float) -> LearnedPower:
    """Return what is learned from clean steps of these powers."""
    bench = Bench()
    bench.run(60)
    for power_w in powers:
        bench.power_w = power_w
        bench.switch()
        bench.run(30)
        # Off unseen: one step for each power.
        bench.on = False
        bench.learned.switched(False, bench.now - 60, bench.now)
        bench.run(60)
    return bench.learned


def test_steps_agree_within_fifteen_percent_of_a_large_power() -> None:
    assert steps_of(4000, 4400, 4200).power_w == 4200
    assert steps_of(4000, 5600, 4800).power_w is None


def test_steps_agree_within_seventy_five_watts_of_a_small_one() -> None:
    assert steps_of(300, 350, 400).power_w == 350
    assert steps_of(300, 400, 500).power_w is None


def test_three_that_agree_among_seven_are_no_majority() -> None:
    odd = (500, 900, 4000, 3000)
    assert steps_of(*odd, 2000, 2000, 2000).power_w is None
    assert steps_of(*odd[:2], 2000, 2000, 2000).power_w == 2000


def test_a_load_of_eighty_watts_is_learned_and_one_of_forty_is_not() -> None:
    assert steps_of(80, 80, 80).power_w == 80
    assert steps_of(40, 40, 40).steps == 0


def test_a_restless_house_hides_a_small_step_and_not_a_large_one() -> None:
    for power_w, steps in ((600, 0), (2000, 1)):
        bench = Bench(power_w=power_w)
        for second in range(120):
            if second == 60:
                bench.switch()
            bench.run(1, base_w=400 + 140 * (second % 2))
        assert bench.learned.steps == steps


class TestDrift:
    """A load that is no longer what it was."""

    def known(self, power_w: float = 2000) -> Bench:
        bench = Bench(power_w=power_w)
        bench.run(60)
        bench.cycles(2)
        assert bench.learned.power_w == power_w
        return bench

    def test_a_power_that_has_changed_is_learned_again_once_three_steps_agree(
        self,
    ) -> None:
        bench = self.known()
        bench.power_w = 1200
        bench.cycles(1)
        assert bench.learned.power_w == 2000
        assert bench.learned.confidence == pytest.approx(4 / 6)
        bench.switch()
        bench.run(60)
        assert bench.learned.power_w == 1200
        assert bench.learned.confidence == 1

    def test_a_slow_drift_is_followed(self) -> None:
        bench = self.known()
        for power_w in (1900, 1800, 1700, 1600, 1500):
            bench.power_w = power_w
            bench.cycles(2)
        assert bench.learned.power_w == pytest.approx(1500, abs=100)

    def test_a_single_odd_step_changes_nothing(self) -> None:
        bench = self.known()
        bench.switch()
        bench.run(60, base_w=1900)
        assert bench.learned.power_w == 2000
        assert bench.learned.confidence == pytest.approx(4 / 5)

    def test_three_odd_steps_that_do_not_agree_are_kettles_and_no_drift(self) -> None:
        assert steps_of(2000, 2000, 2000, 800, 4000, 3000).power_w == 2000

    def test_a_load_without_one_power_is_forgotten(self) -> None:
        bench = self.known()
        for power_w in (300, 900, 1500, 3000, 5000, 600, 4000):
            bench.power_w = power_w
            bench.switch()
            bench.run(60)
            if bench.on:
                bench.switch()
                bench.now += 200
                bench.run(60)
        assert bench.learned.power_w is None
        assert bench.learned.confidence == 0


class TestThermostat:
    """A load that is on and draws nothing."""

    def test_a_start_without_a_step_is_one_that_draws_nothing(self) -> None:
        bench = Bench()
        bench.run(60)
        bench.cycles(2)
        bench.expected_w, bench.power_w = 2000, 0
        bench.switch()
        assert bench.learned.draws is None
        bench.run(60)
        assert bench.learned.draws is False
        assert bench.learned.power_w == 2000
        assert bench.learned.confidence == 1

    def test_a_stop_without_a_step_teaches_nothing(self) -> None:
        bench = Bench()
        bench.run(60)
        bench.switch()
        bench.run(60)
        bench.power_w = 0
        bench.run(60)
        bench.switch()
        bench.run(60)
        assert bench.learned.steps == 1
        assert bench.learned.draws is None

    def test_it_is_seen_to_stop_and_to_draw_again_while_on(self) -> None:
        bench = Bench()
        bench.expected_w = 2000
        bench.noise_w = 60
        bench.run(60)
        bench.switch()
        bench.run(60)
        assert bench.learned.draws is True
        bench.power_w = 0
        bench.run(20)
        assert bench.learned.draws is False
        bench.power_w = 2000
        bench.run(20)
        assert bench.learned.draws is True
        bench.switch()
        bench.run(60)
        assert bench.learned.draws is None

    def test_readings_that_jump_about_are_not_taken_for_its_thermostat(self) -> None:
        bench = Bench()
        bench.expected_w = 2000
        bench.run(60)
        bench.switch()
        bench.run(60)
        for _ in range(2):
            bench.run(1, base_w=400)
            bench.run(1, base_w=4400)
        # The medians differ by its power, the readings by anything.
        bench.run(4, base_w=400)
        assert bench.learned.draws is True

    def test_one_of_400_watts_is_watched(self) -> None:
        bench = Bench(power_w=400)
        bench.expected_w = 400
        bench.run(60)
        bench.switch()
        bench.run(60)
        bench.power_w = 0
        bench.run(20)
        assert bench.learned.draws is False

    def test_another_appliance_is_not_taken_for_its_thermostat(self) -> None:
        bench = Bench()
        bench.expected_w = 2000
        bench.run(60, base_w=3000)
        bench.switch()
        bench.run(60)
        bench.run(30, base_w=1400)
        assert bench.learned.draws is True

    def test_a_sun_that_comes_slowly_is_not_taken_for_its_thermostat(self) -> None:
        bench = Bench()
        bench.expected_w = 2000
        bench.run(60)
        bench.switch()
        bench.run(60)
        for _ in range(20):
            bench.run(1, base_w=bench.base_w - 250)
        assert bench.learned.draws is True

    def test_of_a_small_load_the_meter_shows_nothing_reliable(self) -> None:
        bench = Bench(power_w=200)
        bench.expected_w = 200
        bench.run(60)
        bench.switch()
        bench.run(60)
        bench.power_w = 0
        bench.run(60)
        assert bench.learned.draws is True

    def test_one_that_was_found_running_is_watched_too(self) -> None:
        bench = Bench()
        bench.on, bench.expected_w = True, 2000
        bench.learned.found(True)
        bench.run(30)
        bench.power_w = 0
        bench.run(30)
        assert bench.learned.draws is False

    def test_one_of_unknown_power_is_not_watched(self) -> None:
        bench = Bench()
        bench.on = True
        bench.learned.found(True)
        bench.run(30)
        bench.power_w = 0
        bench.run(30)
        assert bench.learned.draws is None


class TestRestart:
    """What was learned survives."""

    def test_a_known_power_comes_back(self) -> None:
        bench = Bench(power_w=1234.5)
        bench.run(60)
        bench.cycles(2)
        saved = json.loads(json.dumps(bench.learned.as_dict()))
        again = LearnedPower()
        again.restore(saved)
        assert again.power_w == 1234.5
        assert again.confidence == 1
        assert again.as_dict() == saved

    def test_steps_before_it_is_known_come_back(self) -> None:
        bench = Bench()
        bench.run(60)
        bench.switch()
        bench.run(60)
        again = LearnedPower()
        again.restore(json.loads(json.dumps(bench.learned.as_dict())))
        assert (again.power_w, again.best_w) == (None, 2000)

    @pytest.mark.parametrize(
        "saved",
        [
            {},
            {"power_w": 100.0},
            {"power_w": None, "steps_w": [0]},
            {"power_w": None, "steps_w": [-5]},
            {"power_w": None, "steps_w": ["many"]},
            {"power_w": float("nan"), "steps_w": [100]},
            {"power_w": float("inf"), "steps_w": [100]},
            {"power_w": 100.0, "steps_w": []},
            {"power_w": [], "steps_w": [100]},
        ],
    )
    def test_what_is_damaged_is_refused_and_changes_nothing(
        self, saved: dict[str, object]
    ) -> None:
        learned = LearnedPower()
        with pytest.raises((KeyError, TypeError, ValueError)):
            learned.restore(saved)
        assert learned.as_dict() == {"power_w": None, "steps_w": []}


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    power_w=st.floats(150, 6000),
    kettles=st.lists(st.booleans(), min_size=12, max_size=12),
    kettle_w=st.floats(300, 3000),
    every_s=st.sampled_from([1.0, 2.0, 5.0]),
)
def test_a_known_power_is_the_true_one_while_kettles_are_a_minority(
    power_w: float, kettles: list[bool], kettle_w: float, every_s: float
) -> None:
    bench = Bench(power_w=power_w, every_s=every_s)
    bench.noise_w = 15
    # No more than one switching in three meets a kettle.
    kettles = [kettle and index % 3 == 0 for index, kettle in enumerate(kettles)]
    bench.run(80)
    for kettle in kettles:
        bench.switch()
        bench.run(80, base_w=400 + kettle_w * kettle)
        bench.run(80, base_w=400)
    assert bench.learned.power_w is not None
    assert abs(bench.learned.power_w - power_w) <= max(80, 0.16 * power_w)


class TestCutShort:
    """A start that a limit ended teaches what was seen of it."""

    def started(self, seconds: float) -> Bench:
        bench = Bench()
        bench.run(60)
        bench.switch()
        bench.run(seconds)
        return bench

    def test_what_the_newest_reading_shows_is_a_step(self) -> None:
        bench = self.started(2)
        bench.learned.cut_short(60.0)
        assert bench.learned.best_w == 2000
        assert not bench.learned.watches

    def test_three_that_agree_are_its_power(self) -> None:
        bench = self.started(2)
        for _ in range(3):
            bench.learned.cut_short(bench.now - 2)
            bench.switch()
            bench.run(100)
            bench.switch()
            bench.run(2)
        # The falls were seen in full.
        assert bench.learned.power_w == 2000

    def test_one_that_did_not_tell_yet_is_seen_from_its_command_on(self) -> None:
        bench = Bench()
        bench.run(60)
        bench.on = True
        bench.run(3)
        bench.learned.cut_short(60.0)
        assert bench.learned.best_w == 2000

    def test_without_a_reading_since_nothing_is_learned(self) -> None:
        bench = self.started(0)
        bench.learned.cut_short(60.0)
        assert bench.learned.steps == 0

    def test_without_a_calm_before_nothing_is_learned(self) -> None:
        bench = Bench()
        bench.run(2)
        bench.switch()
        bench.run(2)
        bench.learned.cut_short(2.0)
        assert bench.learned.steps == 0

    def test_less_than_the_house_s_own_restlessness_is_no_step(self) -> None:
        bench = Bench(power_w=50)
        bench.run(60)
        bench.switch()
        bench.run(2)
        bench.learned.cut_short(60.0)
        assert bench.learned.steps == 0

    def test_it_stirs_what_others_see_until_they_look_back_no_further(self) -> None:
        bench = self.started(11)
        assert bench.learned.steps == 1
        assert bench.learned.watches
        bench.run(7)
        assert bench.learned.watches
        bench.run(1)
        assert not bench.learned.watches

    def test_on_a_slow_meter_they_look_back_a_minute(self) -> None:
        bench = Bench(every_s=15)
        bench.run(60)
        bench.switch()
        bench.run(75)
        assert bench.learned.steps == 1
        bench.run(60)
        assert bench.learned.watches
        bench.run(15)
        assert not bench.learned.watches
