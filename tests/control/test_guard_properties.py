"""What holds of the guard in any house, however its loads, base and meter behave."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings, strategies as st

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.model import (
    ChargerSpec,
    HeaterSpec,
    LoadSpec,
    Mode,
    Reason,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .mixed_house import VOLTAGE_V, MixedHouse, Plant, charger, heater, switched

V = VOLTAGE_V
ASKED = st.sampled_from([Mode.BOOST, Mode.SOLAR, Mode.ECO, Mode.MANUAL])


@st.composite
def specs(draw: Callable, number: int, phases: int) -> LoadSpec:
    wired = draw(st.sampled_from([(1,), (2,), (1, 2, 3)])) if phases > 1 else (1,)
    load_id, priority = f"l{number}", draw(st.integers(1, 5))
    kind = draw(st.sampled_from(["charger", "heater", "switched", "switched"]))
    if kind == "charger":
        return charger(load_id, priority, phases=wired, max_a=16.0)
    if kind == "heater":
        return heater(load_id, priority, draw(st.sampled_from([1500.0, 4000.0])))
    return switched(
        load_id,
        priority,
        phases=wired,
        power_w=draw(st.sampled_from([600.0, 1800.0, 3000.0])),
        sheddable=draw(st.booleans()),
        min_off_s=draw(st.sampled_from([0.0, 60.0])),
    )


@st.composite
def houses(draw: Callable) -> MixedHouse:
    phases = draw(st.sampled_from([1, 1, 3]))
    plants = [
        Plant(
            spec=draw(specs(number, phases)),
            mode=draw(ASKED),
            manual_value=draw(st.sampled_from([None, 1.0, 10.0, 2000.0])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    some = tuple(p.spec.load_id for p in plants if draw(st.booleans()))
    circuits = (Circuit(circuit_id="c", limit_a=16.0, load_ids=some),) if some else ()
    return MixedHouse(
        loads=plants,
        settings=HomeSettings(
            phases=phases,
            breaker_a=draw(st.sampled_from([16.0, 25.0, 40.0, None])),
            circuits=circuits,
        ),
        base_a=[0.0] * phases,
        cutoff_va=draw(st.sampled_from([None, 6000.0, 9000.0])),
    )


STRETCHES = st.lists(
    st.tuples(
        st.sampled_from([-3000.0, 300.0, 2500.0, 5000.0, 8000.0, 14_000.0]),
        st.sampled_from([3, 20, 90, 330]),
    ),
    min_size=2,
    max_size=4,
)


@dataclass
class Judge:
    """Follows a house and complains."""

    house: MixedHouse
    told: dict[str, float] = field(default_factory=dict)
    counters: tuple[float, ...] = (0, 0, 0, 0, 0)

    def limits_a(self) -> list[float]:
        limits = []
        if self.house.settings.breaker_a is not None:
            limits.append(self.house.settings.breaker_a)
        if self.house.cutoff_va is not None:
            limits.append(self.house.cutoff_va / self.house.settings.phases / V)
        return limits

    def see(self, before_a: tuple[float, ...], cycle: Cycle) -> None:
        guard, loads = cycle.guard, {p.spec.load_id: p for p in self.house.loads}
        restored = [e.load_id for e in guard.events if e.kind == "restored"]
        assert len(restored) <= 1
        for event in guard.events:
            spec, mode = loads[event.load_id].spec, loads[event.load_id].mode
            assert isinstance(spec, ChargerSpec | SwitchedSpec)
            if isinstance(spec, SwitchedSpec) and mode in (Mode.BOOST, Mode.MANUAL):
                assert spec.sheddable
        limits_a = self.limits_a()
        over = any(max(before_a) > limit_a for limit_a in limits_a)
        rises = dict.fromkeys(range(1, len(before_a) + 1), 0.0)
        for decision in cycle.decisions:
            load = loads[decision.load_id]
            if decision.setpoint is None:
                continue
            value, was = decision.setpoint.value, self.told.get(decision.load_id, 0.0)
            if decision.load_id in guard.shed:
                assert value == 0
                assert decision.reason is Reason.SHED
            if over and any(
                max(before_a[p - 1] for p in load.spec.phases) > limit_a
                for limit_a in limits_a
            ):
                # On the very reading nothing rises, and what can be throttled is not
                # left above its least by more than what is too much.
                assert value <= was + 1e-6
            if value > was:
                drawn_w = decision.setpoint.power_w - load.power_w
                for phase in load.spec.phases:
                    rises[phase] += max(0.0, drawn_w) / V / len(load.spec.phases)
            self.told[decision.load_id] = value
        for limit_a in limits_a:
            for phase, rise_a in rises.items():
                if rise_a:
                    # Together on top of what the meter shows.
                    assert before_a[phase - 1] + rise_a <= limit_a + 0.1
        counted = guard.counters
        now = (
            counted.overload_s,
            counted.overloads,
            counted.sheds,
            counted.restores,
            counted.unnecessary_sheds,
        )
        assert all(a <= b for a, b in zip(self.counters, now, strict=True))
        assert counted.unnecessary_sheds <= counted.sheds
        assert counted.restores <= counted.sheds
        self.counters = now
        assert guard.heat >= 0
        assert guard.seconds_left is None or guard.seconds_left >= 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(houses(), STRETCHES)
def test_in_any_house(house: MixedHouse, stretches: list[tuple[float, int]]) -> None:
    judge = Judge(house)
    for base_w, seconds in stretches:
        for _ in range(seconds):
            house.run(1, base_w=base_w)
            judge.see(house.currents[-1], house.history[-1])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(houses(), STRETCHES, st.integers(0, 5))
def test_a_restart_loses_nothing_that_was_shed(
    house: MixedHouse, stretches: list[tuple[float, int]], at: int
) -> None:
    for number, (base_w, seconds) in enumerate(stretches):
        house.run(seconds, base_w=base_w)
        if number == at:
            before = house.guard
            house.restart(5.0)
            after = house.engine._guard.state(house.now, seen=False)
            assert after.shed == before.shed
            assert after.counters.sheds == before.counters.sheds
            assert after.counters.restores == before.counters.restores


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 4),
    st.floats(1.02, 1.29),
    st.lists(st.sampled_from([600.0, 1800.0]), min_size=0, max_size=3),
)
def test_under_a_linky_no_stop_while_there_are_30_seconds_and_no_300(
    first: int, share: float, powers: list[float]
) -> None:
    """The house alone is above the subscription, and never opens the breaker."""
    plants = [Plant(spec=charger("c", first, max_a=16.0), mode=Mode.BOOST)]
    plants += [
        Plant(spec=switched(f"s{n}", n + 1, power_w=power_w), mode=Mode.ECO)
        for n, power_w in enumerate(powers)
    ]
    plants.append(Plant(spec=heater("h", 3, 2000.0), mode=Mode.BOOST))
    house = MixedHouse(loads=plants, settings=HomeSettings(), cutoff_va=9000.0)
    house.run(120, base_w=300)
    least_w = sum(
        p.power_w if isinstance(p.spec, SwitchedSpec) else 6 * V if p.value else 0.0
        for p in plants
        if not isinstance(p.spec, HeaterSpec)
    )
    on = {p.spec.load_id for p in plants if p.value}
    for _ in range(290):
        house.run(1, base_w=share * 9000.0 - least_w)
        assert house.guard.shed == set()
    assert {p.spec.load_id for p in plants if p.value} >= on - {"h"}
