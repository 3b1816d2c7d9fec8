"""Which of several grid meters controls, and what the others add."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import nan

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import Freshness, MeterState
from custom_components.surplus.control.limits import Headroom, limits_of
from custom_components.surplus.control.meters import (
    Choice,
    JudgedMeter,
    MeterChoice,
    MeterSight,
    is_overload,
)
from custom_components.surplus.control.model import GridReading, Mode, Reason
from custom_components.surplus.control.protection import (
    Shown,
    protected,
    shown_by_control,
)
from custom_components.surplus.control.record import RecordedEngine
from custom_components.surplus.control.replay import replay
from custom_components.surplus.control.settings import HomeSettings

from .house import VOLTAGE_V, Car, House
from .test_record import Paper

LINKY, INVERTER, SENSOR = "linky:1", "solaredge:2", "entity:sensor.grid"


@dataclass(kw_only=True)
class Meter:
    """A meter that reports every so often while it works."""

    meter_id: str
    every_s: float = 1.0
    power_w: float | None = 500.0
    drawn_va: float | None = None
    knows_direction: bool = True
    works: bool = True
    asleep: bool = False
    told: dict[str, object] = field(default_factory=dict)
    reading: GridReading | None = None

    def step(self, now: float) -> MeterSight:
        if self.works and not self.asleep and now % self.every_s == 0:
            self.reading = GridReading(
                at=now,
                power_w=self.power_w,
                drawn_va=self.drawn_va,
                **self.told,  # type: ignore[arg-type]
            )
        return MeterSight(
            meter_id=self.meter_id,
            reading=self.reading,
            knows_direction=self.knows_direction,
            asleep=self.asleep,
        )


class Panel:
    """Meters in the user's order, a second at a time."""

    def __init__(self, *meters: Meter) -> None:
        self.meters = list(meters)
        self.choice = MeterChoice()
        self.now = 1000.0
        self.chosen: list[str | None] = []
        self.last = Choice()

    def run(self, seconds: int = 1) -> Choice:
        for _ in range(seconds):
            self.now += 1.0
            sights = [meter.step(self.now) for meter in self.meters]
            self.last = self.choice.choose(sights, self.now)
            self.chosen.append(self.last.control_id)
        return self.last


def linky(**more: object) -> Meter:
    return Meter(
        meter_id=LINKY,
        told={"subscribed_va": 9000.0, "cutoff_va": 9000.0, **more},
    )


