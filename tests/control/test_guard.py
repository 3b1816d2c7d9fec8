"""The last guard: what the meter itself shows counts before all that is worked out."""

from dataclasses import replace
from math import inf

import pytest

from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.guard.clamp import excesses_of, relieve
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.base import Follower
from custom_components.surplus.control.model import (
    ChargerReading,
    GridReading,
    HeaterReading,
    LimitKind,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Reason,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.offpeak import OffPeakStart
from custom_components.surplus.control.settings import HomeSettings

from .mixed_house import MixedHouse, Plant, charger, heater, storage, switched

V = 230.0
LIMIT = Limit(kind=LimitKind.BREAKER, current_a=20.0)


def follower(
    spec: LoadSpec, told_w: float, *, since: float = 0.0, reachable: bool = True
) -> Follower:
    """Return a load that was told something once."""
    kinds: dict[type, type[LoadReading]] = {
        type(charger()): ChargerReading,
        type(heater()): HeaterReading,
        SwitchedSpec: SwitchedReading,
    }
    load: LoadInput = LoadInput(
        spec=spec, reading=kinds[type(spec)](reachable=reachable), mode=Mode.BOOST
    )
    control = control_of(spec)
    control.observe(load, 1)
    control.orders.note(since, told_w, 0.0)
    return load, control


def caps(
    *loads: tuple[Follower, float],
    shown_a: float,
    now: float = 100.0,
    overload: bool = False,
) -> dict[str, float]:
    headroom = Headroom((LIMIT,), (0.0,), (shown_a,), overload=overload)
    return relieve(
        [pair for pair, _ in loads],
        {pair[0].spec.load_id: own_w for pair, own_w in loads},
        headroom,
        now=now,
        voltage_v=V,
    ).caps_w


class TestWhoGivesWay:
    def test_nobody_under_the_limit(self) -> None:
        assert caps((follower(heater(), 2000), 2000), shown_a=20.0) == {}

    def test_what_is_over_is_taken_from_the_last_first(self) -> None:
        above, below = follower(heater("a", 1), 2000), follower(heater("b", 2), 2000)
        given = caps((above, 2000), (below, 2000), shown_a=22.0)
        assert given == {"b": pytest.approx(2000 - 2 * V)}
        given = caps((above, 2000), (below, 300), shown_a=22.0)
        assert given == {"a": pytest.approx(2000 - (2 * V - 300)), "b": 0.0}

    def test_a_car_goes_to_its_minimum_before_anybody_is_stopped(self) -> None:
        car, hot = follower(charger("a"), 16 * V), follower(heater("b", 2), 230)
        pump = follower(switched("c", 3, power_w=690.0), 690)
        given = caps((car, 16 * V), (hot, 230), (pump, 690), shown_a=26.0)
        assert given == {"a": pytest.approx(11 * V), "b": 0.0, "c": 690}

    def test_where_least_is_too_much_what_hurts_is_not_done_here(self) -> None:
        car, pump = follower(charger("a"), 16 * V), follower(switched("c", 3), 690)
        given = caps((car, 16 * V), (pump, 690), shown_a=31.0)
        assert given == {"a": pytest.approx(6 * V), "c": 1000}

    def test_one_that_is_about_to_take_more_goes_below_what_it_takes(self) -> None:
        given = caps((follower(heater(), 2000), 1000), shown_a=21.0)
        assert given == {"h": pytest.approx(1000 - V)}

    def test_one_out_of_reach_gives_nothing(self) -> None:
        gone, hot = (
            follower(heater("a"), 2000, reachable=False),
            follower(heater(), 920),
        )
        given = caps((gone, 2000), (hot, 920), shown_a=22.0)
        assert given == {"h": pytest.approx(920 - 2 * V)}

    def test_one_on_another_phase_helps_nothing(self) -> None:
        here, there = follower(heater("a", 1), 2000), follower(heater("b", 2), 2000)
        there[1].observe(replace(there[0], spec=replace(there[0].spec, phases=(2,))), 3)
        given = relieve(
            [here, there],
            {"a": 2000.0, "b": 2000.0},
            Headroom((LIMIT,), (0.0,) * 3, (22.0, 5.0, 5.0)),
            now=100.0,
            voltage_v=V,
        ).caps_w
        assert given == {"a": pytest.approx(2000 - 2 * V)}

    def test_one_on_three_phases_gives_what_the_worst_of_them_is_over(self) -> None:
        spec = replace(heater(), phases=(1, 2, 3))
        load, control = follower(spec, 6000)
        control.observe(load, 3)
        given = relieve(
            [(load, control)],
            {"h": 6000.0},
            Headroom((LIMIT,), (0.0,) * 3, (19.0, 22.0, 21.0)),
            now=100.0,
            voltage_v=V,
        ).caps_w
        assert given == {"h": pytest.approx(6000 - 3 * 2 * V)}

    def test_half_an_ampere_over_is_over(self) -> None:
        given = caps((follower(heater(), 2000), 2000), shown_a=20.5)
        assert given == {"h": pytest.approx(2000 - V / 2)}

    def test_one_that_is_off_has_nothing_to_give(self) -> None:
        assert caps((follower(heater(), 0), 0), shown_a=22.0) == {}

    def test_the_meters_warning_brings_all_to_their_least_and_stops_nobody(
        self,
    ) -> None:
        car, hot = follower(charger("a"), 16 * V), follower(heater("b", 2), 900)
        given = caps((car, 16 * V), (hot, 900), shown_a=15.0, overload=True)
        assert given == {"a": pytest.approx(6 * V), "b": 0.0}

    def test_a_trial_is_ended_where_it_is_too_much_and_not_by_a_warning(self) -> None:
        trial = follower(switched("s"), 700)
        control = trial[1]
        control.switching.on, control.changed_at = True, 99.0
        assert not control.stop_hurts(100.0)
        least_w = control.span_w(V).least_w
        assert least_w > 0
        assert caps((trial, 700), shown_a=25.0) == {"s": 0}
        assert caps((trial, 700), shown_a=15.0, overload=True) == {"s": least_w}

    def test_the_limit_that_asks_for_most_counts(self) -> None:
        for over_a in ({1: 1.0}, {1: 5.0}):
            box = group(over_a, frozenset({"h"}))
            headroom = Headroom((LIMIT,), (0.0,), (23.0,), groups=(box,))
            given = relieve(
                [follower(heater(), 2000)],
                {"h": 2000.0},
                headroom,
                now=100.0,
                voltage_v=V,
            ).caps_w
            assert given == {"h": pytest.approx(2000 - max(3.0, over_a[1]) * V)}


def group(over_a: dict[int, float], load_ids: frozenset[str] | None) -> Group:
    """Return a circuit, or a cap where all hang on it, that is so much exceeded."""
    shown_a = tuple(10.0 + over_a.get(pole, -5.0) for pole in (1, 2, 3))
    return Group(
        key="g",
        kind=LimitKind.CIRCUIT,
        limit_a=10.0,
        base_a=shown_a,
        shown_a=shown_a,
        load_ids=load_ids,
        together=load_ids is None,
        anywhere=frozenset({"lost"}),
    )


class TestExcess:
    def test_of_a_circuit_only_those_behind_it_can_take_anything(self) -> None:
        box = group({1: 3.0, 2: 4.0}, frozenset({"a", "lost"}))
        (excess,) = excesses_of(Headroom((), (0.0,) * 3, groups=(box,)))
        assert excess.needed_a("b", (1,)) == 0
        assert excess.needed_a("a", (1, 3)) == 3
        assert excess.needed_a("lost", (1,)) == 4
        excess.take("b", (1,), 9.0)
        excess.take("a", (1,), 1.0)
        assert excess.over_a == {1: 2.0, 2: 4.0}
        excess.take("lost", (3,), 0.5)
        assert excess.over_a == {1: 1.5, 2: 3.5}

    def test_of_a_cap_all_phases_of_a_load_count_together(self) -> None:
        (excess,) = excesses_of(
            Headroom((), (0.0,) * 3, groups=(group({1: 6.0}, None),))
        )
        assert excess.needed_a("a", (1, 2, 3)) == 2
        excess.take("a", (2, 3), 1.0)
        assert excess.over_a == {1: 4.0}

    def test_what_is_at_its_limit_is_not_exceeded(self) -> None:
        assert (
            excesses_of(Headroom((), (0.0,) * 3, groups=(group({1: 0.0}, None),))) == []
        )


class TestMovesUnderWay:
    def told_lower(self, own_w: float, now: float) -> dict[str, float]:
        hot = follower(heater(), 2000)
        hot[1].orders.note(50.0, 1500.0, 0.0)
        return caps((hot, own_w), shown_a=22.0, now=now)

    def test_what_was_told_lower_a_second_ago_is_not_told_lower_again(self) -> None:
        assert self.told_lower(2000, 51.0) == {}

    @pytest.mark.parametrize("phases", [(1,), (1, 2, 3)])
    def test_a_fall_counts_as_far_as_it_goes(self, phases: tuple[int, ...]) -> None:
        load, control = follower(replace(heater(), phases=phases), 3000)
        control.observe(load, 3)
        control.orders.note(50.0, 2700.0, 0.0)
        given = relieve(
            [(load, control)],
            {"h": 3000.0},
            Headroom((LIMIT,), (0.0,) * 3, (22.0,) * 3),
            now=51.0,
            voltage_v=V,
        ).caps_w
        to_give_w = 2 * V * len(phases) - 300
        assert given == {"h": pytest.approx(2700 - to_give_w)}

    def test_that_counts_for_no_longer_than_it_may_need(self) -> None:
        assert self.told_lower(1510, 67.0) == {"h": pytest.approx(1500 - 2 * V)}

    def test_what_is_seen_to_have_fallen_counts_no_more(self) -> None:
        assert self.told_lower(1500, 52.0) == {"h": pytest.approx(1500 - 2 * V)}

    @pytest.mark.parametrize(
        ("power_at", "gives"), [(None, True), (40.0, True), (50.0, True), (51.0, False)]
    )
    def test_what_it_drew_before_it_was_told_lower_is_no_fall_to_come(
        self, power_at: float | None, gives: bool
    ) -> None:
        load, control = follower(heater(), 2000)
        control.orders.note(50.0, 1500.0, 0.0)
        shown = HeaterReading(reachable=True, power_w=2000.0, power_at=power_at)
        pair = replace(load, reading=shown), control
        given = caps((pair, 1500), shown_a=22.0, now=52.0)
        assert given == ({"h": pytest.approx(1500 - 2 * V)} if gives else {})

    def test_one_that_draws_more_than_it_was_told_is_believed_nothing(self) -> None:
        above, below = follower(heater("a", 1), 2000), follower(heater("b", 2), 1000)
        given = caps((above, 2000), (below, 2000), shown_a=22.0)
        assert given["a"] == pytest.approx(2000 - 2 * V)
        assert given["b"] < 1000


class TestRises:
    def headroom(self, shown_a: float, **more: bool) -> Headroom:
        return Headroom((LIMIT,), (-100.0,), (shown_a,), **more)

    def test_they_fit_together_on_top_of_what_the_meter_shows(self) -> None:
        headroom = self.headroom(12.0)
        assert headroom.to_rise_a((1,)) == 8.0
        headroom.begin_turn("a", None)
        headroom.take((1,), 9.0)
        headroom.end_turn((1,), 4.0)
        assert headroom.to_rise_a((1,)) == 3.0

    def test_a_fall_is_there_for_others_once_the_meter_shows_it(self) -> None:
        headroom = self.headroom(12.0)
        headroom.begin_turn("a", None)
        headroom.take((1,), 1.0)
        headroom.end_turn((1,), 9.0)
        assert headroom.to_rise_a((1,)) == 8.0

    def test_the_tightest_phase_says_how_far(self) -> None:
        headroom = Headroom((LIMIT,), (0.0,) * 3, (12.0, 19.0, 3.0))
        assert headroom.to_rise_a((1, 2, 3)) == 1.0
        assert headroom.to_rise_a((1, 3)) == 8.0

    def test_each_load_has_a_cap_of_its_own(self) -> None:
        headroom = self.headroom(12.0)
        headroom.begin_turn("a", 2.0)
        assert headroom.tightest((1,)) == (2.0, LimitKind.BREAKER)
        headroom.end_turn((1,), 0.0)
        assert headroom.tightest((1,)) == (120.0, LimitKind.BREAKER)

    def test_nothing_rises_where_the_meter_warns(self) -> None:
        assert self.headroom(12.0, overload=True).to_rise_a((1,)) == -inf

    def test_without_a_meter_or_a_limit_nothing_is_shown(self) -> None:
        assert Headroom((LIMIT,), (0.0,)).to_rise_a((1,)) is None
        assert Headroom((), (0.0,), (5.0,)).to_rise_a((1,)) is None
        assert Headroom((LIMIT,), (0.0,)).over_a() == {}


def over_s(house: MixedHouse, limit_a: float) -> int:
    """Return for how many seconds on end a phase was over the limit at most."""
    longest = now = 0
    for amps in house.currents:
        now = now + 1 if max(amps) > limit_a + 0.3 else 0
        longest = max(longest, now)
    return longest


@pytest.mark.parametrize(
    "shows",
    [
        lambda power_w: power_w * 1.09,
        lambda power_w: power_w + 1500.0,
        lambda power_w: 2000.0,
        lambda power_w: -power_w,
    ],
    ids=["a little more", "much more", "always the same", "reversed"],
)
@pytest.mark.parametrize("priority", [1, 3], ids=["above", "below"])
def test_a_sensor_that_is_wrong_opens_no_limit(shows: object, priority: int) -> None:
    liar = Plant(spec=heater("liar", priority), mode=Mode.BOOST, shows=shows)
    car = Plant(spec=charger("car", 2, max_a=32.0), mode=Mode.BOOST)
    house = MixedHouse(loads=[liar, car], settings=HomeSettings(breaker_a=25.0))
    house.run(100, base_w=500)
    for base_w in (3000, 200, 4300, 1000):
        house.run(100, base_w=base_w)
    assert over_s(house, 25.0) <= 4


@pytest.mark.parametrize(
    "spec", [charger(max_a=32.0), heater(max_w=7000.0), storage("b", 1, 7000)]
)
def test_a_load_alone_that_shows_too_much_gives_way_to_the_house(
    spec: LoadSpec,
) -> None:
    load = Plant(spec=spec, mode=Mode.BOOST, shows=lambda power_w: power_w * 1.09)
    house = MixedHouse(loads=[load], settings=HomeSettings(breaker_a=25.0))
    house.run(60, base_w=300)
    house.run(60, base_w=3000)
    assert max(a for (a,) in house.currents[-30:]) <= 25.0
    assert load.power_w > 2000


def test_the_warning_of_the_meter_throttles_where_room_was_worked_out() -> None:
    car = Plant(spec=charger(max_a=16.0), mode=Mode.BOOST)
    hot = Plant(spec=heater(), mode=Mode.BOOST)
    pump = Plant(spec=switched(power_w=700.0), mode=Mode.BOOST)
    house = MixedHouse(loads=[car, hot, pump], settings=HomeSettings(breaker_a=60.0))
    house.run(100)
    assert (car.value, hot.value, pump.value) == (16, 3000, 1)
    house.now += 1
    house.cycle(GridReading(at=house.now, power_w=house.grid_w, overload=True))
    assert (car.value, hot.value, pump.value) == (6, 0, 1)
    house.run(30)
    assert (car.value, hot.value, pump.value) == (16, 3000, 1)


@pytest.mark.parametrize(
    ("spec", "most"),
    [(charger("car", 1, max_a=10.0), 10), (switched("car", 1, power_w=2000.0), 1)],
    ids=["charger", "switched"],
)
def test_a_load_above_waits_until_the_one_below_is_seen_to_have_made_room(
    spec: LoadSpec, most: float
) -> None:
    below = Plant(spec=heater("low", 9, 4000.0), mode=Mode.BOOST)
    car = Plant(spec=spec)
    house = MixedHouse(loads=[below, car], settings=HomeSettings(breaker_a=20.0))
    house.run(60)
    car.ask(Mode.BOOST)
    below.obeys = False
    house.run(12)
    assert car.value == 0
    (decision,) = [d for d in house.history[-1].decisions if d.load_id == "car"]
    assert decision.reason is Reason.NO_ROOM
    assert decision.numbers == {"room_a": 2.6, "limit": "breaker"}
    below.obeys = True
    house.run(60)
    assert car.value == most
    assert over_s(house, 20.0) <= 1


def test_a_rise_goes_as_far_as_the_meter_shows_room_for() -> None:
    stuck = Plant(spec=heater("low", 9, 2300.0), mode=Mode.BOOST)
    car = Plant(spec=charger("car", 1, max_a=6.0), mode=Mode.BOOST)
    house = MixedHouse(loads=[stuck, car], settings=HomeSettings(breaker_a=20.0))
    house.run(60)
    stuck.obeys = False
    stuck.ask(Mode.OFF)
    car.spec = charger("car", 1, max_a=16.0)
    house.run(12)
    assert car.value == 10
    (decision,) = [d for d in house.history[-1].decisions if d.load_id == "car"]
    assert decision.reason is Reason.LIMITED
    assert decision.numbers == {"room_a": 0.0, "limit": "breaker"}


class Expected(OffPeakStart):
    """Off-peak hours of which it is known what they start."""

    def __init__(self, power_w: float) -> None:
        super().__init__()
        self._power_w = power_w

    def expected_w(self, at: float) -> float:
        return self._power_w


class TestWhatWillBeginByItself:
    """What is expected is kept free of starts and rises, and of nothing else."""

    def house(self, *loads: Plant) -> MixedHouse:
        return MixedHouse(loads=list(loads), settings=HomeSettings(breaker_a=20.0))

    def test_a_start_waits_for_room_beside_it(self) -> None:
        car = Plant(spec=charger(), mode=Mode.BOOST)
        house = self.house(car)
        house.engine._offpeak = Expected(14 * V)
        house.run(60)
        assert car.value == 0
        assert house.history[-1].decisions[0].reason is Reason.NO_ROOM
        house.engine._offpeak = Expected(0.0)
        house.run(60)
        assert car.value == 19

    def test_a_rise_goes_up_to_it(self) -> None:
        hot = Plant(spec=heater(max_w=4600.0), mode=Mode.BOOST)
        house = self.house(hot)
        house.engine._offpeak = Expected(5 * V)
        house.run(60)
        assert hot.value == pytest.approx(15 * V, abs=60)

    def test_what_runs_stays(self) -> None:
        hot = Plant(spec=heater(max_w=3000.0), mode=Mode.BOOST)
        pump = Plant(spec=switched(power_w=700.0), mode=Mode.BOOST)
        house = self.house(hot, pump)
        house.run(60)
        house.engine._offpeak = Expected(4600.0)
        house.run(60)
        assert (hot.value, pump.value) == (3000, 1)

    def test_one_below_does_not_make_room_for_a_start_that_waits_for_it(self) -> None:
        car = Plant(spec=charger(max_a=16.0))
        pump = Plant(spec=switched(power_w=2000.0), mode=Mode.BOOST)
        house = self.house(car, pump)
        house.run(30)
        house.engine._offpeak = Expected(10 * V)
        car.ask(Mode.BOOST)
        house.run(60)
        assert (car.value, pump.value) == (0, 1)
