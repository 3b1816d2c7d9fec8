"""Starting and stopping by energy, with minimum times as the floor under it.

A fixed delay is right for one surplus only. Integrating what the other state would
gain — captured less λ × imported — starts fast on a clear morning and slowly on a dull
one, and stops when staying has cost as much as a start is worth.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """Wh of advantage that a switching must have shown."""

    start_wh: float
    stop_wh: float


# Less (9 and 19) gains on dull days and loses on broken ones; more loses on all.
BUDGETS = Budgets(start_wh=12.0, stop_wh=22.0)
# Beside a battery or above a fast heater: what a cloud takes is given back by it, and a
# stop leaves to it what the car could have had. Patience costs less there.
PATIENT_BUDGETS = Budgets(start_wh=15.0, stop_wh=25.0)
# With less than this it takes hours: nobody counts down to that.
_LEAST_W = 1.0


def gain_w(power_w: float, surplus_w: float, import_price: float) -> float:
    """Return what running at ``power_w`` is worth: captured − λ × imported, in W."""
    if surplus_w < 0:
        surplus_w = 0.0
    if power_w <= surplus_w:
        return power_w
    return surplus_w - import_price * (power_w - surplus_w)


@dataclass(slots=True)
class Switching:
    """Whether a load is on, since when, and how much speaks for the other state."""

    on: bool = False
    since: float | None = None
    balance_wh: float = 0.0
    budgets: Budgets = BUDGETS

    @property
    def _budget_wh(self) -> float:
        return self.budgets.stop_wh if self.on else self.budgets.start_wh

    def weigh(self, advantage_w: float, dt_s: float) -> bool:
        """Add ``dt_s`` of the other state's advantage; True when it is worth it."""
        self.balance_wh = max(0.0, self.balance_wh + advantage_w * dt_s / 3600.0)
        return self.balance_wh >= self._budget_wh

    def switch(self, on: bool, now: float) -> None:
        """Change state."""
        if on is not self.on:
            self.on = on
            self.since = now
        self.balance_wh = 0.0

    def held_for_s(
        self,
        now: float,
        min_on_s: float,
        min_off_s: float,
        drawing_since: float | None = None,
    ) -> float:
        """Return how long the present state must still last, 0 when it need not.

        A minimum time on is one of current, not of waiting for it.
        """
        if (since := self.since) is None:
            return 0.0
        least_s = min_off_s
        if self.on:
            least_s = min_on_s
            if drawing_since is not None and drawing_since > since:
                since = drawing_since
        left_s = since + least_s - now
        return left_s if left_s > 0 else 0.0

    def seconds_until(self, advantage_w: float) -> float | None:
        """Return when the balance will be reached at this advantage, if ever."""
        if advantage_w < _LEAST_W:
            return None
        return max(0.0, self._budget_wh - self.balance_wh) * 3600.0 / advantage_w
