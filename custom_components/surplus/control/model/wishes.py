"""What is asked of a load beside its mode: by a schedule, or by a need."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .words import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a load shall take now, whatever the sun, as far as limits allow.

    ``value`` is a set-point in the load's own unit; None is all that it can take.
    """

    reason: Reason
    value: float | None = None
    numbers: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        """Whether it asks for nothing: what a load may not take any more."""
        return self.value == 0

    @property
    def takes_all(self) -> bool:
        """Whether the sun has no say in it: all that the load can take."""
        return self.value is None
