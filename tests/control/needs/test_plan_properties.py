"""Whatever is needed by when: in time where it can be, never past a limit."""

from dataclasses import replace
from datetime import datetime

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freeze import freeze, thaw
from custom_components.surplus.control.model import Mode, PriceClass, SolarSpan
from custom_components.surplus.control.needs.plans import Plans
from custom_components.surplus.control.needs.specs import (
    Need,
    NeedKind,
    OnDear,
    Schedule,
)
from custom_components.surplus.control.record import snapshot_of, snapshot_values
from custom_components.surplus.control.settings import HomeSettings

from .bench import HEATER, LOAD, PARIS, STEP_S, SWITCHED, Bench, spans

EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
ENERGY = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=1000.0)

classes = st.sampled_from(list(PriceClass))
tariffs = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 2.0, 3.0]),
        classes,
        st.one_of(st.none(), st.floats(0.05, 0.9)),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(
    tariff=tariffs,
    share=st.floats(0.1, 1.2),
    on_dear=st.sampled_from(list(OnDear)),
    ready_h=st.integers(1, 8),
    spec=st.sampled_from([HEATER, SWITCHED]),
    mode=st.sampled_from([Mode.SOLAR, Mode.ECO]),
)
def test_a_need_is_met_where_it_can_be_and_dear_hours_are_left_alone(
    *, tariff, share, on_dear, ready_h, spec, mode
) -> None:
    power_w = 2400.0 if spec is HEATER else 1000.0
    ahead = spans(EVENING, *tariff)
    bench = Bench(spec=spec, ahead=ahead, mode=mode)
    deadline = EVENING.timestamp() + (ready_h + 4) * 3600

    def usable_s() -> float:
        dear_s = sum(
            max(0.0, min(one.ends.timestamp(), deadline) - one.begins.timestamp())
            for one in ahead
            if one.price_class is PriceClass.DEAR
        )
        return deadline - EVENING.timestamp() - dear_s

    allowed_s = (
        usable_s() if on_dear is OnDear.NEVER else deadline - EVENING.timestamp()
    )
    target_wh = max(50.0, share * power_w * allowed_s / 3600.0)
    need = replace(ENERGY, target=target_wh, ready_by_s=ready_h * 3600, on_dear=on_dear)
    bench.with_settings(HomeSettings(needs=(need,)))
    hours = (deadline - EVENING.timestamp()) / 3600.0
    for _ in range(int(hours * 120) - 1):
        decision = bench.step()
        tariff_now = bench.tariff()
        dear = tariff_now is not None and tariff_now.price_class is PriceClass.DEAR
        if dear and on_dear is OnDear.NEVER:
            assert decision.reason.value != "needed"
    # A first minute is lost, and minimum times at the edges of what is dear.
    edges = 1 + sum(one.price_class is PriceClass.DEAR for one in ahead)
    reachable_wh = power_w * max(0.0, allowed_s - 420.0 * edges) / 3600.0
    assert bench.taken_wh >= min(target_wh, reachable_wh) - power_w / 60.0


@settings(max_examples=12, deadline=None)
@given(
    charge=st.floats(0.05, 0.95),
    limit=st.floats(0.3, 0.99),
    base_w=st.sampled_from([-9000.0, -3000.0, 500.0]),
    tells=st.booleans(),
    mode=st.sampled_from([Mode.SOLAR, Mode.MIN_SOLAR, Mode.ECO]),
)
def test_a_car_is_never_charged_past_its_limit(
    charge: float, limit: float, base_w: float, tells: bool, mode: Mode
) -> None:
    need = Need(
        plan_id="p",
        load_id=LOAD,
        kind=NeedKind.CHARGE,
        target=min(limit, 0.8),
        minimum=min(limit, 0.3),
        limit=limit,
        capacity_wh=20_000.0,
    )
    bench = Bench(settings=HomeSettings(needs=(need,)), mode=mode, base_w=base_w)
    bench.levels["p"] = charge
    true = charge
    for n in range(700):
        before_wh = bench.taken_wh
        bench.step()
        true += 0.9 * (bench.taken_wh - before_wh) / 20_000.0
        if tells and n % 20 == 0:
            bench.levels["p"] = true
        assert true <= max(charge, limit) + 0.004


def everything() -> Bench:
    """Return a bench with one of each, and a forecast."""
    needs = (
        replace(ENERGY, ready_by_s=22 * 3600),
        replace(ENERGY, plan_id="q", kind=NeedKind.HOURS, target=7200.0),
        Need(
            plan_id="r",
            load_id=LOAD,
            kind=NeedKind.CHARGE,
            target=0.8,
            minimum=0.4,
            limit=0.9,
        ),
    )
    schedule = Schedule(
        plan_id="s", load_id=LOAD, begins_s=21 * 3600, ends_s=3600, value=7.0
    )
    return Bench(
        settings=HomeSettings(needs=needs, schedules=(schedule,)),
        ahead=spans(EVENING, (2, PriceClass.NORMAL, 0.2), (6, PriceClass.CHEAP, 0.1)),
        forecast=(
            SolarSpan(begins=EVENING, ends=EVENING.replace(hour=21), energy_wh=2000.0),
        ),
        levels={"r": 0.38},
    )


def test_a_frozen_engine_goes_on_identically() -> None:
    bench = everything()
    bench.run(0.7)
    copy = thaw(freeze(bench.engine))
    assert isinstance(copy, Engine)
    for _ in range(600):
        bench.pass_time(STEP_S)
        recorded = snapshot_of(snapshot_values(bench.snapshot()))
        assert recorded.levels == bench.levels
        assert recorded.forecast == bench.forecast
        decisions = bench.engine.cycle(bench.snapshot()).decisions
        assert freeze(decisions) == freeze(copy.cycle(recorded).decisions)
        bench.told = decisions[0].setpoint.value
        bench.power_w = decisions[0].setpoint.power_w


def test_the_same_readings_lead_to_the_same_decisions() -> None:
    one, two = everything(), everything()
    for _ in range(600):
        assert one.step() == two.step()
    assert freeze(one.engine) == freeze(two.engine)


@pytest.mark.parametrize(
    "damage",
    [
        {"plans": {"p": {"kind": "energy"}}, "cheap_hours": {}},
        {"plans": {"p": None}, "cheap_hours": {}},
        {"plans": [], "cheap_hours": {}},
        {"plans": {}, "cheap_hours": {"x": True}},
    ],
)
def test_a_damaged_memory_is_refused_before_anything_is_made_of_it(damage) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        Plans(HomeSettings(needs=(ENERGY,)), damage)
