"""What schedules and needs ask is asked of their loads, and planned anew in time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.memories import Memories
from custom_components.surplus.control.model import (
    Mode,
    NextEventKind,
    PriceClass,
    Reason,
    SolarSpan,
    TariffNow,
)
from custom_components.surplus.control.needs.specs import Need, NeedKind, Schedule

from .bench import LOAD, PARIS, spans
from .room import ENERGY, EVENING, NIGHT, OTHER, WARM, Room, clock, decided, heater

# ---- what is asked ---------------------------------------------------------------


def test_without_a_wish_a_snapshot_stays_what_it_is() -> None:
    for specs in ((), (NIGHT,)):
        room = Room(*specs)
        snapshot = room.snapshot()
        assert room.plans.wish(snapshot, room.settings, Memories({})) is snapshot


def test_only_the_load_that_is_meant_is_asked() -> None:
    room = Room(replace(NIGHT, value=800.0))
    room.loads = (heater(OTHER), heater())
    other, meant = room.see(3600.0).loads
    assert other is room.loads[0]
    assert meant.wish is not None
    assert (meant.wish.reason, meant.wish.value) == (Reason.SCHEDULED, 800)
    assert replace(meant, wish=None) == room.loads[1]


def test_the_strongest_of_what_is_asked_of_a_load_counts() -> None:
    room = Room(
        replace(NIGHT, value=800.0),
        replace(NIGHT, plan_id="q", value=900.0),
        replace(NIGHT, plan_id="r", value=700.0),
    )
    wish = room.wish(3600.0)
    assert wish is not None
    assert wish.value == 900


def test_a_plan_of_a_load_that_is_not_there_is_not_told_and_stops_no_other() -> None:
    gone = replace(NIGHT, plan_id="a", load_id="home:gone")
    needed = replace(ENERGY, plan_id="b", load_id="home:gone")
    room = Room(gone, NIGHT, needed)
    assert room.wish(3600.0) is not None
    assert set(room.plans.states) == {"p"}


@pytest.mark.parametrize(
    ("tariff", "asks"),
    [
        (None, True),
        (TariffNow(price_class=PriceClass.NORMAL), True),
        (TariffNow(price_class=PriceClass.DEAR), False),
        (TariffNow(price_class=PriceClass.DEAR, dear_allowed=True), True),
    ],
)
@pytest.mark.parametrize(
    "spec",
    [
        NIGHT,
        Need(
            plan_id="p",
            load_id=LOAD,
            kind=NeedKind.CHARGE,
            target=0.8,
            minimum=0.5,
        ),
    ],
)
def test_in_a_dear_hour_nothing_is_asked_unless_dear_hours_are_allowed(
    spec: Schedule | Need, tariff: TariffNow | None, *, asks: bool
) -> None:
    room = Room(spec)
    room.more |= {"tariff": tariff, "levels": {"p": 0.3}}
    assert (room.wish(3600.0) is not None) is asks


def test_the_sensor_of_a_need_is_believed_before_its_load() -> None:
    room = Room(WARM)
    room.loads = (heater(temperature_c=50.0),)
    assert room.state().level == 50
    room.more["levels"] = {"p": 45.0, "q": 40.0}
    assert room.state(60.0).level == 45


# ---- when it is planned ----------------------------------------------------------


def test_a_plan_is_made_anew_each_minute() -> None:
    room = Room(ENERGY)
    assert room.state().left_wh == 2400
    room.loads = (heater(power_w=600.0),)
    assert room.state(59.0).left_wh == 2400
    assert room.state(1.0).left_wh == pytest.approx(2390)
    assert room.state(59.0).left_wh == pytest.approx(2390)
    assert room.state(1.0).left_wh == pytest.approx(2380)


AHEAD = spans(EVENING, (1, PriceClass.NORMAL, None), (9, PriceClass.CHEAP, None))
TARIFF = TariffNow(price_class=PriceClass.NORMAL, ahead=AHEAD)
SUN = (SolarSpan(begins=EVENING, ends=EVENING + timedelta(hours=1), energy_wh=900.0),)


@pytest.mark.parametrize(
    ("changed", "anew"),
    [
        ({}, False),
        ({"cheap": True}, True),
        ({"tariff": replace(TARIFF, price_class=PriceClass.CHEAP)}, True),
        ({"tariff": replace(TARIFF, dear_allowed=True)}, True),
        ({"tariff": replace(TARIFF, ahead=AHEAD[:1])}, True),
        # What is told again, and prices of no consequence, change nothing.
        ({"tariff": replace(TARIFF, ahead=(*AHEAD,))}, False),
        ({"tariff": replace(TARIFF, feed_in=0.1)}, False),
        ({"tariff": replace(TARIFF, ahead=(*AHEAD,)), "wishes": 1}, True),
        ({"tariff": None}, True),
        ({"forecast": (replace(SUN[0], energy_wh=5000.0),)}, True),
        ({"forecast": None}, True),
        ({"forecast": (*SUN,)}, False),
        ({"forecast": (*SUN,), "wishes": 1}, True),
        ({"mode": Mode.BOOST}, True),
        ({"wishes": 1}, True),
        # Any other load than a car always wants something.
        ({"wants_power": False}, False),
    ],
)
def test_a_plan_is_made_anew_at_once_where_what_it_rests_on_changes(
    changed: dict[str, object], *, anew: bool
) -> None:
    room = Room(ENERGY)
    room.more = {"cheap": False, "tariff": TARIFF, "forecast": SUN}
    assert room.state().left_wh == 2400
    of_house = {key: value for key, value in changed.items() if key in room.more}
    room.more |= of_house
    of_load = {key: value for key, value in changed.items() if key not in of_house}
    room.loads = (heater(power_w=600.0, **of_load),)
    left_wh = room.state(30.0).left_wh
    assert left_wh == pytest.approx(2395 if anew else 2400)
    # And once.
    assert room.state(10.0).left_wh == left_wh


def test_a_plan_turns_when_it_says_so_not_a_minute_later() -> None:
    room = Room(ENERGY)
    starts = room.state().starts
    assert starts is not None
    # Half a minute after a plan was made.
    room.see((starts - room.wall).total_seconds() - 30.0)
    assert room.wish(29.0) is None
    wish = room.wish(1.0)
    assert wish is not None
    assert wish.reason is Reason.NEEDED
    assert room.plans.states["p"].active


def test_a_clock_that_was_put_back_keeps_no_plan() -> None:
    room = Room(ENERGY)
    room.see(3600.0)
    room.loads = (heater(power_w=600.0),)
    room.see(30.0)
    assert room.state(-600.0).left_wh == pytest.approx(2395)


def test_a_schedule_is_told_to_hold_as_soon_as_it_does() -> None:
    room = Room(NIGHT)
    room.see(3570.0)
    assert room.state(29.0).starts is not None
    assert room.state(1.0).active
    assert room.state(1.0).ends == datetime(2026, 6, 22, 7, tzinfo=PARIS)


def test_a_second_schedule_of_a_load_is_told_to_hold_as_soon_as_it_does() -> None:
    room = Room(NIGHT, replace(NIGHT, plan_id="q", begins_s=22 * 3600))
    room.see(3600.0)
    room.see(3570.0)
    assert not room.state(29.0, "q").active
    assert room.state(1.0, "q").active


def test_what_is_left_of_a_schedule_is_told_each_minute() -> None:
    room = Room(replace(NIGHT, energy_wh=1000.0))
    room.loads = (heater(power_w=600.0),)
    assert room.state(3600.0).left_wh == 1000
    assert room.state(30.0).left_wh == 1000
    assert room.state(30.0).left_wh == pytest.approx(990)


def test_what_is_changed_or_deleted_is_so_at_once() -> None:
    room = Room(NIGHT, replace(ENERGY, plan_id="q"))
    room.see()
    room.wanting(NIGHT, replace(ENERGY, plan_id="q", target=1000.0))
    assert room.state(1.0, "q").left_wh == 1000
    room.wanting(replace(NIGHT, begins_s=22 * 3600), replace(ENERGY, plan_id="q"))
    assert clock(room.state(1.0).starts) == "22:00:00"
    room.wanting(NIGHT)
    room.see(1.0)
    assert set(room.plans.states) == {"p"}
    room.wanting()
    room.see(1.0)
    assert room.plans.states == {}


# ---- what is told of it ----------------------------------------------------------


def test_a_decision_says_what_its_plan_does_next_and_no_other_decision_does() -> None:
    room = Room(NIGHT)
    room.loads = (heater(), heater(OTHER))
    room.see()
    one, two = room.tell(decided(), decided(OTHER.load_id), loads_w={}).decisions
    assert one.next_event is not None
    assert one.next_event.kind is NextEventKind.PLANNED_START
    assert one.next_event.in_s == 3600
    assert two == decided(OTHER.load_id)


def test_a_cycle_that_plans_add_nothing_to_stays_what_it_is() -> None:
    for specs in ((), (NIGHT,)):
        room = Room(*specs)
        room.see(3600.0)
        cycle = Cycle(at=0.0, meter=MeterState.FRESH, decisions=(decided(),))
        assert room.plans.told(cycle, room.snapshot()) is cycle
