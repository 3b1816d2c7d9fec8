"""The commissioning check, in closed loop with houses that are wrong somewhere."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.check import (
    Check,
    CheckEnd,
    CheckResult,
    Finding,
    Pulse,
    Sign,
    finding_of,
    numbers_of,
)
from custom_components.surplus.control.model import (
    BatteryReading,
    GridReading,
    Mode,
    Reason,
    SwitchedReading,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House, decision_of


def check(house: House, seconds: int = 400, load_id: str = "ocpp:one") -> CheckResult:
    house.engine.start_check(house.car(load_id).spec)
    for _ in range(seconds):
        cycle = house.run(1)
        if result := cycle.checks.get(load_id):
            assert load_id not in house.engine.checking
            return result
    raise AssertionError("the check did not end")


def test_a_right_meter_passes_with_its_figures() -> None:
    house = House(base_w=800)
    house.run(5)
    result = check(house)
    assert finding_of(result) is Finding.SIGN_RIGHT
    assert result.minimum_a == 6
    assert result.power_w == pytest.approx(1380, abs=1)
    assert result.grid_w == pytest.approx(1380, abs=60)
    # 12 s until the car starts, half of its ramp, one reading.
    assert result.lag_s is not None
    assert 14 <= result.lag_s <= 24
    assert numbers_of(result)["power_w"] == 1380


def test_an_exporting_house_is_no_reason_for_doubt() -> None:
    house = House(base_w=-3000)
    house.run(100)
    assert check(house).sign is Sign.RIGHT


def test_a_reversed_meter_is_found_out() -> None:
    house = House(base_w=800, meter_sign=-1.0)
    house.run(5)
    result = check(house)
    assert finding_of(result) is Finding.SIGN_REVERSED
    assert result.grid_w == pytest.approx(-1380, abs=60)


def test_the_phase_that_moved_is_named() -> None:
    house = House(settings=HomeSettings(phases=3), cars=[Car(phases=(2,))], base_w=900)
    house.run(5)
    assert check(house).phase == 2


def test_without_currents_per_phase_no_phase_is_named() -> None:
    house = House(base_w=900, three_phase_currents=False)
    house.run(5)
    result = check(house)
    assert result.phase is None
    assert "phase" not in numbers_of(result)


def test_a_kettle_in_the_middle_makes_it_unclear() -> None:
    house = House(base_w=800)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    for _ in range(300):
        if house.cars[0].drawn_a > 5:
            house.base_w = -1200
        cycle = house.run(1)
        if cycle.checks:
            break
    assert finding_of(cycle.checks["ocpp:one"]) is Finding.SIGN_UNCLEAR


def test_a_car_that_needs_more_than_six_amperes_shows_its_real_minimum() -> None:
    house = House(cars=[Car(needs_a=8)], base_w=500)
    house.run(5)
    result = check(house)
    assert result.end is CheckEnd.DONE
    assert result.minimum_a == 8


def test_a_car_that_never_draws_is_reported_as_such() -> None:
    house = House(cars=[Car(own_limit_a=0)], base_w=500)
    house.run(5)
    assert finding_of(check(house)) is Finding.NO_RESPONSE
    assert house.cars[0].offered_a == 0


def test_a_charger_that_does_not_stop_is_reported_as_disobedient() -> None:
    car = Car(obeys=False, offered_a=16, offered_at=0.0)
    house = House(cars=[car], base_w=500)
    house.run(60)
    assert finding_of(check(house)) is Finding.NOT_OBEYED


def test_a_charger_that_draws_far_more_than_offered_is_reported() -> None:
    house = House(base_w=500)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    for _ in range(300):
        if house.cars[0].offered_a:
            house.cars[0].drawn_a = 16
            house.cars[0].measured = (house.now, 16 * 230.0)
        cycle = house.run(1)
        if cycle.checks:
            break
    assert finding_of(cycle.checks["ocpp:one"]) is Finding.NOT_OBEYED


def test_a_charger_that_does_not_let_go_after_the_pulse_is_reported() -> None:
    house = House(base_w=500)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    for _ in range(300):
        cycle = house.run(1)
        if house.cars[0].drawn_a >= 6:
            house.cars[0].obeys = False
        if cycle.checks:
            break
    assert finding_of(cycle.checks["ocpp:one"]) is Finding.NOT_OBEYED


def test_without_a_vehicle_there_is_nothing_to_check() -> None:
    house = House(cars=[Car(wants_power=False)])
    house.run(5)
    assert finding_of(check(house)) is Finding.NOT_READY


def test_a_load_that_goes_away_ends_its_check() -> None:
    house = House(cars=[Car(), Car(load_id="ocpp:two")])
    house.run(5)
    house.engine.start_check(house.car("ocpp:two").spec)
    del house.cars[1]
    assert house.run(1).checks["ocpp:two"].end is CheckEnd.NOT_READY


def test_the_check_does_not_begin_where_its_pulse_would_not_fit() -> None:
    house = House(settings=HomeSettings(breaker_a=20), base_w=3500)
    house.run(5)
    assert finding_of(check(house)) is Finding.NO_ROOM


def test_the_pulse_ends_when_the_room_goes() -> None:
    house = House(settings=HomeSettings(breaker_a=20), base_w=500)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(40)
    assert house.cars[0].offered_a == 6
    cycle = house.run(1, base_w=4000)
    assert cycle.checks["ocpp:one"].end is CheckEnd.NO_ROOM
    assert house.cars[0].offered_a == 0


def test_a_lost_meter_ends_the_check() -> None:
    house = House(base_w=500)
    house.run(20)
    house.engine.start_check(house.cars[0].spec)
    house.meter_works = False
    assert house.run(70).meter == "lost"
    ends = [c.checks["ocpp:one"].end for c in house.history if c.checks]
    assert ends == [CheckEnd.METER_LOST]


def test_a_meter_that_shows_nothing_at_all_ends_the_check() -> None:
    house = House(base_w=500)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.meter_works = False
    house.now += 1
    house.grid = GridReading(at=house.now, power_w=None)
    assert house.cycle().checks["ocpp:one"].end is CheckEnd.METER_LOST


def test_a_check_can_be_given_up() -> None:
    house = House(base_w=500)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(5)
    assert house.decision().reason is Reason.CHECKING
    house.engine.stop_check("ocpp:one")
    house.run(1)
    assert house.decision().reason is Reason.WAITING_FOR_SURPLUS


def test_other_loads_stand_still_while_one_is_checked() -> None:
    house = House(cars=[Car(), Car(load_id="ocpp:two", priority=2)])
    house.car("ocpp:two").wants_power = False
    house.run(400, base_w=-4000)
    before = house.car("ocpp:one").offered_a
    house.car("ocpp:two").wants_power = True
    assert check(house, load_id="ocpp:two").sign is Sign.RIGHT
    assert set(house.currents(20, "ocpp:one")) == {before}
    assert house.decision("ocpp:one").reason is not Reason.CHECKING


def test_other_loads_are_still_throttled_while_one_is_checked() -> None:
    house = House(
        settings=HomeSettings(breaker_a=32),
        cars=[Car(), Car(load_id="ocpp:two", priority=2, wants_power=False)],
    )
    house.run(400, base_w=-4000)
    house.car("ocpp:two").wants_power = True
    house.engine.start_check(house.car("ocpp:two").spec)
    house.run(1, base_w=5000)
    assert house.car("ocpp:one").offered_a <= 10
    house.run(1, base_w=8000)
    assert house.car("ocpp:one").offered_a == 6


def test_a_refused_meter_can_be_checked_again() -> None:
    house = House(base_w=800)
    house.with_settings(sign_reversed=True)
    house.cars.append(Car(load_id="ocpp:two"))
    house.run(5)
    assert check(house).sign is Sign.RIGHT
    assert house.decision("ocpp:two").reason is Reason.SIGN_REVERSED


def test_a_reading_seen_before_is_no_sample() -> None:
    house = House(base_w=800)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.meter_works = False
    for _ in range(15):
        house.now += 1
        house.cycle()
    assert house.cars[0].offered_a == 0
    assert "ocpp:one" in house.engine.checking


def test_a_late_meter_ends_the_check_and_its_pulse() -> None:
    house = House(base_w=500)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(40)
    assert house.cars[0].offered_a == 6
    house.meter_works = False
    house.run(16)
    assert house.history[-1].meter == "stale"
    assert house.history[-1].checks["ocpp:one"].end is CheckEnd.METER_LOST
    assert house.cars[0].offered_a == 0
    assert not house.engine.checking


class TestOneAtATime:
    """Two pulses at once would make one step, and each would find it wrong."""

    def results(self, house: House, seconds: int) -> dict[str, CheckResult]:
        found: dict[str, CheckResult] = {}
        for _ in range(seconds):
            found.update(house.run(1).checks)
        return found

    def test_a_second_check_waits_for_the_first(self) -> None:
        house = House(cars=[Car(), Car(load_id="ocpp:two", starts_after_s=20)])
        house.run(5, base_w=800)
        house.engine.start_check(house.car("ocpp:one").spec)
        house.engine.start_check(house.car("ocpp:two").spec)
        house.run(30)
        assert house.engine.checking == {"ocpp:one", "ocpp:two"}
        assert house.car("ocpp:one").offered_a == 6
        assert house.car("ocpp:two").offered_a == 0
        found = self.results(house, 200)
        assert {load_id: r.sign for load_id, r in found.items()} == {
            "ocpp:one": Sign.RIGHT,
            "ocpp:two": Sign.RIGHT,
        }

    def test_one_that_waits_keeps_still_and_one_given_up_leaves_its_turn(self) -> None:
        house = House(cars=[Car(wants_power=False), Car(load_id="ocpp:two")])
        house.run(400, base_w=-4000)
        before = house.car("ocpp:two").offered_a
        house.car("ocpp:one").wants_power = True
        house.engine.start_check(house.car("ocpp:one").spec)
        house.engine.start_check(house.car("ocpp:two").spec)
        house.run(20)
        assert house.car("ocpp:two").offered_a == before > 6
        house.engine.stop_check("ocpp:one")
        house.run(2)
        assert house.car("ocpp:two").offered_a == 0

    @pytest.mark.parametrize("given_up", [True, False])
    def test_one_that_was_never_pulsed_goes_on_as_it_was(self, given_up: bool) -> None:
        house = House(cars=[Car(wants_power=False), Car(load_id="ocpp:two")])
        house.run(400, base_w=-4000)
        before = house.car("ocpp:two").offered_a
        house.car("ocpp:one").wants_power = True
        house.engine.start_check(house.car("ocpp:one").spec)
        house.engine.start_check(house.car("ocpp:two").spec)
        house.run(3)
        if given_up:
            house.engine.stop_check("ocpp:two")
        house.meter_works = False
        house.run(16)
        assert not house.engine.checking
        assert min(house.currents(16, "ocpp:two")) > 0
        assert before > 6

    def test_giving_up_a_check_that_is_over_changes_nothing(self) -> None:
        house = House()
        house.run(400, base_w=-4000)
        house.engine.stop_check("ocpp:one")
        before = house.cars[0].offered_a
        house.run(5)
        assert set(house.currents(5)) == {before}

    def test_a_lost_meter_ends_all_of_them(self) -> None:
        house = House(cars=[Car(), Car(load_id="ocpp:two")])
        house.run(5, base_w=800)
        house.engine.start_check(house.car("ocpp:one").spec)
        house.engine.start_check(house.car("ocpp:two").spec)
        house.meter_works = False
        assert {r.end for r in self.results(house, 20).values()} == {
            CheckEnd.METER_LOST
        }
        assert not house.engine.checking


class TestBesideABattery:
    """A battery that regulates itself gives what the load takes, and hides the sign."""

    def check(
        self,
        *,
        most_w: float,
        sign: float = 1.0,
        heard: bool = True,
        kettle_w: float = 0.0,
    ) -> CheckResult:
        """Check a car beside a battery that gives up to so much."""
        house = House(base_w=500)
        given_w = 0.0
        told = (0.0, house.now)
        house.run(5)
        house.engine.start_check(house.cars[0].spec)
        for _ in range(300):
            house.now += 1
            house.cars[0].step(house.now)
            if house.cars[0].drawn_a > 5:
                house.base_w = 500 + kettle_w
            house_w = house.grid_w
            given_w += 0.5 * (max(0.0, min(house_w, most_w)) - given_w)
            if house.now % 5 == 0 and heard:
                told = (given_w, house.now)
            grid_w = sign * (house_w - given_w)
            house.grid = GridReading(at=house.now, power_w=grid_w)
            battery = BatteryReading(power_w=told[0], at=told[1], soc=0.5)
            cycle = house.engine.cycle(replace(house.snapshot(), batteries=(battery,)))
            setpoint = decision_of(cycle).setpoint
            assert setpoint is not None
            house.cars[0].tell(setpoint.value, house.now)
            if cycle.checks:
                return cycle.checks["ocpp:one"]
        raise AssertionError("the check did not end")

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_what_it_fills_tells_no_sign_and_says_so(self, sign: float) -> None:
        result = self.check(most_w=5000, sign=sign)
        assert finding_of(result) is Finding.BATTERY_FILLED

    @pytest.mark.parametrize(
        ("sign", "found"), [(1.0, Sign.RIGHT), (-1.0, Sign.REVERSED)]
    )
    @pytest.mark.parametrize("most_w", [0, 500, 1300])
    def test_what_it_cannot_fill_tells_the_sign(
        self, most_w: float, sign: float, found: Sign
    ) -> None:
        result = self.check(most_w=most_w, sign=sign)
        assert (result.end, result.sign) == (CheckEnd.DONE, found)

    def test_one_that_is_not_heard_may_have_filled_it(self) -> None:
        result = self.check(most_w=5000, heard=False)
        assert finding_of(result) is Finding.BATTERY_FILLED

    def test_one_that_is_not_heard_and_fills_nothing_hides_nothing(self) -> None:
        assert self.check(most_w=0, heard=False).sign is Sign.RIGHT

    def test_a_kettle_beside_it_is_still_a_kettle(self) -> None:
        result = self.check(most_w=0, kettle_w=-2000)
        assert finding_of(result) is Finding.SIGN_UNCLEAR


def test_setting_the_mode_of_a_checked_load_ends_its_check() -> None:
    house = House(base_w=800)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(30)
    assert house.cars[0].offered_a == 6
    house.cars[0].ask(Mode.OFF)
    assert house.run(1).checks["ocpp:one"].end is CheckEnd.NOT_READY
    assert house.cars[0].offered_a == 0


def test_off_is_off_while_another_load_is_checked() -> None:
    house = House(
        cars=[Car(mode=Mode.BOOST), Car(load_id="ocpp:two", priority=2)], base_w=500
    )
    house.run(60)
    house.engine.start_check(house.car("ocpp:two").spec)
    house.run(3)
    assert house.car("ocpp:one").offered_a == 32
    house.car("ocpp:one").ask(Mode.OFF)
    house.run(1)
    assert house.car("ocpp:one").offered_a == 0

    @pytest.mark.parametrize("grid_share", [0.0, 0.5, 1.0])
    def test_a_load_that_nobody_knows_beside_it_is_not_taken_to_take_nothing(
        self, grid_share: float
    ) -> None:
        check = Check((Pulse(value=1.0, least_w=100, most_w=3680, guessed=True),))
        reading = SwitchedReading(reachable=True, on=True)
        result = None
        for second in range(100):
            drawn_w = 1500 * check.value
            result = check.step(
                float(second),
                GridReading(at=float(second), power_w=grid_share * drawn_w),
                reading,
                1000 * check.value,
                fits=True,
                battery_w=(1 - grid_share) * drawn_w,
            )
            if result is not None:
                break
        assert result is not None
        expected = Finding.BATTERY_FILLED if grid_share == 0 else Finding.SIGN_RIGHT
        assert finding_of(result) is expected


@pytest.mark.parametrize(
    ("shown", "sign"),
    [
        (0.6, Sign.RIGHT),
        (0.4, Sign.UNCLEAR),
        (-0.4, Sign.UNCLEAR),
        (-0.6, Sign.REVERSED),
    ],
)
def test_the_meter_must_show_half_of_the_pulse(shown: float, sign: Sign) -> None:
    house = House(base_w=800, meter_sign=shown)
    house.run(5)
    assert check(house).sign is sign


def test_a_load_out_of_reach_ends_its_check() -> None:
    house = House(base_w=800)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(3)
    house.cars[0].reachable = False
    assert house.run(1).checks["ocpp:one"].end is CheckEnd.NOT_READY


def test_a_pulse_on_three_phases_needs_its_room_on_each() -> None:
    house = House(
        settings=HomeSettings(phases=3, breaker_a=10),
        cars=[Car(phases=(1, 2, 3), uses=3)],
        base_w=1500,
    )
    house.run(5)
    assert check(house).sign is Sign.RIGHT


class _Kettled(House):
    """A kettle on phase 1 comes on with the pulse, and stays."""

    extra_a = 0.0

    def _currents(self) -> tuple[float, ...]:
        first, *others = super()._currents()
        if self.cars[0].drawn_a > 3:
            self.extra_a = 4.0
        return (first + self.extra_a, *others)


def test_the_phase_is_the_one_that_moved_both_ways() -> None:
    house = _Kettled(
        settings=HomeSettings(phases=3), cars=[Car(phases=(2,))], base_w=900
    )
    house.run(5)
    assert check(house).phase == 2


def test_currents_that_go_away_in_the_middle_name_no_phase() -> None:
    house = House(settings=HomeSettings(phases=3), cars=[Car(phases=(2,))], base_w=900)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(60)
    house.three_phase_currents = False
    results = [r for _ in range(60) for r in house.run(1).checks.values()]
    assert [(r.sign, r.phase) for r in results] == [(Sign.RIGHT, None)]


def test_what_must_stop_or_cannot_be_told_does_not_keep_still_for_a_check() -> None:
    house = House(
        cars=[Car(mode=Mode.BOOST), Car(load_id="ocpp:two", priority=2)], base_w=500
    )
    house.run(60)
    house.engine.start_check(house.car("ocpp:two").spec)
    house.run(3)
    assert house.decision("ocpp:one").reason is Reason.CHECKING
    house.car("ocpp:one").reachable = False
    house.run(1)
    assert house.decision("ocpp:one").reason is Reason.UNREACHABLE
    house.car("ocpp:one").reachable = True
    house.car("ocpp:one").wants_power = False
    house.run(1)
    assert house.decision("ocpp:one").reason is Reason.NO_VEHICLE
