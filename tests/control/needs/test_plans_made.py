"""What plans count of their loads, and what they are made from."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.surplus.control.model import (
    LoadInput,
    LoadSpec,
    Mode,
    PriceClass,
    SolarSpan,
    SwitchedReading,
    TariffNow,
)
from custom_components.surplus.control.needs.specs import NeedKind, OnDear

from .bench import HEATER, LOAD, SWITCHED, spans
from .room import ENERGY, EVENING, NIGHT, OTHER, Room, clock, decided, heater

# ---- what is counted -------------------------------------------------------------


def test_what_happened_in_a_minute_counts_and_what_nobody_saw_does_not() -> None:
    room = Room(ENERGY)
    room.loads = (heater(power_w=600.0),)
    # Nobody saw what it took before the first look.
    assert room.state().left_wh == 2400
    # Of two looks at one instant the second shows nothing more.
    assert room.state(0.0).left_wh == 2400
    assert room.state(60.0).left_wh == pytest.approx(2390)
    assert room.state(61.0).left_wh == pytest.approx(2390)


def test_a_load_that_nobody_measures_takes_what_it_was_told_last() -> None:
    room = Room(ENERGY, replace(ENERGY, plan_id="q", load_id=OTHER.load_id))
    room.loads = (heater(power_w=None), heater(OTHER, power_w=None))
    room.see()
    room.tell(decided(power_w=1200.0), decided(OTHER.load_id, 600.0), loads_w={})
    room.see(60.0)
    assert room.plans.states["p"].left_wh == pytest.approx(2380)
    assert room.plans.states["q"].left_wh == pytest.approx(2390)
    # One that is left alone was told nothing.
    room.tell(decided(power_w=None), decided(OTHER.load_id, 600.0), loads_w={})
    room.see(60.0)
    assert room.plans.states["p"].left_wh == pytest.approx(2380)
    assert room.plans.states["q"].left_wh == pytest.approx(2380)


def test_one_that_counts_the_same_goes_on_any_other_begins_anew() -> None:
    room = Room(ENERGY)
    room.loads = (heater(power_w=600.0), heater(OTHER))
    room.see()
    room.see(60.0)
    room.wanting(replace(ENERGY, target=3000.0))
    assert room.state().left_wh == pytest.approx(2990)
    room.wanting(replace(ENERGY, load_id=OTHER.load_id))
    assert room.state().left_wh == 2400
    room.wanting(replace(ENERGY, kind=NeedKind.HOURS, target=3600.0))
    assert room.state().left_s == 3600
    day = replace(NIGHT, begins_s=0, ends_s=0, energy_wh=2400.0)
    room.wanting(day)
    assert room.state().left_wh == 2400
    room.see(60.0)
    room.wanting(replace(day, energy_wh=3000.0))
    assert room.state().left_wh == pytest.approx(2990)
    room.wanting(ENERGY)
    assert room.state().left_wh == 2400


def test_plans_and_cheap_hours_survive_a_restart_and_deleted_ones_do_not() -> None:
    late = replace(ENERGY, plan_id="q", ready_by_s=6 * 3600)
    room = Room(ENERGY, late)
    room.more["cheap"] = True
    room.loads = (heater(power_w=600.0),)
    room.see()
    room.see(60.0)
    saved = room.plans.as_dict()
    assert set(saved["plans"]) == {"p", "q"}
    again = Room(late, saved=saved)
    assert again.state(plan_id="q").left_wh == pytest.approx(2390)
    assert again.plans.as_dict()["cheap_hours"] == saved["cheap_hours"] != {}
    assert set(again.plans.as_dict()["plans"]) == {"q"}


# ---- what a plan is made from ----------------------------------------------------


def test_hours_that_were_cheap_yesterday_are_planned_for() -> None:
    room = Room(ENERGY)
    room.wall = EVENING.replace(hour=3)
    room.more["cheap"] = True
    room.see()
    room.more["cheap"] = False
    room.wall = EVENING
    # Half of it in the cheap half hour, the rest right behind.
    assert clock(room.state().starts) == "03:00:00"


def test_dear_hours_are_left_out_as_the_need_says() -> None:
    ahead = spans(EVENING, (6, PriceClass.NORMAL, 0.2), (9, PriceClass.DEAR, 0.1))
    for on_dear, starts in ((OnDear.NEVER, "01:00:00"), (OnDear.ALWAYS, "05:55:00")):
        room = Room(replace(ENERGY, on_dear=on_dear))
        room.more["tariff"] = TariffNow(price_class=PriceClass.NORMAL, ahead=ahead)
        assert clock(room.state().starts) == starts


def test_a_load_that_takes_nothing_is_not_planned_for() -> None:
    room = Room(ENERGY)
    room.loads = (heater(replace(HEATER, max_w=0.0)),)
    assert room.state().starts is None
    room.loads = (heater(replace(HEATER, max_w=1.0)),)
    assert room.state(60.0).late


def sun(hours: float, power_w: float) -> tuple[SolarSpan, ...]:
    """Return a forecast of which so much is left beside the house of 400 W."""
    begins = EVENING + timedelta(hours=2)
    ends = begins + timedelta(hours=hours)
    return (
        SolarSpan(begins=begins, ends=ends, energy_wh=hours * (power_w + 400) / 0.7),
    )


def test_the_sun_is_waited_for_in_modes_that_follow_it() -> None:
    for mode, starts in ((Mode.SOLAR, None), (Mode.BOOST, "05:55:00")):
        room = Room(ENERGY)
        room.more["forecast"] = sun(1.0, 2500.0)
        room.loads = (heater(mode=mode),)
        assert clock(room.state().starts) == starts


def test_sun_that_does_not_start_a_load_is_none() -> None:
    spec = replace(HEATER, min_w=1000.0)
    for power_w, waits in ((999.0, False), (1000.0, True)):
        room = Room(replace(ENERGY, target=900.0))
        room.more["forecast"] = sun(1.0, power_w)
        room.loads = (heater(spec),)
        assert (room.state().starts is None) is waits


def test_sun_is_no_more_than_a_load_can_take() -> None:
    room = Room(ENERGY)
    room.more["forecast"] = sun(0.5, 9000.0)
    # Half of it is left.
    assert clock(room.state().starts) == "06:25:00"


@pytest.mark.parametrize(
    ("first", "second", "plans"),
    [
        # By priority, then by the load's name, then by the plan's.
        (replace(OTHER, priority=1), replace(HEATER, priority=2), ("z", "a")),
        (HEATER, OTHER, ("z", "a")),
        (HEATER, HEATER, ("a", "z")),
    ],
)
def test_the_sun_goes_to_the_first_in_rank(
    first: LoadSpec, second: LoadSpec, plans: tuple[str, str]
) -> None:
    needs = [
        replace(ENERGY, plan_id=plan_id, load_id=spec.load_id)
        for plan_id, spec in zip(plans, (first, second), strict=True)
    ]
    for wanted in (needs, needs[::-1]):
        room = Room(*wanted)
        room.more["forecast"] = sun(1.0, 2500.0)
        room.loads = tuple(
            {spec.load_id: heater(spec) for spec in (second, first)}.values()
        )
        assert room.state(plan_id=plans[0]).starts is None
        assert room.state(plan_id=plans[1]).starts is not None


def test_a_run_lasts_as_long_as_its_load_must_run() -> None:
    pump = LoadInput(
        spec=replace(SWITCHED, min_on_s=3600.0),
        reading=SwitchedReading(reachable=True, on=False, power_w=0.0),
        mode=Mode.SOLAR,
    )
    room = Room(replace(ENERGY, target=500.0))
    room.loads = (pump,)
    assert clock(room.state().starts) == "05:55:00"


def test_a_pause_that_is_shorter_than_its_load_must_rest_is_run_through() -> None:
    ahead = spans(
        EVENING,
        (1, PriceClass.CHEAP, None),
        (1, PriceClass.NORMAL, None),
        (1, PriceClass.CHEAP, None),
        (9, PriceClass.NORMAL, None),
    )
    for rest_s, ends in ((3600.0, "21:00:00"), (3601.0, "23:00:00")):
        pump = LoadInput(
            spec=replace(SWITCHED, min_off_s=rest_s),
            reading=SwitchedReading(reachable=True, on=False, power_w=0.0),
            mode=Mode.SOLAR,
        )
        room = Room(replace(ENERGY, target=2000.0))
        room.more["tariff"] = TariffNow(price_class=PriceClass.CHEAP, ahead=ahead)
        room.loads = (pump,)
        assert clock(room.state().ends) == ends


def beside_a_house(grid_w: float) -> Room:
    """Return a room where the breaker leaves the heater 2300 W beside 230 W."""
    room = Room(replace(ENERGY, target=2300.0))
    room.settings = replace(room.settings, breaker_a=11.0)
    room.grid_w = grid_w
    return room


def test_what_the_house_takes_leaves_a_load_less() -> None:
    assert clock(beside_a_house(230.0).state().starts) == "05:55:00"
    assert clock(beside_a_house(1380.0).state().starts) == "04:54:00"


def test_what_loads_draw_is_not_the_house() -> None:
    room = beside_a_house(1230.0)
    room.loads = (heater(power_w=None),)
    room.tell(decided(), loads_w={LOAD: 1000.0})
    assert clock(room.state().starts) == "05:55:00"


def test_after_a_restart_what_nobody_measures_is_not_the_house() -> None:
    room = beside_a_house(1230.0)
    room.loads = (heater(power_w=None),)
    # Nobody knows yet what it draws.
    room.see()
    room.tell(decided(), loads_w={LOAD: 1000.0})
    assert clock(room.state(60.0).starts) == "05:55:00"