class TestControl:
    """Who is listened to."""

    def test_the_first_in_the_users_order_controls(self) -> None:
        panel = Panel(Meter(meter_id=INVERTER, power_w=1.0), linky())
        assert panel.run(5).control_id == INVERTER
        assert panel.last.reading
        assert panel.last.reading.power_w == 1.0

    def test_nothing_is_chosen_before_any_has_told_anything(self) -> None:
        panel = Panel(Meter(meter_id=INVERTER, works=False))
        assert panel.run() == Choice(
            meters=(
                JudgedMeter(
                    meter_id=INVERTER,
                    reading=None,
                    state=MeterState.NONE,
                    knows_direction=True,
                    asleep=False,
                ),
            ),
        )

    def test_one_that_has_not_come_up_yet_is_not_waited_for(self) -> None:
        first = Meter(meter_id=INVERTER, works=False)
        panel = Panel(first, linky())
        assert panel.run().control_id == LINKY
        first.works = True
        assert panel.run(30).control_id == LINKY
        assert panel.run(1).control_id == INVERTER

    def test_a_late_meter_stays_and_a_lost_one_yields(self) -> None:
        first = Meter(meter_id=INVERTER)
        panel = Panel(first, linky())
        panel.run(10)
        first.works = False
        assert panel.run(60).control_id == INVERTER
        assert panel.last.meters[0].state is MeterState.STALE
        assert panel.run(1).control_id == LINKY

    def test_one_that_sleeps_yields_at_once(self) -> None:
        first = Meter(meter_id=INVERTER)
        panel = Panel(first, linky())
        panel.run(10)
        first.asleep = True
        assert panel.run(1).control_id == LINKY

    def test_a_better_one_that_is_back_must_be_heard_for_a_while(self) -> None:
        first = Meter(meter_id=INVERTER)
        panel = Panel(first, linky())
        panel.run(10)
        first.asleep = True
        panel.run(10)
        first.asleep = False
        panel.run(20)
        first.asleep = True
        panel.run(2)
        first.asleep = False
        # Awake again, its last reading is still young, and counts from now on.
        assert panel.run(30).control_id == LINKY
        assert panel.run(1).control_id == INVERTER

    def test_a_slow_one_that_is_back_must_be_heard_more_than_once(self) -> None:
        first = Meter(meter_id=SENSOR, every_s=60.0)
        panel = Panel(first, linky())
        panel.run(600)
        assert panel.last.control_id == SENSOR
        first.works = False
        panel.run(400)
        assert panel.last.control_id == LINKY
        first.works = True
        while panel.now % 60:
            panel.run()
        assert panel.run(119).control_id == LINKY
        assert panel.run(1).control_id == SENSOR

    def test_no_meter_waits_for_a_better_one_when_its_own_is_lost(self) -> None:
        first, second = Meter(meter_id=INVERTER), linky()
        panel = Panel(first, second)
        panel.run(10)
        first.asleep = True
        panel.run(10)
        second.works = False
        panel.run(59)
        first.asleep = False
        assert panel.run(1).control_id == LINKY
        assert panel.run(1).control_id == INVERTER

    def test_one_without_direction_yields_to_the_first_that_knows_it(self) -> None:
        first = linky()
        first.knows_direction, first.power_w, first.drawn_va = False, None, 700.0
        panel = Panel(first, Meter(meter_id=SENSOR), Meter(meter_id=INVERTER))
        assert panel.run(5).control_id == SENSOR

    def test_it_still_controls_where_no_other_is_left(self) -> None:
        first, second = linky(), Meter(meter_id=INVERTER)
        first.knows_direction, first.power_w, first.drawn_va = False, None, 700.0
        panel = Panel(first, second)
        panel.run(5)
        second.works = False
        assert panel.run(70).control_id == LINKY
        second.works = True
        assert panel.run(31).control_id == INVERTER

    def test_direction_gained_or_lost_changes_who_controls(self) -> None:
        first = linky()
        panel = Panel(first, Meter(meter_id=INVERTER))
        panel.run(60)
        first.knows_direction = False
        assert panel.run().control_id == INVERTER
        first.knows_direction = True
        assert panel.run(30).control_id == INVERTER
        assert panel.run().control_id == LINKY

    def test_one_that_has_no_power_to_tell_for_now_is_without_direction(self) -> None:
        first = linky()
        panel = Panel(first, Meter(meter_id=INVERTER))
        panel.run(60)
        first.power_w, first.drawn_va = None, 0.0
        assert panel.run().control_id == INVERTER
        first.power_w = 500.0
        assert panel.run(30).control_id == INVERTER
        assert panel.run().control_id == LINKY

    def test_a_fresh_one_is_taken_before_a_late_one(self) -> None:
        meters = [Meter(meter_id=i) for i in (INVERTER, SENSOR, LINKY)]
        panel = Panel(*meters)
        panel.run(10)
        meters[0].works = False
        panel.run(40)
        meters[1].works = False
        panel.run(20)
        assert panel.last.control_id == INVERTER
        assert panel.run(1).control_id == LINKY

    def test_none_left_the_last_one_ages_as_a_single_one_does(self) -> None:
        first, second = Meter(meter_id=INVERTER), linky()
        panel = Panel(first, second)
        panel.run(10)
        first.asleep = True
        panel.run(10)
        second.works = False
        assert panel.run(100).control_id == LINKY
        assert panel.last.reading
        assert panel.last.reading.at == 1020.0

    def test_what_is_lost_from_the_beginning_is_shown_as_such(self) -> None:
        first = Meter(meter_id=INVERTER, works=False)
        first.reading = GridReading(at=0.0, power_w=1.0)
        panel = Panel(Meter(meter_id=LINKY, works=False), first)
        assert panel.run().control_id == INVERTER
        assert panel.last.meters[1].state is MeterState.LOST

    def test_readings_that_cannot_be_true_are_none(self) -> None:
        first = Meter(meter_id=INVERTER)
        panel = Panel(first, linky())
        panel.run(10)
        first.power_w = nan
        assert panel.run(60).control_id == INVERTER
        assert panel.last.reading
        assert panel.last.reading.power_w == 500.0
        assert panel.run(1).control_id == LINKY

    def test_another_order_is_followed_at_once(self) -> None:
        panel = Panel(Meter(meter_id=INVERTER), linky())
        panel.run(5)
        panel.meters.reverse()
        assert panel.run().control_id == INVERTER
        panel.choice.choose_anew()
        assert panel.run().control_id == LINKY

    def test_a_forgotten_meter_is_another_one(self) -> None:
        meter = Meter(meter_id=INVERTER, every_s=2.0)
        panel = Panel(meter)
        panel.run(10)
        assert panel.choice.freshness(INVERTER).interval_s == 2.0
        panel.choice.forget([INVERTER, "never"])
        meter.works, meter.reading = False, None
        assert panel.run().meters[0].state is MeterState.NONE

    def test_one_taken_off_the_list_controls_no_more(self) -> None:
        panel = Panel(Meter(meter_id=INVERTER), linky())
        panel.run(5)
        del panel.meters[0]
        assert panel.run().control_id == LINKY


