"""A load behind a relay: a pump, a radiator, a dishwasher.

The relay only lets it run. What it draws then is its own affair: its full power, what its
own thermostat takes, or the stage its programme has come to.
"""

from dataclasses import dataclass
from typing import override

from .device import Device, Phases, on_phase


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """A thermostat of its own: on for ``on_s``, off for ``off_s``, and again."""

    on_s: float
    off_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A part of a programme."""

    lasts_s: float
    power_w: float


# Heat, wash, drain, heat again, dry: 1.1 kWh in 95 minutes.
DISHWASHER = (
    Stage(lasts_s=300, power_w=60),
    Stage(lasts_s=1080, power_w=2000),
    Stage(lasts_s=1800, power_w=80),
    Stage(lasts_s=120, power_w=30),
    Stage(lasts_s=720, power_w=2000),
    Stage(lasts_s=1680, power_w=30),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplianceSpec:
    """What it is. It draws ``power_w`` while on, or what its programme says.

    ``standby_w`` is what it draws while its own thermostat or programme rests. ``phase``
    is the supply phase it hangs on.
    """

    power_w: float = 1100.0
    standby_w: float = 0.0
    duty: Duty | None = None
    programme: tuple[Stage, ...] = ()
    phase: int = 1


class Appliance(Device):
    """The appliance and its relay."""

    def __init__(self, spec: ApplianceSpec | None = None) -> None:
        """Begin switched off, the programme at its beginning."""
        self.spec = spec or ApplianceSpec()
        self.on = False
        self._ran_s = 0.0
        self._power_w = 0.0

    def switch(self, on: bool) -> None:
        """Move the relay. An interrupted programme goes on where it was."""
        self.on = on

    def load(self) -> None:
        """Fill it again: the programme begins anew."""
        self._ran_s = 0.0

    @property
    def done(self) -> bool:
        """Whether its programme is over; one without a programme is never done."""
        programme = self.spec.programme
        return bool(programme) and self._ran_s >= sum(s.lasts_s for s in programme)

    @property
    @override
    def power_w(self) -> Phases:
        return on_phase(self.spec.phase, self._power_w)

    @override
    def step(self, now: float, dt: float, voltage_v: float) -> None:
        self._power_w = self._drawn_w() if self.on else 0.0
        if self.on:
            self._ran_s += dt

    def _drawn_w(self) -> float:
        spec = self.spec
        if spec.programme:
            left_s = self._ran_s
            for stage in spec.programme:
                if left_s < stage.lasts_s:
                    return stage.power_w
                left_s -= stage.lasts_s
            return spec.standby_w
        if spec.duty is not None:
            into_s = self._ran_s % (spec.duty.on_s + spec.duty.off_s)
            return spec.power_w if into_s < spec.duty.on_s else spec.standby_w
        return spec.power_w
