"""What is known of what stands behind a switch, reading by reading."""

from math import nan
from typing import Any

import pytest

from custom_components.surplus.control.loads.appliance import Appliance
from custom_components.surplus.control.model import SwitchedReading, SwitchedSpec


def spec(power_w: float | None = 2000.0, first_guess_w: float = 1000.0) -> SwitchedSpec:
    return SwitchedSpec(
        load_id="x",
        name="x",
        priority=1,
        power_w=power_w,
        first_guess_w=first_guess_w,
    )


def see(
    appliance: Appliance,
    at: float,
    power_w: float | None,
    *,
    on: bool = True,
    changed_at: float | None = None,
    power_w_declared: float | None = 2000.0,
    told_at: float | None = None,
    **more: Any,
) -> None:
    """Show it its state and its sensor at an instant."""
    reading = SwitchedReading(
        **(
            {
                "reachable": True,
                "on": on,
                "changed_at": changed_at,
                "power_w": power_w,
                "power_at": None if power_w is None else at,
            }
            | more
        )
    )
    appliance.observe(spec(power_w_declared), reading)
    appliance.notice(on, at, told_at)


def switched_on(at: float = 100.0) -> Appliance:
    """Return one that was off, and on since an instant."""
    appliance = Appliance(spec())
    see(appliance, at - 50, 0.0, on=False)
    see(appliance, at, 0.0, changed_at=at)
    return appliance


class TestSensor:
    """What its own sensor shows counts for more than what was declared."""

    def test_the_first_it_shows_is_what_it_takes(self) -> None:
        appliance = switched_on()
        see(appliance, 105.0, 1500.0)
        assert appliance.power_w == 1500
        assert appliance.most_w == 1500

    def test_five_seconds_after_a_switching_it_shows_what_was(self) -> None:
        appliance = switched_on()
        see(appliance, 104.9, 1500.0)
        assert appliance.power_w == 2000

    def test_one_found_on_is_believed_at_once(self) -> None:
        appliance = Appliance(spec())
        see(appliance, 3.0, 1500.0)
        assert appliance.power_w == 1500

    def test_from_then_on_it_is_learned_by_a_fifth(self) -> None:
        appliance = switched_on()
        see(appliance, 105.0, 1500.0)
        see(appliance, 110.0, 1000.0)
        assert appliance.power_w == 1400
        # The same measurement again teaches nothing.
        see(appliance, 115.0, 1000.0, power_at=110.0)
        assert appliance.power_w == 1400

    @pytest.mark.parametrize(("power_w", "known_w"), [(50.0, 2000), (50.1, 50.1)])
    def test_a_light_of_its_own_is_not_what_it_takes(
        self, power_w: float, known_w: float
    ) -> None:
        appliance = switched_on()
        see(appliance, 105.0, power_w)
        assert appliance.power_w == known_w

    @pytest.mark.parametrize(("power_w", "known_w"), [(50.0, 1500), (60.0, 1212)])
    def test_nor_does_its_thermostat_change_what_is_known(
        self, power_w: float, known_w: float
    ) -> None:
        appliance = switched_on()
        see(appliance, 105.0, 1500.0)
        see(appliance, 110.0, power_w)
        assert appliance.power_w == known_w

    def test_off_it_teaches_nothing(self) -> None:
        appliance = Appliance(spec())
        see(appliance, 3.0, 1500.0, on=False)
        assert appliance.power_w == 2000

    def test_without_its_sensor_what_was_declared_counts_again(self) -> None:
        appliance = switched_on()
        see(appliance, 105.0, 1500.0)
        see(appliance, 110.0, None)
        assert appliance.power_w == 2000
        see(appliance, 115.0, None, power_w_declared=None)
        assert not appliance.power_known


class TestUnknown:
    """What nobody has declared, measured or learned."""

    def test_it_is_guessed_for_a_start_and_a_socket_for_the_limits(self) -> None:
        appliance = Appliance(spec(None))
        assert not appliance.power_known
        assert appliance.power_w == 1000
        assert appliance.most_w == 3680
        assert Appliance(spec(None, 5000.0)).most_w == 5000

    def test_what_was_declared_is_known(self) -> None:
        appliance = Appliance(spec(1200.0))
        assert appliance.power_known
        assert (appliance.power_w, appliance.most_w) == (1200, 1200)

    @pytest.mark.parametrize(
        ("steps_w", "power_w"),
        [
            ([1399.0], 1399),
            ([1000.0, 1300.0], 1300),
            ([1400.0], 2000),
            ([700.0, 1900.0], 2000),
        ],
    )
    def test_what_the_meter_shows_clearly_less_is_not_what_was_declared(
        self, steps_w: list[float], power_w: float
    ) -> None:
        appliance = Appliance(spec())
        appliance.relearn({"meter": {"power_w": None, "steps_w": steps_w}})
        assert appliance.power_w == power_w
        # It may have been the house: limits go by the most.
        assert appliance.most_w == 2000

    @pytest.mark.parametrize(
        ("steps_w", "power_w"),
        [([5000.0], 1000), ([800.0], 800), ([5000.0, 800.0], 800)],
    )
    def test_until_steps_agree_it_is_taken_to_take_little(
        self, steps_w: list[float], power_w: float
    ) -> None:
        appliance = Appliance(spec(None))
        appliance.observe(spec(None), SwitchedReading(reachable=True, on=False))
        appliance.relearn({"meter": {"power_w": None, "steps_w": steps_w}})
        assert not appliance.power_known
        assert appliance.power_w == power_w