def historic(**more: object) -> Meter:
    meter = linky(**more)
    meter.knows_direction, meter.power_w, meter.drawn_va = False, None, 3000.0
    return meter


class TestProtection:
    """What another meter than the one in control adds."""

    def test_without_another_that_protects_nothing_is_changed(self) -> None:
        first = Meter(meter_id=INVERTER)
        panel = Panel(first, Meter(meter_id=SENSOR, power_w=9000.0))
        panel.run(5)
        assert panel.last.reading is first.reading

    def test_a_linky_protects_whatever_its_place(self) -> None:
        protection = historic(overload=True, currents_a=(13.0,), voltages_v=(229.0,))
        control = Meter(meter_id=INVERTER, power_w=-200.0, drawn_va=0.0)
        for meters in ((protection, control), (control, protection)):
            panel = Panel(*meters)
            panel.run(5)
            assert panel.last.control_id == INVERTER
            assert panel.last.reading == GridReading(
                at=panel.now,
                power_w=-200.0,
                drawn_va=0.0,
                voltages_v=(229.0,),
                overload=True,
                subscribed_va=9000.0,
                cutoff_va=9000.0,
                limits_at=panel.now,
                limits_va=3000.0,
                limits_a=(13.0,),
            )

    @pytest.mark.parametrize(
        ("power_w", "drawn_va", "limits_va"),
        [
            (-1200.0, 0.0, -1200.0),
            (0.0, 0.0, 0.0),
            (None, 0.0, 0.0),
            (None, 0.4, 0.4),
            (700.0, None, 700.0),
        ],
    )
    def test_it_may_know_an_export(
        self, power_w: float | None, drawn_va: float | None, limits_va: float
    ) -> None:
        protection = linky()
        panel = Panel(Meter(meter_id=INVERTER), protection)
        protection.power_w, protection.drawn_va = power_w, drawn_va
        reading = panel.run(5).reading
        assert reading
        assert reading.limits_va == limits_va

    def test_one_in_control_is_not_held_against_itself(self) -> None:
        first = linky(overload=True)
        panel = Panel(first, Meter(meter_id=INVERTER))
        panel.run(5)
        assert panel.last.reading is first.reading
        # Nor does one that is calm take its warning away.
        panel.meters[1].told = {"subscribed_va": 12_000.0}
        panel.run(5)
        assert panel.last.reading
        assert panel.last.reading.overload

    @pytest.mark.parametrize(
        ("mine", "its", "counts"),
        [
            ({}, {"cutoff_va": 6000.0}, (None, 6000.0)),
            ({}, {"subscribed_va": 6000.0}, (6000.0, None)),
            ({}, {"overload": True}, (None, None)),
            ({"subscribed_va": 6000.0}, {"overload": True}, (6000.0, None)),
            ({"subscribed_va": 6000.0}, {"cutoff_va": 9000.0}, (6000.0, None)),
            ({"cutoff_va": 6000.0}, {"subscribed_va": 9000.0}, (None, 6000.0)),
            ({"cutoff_va": 9000.0}, {"subscribed_va": 6000.0}, (6000.0, None)),
            ({"subscribed_va": 9000.0}, {"cutoff_va": 6000.0}, (None, 6000.0)),
        ],
    )
    def test_a_contract_is_told_in_either_word(
        self,
        mine: dict[str, object],
        its: dict[str, object],
        counts: tuple[float | None, float | None],
    ) -> None:
        panel = Panel(
            Meter(meter_id=INVERTER, told=mine), Meter(meter_id=LINKY, told=its)
        )
        reading = panel.run(5).reading
        assert reading
        assert (reading.subscribed_va, reading.cutoff_va) == counts
        assert reading.limits_at == panel.now

    def test_voltages_of_the_one_in_control_come_first(self) -> None:
        panel = Panel(
            Meter(meter_id=INVERTER, told={"voltages_v": (231.0,)}),
            linky(voltages_v=(229.0,)),
        )
        reading = panel.run(5).reading
        assert reading
        assert reading.voltages_v == (231.0,)

    def test_what_is_late_is_not_measured_but_the_contract_stands(self) -> None:
        protection = historic(overload=True, currents_a=(13.0,))
        panel = Panel(Meter(meter_id=INVERTER), protection)
        panel.run(5)
        protection.works = False
        panel.run(15)
        assert panel.last.reading
        assert panel.last.reading.overload
        panel.run(1)
        assert panel.last.reading == GridReading(
            at=panel.now, power_w=500.0, subscribed_va=9000.0, cutoff_va=9000.0
        )

    def test_of_several_that_protect_the_first_measures_and_any_warns(self) -> None:
        last = Meter(meter_id=SENSOR, told={"cutoff_va": 6000.0, "overload": True})
        panel = Panel(Meter(meter_id=INVERTER), linky(), last)
        panel.meters[1].power_w = 700.0
        reading = panel.run(5).reading
        assert reading
        assert reading.limits_va == 700.0
        assert reading.overload
        assert reading.cutoff_va == 6000.0
        panel.meters[1].works = False
        reading = panel.run(20).reading
        assert reading
        assert reading.limits_va == 500.0

    def test_the_tighter_of_two_contracts_rules(self) -> None:
        control = linky(cutoff_va=6000.0)
        other = Meter(meter_id=INVERTER, told={"subscribed_va": 3000.0})
        panel = Panel(control, other)
        reading = panel.run(5).reading
        assert reading
        assert (reading.subscribed_va, reading.cutoff_va) == (3000.0, None)
        other.told = {"subscribed_va": 6000.0}
        reading = panel.run(5).reading
        assert reading
        assert (reading.subscribed_va, reading.cutoff_va) == (9000.0, 6000.0)

    def test_one_that_only_warns_protects_too(self) -> None:
        panel = Panel(
            Meter(meter_id=INVERTER),
            Meter(meter_id=LINKY, told={"overload": True}),
        )
        reading = panel.run(5).reading
        assert reading
        assert reading.overload
        assert reading.cutoff_va is None

    @pytest.mark.parametrize(
        ("reading", "over"),
        [
            (GridReading(at=0, power_w=1.0, overload=True), True),
            (GridReading(at=0, power_w=20_000.0), False),
            (GridReading(at=0, power_w=9001.0, subscribed_va=9000.0), True),
            (GridReading(at=0, power_w=9000.0, subscribed_va=9000.0), False),
            (
                GridReading(
                    at=0,
                    power_w=None,
                    drawn_va=7000.0,
                    subscribed_va=9000.0,
                    cutoff_va=6000.0,
                ),
                True,
            ),
        ],
    )
    def test_an_overload_is_a_warning_or_more_than_is_allowed(
        self, reading: GridReading, *, over: bool
    ) -> None:
        assert is_overload(reading) is over


