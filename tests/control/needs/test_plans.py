"""What schedules and needs ask is asked of their loads, and planned anew in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.memories import Memories
from custom_components.surplus.control.model import (
    Decision,
    GridReading,
    HeaterReading,
    LoadInput,
    LoadSpec,
    Mode,
    NextEventKind,
    PriceClass,
    Reason,
    Setpoint,
    Snapshot,
    SolarSpan,
    SwitchedReading,
    TariffNow,
    Wish,
)
from custom_components.surplus.control.needs.plans import Plans
from custom_components.surplus.control.needs.specs import (
    Need,
    NeedKind,
    OnDear,
    Schedule,
)
from custom_components.surplus.control.needs.state import PlanState
from custom_components.surplus.control.settings import HomeSettings

from .bench import HEATER, LOAD, PARIS, SWITCHED, spans

EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
NIGHT = Schedule(plan_id="p", load_id=LOAD, begins_s=21 * 3600, ends_s=7 * 3600)
# An hour at all that the heater takes.
ENERGY = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=2400.0)
WARM = Need(plan_id="p", load_id=LOAD, kind=NeedKind.TEMPERATURE, target=55.0)
OTHER = replace(HEATER, load_id="home:other")


def heater(spec: LoadSpec = HEATER, **more: object) -> LoadInput:
    mode = more.pop("mode", Mode.SOLAR)
    wishes = more.pop("wishes", 0)
    told = {"reachable": True, "power_w": 0.0} | more
    return LoadInput(spec=spec, reading=HeaterReading(**told), mode=mode, wishes=wishes)


class Room:
    """Plans with nothing around them; ``loads`` are what they see."""

    def __init__(self, *specs: Schedule | Need, saved: object = None) -> None:
        self.settings = HomeSettings()
        self.wall = EVENING
        self.grid_w = 400.0
        self.loads = (heater(),)
        self.more: dict[str, object] = {}
        self.plans = Plans(self.wanting(*specs), saved)

    def wanting(self, *specs: Schedule | Need) -> HomeSettings:
        self.settings = replace(
            self.settings,
            schedules=tuple(one for one in specs if isinstance(one, Schedule)),
            needs=tuple(one for one in specs if isinstance(one, Need)),
        )
        return self.settings

    def snapshot(self) -> Snapshot:
        now = self.wall.timestamp()
        grid = GridReading(at=now, power_w=self.grid_w)
        return Snapshot(
            now=now, wall=self.wall, grid=grid, loads=self.loads, **self.more
        )

    def see(self, after_s: float = 0.0) -> Snapshot:
        self.wall = (self.wall.astimezone(UTC) + timedelta(seconds=after_s)).astimezone(
            PARIS
        )
        return self.plans.wish(self.snapshot(), self.settings, Memories({}))

    def wish(self, after_s: float = 0.0) -> Wish | None:
        return self.see(after_s).loads[0].wish

    def state(self, after_s: float = 0.0, plan_id: str = "p") -> PlanState:
        self.see(after_s)
        return self.plans.states[plan_id]

    def tell(self, *decisions: Decision, loads_w: dict[str, float]) -> Cycle:
        cycle = Cycle(
            at=self.wall.timestamp(),
            meter=MeterState.FRESH,
            decisions=decisions,
            loads_w=loads_w,
        )
        return self.plans.told(cycle, self.snapshot())


def decided(load_id: str = LOAD, power_w: float | None = 0.0) -> Decision:
    setpoint = None if power_w is None else Setpoint(value=power_w, power_w=power_w)
    return Decision(load_id=load_id, setpoint=setpoint, reason=Reason.FOLLOWING_SURPLUS)


def clock(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%H:%M:%S}"


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
