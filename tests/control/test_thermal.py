"""The temperature programme: forced, sun, rest, and what is not known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
from math import inf, nan

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.control.loads.thermal import (
    BLIND_SOLAR_S,
    Demand,
    Thermal,
    check_temperatures,
)
from custom_components.surplus.control.model import Temperatures

MONDAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY_S = 86_400.0


class Tank:
    """Water whose programme is asked at given instants, slowly enough to be believed."""

    def __init__(self, temperatures: Temperatures | None = None) -> None:
        self.thermal = Thermal(temperatures or Temperatures())
        self.now = 0.0

    def ask(
        self,
        temperature_c: float | None,
        cheap: bool | None = False,
        *,
        after_s: float = 3600.0,
    ) -> Demand:
        self.now += after_s
        return self.thermal.demand(
            temperature_c,
            cheap,
            now=self.now,
            wall=MONDAY + timedelta(seconds=self.now),
        )


class TestForcing:
    """From the grid, in cheap hours, at or below the minimum until the eco one."""

    def test_cold_water_is_forced_in_cheap_hours_until_the_eco_temperature(
        self,
    ) -> None:
        tank = Tank()
        asked = [tank.ask(t, True) for t in (46, 45.1, 45, 47, 49.9, 50, 46)]
        assert asked == [
            Demand.SOLAR,
            Demand.SOLAR,
            Demand.FORCED,
            Demand.FORCED,
            Demand.FORCED,
            Demand.SOLAR,
            Demand.SOLAR,
        ]

    @pytest.mark.parametrize("cheap", [False, None])
    def test_cold_water_is_not_forced_in_hours_that_are_not_cheap(
        self, cheap: bool | None
    ) -> None:
        assert Tank().ask(20, cheap) is Demand.SOLAR

    def test_the_end_of_the_cheap_hours_ends_the_forcing_for_good(self) -> None:
        tank = Tank()
        assert tank.ask(45, True) is Demand.FORCED
        assert tank.ask(47, False) is Demand.SOLAR
        assert tank.ask(47, True) is Demand.SOLAR

    def test_the_target_is_told(self) -> None:
        tank = Tank()
        tank.ask(40, True)
        assert tank.thermal.target_c == 50
        tank.ask(52, True)
        assert tank.thermal.target_c == 60
        tank.ask(60, True)
        assert tank.thermal.target_c == 55


class TestResting:
    """By the sun until the maximum, then not before the water is below sol_min."""

    def test_warm_water_rests_until_it_is_below_the_lower_temperature(self) -> None:
        tank = Tank()
        asked = [tank.ask(t) for t in (56, 59.9, 60, 57, 55, 54.9, 58)]
        assert asked == [
            Demand.SOLAR,
            Demand.SOLAR,
            Demand.REST,
            Demand.REST,
            Demand.REST,
            Demand.SOLAR,
            Demand.SOLAR,
        ]

    def test_a_person_who_asks_for_heat_ends_a_rest_below_the_maximum(self) -> None:
        tank = Tank()
        tank.ask(60)
        assert tank.ask(57) is Demand.REST
        tank.thermal.wake()
        assert tank.ask(57) is Demand.SOLAR
        tank.thermal.wake()
        assert tank.ask(60) is Demand.REST

    def test_temperatures_changed_while_running_hold_at_once(self) -> None:
        tank = Tank()
        tank.ask(60)
        assert tank.ask(58) is Demand.REST
        tank.thermal.change(Temperatures(max_c=65))
        assert tank.ask(58) is Demand.SOLAR
        tank.thermal.change(Temperatures(max_c=57))
        assert tank.ask(58) is Demand.REST

    def test_the_same_temperatures_told_again_end_no_rest(self) -> None:
        tank = Tank()
        tank.ask(60)
        tank.thermal.change(Temperatures())
        assert tank.ask(58) is Demand.REST

    def test_temperatures_without_order_leave_the_old_ones_in_force(self) -> None:
        tank = Tank()
        with pytest.raises(ValueError, match="min_c is not below eco_c"):
            tank.thermal.change(Temperatures(min_c=52))
        assert tank.ask(51, True) is Demand.SOLAR


class TestUnknown:
    """What cannot be true is unknown, and decides nothing."""

    @pytest.mark.parametrize(
        "absurd", [None, nan, inf, -inf, 0.0, 0.49, 110.1, -127.0, 127.0]
    )
    def test_an_absurd_temperature_is_unknown_and_forces_nothing(
        self, absurd: float | None
    ) -> None:
        tank = Tank()
        assert tank.ask(absurd, True) is Demand.UNKNOWN
        assert tank.thermal.temperature_c is None

    @pytest.mark.parametrize("possible", [0.5, 110.0])
    def test_the_ends_of_what_is_possible_are_believed(self, possible: float) -> None:
        assert Tank().ask(possible) is not Demand.UNKNOWN

    def test_a_jump_that_water_cannot_make_is_unknown(self) -> None:
        tank = Tank()
        tank.ask(50)
        assert tank.ask(85, after_s=10) is Demand.UNKNOWN
        assert tank.thermal.temperature_c == 50
        assert tank.ask(50.1, after_s=10) is Demand.SOLAR
        assert tank.ask(12, after_s=60) is Demand.UNKNOWN

    def test_small_steps_at_once_are_believed(self) -> None:
        tank = Tank()
        tank.ask(50)
        assert tank.ask(54.9, after_s=0) is Demand.SOLAR

    def test_a_jump_that_lasts_is_believed_in_the_end(self) -> None:
        tank = Tank()
        tank.ask(50)
        asked = [tank.ask(20, after_s=10) for _ in range(30)]
        # 30 K at 5 K and 0.1 K/s: from the 250th second on.
        assert asked == [Demand.UNKNOWN] * 24 + [Demand.SOLAR] * 6

    def test_forcing_goes_on_when_the_temperature_is_back(self) -> None:
        tank = Tank()
        assert tank.ask(45, True) is Demand.FORCED
        assert tank.ask(None, True) is Demand.UNKNOWN
        assert tank.ask(47, True) is Demand.FORCED

    def test_the_sun_may_heat_blindly_for_a_bounded_time(self) -> None:
        tank = Tank()
        tank.ask(50)
        assert tank.thermal.may_heat
        tank.ask(None, after_s=100)
        assert tank.thermal.may_heat
        tank.ask(None, after_s=BLIND_SOLAR_S - 1)
        assert tank.thermal.may_heat
        tank.ask(None, after_s=1)
        assert not tank.thermal.may_heat
        assert tank.thermal.blind_for_s == BLIND_SOLAR_S
        tank.ask(50, after_s=1)
        assert tank.thermal.may_heat
        assert tank.thermal.blind_for_s == 0

    def test_warm_water_is_not_heated_blindly(self) -> None:
        tank = Tank()
        tank.ask(60)
        assert tank.ask(None) is Demand.UNKNOWN
        assert not tank.thermal.may_heat


class TestOrder:
    """A programme without order is refused by name."""

    def test_the_usual_programme_is_in_order(self) -> None:
        check_temperatures(Temperatures())
        check_temperatures(Temperatures(eco_c=55, sol_min_c=55, legionella_c=62))

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            ({"min_c": 50.0}, "min_c is not below eco_c"),
            ({"eco_c": 55.1}, "eco_c is above sol_min_c"),
            ({"sol_min_c": 60.0}, "sol_min_c is not below max_c"),
            ({"min_c": 0.4}, "min_c is not between"),
            ({"max_c": 110.5}, "max_c is not between"),
            ({"eco_c": nan}, "eco_c is not between"),
            ({"sol_min_c": inf}, "sol_min_c is not between"),
            ({"legionella_c": nan}, "legionella_c is not between"),
            ({"legionella_c": 50.0}, "legionella_c is not above eco_c"),
            (
                {"legionella_c": 60.0, "legionella_days": 0.0},
                "legionella_days is not above 0",
            ),
            (
                {"legionella_c": 60.0, "legionella_days": inf},
                "legionella_days is not above 0",
            ),
        ],
    )
    def test_what_is_wrong_is_named(self, change: dict[str, float], wrong: str) -> None:
        temperatures = replace(Temperatures(), **change)
        with pytest.raises(ValueError, match=wrong):
            check_temperatures(temperatures)
        with pytest.raises(ValueError, match=wrong):
            Thermal(temperatures)


HOT = Temperatures(max_c=58, legionella_c=62)


class TestLegionella:
    """Every week once hot: by the sun if it can, by cheap hours if it must."""

    def test_without_it_nothing_is_ever_overdue(self) -> None:
        tank = Tank()
        tank.ask(52)
        assert tank.ask(52, True, after_s=60 * DAY_S) is Demand.SOLAR

    def test_on_the_day_before_it_is_due_the_sun_may_heat_further(self) -> None:
        tank = Tank(HOT)
        tank.ask(58)
        assert tank.ask(58, after_s=5.9 * DAY_S) is Demand.REST
        assert tank.ask(58, after_s=0.2 * DAY_S) is Demand.SOLAR
        assert tank.ask(61.9) is Demand.SOLAR
        assert tank.ask(62) is Demand.REST
        # It was hot: another week begins, with the usual ceiling.
        assert tank.ask(57, after_s=0.5 * DAY_S) is Demand.REST
        tank.ask(54)
        assert tank.ask(58.1) is Demand.REST

    def test_overdue_it_is_forced_in_cheap_hours_until_it_was_hot(self) -> None:
        tank = Tank(HOT)
        tank.ask(52, True)
        assert tank.ask(52, True, after_s=6.9 * DAY_S) is Demand.SOLAR
        assert tank.ask(52, False, after_s=0.2 * DAY_S) is Demand.SOLAR
        assert tank.ask(52, True, after_s=60) is Demand.FORCED
        assert tank.thermal.target_c == 62
        assert tank.ask(61, True) is Demand.FORCED
        assert tank.ask(62, True) is Demand.REST
        assert tank.ask(52, True, after_s=6.9 * DAY_S) is Demand.SOLAR

    @pytest.mark.parametrize("cheap", [None, False])
    def test_where_no_hour_is_cheap_it_is_forced_a_day_later_at_any_price(
        self, cheap: bool | None
    ) -> None:
        tank = Tank(HOT)
        tank.ask(52, cheap)
        assert tank.ask(52, cheap, after_s=8 * DAY_S - 1) is Demand.SOLAR
        assert tank.ask(52, cheap, after_s=1) is Demand.FORCED
        assert tank.thermal.disinfecting
        assert tank.ask(62, cheap) is Demand.REST
        assert not tank.thermal.disinfecting

    def test_cheap_hours_too_short_for_it_are_gone_on_from_a_day_later(self) -> None:
        tank = Tank(HOT)
        tank.ask(52, False)
        assert tank.ask(54, True, after_s=7.1 * DAY_S) is Demand.FORCED
        assert tank.ask(57, False) is Demand.SOLAR
        assert tank.ask(55, False, after_s=DAY_S) is Demand.FORCED

    def test_an_unknown_temperature_forces_nothing_however_overdue(self) -> None:
        tank = Tank(HOT)
        tank.ask(52, True)
        assert tank.ask(None, True, after_s=20 * DAY_S) is Demand.UNKNOWN

    def test_water_that_was_hot_by_itself_counts(self) -> None:
        tank = Tank(HOT)
        tank.ask(52)
        tank.ask(63, after_s=5 * DAY_S)
        assert tank.ask(52, True, after_s=4 * DAY_S) is Demand.SOLAR


class TestMemory:
    """What survives a restart."""

    def restarted(self, tank: Tank, temperatures: Temperatures) -> Tank:
        other = Tank(temperatures)
        other.now = tank.now
        other.thermal.relearn(json.loads(json.dumps(tank.thermal.learned())))
        return other

    def test_a_rest_survives_a_restart(self) -> None:
        tank = Tank()
        tank.ask(60)
        assert self.restarted(tank, Temperatures()).ask(57) is Demand.REST

    def test_forcing_survives_a_restart(self) -> None:
        tank = Tank()
        tank.ask(45, True)
        assert self.restarted(tank, Temperatures()).ask(48, True) is Demand.FORCED

    def test_the_last_hot_day_survives_a_restart(self) -> None:
        tank = Tank(HOT)
        tank.ask(52, True)
        tank.now += 6 * DAY_S
        tank = self.restarted(tank, HOT)
        tank.ask(52, True)
        assert tank.ask(52, True, after_s=1.1 * DAY_S) is Demand.FORCED

    @pytest.mark.parametrize(
        "damaged",
        [
            {},
            {"hot_at": "yesterday"},
            {"hot_at": None, "resting": "yes", "forced": 1},
            {"hot_at": "2026-01-01T00:00:00"},
        ],
    )
    def test_what_is_damaged_is_left_out(self, damaged: dict[str, object]) -> None:
        tank = Tank(HOT)
        tank.thermal.relearn(damaged)
        assert tank.ask(52, True) is Demand.SOLAR
        assert tank.ask(52, True, after_s=7.1 * DAY_S) is Demand.FORCED

    def test_a_clock_that_was_ahead_does_not_put_the_cycle_off(self) -> None:
        tank = Tank(HOT)
        tank.thermal.relearn({"hot_at": "2027-01-01T00:00:00+00:00"})
        tank.ask(52, True)
        assert tank.ask(52, True, after_s=7.1 * DAY_S) is Demand.FORCED

    def test_before_anything_was_asked_nothing_is_dated(self) -> None:
        assert Thermal(HOT).learned() == {"forced": False, "resting": False}


@given(
    st.lists(
        st.tuples(
            st.none()
            | st.floats(allow_nan=True, allow_infinity=True)
            | st.floats(0, 99),
            st.sampled_from([True, False, None]),
            st.floats(0, 5000),
        ),
        max_size=30,
    )
)
def test_whatever_is_read_no_bound_of_the_programme_is_crossed(
    asked: list[tuple[float | None, bool | None, float]],
) -> None:
    tank = Tank()
    for temperature_c, cheap, after_s in asked:
        demand = tank.ask(temperature_c, cheap, after_s=after_s)
        if demand is Demand.UNKNOWN:
            continue
        assert temperature_c is not None
        assert 0.5 <= temperature_c <= 110
        if demand is Demand.FORCED:
            assert cheap is True
            assert temperature_c < 50
        if temperature_c >= 60:
            assert demand is Demand.REST
        if demand is Demand.REST:
            assert temperature_c >= 55
