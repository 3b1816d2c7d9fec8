"""What a charger counts as, what it keeps for itself, and what a check may try."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads.charger import ChargerControl
from custom_components.surplus.control.loads.circumstances import Circumstances
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    Decision,
    LimitKind,
    LoadInput,
    Mode,
    Reason,
    Setpoint,
)
from custom_components.surplus.control.settings import HomeSettings

from .house import Car, House
from .mixed_house import VOLTAGE_V, MixedHouse, Plant, charger

NOW = 1000.0
SPEC = ChargerSpec(load_id="x", name="x", priority=1, safe_a=7.0, lease_s=120.0)


def lost(offered_a: float | None, power_w: float | None = None) -> ChargerReading:
    return ChargerReading(
        reachable=False, power_w=power_w, offered_a=offered_a, link_lost_at=NOW
    )


def around(now: float, room_a: float = 100.0) -> Circumstances:
    return Circumstances(
        now=now,
        wall=datetime(2026, 6, 21, 12, tzinfo=UTC),
        dt_s=1.0,
        surplus_w=0.0,
        total_w=0.0,
        voltage_v=230.0,
        meter=MeterState.FRESH,
        direction_known=True,
        headroom=Headroom(
            (Limit(kind=LimitKind.BREAKER, current_a=room_a),), (0.0,), (0.0,)
        ),
        settings=HomeSettings(),
    )


class TestOutOfReach:
    """Nobody hears it: what it held last counts until its lease ends."""

    @pytest.mark.parametrize(
        ("power_w", "counts_w"), [(3680.0, 2300.0), (1000.0, 1000.0), (None, 0.0)]
    )
    def test_no_more_of_what_it_drew_counts_than_is_kept_free(
        self, power_w: float | None, counts_w: float
    ) -> None:
        control = ChargerControl(SPEC)
        own_w = control.own_power_w(lost(10.0, power_w), NOW, NOW + 60, 230.0)
        assert own_w == counts_w

    def test_what_is_kept_free_is_so_on_each_of_its_phases(self) -> None:
        control = ChargerControl(replace(SPEC, phases=(1, 2, 3)))
        own_w = control.own_power_w(lost(10.0, 9e3), NOW, NOW + 60, 230.0)
        assert own_w == 3 * 2300

    @pytest.mark.parametrize(("after_s", "held_a"), [(119.9, 10.0), (120.0, 7.0)])
    def test_its_lease_ends_when_it_ends(self, after_s: float, held_a: float) -> None:
        control = ChargerControl(SPEC)
        load = LoadInput(spec=SPEC, reading=lost(10.0), mode=Mode.SOLAR)
        control.observe(load, 1)
        here = around(NOW + after_s)
        decision = control.decide(load, here)
        assert decision.reason is Reason.UNREACHABLE
        assert control.value == held_a
        assert decision.numbers["reserved_a"] == held_a
        assert here.headroom.tightest((1,)) == (100.0 - held_a, LimitKind.BREAKER)

    def test_one_that_was_told_nothing_is_on_its_safe_current(self) -> None:
        control = ChargerControl(SPEC)
        assert control.own_power_w(lost(None, 9e3), NOW, NOW, 230.0) == 7 * 230

    @pytest.mark.parametrize("safe_a", [0.0, 7.0])
    def test_it_is_on_as_long_as_it_may_draw(self, safe_a: float) -> None:
        spec = replace(SPEC, safe_a=safe_a)
        control = ChargerControl(spec)
        control.observe(LoadInput(spec=spec, reading=lost(None), mode=Mode.SOLAR), 1)
        for after_s, held_a in ((0.0, 10.0), (60.0, 10.0), (120.0, safe_a)):
            load = LoadInput(spec=spec, reading=lost(10.0), mode=Mode.SOLAR)
            control.observe(load, 1)
            control.decide(load, around(NOW + after_s))
            assert control.value == held_a
            assert control.switching.on is (held_a > 0)
        # It is so since its lease has ended, if that stopped it.
        assert control.switching.since == (NOW if safe_a else NOW + 120)

    def test_a_lower_order_than_the_safe_current_keeps_room_for_that(self) -> None:
        control = ChargerControl(SPEC)
        load = LoadInput(spec=SPEC, reading=lost(6.0), mode=Mode.SOLAR)
        control.observe(load, 1)
        assert control.decide(load, around(NOW)).numbers["reserved_a"] == 7


class TestKeptForItself:
    """What it is about to take is nobody else's."""

    def test_one_below_does_not_start_on_what_it_is_about_to_take(self) -> None:
        house = House(cars=[Car(), Car(load_id="ocpp:two", priority=2)])
        house.run(20, base_w=-2000)
        assert house.decision().reason is Reason.ABOUT_TO_START
        assert house.engine._loads["ocpp:one"].reserved_w == 6 * 230
        assert house.decision("ocpp:two").reason is Reason.WAITING_FOR_SURPLUS
        house.run(100)
        assert house.engine._loads["ocpp:one"].reserved_w == 0

    def test_the_more_of_order_and_reserve_is_taken(self) -> None:
        control = ChargerControl(SPEC)
        decision = Decision(
            load_id="x",
            setpoint=Setpoint(value=8.0, power_w=1840.0),
            reason=Reason.FOLLOWING_SURPLUS,
        )
        assert control.takes_w(decision) == 1840
        control.reserved_w = 2000.0
        assert control.takes_w(decision) == 2000

    def test_one_left_alone_takes_nothing_of_the_surplus(self) -> None:
        control = ChargerControl(SPEC)
        control.reserved_w = 2000.0
        left = control.left_alone(Reason.UNREACHABLE)
        assert control.takes_w(left) == 0


