"""The simulated charging station."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.car import Car, CarSpec
from simulator.evse import Evse, EvseSpec, Status
from simulator.profiles import parse_profile

from .test_profiles import profile

WALL = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


class Station:
    """An EVSE with a car, and a hand on its clock."""

    def __init__(
        self,
        spec: EvseSpec | None = None,
        car: CarSpec | None = None,
        clock_error_s: float = 0.0,
    ) -> None:
        """Plug the car in."""
        self.evse = Evse(spec, wall=WALL, clock_error_s=clock_error_s)
        self.now = 0.0
        self.evse.plug(Car(car))

    def live(self, seconds: float, dt: float = 0.5) -> None:
        """Let time pass."""
        for _ in range(round(seconds / dt)):
            self.now += dt
            self.evse.step(self.now, dt, 230.0)

    def offer(self, limit: float, connector: int = 1, **changes: Any) -> None:
        """Install a default profile that began long ago."""
        changes = {"start_schedule": "2026-06-21T11:00:00Z", **changes}
        payload = profile(limit=limit, **changes)
        self.evse.profiles.install(connector, parse_profile(payload))

    def charge(self, seconds: float = 90) -> None:
        """Begin a transaction and settle."""
        self.evse.begin(self.now, "TAG")
        self.live(seconds)


def test_nothing_is_offered_without_a_transaction() -> None:
    station = Station()
    station.live(60)
    assert station.evse.pilot_a == 0
    assert station.evse.status is Status.PREPARING


def test_without_profile_the_wiring_is_the_limit() -> None:
    station = Station(EvseSpec(max_a=20))
    station.charge()
    assert station.evse.pilot_a == 20
    assert station.evse.currents_a == (pytest.approx(19.3),)


def test_the_pilot_moves_at_most_every_five_seconds() -> None:
    station = Station()
    station.offer(10)
    station.charge()
    moves = []
    for wanted in (11, 12, 13, 14, 15, 16):
        station.offer(wanted)
        before = station.evse.pilot_a
        station.live(1)
        if station.evse.pilot_a != before:
            moves.append((station.now, station.evse.pilot_a))
    assert [amps for _, amps in moves] == [11, 16]
    assert moves[1][0] - moves[0][0] == 5


def test_the_last_value_wins_after_the_gap() -> None:
    station = Station()
    station.offer(10)
    station.charge()
    station.offer(12)
    station.live(0.5)
    station.offer(20)
    station.live(1)
    station.offer(14)
    station.live(5)
    assert station.evse.pilot_a == 14


def test_a_stop_is_never_held_back() -> None:
    station = Station()
    station.offer(10)
    station.charge()
    station.offer(12)
    station.live(0.5)
    station.offer(0)
    station.live(0.5)
    assert station.evse.pilot_a == 0
    assert station.evse.status is Status.SUSPENDED_EVSE
    station.live(5)
    assert sum(station.evse.power_w) == 0


@pytest.mark.parametrize("limit", [0.1, 4.3, 5.9])
def test_nothing_between_zero_and_six_is_offered(limit: float) -> None:
    station = Station()
    station.offer(limit)
    station.charge()
    assert station.evse.pilot_a == 0


def test_tenths_are_rounded_down() -> None:
    station = Station()
    station.offer(1500, unit="W")
    station.charge()
    assert station.evse.pilot_a == 6.5


def test_a_lease_expires_by_the_stations_own_clock() -> None:
    station = Station(clock_error_s=-100)
    station.offer(6, charging_profile_id=1)
    station.offer(
        20,
        charging_profile_id=2,
        stack_level=1,
        start_schedule="2026-06-21T11:58:00Z",
        duration=240,
    )
    station.charge(60)
    assert station.evse.pilot_a == 20
    # The lease ends at 12:02 of its clock, which is 100 s late.
    station.live(120 + 100 - 60 - 1)
    assert station.evse.pilot_a == 20
    station.live(6)
    assert station.evse.pilot_a == 6
    station.live(10)
    assert station.evse.currents_a == (pytest.approx(5.51),)


def test_its_clock_can_be_put_right() -> None:
    station = Station(clock_error_s=-3600)
    station.offer(16, start_schedule="2026-06-21T11:30:00Z")
    station.charge(10)
    assert station.evse.pilot_a == 32
    station.evse.set_clock(station.now, WALL + timedelta(seconds=station.now))
    assert station.evse.wall(station.now) == WALL + timedelta(seconds=10)
    station.live(10)
    assert station.evse.pilot_a == 16


def test_the_states_of_a_session() -> None:
    station = Station()
    evse = station.evse
    evse.unplug()
    assert evse.status is Status.AVAILABLE
    evse.plug(Car())
    assert evse.status is Status.PREPARING
    station.charge(1)
    assert evse.status is Status.SUSPENDED_EV
    station.live(5)
    assert evse.status is Status.CHARGING
    assert evse.car is not None
    evse.car.charge_wh = evse.car.spec.capacity_wh
    station.live(1)
    assert evse.status is Status.SUSPENDED_EV
    evse.end()
    assert evse.status is Status.FINISHING
    evse.unplug()
    assert evse.status is Status.AVAILABLE


def test_a_reboot_forgets_that_the_session_ended() -> None:
    station = Station()
    station.charge(1)
    station.evse.end()
    station.evse.reboot()
    assert station.evse.status is Status.PREPARING


def test_out_of_service_shows_after_the_session() -> None:
    station = Station()
    station.charge(10)
    station.evse.available = False
    assert station.evse.status is Status.CHARGING
    station.evse.end()
    assert station.evse.status is Status.UNAVAILABLE


def test_the_meter_counts_what_flows() -> None:
    station = Station()
    station.charge()
    before = station.evse.energy_wh
    station.live(3600)
    assert station.evse.energy_wh - before == pytest.approx(
        sum(station.evse.power_w), rel=1e-3
    )


def test_power_appears_on_the_phases_it_is_wired_to() -> None:
    station = Station(EvseSpec(wiring=(2, 3, 1)), CarSpec(phases=1))
    station.charge()
    assert station.evse.power_w[0] == 0
    assert station.evse.power_w[1] == pytest.approx(31.12 * 230)
    assert station.evse.power_w[2] == 0


def test_changing_phases_takes_a_pause() -> None:
    station = Station(
        EvseSpec(wiring=(1, 2, 3), switches_phases=True), CarSpec(phases=3)
    )

    def use(phases: int) -> None:
        step = {"start_period": 0, "limit": 10, "number_phases": phases}
        station.offer(10, periods=[step])

    use(3)
    station.charge()
    assert [amps > 0 for amps in station.evse.currents_a] == [True, True, True]
    use(1)
    station.live(1)
    assert station.evse.pilot_a == 0
    station.live(43)
    assert station.evse.pilot_a == 0
    station.live(40)
    assert [amps > 0 for amps in station.evse.currents_a] == [True, False, False]


def test_a_change_of_mind_ends_the_pause() -> None:
    station = Station(
        EvseSpec(wiring=(1, 2, 3), switches_phases=True), CarSpec(phases=3)
    )
    station.offer(10)
    station.charge()
    step = {"start_period": 0, "limit": 10, "number_phases": 1}
    station.offer(10, periods=[step])
    station.live(10)
    station.offer(10)
    station.live(6)
    assert station.evse.pilot_a == 10


def test_the_composite_schedule_shows_the_lease_and_what_follows() -> None:
    station = Station()
    station.offer(6, charging_profile_id=1)
    station.offer(
        16,
        charging_profile_id=2,
        stack_level=1,
        start_schedule="2026-06-21T11:59:30Z",
        duration=90,
    )
    station.offer(
        16,
        charging_profile_id=3,
        stack_level=2,
        start_schedule="2026-06-21T11:59:30Z",
        duration=40,
    )
    steps = station.evse.composite(0.0, 300)
    assert [(step.start_s, step.limit_a) for step in steps] == [(0, 16), (60, 6)]


def test_one_that_lies_accepts_a_limit_and_goes_on_as_it_is() -> None:
    station = Station()
    station.offer(16)
    station.charge()
    assert station.evse.pilot_a == 16
    station.evse.stuck = True
    station.offer(0)
    station.live(60)
    assert station.evse.allowed_a(station.now) == 0
    assert station.evse.pilot_a == 16
    station.evse.stuck = False
    station.live(2)
    assert station.evse.pilot_a == 0
