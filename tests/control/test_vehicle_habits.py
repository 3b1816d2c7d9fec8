"""What a vehicle is believed to draw, and what it is learned to take, reading by reading."""

from typing import Any

import pytest

from custom_components.surplus.control.loads.vehicle import Vehicle
from custom_components.surplus.control.model import ChargerReading, ChargerSpec

ONE = ChargerSpec(load_id="x", name="x", priority=1)
THREE = ChargerSpec(
    load_id="x", name="x", priority=1, phases=(1, 2, 3), switches_phases=True
)


def told(
    power_w: float | None, at: float | None, offered_a: float | None, **more: Any
) -> ChargerReading:
    return ChargerReading(
        **(
            {
                "reachable": True,
                "wants_power": True,
                "power_w": power_w,
                "power_at": at,
                "offered_a": offered_a,
                "offered_at": 0.0,
            }
            | more
        )
    )


def see(
    vehicle: Vehicle,
    reading: ChargerReading,
    at: float | None = None,
    spec: ChargerSpec = ONE,
) -> float:
    """Return what it is believed to draw, at the instant of its measurement or another."""
    vehicle.observe(spec, reading, 3)
    instant = reading.power_at if at is None else at
    assert instant is not None
    return vehicle.power_w(reading, instant, 230.0)


def used(vehicle: Vehicle) -> tuple[int, ...]:
    return vehicle.phases


def aimed(vehicle: Vehicle) -> tuple[int, ...]:
    return vehicle.aimed_phases


def at_work(offered_a: float = 10.0) -> Vehicle:
    """Return one that has drawn its offer since instant 0."""
    vehicle = Vehicle((1,))
    see(vehicle, told(offered_a * 230, 5.0, offered_a))
    return vehicle


class TestPower:
    """What it draws at an instant."""

    def test_what_it_has_moved_since_is_added_to_what_was_measured(self) -> None:
        vehicle = at_work()
        raised = told(2300.0, 100.0, 16.0, offered_at=100.0)
        # 0.6 A/s, two seconds after the offer.
        assert see(vehicle, raised, 107.0) == pytest.approx(2300 + 3 * 230)
        assert vehicle.doubt_a == pytest.approx(3)
        assert see(vehicle, raised, 99.0) == 2300

    def test_on_three_phases_an_ampere_is_three(self) -> None:
        vehicle = Vehicle((1, 2, 3))
        see(vehicle, told(10 * 690.0, 5.0, 10.0, offered_at=0.0), spec=THREE)
        raised = told(10 * 690.0, 100.0, 16.0, offered_at=100.0)
        assert see(vehicle, raised, 107.0, THREE) == pytest.approx(13 * 690)

    @pytest.mark.parametrize("currents_a", [(6.0,), ()])
    def test_one_that_is_met_while_it_rises_goes_on_from_what_it_draws(
        self, currents_a: tuple[float, ...]
    ) -> None:
        rising = told(6 * 230.0, 5.0, 16.0, currents_a=currents_a)
        assert see(Vehicle((1,)), rising, 10.0) == pytest.approx(9 * 230)

    def test_it_never_draws_less_than_nothing(self) -> None:
        vehicle = at_work()
        stopped = told(100.0, 100.0, 0.0, offered_at=100.0)
        assert see(vehicle, stopped, 110.0) == 0

    def test_one_that_is_not_measured_draws_what_it_is_offered(self) -> None:
        vehicle = Vehicle((1,))
        reading = told(None, None, 10.0)
        vehicle.observe(ONE, reading, 1)
        assert vehicle.power_w(reading, 50.0, 230.0) == 2300
        # Nor does an instant without a power, or a power without its instant, tell any.
        for half in (told(None, 40.0, 10.0), told(900.0, None, 10.0)):
            assert vehicle.power_w(half, 50.0, 230.0) == 2300
        raised = told(None, None, 16.0, offered_at=100.0)
        vehicle.observe(ONE, raised, 1)
        assert vehicle.power_w(raised, 107.0, 230.0) == pytest.approx(13 * 230)
        assert vehicle.doubt_a == 0

    @pytest.mark.parametrize(("age_s", "power_w"), [(60.0, 3680.0), (61.0, 2300.0)])
    def test_a_measurement_of_more_than_a_minute_ago_stands_under_the_offer(
        self, age_s: float, power_w: float
    ) -> None:
        vehicle = at_work(10.0)
        old = told(3680.0, 100.0, 10.0)
        assert see(vehicle, old, 100.0 + age_s) == power_w

    def test_it_draws_since_it_was_first_measured_to(self) -> None:
        vehicle = Vehicle((1,))
        since = []
        for at, power_w in ((5.0, 199.0), (10.0, 200.0), (15.0, 2300.0)):
            see(vehicle, told(power_w, at, 10.0))
            since.append(vehicle.drawing_since)
        see(vehicle, told(None, None, 10.0), 20.0)
        assert [*since, vehicle.drawing_since] == [None, 10, 10, None]


