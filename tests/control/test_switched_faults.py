"""What is lost, broken, or found as others left it: switched loads in closed loop."""

from dataclasses import replace

import pytest

from custom_components.surplus.control.loads.switched import SwitchedControl
from custom_components.surplus.control.model import (
    Mode,
    Reason,
    SwitchedSpec,
    Temperatures,
)
from custom_components.surplus.control.settings import HomeSettings

from .switched_house import House, Relay


class TestBrokenThings:
    """What happens when something is lost."""

    def test_a_late_meter_changes_nothing(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.meter_works = False
        assert house.run(30).reason is Reason.METER_STALE
        assert house.relay.on
        off = House()
        off.run(20, base_w=-2500)
        off.meter_works = False
        assert off.run(30).reason is Reason.METER_STALE
        assert not off.relay.on

    def test_a_lost_meter_ends_what_the_sun_runs(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.meter_works = False
        assert house.run(90).reason is Reason.METER_LOST
        assert not house.relay.on

    def test_without_a_meter_the_sun_starts_nothing(self) -> None:
        house = House(meter_works=False)
        assert house.run(60, base_w=-2500).reason is Reason.NO_GRID_METER
        assert not house.relay.on

    def test_a_boost_goes_on_without_a_meter_if_nothing_limits_it(self) -> None:
        house = House(relays=[Relay(mode=Mode.BOOST)], meter_works=False)
        assert house.run(60).reason is Reason.NO_GRID_METER
        assert house.relay.on

    def test_a_boost_under_a_lost_meter_must_fit_beside_the_peak_of_the_hour(
        self,
    ) -> None:
        for peak_w, reason in ((500, Reason.METER_LOST), (6000, Reason.NO_ROOM)):
            house = House(
                relays=[Relay(mode=Mode.BOOST)], settings=HomeSettings(breaker_a=30)
            )
            house.run(10, base_w=peak_w)
            house.run(60, base_w=500)
            house.meter_works = False
            assert house.run(120).reason is reason

    def test_a_late_meter_holds_a_boost_as_it_is(self) -> None:
        house = House(relays=[Relay()])
        house.run(20, base_w=500)
        house.meter_works = False
        house.run(20)
        house.relay.ask(Mode.BOOST)
        assert house.run(5).reason is Reason.METER_STALE
        assert not house.relay.on

    def test_a_moment_without_sign_does_not_switch_and_a_lasting_one_does(self) -> None:
        house = House()
        house.run(400, base_w=-2000)
        assert house.relay.on
        house.knows_direction = False
        assert house.run(50).reason is Reason.SIGN_UNKNOWN
        assert house.relay.on
        house.knows_direction = True
        house.run(5)
        house.knows_direction = False
        house.run(50)
        assert house.relay.on
        house.run(15)
        assert not house.relay.on

    def test_no_sign_does_not_break_the_minimum_time(self) -> None:
        house = House()
        house.run(40, base_w=-2500)
        house.knows_direction = False
        house.run(200)
        assert house.relay.on
        house.run(100)
        assert not house.relay.on

    def test_without_a_sign_nothing_is_started(self) -> None:
        house = House(knows_direction=False)
        assert house.run(60, base_w=-2500).reason is Reason.SIGN_UNKNOWN
        assert not house.relay.on

    def test_a_reversed_meter_switches_off_what_we_switched_on_and_no_more(
        self,
    ) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.engine.settings = replace(house.settings, sign_reversed=True)
        decision = house.run(3)
        assert decision.reason is Reason.SIGN_REVERSED
        assert not house.relay.on
        assert decision.setpoint is None
        # Whoever switches it on now is left alone.
        house.relay.flip(True, house.now)
        house.run(60)
        assert house.relay.on

    def test_a_switch_that_tells_nothing_is_switched_off_once_under_a_reversed_meter(
        self,
    ) -> None:
        house = House(relays=[Relay(tells_state=False)])
        house.run(400, base_w=-2500)
        house.engine.settings = replace(house.settings, sign_reversed=True)
        first = house.run(1).setpoint
        assert first is not None
        assert first.value == 0
        assert house.run(1).setpoint is None

    def test_out_of_reach_its_power_stays_reserved_while_it_was_on(self) -> None:
        house = House(settings=HomeSettings(breaker_a=30))
        house.run(400, base_w=-2500)
        house.relay.reachable = False
        decision = house.run(5)
        assert decision.reason is Reason.UNREACHABLE
        assert decision.setpoint is None
        assert decision.numbers == {"reserved_a": 8.7}
        house.relay.reachable = True
        assert house.run(5).reason is Reason.FOLLOWING_SURPLUS

    def test_out_of_reach_and_off_it_reserves_nothing(self) -> None:
        house = House()
        house.run(5, base_w=500)
        house.relay.reachable = False
        assert house.run(5).numbers == {"reserved_a": 0.0}

    def test_one_never_seen_is_taken_as_it_was_saved(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.restart()
        house.relay.reachable = False
        assert house.run(3).numbers == {"reserved_a": 8.7}

    def test_one_lost_while_it_was_told_to_stop_is_believed_to_run(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        house.relay.ask(Mode.OFF)
        house.run(5)
        house.relay.reachable = False
        assert house.run(5).numbers == {"reserved_a": 8.7}

    def test_one_that_comes_back_running_is_gone_on_with(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        assert house.run(60, base_w=1000).reason is Reason.WAITING_FOR_SURPLUS
        house.relay.reachable = False
        house.run(5)
        house.relay.reachable = house.relay.obeys = True
        # It ran all the time: its minimum is not over because we had given it up.
        assert house.run(5).reason is Reason.HOLDING_MINIMUM

    def test_the_room_of_one_that_does_not_stop_is_not_given_away(self) -> None:
        house = House(
            relays=[
                Relay(),
                Relay(load_id="home:other", priority=2, mode=Mode.BOOST),
            ],
            settings=HomeSettings(breaker_a=16),
        )
        house.relays[1].mode = Mode.OFF
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        house.relay.ask(Mode.OFF)
        house.run(60, base_w=200)
        house.relays[1].ask(Mode.BOOST)
        house.run(10)
        assert house.decision("home:other").reason is Reason.NO_ROOM

    def test_one_that_does_not_start_keeps_nothing_from_those_below(self) -> None:
        house = House(
            relays=[Relay(obeys=False), Relay(load_id="home:other", priority=2)]
        )
        house.run(30, base_w=-2500)
        assert house.decision("home:other").reason is Reason.WAITING_FOR_SURPLUS
        house.run(120)
        assert house.relays[1].on

    def test_one_that_the_sun_left_and_that_does_not_stop_is_not_given_away(
        self,
    ) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2, draws_w=500)]
        )
        house.relays[1].declared_w = 500
        house.run(400, base_w=-2200)
        house.relay.obeys = False
        house.run(300, base_w=-600)
        assert house.decision().reason is Reason.WAITING_FOR_SURPLUS
        # The meter shows an import of 1400 W: nothing is left for anybody.
        assert not house.relays[1].on

    def test_one_that_does_not_stop_is_not_given_away_to_those_below(self) -> None:
        house = House(
            relays=[Relay(), Relay(load_id="home:other", priority=2)],
            settings=HomeSettings(breaker_a=30),
        )
        house.run(400, base_w=-2500)
        house.relay.obeys = False
        house.relay.ask(Mode.OFF)
        house.run(300)
        assert house.decision().reason is Reason.MODE_OFF
        assert not house.relays[1].on
        assert house.grid_w == -500


class TestAdoption:
    """What others had switched, and what an earlier run wrote down."""

    def test_one_that_is_found_on_goes_on(self) -> None:
        house = House(relays=[Relay(on=True, changed_at=900.0)])
        house.run(3, base_w=-2500)
        assert house.relay.on
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS

    def test_its_minimum_time_counts_from_when_it_was_switched_on(self) -> None:
        house = House(relays=[Relay(on=True, changed_at=900.0)])
        house.run(150, base_w=1000)
        assert house.relay.on
        house.run(60)
        assert not house.relay.on

    def test_one_found_on_in_mode_off_is_switched_off(self) -> None:
        house = House(relays=[Relay(on=True, mode=Mode.OFF)])
        house.run(3)
        assert not house.relay.on

    def test_a_restart_adopts_what_was_switched_on_meanwhile(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        assert not house.relay.on
        house.restart(20)
        house.relay.flip(True, house.now - 5)
        house.run(3, base_w=-2500)
        assert house.relay.on

    def test_a_restart_does_not_undo_what_was_switched_off_meanwhile(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.restart(20)
        house.relay.flip(False, house.now - 5)
        assert house.run(100).reason is Reason.RESTING
        assert not house.relay.on

    def test_a_restart_does_not_start_one_that_must_rest(self) -> None:
        house = House()
        house.run(400, base_w=-2500)
        house.run(60, base_w=1000)
        house.restart(60)
        assert house.run(100, base_w=-2500).reason is Reason.RESTING

    def test_a_rest_outlives_a_restart_that_finds_its_state_unknown_at_first(
        self,
    ) -> None:
        for changes in (
            {"reachable": False},
            {"tells_state": False},
            {"changed_at": None},
        ):
            house = House()
            house.run(400, base_w=-2500)
            house.run(60, base_w=1000)
            house.restart(20)
            before = {name: getattr(house.relay, name) for name in changes}
            for name, value in changes.items():
                setattr(house.relay, name, value)
            house.run(5, base_w=-2500)
            for name, value in before.items():
                setattr(house.relay, name, value)
            decision = house.run(100)
            assert decision.reason is Reason.RESTING
            assert float(decision.numbers["seconds"]) <= 155

    def test_a_minimum_run_outlives_a_restart(self) -> None:
        house = House()
        house.run(40, base_w=-2500)
        house.restart(20)
        house.run(200, base_w=1000)
        assert house.relay.on
        house.run(100)
        assert not house.relay.on

    def test_its_day_goes_on_after_a_restart(self) -> None:
        house = House(relays=[Relay(most_run_s=900)])
        house.run(600, base_w=-2500)
        house.restart(30)
        house.run(600)
        assert house.relay.ran_s == pytest.approx(900, abs=20)

    @pytest.mark.parametrize(
        "learned",
        [
            {},
            {"daily": 5, "appliance": 5, "water": 5},
            {"daily": {}, "appliance": {}, "water": {}},
            {"appliance": {"meter": [], "measured_w": "much"}},
            {"appliance": {"meter": {"power_w": 1}, "measured_w": None}},
            {"appliance": {"measured_w": -5}},
        ],
    )
    def test_what_is_damaged_of_its_memory_is_left_out(
        self, learned: dict[str, object]
    ) -> None:
        control = SwitchedControl(
            SwitchedSpec(
                load_id="one", name="one", priority=1, temperatures=Temperatures()
            )
        )
        control.relearn(learned)
        assert control.daily.run_s == 0
        assert not control.appliance.power_known
        assert control.appliance.power_w == 1000


class TestTelling:
    """Switches that tell little of themselves."""

    def test_one_without_a_state_is_taken_as_it_was_told(self) -> None:
        house = House(relays=[Relay(tells_state=False)])
        house.run(400, base_w=-2500)
        assert house.decision().reason is Reason.FOLLOWING_SURPLUS
        assert house.control.daily.run_s > 300
        house.run(120, base_w=1000)
        assert not house.relay.on

    def test_one_without_the_instant_of_its_change_is_noticed_when_seen(self) -> None:
        house = House(relays=[Relay(tells_since=False, declared_w=None)])
        for _ in range(2):
            house.run(500, base_w=-3500)
            house.run(500, base_w=1500)
        assert house.control.appliance.power_w == pytest.approx(2000)

    def test_one_that_another_hand_switches_is_learned_from_too(self) -> None:
        house = House(relays=[Relay(declared_w=None, mode=Mode.OFF, obeys=False)])
        house.run(30, base_w=500)
        for on in (True, False, True, False):
            house.relay.flip(on, house.now)
            house.run(30)
        assert house.control.appliance.power_w == pytest.approx(2000)
