"""Noise is told from a change, and a day's commands last a day."""

from collections.abc import Callable
from itertools import accumulate
import random
from statistics import fmean

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.loads.calm import Calm
from custom_components.surplus.control.model import Mode, Reason
from custom_components.surplus.control.settings import HomeSettings

from .battery_house import BatteryHouse, StorageUnit
from .heater_house import UNMEASURED, Heater, HeaterHouse


def noise(deviation_w: float, seed: int = 3) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: chance.gauss(0.0, deviation_w)


def used_to(deviation_w: float, seed: int = 3) -> Calm:
    """Return one that has seen a minute of noise."""
    calm, some = Calm(), noise(deviation_w, seed)
    for _ in range(61):
        calm.observe(some())
    return calm


class TestNoise:
    """How noisy a meter is."""

    @pytest.mark.parametrize("deviation_w", [20.0, 100.0])
    def test_it_is_measured(self, deviation_w: float) -> None:
        found = [used_to(deviation_w, seed).noise_w for seed in range(20)]
        assert fmean(found) == pytest.approx(deviation_w, rel=0.15)

    @pytest.mark.parametrize(
        "course",
        [
            [0.0] * 61,
            [50.0 * n for n in range(61)],
            [0.0] * 30 + [3000.0] * 31,
            [0.0] * 20 + [2000.0] * 20 + [500.0] * 21,
        ],
    )
    def test_a_ramp_and_a_step_are_none(self, course: list[float]) -> None:
        calm = Calm()
        for power_w in course:
            calm.observe(power_w)
        assert calm.noise_w == 0

    def test_what_wanders_is_hardly_any(self) -> None:
        def of(seed: int) -> float:
            calm, some = Calm(), noise(100.0, seed)
            for power_w in accumulate(some() for _ in range(61)):
                calm.observe(power_w)
            return calm.noise_w

        assert fmean(of(seed) for seed in range(40)) < 25

    def test_a_few_readings_tell_nothing(self) -> None:
        calm = Calm()
        for power_w in (0.0, 100.0) * 8:
            calm.observe(power_w)
        assert calm.noise_w == 0
        calm.observe(0.0)
        assert calm.noise_w > 50

    def test_what_was_long_ago_is_forgotten(self) -> None:
        calm = used_to(100.0)
        for _ in range(61):
            calm.observe(0.0)
        assert calm.noise_w == 0


class TestLasting:
    """What is acted on, and by how much."""

    @given(error_w=st.floats(-10_000, 10_000))
    def test_without_noise_every_error_is(self, error_w: float) -> None:
        assert (Calm().lasting_w(error_w) or 0.0) == error_w

    def test_one_that_stands_out_is_taken_as_it_is_at_once(self) -> None:
        calm = used_to(100.0)
        assert calm.lasting_w(-30.0) is None
        assert calm.lasting_w(1000.0) == 1000

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_small_one_is_taken_once_it_has_lasted(self, sign: int) -> None:
        calm = used_to(100.0)
        moved = [calm.lasting_w(sign * 120.0) for _ in range(10)]
        first = next(n for n, moved_w in enumerate(moved) if moved_w is not None)
        assert 2 <= first <= 6
        assert moved[first] == sign * 120

    def test_noise_alone_is_seldom_taken(self) -> None:
        calm, some = used_to(100.0), noise(100.0, 9)
        moves = 0
        for _ in range(3000):
            if calm.lasting_w(some()) is not None:
                moves += 1
                calm.forget()
        assert moves < 300

    @pytest.mark.parametrize("sign", [1, -1])
    def test_what_stays_is_taken_however_noisy_the_meter(self, sign: int) -> None:
        calm = Calm()
        calm.noise_w = 900.0
        moved = [calm.lasting_w(sign * 200.0) for _ in range(60)]
        first = next(n for n, moved_w in enumerate(moved) if moved_w is not None)
        assert first == 51
        assert moved[first] == sign * 200
        # Nothing of it is left once something was told.
        calm.forget()
        assert calm.lasting_w(sign * 200.0) is None

    def test_what_was_shown_before_is_not_counted_again(self) -> None:
        calm = Calm()
        calm.noise_w = 100.0
        for _ in range(100):
            assert calm.lasting_w(200.0, new=False) is None
        # What stands out need not be shown twice either.
        assert calm.lasting_w(301.0, new=False) == 301
        assert calm.lasting_w(200.0) is None
        assert calm.lasting_w(200.0) == 200

    def test_what_comes_and_goes_is_no_lasting_error(self) -> None:
        calm = Calm()
        calm.noise_w = 900.0
        assert {calm.lasting_w(w) for w in (250.0, -250.0) * 500} == {None}

    def test_what_went_before_a_command_counts_no_more(self) -> None:
        calm = Calm()
        calm.noise_w = 100.0
        assert calm.lasting_w(200.0) is None
        calm.forget()
        assert calm.lasting_w(200.0) is None
        assert calm.lasting_w(200.0) is not None

    def test_the_move_is_the_mean_of_what_lasted(self) -> None:
        calm = Calm()
        calm.noise_w = 100.0
        # An error to the other side is none of it, nor what was before a command.
        assert calm.lasting_w(280.0) is None
        calm.forget()
        assert calm.lasting_w(-100.0) is None
        assert calm.lasting_w(130.0) is None
        assert calm.lasting_w(150.0) is None
        assert calm.lasting_w(170.0) == 150


