"""What is wrong with a Home, as long as it is: repair issues come and go."""

from homeassistant.core import HomeAssistant, callback

from ..control.cycle import Cycle
from ..control.freshness import MeterState
from .guard.phases import PhaseProblems
from .guard.problems import GuardProblems
from .loads.batteries import ObservedBatteries
from .meters import GridMeters
from .reports import (
    async_report_battery_lost,
    async_report_disagreement,
    async_report_meter_frozen,
    async_report_meter_lost,
    async_report_sign_reversed,
)
from .store import HomeMemory

# A battery's integration may be away for a while: a user is told only after this.
_BATTERY_GRACE_S = 300.0


class Problems:
    """Tells of meters, batteries and the guard after each cycle."""

    def __init__(
        self,
        hass: HomeAssistant,
        memory: HomeMemory,
        meters: GridMeters,
        batteries: ObservedBatteries,
    ) -> None:
        """Know of nothing wrong."""
        self._hass = hass
        self._memory = memory
        self._meters = meters
        self._batteries = batteries
        self._battery_lost_since: float | None = None
        self._guard = GuardProblems(hass)
        self._phases = PhaseProblems(hass)

    @callback
    def async_after(self, cycle: Cycle, now: float) -> None:
        """Tell of what a cycle has shown."""
        meters = self._meters
        async_report_meter_frozen(self._hass, meters.frozen)
        lost = cycle.meter in (MeterState.LOST, MeterState.NONE)
        async_report_meter_lost(
            self._hass,
            lost=lost and not meters.all_asleep and not meters.frozen,
            meter=meters.names,
        )
        async_report_disagreement(self._hass, meters.disagreement, meters.name_of)
        self._report_battery(cycle, now)
        self._guard.async_after(cycle)
        self._phases.async_after(cycle)

    @callback
    def async_report_signs(self) -> None:
        """Tell which meters count the wrong way round, as far as that was found."""
        found = sorted(map(self._meters.name_of, self._memory.reversed_meters))
        async_report_sign_reversed(
            self._hass, reversed_=bool(found), meter=", ".join(found)
        )

    def _report_battery(self, cycle: Cycle, now: float) -> None:
        if cycle.battery_state is not MeterState.LOST:
            self._battery_lost_since = None
        elif self._battery_lost_since is None:
            self._battery_lost_since = now
        since = self._battery_lost_since
        async_report_battery_lost(
            self._hass,
            lost=since is not None and now - since >= _BATTERY_GRACE_S,
            batteries=self._batteries.silent(now),
        )
