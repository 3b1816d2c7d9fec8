"""A guard at a bench: what the meter shows and what loads draw is typed in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.groups import Group
from custom_components.surplus.control.guard.guard import Guard
from custom_components.surplus.control.limits import Headroom, Limit
from custom_components.surplus.control.loads import control_of
from custom_components.surplus.control.loads.base import Follower
from custom_components.surplus.control.loads.circumstances import Circumstances
from custom_components.surplus.control.model import (
    GridReading,
    GuardState,
    LimitKind,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    SwitchedReading,
    SwitchedSpec,
)
from custom_components.surplus.control.settings import HomeSettings

V = 230.0
START = datetime(2026, 6, 21, 10, tzinfo=UTC)


def limit(current_a: float, kind: LimitKind = LimitKind.BREAKER) -> Limit:
    return Limit(kind=kind, current_a=current_a)


def load(
    load_id: str, draws_a: float, *phases: int, mode: Mode = Mode.ECO, **more: object
) -> Follower:
    """Return a relay that is on and draws some amperes on each of its phases."""
    phases = phases or (1,)
    power_w = draws_a * V * len(phases)
    spec = SwitchedSpec(
        load_id=load_id,
        name=load_id,
        priority=1,
        phases=phases,
        power_w=power_w,
        **{"min_on_s": 0.0, "min_off_s": 0.0, **more},
    )
    return running(spec, SwitchedReading(reachable=True, on=True), power_w, mode)


def running(
    spec: LoadSpec, reading: LoadReading, power_w: float, mode: Mode = Mode.BOOST
) -> Follower:
    """Return a load that does what it was told long ago."""
    one = LoadInput(spec=spec, reading=reading, mode=mode)
    control = control_of(spec)
    control.observe(one, 3)
    control.switching.on = True
    control.orders.note(0.0, power_w, 0.0)
    return one, control


class Bench:
    """What a guard does with loads that do what they are told at once."""

    def __init__(
        self, *loads: Follower, limits: tuple[Limit, ...] = (limit(20.0),)
    ) -> None:
        self.loads = list(loads)
        self.limits = limits
        self.groups: tuple[Group, ...] = ()
        self.guard = Guard()
        self.draws_w = {
            one.spec.load_id: control.orders.in_force_w for one, control in loads
        }
        self._runs_with_w = dict(self.draws_w)
        self.cutoff_va: float | None = None
        self.subscribed_va: float | None = None
        self.meter = MeterState.FRESH
        self._stopped: set[str] = set()
        self.events: list[tuple[str, str]] = []
        self.numbers: Mapping[str, float | str] = {}
        self.now = 0.0

    def show(
        self,
        at: float,
        *shown_a: float,
        now: float | None = None,
        overload: bool = False,
        is_new: bool = True,
    ) -> Mapping[str, float]:
        """Show currents at an instant; return up to what loads may be told, in W."""
        self.now = now = at if now is None else now
        headroom = Headroom(
            self.limits,
            (0.0,) * len(shown_a),
            shown_a,
            overload=overload,
            groups=self.groups,
            guarded=True,
        )
        self.guard.see(
            at,
            self.limits,
            headroom,
            GridReading(
                at=at,
                power_w=sum(shown_a) * V,
                cutoff_va=self.cutoff_va,
                subscribed_va=self.subscribed_va,
            ),
        )
        caps_w = self.guard.act(
            self.loads,
            self.draws_w,
            Circumstances(
                now=now,
                wall=START + timedelta(seconds=now),
                voltage_v=V,
                meter=self.meter,
                headroom=headroom,
                settings=HomeSettings(),
            ),
            is_new=is_new,
        )
        for event in self.state.events:
            self.events.append((event.kind.value, event.load_id))
            self.numbers = event.numbers
        for one, control in self.loads:
            load_id = one.spec.load_id
            if (load_id in self.shed) is not (load_id in self._stopped):
                self._stopped ^= {load_id}
                on = load_id not in self._stopped
                power_w = self._runs_with_w[load_id] * on
                control.switching.switch(on, now)
                control.orders.note(now, power_w, 0.0)
                self.draws_w[load_id] = power_w
        return caps_w

    def run(
        self, begins: int, ends: int, *shown_a: float, overload: bool = False
    ) -> None:
        """Show the same every second, the last one included."""
        for at in range(begins, ends + 1):
            self.show(float(at), *shown_a, overload=overload)

    @property
    def state(self) -> GuardState:
        return self.guard.state(self.now, seen=True)

    @property
    def shed(self) -> set[str]:
        return set(self.state.shed)