class TestHeater:
    """In a house whose meter is noisy."""

    @pytest.mark.parametrize("seen", [{"measured_every_s": 2.0}, UNMEASURED])
    @pytest.mark.parametrize("deviation_w", [20.0, 100.0])
    def test_noise_is_worth_few_commands_and_no_import(
        self, deviation_w: float, seen: dict[str, float | None]
    ) -> None:
        house, some = HeaterHouse(heater=Heater(**seen)), noise(deviation_w)
        house.run(120, -1500)
        before = house.heater.commands
        for _ in range(900):
            house.run(1, -1500 + some())
        # Answering each reading takes some 240 and 490.
        assert house.heater.commands - before < 140
        assert fmean(house.grids[-900:]) == pytest.approx(0, abs=8)
        # Nor does it import much more than the noise itself does.
        imported = fmean(max(0.0, grid_w) for grid_w in house.grids[-900:])
        assert imported < 0.55 * deviation_w + 2

    def test_a_cloud_in_noise_is_followed_at_once(self) -> None:
        house, some = HeaterHouse(), noise(100.0)
        for _ in range(120):
            house.run(1, -2000 + some())
        for _ in range(6):
            house.run(1, -600 + some())
        assert abs(house.grid_w) < 350

    @pytest.mark.parametrize("import_price", [1.0, 25.0])
    def test_what_turns_on_and_off_with_each_reading_hides_no_import(
        self, import_price: float
    ) -> None:
        house = HeaterHouse(settings=HomeSettings(import_price=import_price))
        for n in range(2400):
            sun_w = 2000 if n < 1200 else 1000
            house.run(1, -sun_w + (250 if n % 2 else -250))
        assert house.control._calm.noise_w > 500
        assert fmean(house.grids[-600:]) < 30

    def test_a_surplus_that_ends_in_noise_ends_it(self) -> None:
        house, some = HeaterHouse(), noise(60.0)
        for _ in range(120):
            house.run(1, -100 + some())
        assert max(house.told(60)) > 0
        for _ in range(60):
            house.run(1, 50 + some())
        assert house.told(1) == [0]

    @pytest.mark.parametrize(
        ("writes_per_day", "fewest", "most"), [(20_000, 250, 400), (100, 60, 100)]
    )
    def test_a_small_budget_moves_it_less_often(
        self, writes_per_day: int, fewest: int, most: int
    ) -> None:
        house = HeaterHouse(heater=Heater(writes_per_day=writes_per_day))
        for n in range(360):
            house.run(10, -2200 if n % 2 else -600)
        assert fewest <= house.heater.commands <= most

    def test_a_stop_a_limit_and_a_person_do_not_wait_for_writes(self) -> None:
        house = HeaterHouse(
            heater=Heater(writes_per_day=50), settings=HomeSettings(breaker_a=15)
        )
        for n in range(40):
            house.run(10, -2200 if n % 2 else -600)
        stayed = house.told(1)[0]
        house.run(20, -1500)
        assert house.told(1) == [stayed]
        assert stayed > 0
        assert house.run(3, 2500).reason is Reason.WAITING_FOR_SURPLUS
        assert house.told(1) == [0]
        house.heater.ask(Mode.BOOST)
        # What moved a moment ago takes the room beside it in steps.
        house.run(10, 500)
        assert house.told(1) == [2400]
        house.run(3, 2000)
        assert house.told(1)[0] <= 1450


class TestStorage:
    """A battery that is commanded."""

    @pytest.mark.parametrize("deviation_w", [20.0, 100.0])
    def test_noise_is_worth_few_commands(self, deviation_w: float) -> None:
        unit, some = StorageUnit(), noise(deviation_w)
        house = BatteryHouse(battery=None, loads=[unit], sun_w=1800.0)
        house.run(120)
        before = unit.commands
        for _ in range(900):
            house.house_w = 300.0 + some()
            house.run(1)
        # Answering each reading takes some 145 and 255.
        assert unit.commands - before < 130
        assert fmean(house.grids_w[-900:]) == pytest.approx(0, abs=8)

    @pytest.mark.parametrize(
        ("writes_per_day", "fewest", "most"), [(10_000, 150, 400), (100, 50, 100)]
    )
    def test_a_small_budget_moves_it_less_often(
        self, writes_per_day: int, fewest: int, most: int
    ) -> None:
        unit = StorageUnit(writes_per_day=writes_per_day)
        house = BatteryHouse(battery=None, loads=[unit], sun_w=2300.0)
        for n in range(240):
            house.house_w = 1900.0 if n % 2 else 300.0
            house.run(10)
        assert fewest <= unit.commands <= most

    def test_a_stop_does_not_wait_for_writes(self) -> None:
        unit = StorageUnit(writes_per_day=50)
        house = BatteryHouse(battery=None, loads=[unit], sun_w=2300.0)
        for n in range(40):
            house.house_w = 1900.0 if n % 2 else 300.0
            house.run(10)
        assert unit.power_w > 0
        house.sun_w = house.house_w
        house.run(30)
        assert house.told(1, "storage") == {0}
