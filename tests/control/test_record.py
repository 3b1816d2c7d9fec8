"""A record is replayed to identical decisions, byte for byte."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
import gzip
import json
from math import inf, isnan, nan, sin
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freeze import freeze, thaw
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    GridReading,
    HeaterReading,
    HeaterSpec,
    LoadInput,
    Mode,
    Reason,
    Snapshot,
    Temperatures,
)
from custom_components.surplus.control.record import (
    RecordedEngine,
    cycle_values,
    difference,
    patched,
    snapshot_of,
    snapshot_values,
    text_of,
)
from custom_components.surplus.control.replay import ReplayError, Step, replay
from custom_components.surplus.control.settings import HomeSettings
from custom_components.surplus.control.switching import gain_w

from .house import EPOCH, Car, House

PARIS = ZoneInfo("Europe/Paris")


@dataclass
class Paper:
    """Keeps lines; a new segment after so many cycles."""

    cycles_each: int = 1_000_000
    lines: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    count: int = 0

    def begins(self, wall: datetime) -> bool:
        self.count += 1
        return self.count % self.cycles_each == 1 or self.cycles_each == 1

    def add(self, line: str) -> None:
        self.lines.append(line)

    def failed(self, error: Exception) -> None:
        self.errors.append(error)


def recorded(house: House, paper: Paper) -> House:
    house.engine = RecordedEngine(house.engine, paper)
    return house


def lively_house(paper: Paper) -> House:
    """Two cars, three phases, a battery of clouds, and things that go wrong."""
    return recorded(
        House(
            settings=HomeSettings(phases=3, breaker_a=25.0, subscribed_va=12_000.0),
            cars=[
                Car(phases=(1, 2, 3), uses=1, offering=True),
                Car(load_id="ocpp:two", priority=2, phases=(2,), needs_a=8.0),
            ],
            solar_w=2000.0,
        ),
        paper,
    )


def live(house: House, seconds: int, seed: int = 7) -> None:
    """Let an eventful part of a day pass."""
    random = Random(seed)
    first, second = house.cars
    happenings: dict[int, Callable[[], object]] = {
        100: lambda: first.ask(Mode.BOOST),
        260: lambda: first.ask(Mode.SOLAR),
        300: lambda: setattr(first, "reachable", False),
        340: lambda: setattr(first, "reachable", True),
        400: lambda: house.with_settings(margin_w=150.0),
        430: lambda: second.ask(Mode.MANUAL),
        500: lambda: setattr(house, "meter_works", False),
        590: lambda: setattr(house, "meter_works", True),
        640: house.engine.new_meter,
        700: lambda: second.ask(Mode.SOLAR),
        760: lambda: house.engine.start_check(second.spec),
        900: lambda: setattr(house, "overload", True),
        905: lambda: setattr(house, "overload", False),
        950: lambda: house.engine.start_check(first.spec),
        960: lambda: house.engine.stop_check(first.load_id),
        1000: lambda: setattr(second, "wants_power", False),
    }
    for second_no in range(seconds):
        if happening := happenings.get(second_no):
            happening()
        house.run(1, -6000 * sin(second_no / 400) + random.gauss(0, 150) + 300.1234567)


def steps_of(lines: Iterable[str]) -> list[Step]:
    return list(replay(lines))


def decided(house: House) -> list[str]:
    return [
        json.dumps(cycle_values(cycle), sort_keys=True, ensure_ascii=False)
        for cycle in house.history
    ]


def test_a_lively_day_part_is_replayed_byte_for_byte() -> None:
    paper = Paper()
    house = lively_house(paper)
    live(house, 1200)
    steps = steps_of(paper.lines)
    assert [step.decisions for step in steps] == decided(house)
    assert not [step.difference for step in steps if step.difference]
    # It was lively indeed.
    reasons = {d.reason for cycle in house.history for d in cycle.decisions}
    assert len(reasons) >= 8
    assert any(cycle.checks for cycle in house.history)


def test_a_record_may_begin_at_any_segment() -> None:
    paper = Paper(cycles_each=90)
    house = lively_house(paper)
    live(house, 1000)
    starts = [n for n, line in enumerate(paper.lines) if '{"start"' in line]
    assert len(starts) == 12
    for start in starts[::4]:
        steps = steps_of(paper.lines[start:])
        assert [step.decisions for step in steps] == decided(house)[-len(steps) :]
        assert not [step.difference for step in steps if step.difference]


def test_a_record_torn_off_at_its_beginning_waits_for_the_next_segment() -> None:
    paper = Paper(cycles_each=100)
    house = lively_house(paper)
    live(house, 250)
    steps = steps_of(paper.lines[5:])
    assert len(steps) == 150
    assert not [step.difference for step in steps if step.difference]


def test_a_record_goes_on_over_a_restart() -> None:
    paper = Paper()
    house = lively_house(paper)
    live(house, 300)
    saved = json.loads(json.dumps(house.engine.as_dict(house.now, house.wall)))
    house.now += 45
    paper.count = 0
    house.engine = RecordedEngine(Engine(house.settings, saved), paper)
    live(house, 600, seed=8)
    steps = steps_of(paper.lines)
    assert [step.decisions for step in steps] == decided(house)
    assert not [step.difference for step in steps if step.difference]


def test_a_load_that_comes_and_goes_and_batteries_are_recorded() -> None:
    paper = Paper()
    engine = RecordedEngine(Engine(HomeSettings()), paper)
    one = LoadInput(
        spec=ChargerSpec(load_id="ocpp:a", name="A", priority=1),
        reading=ChargerReading(reachable=True),
        mode=Mode.SOLAR,
    )
    other = replace(one, spec=replace(one.spec, load_id="ocpp:b"))
    cycles = []
    for n, loads in enumerate([(one, other), (one,), (), (other, one)] * 30):
        snapshot = Snapshot(
            now=1000.0 + n,
            wall=EPOCH + timedelta(seconds=n),
            grid=GridReading(at=1000.0 + n, power_w=-4000.0),
            batteries=(BatteryReading(power_w=-100.0 * n, at=1000.0 + n, soc=0.5),)
            * (n % 3),
            cheap=(None, True, False)[n % 3],
            loads=loads,
        )
        cycles.append(engine.cycle(snapshot))
    steps = steps_of(paper.lines)
    assert [json.loads(step.decisions)["order"] for step in steps] == [
        [decision.load_id for decision in cycle.decisions] for cycle in cycles
    ]
    assert not [step.difference for step in steps if step.difference]


def test_a_load_forgotten_is_forgotten_in_the_replay_too() -> None:
    paper = Paper()
    house = lively_house(paper)
    live(house, 60)
    house.engine.forget("ocpp:one")
    live(house, 60)
    steps = steps_of(paper.lines)
    assert len(steps) >= 120
    assert not [step for step in steps if step.difference]
    assert any('"forget"' in line for line in paper.lines)


def test_a_changed_brain_is_told_from_its_record() -> None:
    paper = Paper()
    house = lively_house(paper)
    live(house, 200)
    changed = [
        line.replace('"breaker_a":25.0', '"breaker_a":9.0') for line in paper.lines
    ]
    assert changed != paper.lines
    differences = [step.difference for step in steps_of(changed) if step.difference]
    assert differences
    first = differences[0]
    assert first.recorded != first.replayed
    assert datetime.fromisoformat(first.wall) >= EPOCH


def test_a_state_that_came_out_otherwise_is_told() -> None:
    paper = Paper(cycles_each=50)
    house = lively_house(paper)
    live(house, 120)
    starts = [n for n, line in enumerate(paper.lines) if '{"start"' in line]
    second = json.loads(paper.lines[starts[1]])
    assert '"balance_wh":' in paper.lines[starts[1]]
    text = json.dumps(second).replace('"balance_wh": ', '"balance_wh": 1')
    changed = [*paper.lines]
    changed[starts[1]] = text
    differences = [step.difference for step in steps_of(changed) if step.difference]
    assert differences[0].line == starts[1] + 1
    assert "balance_wh" in differences[0].recorded


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "{}",
        '{"start":{"version":99}}',
        '{"start":{"version":1,"run":"","cycles":0,"engine":7}}',
        '{"start":{"version":1,"run":"","cycles":0,"engine":{"~name":"os.system"}}}',
        '{"cycle":{"loads":3}}',
    ],
)
def test_what_is_no_record_is_refused_in_words(line: str) -> None:
    paper = Paper()
    house = lively_house(paper)
    live(house, 3)
    with pytest.raises(ReplayError, match="line 5"):
        steps_of([*paper.lines[:4], line])


def test_names_of_things_are_not_recorded() -> None:
    paper = Paper(cycles_each=3)
    engine = RecordedEngine(Engine(HomeSettings()), paper)
    spec = ChargerSpec(load_id="ocpp:a", name="Chez Dupont", priority=1)
    for n in range(7):
        engine.start_check(spec)
        engine.cycle(
            Snapshot(
                now=float(n),
                wall=EPOCH,
                grid=GridReading(at=float(n), power_w=0.0),
                loads=(
                    LoadInput(
                        spec=spec,
                        reading=ChargerReading(reachable=True),
                        mode=Mode.SOLAR,
                    ),
                ),
            )
        )
    assert paper.lines
    assert "Dupont" not in "".join(paper.lines)


def test_what_cannot_be_written_down_is_decided_all_the_same() -> None:
    paper = Paper(cycles_each=3)
    house = lively_house(paper)
    house.run(1)
    house.engine._engine.stranger = object()
    house.run(2)
    # The next segment would have to write the stranger down.
    house.run(2)
    assert len(house.history) == 5
    assert isinstance(paper.errors[0], TypeError)
    del house.engine._engine.stranger
    house.run(2)
    steps = steps_of(paper.lines)
    assert not [step.difference for step in steps if step.difference]
    assert steps[-1].decisions == decided(house)[-1]


def test_a_cycle_with_two_moving_cars_takes_few_bytes() -> None:
    paper = Paper(cycles_each=3600)
    house = lively_house(paper)
    live(house, 1200)
    packed = gzip.compress("\n".join(paper.lines).encode())
    # A reading of seventeen digits each second is the worst of days: with it, 20 MB
    # hold four of them.
    assert len(packed) / 1200 < 60


# ---- values ----------------------------------------------------------------------------


def test_a_snapshot_comes_back_as_it_was_but_for_names() -> None:
    snapshot = Snapshot(
        now=12.5,
        wall=datetime(2026, 3, 29, 2, 30, tzinfo=UTC),
        grid=GridReading(at=12.0, power_w=None, currents_a=(1.0, -2.5), overload=True),
        solar_w=0.0,
        cheap=False,
        batteries=(BatteryReading(power_w=-3.0, at=11.0),),
        loads=(
            LoadInput(
                spec=HeaterSpec(
                    load_id="home:b",
                    name="home:b",
                    priority=3,
                    max_w=2000.0,
                    temperatures=Temperatures(max_c=65.0),
                ),
                reading=HeaterReading(reachable=True, temperature_c=51.5),
                mode=Mode.MANUAL,
                manual_value=0.0,
                wishes=4,
            ),
            LoadInput(
                spec=ChargerSpec(load_id="ocpp:a", name="ocpp:a", priority=1),
                reading=ChargerReading(reachable=False, offering=None),
                mode=Mode.ECO,
            ),
        ),
    )
    values = snapshot_values(snapshot)
    assert snapshot_of(json.loads(text_of(values))) == snapshot
    assert text_of(snapshot_values(snapshot_of(values))) == text_of(values)


PLAIN = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.dictionaries(st.text(max_size=2), inner, max_size=4)
        | st.lists(inner, max_size=2)
    ),
    max_leaves=8,
)


@given(
    old=st.dictionaries(st.text(max_size=2), PLAIN, max_size=4),
    new=st.dictionaries(st.text(max_size=2), PLAIN, max_size=4),
)
def test_a_patch_makes_the_new_of_the_old(old: dict, new: dict) -> None:
    again = patched(old, json.loads(text_of(difference(old, new))))
    assert json.dumps(again, sort_keys=True) == json.dumps(new, sort_keys=True)
    if json.dumps(old) == json.dumps(new):
        assert difference(old, new) == {}


def through_json(value: object) -> object:
    return thaw(json.loads(json.dumps(freeze(value), allow_nan=False)))


@pytest.mark.parametrize(
    "value",
    [
        (1, (2.5, None), [True]),
        {"a": {1: 2}, "b": {Mode.OFF: "x"}},
        {"~tuple": 1},
        {1, 2},
        frozenset({Reason.BOOST}),
        deque([1, 2], maxlen=5),
        EPOCH,
        EPOCH.date(),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS),
        PARIS,
        UTC,
        timezone(timedelta(hours=2)),
        timedelta(seconds=1.25),
        inf,
        -inf,
        Mode.SOLAR,
        Temperatures(min_c=40.0),
        ChargerSpec,
        gain_w,
    ],
)
def test_what_an_engine_holds_comes_back(value: object) -> None:
    again = through_json(value)
    assert again == value
    assert type(again) is type(value)
    if isinstance(value, deque):
        assert again.maxlen == value.maxlen


def test_a_moment_comes_back_with_its_zone() -> None:
    # In the hour that a clock change repeats.
    moment = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS)
    again = through_json(moment)
    assert isinstance(again, datetime)
    assert again.tzinfo is PARIS
    assert again.isoformat() == moment.isoformat()


def test_no_number_comes_back_as_no_number() -> None:
    again = through_json(nan)
    assert isinstance(again, float)
    assert isnan(again)


def test_one_object_held_twice_comes_back_as_one() -> None:
    engine = Engine(HomeSettings())
    first, second = through_json((engine, engine))
    assert first is second


def test_a_check_under_way_goes_on_where_it_was() -> None:
    house = House(base_w=800)
    house.run(5)
    house.engine.start_check(house.cars[0].spec)
    house.run(30)
    house.engine = through_json(house.engine)
    for _ in range(200):
        if result := house.run(1).checks.get("ocpp:one"):
            assert result.power_w == 1380
            return
    raise AssertionError("the check did not end")


@pytest.mark.parametrize("stranger", [object(), 1j, lambda: None, Random(1), b"x"])
def test_a_stranger_is_not_written_down(stranger: object) -> None:
    with pytest.raises(TypeError):
        freeze(stranger)


@pytest.mark.parametrize(
    "frozen",
    [
        {"~object": [0, "os.path", {}]},
        {"~name": "engine.replace"},
        {"~name": "engine.inf"},
        {"~enum": ["switching.gain_w", 1]},
        {"~enum": ["settings.HomeSettings", 1]},
        {"~value": ["settings.HomeSettings", {"__class__": 1}]},
        {"~method": [{"~object": [0, "freshness.Freshness", {}]}, "__init__"]},
        {"~again": 3},
        {"~what": 1},
        {"~name": "nowhere.thing"},
    ],
)
def test_what_is_not_the_brains_is_not_read(frozen: object) -> None:
    with pytest.raises((AttributeError, ImportError, KeyError, ValueError)):
        thaw(frozen)