class TestPulses:
    """What a commissioning check tries, and how far limits let it."""

    @pytest.mark.parametrize(
        ("max_a", "currents"),
        [(32.0, [6, 7, 8, 9, 10]), (8.0, [6, 7, 8]), (6.0, [6])],
    )
    def test_it_tries_a_few_amperes_more_and_never_beyond_its_maximum(
        self, max_a: float, currents: list[float]
    ) -> None:
        spec = ChargerSpec(load_id="x", name="x", priority=1, max_a=max_a)
        pulses = ChargerControl(spec).pulses(230.0)
        assert [pulse.value for pulse in pulses] == currents
        assert [pulse.most_w for pulse in pulses] == [a * 230 for a in currents]

    def test_on_three_phases_it_takes_one_to_three_of_them(self) -> None:
        spec = ChargerSpec(
            load_id="x", name="x", priority=1, phases=(1, 2, 3), max_a=6.0
        )
        control = ChargerControl(spec)
        (pulse,) = control.pulses(230.0)
        assert (pulse.least_w, pulse.most_w) == (1380, 3 * 1380)

    @pytest.mark.parametrize(
        ("room_a", "told_a"), [(100.0, 8), (8.0, 8), (7.9, 0), (5.0, 0)]
    )
    def test_a_pulse_that_fits_exactly_is_told_and_a_larger_one_is_not(
        self, room_a: float, told_a: float
    ) -> None:
        control = ChargerControl(SPEC)
        decision = control.follow_check(8.0, around(NOW, room_a))
        assert decision.reason is Reason.CHECKING
        assert decision.setpoint is not None
        assert decision.setpoint.value == told_a


class TestRunsByItself:
    """On its safe current, while nobody was there to tell it otherwise."""

    @staticmethod
    def house() -> MixedHouse:
        """Return one whose car draws its safe current though it was told nothing."""
        car = Plant(spec=charger(min_off_s=300.0), mode=Mode.SOLAR)
        house = MixedHouse(loads=[car])
        house.run(200, base_w=-4000)
        assert car.value
        house.run(400, base_w=3000)
        assert not car.value
        car.obeys, car.value = False, 7.0
        house.run(400)
        assert car.power_w == 7 * VOLTAGE_V
        return house

    def test_it_rests_from_when_that_has_ended(self) -> None:
        house = self.house()
        (car,) = house.loads
        car.obeys, car.value = True, 0.0
        house.run(2, base_w=-4000)
        assert house.decision("c").reason is Reason.RESTING
        house.run(290)
        assert not car.value
        house.run(20)
        assert car.value

    def test_while_it_runs_it_needs_no_rest(self) -> None:
        house = self.house()
        house.run(60, base_w=-4000)
        setpoint = house.decision("c").setpoint
        assert setpoint is not None
        assert setpoint.value >= 6

    def test_one_that_is_slow_to_stop_rests_from_when_it_was_told(self) -> None:
        car = Plant(spec=charger(min_on_s=0.0, min_off_s=100.0), mode=Mode.SOLAR)
        house = MixedHouse(loads=[car])
        house.run(200, base_w=-4000)
        car.obeys = False
        house.run(60, base_w=5000)
        assert house.decision("c").setpoint == Setpoint(value=0.0, power_w=0.0)
        house.run(50)
        car.obeys = True
        house.run(60, base_w=-4000)
        assert car.value
