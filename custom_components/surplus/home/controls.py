"""What load entities show and set: Home's side of ``registry.HomeControls``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..clock import monotonic
from ..const import DOMAIN
from ..control.check import CheckResult
from ..control.cycle import Cycle
from ..control.model import (
    ChargerReading,
    Decision,
    GuardCounters,
    LoadReading,
    Mode,
    NextEvent,
    NextEventKind,
    RegulatorTerms,
    StorageSpec,
)
from ..registry import HomeControls, LoadControls, Registry, Trouble
from .checks import Checks
from .ends import Ends
from .guard.news import GuardNews, OnGuardEvent, with_circuit_named
from .ledger import HomeLedger
from .modes import LoadModes, Passing, modes_of
from .override import Overrides
from .shown import Listeners, ShownDecisions, ShownEvents
from .sources import LoadSight
from .store import SAVE_RARELY_S, SAVE_SOON_S, HomeMemory

# What a boost has still to take is written down this often.
_SAVE_ENERGY_S = 60.0
# So is for how long limits have been exceeded.
_SAVE_COUNTS_S = 60.0
# A longer gap between two cycles is not time in which anything was seen.
_LONGEST_STEP_S = 10.0
# The energy left of a boost is shown in steps of this.
_ENERGY_STEP_WH = 100.0
# Stopped by hand, a vehicle may say for a moment that it wants nothing.
_VEHICLE_LEFT_S = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What the controls ask of the coordinator.

    ``save_within`` writes the memory down, ``cycle_soon`` decides again.
    ``forget`` drops what was learned of a load. ``begin_check`` raises ServiceValidationError where nothing can be checked.
    """

    save_within: Callable[[float], None]
    cycle_soon: Callable[[], None]
    forget: Callable[[str], None]
    begin_check: Callable[[str], None]
    end_check: Callable[[str], None]


