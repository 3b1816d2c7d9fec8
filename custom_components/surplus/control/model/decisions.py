"""What loads are told, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .words import NextEventKind, Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Setpoint:
    """What one load is told, and what that means in power.

    ``value`` is in the load's own unit: A per phase for a charger, W for a heater and a
    storage, 0 or 1 for a switched load; 0 is off for all of them. ``phases`` is how many
    of its phases a charger shall use; None leaves that to the charger.
    """

    value: float
    power_w: float
    phases: int | None = None


class RegulatorTerms(Protocol):
    """What the newest step of a PID was made of, in W: its output is p + i + d."""

    @property
    def error_w(self) -> float:
        """Target − grid."""

    @property
    def p_w(self) -> float:
        """The part that answers to the error."""

    @property
    def i_w(self) -> float:
        """The part that has gathered."""

    @property
    def d_w(self) -> float:
        """The part that answers to the slope of the grid power."""

    @property
    def output_w(self) -> float:
        """The power it asks of the load."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextEvent:
    """What will happen to a load next; ``in_s`` is None where nobody can tell when."""

    kind: NextEventKind
    in_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Setpoint, reason and the numbers behind it, for one load, in one cycle.

    Without a setpoint the load is left alone, on the safe state it falls to by itself.
    ``next_event`` is what can be foreseen of it, None when that is nothing.
    """

    load_id: str
    setpoint: Setpoint | None
    reason: Reason
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    next_event: NextEvent | None = None

    @property
    def runs(self) -> bool:
        """Whether the load is told to take anything."""
        return self.setpoint is not None and self.setpoint.value != 0
