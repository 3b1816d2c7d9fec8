"""Whole houses, moved at random: what must hold after every cycle, whatever happens.

Everything that can happen to a house happens here: people, tariffs, kettles, meters and
loads that fail, restarts, clocks that jump. ``house_judge`` says what must hold. Two
engines go side by side, and must stay the same.

``SURPLUS_HOUSES`` is how many houses are tried, 25 without it; for a search by night:

    SURPLUS_HOUSES=2000 pytest tests/control/test_house_machine.py
"""

from dataclasses import replace
from datetime import timedelta
import json
import os

from hypothesis import HealthCheck, settings as hypothesis_settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freeze import freeze, thaw
from custom_components.surplus.control.model import (
    ChargerSpec,
    HeaterSpec,
    LoadSpec,
    Mode,
    PriceClass,
    Reason,
    StorageSpec,
    SwitchedSpec,
    Wish,
)
from custom_components.surplus.control.record import cycle_values
from custom_components.surplus.control.settings import Circuit, HomeSettings

from .house_judge import Judge
from .whole_house import Body, WholeHouse

FEW_HOUSES = 25
HOUSES = int(os.environ.get("SURPLUS_HOUSES", str(FEW_HOUSES)))
STEPS = 40

amperes = st.sampled_from([0.0, 0.5, 2.0, 5.0, 9.0, 12.0, 16.0, 24.0, 40.0, -8.0])


def _phases(draw: st.DrawFn, supply: int) -> tuple[int, ...]:
    if supply == 1:
        return (1,)
    return draw(st.sampled_from([(1,), (2,), (3,), (1, 2, 3)]))


def _spec(draw: st.DrawFn, index: int, phases: tuple[int, ...]) -> LoadSpec:
    rest = draw(st.sampled_from([0.0, 60.0, 300.0]))
    common = {
        "load_id": f"load:{index}",
        "name": f"{index}",
        "priority": draw(st.integers(1, 3)),
        "phases": phases,
    }
    match draw(st.sampled_from(["charger", "charger", "heater", "relay", "battery"])):
        case "charger":
            return ChargerSpec(
                **common,
                min_on_s=rest,
                min_off_s=rest,
                max_a=draw(st.sampled_from([10.0, 16.0, 32.0])),
                step_a=draw(st.sampled_from([1.0, 0.1])),
            )
        case "heater":
            return HeaterSpec(
                **common,
                max_w=draw(st.sampled_from([1000.0, 2400.0, 6000.0])),
                min_w=draw(st.sampled_from([0.0, 100.0])),
                step_w=draw(st.sampled_from([1.0, 24.0])),
            )
        case "relay":
            return SwitchedSpec(
                **common,
                min_on_s=rest,
                min_off_s=rest,
                power_w=draw(st.sampled_from([None, 500.0, 2000.0, 3000.0])),
                sheddable=draw(st.booleans()),
            )
    power_w = draw(st.sampled_from([1500.0, 5000.0]))
    return StorageSpec(**common, charge_w=power_w, discharge_w=power_w)


@st.composite
def bodies(draw: st.DrawFn, index: int, supply: int) -> Body:
    phases = _phases(draw, supply)
    spec = _spec(draw, index, phases)
    uses = phases
    if isinstance(spec, ChargerSpec) and len(phases) > 1 and draw(st.booleans()):
        # A one-phase car on a three-phase charger.
        uses = phases[:1]
    strength_w = 0.0
    if isinstance(spec, SwitchedSpec):
        share = draw(st.sampled_from([1.0, 1.0, 0.5]))
        strength_w = share * (spec.power_w or 800.0)
    return Body(
        spec=spec,
        uses=uses,
        strength_w=strength_w,
        measures=isinstance(spec, ChargerSpec) or draw(st.integers(0, 3)) > 0,
        mode=draw(st.sampled_from(Mode)),
        soc=draw(st.sampled_from([0.05, 0.5, 1.0])),
    )


