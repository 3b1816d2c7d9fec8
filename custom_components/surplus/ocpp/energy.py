"""What a connector has counted in all, whatever its register does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .values import number


@dataclass(slots=True)
class EnergyCounter:
    """A connector's total, monotonous whatever its register does.

    It is the register itself as long as that only grows. A register that fell by more
    than half started again from zero: what it had counted is kept and added to. One
    such reading may be a glitch, two are a fact. The registers at the begin and end of a
    session may be of another kind than the samples: they count where there are none.
    """

    base_wh: float = 0.0
    register_wh: float | None = None
    sampled: bool = False
    _fallen: int = field(default=0, repr=False)

    @property
    def total_wh(self) -> float | None:
        """The total; None before the first reading."""
        return None if self.register_wh is None else self.base_wh + self.register_wh

    def count(self, register_wh: float, *, newest: bool) -> None:
        """Take a sample; only the newest can prove that the register was reset."""
        if not self.sampled:
            self.sampled = True
            self.base_wh, self.register_wh = 0.0, None
        self._count(register_wh, newest=newest)

    def count_edge(self, register_wh: float) -> None:
        """Take the register at the begin or the end of a session."""
        if not self.sampled:
            self._count(register_wh, newest=True)

    def _count(self, register_wh: float, *, newest: bool) -> None:
        if self.register_wh is None or register_wh >= self.register_wh:
            self.register_wh = register_wh
            self._fallen = 0
        elif newest and register_wh < self.register_wh / 2:
            self._fallen += 1
            if self._fallen >= 2:
                self.base_wh += self.register_wh
                self.register_wh = register_wh
                self._fallen = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "base_wh": self.base_wh,
            "register_wh": self.register_wh,
            "sampled": self.sampled,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EnergyCounter:
        """Read one back."""
        return cls(
            base_wh=number(data.get("base_wh")) or 0.0,
            register_wh=number(data.get("register_wh")),
            sampled=data.get("sampled") is True,
        )
