"""Loads that hang on another phase than their form says: told until either changes."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ...const import DOMAIN
from ...control.cycle import Cycle
from ...registry import async_get_registry

_ISSUE: Final = "wrong_phase"
_PREFIX: Final = f"{_ISSUE}_"


class PhaseProblems:
    """Compares what the meter shows with what users have declared."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Know of nothing wrong."""
        self._hass = hass
        self._told: dict[str, tuple[int, int]] = {}

    @callback
    def async_after(self, cycle: Cycle) -> None:
        """Tell of what a cycle has shown."""
        wrong: dict[str, tuple[int, int]] = {}
        if cycle.learned_phases:
            loads = async_get_registry(self._hass).loads
            for load_id, seen in cycle.learned_phases.items():
                if (source := loads.get(load_id)) is None:
                    continue
                spec = source.spec
                if len(spec.phases) == 1 and not spec.learns_phase:
                    (declared,) = spec.phases
                    if declared != seen:
                        wrong[load_id] = (declared, seen)
        for load_id in self._told.keys() - wrong.keys():
            ir.async_delete_issue(self._hass, DOMAIN, f"{_PREFIX}{load_id}")
        for load_id, phases in wrong.items():
            if self._told.get(load_id) != phases:
                self._raise(load_id, *phases)
        self._told = wrong

    def _raise(self, load_id: str, declared: int, seen: int) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{_PREFIX}{load_id}",
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=_ISSUE,
            translation_placeholders={
                "load": async_get_registry(self._hass).loads[load_id].spec.name,
                "declared": f"L{declared}",
                "seen": f"L{seen}",
            },
        )


@callback
def async_clear_phase_issues(hass: HomeAssistant) -> None:
    """Clear every issue: the Home is gone."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(_PREFIX):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
