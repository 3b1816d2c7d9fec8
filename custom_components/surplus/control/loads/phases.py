"""On how many phases a vehicle is charged: changed by energy, and rarely.

A change costs a pause of most of a minute, so it must have shown more than a start, and
lasts longer.
"""

from dataclasses import dataclass

# Wh of advantage that a change must have shown, and how long it then lasts.
CHANGE_BUDGET_WH = 150.0
CHANGE_DWELL_S = 600.0
# Nothing is interrupted by changing what stands still: a start decides anew.
IDLE_BUDGET_WH = 15.0
_REMEMBERED = 1.5


@dataclass(slots=True)
class PhaseChoice:
    """How much speaks for the other number of phases, and since when this one is used."""

    since: float | None = None
    balance_wh: float = 0.0

    def weigh(self, advantage_w: float, dt_s: float, now: float, *, on: bool) -> bool:
        """Add ``dt_s`` of the other number's advantage; True when it is worth it."""
        budget_wh = CHANGE_BUDGET_WH if on else IDLE_BUDGET_WH
        balance_wh = max(0.0, self.balance_wh + advantage_w * dt_s / 3600.0)
        # What spoke for it long ago must not outweigh what is seen now.
        self.balance_wh = min(balance_wh, _REMEMBERED * budget_wh)
        if self.held_for_s(now) and on:
            return False
        return self.balance_wh >= budget_wh

    def changed(self, now: float) -> None:
        """Begin anew with the other number."""
        self.since = now
        self.balance_wh = 0.0

    def held_for_s(self, now: float) -> float:
        """Return how long the present number must still last, 0 when it need not."""
        if self.since is None:
            return 0.0
        return max(0.0, self.since + CHANGE_DWELL_S - now)
