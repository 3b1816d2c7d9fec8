"""One cycle per grid reading: snapshot → control → commands."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .clock import monotonic
from .const import DOMAIN
from .control.check import CheckEnd, CheckResult, Finding, finding_of
from .control.cycle import Cycle
from .control.engine import Engine
from .control.freshness import Freshness
from .control.model import LoadInput, Snapshot
from .control.record import RecordedEngine
from .home.commands import Commands, log_cycle
from .home.config import settings_of, solar_power_of
from .home.controls import Controls, Hands
from .home.forecast import SolarForecast
from .home.grid_meters import grid_meters_of
from .home.keeping import Keeping
from .home.ledger import HomeLedger
from .home.loads.batteries import ObservedBatteries
from .home.meters import GridMeters, MeterHands
from .home.plans.levels import levels_of
from .home.problems import Problems
from .home.recorder import Recorder
from .home.reports import async_report_check, async_report_cycles_fail
from .home.sources import FollowedLoads, LoadSight, witness_of
from .home.store import SAVE_LATER_S, SAVE_SOON_S, HomeMemory, HomeStore
from .home.tariff.runtime import HomeTariff
from .home.troubles import Troubles
from .registry import Registry
from .saving import Saver

_LOGGER = logging.getLogger(__name__)

# A cycle runs at most this often, and at least every WATCHDOG when readings stop. A
# Linky's fastest frame takes 0.9 s: each gets its cycle at once.
_CYCLE_S = 0.8
_WATCHDOG = timedelta(seconds=5)
# What was decided this long ago, while cycles fail, is nobody's decision any more.
_FAILING_S = 30.0
# A source that is missing counts as lost only this long after Home Assistant started.
_START_GRACE_S = 60.0

type HomeConfigEntry = ConfigEntry[HomeCoordinator]


class HomeCoordinator:
    """The Home: it takes readings, runs the engine and passes decisions on.

    It outlives a reload of its entry (``parking.py``): ``async_start`` and
    ``async_pause`` bracket the time in which an entry stands behind it. What load
    entities show and set is ``controls``.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: HomeConfigEntry,
        registry: Registry,
        memory: HomeMemory,
        engine: Engine,
        *,
        ledger: HomeLedger,
    ) -> None:
        """Prepare; nothing runs before ``async_start``."""
        self.hass = hass
        self.entry = entry
        self.memory = memory
        self.ledger = ledger
        self.cycle: Cycle | None = None
        self.batteries = ObservedBatteries(hass, entry, registry)
        self.tariff = HomeTariff(hass, entry, registry, memory.tariff)
        self._registry = registry
        self._saver = Saver(hass, HomeStore(hass, entry.entry_id), self._to_save)
        self.forecast = SolarForecast(hass)
        self.recorder = Recorder(hass, entry.entry_id)
        self.engine = RecordedEngine(engine, self.recorder)
        self.meters = GridMeters(
            MeterHands(cycle=self._cycle_on, controlled_by=self._other_meter)
        )
        self._problems = Problems(hass, memory, self.meters, self.batteries)
        self._loads = FollowedLoads(hass, entry, registry)
        self.controls = Controls(
            hass,
            registry,
            memory,
            ledger,
            Hands(
                save_within=self._saver.async_save_within,
                cycle_soon=self._cycle_soon,
                forget=self._forget,
                begin_check=self._begin_check,
                end_check=self._end_check,
            ),
        )
        self._commands = Commands(memory, self._loads, self.controls)
        self.troubles = Troubles(hass, memory, self.controls.async_troubled)
        self._listeners: list[Callable[[], None]] = []
        self._stops: list[CALLBACK_TYPE] = []
        self._cycle_timer: CALLBACK_TYPE | None = None
        self._last_cycle = float("-inf")
        self._keeping = Keeping(self._saver.async_save_within)
        self._failing_since: float | None = None
        self._failed: set[str] = set()
        self._patient_until: float | None = None

    # ---- life ----------------------------------------------------------------------

    @callback
    def async_start(self) -> None:
        """Follow meters, loads and time."""
        self._stops = [
            self._registry.async_listen(self._sources_changed),
            async_track_time_interval(
                self.hass, self._watchdog, _WATCHDOG, cancel_on_shutdown=True
            ),
            async_at_started(self.hass, self._started),
            self.recorder.async_start(),
            self.forecast.async_start(),
        ]
        self._sources_changed()

    @callback
    def async_pause(self) -> None:
        """Stop following; loads keep what they were told for as long as its lease."""
        for stop in self._stops:
            stop()
        self._stops.clear()
        self._loads.async_leave()
        self.meters.async_leave()
        if self._cycle_timer is not None:
            self._cycle_timer()
            self._cycle_timer = None

    async def async_close(self) -> None:
        """Let go of every load, and save: nobody took this coordinator over."""
        self.controls.checks.async_give_up()
        await asyncio.gather(
            *(source.async_release() for source in self._registry.loads.values()),
            return_exceptions=True,
        )
        await self.async_save()

    async def async_save(self, *_: object) -> None:
        """Write everything down now."""
        await self._saver.async_save_now()
        await self.ledger.async_save()
        await self.recorder.async_write()

    @callback
    def async_reconfigure(self, changed_meters: set[str] | None) -> None:
        """Take over changed entry data without a reload.

        A meter that was found reversed is trusted again only when it, or the meaning
        of its values, was changed (``changed_meters``; None where not even the order
        of meters was).
        """
        if changed_meters is not None:
            self.memory.reversed_meters -= changed_meters
            self.meters.async_choose_anew(changed_meters)
        self._apply_settings()
        self._sources_changed()

    def _to_save(self) -> dict[str, Any]:
        self.memory.saved_at = wall = dt_util.utcnow()
        self.memory.engine = self.engine.as_dict(monotonic(), wall)
        self.memory.tariff = self.tariff.as_dict()
        return self.memory.as_dict()

    @callback
    def _changed(self, *, soon: bool = False) -> None:
        self._saver.async_save_within(SAVE_SOON_S if soon else SAVE_LATER_S)

    @callback
    def _forget(self, load_id: str) -> None:
        self.engine.forget(load_id)
        self.troubles.async_forget(load_id)
        self.ledger.async_forget(load_id)

    @callback
    def _apply_settings(self) -> None:
        self.engine.settings = settings_of(
            self.entry, self.memory, self.meters.control_id
        )
        self._changed()

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self._patient_until = monotonic() + _START_GRACE_S

    # ---- sources -------------------------------------------------------------------

    @callback
    def _sources_changed(self) -> None:
        """Meet the sources that are there now."""
        self.meters.async_follow(grid_meters_of(self.hass, self.entry, self._registry))
        self._loads.async_meet()
        self.tariff.async_refresh()
        # By the names of the meters that are there now.
        self._problems.async_report_signs()

    @callback
    def _other_meter(self, freshness: Freshness | None) -> None:
        for load_id in self.engine.checking:
            # What one meter shows before and another after a pulse says nothing.
            self.engine.stop_check(load_id)
            self._commands.async_check_broken_off(load_id)
            self._check_ended(load_id, CheckResult(end=CheckEnd.METER_LOST))
        self.engine.new_meter(freshness)
        self._apply_settings()

    # ---- cycles --------------------------------------------------------------------

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` after each cycle."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def _cycle_on(self, at_once: bool) -> None:
        """Run a cycle for a meter's reading; for an overload that begins, at once."""
        if not at_once:
            self._cycle_soon()
            return
        if self._cycle_timer is not None:
            self._cycle_timer()
            self._cycle_timer = None
        self._run()

    @callback
    def _cycle_soon(self) -> None:
        """Run a cycle for this reading, at most one a second."""
        if self._cycle_timer is not None:
            return
        wait_s = self._last_cycle + _CYCLE_S - monotonic()
        if wait_s <= 0:
            self._run()
            return

        self._cycle_timer = async_call_later(
            self.hass, wait_s, HassJob(self._cycle_due, cancel_on_shutdown=True)
        )

    @callback
    def _cycle_due(self, _now: datetime) -> None:
        self._cycle_timer = None
        self._run()

    @callback
    def _watchdog(self, _now: datetime) -> None:
        if monotonic() - self._last_cycle >= _WATCHDOG.total_seconds():
            self._cycle_soon()

    @callback
    def _run(self) -> None:
        """Run a cycle; whatever goes wrong in it must not stop the next one."""
        try:
            self._run_cycle()
        except Exception:
            if self._failing_since is None:
                self._failing_since = monotonic()
                _LOGGER.exception("A cycle failed; further failures are not logged")
            if monotonic() - self._failing_since >= _FAILING_S:
                self._commands.async_let_go()
                async_report_cycles_fail(self.hass, failing=True)
        else:
            if self._failing_since is not None:
                _LOGGER.info("Cycles run again")
                async_report_cycles_fail(self.hass, failing=False)
            self._failing_since = None

    def _run_cycle(self) -> None:
        now, wall = monotonic(), dt_util.utcnow()
        self._last_cycle = now
        seen = self._loads.look()
        solar_w = solar_power_of(self.hass, self.entry, self._registry, now)
        batteries = self.batteries.look()
        # A battery that regulates itself fills what loads take: nothing of them is seen.
        witness = None if batteries else witness_of(seen, solar_w)
        grid = self.meters.look(now, witness)
        self.controls.async_before(seen, now, wall)
        if (grid is None or self.meters.awaits_direction) and self._patient(now):
            self._commands.async_wait()
            return
        local = dt_util.as_local(wall)
        tariff = self.tariff.look(now, local)
        snapshot = Snapshot(
            now=now,
            wall=local,
            grid=grid,
            solar_w=solar_w,
            loads=tuple(self._input(load_id, sight) for load_id, sight in seen.items()),
            cheap=self.tariff.cheap(),
            tariff=tariff,
            forecast=self.forecast.spans,
            levels=levels_of(self.hass, self.entry),
            batteries=batteries,
        )
        cycle = self.cycle = self.engine.cycle(snapshot)
        for load_id in cycle.failures.keys() - self._failed:
            _LOGGER.error(
                "Deciding for %s failed; further failures of it are not logged",
                load_id,
                exc_info=cycle.failures[load_id],
            )
        self._failed |= cycle.failures.keys()
        log_cycle(cycle, self.engine.settings, self.meters.control_name)
        self._commands.async_tell(cycle, self.engine.checking)
        self.controls.async_after(cycle, seen, now, wall)
        self._keeping.async_after(cycle)
        for load_id, result in cycle.checks.items():
            self._check_ended(load_id, result)
        self._problems.async_after(cycle, now)
        self.troubles.async_after(cycle, seen, self._loads.commanders, now)
        self.ledger.async_after(snapshot, cycle, seen, self.engine.settings)
        for listener in tuple(self._listeners):
            listener()

    def _input(self, load_id: str, sight: LoadSight) -> LoadInput:
        modes = self.controls.modes(load_id)
        return LoadInput(
            spec=self.tariff.ranked(sight.spec),
            reading=sight.reading,
            mode=modes.mode,
            wishes=modes.wishes,
            manual_value=modes.value,
        )

    def _patient(self, now: float) -> bool:
        """Whether a missing meter may still be on its way up."""
        return self._patient_until is None or now < self._patient_until

    # ---- what Home's entities set --------------------------------------------------

    @callback
    def async_set_observing(self, observing: bool) -> None:
        """Begin or end commanding loads."""
        self.memory.observing = observing
        self._apply_settings()
        self._changed(soon=True)
        self._cycle_soon()

    @callback
    def async_set_grid_target(self, power_w: float) -> None:
        """Aim at another grid power (+ = import)."""
        self.memory.grid_target_w = power_w
        self._apply_settings()
        self._cycle_soon()

    @callback
    def async_set_margin(self, power_w: float) -> None:
        """Leave another part of the surplus unused."""
        self.memory.margin_w = power_w
        self._apply_settings()
        self._cycle_soon()

    @callback
    def async_set_override(self, seconds: float | None) -> None:
        """Let the next override last this long; None is for ever."""
        self.memory.override_s = seconds
        self._changed(soon=True)

    # ---- checks --------------------------------------------------------------------

    @callback
    def _begin_check(self, load_id: str) -> None:
        if self.engine.checking:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="check_running"
            )
        if load_id not in self._registry.loads or not self.meters.any_there:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="check_needs_meter"
            )
        self.engine.start_check(self._registry.loads[load_id].spec)

    @callback
    def _end_check(self, load_id: str) -> None:
        self.engine.stop_check(load_id)

    def _check_ended(self, load_id: str, result: CheckResult) -> None:
        self.controls.checks.async_ended(load_id, result)
        finding = finding_of(result)
        # Of the one that was in control all the time: another one ends a check.
        meter_id = self.meters.control_id
        if meter_id and finding in (Finding.SIGN_RIGHT, Finding.SIGN_REVERSED):
            self.memory.reversed_meters.discard(meter_id)
            if finding is Finding.SIGN_REVERSED:
                self.memory.reversed_meters.add(meter_id)
            self._apply_settings()
            self._problems.async_report_signs()
        if source := self._registry.loads.get(load_id):
            self.hass.async_create_task(
                async_report_check(self.hass, source.spec, result),
                "surplus check report",
            )
