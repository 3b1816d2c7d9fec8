"""What moves while no meter looks: a rise fits on top of what was surely shown."""

from dataclasses import replace
from math import inf

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.orders import Orders
from custom_components.surplus.control.model import Mode, StorageReading
from custom_components.surplus.control.settings import HomeSettings

from .house_judge import Judge, live
from .mixed_house import MixedHouse, Plant, charger, heater, storage
from .whole_house import Body, WholeHouse

OFF, BOOST, SOLAR = Mode.OFF, Mode.BOOST, Mode.SOLAR


def orders(*told: tuple[float, float, float]) -> Orders:
    """Return what was told (when, W, W reserved) to a load that needs 10 s."""
    given = Orders(10.0)
    for order in told:
        given.note(*order)
    return given


class TestLeastThatWasTold:
    def test_in_the_time_that_it_may_need(self) -> None:
        given = orders((0.0, 500.0, 0.0), (20.0, 3000.0, 0.0), (25.0, 2000.0, 0.0))
        assert given.least_w(26.0) == 500
        assert given.least_w(30.0) == 2000

    def test_what_is_told_on_a_reading_is_not_in_it(self) -> None:
        given = orders((0.0, 500.0, 0.0), (20.0, 0.0, 0.0))
        assert given.least_w(20.0) == 500
        assert given.least_w(20.1) == 0

    def test_room_that_was_only_kept_was_not_told(self) -> None:
        given = orders((0.0, 0.0, 2000.0), (5.0, 2000.0, 0.0))
        assert given.least_w(6.0) == 0
        given = orders((0.0, 2000.0, 0.0), (5.0, 0.0, 2000.0))
        assert given.least_w(6.0) == 0

    def test_nothing_told_says_nothing(self) -> None:
        assert Orders(10.0).least_w(5.0) == inf


class TestMostThatItCanHaveDrawn:
    """At an instant, by what it was told then and by what it drew some time later."""

    @pytest.mark.parametrize(
        ("later_w", "most_w"),
        [
            # All of it came with what it was told since.
            (3000.0, 1000.0),
            (0.0, 1000.0),
            # What nobody told it may always have been there.
            (3400.0, 1400.0),
        ],
    )
    def test_what_it_was_told_since_it_had_not_begun(
        self, later_w: float, most_w: float
    ) -> None:
        given = orders((0.0, 1000.0, 0.0), (20.0, 3000.0, 0.0))
        assert given.most_at_w(20.0, later_w, None) == most_w

    def test_what_it_was_told_in_the_time_that_it_may_need_it_may_still_draw(
        self,
    ) -> None:
        given = orders((0.0, 3000.0, 0.0), (15.0, 0.0, 0.0), (20.0, 2000.0, 0.0))
        assert given.most_at_w(20.0, 2000.0, None) == 3000
        given = orders((0.0, 3000.0, 0.0), (5.0, 0.0, 0.0), (20.0, 2000.0, 0.0))
        assert given.most_at_w(20.0, 2000.0, None) == 0

    def test_what_it_was_told_to_leave_since_it_had_then(self) -> None:
        given = orders((0.0, 3000.0, 0.0), (20.0, 0.0, 0.0))
        assert given.most_at_w(20.0, 3000.0, None) == 3000
        assert given.most_at_w(20.0, 3300.0, None) == 3300

    def test_unless_it_was_seen_to_have_left(self) -> None:
        given = orders((0.0, 3000.0, 0.0), (15.0, 0.0, 0.0), (20.0, 2000.0, 0.0))
        assert given.most_at_w(20.0, 2000.0, (19.0, 0.0)) == 0
        assert given.most_at_w(20.0, 2000.0, (19.0, 700.0)) == 700

    def test_what_was_seen_afterwards_says_nothing(self) -> None:
        given = orders((0.0, 3000.0, 0.0), (15.0, 0.0, 0.0), (20.0, 2000.0, 0.0))
        assert given.most_at_w(20.0, 2000.0, (20.5, 0.0)) == 3000

    def test_nor_what_was_seen_longer_ago_than_it_needs(self) -> None:
        given = orders((0.0, 3000.0, 0.0), (5.0, 0.0, 0.0), (20.0, 2000.0, 0.0))
        assert given.most_at_w(20.0, 2000.0, (9.0, 3000.0)) == 0

    def test_one_that_fed_in_drew_nothing(self) -> None:
        given = orders((0.0, -1000.0, 0.0), (20.0, 2000.0, 0.0))
        assert given.most_at_w(20.0, 2000.0, (19.0, -1000.0)) == 0

    def test_of_what_was_told_nothing_before_nobody_knows(self) -> None:
        assert orders((20.0, 2000.0, 0.0)).most_at_w(20.0, 2000.0, None) == inf


