"""Plans with nothing around them: no engine, loads that are what a test says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    Reason,
    Setpoint,
    Snapshot,
    Wish,
)
from custom_components.surplus.control.needs.plans import Plans
from custom_components.surplus.control.needs.specs import Need, NeedKind, Schedule
from custom_components.surplus.control.needs.state import PlanState
from custom_components.surplus.control.settings import HomeSettings

from .bench import HEATER, LOAD, PARIS

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
