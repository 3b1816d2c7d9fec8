"""Circuits and the house cap while no grid meter shows anything."""

from datetime import timedelta

import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.model import LimitKind, Mode, Reason, TariffNow
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .house_judge import Judge, live
from .mixed_house import charger, storage, switched
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

    def test_what_is_told_too_much_for_it_is_stopped_at_once(self) -> None:
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
        live(engine, judge)
        assert (first.value, second.value) == (6, 0)


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


class TestHouseCap:
    """The house is left its own peak of this hour beneath it."""

    def living(self, cap_w: float, *, seen: bool) -> float:
        """Return what a car is told when the meter dies, or never lived."""
        one = car("a", 1)
        house = WholeHouse(settings=HomeSettings(), bodies=[one], base_a=[5.0])
        engine, judge = Engine(house.settings), Judge(house=house)
        house.meter_works = seen
        live(engine, judge, 60)
        house.meter_works = False
        judge.doubt()
        house.tariff = TariffNow(house_cap_w=cap_w)
        live(engine, judge, 120)
        return one.value

    @pytest.mark.parametrize(("cap_w", "told_a"), [(2700.0, 6), (2500.0, 0)])
    def test_what_fits_beside_that_runs_on_its_minimum(
        self, cap_w: float, told_a: float
    ) -> None:
        assert self.living(cap_w, seen=True) == told_a

    def test_where_nobody_knows_the_house_nothing_does(self) -> None:
        assert self.living(20_000.0, seen=False) == 0

    def test_at_an_hour_that_was_never_seen_neither(self) -> None:
        one = car("a", 1)
        house = WholeHouse(settings=HomeSettings(), bodies=[one], base_a=[5.0])
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        house.meter_works = False
        house.wall_offset = timedelta(hours=3)
        house.tariff = TariffNow(house_cap_w=20_000.0)
        judge.doubt()
        live(engine, judge, 120)
        assert one.value == 0

    def test_who_comes_waits_until_who_leaves_has_left(self) -> None:
        first, second = car("a", 1), car("b", 2, Mode.OFF)
        house = WholeHouse(
            settings=HomeSettings(), bodies=[first, second], base_a=[5.0]
        )
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        house.meter_works = False
        judge.doubt()
        house.tariff = TariffNow(house_cap_w=2900.0)
        live(engine, judge, 120)
        first.mode, second.mode = Mode.OFF, Mode.BOOST
        judge.wished.update(("a", "b"))
        live(engine, judge)
        assert first.power_w == 6 * 230
        assert (first.value, second.value) == (0, 0)
        live(engine, judge, 20)
        assert (first.power_w, second.value) == (0, 6)

    def test_it_counts_every_phase(self) -> None:
        spec = charger("a", 1, phases=(1, 2, 3))
        one = Body(spec=spec, uses=(1, 2, 3), mode=Mode.BOOST)
        house = WholeHouse(
            settings=HomeSettings(phases=3), bodies=[one], base_a=[5.0, 1.0, 1.0]
        )
        engine, judge = Engine(house.settings), Judge(house=house)
        live(engine, judge, 60)
        house.meter_works = False
        judge.doubt()
        # Three times the peak of one phase, and three times the least of the car.
        house.tariff = TariffNow(house_cap_w=3 * 5 * 230.0 + 3 * 6 * 230.0 - 100)
        live(engine, judge, 120)
        assert one.value == 0


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

    def test_a_calculation_that_seems_not_to_fit_is_believed_at_once(self) -> None:
        circuit = self.group(LimitKind.CIRCUIT)
        assert Headroom((), (0.0,), groups=(circuit,)).exceeded((1,))
        assert not Headroom((), (0.0,), (0.0,), groups=(circuit,)).exceeded((1,))
        assert not Headroom((), (0.0,)).exceeded((1,))
        limits = (Limit(kind=LimitKind.BREAKER, current_a=5.0),)
        assert Headroom(limits, (0.0,)).exceeded((1,))

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