class TestHabits:
    """What it is learned to take of what it is offered."""

    def test_a_shortfall_is_learned_little_by_little(self) -> None:
        vehicle = at_work()
        see(vehicle, told(9 * 230.0, 20.0, 10.0))
        assert vehicle.shortfall_a == pytest.approx(0.2)
        # The same measurement again teaches nothing more.
        see(vehicle, told(9 * 230.0, 20.0, 10.0))
        assert vehicle.shortfall_a == pytest.approx(0.2)
        see(vehicle, told(9 * 230.0, 25.0, 10.0))
        assert vehicle.shortfall_a == pytest.approx(0.36)
        assert vehicle.takes_at_most_w is None

    def test_how_long_it_takes_to_start_is_learned_too(self) -> None:
        vehicle = Vehicle((1,))
        see(vehicle, told(0.0, 5.0, 0.0))
        for at, power_w in ((105.0, 0.0), (120.0, 0.0), (125.0, 2300.0)):
            see(vehicle, told(power_w, at, 10.0, offered_at=100.0))
        assert vehicle.learned()["response"]["start_s"] == 17.5

    def test_one_that_draws_more_than_its_offer_has_no_shortfall(self) -> None:
        vehicle = at_work()
        see(vehicle, told(10.5 * 230.0, 20.0, 10.0))
        assert vehicle.shortfall_a == 0

    def test_nothing_is_learned_while_it_moves(self) -> None:
        vehicle = at_work()
        see(vehicle, told(9 * 230.0, 100.0, 16.0, offered_at=100.0))
        see(vehicle, told(9 * 230.0, 120.0, 16.0, offered_at=100.0))
        assert (vehicle.shortfall_a, vehicle.takes_at_most_w) == (0, None)

    @pytest.mark.parametrize(
        ("drawn_a", "takes_w"), [(8.5, None), (8.4, pytest.approx(8.4 * 230))]
    )
    def test_more_than_an_ampere_and_a_half_less_is_a_limit_of_its_own(
        self, drawn_a: float, takes_w: float | None
    ) -> None:
        vehicle = at_work()
        see(vehicle, told(drawn_a * 230, 20.0, 10.0))
        assert vehicle.takes_at_most_w == takes_w
        assert (vehicle.shortfall_a == 0) is (takes_w is not None)

    def test_the_limit_is_gone_once_it_takes_an_ampere_more(self) -> None:
        vehicle = at_work(16.0)
        see(vehicle, told(8 * 230.0, 20.0, 16.0))
        see(vehicle, told(9 * 230.0, 60.0, 20.0, offered_at=59.0))
        assert vehicle.takes_at_most_w == 8 * 230
        see(vehicle, told(9.1 * 230, 61.0, 20.0, offered_at=59.0))
        assert vehicle.takes_at_most_w is None

    def test_and_once_it_takes_what_it_is_offered(self) -> None:
        vehicle = at_work(16.0)
        see(vehicle, told(8 * 230.0, 20.0, 16.0))
        see(vehicle, told(8 * 230.0, 60.0, 8.0, offered_at=30.0))
        assert vehicle.takes_at_most_w is None

    def test_another_vehicle_has_none_of_it(self) -> None:
        vehicle = at_work(16.0)
        see(vehicle, told(8 * 230.0, 20.0, 16.0))
        vehicle.observe(ONE, told(0.0, 25.0, 16.0, wants_power=False), 1)
        assert vehicle.takes_at_most_w is None

    @pytest.mark.parametrize(
        ("saved_a", "known_a"), [(0.0, 0.0), (1.5, 1.5), (1.6, 0.0), (-0.1, 0.0)]
    )
    def test_a_shortfall_that_no_car_has_is_not_taken_back(
        self, saved_a: float, known_a: float
    ) -> None:
        vehicle = Vehicle((1,))
        vehicle.relearn({"shortfall_a": saved_a})
        assert vehicle.shortfall_a == known_a

    @pytest.mark.parametrize(
        ("saved_a", "known_a"), [(14.0, 14.0), (14.5, 0.0), (-1.0, 0.0)]
    )
    def test_nor_a_minimum(self, saved_a: float, known_a: float) -> None:
        vehicle = Vehicle((1,))
        vehicle.relearn({"floor_a": saved_a})
        assert vehicle.appetite.floor_a == known_a

    def test_what_was_learned_is_taken_back(self) -> None:
        vehicle = at_work()
        see(vehicle, told(9 * 230.0, 20.0, 10.0))
        vehicle.change_phases(30.0, single=True)
        other = Vehicle((1, 2, 3))
        other.relearn(vehicle.learned())
        assert other.shortfall_a == 0.2
        assert other.single
        assert used(other) == (1,)
        assert other.learned() == vehicle.learned()


