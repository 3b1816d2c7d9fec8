"""One cycle: a snapshot comes in, decisions go out.

The engine keeps what must be remembered between cycles and nothing else: given the same
snapshots in the same order it decides the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from .allocation import allocate
from .battery import STRICT_PRICE
from .check import Check, CheckEnd, CheckResult
from .checking import Checks
from .cycle import Cycle
from .failures import Failures
from .freshness import Freshness, MeterState
from .guard.circuits import circuits_of, drawn_behind_a, house_cap_of
from .guard.guard import Guard
from .learned_phases import LearnedPhases
from .limits import Headroom, limits_of, room_under_a, voltage_of
from .loads import control_of
from .loads.base import Follower
from .loads.circumstances import Circumstances
from .memories import Memories, facts_of
from .model import GridReading, LimitKind, LoadSpec, Snapshot
from .needs.plans import Plans
from .offpeak import OffPeakStart
from .peaks import HousePeaks
from .powers import most_powers, own_powers
from .protection import base_currents, protected, shown_by_control
from .settings import HomeSettings, priced
from .sound import sound_grid, sound_loads
from .stagger import Stagger
from .surplus import SurplusModel, house_w
from .telling import told_blind, told_with

# A longer gap between readings is not time in which anything was seen.
_LONGEST_STEP_S = 10.0


class Engine:
    """The brain of one Home."""

    def __init__(
        self, settings: HomeSettings, saved: Mapping[str, Any] | None = None
    ) -> None:
        """Start from settings and what ``as_dict`` saved.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        saved = saved or {}
        self.settings = settings
        self.freshness = Freshness()
        self._surplus = SurplusModel()
        self._peaks = HousePeaks(saved.get("peaks"))
        self._guard = Guard(saved.get("guard"))
        self._loads = Memories(saved.get("loads", {}))
        self._plans = Plans(settings, saved.get("plans"))
        self._checks = Checks()
        self._last_at: float | None = None
        self._limits_at: float | None = None
        self._sound_grid: GridReading | None = None
        self._phases = LearnedPhases(saved.get("phases"))
        self._stagger = Stagger()
        self._offpeak = OffPeakStart(saved.get("offpeak", ()))

    def as_dict(self, now: float, wall: datetime) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "peaks": self._peaks.as_dict(),
            "loads": self._loads.as_dict(now, wall),
            "guard": self._guard.as_dict(),
            "offpeak": self._offpeak.as_list(),
            "phases": self._phases.as_dict(),
            "plans": self._plans.as_dict(),
        }

    def new_meter(self, freshness: Freshness | None = None) -> None:
        """Forget the rhythm of the grid meter: another one has taken over.

        ``freshness`` is what was learned of that one's rhythm, if anything was.
        """
        self.freshness = freshness or Freshness()
        self._last_at = None
        self._limits_at = None
        self._sound_grid = None

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self._loads.forget(load_id)
        self._guard.forget(load_id)
        self._phases.forget(load_id)
        self._checks.stop(load_id)

    def start_check(self, spec: LoadSpec) -> None:
        """Begin a commissioning check of a load with the next cycle."""
        control = self._loads.get(spec.load_id) or control_of(spec)
        self._checks.start(spec.load_id, Check(control.pulses(self.settings.voltage_v)))

    def stop_check(self, load_id: str) -> None:
        """End a check; the load is decided for again, as if it had not been."""
        pulsed = load_id == self._checks.in_turn
        self._checks.stop(load_id)
        if pulsed:
            self._checks_ended({load_id})

    def _abort_checks(self, end: CheckEnd) -> Mapping[str, CheckResult]:
        """End all checks; a load that only waited for its turn goes on as it is."""
        pulsed = self._checks.in_turn
        ended = self._checks.abort(end)
        self._checks_ended({pulsed} if pulsed is not None else ())
        return ended

    def _checks_ended(self, load_ids: Iterable[str]) -> None:
        for load_id in load_ids:
            if control := self._loads.get(load_id):
                control.check_ended()

    @property
    def checking(self) -> frozenset[str]:
        """The loads that are being checked."""
        return self._checks.loads

    def cycle(self, snapshot: Snapshot) -> Cycle:
        """Decide for every load."""
        snapshot = self._sound(snapshot)
        snapshot = self._plans.wish(snapshot, self.settings, self._loads)
        return self._plans.told(self._decide(snapshot), snapshot)

    def _decide(self, snapshot: Snapshot) -> Cycle:
        settings, grid = priced(self.settings, snapshot.tariff), snapshot.grid
        meter = self.freshness.judge(grid, snapshot.now)
        self._surplus.observe(snapshot)
        failures = Failures()
        controls = self._loads.observe(snapshot, self.settings.phases, failures)
        if grid is None or meter is MeterState.LOST:
            return self._blind(snapshot, meter, controls, failures)

        dt_s, is_new = self._step(grid.at)
        voltage_v = voltage_of(settings, grid)
        own_w = own_powers(controls, grid.at, snapshot.now, voltage_v, failures)
        limited_w = None
        if grid.limits_at is not None:
            limited_w = own_powers(
                controls, grid.limits_at, snapshot.now, voltage_v, failures
            )
        if failures.errors:
            # What nobody can say of a load is the house's.
            said = own_w.keys() if limited_w is None else own_w.keys() & limited_w
            controls = [pair for pair in controls if pair[0].spec.load_id in said]
        shown = shown_by_control(settings, grid, controls, own_w, voltage_v)
        if limited_w is not None:
            shown = protected(
                shown,
                settings,
                grid,
                controls,
                limited_w,
                voltage_v=voltage_v,
                late=meter is not MeterState.FRESH,
            )
        limits_new = self._limits_at is None or shown.at > self._limits_at
        self._limits_at = shown.at
        limits = limits_of(settings, grid)
        expected_w = self._offpeak.look(snapshot, grid, own_w)
        circuits = circuits_of(settings, controls, shown.own_w, voltage_v, shown.at)
        headroom = Headroom(
            limits,
            shown.base_a,
            shown.grid_a,
            overload=grid.overload,
            expected_a=expected_w / voltage_v,
            groups=(
                *circuits,
                *house_cap_of(snapshot.tariff, grid, own_w, voltage_v),
            ),
            guarded=True,
        )
        self._guard.is_followed = not self.settings.observing
        self._guard.see(shown.at, limits, headroom, grid)
        if is_new:
            self._phases.see(grid, controls, own_w, voltage_v)
            still_a = shown.still_a
            most_w = most_powers(controls, shown.own_w, snapshot.now, failures)
            if most_w != shown.own_w:
                still_a = base_currents(shown.grid_a, controls, most_w, voltage_v)
            self._note_peak(snapshot, still_a, voltage_v)
            all_w = sum(own_w.values())
            for load, control in controls:
                others_w = all_w - own_w[load.spec.load_id]
                failures.attempt(load, control.see_grid, grid, others_w)

        surplus = self._surplus.surplus(
            settings,
            snapshot,
            grid,
            controls,
            own_w,
            is_new=is_new,
            dt_s=dt_s,
            voltage_v=voltage_v,
        )
        room_va = room_under_a(limits, LimitKind.SUBSCRIPTION, shown.grid_a)
        budget_w = _budget(surplus.available_w, headroom, voltage_v, settings.phases)
        checks: Mapping[str, CheckResult] = {}
        if meter is MeterState.STALE:
            # Nobody would see what a pulse does.
            checks = self._abort_checks(CheckEnd.METER_LOST)
        elif is_new:
            checks = self._checks.step(
                snapshot.now,
                grid,
                controls,
                own_w,
                headroom=headroom,
                voltage_v=voltage_v,
                battery_w=surplus.battery.power_w,
            )
            self._checks_ended(checks)
        known, battery = surplus.known, surplus.battery
        around = self._unseen(snapshot, meter, headroom)
        around.at, around.dt_s, around.voltage_v = grid.at, dt_s, voltage_v
        around.shown_at = shown.at
        around.surplus_w = around.total_w = surplus.available_w
        around.sun_left_w = battery.sun_left_w
        around.beside_battery = bool(snapshot.batteries)
        around.direction_known = known
        if battery.owed:
            price = max(settings.import_price, STRICT_PRICE)
            around.settings = replace(settings, import_price=price)
        staggered = self._stagger.see(controls, cheap=snapshot.cheap, now=snapshot.now)
        decisions = allocate(
            controls,
            own_w,
            around,
            self._checks,
            failures,
            guard=self._guard,
            shown_w=shown.own_w,
            is_new=limits_new,
            stagger=self._stagger if staggered else None,
        )
        return Cycle(
            at=snapshot.now,
            meter=meter,
            grid_w=grid.drawn_va if grid.power_w is None else grid.power_w,
            solar_w=snapshot.solar_w,
            battery_w=battery.power_w if snapshot.batteries else None,
            battery_state=battery.state,
            battery_first=battery.first,
            house_w=house_w(grid, snapshot.solar_w, battery),
            surplus_w=surplus.left_w if known else None,
            budget_w=budget_w if known else None,
            budget_a=budget_w / voltage_v if known else None,
            breaker_room_a=room_under_a(limits, LimitKind.BREAKER, shown.grid_a),
            subscription_room_va=(
                room_va * voltage_v * settings.phases if room_va is not None else None
            ),
            circuits_a=drawn_behind_a(settings, circuits),
            modelled_house_w=surplus.balance.house_w,
            probed_w=surplus.probed_w,
            offpeak_start=self._offpeak.learned,
            learned_phases=self._phases.known,
            loads_w=own_w,
            decisions=(
                *told_with(decisions, surplus),
                *self._loads.let_go(snapshot, failures, decisions),
            ),
            checks=checks,
            regulation={
                load.spec.load_id: terms
                for load, control in controls
                if (terms := control.pid_terms) is not None
            },
            facts=facts_of(controls),
            plans=self._plans.states,
            failures=failures.errors,
            guard=self._guard.state(snapshot.now, seen=True),
        )

    def _sound(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot without what cannot be true.

        In the place of such a grid reading the one before stands, and ages.
        """
        if snapshot.grid is None:
            self._sound_grid = None
        elif (grid := sound_grid(snapshot.grid, snapshot.now)) is not None:
            self._sound_grid = grid
        loads = sound_loads(snapshot.loads)
        loads = self._phases.placed(loads, self._sound_grid, self.settings.phases)
        if self._sound_grid is snapshot.grid and loads is snapshot.loads:
            return snapshot
        return replace(snapshot, grid=self._sound_grid, loads=loads)

    def _step(self, at: float) -> tuple[float, bool]:
        """Return the time since the reading before, and whether this is a new one."""
        last_at = self._last_at
        if last_at is not None and at <= last_at:
            return 0.0, False
        self._last_at = at
        longest_s = max(_LONGEST_STEP_S, 1.5 * self.freshness.interval_s)
        return min(at - (last_at or at), longest_s), True

    def _note_peak(
        self, snapshot: Snapshot, still_a: tuple[float, ...], voltage_v: float
    ) -> None:
        """Note what the house draws by itself, for the time when no meter tells."""
        solar_a = (snapshot.solar_w or 0.0) / voltage_v / self.settings.phases
        self._peaks.observe(max(still_a) + solar_a, snapshot.wall)

    def _unseen(
        self, snapshot: Snapshot, meter: MeterState, headroom: Headroom
    ) -> Circumstances:
        """Return how things stand before anything is seen of the grid."""
        return Circumstances(
            now=snapshot.now,
            wall=snapshot.wall,
            cheap=snapshot.cheap,
            at=snapshot.now,
            shown_at=snapshot.now,
            voltage_v=self.settings.voltage_v,
            meter=meter,
            headroom=headroom,
            settings=priced(self.settings, snapshot.tariff),
            tariff=snapshot.tariff,
        )

    def _blind(
        self,
        snapshot: Snapshot,
        meter: MeterState,
        controls: list[Follower],
        failures: Failures,
    ) -> Cycle:
        """Decide without a grid reading: leave the house its own peak of this hour."""
        settings = self.settings
        limits = limits_of(settings, snapshot.grid)
        peak_a = self._peaks.peak_a(snapshot.wall)
        # An hour never seen may hold anything: then nothing fits under a limit.
        base_a = (
            peak_a
            if peak_a is not None
            else max((limit.current_a for limit in limits), default=0.0)
        )
        checks = self._abort_checks(CheckEnd.METER_LOST)
        now, voltage_v = snapshot.now, settings.voltage_v
        own_w = own_powers(controls, now, now, voltage_v, failures)
        if failures.errors:
            controls = [pair for pair in controls if pair[0].spec.load_id in own_w]
        # What flows there, the loads behind it tell themselves.
        circuits = circuits_of(settings, controls, own_w, voltage_v, now)
        headroom = Headroom(limits, (base_a,) * settings.phases, groups=circuits)
        around = self._unseen(snapshot, meter, headroom)
        self._guard.see_nothing()
        decisions = allocate(
            controls,
            own_w,
            around,
            self._checks,
            failures,
            guard=self._guard,
            shown_w=own_w,
            is_new=False,
        )
        return Cycle(
            at=snapshot.now,
            meter=meter,
            solar_w=snapshot.solar_w,
            battery_state=self._surplus.battery_state,
            circuits_a=drawn_behind_a(settings, circuits),
            loads_w=own_w,
            decisions=(
                *(
                    told_blind(decision, meter) if peak_a is None else decision
                    for decision in decisions
                ),
                *self._loads.let_go(snapshot, failures, decisions),
            ),
            checks=checks,
            facts=facts_of(controls),
            plans=self._plans.states,
            failures=failures.errors,
            guard=self._guard.state(snapshot.now, seen=False),
        )


def _budget(
    available_w: float, headroom: Headroom, voltage_v: float, phases: int
) -> float:
    """Return what loads may use: the surplus, as far as the limits leave room."""
    budget_w = max(0.0, available_w)
    if tight := headroom.tightest(range(1, phases + 1)):
        budget_w = min(budget_w, max(0.0, tight[0]) * voltage_v * phases)
    return budget_w
