"""A load's own counter, and how what is counted here keeps to it.

Power over time is right to some percent, and knows nothing of the time in which nobody
looked. A counter is right, but moves rarely. Between its moves energy is integrated; at
each move what was missing is added, and what was too much is held back from what
follows: a total never falls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from .saved import amount, maybe_amount, maybe_instant

# A counter that counts whole kWh moves by one at once.
_COARSE_WH = 1000.0
# A load may take a little more than it is said to.
_MORE = 1.2


@dataclass(kw_only=True, slots=True)
class Register:
    """The counter where it stands since ``at``, and what was counted since.

    ``lead_wh`` is by how much what was counted is ahead of it, ``held_wh`` what of the
    coming energy is not to be counted for that.
    """

    register_wh: float | None = None
    at: datetime | None = None
    lead_wh: float = 0.0
    held_wh: float = 0.0

    def counted(self, energy_wh: float) -> float:
        """Return what of an integrated energy counts."""
        held_wh = min(self.held_wh, energy_wh)
        self.held_wh -= held_wh
        energy_wh -= held_wh
        self.lead_wh += energy_wh
        return energy_wh

    def missing(
        self, register_wh: float, wall: datetime, full_w: float
    ) -> float | None:
        """Take what the counter shows; return what is to be added, None if unmoved.

        A counter that falls, or moves further than a load of ``full_w`` can have
        brought it, was replaced or reset: it counts from where it stands now.
        """
        before_wh, before = self.register_wh, self.at
        if register_wh == before_wh:
            return None
        self.register_wh, self.at = register_wh, wall
        if before_wh is None or before is None:
            self.lead_wh = self.held_wh = 0.0
            return 0.0
        moved_wh = register_wh - before_wh
        passed_h = max(0.0, (wall - before).total_seconds()) / 3600.0
        most_wh = _MORE * (full_w * passed_h + self.lead_wh) + _COARSE_WH
        if not 0.0 <= moved_wh <= most_wh:
            self.lead_wh = self.held_wh = 0.0
            return 0.0
        lead_wh = self.lead_wh - moved_wh
        self.lead_wh = self.held_wh = max(0.0, lead_wh)
        return max(0.0, -lead_wh)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "register_wh": self.register_wh,
            "at": self.at.isoformat() if self.at else None,
            "lead_wh": self.lead_wh,
            "held_wh": self.held_wh,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Read one back; raises KeyError, TypeError or ValueError when damaged."""
        return cls(
            register_wh=maybe_amount(saved, "register_wh"),
            at=maybe_instant(saved, "at"),
            lead_wh=amount(saved, "lead_wh"),
            held_wh=amount(saved, "held_wh"),
        )