class TestFrozen:
    """One that says the same for ever, with time stamps as fresh as any."""

    def panel(self, **frozen: object) -> tuple[Panel, Meter, Meter]:
        first = Meter(meter_id=INVERTER, power_w=-3000.0)
        second = linky()
        second.power_w = -3000.0
        for name, value in frozen.items():
            setattr(first, name, value)
        panel = Panel(first, second)
        panel.run(40)
        return panel, first, second

    def test_it_yields_to_one_that_moves(self) -> None:
        panel, first, second = self.panel()
        second.power_w = -1900.0
        assert panel.run(300).control_id == INVERTER
        assert panel.run(1).control_id == LINKY
        assert panel.last.meters[0].frozen
        assert panel.run(3600).control_id == LINKY
        first.power_w = -1900.5
        assert panel.run(30).control_id == LINKY
        assert panel.run(1).control_id == INVERTER

    def test_a_house_at_rest_freezes_nobody(self) -> None:
        panel, _, second = self.panel()
        second.power_w = -2001.0
        assert panel.run(3600).control_id == INVERTER
        assert not any(meter.frozen for meter in panel.last.meters)

    def test_after_a_quiet_hour_it_may_be_a_moment_later_than_another(self) -> None:
        panel, first, second = self.panel()
        panel.run(3600)
        second.power_w = 2000.0
        assert panel.run(2).control_id == INVERTER
        first.power_w = 2000.0
        assert panel.run(600).control_id == INVERTER

    def test_one_that_moves_now_and_then_is_not_frozen(self) -> None:
        panel, first, second = self.panel()
        for n in range(4):
            first.power_w = -3000.0 + n
            second.power_w = -3000.0 + 2000.0 * n
            assert panel.run(295).control_id == INVERTER

    def test_two_others_far_apart_are_no_movement(self) -> None:
        panel, _, _ = self.panel()
        panel.meters.append(Meter(meter_id=SENSOR, power_w=-9000.0))
        assert panel.run(3600).control_id == INVERTER

    def test_one_without_direction_shows_it_too(self) -> None:
        panel, _, second = self.panel()
        second.power_w, second.knows_direction = None, False
        second.drawn_va = 0.0
        panel.run(10)
        second.drawn_va = 4000.0
        assert panel.run(310).control_id == LINKY
        second.drawn_va = 100.0
        assert panel.run(60).control_id == LINKY

    def test_of_what_is_cut_off_at_zero_the_same_is_no_frost(self) -> None:
        panel, first, second = self.panel(power_w=None, drawn_va=0.0)
        assert panel.run(40).control_id == LINKY
        second.power_w = 5000.0
        panel.run(400)
        assert not panel.last.meters[0].frozen
        first.power_w, first.told = 90.0, {"dead_zone_w": 200.0}
        panel.run(10)
        second.power_w = 500.0
        assert panel.run(400).control_id == INVERTER
        assert not panel.last.meters[0].frozen

    def test_it_does_not_come_back_because_the_other_is_lost(self) -> None:
        panel, _, second = self.panel()
        second.power_w = 2000.0
        assert panel.run(310).control_id == LINKY
        second.works = False
        assert panel.run(900).control_id == LINKY
        assert panel.last.meters[1].state is MeterState.LOST

    def test_its_limits_stand(self) -> None:
        panel = Panel(Meter(meter_id=INVERTER, power_w=1000.0), linky())
        panel.meters[1].power_w = 9500.0
        panel.run(10)
        panel.meters[0].power_w = 5000.0
        panel.run(400)
        assert panel.last.meters[1].frozen
        assert panel.last.reading
        assert panel.last.reading.limits_va == 9500.0