class TestRefuses:
    """On, and nothing is drawn: its thermostat is open."""

    @pytest.mark.parametrize(("after_s", "refuses"), [(29.9, False), (30.0, True)])
    def test_half_a_minute_of_nothing_is_a_refusal(
        self, after_s: float, refuses: bool
    ) -> None:
        appliance = switched_on()
        see(appliance, 100.0 + after_s, 0.0)
        assert appliance.refuses is refuses

    @pytest.mark.parametrize(
        ("declared_w", "power_w", "refuses"),
        [
            (2000.0, 50.0, True),
            (2000.0, 50.1, False),
            (300.0, 30.0, True),
            (300.0, 30.1, False),
        ],
    )
    def test_up_to_a_tenth_and_fifty_watts_are_nothing(
        self, declared_w: float, power_w: float, refuses: bool
    ) -> None:
        appliance = switched_on()
        see(
            appliance,
            140.0,
            power_w,
            power_w_declared=declared_w,
        )
        assert appliance.refuses is refuses

    def test_off_it_refuses_nothing(self) -> None:
        appliance = Appliance(spec())
        assert not appliance.refuses
        see(appliance, 3.0, 0.0, on=False)
        assert not appliance.refuses

    def test_half_of_a_measurement_says_nothing(self) -> None:
        appliance = switched_on()
        see(appliance, 140.0, None, power_at=140.0)
        assert not appliance.refuses
        see(appliance, 141.0, 0.0, power_at=None)
        assert not appliance.refuses

    def test_found_on_and_drawing_nothing_it_refuses(self) -> None:
        appliance = Appliance(spec())
        see(appliance, 3.0, 0.0)
        assert appliance.refuses
        assert appliance.drawn_w(3.0) == 0


class TestDrawn:
    """What it draws at an instant."""

    def test_before_it_switched_it_drew_as_it_was(self) -> None:
        appliance = switched_on()
        assert appliance.drawn_w(99.9) == 0
        assert appliance.drawn_w(100.0) == 2000
        see(appliance, 200.0, 0.0, on=False, changed_at=190.0)
        assert appliance.drawn_w(189.9) == 2000
        assert appliance.drawn_w(190.0) == 0

    def test_its_sensor_counts_once_it_tells_of_this_state(self) -> None:
        appliance = switched_on()
        see(appliance, 104.0, 700.0)
        assert appliance.drawn_w(104.0) == 2000
        see(appliance, 105.0, 700.0)
        assert appliance.drawn_w(105.0) == 700
        see(appliance, 110.0, -30.0)
        assert appliance.drawn_w(110.0) == 0

    def test_out_of_reach_it_draws_what_it_takes(self) -> None:
        appliance = switched_on()
        see(appliance, 105.0, 700.0)
        see(appliance, 110.0, 900.0, reachable=False)
        assert appliance.drawn_w(110.0) == appliance.power_w
        see(appliance, 115.0, None, on=False, reachable=False, changed_at=115.0)
        assert appliance.drawn_w(115.0) == 0

    def test_a_switching_told_of_later_than_now_is_one_of_now(self) -> None:
        appliance = Appliance(spec())
        see(appliance, 50.0, None, on=False)
        see(appliance, 100.0, None, changed_at=300.0)
        assert appliance.drawn_w(100.0) == 2000
        assert appliance.drawn_w(99.0) == 0

    def test_one_that_does_not_tell_since_when_switched_now(self) -> None:
        appliance = Appliance(spec())
        see(appliance, 50.0, None, on=False)
        see(appliance, 100.0, None)
        assert (appliance.drawn_w(99.0), appliance.drawn_w(100.0)) == (0, 2000)


class TestMemory:
    def test_what_was_measured_is_taken_back(self) -> None:
        appliance = switched_on()
        see(appliance, 105.0, 1500.0)
        other = Appliance(spec())
        other.relearn(appliance.learned())
        see(other, 3.0, 1500.0, on=False)
        assert other.power_w == 1500

    @pytest.mark.parametrize("saved", [0.0, -5.0, 1e9, True, nan, "much", None])
    def test_what_nothing_takes_is_left_out(self, saved: object) -> None:
        appliance = Appliance(spec())
        appliance.relearn({"measured_w": saved})
        see(appliance, 3.0, 1500.0, on=False)
        assert appliance.power_w == 2000