class TestPhases:
    """Which phases it uses, and when that is known."""

    def test_the_phases_with_a_current_are_those_it_uses(self) -> None:
        vehicle = Vehicle((1, 2, 3))
        vehicle.observe(THREE, told(2000.0, 5.0, 10.0, currents_a=(9.0, 1.0, 0.9)), 3)
        assert used(vehicle) == (1,)
        vehicle.observe(THREE, told(2000.0, 6.0, 10.0, currents_a=(9.0, 1.1, 0.0)), 3)
        assert used(vehicle) == (1, 2)
        # No more is read into it than its charger has.
        two = ChargerSpec(load_id="x", name="x", priority=1, phases=(1, 2))
        vehicle.observe(two, told(9e3, 7.0, 10.0, currents_a=(9.0, 9.0, 9.0)), 3)
        assert used(vehicle) == (1, 2)
        # The next vehicle may use them all.
        vehicle.observe(THREE, told(0.0, 8.0, 10.0, wants_power=False), 3)
        assert used(vehicle) == (1, 2, 3)

    def changing(self) -> Vehicle:
        """Return one on three phases that is told at 100 to use one."""
        vehicle = Vehicle((1, 2, 3))
        vehicle.observe(THREE, told(6900.0, 95.0, 10.0, phases=3), 3)
        vehicle.change_phases(100.0, single=True)
        return vehicle

    def test_it_is_on_the_old_phases_until_it_has_stopped_drawing(self) -> None:
        vehicle = self.changing()
        assert aimed(vehicle) == (1,)
        for at, power_w in ((100.0, 0.0), (104.0, 6900.0)):
            # Not accepted yet, or measured before that.
            vehicle.observe(THREE, told(power_w, at, 10.0, phases=3), 3)
            assert used(vehicle) == (1, 2, 3)
        accepted = {"offered_at": 105.0, "phases": 1}
        for at, power_w in ((105.0, 0.0), (106.0, 200.0)):
            vehicle.observe(THREE, told(power_w, at, 10.0, **accepted), 3)
            assert used(vehicle) == (1, 2, 3)
        vehicle.observe(THREE, told(199.0, 107.0, 10.0, **accepted), 3)
        assert used(vehicle) == (1,)

    def test_at_the_latest_after_the_time_of_a_change(self) -> None:
        vehicle = self.changing()
        accepted = {"offered_at": 105.0, "phases": 1}
        vehicle.observe(THREE, told(6900.0, 150.0, 10.0, **accepted), 3)
        assert used(vehicle) == (1, 2, 3)
        vehicle.observe(THREE, told(2300.0, 150.1, 10.0, **accepted), 3)
        assert used(vehicle) == (1,)

    def test_an_offer_of_before_the_change_does_not_accept_it(self) -> None:
        vehicle = self.changing()
        vehicle.observe(THREE, told(0.0, 101.0, 10.0, offered_at=99.9, phases=1), 3)
        assert used(vehicle) == (1, 2, 3)
        # One that does not tell its phases has accepted with its next offer.
        vehicle.observe(THREE, told(0.0, 101.0, 10.0, offered_at=100.0), 3)
        assert used(vehicle) == (1,)

    def test_currents_during_a_change_are_of_the_old_phases(self) -> None:
        vehicle = Vehicle((1, 2, 3))
        vehicle.observe(THREE, told(2300.0, 95.0, 10.0, phases=1), 3)
        vehicle.adopt_phases(THREE, told(2300.0, 95.0, 10.0, phases=1))
        vehicle.change_phases(100.0, single=False)
        assert aimed(vehicle) == (1, 2, 3)
        seen = {"offered_at": 105.0, "phases": 3, "currents_a": (10.0, 0.0, 0.0)}
        for at in (100.0, 120.0, 150.0):
            vehicle.observe(THREE, told(2300.0, at, 10.0, **seen), 3)
            assert aimed(vehicle) == (1, 2, 3)
        vehicle.observe(THREE, told(2300.0, 150.1, 10.0, **seen), 3)
        assert aimed(vehicle) == (1,)

    def test_a_change_is_given_its_time_and_no_more(self) -> None:
        vehicle = self.changing()
        refused = told(6900.0, 100.0, 10.0, phases=3)
        assert not vehicle.agree(THREE, refused, 189.9)
        assert aimed(vehicle) == (1,)
        assert vehicle.agree(THREE, refused, 190.0)
        assert aimed(vehicle) == (1, 2, 3)
        # That was news once.
        assert not vehicle.agree(THREE, refused, 191.0)

    def test_one_that_has_accepted_and_falls_back_is_believed_at_once(self) -> None:
        vehicle = self.changing()
        accepted = told(6900.0, 106.0, 10.0, offered_at=105.0, phases=1)
        vehicle.observe(THREE, accepted, 3)
        assert not vehicle.agree(THREE, accepted, 106.0)
        assert vehicle.agree(THREE, told(6900.0, 107.0, 10.0, phases=3), 107.0)
        assert used(vehicle) == (1, 2, 3)

    def test_after_a_change_its_limit_is_learned_anew(self) -> None:
        vehicle = Vehicle((1, 2, 3))
        vehicle.takes_at_most_w = 4000.0
        vehicle.change_phases(100.0, single=True)
        assert vehicle.takes_at_most_w is None