class Controls(HomeControls):
    """Modes, overrides, reasons and checks of all loads."""

    def __init__(
        self,
        hass: HomeAssistant,
        registry: Registry,
        memory: HomeMemory,
        accounts: HomeLedger,
        hands: Hands,
    ) -> None:
        """Go on with what was remembered."""
        self._hass = hass
        self._accounts = accounts
        self.checks = Checks(hass)
        self._registry = registry
        self._memory = memory
        self._hands = hands
        self._overrides = Overrides(
            {
                load_id: modes.value
                for load_id, modes in memory.loads.items()
                if modes.by_hand
            }
        )
        self._wanted_at: dict[str, float] = {}
        self._ends = Ends(memory.loads, memory.saved_at)
        self._listeners = Listeners()
        self._decisions = ShownDecisions()
        self._events = ShownEvents()
        self._followers = Listeners()
        self._guard = GuardNews(hass)
        self._counters: GuardCounters | None = None
        self._regulation: Mapping[str, RegulatorTerms] = {}
        self._facts: Mapping[str, Mapping[str, float]] = {}
        self._phases: Mapping[str, int] = {}
        self._newest: dict[str, Decision] = {}
        self._troubles: dict[str, Trouble] = {}
        self._counted_at: float | None = None

    @property
    def accounts(self) -> HomeLedger:
        """What loads have taken, from whom, and what it has cost."""
        return self._accounts

    @callback
    def async_forget(self, load_id: str) -> None:
        """Forget a load that a user has deleted: its mode, and what was learned."""
        self._memory.forget(load_id)
        self._newest.pop(load_id, None)
        self._decisions.forget(load_id)
        self._events.forget(load_id)
        self.checks.async_forget(load_id)
        self._hands.forget(load_id)
        self._hands.save_within(SAVE_SOON_S)

    # ---- what entities show --------------------------------------------------------

    def load(self, load_id: str) -> LoadControls | None:
        """Return a load's controls; None while no source offers it."""
        if (source := self._registry.loads.get(load_id)) is None:
            return None
        modes = self.modes(load_id)
        decision = self._decisions.decision(load_id)
        top = modes.top
        boost = top if top and top.mode is Mode.BOOST else None
        return LoadControls(
            mode=modes.mode,
            modes=modes_of(source.spec),
            boost_until=boost.until if boost else None,
            boost_energy_kwh=_shown_kwh(boost) if boost else None,
            override_until=top.until if top and not boost else None,
            manual_value=modes.value,
            resumable=top is not None,
            decision=with_circuit_named(self._hass, decision) if decision else None,
            next_event=self._events.event(load_id),
            regulation=self._regulation.get(load_id),
            facts=self._facts.get(load_id, {}),
            phase=self._phases.get(load_id),
            check=self.checks.result(load_id),
            checking=self.checks.is_running(load_id),
            trouble=self._troubles.get(load_id),
        )

    @callback
    def async_subscribe(
        self, load_id: str, on_change: Callable[[], None]
    ) -> CALLBACK_TYPE:
        """Call ``on_change`` when something a user sees of a load has changed."""
        return self._listeners.async_subscribe(load_id, on_change)

    @callback
    def async_follow(self, load_id: str, on_cycle: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_cycle`` after each cycle: for what moves all the time."""
        return self._followers.async_subscribe(load_id, on_cycle)

    @callback
    def async_follow_guard(self, load_id: str, on_event: OnGuardEvent) -> CALLBACK_TYPE:
        """Call ``on_event`` when the guard sheds or restores the load."""
        return self._guard.async_subscribe(load_id, on_event)

    # ---- what entities set ---------------------------------------------------------

    async def async_set_mode(
        self,
        load_id: str,
        mode: Mode,
        until: datetime | None = None,
        *,
        energy_kwh: float | None = None,
        value: float | None = None,
    ) -> None:
        """Change a load's mode; one with an end brings back the mode before it."""
        source = self._registry.loads.get(load_id)
        if source is not None and mode not in modes_of(source.spec):
            raise _invalid("mode_makes_no_sense")
        if energy_kwh is not None and mode is not Mode.BOOST:
            raise _invalid("energy_needs_boost")
        if value is not None and mode is not Mode.MANUAL:
            raise _invalid("value_needs_manual")
        if mode is Mode.MANUAL:
            if value is None:
                value = self._present_value(load_id)
            elif value < 0 and source and not isinstance(source.spec, StorageSpec):
                raise _invalid("value_below_zero")
        self._wish(load_id)
        self._follow_clock(monotonic(), dt_util.utcnow())
        self._set(
            load_id,
            self.modes(load_id).asked(
                mode,
                until=until,
                energy_wh=energy_kwh * 1000.0 if energy_kwh is not None else None,
                value=value,
            ),
        )

    async def async_resume(self, load_id: str) -> None:
        """End what passes; without anything that passes there is nothing to do."""
        self._wish(load_id)
        modes = self.modes(load_id)
        if modes.top is not None:
            self._set(load_id, modes.resumed())

    async def async_check(self, load_id: str) -> CheckResult:
        """Run the commissioning check of a load and wait for its end."""
        if self.checks.any_running:
            raise _invalid("check_running")
        self._hands.begin_check(load_id)
        self._wish(load_id)
        try:
            async with self.checks.async_waiting(load_id) as ended:
                self._listeners.async_notify(load_id)
                self._hands.cycle_soon()
                return await ended
        finally:
            # Whoever asked may have gone away: the pulse must not go on without him.
            self._hands.end_check(load_id)
            self._listeners.async_notify(load_id)

    def _present_value(self, load_id: str) -> float:
        newest = self._newest.get(load_id)
        if newest is None or newest.setpoint is None:
            raise _invalid("manual_needs_value")
        return newest.setpoint.value

    @callback
    def _wish(self, load_id: str) -> None:
        """Let a load know that a person has asked: what it waits for is over."""
        if (source := self._registry.loads.get(load_id)) is not None:
            source.async_wished()

    @callback
    def _set(self, load_id: str, modes: LoadModes) -> None:
        self._change(load_id, modes)
        self._hands.cycle_soon()

    # ---- with each cycle -----------------------------------------------------------

    def modes(self, load_id: str) -> LoadModes:
        """Return what is asked of a load."""
        return self._memory.loads.setdefault(load_id, LoadModes())

    @callback
    def async_before(
        self, seen: Mapping[str, LoadSight], now: float, wall: datetime
    ) -> None:
        """Bring what is asked up to date, before the loads are decided for."""
        self._follow_clock(now, wall)
        for load_id, modes in tuple(self._memory.loads.items()):
            if (now_asked := modes.at(wall)) is not modes:
                self._change(load_id, now_asked)
        moved = self._overrides.news(
            {load_id: sight.taken_over for load_id, sight in seen.items()}
        )
        observing = self._memory.observing
        override_s = self._memory.override_s
        until = wall + timedelta(seconds=override_s) if override_s is not None else None
        for load_id, value in moved.items():
            modes = self.modes(load_id)
            # Whoever only observes has told the load nothing that could be overridden,
            # but for what a person had in hand before.
            if modes.by_hand or not observing:
                self._change(load_id, modes.taken_over(value, until))
        if not observing:
            self._end_with_the_vehicle(seen, now)

    def _follow_clock(self, now: float, wall: datetime) -> None:
        """Let ends go with a wall clock that somebody has set."""
        moved = self._ends.moved(self._memory.loads, now, wall)
        for load_id, modes in moved.items():
            self._change(load_id, modes)

    def _end_with_the_vehicle(self, seen: Mapping[str, LoadSight], now: float) -> None:
        """End what a person set at a charger once its vehicle has left."""
        for load_id, sight in seen.items():
            if not isinstance(sight.reading, ChargerReading):
                continue
            if sight.reading.wants_power:
                self._wanted_at[load_id] = now
            elif now - self._wanted_at.get(load_id, now) >= _VEHICLE_LEFT_S:
                del self._wanted_at[load_id]
                if self.modes(load_id).by_hand:
                    self._change(load_id, self.modes(load_id).resumed())

    @callback
    def async_after(
        self, cycle: Cycle, seen: Mapping[str, LoadSight], now: float, wall: datetime
    ) -> None:
        """Show what was decided, and count what a boost has taken."""
        dt_s = min(now - (self._counted_at or now), _LONGEST_STEP_S)
        self._counted_at = now
        self._regulation, self._facts = cycle.regulation, cycle.facts
        self._phases = cycle.learned_phases
        for decision in cycle.decisions:
            load_id = decision.load_id
            self._newest[load_id] = decision
            power_w = self._power_w(decision, seen[load_id].reading)
            counted = self._count(load_id, power_w * dt_s / 3600.0)
            spec = seen[load_id].spec
            switches = spec.min_on_s > 0 or spec.min_off_s > 0
            new_reason = self._decisions.take(decision, now, switches=switches)
            if new_reason:
                self._hands.save_within(SAVE_RARELY_S)
            event = _next_event(decision, self.modes(load_id).top, power_w, wall)
            new_event = self._events.take(
                load_id, event, now, wall, at_once=new_reason and switches
            )
            if counted or new_reason or new_event:
                self._listeners.async_notify(load_id)
            self._followers.async_notify(load_id)
        if cycle.guard.events:
            # What is shed must be known again after a power cut.
            self._hands.save_within(SAVE_SOON_S)
        elif cycle.guard.counters != self._counters:
            self._hands.save_within(_SAVE_COUNTS_S)
        self._counters = cycle.guard.counters
        self._guard.async_tell(cycle.guard.events)

    @callback
    def async_troubled(self, load_id: str, trouble: Trouble | None) -> None:
        """Show what is wrong with a load, or that nothing is any more."""
        if trouble is None:
            self._troubles.pop(load_id, None)
        else:
            self._troubles[load_id] = trouble
        self._listeners.async_notify(load_id)

    def _count(self, load_id: str, energy_wh: float) -> bool:
        """Take energy off a boost; returns whether that can be seen."""
        old = self.modes(load_id)
        new = old.having_taken(energy_wh)
        if new is old or old.top is None or new.top is None:
            return False
        self._memory.loads[load_id] = new
        self._hands.save_within(_SAVE_ENERGY_S)
        return _shown_kwh(new.top) != _shown_kwh(old.top)

    def _power_w(self, decision: Decision, reading: LoadReading) -> float:
        """Return what a load takes, as measured; else what it was told to take."""
        if not reading.reachable:
            return 0.0
        if reading.power_w is not None:
            return max(0.0, reading.power_w)
        if self._memory.observing or decision.setpoint is None:
            return 0.0
        return max(0.0, decision.setpoint.power_w)

    @callback
    def _change(self, load_id: str, modes: LoadModes) -> None:
        self._memory.loads[load_id] = modes
        self._hands.save_within(SAVE_SOON_S)
        self._decisions.expect(load_id)
        self._events.expect(load_id)
        self._listeners.async_notify(load_id)


def _next_event(
    decision: Decision, top: Passing | None, power_w: float, wall: datetime
) -> NextEvent | None:
    """Return what comes first: what control foresees, or the end of what passes."""
    events = [decision.next_event] if decision.next_event else []
    if top is not None:
        kind = (
            NextEventKind.END_OF_BOOST
            if top.mode is Mode.BOOST
            else NextEventKind.END_OF_OVERRIDE
        )
        if top.until is not None:
            left_s = (top.until - wall).total_seconds()
            events.append(NextEvent(kind=kind, in_s=left_s))
        if top.energy_wh is not None:
            in_s = top.energy_wh / power_w * 3600.0 if power_w > 0 else None
            events.append(NextEvent(kind=kind, in_s=in_s))
    return min(
        events,
        key=lambda event: float("inf") if event.in_s is None else event.in_s,
        default=None,
    )


def _shown_kwh(boost: Passing) -> float | None:
    if boost.energy_wh is None:
        return None
    return round(boost.energy_wh / _ENERGY_STEP_WH) * _ENERGY_STEP_WH / 1000.0


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
