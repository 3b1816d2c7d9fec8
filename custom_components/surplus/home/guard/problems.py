"""Overloads that only a person can end: repair issues that come and go with them."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ...const import DOMAIN
from ...control.cycle import Cycle
from ...control.model import GuardState, LimitKind
from ..loads.choice import load_name

FUTILE: Final = "shedding_futile"
OVERLOAD: Final = "overload"
ISSUES: Final = (FUTILE, OVERLOAD)

# Nothing opens at the cap of a period: what the house itself draws beyond it is no harm.
_HARMFUL: Final = (LimitKind.BREAKER, LimitKind.SUBSCRIPTION, LimitKind.CIRCUIT)
# An overload that lasts, though none of our loads takes anything any more.
_HELPLESS_S: Final = 60.0
# By then the guard has stopped all that it may: what runs still, it must leave alone.
_ALL_DONE_S: Final = 360.0


class GuardProblems:
    """Tells after each cycle of what the guard cannot mend."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Know of nothing wrong."""
        self._hass = hass
        self._over_since: float | None = None
        self._helpless_since: float | None = None
        self._raised: set[str] = set()

    @callback
    def async_after(self, cycle: Cycle) -> None:
        """Tell of what a cycle has shown."""
        guard = cycle.guard
        over = guard.over in _HARMFUL
        takes = any(decision.runs for decision in cycle.decisions)
        self._over_since = _since(self._over_since, cycle.at, over)
        self._helpless_since = _since(
            self._helpless_since, cycle.at, over and not takes
        )
        helpless = _lasts(self._helpless_since, cycle.at, _HELPLESS_S) or _lasts(
            self._over_since, cycle.at, _ALL_DONE_S
        )
        self._report(FUTILE, FUTILE, guard, raised=guard.futile)
        # Of the two, that one says more.
        self._report(
            OVERLOAD,
            f"{OVERLOAD}_{guard.over}",
            guard,
            raised=helpless and not guard.futile,
        )

    def _report(
        self, issue: str, text: str, guard: GuardState, *, raised: bool
    ) -> None:
        """Raise or clear an issue; what it said first stays as long as it lasts."""
        if not raised:
            self._raised.discard(issue)
            ir.async_delete_issue(self._hass, DOMAIN, issue)
            return
        if issue in self._raised:
            return
        self._raised.add(issue)
        names = sorted(load_name(self._hass, load_id) for load_id in guard.shed)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=text,
            translation_placeholders={"loads": ", ".join(names) or "–"},
        )


def _since(before: float | None, now: float, holds: bool) -> float | None:
    """Return since when something holds, None while it does not."""
    if not holds:
        return None
    return now if before is None else before


def _lasts(since: float | None, now: float, seconds: float) -> bool:
    return since is not None and now - since >= seconds