@st.composite
def circuits(draw: st.DrawFn, load_ids: list[str]) -> tuple[Circuit, ...]:
    if draw(st.integers(0, 2)) == 0:
        return ()
    count = draw(st.integers(1, len(load_ids)))
    outer = Circuit(
        circuit_id="outer",
        limit_a=draw(st.sampled_from([10.0, 16.0, 40.0])),
        load_ids=tuple(load_ids[:count]),
    )
    if count < 2 or draw(st.booleans()):
        return (outer,)
    inner = Circuit(
        circuit_id="inner",
        limit_a=draw(st.sampled_from([8.0, 16.0])),
        load_ids=outer.load_ids[:1],
        parent="outer",
    )
    return (replace(outer, load_ids=outer.load_ids[1:]), inner)


@st.composite
def houses(draw: st.DrawFn) -> WholeHouse:
    supply = draw(st.sampled_from([1, 1, 3]))
    count = draw(st.integers(1, 4))
    loads = [draw(bodies(index, supply)) for index in range(count)]
    settings = HomeSettings(
        phases=supply,
        breaker_a=draw(st.sampled_from([None, 16.0, 25.0, 40.0, 63.0])),
        subscribed_va=draw(st.sampled_from([None, 6_000.0, 9_000.0])),
        import_price=draw(st.sampled_from([0.0, 1.0, 25.0])),
        circuits=draw(circuits([body.spec.load_id for body in loads])),
    )
    protected = draw(st.integers(0, 4)) == 0
    return WholeHouse(
        settings=settings,
        bodies=loads,
        linky_va=draw(st.sampled_from([None, 6_000.0, 9_000.0])),
        coarse=not protected and draw(st.integers(0, 4)) == 0,
        protected=protected,
        meter_every_s=draw(st.sampled_from([5, 10] if protected else [1, 2, 5])),
    )


