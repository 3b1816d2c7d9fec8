"""What a charger is told of one reading: the step, its dead band, its room, its pace."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.base import Circumstances
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    Decision,
    LimitKind,
    LoadInput,
    Mode,
    Reason,
)
from custom_components.surplus.control.settings import HomeSettings

NOW = 1000.0
SPEC = ChargerSpec(load_id="x", name="x", priority=1)
STILL = ChargerReading(reachable=True, wants_power=True)


def around(surplus_a: float, room_a: float | None = None, **more: Any) -> Circumstances:
    """Return a cycle with so many amperes of surplus, and so many free."""
    limits = (
        () if room_a is None else (Limit(kind=LimitKind.BREAKER, current_a=room_a),)
    )
    return replace(
        Circumstances(
            now=NOW,
            wall=datetime(2026, 6, 21, 12, tzinfo=UTC),
            dt_s=1.0,
            surplus_w=surplus_a * 230,
            total_w=surplus_a * 230,
            voltage_v=230.0,
            meter=MeterState.FRESH,
            direction_known=True,
            headroom=Headroom(limits, (0.0,), (0.0,)),
            settings=HomeSettings(),
        ),
        **more,
    )


def offering(value: float, spec: ChargerSpec = SPEC, **more: Any) -> ChargerControl:
    """Return the control of a charger that was found at work at an offer."""
    control = ChargerControl(spec)
    reading = replace(STILL, offered_a=value, **more)
    control.observe(LoadInput(spec=spec, reading=reading, mode=Mode.SOLAR), 1)
    return control


def decide(
    control: ChargerControl,
    here: Circumstances,
    mode: Mode = Mode.MIN_SOLAR,
    manual_value: float | None = None,
    wishes: int = 0,
) -> Decision:
    load = LoadInput(
        spec=control.spec,
        reading=STILL,
        mode=mode,
        wishes=wishes,
        manual_value=manual_value,
    )
    control.observe(load, 1)
    return control.decide(load, here)


def told(decision: Decision) -> float:
    assert decision.setpoint is not None
    return decision.setpoint.value


class TestStep:
    """Which step serves a surplus best."""

    @pytest.mark.parametrize(
        ("surplus_a", "current_a"),
        [(10.69, 10), (10.71, 11), (9.31, 10), (9.29, 9), (12.4, 12), (12.6, 13)],
    )
    def test_an_offer_is_moved_for_seven_tenths_of_an_ampere(
        self, surplus_a: float, current_a: float
    ) -> None:
        decision = decide(offering(10), around(surplus_a))
        assert told(decision) == current_a
        assert decision.numbers["current_a"] == current_a
        assert decision.numbers["surplus_w"] == round(surplus_a * 230)
        assert decision.setpoint is not None
        assert decision.setpoint.power_w == current_a * 230

    @pytest.mark.parametrize(
        ("surplus_a", "current_a"),
        [(9.96, 10), (9.93, 9), (10.9, 10), (10.95, 10), (10.97, 11)],
    )
    def test_dear_imports_are_not_left_standing(
        self, surplus_a: float, current_a: float
    ) -> None:
        dear = HomeSettings(import_price=25.0)
        decision = decide(offering(10), around(surplus_a, settings=dear))
        assert told(decision) == current_a

    @pytest.mark.parametrize(
        ("surplus_a", "current_a"), [(11.69, 10), (11.71, 12), (8.31, 10), (8.29, 8)]
    )
    def test_what_is_in_doubt_moves_nothing(
        self, surplus_a: float, current_a: float
    ) -> None:
        decision = decide(offering(10), around(surplus_a, doubt_w=230.0))
        assert told(decision) == current_a

    def test_one_that_draws_less_than_its_offer_is_offered_more(self) -> None:
        control = offering(10)
        control.vehicle.shortfall_a = 0.8
        assert told(decide(control, around(10.0))) == 11

    def test_what_others_keep_is_not_for_it(self) -> None:
        here = around(20.0, reserve_w=460.0, least_below_w=690.0)
        decision = decide(offering(10), here)
        assert told(decision) == 15
        assert decision.numbers["surplus_w"] == 18 * 230

    @pytest.mark.parametrize(("surplus_a", "current_a"), [(10.74, 10.7), (10.76, 10.8)])
    def test_a_charger_with_fine_steps_is_told_them(
        self, surplus_a: float, current_a: float
    ) -> None:
        control = offering(10, replace(SPEC, step_a=0.1))
        assert told(decide(control, around(surplus_a))) == current_a

    @pytest.mark.parametrize(
        ("current_a", "most_a"), [(5.99, 0), (6.0, 6), (6.99, 6), (32.0, 32)]
    )
    def test_at_most_is_a_step_that_it_runs_with(
        self, current_a: float, most_a: float
    ) -> None:
        assert ChargerControl(SPEC).at_most(current_a) == most_a

    def test_a_step_is_told_once_and_not_again_by_its_last_digit(self) -> None:
        control = offering(10, replace(SPEC, step_a=0.1))
        # The meter shows room for 19.75 A: 197 steps are 19.700000000000003 A.
        assert control.at_most(19.75) == 19.7

    def test_a_step_that_is_there_by_a_hair_is_there(self) -> None:
        control = ChargerControl(replace(SPEC, step_a=0.1))
        assert control.at_most(10.3) == pytest.approx(10.3)


class TestWords:
    """What is said of the current that it is told."""

    @pytest.mark.parametrize(
        ("surplus_a", "room_a", "current_a", "reason"),
        [
            (5.9, None, 6, Reason.HOLDING_MINIMUM),
            (6.0, None, 6, Reason.FOLLOWING_SURPLUS),
            (12.0, None, 12, Reason.FOLLOWING_SURPLUS),
            (40.0, None, 32, Reason.AT_MAXIMUM),
            (40.0, 20.9, 20, Reason.LIMITED),
            (15.0, 20.9, 15, Reason.FOLLOWING_SURPLUS),
        ],
    )
    def test_the_reason_is_that_of_the_current(
        self,
        surplus_a: float,
        room_a: float | None,
        current_a: float,
        reason: Reason,
    ) -> None:
        decision = decide(offering(10), around(surplus_a, room_a))
        assert told(decision) == current_a
        assert decision.reason is reason
        assert decision.numbers["minimum_w"] == 1380

    def test_a_limit_is_obeyed_whatever_the_pace(self) -> None:
        control = offering(10)
        assert told(decide(control, around(20.0))) == 20
        assert told(decide(control, around(20.0, 15.5))) == 15


class TestUnderALimit:
    """A rise asks for half an ampere to spare; a fall for nothing."""

    @pytest.mark.parametrize("mode", [Mode.MIN_SOLAR, Mode.SOLAR, Mode.BOOST])
    def test_a_room_that_wavers_by_a_tenth_of_an_ampere_moves_a_car_once(
        self, mode: Mode
    ) -> None:
        control = offering(17)
        rooms_a = [18.05, 17.95] * 30
        values = [
            told(decide(control, around(40.0, room_a, now=NOW + 5 * n), mode))
            for n, room_a in enumerate(rooms_a)
        ]
        assert set(values) == {17}

    @pytest.mark.parametrize("mode", [Mode.MIN_SOLAR, Mode.SOLAR, Mode.BOOST])
    @pytest.mark.parametrize(("room_a", "current_a"), [(18.4, 17), (18.5, 18)])
    def test_it_rises_with_half_an_ampere_to_spare(
        self, mode: Mode, room_a: float, current_a: float
    ) -> None:
        decision = decide(offering(17), around(40.0, room_a), mode)
        assert told(decision) == current_a
        assert decision.reason is Reason.LIMITED

    def test_what_the_sun_gives_of_a_larger_room_asks_for_nothing_to_spare(
        self,
    ) -> None:
        assert told(decide(offering(17), around(18.1, 18.2))) == 18

    def test_a_start_leaves_as_much_to_spare(self) -> None:
        control = ChargerControl(replace(SPEC, min_off_s=0))
        for n in range(60):
            decision = decide(control, around(40.0, 20.2, now=NOW + n), Mode.SOLAR)
        assert told(decision) == 19


class TestPace:
    """How often it may be told another current."""

    def test_five_seconds_lie_between_two_changes(self) -> None:
        control = offering(10)
        assert told(decide(control, around(12.0))) == 12
        assert told(decide(control, around(14.0, now=NOW + 4.9))) == 12
        assert told(decide(control, around(14.0, now=NOW + 5.0))) == 14

    def test_every_change_costs_a_write_and_nothing_else_does(self) -> None:
        control = offering(10)
        decide(control, around(12.0))
        left = control.pace.left
        decide(control, around(12.0, now=NOW + 5))
        assert control.pace.left == pytest.approx(left, abs=0.05)
        decide(control, around(14.0, now=NOW + 10))
        assert control.pace.left == pytest.approx(left - 1, abs=0.1)

    def test_without_writes_left_only_what_must_be_is_told(self) -> None:
        control = offering(10)
        control.pace.restore(0.0, NOW)
        # A first current is no change of one.
        assert told(decide(control, around(12.0))) == 12
        assert told(decide(control, around(14.0, now=NOW + 60))) == 12
        assert told(decide(control, around(14.0, 11.0, now=NOW + 61))) == 11
        assert told(decide(control, around(14.0, now=NOW + 62), Mode.OFF)) == 0


class TestAsked:
    """What a person asks for waits for no writes, only for the last change."""

    def without_writes(self) -> ChargerControl:
        control = offering(10)
        assert told(decide(control, around(12.0))) == 12
        control.pace.restore(0.0, NOW)
        return control

    def test_a_number_is_obeyed(self) -> None:
        control = self.without_writes()
        here = around(12.0, now=NOW + 4)
        assert told(decide(control, here, Mode.MANUAL, 16.0)) == 12
        here = around(12.0, now=NOW + 5)
        assert told(decide(control, here, Mode.MANUAL, 16.0)) == 16
        # What a limit took of it comes back.
        here = around(12.0, 10.0, now=NOW + 10)
        assert told(decide(control, here, Mode.MANUAL, 16.0)) == 10
        here = around(12.0, 20.0, now=NOW + 15)
        assert told(decide(control, here, Mode.MANUAL, 16.0)) == 16

    @pytest.mark.parametrize("mode", [Mode.MIN_SOLAR, Mode.BOOST])
    def test_the_first_move_after_a_wish_is_made_and_the_next_waits(
        self, mode: Mode
    ) -> None:
        control = self.without_writes()
        moves = []
        for n, room_a in enumerate((20.0, 20.0, 30.0)):
            here = around(40.0, room_a, now=NOW + 5 * (n + 1))
            moves.append(told(decide(control, here, mode, wishes=min(n, 1))))
        assert moves == [12, 19, 19]


class TestStart:
    """What a start waits for."""

    @pytest.mark.parametrize(
        ("room_a", "reason"),
        [(6.9, Reason.NO_ROOM), (7.0, Reason.ABOUT_TO_START)],
    )
    def test_an_ampere_more_than_its_minimum_must_be_free(
        self, room_a: float, reason: Reason
    ) -> None:
        control = ChargerControl(SPEC)
        decision = decide(control, around(20.0, room_a), Mode.SOLAR)
        assert told(decision) == 0
        assert decision.reason is reason
        # Nobody below waits for what cannot begin.
        waits = reason is Reason.NO_ROOM
        assert control.reserved_w == (0 if waits else 6 * 230)
        assert decision.numbers.get("room_a") == (6.9 if waits else None)

    def test_it_says_how_long_it_waits_yet(self) -> None:
        decision = decide(ChargerControl(SPEC), around(10.0), Mode.SOLAR)
        # 12 Wh at 2300 W are 18.8 s, one has passed.
        assert decision.numbers["seconds"] == 18

    def test_a_start_is_at_the_step_that_serves_best(self) -> None:
        decision = decide(ChargerControl(SPEC), around(10.0, dt_s=19.0), Mode.SOLAR)
        assert decision.reason is Reason.FOLLOWING_SURPLUS
        assert told(decision) == 10
        assert decision.numbers["current_a"] == 10

    def test_what_is_worth_nothing_is_waited_for_and_not_kept(self) -> None:
        control = ChargerControl(SPEC)
        # Half of the minimum: what is captured costs as much import.
        decision = decide(control, around(3.0, 6.5, dt_s=3600.0), Mode.SOLAR)
        assert decision.reason is Reason.WAITING_FOR_SURPLUS
        assert control.reserved_w == 0

    def test_in_its_rest_it_keeps_what_it_will_take(self) -> None:
        control = offering(10)
        decide(control, around(0.0), Mode.OFF)
        here = around(10.0, now=NOW + 100, dt_s=100.0)
        decision = decide(control, here, Mode.SOLAR)
        assert decision.reason is Reason.RESTING
        assert decision.numbers["seconds"] == 200
        assert control.reserved_w == 6 * 230
        decision = decide(control, replace(here, now=NOW + 300), Mode.SOLAR)
        assert told(decision) == 10


class TestUpTo:
    """As much as is asked for: boost, cheap hours, by hand."""

    @pytest.mark.parametrize(
        ("mode", "reason"),
        [(Mode.BOOST, Reason.NO_ROOM), (Mode.MIN_SOLAR, Reason.NO_ROOM)],
    )
    def test_what_is_asked_for_begins_with_an_ampere_to_spare(
        self, mode: Mode, reason: Reason
    ) -> None:
        decision = decide(ChargerControl(SPEC), around(0.0, 6.96), mode)
        assert told(decision) == 0
        assert decision.reason is reason
        assert decision.numbers == {
            "room_a": 7.0,
            "needed_a": 7.0,
            "limit": LimitKind.BREAKER.value,
        }
        decision = decide(ChargerControl(SPEC), around(0.0, 7.0), mode)
        assert told(decision) == 6

    def test_a_number_changed_by_hand_ends_a_rest_and_the_same_one_does_not(
        self,
    ) -> None:
        control = offering(10)
        decide(control, around(0.0), Mode.MANUAL, 10.0)
        # A limit ends it, not a person.
        decide(control, around(0.0, 5.0), Mode.MANUAL, 10.0)
        decide(control, around(0.0, 5.0, now=NOW + 20), Mode.MANUAL, 10.0)
        assert not control.switching.on
        here = around(0.0, now=NOW + 60)
        decision = decide(control, here, Mode.MANUAL, 10.0)
        assert decision.reason is Reason.RESTING
        assert decision.numbers["seconds"] == 260
        assert told(decide(control, here, Mode.MANUAL, 12.0)) == 12

    @pytest.mark.parametrize(
        ("value", "room_a", "current_a"),
        [(0, 16.44, 15), (0, 16.5, 16), (16, 16.4, 16), (16, 15.9, 15), (10, 16.4, 15)],
    )
    def test_a_rise_leaves_half_an_ampere_of_a_limit(
        self, value: float, room_a: float, current_a: float
    ) -> None:
        control = offering(value) if value else ChargerControl(SPEC)
        decision = decide(control, around(0.0, room_a), Mode.BOOST)
        assert told(decision) == current_a
        assert decision.reason is Reason.LIMITED
        assert decision.numbers == {
            "room_a": round(room_a, 1),
            "current_a": current_a,
            "limit": "breaker",
        }

    def test_without_a_limit_it_is_all(self) -> None:
        decision = decide(offering(10), around(0.0, 32.0), Mode.BOOST)
        assert told(decision) == 32
        assert decision.reason is Reason.BOOST
        assert decision.numbers == {"current_a": 32}

    def test_a_late_meter_raises_nothing_and_lowers_what_it_must(self) -> None:
        late = {"meter": MeterState.STALE}
        control = offering(20)
        decision = decide(control, around(0.0, 32.0, **late), Mode.BOOST)
        assert told(decision) == 20
        assert decision.reason is Reason.METER_STALE
        assert told(decide(control, around(0.0, 15.9, **late), Mode.BOOST)) == 15

    @pytest.mark.parametrize(
        ("meter", "reason"),
        [
            (MeterState.LOST, Reason.METER_LOST),
            (MeterState.NONE, Reason.NO_GRID_METER),
        ],
    )
    def test_blind_it_is_the_minimum(self, meter: MeterState, reason: Reason) -> None:
        decision = decide(offering(20), around(0.0, meter=meter), Mode.BOOST)
        assert told(decision) == 6
        assert decision.reason is reason

    def test_a_rise_keeps_the_pace_and_a_fall_does_not(self) -> None:
        control = offering(10)
        assert told(decide(control, around(0.0), Mode.MANUAL, 12.0)) == 12
        later = around(0.0, now=NOW + 4.9)
        assert told(decide(control, later, Mode.MANUAL, 14.0)) == 12
        assert told(decide(control, later, Mode.MANUAL, 8.0)) == 8

    def test_running_it_stays_on_the_least_it_was_given_when_its_minimum_rises(
        self,
    ) -> None:
        control = offering(6)
        control.vehicle.appetite.floor_a = 8.0
        # 8 A have no room, and what runs at 6 A goes on, as long as that has some.
        for now in (NOW, NOW + 20, NOW + 40):
            assert told(decide(control, around(0.0, 6.5, now=now))) == 6


class TestFirstSight:
    """A charge that goes on when we come."""

    def adopted(self, spec: ChargerSpec = SPEC, **more: Any) -> ChargerControl:
        control = ChargerControl(spec)
        reading = replace(STILL, **more)
        control.observe(LoadInput(spec=spec, reading=reading, mode=Mode.SOLAR), 1)
        return control

    @pytest.mark.parametrize(
        ("more", "value"),
        [
            ({"offering": True, "offered_a": 9.0}, 9.0),
            ({"offering": True, "offered_a": 0.0}, 7.0),
            ({"offering": True}, 7.0),
            ({"offering": False}, 0.0),
            ({}, 0.0),
        ],
    )
    def test_it_is_at_its_offer_or_at_its_safe_current(
        self, more: dict[str, Any], value: float
    ) -> None:
        control = self.adopted(replace(SPEC, safe_a=7.0), **more)
        assert control.value == value
        assert control.switching.on is (value > 0)

    def test_without_a_safe_current_it_is_at_its_minimum(self) -> None:
        control = self.adopted(replace(SPEC, safe_a=0.0), offering=True)
        assert control.value == 6

    @pytest.mark.parametrize(
        ("more", "on"),
        [
            ({"offered_a": 10.0, "power_w": 200.0}, True),
            ({"offered_a": 10.0, "power_w": 199.0}, False),
            ({"offered_a": 10.0, "power_w": 2300.0, "offering": False}, False),
            ({"power_w": 2300.0, "offering": True}, True),
            ({"power_w": 2300.0}, False),
            ({"power_w": 0.0, "offering": True}, False),
            ({"offering": True}, True),
            ({"offered_a": 10.0}, False),
        ],
    )
    def test_what_was_written_down_as_stopped_must_be_seen_to_draw(
        self, more: dict[str, Any], on: bool
    ) -> None:
        control = ChargerControl(SPEC)
        wall = datetime(2026, 6, 21, 12, tzinfo=UTC)
        saved = {"on": False, "value": 0.0, "for_s": 10.0, "saved_at": wall.isoformat()}
        control.restore(saved, NOW, wall)
        reading = replace(STILL, **more)
        control.observe(LoadInput(spec=SPEC, reading=reading, mode=Mode.SOLAR), 1)
        assert control.switching.on is on
        # What is taken up need not rest, what is not rests on.
        assert (control.switching.since is None) is on

    def test_it_is_on_the_phases_that_it_was_told(self) -> None:
        spec = replace(SPEC, phases=(1, 2, 3), switches_phases=True)
        control = ChargerControl(spec)
        reading = replace(STILL, offered_a=10.0, phases=1)
        control.observe(LoadInput(spec=spec, reading=reading, mode=Mode.SOLAR), 3)
        assert control.phases == (1,)

    @pytest.mark.parametrize("left", [0.0, 0.5])
    def test_the_last_part_of_a_write_is_taken_back(self, left: float) -> None:
        control = ChargerControl(SPEC)
        wall = datetime(2026, 6, 21, 12, tzinfo=UTC)
        saved = {
            "on": True,
            "value": 10.0,
            "saved_at": wall.isoformat(),
            "learned": {"writes_left": left},
        }
        control.restore(saved, NOW, wall)
        assert control.pace.left == left

    def test_it_is_met_once(self) -> None:
        control = self.adopted()
        later = replace(STILL, offering=True, offered_a=9.0)
        control.observe(LoadInput(spec=SPEC, reading=later, mode=Mode.SOLAR), 1)
        assert not control.switching.on


def test_all_that_it_can_draw_is_that_of_its_phases() -> None:
    three = replace(SPEC, phases=(1, 2, 3), max_a=16.0)
    assert ChargerControl(three).most_drawn_w == 16 * 690


def test_of_its_set_point_it_takes_no_more_than_it_has_shown() -> None:
    control = offering(10)
    decision = decide(control, around(10.0))
    assert control.takes_w(decision) == 2300
    control.vehicle.takes_at_most_w = 1500.0
    assert control.takes_w(decision) == 1500
