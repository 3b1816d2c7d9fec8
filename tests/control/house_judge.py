"""What must hold after every cycle of a whole house, worked out without the engine.

``Judge`` knows the house as it is, what its meter showed and what was told before. It
reads nothing of the engine but its decisions and what it would save.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.freshness import MeterState
from custom_components.surplus.control.model import (
    ChargerSpec,
    Decision,
    GuardCounters,
    GuardEventKind,
    HeaterSpec,
    LimitKind,
    Mode,
    Reason,
    StorageSpec,
    SwitchedSpec,
)

from .whole_house import VOLTAGE_V, Body, WholeHouse

SLACK_A = 0.05
# A load that was ill is believed again after this long.
RECOVERS_S = 90.0
BLIND = (MeterState.LOST, MeterState.NONE)

# A limit, a person, a lost meter and a load that refuses may end a run at once.
MAY_STOP_EARLY = {
    Reason.CHECKING,
    Reason.LIMITED,
    Reason.MANUAL,
    Reason.METER_LOST,
    Reason.MODE_OFF,
    Reason.NO_GRID_METER,
    Reason.NO_ROOM,
    Reason.NO_VEHICLE,
    Reason.NOT_DRAWING,
    Reason.SHED,
    Reason.UNREACHABLE,
}


@dataclass(kw_only=True)
class Judge:
    """What was told until now, and since when loads run or rest.

    ``told`` misses a load whose set-point nobody can know. ``wished`` are the loads that
    a person has just asked something of, ``checked`` those whose check begins, goes on or
    ends. ``doubted_until`` is while some load may not do or tell what it should.
    """

    house: WholeHouse
    told: dict[str, float] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    wished: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    doubted_until: float = 0.0
    judged_at: float | None = None
    counters: GuardCounters = field(default_factory=GuardCounters)
    shed: frozenset[str] = frozenset()
    restored_at: float | None = None

    def __post_init__(self) -> None:
        self.told = {body.spec.load_id: 0.0 for body in self.house.bodies}

    def doubt(self) -> None:
        """Something is not as it should be: be careful about what could be known."""
        self.doubted_until = self.house.now + RECOVERS_S

    def restarted(self) -> None:
        """The engine has begun again: a check is not gone on with."""
        self.checked = {body.spec.load_id for body in self.house.bodies}
        for body in self.house.bodies:
            load_id = body.spec.load_id
            regulated = isinstance(body.spec, ChargerSpec | HeaterSpec)
            if regulated and load_id in self.told:
                # One that runs on though it was told to stop is adopted so, not raised.
                self.told[load_id] = max(self.told[load_id], body.value)
        self.doubt()

    def judge(
        self, cycle: Cycle, saved: Mapping[str, Any], checking: frozenset[str]
    ) -> None:
        """Check one cycle, then take note of it.

        ``saved`` is what a restart keeps, ``checking`` which loads are being checked.
        """
        house = self.house
        self.checked |= checking
        if not all(body.honest for body in house.bodies):
            self.doubt()
        assert not cycle.failures
        decided = {decision.load_id: decision for decision in cycle.decisions}
        assert sorted(decided) == sorted(body.spec.load_id for body in house.bodies)
        new: dict[str, float] = {}
        for body in house.bodies:
            decision = decided[body.spec.load_id]
            self._has_reason_and_numbers(decision)
            if decision.setpoint is None:
                continue
            new[body.spec.load_id] = decision.setpoint.value
            self._is_in_its_range(body, decision)
            self._keeps_its_minimum_times(body, decision)
            self._is_not_shed_unasked(body, decision, cycle.meter)
            if cycle.meter is MeterState.STALE:
                self._does_not_rise_unseen(body, decision)
        if cycle.meter in BLIND:
            self._fits_beside_the_peak(new, saved)
        elif cycle.meter is MeterState.FRESH:
            self._rises_fit(new)
            self._throttles_at_once(new)
        self._rises_fit_their_circuits(new)
        self._guard_keeps_its_word(cycle, decided)
        self._note(decided, new)

    # ---- each decision ---------------------------------------------------------------

    def _has_reason_and_numbers(self, decision: Decision) -> None:
        assert isinstance(decision.reason, Reason)
        numbers = [one for one in decision.numbers.values() if isinstance(one, float)]
        if decision.setpoint is not None:
            numbers += [decision.setpoint.value, decision.setpoint.power_w]
        if decision.next_event is not None and decision.next_event.in_s is not None:
            numbers.append(decision.next_event.in_s)
        assert all(map(isfinite, numbers)), decision

    def _is_in_its_range(self, body: Body, decision: Decision) -> None:
        assert decision.setpoint is not None
        value, spec = decision.setpoint.value, body.spec
        match spec:
            case ChargerSpec():
                assert value == 0 or spec.min_a <= value <= spec.max_a, decision
                steps = value / spec.step_a
                assert abs(steps - round(steps)) < 1e-6, decision
            case HeaterSpec():
                assert value == 0 or spec.min_w <= value <= spec.max_w, decision
            case SwitchedSpec():
                assert value in (0.0, 1.0), decision
            case StorageSpec():
                assert -spec.discharge_w <= value <= spec.charge_w, decision
        if body.mode is Mode.OFF and spec.load_id not in self.checked:
            assert value == 0, decision

    def _keeps_its_minimum_times(self, body: Body, decision: Decision) -> None:
        load_id, spec, now = body.spec.load_id, body.spec, self.house.now
        assert decision.setpoint is not None
        was, is_on = self.told.get(load_id), decision.setpoint.value != 0
        if was is None or (was != 0) is is_on or load_id not in self.since:
            return
        if load_id in self.wished | self.checked or body.mode is Mode.MANUAL:
            return
        if decision.reason is Reason.CHECKING:
            return
        lasted_s = now - self.since[load_id]
        if is_on:
            assert lasted_s >= spec.min_off_s - 1e-6, decision
        elif decision.reason not in MAY_STOP_EARLY and body.wants_power:
            assert lasted_s >= spec.min_on_s - 1e-6, decision

    def _is_not_shed_unasked(
        self, body: Body, decision: Decision, meter: MeterState
    ) -> None:
        """What a person wants on, and is not sheddable, runs on."""
        spec = body.spec
        assert decision.setpoint is not None
        if not isinstance(spec, SwitchedSpec) or spec.sheddable:
            return
        if meter in BLIND or spec.load_id in self.wished | self.checked:
            return
        by_person = body.mode is Mode.BOOST or (
            body.mode is Mode.MANUAL and body.manual_value == 1
        )
        runs = self.told.get(spec.load_id) == 1 and body.value == 1
        if by_person and runs and body.wants_power and body.reachable:
            # How much one takes that is tried for the first time, nobody has said.
            trial = spec.power_w is None and decision.reason is not Reason.BOOST
            assert decision.setpoint.value == 1 or trial, decision

    def _does_not_rise_unseen(self, body: Body, decision: Decision) -> None:
        spec, was = body.spec, self.told.get(body.spec.load_id)
        assert decision.setpoint is not None
        if was is None or isinstance(spec, StorageSpec):
            return
        least = spec.min_a if isinstance(spec, ChargerSpec) else 0.0
        if isinstance(spec, HeaterSpec):
            least = spec.min_w
        assert decision.setpoint.value <= (max(was, least) if was else 0.0), decision

    # ---- all of them together --------------------------------------------------------

    def _rises(self, new: Mapping[str, float]) -> dict[str, dict[int, float]]:
        """Return what each load is told beyond what it was told, per phase in A."""
        rises = {}
        for body in self.house.bodies:
            load_id = body.spec.load_id
            if load_id not in new or load_id not in self.told or not body.reachable:
                continue
            if isinstance(body.spec, SwitchedSpec) and body.spec.power_w is None:
                continue
            now_a = body.amps_of(max(0.0, new[load_id]))
            was_a = body.amps_of(max(0.0, self.told[load_id]))
            # What it draws already, whatever it was told, the meter shows.
            drew_a = self.house.drew_a.get(load_id, {})
            if body.frozen is not None and self.house.now < self.doubted_until:
                # What it says it draws, until that must be found wrong.
                said_a = max(0.0, body.frozen[0]) / VOLTAGE_V / len(body.uses)
                drew_a = {
                    phase: max(drew_a.get(phase, 0.0), said_a) for phase in body.uses
                }
            risen = {
                phase: now_a[phase] - max(was_a[phase], drew_a.get(phase, 0.0))
                for phase in now_a
            }
            if max(risen.values()) > 0:
                rises[load_id] = risen
        return rises

    def _rises_fit(self, new: Mapping[str, float]) -> None:
        """What is told more than before fits on top of what the meter showed."""
        house, rises = self.house, self._rises(new)
        if not rises:
            return
        if (limit_a := house.limit_a) is not None:
            for phase, shown_a in enumerate(house.shown_a, start=1):
                risen_a = sum(rise.get(phase, 0.0) for rise in rises.values())
                if risen_a > SLACK_A:
                    assert shown_a + risen_a <= limit_a + SLACK_A, (phase, rises)
        if (cap_w := house.cap_w) is not None:
            assert house.grid is not None
            assert house.grid.power_w is not None
            shown_w = house.grid.power_w
            risen_w = sum(VOLTAGE_V * sum(rise.values()) for rise in rises.values())
            if risen_w > SLACK_A * VOLTAGE_V:
                assert shown_w + risen_w <= cap_w + SLACK_A * VOLTAGE_V, rises
        self._rises_fit_once_settled(new, limit_a)

    def _rises_fit_once_settled(
        self, new: Mapping[str, float], limit_a: float | None
    ) -> None:
        """From rest, all that is told fits beside what the house draws by itself."""
        house = self.house
        if limit_a is None or not house.settled or house.now < self.doubted_until:
            return
        if not all(body.settled for body in house.bodies):
            return
        if house.coarse and house.settings.phases > 1:
            # What one phase gives hides in a total what another draws.
            return
        rises = self._rises(new)
        for phase, base_a in enumerate(house.house_a, start=1):
            risen_a = sum(rise.get(phase, 0.0) for rise in rises.values())
            told_a = sum(
                body.amps_of(new.get(body.spec.load_id, body.value)).get(phase, 0.0)
                for body in house.bodies
            )
            if risen_a > SLACK_A:
                assert base_a + told_a <= limit_a + SLACK_A, (phase, new)

    def _rises_fit_their_circuits(self, new: Mapping[str, float]) -> None:
        house, rises = self.house, self._rises(new)
        if house.now < self.doubted_until:
            return
        for circuit in house.settings.circuits:
            members = house.members(circuit.circuit_id)
            risen = [body for body in members if body.spec.load_id in rises]
            settled = house.settled and all(body.settled for body in house.bodies)
            for phase in {phase for body in risen for phase in body.uses}:
                shown_a = sum(
                    self._shown_behind_circuit_a(body, phase) for body in members
                )
                risen_a = sum(
                    rises[body.spec.load_id].get(phase, 0.0) for body in risen
                )
                fits = shown_a + risen_a <= circuit.limit_a + SLACK_A
                assert risen_a <= SLACK_A or fits, (circuit, phase, rises)
                if not settled:
                    # One that has not begun yet makes room within some seconds.
                    continue
                told_a = sum(
                    body.amps_of(max(0.0, new.get(body.spec.load_id, body.value))).get(
                        phase, 0.0
                    )
                    for body in members
                )
                assert told_a <= circuit.limit_a + SLACK_A, (circuit, phase, new)

    def _shown_behind_circuit_a(self, body: Body, phase: int) -> float:
        """Return what a load was seen to draw: behind a circuit no meter shows it.

        It tells itself, and may have left since the meter was read.
        """
        drew_a = self.house.drew_a.get(body.spec.load_id, {}).get(phase, 0.0)
        if not body.measures or body.frozen is not None:
            return drew_a
        return min(drew_a, body.amps.get(phase, 0.0))

    def _throttles_at_once(self, new: Mapping[str, float]) -> None:
        """An overload is taken from the loads on the reading that shows it."""
        house = self.house
        limit_a = house.limit_a
        if limit_a is None or house.shown_at == self.judged_at:
            return
        if house.now < self.doubted_until or house.coarse:
            return
        if not all(body.spec.load_id in new and body.measures for body in house.bodies):
            return
        for phase, shown_a in enumerate(house.shown_a, start=1):
            over_a = shown_a - limit_a
            if over_a <= SLACK_A:
                continue
            moves_a = 0.0
            can_give = False
            for body in house.bodies:
                if phase not in body.uses:
                    continue
                value = new[body.spec.load_id]
                drew_a = house.drew_a[body.spec.load_id][phase]
                moves_a += body.amps_of(value)[phase] - drew_a
                can_give = can_give or value > _least(body)
            assert not can_give or moves_a <= -over_a + SLACK_A, (phase, over_a, new)

    def _fits_beside_the_peak(
        self, new: Mapping[str, float], saved: Mapping[str, Any]
    ) -> None:
        """Without a meter, loads leave the house its own peak of this hour."""
        house = self.house
        wall = house.wall
        peaks = [
            peak_a
            for key, peak_a in saved["peaks"].items()
            if int(key.split(":")[1]) == wall.hour
            and int(key.split(":")[0]) >= wall.toordinal() - 7
        ]
        told = {
            body.spec.load_id: body.amps_of(max(0.0, new.get(body.spec.load_id, 0.0)))
            for body in house.bodies
            if not isinstance(body.spec, SwitchedSpec) or body.spec.power_w is not None
        }
        phases = house.settings.phases
        if (limit_a := house.limit_a) is not None:
            # Saved with one decimal.
            room_a = max(0.0, limit_a - max(peaks) + 0.05) if peaks else 0.0
            for phase in range(1, phases + 1):
                told_a = sum(amps.get(phase, 0.0) for amps in told.values())
                assert told_a <= room_a + SLACK_A, (phase, new, peaks)
        for circuit in house.settings.circuits:
            inside = [
                told[body.spec.load_id]
                for body in house.members(circuit.circuit_id)
                if body.spec.load_id in told
            ]
            for phase in range(1, phases + 1):
                told_a = sum(amps.get(phase, 0.0) for amps in inside)
                assert told_a <= circuit.limit_a + SLACK_A, (circuit, phase, new)

    # ---- the guard's own account -----------------------------------------------------

    def _guard_keeps_its_word(
        self, cycle: Cycle, decided: Mapping[str, Decision]
    ) -> None:
        guard, before = cycle.guard, self.counters
        counters = guard.counters
        assert counters.overload_s >= before.overload_s
        assert counters.overloads >= before.overloads
        assert counters.sheds >= before.sheds
        assert counters.restores >= before.restores
        assert counters.unnecessary_sheds >= before.unnecessary_sheds
        assert counters.unnecessary_sheds <= counters.sheds
        assert 0.0 <= guard.heat < float("inf")
        assert guard.seconds_left is None or guard.seconds_left >= 0
        sheds = [e for e in guard.events if e.kind is GuardEventKind.SHED]
        restores = [e for e in guard.events if e.kind is GuardEventKind.RESTORED]
        assert len(restores) <= 1
        assert counters.sheds == before.sheds + len(sheds)
        assert counters.restores == before.restores + len(restores)
        for event in sheds:
            assert event.load_id in guard.shed
            decision = decided[event.load_id]
            assert decision.setpoint is None or decision.setpoint.value == 0
        for event in restores:
            assert event.load_id not in guard.shed
            assert event.load_id in self.shed
            assert isinstance(event.limit, LimitKind)
        if restores:
            # Seen on the meter before the next one.
            assert self.restored_at is None or self.house.now > self.restored_at
            self.restored_at = self.house.now
        self.counters, self.shed = counters, guard.shed

    # ---- afterwards ------------------------------------------------------------------

    def _note(self, decided: Mapping[str, Decision], new: Mapping[str, float]) -> None:
        house = self.house
        self.judged_at = house.shown_at
        for body in house.bodies:
            load_id = body.spec.load_id
            was = self.told.get(load_id)
            if load_id not in new:
                self.told.pop(load_id, None)
                self.since.pop(load_id, None)
                continue
            by_itself = not body.wants_power or not body.obeys
            checking = decided[load_id].reason is Reason.CHECKING
            if (
                load_id in self.wished | self.checked
                or by_itself
                or checking
                or was is None
            ):
                self.since.pop(load_id, None)
            elif (was != 0) is not (new[load_id] != 0):
                self.since[load_id] = house.now
            self.told[load_id] = new[load_id]
        self.wished.clear()
        self.checked.clear()


def _least(body: Body) -> float:
    """Return the most that a throttled load may still be told."""
    match body.spec:
        case ChargerSpec(min_a=least) | HeaterSpec(min_w=least):
            return least
        case SwitchedSpec():
            return 1.0
    return 0.0


def live(engine: Engine, judge: Judge, seconds: int = 1) -> Cycle:
    """Let a house live under an engine for some seconds; return the last cycle."""
    house = judge.house
    for _ in range(seconds):
        house.step(1)
        cycle = engine.cycle(house.snapshot())
        judge.judge(cycle, engine.as_dict(house.now, house.wall), frozenset())
        for decision in cycle.decisions:
            body = next(b for b in house.bodies if b.spec.load_id == decision.load_id)
            body.tell(decision.setpoint, house.now)
    return cycle
