"""Limits of some loads, and of all phases together."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.guard.circuits import loads_behind
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.model import (
    GuardEventKind,
    LimitKind,
    Mode,
    Reason,
    TariffNow,
)
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .mixed_house import VOLTAGE_V, MixedHouse, Plant, charger, heater, switched

V = VOLTAGE_V


def circuit(
    limit_a: float, *load_ids: str, key: str = "garage", parent: str | None = None
) -> Circuit:
    return Circuit(circuit_id=key, limit_a=limit_a, load_ids=load_ids, parent=parent)


def home(*circuits: Circuit, **more: float) -> HomeSettings:
    return HomeSettings(circuits=circuits, **{"breaker_a": 90.0, **more})


def house_of(*loads: Plant, settings: HomeSettings, **more: object) -> MixedHouse:
    return MixedHouse(loads=list(loads), settings=settings, **more)


def boosted(*specs: object) -> list[Plant]:
    return [Plant(spec=spec, mode=Mode.BOOST) for spec in specs]


class TestCircuits:
    def test_two_chargers_share_theirs_and_nobody_else_does(self) -> None:
        one, two, hot = boosted(charger("a", 1), charger("b", 2), heater("h", 3))
        house = house_of(one, two, hot, settings=home(circuit(40.0, "a", "b")))
        house.run(200, base_w=2000)
        assert one.value == 32
        assert two.value in (7, 8)
        assert hot.value == 3000
        decision = house.decision("b")
        assert decision.reason is Reason.LIMITED
        assert decision.numbers["limit"] == "circuit"
        assert decision.numbers["circuit"] == "garage"
        assert house.guard.over is None

    def test_it_is_named_where_it_leaves_no_room(self) -> None:
        one, two = boosted(charger("a", 1), charger("b", 2))
        house = house_of(one, two, settings=home(circuit(36.0, "a", "b")))
        house.run(60)
        assert two.value == 0
        assert house.decision("b").reason is Reason.NO_ROOM
        assert house.decision("b").numbers["limit"] == "circuit"
        assert house.decision("b").numbers["circuit"] == "garage"

    @pytest.mark.parametrize(("outer_a", "named"), [(30.0, "board"), (50.0, "garage")])
    def test_of_two_that_a_load_hangs_on_the_tighter_one_is_named(
        self, outer_a: float, named: str
    ) -> None:
        one, two = boosted(charger("a", 1), charger("b", 2))
        nested = (
            circuit(36.0, "a", "b", parent="board"),
            circuit(outer_a, key="board"),
        )
        house = house_of(one, two, settings=home(*nested))
        house.run(60)
        assert house.decision("b").numbers["circuit"] == named

    def test_another_limit_names_none(self) -> None:
        (one,) = boosted(charger("a", 1))
        settings = home(circuit(36.0, "a"), breaker_a=20.0)
        house = house_of(one, settings=settings)
        house.run(60)
        assert house.decision("a").reason is Reason.LIMITED
        assert house.decision("a").numbers["limit"] == "breaker"
        assert "circuit" not in house.decision("a").numbers

    def test_each_phase_of_it_on_its_own(self) -> None:
        one = Plant(spec=charger("a", 1, phases=(1,)), mode=Mode.BOOST)
        two = Plant(spec=charger("b", 2, phases=(2,)), mode=Mode.BOOST)
        house = house_of(
            one,
            two,
            settings=home(circuit(20.0, "a", "b"), phases=3),
            base_a=[0.0] * 3,
        )
        house.run(200)
        assert (one.value, two.value) == (19, 19)

    def test_one_of_unknown_phase_counts_on_each_of_them(self) -> None:
        car = Plant(spec=charger("a", 1, phases=(1,), max_a=16.0), mode=Mode.BOOST)
        spec = switched("s", 2, power_w=2300.0, phases=(1,), learns_phase=True)
        pump = Plant(spec=spec, mode=Mode.BOOST)
        # The phase with the least room is another one than theirs.
        house = house_of(
            car,
            pump,
            settings=home(circuit(20.0, "a", "s"), phases=3),
            base_a=[1.0, 30.0, 1.0],
        )
        house.run(300)
        drawn_a = [(c[0] - 1.0) for c in house.currents]
        assert max(drawn_a) <= 20.0
        assert (car.value, pump.value) == (16, 0)
        assert house.decision("s").numbers["limit"] == "circuit"

    def test_one_of_unknown_phase_gives_way_on_each_of_them(self) -> None:
        hot = Plant(
            spec=replace(heater("h", 1, 4600.0), learns_phase=True), mode=Mode.BOOST
        )
        house = house_of(
            hot,
            settings=home(circuit(25.0, "h"), phases=3),
            base_a=[1.0, 30.0, 1.0],
        )
        house.run(60)
        assert hot.value == 4600
        house.settings = house.engine.settings = home(circuit(10.0, "h"), phases=3)
        house.run(1)
        assert hot.value == pytest.approx(2300, abs=1)

    def test_one_on_another_counts_in_both(self) -> None:
        loads = boosted(charger("a", 1), charger("b", 2), heater("h", 3, 6900.0))
        house = house_of(
            *loads,
            settings=home(
                circuit(20.0, "a", "b", parent="board"),
                circuit(30.0, "h", key="board"),
            ),
        )
        house.run(200)
        assert (loads[0].value, loads[1].value) == (19, 0)
        total_a = sum(load.power_w for load in loads) / V
        assert 29 < total_a <= 30.1

    def test_what_a_load_draws_against_its_order_counts(self) -> None:
        stuck, car = boosted(charger("stuck", 2), charger("car", 1, max_a=16.0))
        house = house_of(stuck, car, settings=home(circuit(32.0, "stuck", "car")))
        car.mode = Mode.OFF
        house.run(100)
        stuck.obeys = False
        assert stuck.power_w / V == 32
        car.ask(Mode.BOOST)
        house.run(60)
        assert car.value == 0

    def test_what_is_kept_for_one_out_of_reach_counts(self) -> None:
        lost, car = boosted(charger("lost", 1, max_a=20.0), charger("car", 2))
        house = house_of(lost, car, settings=home(circuit(32.0, "lost", "car")))
        house.run(100)
        lost.reachable, lost.lost_at = False, house.now
        house.run(60)
        assert car.value <= 12

    def test_its_own_breaker_is_kept_closed(self) -> None:
        pump = switched("s", 2, power_w=3680.0, sheddable=True)
        car, load = boosted(charger("a", 1, max_a=16.0), pump)
        house = house_of(car, load, settings=home(circuit(40.0, "a", "s")))
        house.run(100)
        assert (car.value, load.value) == (16, 1)
        house.settings = house.engine.settings = home(circuit(16.0, "a", "s"))
        house.run(2)
        assert car.value == 6
        house.run(60)
        assert house.guard.over is None
        assert house.guard.shed == {"s"}
        assert house.guard.counters.sheds == 1
        assert house.decision("s").numbers["limit"] == "circuit"
        (told,) = [event for cycle in house.history for event in cycle.guard.events]
        assert told.numbers["circuit"] == "garage"
        # Known over a restart, and told of its return.
        house.restart()
        house.run(1)
        assert house.decision("s").numbers["circuit"] == "garage"
        house.settings = house.engine.settings = home(circuit(40.0, "a", "s"))
        house.run(400)
        assert load.value == 1
        back = [event for cycle in house.history for event in cycle.guard.events][-1]
        assert back.kind is GuardEventKind.RESTORED
        assert back.numbers["circuit"] == "garage"

    def test_the_heat_of_one_that_was_removed_is_forgotten(self) -> None:
        (car,) = boosted(charger("a", 1))
        house = house_of(car, settings=home(circuit(33.0, "a")))
        house.run(100)
        assert house.guard.heat > 0.5
        house.settings = house.engine.settings = HomeSettings(breaker_a=90.0)
        house.run(100)
        assert house.guard.heat < 0.2

    def test_the_loads_behind_are_those_of_circuits_on_it_too(self) -> None:
        circuits = (
            circuit(20.0, "a", "b", parent="board"),
            circuit(30.0, "h", key="board"),
            circuit(10.0, "x", key="lone", parent="gone"),
        )
        assert loads_behind(circuits) == {
            "garage": {"a", "b"},
            "board": {"a", "b", "h"},
            "lone": {"x"},
        }


class TestHouseCap:
    def house(self, *loads: Plant, cap_w: float = 6000.0) -> MixedHouse:
        return house_of(*loads, settings=home(), tariff=TariffNow(house_cap_w=cap_w))

    def test_loads_take_what_the_house_leaves_of_it(self) -> None:
        (hot,) = boosted(heater("h", 1, 9000.0))
        house = self.house(hot)
        house.run(100, base_w=2000)
        assert hot.value == pytest.approx(4000, abs=60)
        house.run(3, base_w=3500)
        assert hot.value == pytest.approx(2500, abs=60)
        assert house.decision("h").numbers["limit"] == "house_cap"

    def test_it_is_for_all_phases_together(self) -> None:
        car = Plant(spec=charger("c", 1, phases=(1, 2, 3)), mode=Mode.BOOST)
        house = house_of(
            car,
            settings=home(phases=3),
            base_a=[0.0] * 3,
            tariff=TariffNow(house_cap_w=12_000.0),
        )
        house.run(100, base_w=3000)
        assert car.value == 12
        assert sum(house.currents[-1]) * V <= 12_000

    def test_a_lower_one_throttles_at_once_and_stops_only_what_lasts(self) -> None:
        load, car = boosted(
            switched("s", 2, power_w=2000.0, sheddable=True), charger("c", 1)
        )
        house = self.house(load, car, cap_w=12_000.0)
        house.run(400, base_w=500)
        assert (load.value, car.value) == (1, 32)
        house.tariff = TariffNow(house_cap_w=3000.0)
        house.run(3)
        assert (load.value, car.value) == (1, 6)
        assert house.guard.over is LimitKind.HOUSE_CAP
        assert house.guard.seconds_left is None
        house.run(295)
        assert load.value == 1
        house.run(10)
        assert (load.value, car.value) == (0, 10)
        house.tariff = TariffNow()
        house.run(400)
        assert load.value == 1

    def test_it_breaks_no_minimum_time(self) -> None:
        (load,) = boosted(
            switched("s", 1, power_w=2000.0, sheddable=True, min_on_s=1200.0)
        )
        house = self.house(load)
        house.run(60, base_w=500)
        house.tariff = TariffNow(house_cap_w=1000.0)
        house.run(900)
        assert load.value == 1
        house.run(600)
        assert load.value == 0


class TestHeadroom:
    def group(self, **more: object) -> Group:
        return Group(
            **{
                "key": "k",
                "kind": LimitKind.CIRCUIT,
                "limit_a": 20.0,
                "base_a": (0.0, 0.0, 0.0),
                "shown_a": (5.0, 25.0, 0.0),
                "load_ids": frozenset({"a"}),
                **more,
            }
        )

    def headroom(self, *groups: Group, limit_a: float = 30.0) -> Headroom:
        limit = Limit(kind=LimitKind.BREAKER, current_a=limit_a)
        return Headroom((limit,), (2.0,) * 3, (9.0,) * 3, groups=groups, guarded=True)

    def test_the_tightest_is_named(self) -> None:
        room = self.headroom(self.group())
        assert room.limit_a == 30
        room.begin_turn("a", None)
        assert room.tightest((1,)) == (20.0, LimitKind.CIRCUIT)
        assert room.limit_a == 20
        assert room.exceeded((2,))
        assert not room.exceeded((1,))
        assert room.to_rise_a((1,)) == 15
        room.begin_turn("b", None)
        assert room.tightest((1,)) == (28.0, LimitKind.BREAKER)
        assert room.limit_a == 30
        assert not room.exceeded((2,))
        assert room.to_rise_a((1,)) == 21

    def test_what_one_takes_of_it_the_next_one_has_not(self) -> None:
        room = self.headroom(self.group(load_ids=frozenset({"a", "b"})))
        room.begin_turn("a", None)
        room.take((1, 3), 8.0)
        room.end_turn((1, 3), 3.0)
        room.begin_turn("b", None)
        assert room.tightest((3,)) == (12.0, LimitKind.CIRCUIT)
        # 5 A more than it draws.
        assert room.to_rise_a((1,)) == 10

    def test_one_for_all_phases_is_shared_by_those_that_a_load_uses(self) -> None:
        cap = self.group(
            kind=LimitKind.HOUSE_CAP,
            base_a=(5.0,),
            shown_a=(9.0,),
            load_ids=None,
            together=True,
        )
        room = self.headroom(cap)
        assert room.tightest((1, 2, 3)) == (5.0, LimitKind.HOUSE_CAP)
        room.begin_turn("x", None)
        room.take((1, 2, 3), 4.0)
        room.end_turn((1, 2, 3), 1.0)
        assert room.tightest((1,)) == (3.0, LimitKind.HOUSE_CAP)
        assert room.to_rise_a((1,)) == 2
        assert not room.exceeded((1,))
