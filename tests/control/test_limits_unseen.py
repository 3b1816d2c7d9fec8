"""Limits where no meter shows what they are held against, or not now."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.model import LimitKind, Mode, Reason, TariffNow
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .house_judge import Judge, live
from .mixed_house import charger, heater, storage, switched
from .whole_house import Body, WholeHouse


def car(load_id: str, priority: int, mode: Mode = Mode.BOOST) -> Body:
    spec = charger(load_id, priority, phases=(1,), min_on_s=0.0, min_off_s=0.0)
    return Body(spec=spec, uses=(1,), mode=mode)


def behind(limit_a: float, *bodies: Body, **more: object) -> WholeHouse:
    """Return a house with loads behind one circuit."""
    load_ids = tuple(body.spec.load_id for body in bodies)
    circuit = Circuit(circuit_id="garage", limit_a=limit_a, load_ids=load_ids)
    return WholeHouse(
        settings=HomeSettings(circuits=(circuit,)), bodies=list(bodies), **more
    )


class TestCircuits:
    """What flows there the loads tell themselves: no grid meter is needed."""

    @pytest.mark.parametrize("mode", [Mode.BOOST, Mode.MIN_SOLAR])
    @pytest.mark.parametrize(("limit_a", "second_a"), [(11.9, 0), (14.0, 6)])
    def test_two_cars_run_on_their_minimum_where_both_fit(
        self, mode: Mode, limit_a: float, second_a: float
    ) -> None:
        first, second = car("a", 1, mode), car("b", 2, mode)
        house = behind(limit_a, first, second, meter_works=False)
        live(Engine(house.settings), Judge(house=house), 60)
        assert (first.value, second.value) == (6, second_a)

    def test_it_is_named_where_it_leaves_no_room_and_what_flows_is_shown(self) -> None:
        house = behind(10.0, car("a", 1), car("b", 2), meter_works=False)
        cycle = live(Engine(house.settings), Judge(house=house), 60)
        assert cycle.meter is MeterState.NONE
        decision = next(one for one in cycle.decisions if one.load_id == "b")
        assert decision.reason is Reason.NO_ROOM
        assert decision.numbers["circuit"] == "garage"
        assert cycle.circuits_a == {"garage": pytest.approx(6.0)}
        assert cycle.loads_w == {"a": pytest.approx(1380.0), "b": 0.0}

    def test_who_comes_waits_until_who_leaves_has_left(self) -> None:
        first, second = car("a", 1), car("b", 2)
        house = behind(10.0, first, second, meter_works=False)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        first.mode = Mode.OFF
        judge.wished.add("a")
        live(engine, judge)
        assert first.value == second.value == 0
        assert first.power_w == 6 * 230
        live(engine, judge, 10)
        assert first.power_w == 0
        assert second.value == 6

    def test_a_meter_that_dies_leaves_both_their_minimum(self) -> None:
        first, second = car("a", 1), car("b", 2)
        house = behind(24.0, first, second)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 120)
        assert first.value + second.value > 20
        house.meter_works = False
        judge.doubt()
        cycle = live(engine, judge, 120)
        assert cycle.meter is MeterState.LOST
        assert (first.value, second.value) == (6, 6)

    def test_what_is_told_too_much_for_it_is_stopped_at_once_where_it_is_drawn(
        self,
    ) -> None:
        first, second = car("a", 1), car("b", 2)
        house = behind(24.0, first, second)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 120)
        house.meter_works = False
        judge.doubt()
        live(engine, judge, 62)
        assert (first.value, second.value) == (6, 6)
        # While nobody looks, somebody sets the circuit to less.
        house.settings = engine.settings = behind(10.0, first, second).settings
        assert first.power_w + second.power_w > 10 * 230
        cycle = engine.cycle(house.snapshot())
        assert [one.setpoint and one.setpoint.value for one in cycle.decisions] == [
            6,
            0,
        ]


class TestWhatNobodyMeasures:
    """What moves behind a circuit, unmeasured, is not believed to have left."""

    @pytest.mark.parametrize("priority", [1, 3])
    def test_what_was_let_go_leaves_no_room_until_it_must_have_left(
        self, priority: int
    ) -> None:
        spec = switched(
            "s", 2, power_w=1840.0, phases=(1,), min_on_s=0.0, min_off_s=0.0
        )
        relay = Body(
            spec=spec, uses=(1,), strength_w=1840.0, measures=False, mode=Mode.BOOST
        )
        other = car("c", priority, Mode.OFF)
        house = behind(10.0, relay, other)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        assert relay.value == 1
        relay.mode, other.mode = Mode.OFF, Mode.BOOST
        judge.wished.update(("s", "c"))
        live(engine, judge, 5)
        assert (relay.value, other.value) == (0, 0)
        live(engine, judge, 30)
        assert other.value >= 9

    def test_in_its_own_turn_it_is_not_in_its_own_way(self) -> None:
        battery = Body(
            spec=storage("b", 1, 2300.0), uses=(1,), measures=False, mode=Mode.BOOST
        )
        house = behind(10.0, battery)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        assert battery.value == 2300
        for mode in (Mode.OFF, Mode.BOOST):
            battery.mode = mode
            judge.wished.add("b")
            live(engine, judge, 2)
        assert battery.value == 2300

    def test_what_it_is_told_and_what_it_hides_is_not_counted_twice(self) -> None:
        battery = Body(spec=storage("b", 1, 2300.0), uses=(1,), measures=False)
        other = car("c", 2, Mode.OFF)
        house = behind(43.0, battery, other)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        battery.mode = Mode.BOOST
        judge.wished.add("b")
        live(engine, judge)
        other.mode = Mode.BOOST
        judge.wished.add("c")
        live(engine, judge)
        assert (battery.value, other.value) == (2300, 32)

    def test_what_one_hides_is_hidden_behind_its_own_circuit_alone(self) -> None:
        spec = switched(
            "r", 2, power_w=1840.0, phases=(1,), min_on_s=0.0, min_off_s=0.0
        )
        relay = Body(spec=spec, uses=(1,), strength_w=1840.0, measures=False)
        above, below = car("a", 1, Mode.OFF), car("b", 3, Mode.OFF)
        circuits = (
            Circuit(circuit_id="one", limit_a=30.0, load_ids=("r", "b")),
            Circuit(circuit_id="two", limit_a=30.0, load_ids=("a",)),
        )
        house = WholeHouse(
            settings=HomeSettings(circuits=circuits), bodies=[above, relay, below]
        )
        engine, judge = Engine(house.settings), Judge(house=house)
        relay.mode = Mode.BOOST
        live(engine, judge, 30)
        relay.mode = Mode.OFF
        judge.wished.add("r")
        live(engine, judge)
        above.mode = below.mode = Mode.BOOST
        judge.wished.update(("a", "b"))
        live(engine, judge)
        assert relay.value == 0
        # 8 A may still flow behind the one, nothing behind the other.
        assert 20 <= below.value <= 22
        assert above.value >= 29

    def test_what_a_battery_gives_is_no_draw_that_might_be_hidden(self) -> None:
        battery = Body(
            spec=storage("b", 1, 4600.0), uses=(1,), measures=False, mode=Mode.SOLAR
        )
        other = car("c", 2, Mode.OFF)
        other.spec = replace(other.spec, max_a=16.0)
        house = behind(16.0, battery, other, base_a=[10.0])
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        for base_a in (8.0, 12.0, 9.0):
            house.base_a = [base_a]
            live(engine, judge, 4)
        assert battery.value < -1000
        other.mode = Mode.BOOST
        judge.wished.add("c")
        live(engine, judge)
        assert other.value == 16

    def test_what_was_measured_since_is_not_counted_as_yet_to_come(self) -> None:
        spec = switched("r", 1, power_w=3680.0, phases=(1,))
        relay = Body(spec=spec, uses=(1,), strength_w=3680.0)
        other = car("c", 2, Mode.OFF)
        other.spec = replace(other.spec, max_a=16.0)
        house = behind(36.0, relay, other, meter_every_s=30)
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 63)
        relay.mode = Mode.BOOST
        judge.wished.add("r")
        live(engine, judge, 3)
        assert relay.power_w == 3680
        other.mode = Mode.BOOST
        judge.wished.add("c")
        live(engine, judge)
        assert house.grid is not None
        assert house.now - house.grid.at > 3
        assert other.value == 16


class TestOutOfReach:
    """What it goes on drawing is on the meter, and behind its circuit."""

    def beside(self, lost: Body, *, circuit: bool, blind: bool = False) -> float:
        """Return what a car gets beside a load that ran and was lost."""
        other = car("b", 2, Mode.OFF)
        load_id = lost.spec.load_id
        box = Circuit(circuit_id="box", limit_a=32.0, load_ids=(load_id, "b"))
        settings = HomeSettings(circuits=(box,))
        if not circuit:
            settings = HomeSettings(breaker_a=34.0)
        house = WholeHouse(settings=settings, bodies=[lost, other])
        engine, judge = Engine(settings), Judge(house=house)
        lost.mode = Mode.BOOST
        live(engine, judge, 120)
        assert lost.power_w > 2900
        lost.lost_at = house.now
        house.meter_works = not blind
        judge.doubt()
        live(engine, judge, 120)
        other.mode = Mode.BOOST
        judge.wished.add("b")
        live(engine, judge, 200)
        return other.value

    @pytest.mark.parametrize("circuit", [True, False])
    @pytest.mark.parametrize(
        "lost",
        [
            Body(spec=charger("a", 1, max_a=16.0), uses=(1,)),
            Body(spec=heater("a", 1, 3000.0), uses=(1,)),
            Body(spec=switched("a", 1, power_w=3000.0), uses=(1,), strength_w=3000.0),
            Body(spec=switched("a", 1), uses=(1,), strength_w=3000.0),
            Body(spec=storage("a", 1, 3000.0), uses=(1,)),
        ],
        ids=["charger", "heater", "relay", "unknown_relay", "battery"],
    )
    def test_it_is_not_counted_twice(self, lost: Body, circuit: bool) -> None:
        assert self.beside(replace(lost), circuit=circuit) >= 15

    def test_nor_while_no_meter_shows_anything(self) -> None:
        lost = Body(spec=charger("a", 1, max_a=16.0), uses=(1,))
        assert self.beside(lost, circuit=True, blind=True) == 6


class TestAnotherMeterProtects:
    """What limits are held against may be of another instant than what is followed."""

    def told(self, *, protected: bool) -> float:
        """Return what a car is told beside a heater that began since."""
        hot = Body(spec=heater("h", 2, 3000.0), uses=(1,))
        above = Body(spec=charger("c", 1, phases=(1,), max_a=16.0), uses=(1,))
        house = WholeHouse(
            settings=HomeSettings(phases=3, breaker_a=20.0),
            bodies=[hot, above],
            protected=protected,
            meter_every_s=10,
        )
        engine = Engine(house.settings)
        for second in range(38):
            if second == 31:
                hot.mode = Mode.BOOST
            if second == 37:
                above.mode = Mode.BOOST
            house.step(1)
            cycle = engine.cycle(house.snapshot())
            for decision in cycle.decisions:
                body = hot if decision.load_id == "h" else above
                body.tell(decision.setpoint, house.now)
        assert hot.power_w == 3000
        return above.value

    @pytest.mark.parametrize("protected", [True, False])
    def test_what_began_since_it_was_read_leaves_no_room(self, protected: bool) -> None:
        assert self.told(protected=protected) == 0


class TestSlowToObey:
    def test_without_a_meter_no_car_is_stopped_for_another_that_takes_its_time(
        self,
    ) -> None:
        first, second = car("a", 1), car("b", 2)
        first.spec = replace(first.spec, max_a=14.0)
        house = WholeHouse(
            settings=HomeSettings(breaker_a=26.0), bodies=[first, second], base_a=[10.0]
        )
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 30)
        house.base_a = [2.0]
        live(engine, judge, 200)
        assert (first.power_w, second.value) == (14 * 230, 9)
        house.meter_works = False
        judge.doubt()
        cycle = live(engine, judge)
        while cycle.meter is not MeterState.LOST:
            first.obeys = False
            cycle = live(engine, judge)
        for _ in range(40):
            judge.doubt()
            live(engine, judge)
            assert (first.value, second.value) == (14, 6)
        first.obeys = True
        live(engine, judge, 60)
        assert (first.value, second.value) == (6, 6)


class TestHouseCap:
    def test_nobody_stops_for_it_while_nobody_sees_the_house(self) -> None:
        one = car("a", 1)
        house = WholeHouse(settings=HomeSettings(), bodies=[one], base_a=[5.0])
        engine, judge = Engine(house.settings), Judge(house=house)
        house.tariff = TariffNow(house_cap_w=2900.0)
        live(engine, judge, 60)
        assert one.value >= 6
        house.meter_works, house.base_a = False, [9.0]
        judge.doubt()
        live(engine, judge, 120)
        assert one.value == 6


class TestHeadroomThatNobodySees:
    def group(self, kind: LimitKind, shown_a: float = 4.0) -> Group:
        return Group(
            key=kind.value, kind=kind, limit_a=10.0, base_a=(0.0,), shown_a=(shown_a,)
        )

    def test_what_a_circuit_is_known_to_carry_bounds_a_rise(self) -> None:
        limits = (Limit(kind=LimitKind.BREAKER, current_a=5.0),)
        circuit = self.group(LimitKind.CIRCUIT)
        assert Headroom(limits, (0.0,), groups=(circuit,)).to_rise_a((1,)) == 6
        assert Headroom(limits, (0.0,)).to_rise_a((1,)) is None

    def test_what_a_circuit_is_known_to_carry_exceeds_it(self) -> None:
        assert not Headroom(
            (), (0.0,), groups=(self.group(LimitKind.CIRCUIT),)
        ).exceeded((1,))
        circuit = self.group(LimitKind.CIRCUIT, shown_a=11.0)
        assert Headroom((), (0.0,), groups=(circuit,)).exceeded((1,))

    def test_where_a_breaker_is_a_calculation_gets_no_benefit_of_the_doubt(
        self,
    ) -> None:
        limits = (Limit(kind=LimitKind.BREAKER, current_a=5.0),)
        assert Headroom(limits, (0.0,)).exceeded((1,))

    def test_a_turn_ends_with_what_is_known_behind_a_circuit(self) -> None:
        limits = (Limit(kind=LimitKind.BREAKER, current_a=20.0),)
        circuit = self.group(LimitKind.CIRCUIT)
        headroom = Headroom(limits, (0.0,), (4.0,), groups=(circuit,))
        headroom.begin_turn("a", None)
        headroom.take((1,), 6.0)
        headroom.end_turn((1,), 1.0, 4.0)
        assert circuit.to_rise_a((1,)) == 10 - 4 - (6 - 4)
        assert Headroom(limits, (0.0,), (4.0,)).to_rise_a((1,)) == 16
        circuit.limit_a = 100.0
        assert headroom.to_rise_a((1,)) == 20 - 4 - (6 - 1)

    def test_a_rise_of_one_of_unknown_phase_is_noted_on_each(self) -> None:
        group = Group(
            key="x",
            kind=LimitKind.CIRCUIT,
            limit_a=10.0,
            base_a=(0.0,) * 3,
            shown_a=(0.0,) * 3,
            anywhere=frozenset({"a"}),
        )
        group.mean("a")
        group.note_rise((1,), 3.0)
        group.mean("b")
        assert [group.to_rise_a((phase,)) for phase in (1, 2, 3)] == [7, 7, 7]

    def test_what_is_hidden_behind_a_circuit_the_meter_shows_for_the_others(
        self,
    ) -> None:
        limits = (Limit(kind=LimitKind.BREAKER, current_a=20.0),)
        cap = self.group(LimitKind.HOUSE_CAP)
        circuit = self.group(LimitKind.CIRCUIT)
        headroom = Headroom(limits, (0.0,), (4.0,), groups=(cap, circuit))
        headroom.mean("a")
        headroom.note_rise((1,), 1.0, 3.0)
        assert cap.to_rise_a((1,)) == 5
        assert circuit.to_rise_a((1,)) == 3
        headroom.note_rise((1,), -1.0, -3.0)
        assert headroom.to_rise_a((1,)) == 6