class HouseMachine(RuleBasedStateMachine):
    """One house, its engine and the engine's twin."""

    house: WholeHouse

    @initialize(house=houses())
    def move_in(self, house: WholeHouse) -> None:
        self.house, self.judge = house, Judge(house=house)
        self.engine = Engine(house.settings)
        self.twin = Engine(house.settings)
        self.live(1, 1)

    def live(self, cycles: int, every_s: int) -> None:
        house = self.house
        for _ in range(cycles):
            house.step(every_s)
            snapshot, checking = house.snapshot(), self.engine.checking
            cycle, other = self.engine.cycle(snapshot), self.twin.cycle(snapshot)
            assert cycle_values(cycle) == cycle_values(other)
            assert cycle.guard == other.guard
            checking |= self.engine.checking
            saved = self.engine.as_dict(house.now, house.wall)
            self.judge.judge(cycle, saved, checking)
            for decision in cycle.decisions:
                self.body(decision.load_id).tell(decision.setpoint, house.now)

    def body(self, load_id: str) -> Body:
        return next(one for one in self.house.bodies if one.spec.load_id == load_id)

    def pick(self, index: int) -> Body:
        return self.house.bodies[index % len(self.house.bodies)]

    # ---- time ------------------------------------------------------------------------

    @rule(seconds=st.integers(1, 30))
    def time_passes(self, seconds: int) -> None:
        self.live(seconds, 1)

    @rule(cycles=st.integers(5, 40), every_s=st.sampled_from([2, 10]))
    def more_time_passes(self, cycles: int, every_s: int) -> None:
        self.live(cycles, every_s)

    # ---- the house -------------------------------------------------------------------

    @rule(phase=st.integers(1, 3), amps=amperes)
    def something_is_switched_in_the_house(self, phase: int, amps: float) -> None:
        base_a = self.house.base_a
        base_a[(phase - 1) % len(base_a)] = amps
        self.live(3, 1)

    @rule(
        price_class=st.sampled_from([None, *PriceClass]),
        cap_w=st.sampled_from([None, None, 3_000.0, 9_000.0]),
    )
    def another_period_begins(
        self, price_class: PriceClass | None, cap_w: float | None
    ) -> None:
        self.house.price(price_class, cap_w)

    @precondition(lambda self: self.house.linky_va is not None)
    @rule(power_va=st.sampled_from([3_000.0, 6_000.0, 9_000.0]))
    def the_breaker_is_set_to_another_power(self, power_va: float) -> None:
        self.house.linky_va = power_va

    # ---- people ----------------------------------------------------------------------

    @rule(
        index=st.integers(0, 3),
        mode=st.sampled_from(Mode),
        value=st.sampled_from([None, 0.0, 1.0, 7.0, 16.0, 900.0]),
    )
    def a_person_sets_a_mode(self, index: int, mode: Mode, value: float | None) -> None:
        body = self.pick(index)
        body.mode, body.manual_value = mode, value
        body.wishes += 1
        self.judge.wished.add(body.spec.load_id)
        self.live(1, 1)

    @rule(index=st.integers(0, 3), value=st.sampled_from([None, 1.0, 8.0, 500.0]))
    def something_is_needed_by_morning(self, index: int, value: float | None) -> None:
        body = self.pick(index)
        body.wish = Wish(reason=Reason.CHEAP_HOURS, value=value)

    @rule(index=st.integers(0, 3))
    def nothing_more_is_needed(self, index: int) -> None:
        self.pick(index).wish = None

    @rule(index=st.integers(0, 3))
    def a_load_is_checked(self, index: int) -> None:
        body = self.pick(index)
        for engine in (self.engine, self.twin):
            engine.start_check(body.spec)
        self.live(5, 1)

    # ---- what breaks -----------------------------------------------------------------

    @rule(index=st.integers(0, 3), wants=st.booleans())
    def a_car_comes_or_goes(self, index: int, wants: bool) -> None:
        self.pick(index).wants_power = wants
        self.judge.doubt()

    @rule(index=st.integers(0, 3), obeys=st.booleans())
    def a_load_obeys_no_more_or_again(self, index: int, obeys: bool) -> None:
        self.pick(index).obeys = obeys
        self.judge.doubt()

    @rule(index=st.integers(0, 3))
    def a_load_is_lost_or_found(self, index: int) -> None:
        body = self.pick(index)
        body.lost_at = self.house.now if body.reachable else None
        self.judge.doubt()

    @rule(index=st.integers(0, 3))
    def a_measurement_freezes_or_thaws(self, index: int) -> None:
        body = self.pick(index)
        frozen = (body.power_w, self.house.now)
        body.frozen = frozen if body.frozen is None else None
        self.judge.doubt()

    @rule(works=st.booleans())
    def the_meter_dies_or_comes_back(self, works: bool) -> None:
        self.house.meter_works = works
        self.judge.doubt()

    # ---- the engine ------------------------------------------------------------------

    @rule(away_s=st.sampled_from([1, 20, 90, 600]))
    def it_is_restarted(self, away_s: int) -> None:
        house = self.house
        texts = [
            json.dumps(engine.as_dict(house.now, house.wall))
            for engine in (self.engine, self.twin)
        ]
        assert texts[0] == texts[1]
        house.step(away_s)
        self.engine = Engine(house.settings, json.loads(texts[0]))
        self.twin = Engine(house.settings, json.loads(texts[1]))
        self.judge.restarted()
        self.live(2, 1)

    @rule()
    def it_is_frozen_and_thawed(self) -> None:
        frozen = json.loads(json.dumps(freeze(self.engine)))
        assert frozen == json.loads(json.dumps(freeze(self.twin)))
        twin = thaw(frozen)
        assert isinstance(twin, Engine)
        self.twin = twin

    @rule(hours=st.sampled_from([-1.0, 1.0, 24.0, 0.01]))
    def the_clock_jumps(self, hours: float) -> None:
        self.house.wall_offset += timedelta(hours=hours)
        self.judge.since.clear()


HouseMachine.TestCase.settings = hypothesis_settings(
    max_examples=HOUSES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestWholeHouses = HouseMachine.TestCase
if HOUSES > FEW_HOUSES:
    # A search takes as long as it takes.
    TestWholeHouses = pytest.mark.timeout(0)(TestWholeHouses)
