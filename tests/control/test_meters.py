"""Which of several grid meters controls, and what the others add."""

from math import nan

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.meters import (
    Choice,
    JudgedMeter,
    MeterChoice,
    MeterSight,
    is_overload,
)
from custom_components.surplus.control.model import GridReading

from .meter_panel import INVERTER, LINKY, SENSOR, Meter, Panel, historic, linky


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