def test_an_older_instant_is_judged_by_what_was_measured_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control = control_of(storage())
    # Its model is slow.
    monkeypatch.setattr(control, "own_power_w", lambda *_: 700.0)
    for told in ((0.0, 0.0), (10.0, 2000.0), (12.0, 0.0), (20.0, 2000.0)):
        control.orders.note(*told, 0.0)
    for at in range(30):
        power_w = 2000.0 if at > 20 else 0.0
        reading = StorageReading(reachable=True, power_w=power_w, power_at=float(at))
        control.counted_w(reading, float(at), float(at), 230.0)
        if at == 21:
            assert control.counted_w(reading, 20.0, 21.0, 230.0) == 0
    assert len(control._seen) == 20


class TestOnTheReadingBefore:
    """What was told since the meter was read, it cannot show."""

    def told(
        self, linky_va: float, car: Mode, *heater_modes: Mode
    ) -> tuple[Body, Body]:
        """Let a heater live, then a car above it begin on the same reading."""
        hot = Body(spec=replace(heater("h", 2, 1000.0), phases=(3,)), uses=(3,))
        spec = charger("c", 1, phases=(3,), max_a=10.0)
        above = Body(spec=spec, uses=(3,))
        house = WholeHouse(
            settings=HomeSettings(phases=3),
            bodies=[hot, above],
            linky_va=linky_va,
            meter_every_s=2,
        )
        judge, engine = Judge(house=house), Engine(house.settings)
        for mode in heater_modes:
            hot.mode = mode
            judge.wished.add("h")
            live(engine, judge)
        assert house.grid is not None
        assert house.grid.at == house.now
        above.mode = car
        judge.wished.add("c")
        live(engine, judge)
        assert house.grid.at == house.now - 1
        assert hot.power_w == 1000
        return hot, above

    def test_one_quicker_than_believed_makes_no_room(self) -> None:
        # 6.7 A are left beside the house, and a car begins with one more than 6.
        hot, car = self.told(6000.0, Mode.MIN_SOLAR, OFF, BOOST, OFF, OFF, OFF, BOOST)
        assert (hot.value, car.value) == (1000, 0)

    @pytest.mark.parametrize("before", [(OFF, OFF), (OFF, BOOST, OFF, OFF)])
    def test_one_above_waits_with_what_it_does_not_leave(
        self, before: tuple[Mode, ...]
    ) -> None:
        # 11 A are left beside the house, 6.7 A beside the heater.
        hot, car = self.told(9000.0, BOOST, *before, OFF, BOOST)
        assert (hot.value, car.value) == (1000, 6)

    def test_on_the_next_one_it_makes_room_as_priorities_say(self) -> None:
        hot = Body(spec=heater("h", 1, 1000.0), uses=(1,))
        car = Body(spec=charger("c", 2, max_a=10.0), uses=(1,), mode=BOOST)
        house = WholeHouse(
            settings=HomeSettings(breaker_a=14.0), bodies=[hot, car], linky_va=None
        )
        judge, engine = Judge(house=house), Engine(house.settings)
        live(engine, judge, 5)
        assert (car.value, car.power_w) == (10, 0)
        hot.mode = BOOST
        judge.wished.add("h")
        live(engine, judge)
        assert (hot.value, car.value) == (1000, 7)


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("power_w", "own_w", "shown_w"),
        [
            # It falls: what was told is what will be left of it.
            (2500.0, 2500.0, 1000.0),
            # It rises: no meter shows what it has not taken yet.
            (200.0, 200.0, 200.0),
            # Nobody measures it: it may be at any of what it was told.
            (None, 700.0, 0.0),
        ],
    )
    def test_of_one_that_moves(
        self, power_w: float | None, own_w: float, shown_w: float
    ) -> None:
        control = control_of(storage())
        control.orders.note(0.0, 0.0, 0.0)
        control.orders.note(9.0, 3000.0, 0.0)
        control.orders.note(10.0, 1000.0, 0.0)
        reading = StorageReading(reachable=True, power_w=power_w, power_at=10.0)
        assert control.shown_w(reading, own_w, 11.0) == shown_w

    def test_of_one_that_was_told_nothing_all_that_it_draws(self) -> None:
        reading = StorageReading(reachable=True, power_w=700.0, power_at=10.0)
        assert control_of(storage()).shown_w(reading, 700.0, 11.0) == 700