# ---- in general ------------------------------------------------------------------------


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[float, list[tuple[bool, bool, bool]]]]:
    """Return steps of some seconds, each with (works, asleep, direction) per meter."""
    count = draw(st.integers(1, 3))
    one = st.tuples(
        st.sampled_from((True, True, True, False)),
        st.sampled_from((False, False, False, True)),
        st.sampled_from((True, True, True, False)),
    )
    spells = draw(
        st.lists(
            st.tuples(
                st.integers(1, 90),
                st.sampled_from((1.0, 2.0, 5.0)),
                st.lists(one, min_size=count, max_size=count),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return [
        (step_s, states)
        for seconds, step_s, states in spells
        for _ in range(max(1, int(seconds / step_s)))
    ]


@given(lives())
def test_the_choice_is_never_worse_than_it_must_be_and_never_flaps(
    life: list[tuple[float, list[tuple[bool, bool, bool]]]],
) -> None:
    choice = MeterChoice()
    readings: list[GridReading | None] = [None] * len(life[0][1])
    heard: list[list[float]] = [[] for _ in readings]
    now, before = 1000.0, None
    left_at: dict[str, float] = {}
    knew: dict[int, bool] = {}
    for step_s, states in life:
        now += step_s
        sights = []
        for n, (works, asleep, direction) in enumerate(states):
            if works and not asleep:
                readings[n] = GridReading(at=now, power_w=1.0)
            sights.append(
                MeterSight(
                    meter_id=str(n),
                    reading=readings[n],
                    knows_direction=direction,
                    asleep=asleep,
                )
            )
        chosen = choice.choose(sights, now)
        meters = {meter.meter_id: meter for meter in chosen.meters}
        for n, meter in enumerate(chosen.meters):
            same = knew.get(n) is meter.knows_direction
            heard[n] = [*(heard[n] if same else ()), now] if meter.measures else []
            knew[n] = meter.knows_direction
        control = meters.get(chosen.control_id or "")
        # Never a lost or sleeping one while another is heard.
        if any(meter.measures for meter in meters.values()):
            assert control
            assert control.usable
        # Never one without direction while another has told it for long.
        if control and not control.knows_direction:
            assert not any(
                meter.knows_direction and times and now - times[0] >= 60
                for meter, times in zip(chosen.meters, heard, strict=True)
            )
        # Nobody is replaced who could go on, but by one heard for long enough; and
        # whoever was replaced is not back sooner, as long as the other can go on.
        old = meters.get(before or "")
        if old and old is not control and old.usable:
            assert control
            assert now - heard[int(control.meter_id)][0] >= 30
            # One that loses its direction yields at once.
            lost_direction = control.knows_direction and not old.knows_direction
            if control.meter_id in left_at and not lost_direction:
                assert now - left_at[control.meter_id] >= 30
        if old and old is not control:
            left_at[old.meter_id] = now
        before = chosen.control_id


amperes = st.floats(-40, 60)
powers = st.floats(-9000, 20_000)


@st.composite
def readings(draw: st.DrawFn, phases: int, *, currents: bool) -> GridReading:
    power_w = draw(powers)
    has_currents = currents or draw(st.booleans())
    return GridReading(
        at=draw(st.floats(90, 100)),
        power_w=power_w,
        drawn_va=draw(
            st.one_of(st.none(), st.floats(max(0.0, power_w), 25_000))
            if power_w > 0
            else st.just(0.0)
        ),
        currents_a=tuple(draw(amperes) for _ in range(phases)) if has_currents else (),
        overload=draw(st.booleans()),
        subscribed_va=draw(st.sampled_from((None, 6000.0, 9000.0, 12_000.0))),
        cutoff_va=draw(st.sampled_from((None, 3000.0, 9000.0))),
    )


def sights_of(parts: Sequence[GridReading]) -> list[MeterSight]:
    return [MeterSight(meter_id=str(n), reading=one) for n, one in enumerate(parts)]


def shown(settings_: HomeSettings, grid: GridReading, *, late: bool = False) -> Shown:
    """Return what limits are held against in a house without loads."""
    alone = shown_by_control(settings_, grid, [], {}, VOLTAGE_V)
    if grid.limits_at is None:
        return alone
    return protected(alone, settings_, grid, [], {}, voltage_v=VOLTAGE_V, late=late)


@given(st.data(), st.sampled_from((1, 3)))
def test_another_meter_never_loosens_a_limit(data: st.DataObject, phases: int) -> None:
    # Without currents a single meter's three phases are the worst case, which another
    # meter's own measurement may put right.
    control = data.draw(readings(phases, currents=phases > 1))
    others = data.draw(st.lists(readings(phases, currents=False), max_size=2))
    settings_ = HomeSettings(phases=phases, breaker_a=40.0)
    alone = MeterChoice().choose(sights_of([control]), 100.0).reading
    together = MeterChoice().choose(sights_of([control, *others]), 100.0).reading
    assert alone
    assert together
    assert together.power_w == alone.power_w
    assert together.at == alone.at
    for phase in range(phases):
        rooms = [
            Headroom(
                limits_of(settings_, reading), shown(settings_, reading).base_a
            ).tightest([phase + 1])
            for reading in (together, alone)
        ]
        assert rooms[0]
        assert rooms[1]
        assert rooms[0][0] <= rooms[1][0] + 1e-9
    assert together.overload >= alone.overload


class TestShown:
    """What limits are held against."""

    grid = GridReading(
        at=100.0,
        power_w=2300.0,
        currents_a=(10.0, 2.0, -2.0),
        limits_at=99.0,
        limits_va=3450.0,
        limits_a=(8.0, 3.0, 4.0),
    )
    three = HomeSettings(phases=3)

    def test_the_newest_is_shown_and_the_more_is_reckoned_with(self) -> None:
        older = shown(self.three, self.grid)
        assert older.at == 100.0
        assert older.grid_a == older.still_a == (10.0, 2.0, -2.0)
        assert older.base_a == (10.0, 3.0, 4.0)
        newer = shown(self.three, replace(self.grid, limits_at=101.0))
        assert newer.at == 101.0
        assert newer.grid_a == newer.still_a == (8.0, 3.0, 4.0)
        assert newer.base_a == (10.0, 3.0, 4.0)

    def test_of_the_same_instant_the_more_is_shown(self) -> None:
        both = shown(self.three, replace(self.grid, limits_at=100.0))
        assert both.grid_a == both.base_a == (10.0, 3.0, 4.0)

    def test_a_late_reading_says_nothing_against_a_measurement(self) -> None:
        late = shown(self.three, self.grid, late=True)
        assert late.at == 99.0
        assert late.grid_a == late.base_a == (8.0, 3.0, 4.0)

    def test_measured_phases_stand_for_a_total_of_which_nobody_knows_them(self) -> None:
        coarse = shown(self.three, replace(self.grid, currents_a=()))
        assert coarse.grid_a == coarse.base_a == (8.0, 3.0, 4.0)

    def test_a_total_of_the_other_is_the_worst_case_on_each_phase(self) -> None:
        total = shown(self.three, replace(self.grid, limits_a=()))
        assert total.grid_a == (10.0, 2.0, -2.0)
        assert total.base_a == (15.0, 15.0, 15.0)
        neither = shown(self.three, replace(self.grid, limits_a=(), currents_a=()))
        assert neither.grid_a == (10.0, 10.0, 10.0)
        assert neither.base_a == (15.0, 15.0, 15.0)

    def test_on_one_phase_a_total_is_as_good_as_a_current(self) -> None:
        grid = replace(self.grid, currents_a=(), limits_va=1150.0, limits_a=(5.0,))
        single = shown(HomeSettings(), grid)
        assert single.grid_a == single.base_a == (10.0,)

    def test_an_export_is_credited_where_both_know_it(self) -> None:
        grid = GridReading(
            at=100.0, power_w=-2300.0, drawn_va=0.0, limits_at=99.0, limits_va=-460.0
        )
        assert shown(HomeSettings(), grid).base_a == (-2.0,)
        unknown = replace(grid, limits_va=0.0)
        assert shown(HomeSettings(), unknown).base_a == (0.0,)


# ---- what the engine makes of it ---------------------------------------------------------


@dataclass(kw_only=True)
class TwoMeters(House):
    """A house with an inverter's meter in control and a Linky that protects."""

    clamp: float = 1.0
    choice: MeterChoice = field(default_factory=MeterChoice)
    inverter: Meter = field(
        default_factory=lambda: Meter(meter_id=INVERTER, every_s=2.0)
    )
    protection: Meter = field(default_factory=historic)
    control_id: str | None = None

    def run(self, seconds: float, base_w: float | None = None):  # type: ignore[no-untyped-def, override]
        if base_w is not None:
            self.base_w = base_w
        for _ in range(int(seconds)):
            self.now += 1.0
            for car in self.cars:
                car.step(self.now)
            self.inverter.power_w = self.clamp * self.grid_w
            self.protection.drawn_va = max(0.0, self.grid_w)
            sights = [m.step(self.now) for m in (self.inverter, self.protection)]
            chosen = self.choice.choose(sights, self.now)
            if chosen.control_id != self.control_id:
                assert chosen.control_id
                self.control_id = chosen.control_id
                self.engine.new_meter(self.choice.freshness(chosen.control_id).copy())
            self.grid = chosen.reading
            self.cycle()
        return self.history[-1]


class TestEngine:
    """Limits by one meter, the surplus by another."""

    def test_a_clamp_that_shows_too_little_opens_no_room(self) -> None:
        house = TwoMeters(clamp=0.6, cars=[Car(mode=Mode.BOOST)])
        house.run(120, 4000.0)
        assert house.grid_w <= 9000.0
        assert house.grid_w > 8500.0

    @pytest.mark.parametrize("every_s", [2.0, 5.0])
    def test_an_overload_is_cut_once_however_far_apart_the_meters_are(
        self, every_s: float
    ) -> None:
        house = TwoMeters(cars=[Car(mode=Mode.BOOST)])
        house.inverter.every_s = every_s
        house.run(120, 2000.0)
        assert house.currents(1) == [29.0]
        house.run(60, 5500.0)
        # 3500 W are left under 9 kVA.
        assert min(house.currents(60)) >= 13
        assert house.currents(1) == [15.0]

    def test_an_overload_between_two_readings_is_cut_on_that_cycle(self) -> None:
        house = TwoMeters(cars=[Car(mode=Mode.BOOST)])
        house.run(120, 2000.0)
        before = house.currents(1)[0]
        assert before > 25
        # The next reading of the control meter comes a second later.
        house.run(int(house.now % 2) or 2)
        house.run(1, 6000.0)
        assert house.currents(1)[0] < before - 15

    def test_it_is_cut_too_while_the_control_meter_is_late(self) -> None:
        house = TwoMeters(cars=[Car(mode=Mode.BOOST)])
        house.run(120, 2000.0)
        house.inverter.works = False
        house.run(30)
        assert house.history[-1].meter is MeterState.STALE
        house.run(20, 6000.0)
        assert house.grid_w <= 9000.0
        house.run(5, 9500.0)
        assert house.currents(1) == [0.0]

    def test_the_surplus_is_the_control_meters_alone(self) -> None:
        house = TwoMeters()
        house.run(200, -3000.0)
        assert house.currents(1) == [13.0]

    def test_the_protecting_meter_decides_blind_when_it_is_left_alone(self) -> None:
        house = TwoMeters()
        house.run(200, -3000.0)
        house.inverter.works = False
        house.run(70)
        assert house.control_id == LINKY
        assert house.history[-1].meter is MeterState.FRESH
        assert house.decision().reason is Reason.SIGN_UNKNOWN

    def test_all_of_it_is_replayed_byte_for_byte(self) -> None:
        paper = Paper(cycles_each=150)
        house = TwoMeters(cars=[Car(mode=Mode.BOOST), Car(load_id="b", priority=2)])
        house.engine = RecordedEngine(house.engine, paper)  # type: ignore[assignment]
        house.run(200, 2000.0)
        house.inverter.works = False
        house.run(100, -4000.0)
        house.inverter.works = True
        house.run(100)
        assert not paper.errors
        assert any('"limits_at"' in line for line in paper.lines)
        assert sum('"new_meter"' in line for line in paper.lines) == 3
        assert [step for step in replay(paper.lines) if step.difference] == []

    def test_a_record_without_a_learned_rhythm_is_replayed_too(self) -> None:
        paper = Paper()
        house = TwoMeters()
        house.engine = RecordedEngine(house.engine, paper)  # type: ignore[assignment]
        house.run(20, -2000.0)
        house.engine.new_meter()
        house.run(20)
        at = next(n for n, line in enumerate(paper.lines) if '"new_meter"' in line)
        paper.lines[at] = '{"new_meter":1}'
        assert [step for step in replay(paper.lines) if step.difference] == []


def test_a_rhythm_goes_with_its_meter_and_both_learn_on_by_themselves() -> None:
    learned = Freshness()
    for at in range(0, 300, 60):
        learned.judge(GridReading(at=float(at), power_w=1.0), float(at))
    engine = Engine(HomeSettings())
    engine.new_meter(learned.copy())
    assert engine.freshness.stale_after_s == 180
    engine.freshness.judge(GridReading(at=241.0, power_w=1.0), 241.0)
    assert learned.interval_s == 60
    assert replace(GridReading(at=0.0, power_w=VOLTAGE_V)).limits_at is None
