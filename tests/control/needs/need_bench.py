"""One need at instants of an evening: no engine, no days that pass."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from custom_components.surplus.control.model import (
    ChargerReading,
    HeaterReading,
    LoadInput,
    Mode,
)
from custom_components.surplus.control.needs.look import Look
from custom_components.surplus.control.needs.needing import NeedTracker, Outlook
from custom_components.surplus.control.needs.prices import Slice
from custom_components.surplus.control.needs.specs import Need, NeedKind
from custom_components.surplus.control.needs.state import PlanState
from custom_components.surplus.control.needs.sun import Expected

from .bench import CHARGER, HEATER, LOAD, PARIS

# A Sunday; whatever is ready at 7:00 has eleven hours.
EVENING = datetime(2026, 6, 21, 20, tzinfo=PARIS)
AT = EVENING.timestamp()
SEVEN = datetime(2026, 6, 22, 7, tzinfo=PARIS)
HOUR = 3600.0

ENERGY = Need(plan_id="p", load_id=LOAD, kind=NeedKind.ENERGY, target=2000.0)
HOURS = Need(plan_id="p", load_id=LOAD, kind=NeedKind.HOURS, target=2 * HOUR)
TANK = Need(plan_id="p", load_id=LOAD, kind=NeedKind.TEMPERATURE, target=55.0)
# A kWh is 2 % of it.
CAR = Need(
    plan_id="p",
    load_id=LOAD,
    kind=NeedKind.CHARGE,
    target=0.7,
    minimum=0.2,
    limit=0.8,
    capacity_wh=50_000.0,
    efficiency=1.0,
)

THERE = ChargerReading(reachable=True)
GONE = ChargerReading(reachable=True, wants_power=False, plugged=False)
MAYBE_GONE = ChargerReading(reachable=True, wants_power=False)
FULL = ChargerReading(reachable=True, wants_power=False, plugged=True)


def outlook(
    *costs: float | None,
    most_w: float = 1000.0,
    unseen_w: float | None = None,
    sun: Expected | None = None,
    least_s: float = 0.0,
    rest_s: float = 0.0,
    last_resort: Sequence[int] = (),
) -> Outlook:
    """Return hours of these costs from the evening on, None barred; else all alike."""
    return Outlook(
        slices=tuple(
            Slice(
                begins=AT + n * HOUR,
                ends=AT + (n + 1) * HOUR,
                cost=9.0 if cost is None else cost,
                price=cost,
                barred=cost is None,
                last_resort=n in last_resort,
            )
            for n, cost in enumerate(costs or 11 * (1.0,))
        ),
        most_w=most_w,
        unseen_w=most_w if unseen_w is None else unseen_w,
        sun=sun or Expected(),
        least_s=least_s,
        rest_s=rest_s,
    )


# Cheap for an hour, and not again.
CHEAP_NOW = outlook(1.0, *10 * (2.0,))


class OneNeed:
    """The memory of a need; instants are seconds after the evening."""

    def __init__(self, need: Need) -> None:
        self.tracker = NeedTracker(need)
        self.mode = Mode.SOLAR
        self.tracker.renew_deadline(EVENING)

    def look(
        self,
        after_s: float = 0.0,
        *,
        power_w: float = 0.0,
        dt_s: float = HOUR,
        runs: bool | None = None,
        reading: ChargerReading = THERE,
    ) -> Look:
        wall = EVENING + timedelta(seconds=after_s)
        heats = self.tracker.spec.kind is NeedKind.TEMPERATURE
        return Look(
            load=LoadInput(
                spec=HEATER if heats else CHARGER,
                reading=HeaterReading(reachable=True) if heats else reading,
                mode=self.mode,
            ),
            wall=wall,
            at=wall.timestamp(),
            dt_s=dt_s,
            power_w=power_w,
            runs=power_w > 0 if runs is None else runs,
        )

    def see(
        self, after_s: float = 0.0, level: float | None = None, **more: Any
    ) -> None:
        """See its load, which took its power for an hour where nothing else is said."""
        self.tracker.see(self.look(after_s, **more), level)

    def plan(self, ahead: Outlook | None, after_s: float = 0.0) -> PlanState:
        look = self.look(after_s)
        self.tracker.replan(look, ahead)
        self.tracker.turn(look)
        return self.tracker.state(look)

    def state(self, after_s: float = 0.0) -> PlanState:
        return self.tracker.state(self.look(after_s))

    def restart(self) -> None:
        saved = self.tracker.as_dict()
        self.tracker = NeedTracker(self.tracker.spec)
        self.tracker.restore(saved)


def taking(power_w: float, after_s: float = 300.0, **more: Any) -> OneNeed:
    """Return a need whose load took a power once it had asked for a time."""
    one = OneNeed(CAR)
    one.see(level=0.66, dt_s=0.0)
    assert one.plan(CHEAP_NOW).active
    one.see(after_s, power_w=power_w, level=0.66, **{"dt_s": 30.0, **more})
    # As if nothing had been taken for it.
    one.see(after_s, level=0.661, dt_s=0.0)
    one.see(after_s, level=0.66, dt_s=0.0)
    return one
