"""What a device in the virtual house must offer; each lives in a file of its own."""

from typing import Protocol

type Phases = tuple[float, float, float]

NO_POWER: Phases = (0.0, 0.0, 0.0)


class Device(Protocol):
    """Something that draws power (or gives it, as a negative value)."""

    def step(self, now: float, dt: float, voltage_v: float) -> None:
        """Live through the ``dt`` device seconds that end at ``now``."""

    @property
    def power_w(self) -> Phases:
        """Active power drawn from L1, L2 and L3 at the end of the last step."""


def add(one: Phases, other: Phases) -> Phases:
    """Add two powers phase by phase."""
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2])


def on_phase(phase: int, watts: float) -> Phases:
    """Return a power that one supply phase (1, 2 or 3) carries."""
    power = [0.0, 0.0, 0.0]
    power[phase - 1] = watts
    return (power[0], power[1], power[2])
