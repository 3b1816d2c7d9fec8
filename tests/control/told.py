"""A load that does what a test makes it do, and keeps what it was shown."""

from dataclasses import replace
from typing import override

from custom_components.surplus.control.check import Pulse
from custom_components.surplus.control.loads.base import LoadControl
from custom_components.surplus.control.loads.circumstances import Circumstances, Span
from custom_components.surplus.control.loads.orders import Orders
from custom_components.surplus.control.model import (
    Decision,
    GridReading,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    Reason,
    Setpoint,
)

V = 230.0


class _Orders(Orders):
    """What a load was told, and what it is made to draw beyond that."""

    def __init__(self, too_much_w: float) -> None:
        super().__init__(15.0)
        self.too_much_w = too_much_w

    @override
    def excess_w(self, own_w: float, now: float) -> float:
        return self.too_much_w


class Told(LoadControl[LoadSpec, LoadReading]):
    """A load of no kind."""

    def __init__(
        self,
        load_id: str,
        *,
        mode: Mode = Mode.SOLAR,
        reachable: bool = True,
        told_w: float | None = 0.0,
        takes_w: float | None = None,
        draws_w: float = 0.0,
        too_much_w: float = 0.0,
        span: Span = Span(),
        trim_w: float = 0.0,
        moving_w: float = 0.0,
        trial_s: float = 0.0,
        reserved_w: float = 0.0,
        on: bool = False,
        phases: tuple[int, ...] = (1,),
    ) -> None:
        super().__init__(LoadSpec(load_id=load_id, name=load_id, priority=1))
        self.load = LoadInput(
            spec=self.spec, reading=LoadReading(reachable=reachable), mode=mode
        )
        self.told_w, self.taken_w = told_w, takes_w
        self.draws_w = draws_w
        self.orders = _Orders(too_much_w)
        self.span, self.trim, self.moving = span, trim_w, moving_w
        self.trial_s = trial_s
        self.reserved_w = reserved_w
        self.switching.on = on
        self.wired = phases
        self.here: Circumstances | None = None
        self.room_a: float | None = None
        self.others_w: list[float] = []
        self.ended = 0

    @property
    def shown(self) -> Circumstances:
        assert self.here is not None
        return self.here

    @property
    @override
    def phases(self) -> tuple[int, ...]:
        return self.wired

    @property
    @override
    def trim_w(self) -> float:
        return self.trim

    @override
    def own_power_w(
        self, reading: LoadReading, at: float, now: float, voltage_v: float
    ) -> float:
        return self.draws_w

    @override
    def moving_w(self, reading: LoadReading, at: float, now: float) -> float:
        return self.moving

    @override
    def trial_left_s(self, now: float) -> float:
        return self.trial_s

    @override
    def span_w(self, voltage_v: float) -> Span:
        return self.span

    @override
    def takes_w(self, decision: Decision) -> float:
        return (self.told_w or 0.0) if self.taken_w is None else self.taken_w

    @override
    def decide(
        self, load: LoadInput[LoadSpec, LoadReading], around: Circumstances
    ) -> Decision:
        # It goes on to the next load and changes.
        self.here = replace(around)
        tight = around.headroom.tightest(self.phases)
        self.room_a = tight[0] if tight else None
        around.headroom.take(
            self.phases, max(0.0, self.told_w or 0.0) / V / len(self.phases)
        )
        setpoint = None
        if self.told_w is not None:
            setpoint = Setpoint(value=self.told_w, power_w=self.told_w)
        return Decision(
            load_id=self.spec.load_id, setpoint=setpoint, reason=Reason.MANUAL
        )

    @override
    def hold(self, around: Circumstances) -> Decision:
        return self.told(0.0, 0.0, Reason.CHECKING, around)

    @override
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        return self.told(value, value, Reason.CHECKING, around)

    @override
    def see_grid(self, grid: GridReading, others_w: float) -> None:
        self.others_w.append(others_w)

    @override
    def check_ended(self) -> None:
        self.ended += 1

    @override
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        return (Pulse(value=1000.0, least_w=1000.0, most_w=1000.0),)