def lived(*modes: tuple[int, Mode], battery: int = 1) -> WholeHouse:
    """Let a battery that nobody measures and a car live, a second for each mode."""
    house = WholeHouse(
        settings=HomeSettings(breaker_a=16.0),
        bodies=[
            Body(spec=storage("b", battery), uses=(1,), measures=False, soc=0.05),
            Body(spec=charger("c", 1, max_a=10.0), uses=(1,)),
        ],
        linky_va=6000.0,
        meter_every_s=5,
    )
    judge, engine = Judge(house=house), Engine(house.settings)
    for index, mode in modes:
        body = house.bodies[index]
        body.mode = mode
        judge.wished.add(body.spec.load_id)
        live(engine, judge)
    return house


class TestABatteryThatNobodyMeasures:
    """Between two readings it went up and down: its model may be behind."""

    def test_does_not_rise_beyond_what_the_meter_leaves(self) -> None:
        house = lived(
            *[(0, OFF)] * 10,
            *((0, BOOST), (0, SOLAR), (0, OFF), (0, OFF), (0, SOLAR), (0, BOOST)),
        )
        assert house.bodies[0].value == (16 - 2) * 230

    def test_leaves_a_car_no_room_that_it_does_not_give(self) -> None:
        house = lived(
            *[(0, OFF)] * 10,
            *((0, BOOST), (0, SOLAR), (0, OFF), (0, SOLAR), (1, BOOST)),
        )
        battery, car = house.bodies
        assert car.value == 8
        assert 2 + battery.value / 230 + car.value <= 16

    def test_leaves_none_on_the_same_reading_to_one_above_it_either(self) -> None:
        house = lived(
            *[(0, OFF)] * 10,
            *((0, BOOST), (0, SOLAR), (0, OFF), (0, OFF), (0, SOLAR), (1, BOOST)),
            battery=2,
        )
        battery, car = house.bodies
        assert battery.value > 0
        assert car.value == 8


def test_what_a_battery_is_about_to_give_takes_no_room_from_others() -> None:
    battery = Plant(spec=storage("b", 1), mode=SOLAR)
    car = Plant(spec=charger("c", 2, max_a=10.0))
    house = MixedHouse(loads=[battery, car], settings=HomeSettings(breaker_a=25.0))
    house.run(30, base_w=0)
    while battery.value > -2500:
        house.run(1, base_w=3000)
    assert battery.power_w > battery.value
    car.ask(BOOST)
    house.run(1)
    assert battery.power_w > battery.value
    assert car.value == 10
