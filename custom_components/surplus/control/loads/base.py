"""What every kind of load is asked, and what all kinds share."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any

from ..check import CheckResult, Pulse
from ..limits import Headroom
from ..model import (
    Decision,
    GridReading,
    LoadInput,
    LoadReading,
    LoadSpec,
    Mode,
    NextEvent,
    Reason,
    RegulatorTerms,
    Setpoint,
    Wish,
)
from ..switching import Switching
from .circumstances import Circumstances, Span
from .foresight import foreseen
from .orders import Orders
from .saved import away_s

# A room that shrank by calculation alone is doubted for two measurements of a load.
_SQUEEZE_S = 10.0
FLOAT_SLACK = 1e-6
# A sensor that shows more than this share of the most a load can take is wrong.
_OWN_MOST = 1.2
# How many measurements are kept: a meter may tell of an instant some readings ago.
_SEEN = 20
# A measurement older than this may be of another set-point.
BELIEVED_S = 60.0
_SUNNY = frozenset({Mode.SOLAR, Mode.MIN_SOLAR})
# A wish adds to what these give. Off, boost and manual are a person's word.
_WISHED = frozenset({Mode.SOLAR, Mode.MIN_SOLAR, Mode.ECO})
_FOR_A_LIMIT = frozenset({Reason.LIMITED, Reason.NO_ROOM})


class LoadControl[S: LoadSpec, R: LoadReading](ABC):
    """One load's memory: what it was told, since when, and what was learned of it.

    ``value`` is what it was told last, in its own unit. ``reserved_w`` is what it is
    about to take, so that loads below do not start on it. ``orders`` are the powers it
    was handed lately. ``failures`` counts how often deciding for it has failed.
    """

    def __init__(self, spec: S) -> None:
        """Know nothing but the load itself."""
        self.spec = spec
        self.value = 0.0
        self.reserved_w = 0.0
        self.failures = 0
        self.switching = Switching()
        self.changed_at: float | None = None
        self._wishes: int | None = None
        # What a schedule or a need asks for, where the mode lets it.
        self._planned: Wish | None = None
        self._restored = False
        self._squeezed_since: float | None = None
        self._found: float | None = None
        self._before_check: float | None = None
        self.orders = Orders(self.settles_s)
        # When it was measured lately, and what it drew.
        self._seen: deque[tuple[float, float]] = deque(maxlen=_SEEN)

    # ---- what is known -------------------------------------------------------------

    def observe(self, load: LoadInput[S, R], supply_phases: int) -> None:
        """Take in the newest reading, and what a person changed."""
        self.spec = load.spec
        self.orders.settles_s = self.settles_s
        if self._wishes is not None and load.wishes != self._wishes:
            # A person does not wait for minimum times.
            self.switching.since = None
        self._wishes = load.wishes
        self._planned = load.wish if load.mode in _WISHED else None
        if load.mode is not Mode.MANUAL or load.manual_value is not None:
            self._found = None
        elif self._found is None:
            had = self._before_check
            self._found = self.present(load.reading) if had is None else had

    def present(self, reading: R) -> float:
        """Return the set-point that it is on."""
        return self.value

    def given(self, load: LoadInput[S, R]) -> float:
        """Return what a person gave it in mode ``manual``; without a number, what it had.

        Not what a limit has left of it since: that comes back.
        """
        given = load.manual_value if load.manual_value is not None else self._found
        return 0.0 if given is None else given

    def adopt(self, value: float | None, *, draws: bool) -> None:
        """At first sight, go on from the set-point that a load was found at.

        What was saved of it counts for more: one that rests is not started by a set-point
        that was left on it, only by being at work (``draws``).
        """
        resting = self._restored and not self.switching.on
        if self.known or not value or (resting and not draws):
            return
        if resting:
            self.switching.since = None
        self.value = value
        self.switching.on = True

    def see_grid(self, grid: GridReading, others_w: float) -> None:
        """Take in a new grid reading, with what all other loads drew at its instant."""
        return

    @property
    def known(self) -> bool:
        """Whether it was ever observed."""
        return self._wishes is not None

    @property
    @abstractmethod
    def phases(self) -> tuple[int, ...]:
        """The supply phases that it uses."""

    @abstractmethod
    def own_power_w(self, reading: R, at: float, now: float, voltage_v: float) -> float:
        """Return what it draws at an instant, by measurement and model."""

    @property
    def most_drawn_w(self) -> float:
        """The most it can draw, by its spec at nominal voltage; inf when not told."""
        return inf

    @property
    def least_drawn_w(self) -> float:
        """The least it can draw: below 0 for what can give."""
        return 0.0

    @property
    def settles_s(self) -> float:
        """Within what time it does what it is told."""
        return 15.0

    def counted_w(self, reading: R, at: float, now: float, voltage_v: float) -> float:
        """Return what it draws at an instant, as far as that can be true.

        What a wrong sensor shows beyond that is the house's: it must not open a limit.
        What one showed long ago says nothing against what the load was told since.
        """
        own_w = self.own_power_w(reading, at, now, voltage_v)
        power_at = reading.power_at
        if power_at is not None and reading.power_w is not None:
            seen = self._seen
            if not seen or power_at > seen[-1][0]:
                seen.append((power_at, reading.power_w))
            if power_at > at and self.orders.moving:
                # What came sooner than modelled did not come before it was told.
                before = next((one for one in reversed(seen) if one[0] <= at), None)
                most_w = self.orders.most_at_w(at, reading.power_w, before)
                own_w = min(own_w, most_w)
        most_w, least_w = self.most_drawn_w, self.least_drawn_w
        if (
            power_at is not None
            and at - power_at > BELIEVED_S
            and reading.reachable
            and self.orders
        ):
            most_w = min(most_w, self.orders.most_w(now) / _OWN_MOST)
        if least_w <= own_w <= most_w:
            return own_w
        return min(max(own_w, _OWN_MOST * least_w), _OWN_MOST * most_w)

    def shown_w(self, reading: R, own_w: float, at: float) -> float:
        """Return what of ``own_w`` a meter's reading of an instant surely holds, in W.

        What it has not taken yet of the last set-point, no meter shows. One that nobody
        measures may still be anywhere between what it was told lately; of one out of
        reach nobody knows what it was told.
        """
        orders = self.orders
        if not orders or not reading.reachable:
            return own_w
        shown_w = min(orders.in_force_w, own_w)
        if reading.power_w is None and orders.moving:
            return min(shown_w, orders.least_w(at))
        return shown_w

    def newest_w(self, reading: R, own_w: float, at: float) -> float:
        """Return the most that is known of what it draws: at an instant, or since, in W."""
        power_w, power_at = reading.power_w, reading.power_at
        if power_w is None or power_at is None or power_at <= at:
            return own_w
        return max(own_w, min(power_w, _OWN_MOST * self.most_drawn_w))

    @abstractmethod
    def span_w(self, voltage_v: float) -> Span:
        """Return between what it can be moved while it runs."""

    def follows_surplus(self, load: LoadInput[S, R], cheap: bool | None) -> bool:
        """Whether the surplus decides how much it takes."""
        mode, reading, wish = load.mode, load.reading, load.wish
        return (
            (mode in _SUNNY or (mode is Mode.ECO and not cheap))
            and reading.reachable
            and reading.wants_power
            and (wish is None or not (wish.takes_all or wish.stops))
        )

    def moving_w(self, reading: R, at: float, now: float) -> float:
        """Return by how much its own power may be wrong because it moves, in W.

        Only where others need to know: a load that moves fast and far.
        """
        return 0.0

    @property
    def trim_w(self) -> float:
        """What it can take up or give way with in a cycle, once it follows, in W."""
        return 0.0

    def trial_left_s(self, now: float) -> float:
        """Return how long it may take until it is known what it has begun to draw."""
        return 0.0

    @property
    def pid_terms(self) -> RegulatorTerms | None:
        """What its PID did last; None where none regulates it."""
        return None

    @property
    def facts(self) -> Mapping[str, float]:
        """What was learned of it that a person would want to see, by name."""
        return {}

    @abstractmethod
    def takes_w(self, decision: Decision) -> float:
        """Return what the load will really take of its set-point, or is about to."""

    # ---- what is decided -----------------------------------------------------------

    @abstractmethod
    def decide(self, load: LoadInput[S, R], around: Circumstances) -> Decision:
        """Return the load's set-point and why."""

    @abstractmethod
    def hold(self, around: Circumstances) -> Decision:
        """Stay where it is, or lower under the limits: another load is being checked."""

    @abstractmethod
    def follow_check(self, value: float, around: Circumstances) -> Decision:
        """Do what the commissioning check asks, under the limits."""

    @abstractmethod
    def pulses(self, voltage_v: float) -> tuple[Pulse, ...]:
        """Return what the commissioning check may try, the gentlest first."""

    @property
    def refuses(self) -> bool:
        """Whether it is known to take nothing of what a check would tell it."""
        return False

    def judged(self, result: CheckResult) -> CheckResult:
        """Return what the end of a check means for a load of this kind."""
        return result

    def checked(self, reading: R) -> None:
        """Keep the set-point that it had before what a check tells it."""
        if self._before_check is None:
            self._before_check = self.present(reading)

    def check_ended(self) -> None:
        """Begin anew: the pulse was no running of its own."""
        self._before_check = None
        self.value = 0.0
        self.switching.switch(False, 0.0)
        self.switching.since = None

    def fits(
        self, current_a: float, headroom: Headroom, now: float, *, strict: bool = False
    ) -> bool:
        """Return whether the limits leave room for a current per phase.

        A running load is left its least where the guard stops those that must be, but
        for one above it that claims its room: not one on a trial (``strict``). Where it
        seems not to fit, but the meter shows no limit exceeded, it may be the load that
        moves otherwise than its model: that is believed only once it has lasted longer
        than a measurement takes.
        """
        tight = headroom.tightest(self.phases)
        if not self.switching.on:
            current_a += headroom.kept_from_starts_a(self.phases)
        if tight is None or tight[0] + FLOAT_SLACK >= current_a:
            self._squeezed_since = None
            return True
        if not self.switching.on:
            return False
        exceeded = headroom.exceeded(self.phases)
        if headroom.guarded and not strict:
            if exceeded or not headroom.claimed(self.phases):
                self._squeezed_since = None
                return True
        elif exceeded:
            return False
        if self._squeezed_since is None:
            self._squeezed_since = now
        return now - self._squeezed_since < _SQUEEZE_S

    # ---- what the guard asks -------------------------------------------------------

    def stop_hurts(self, now: float) -> bool:
        """Whether it loses more by a stop than the power it does not take."""
        return False

    def may_shed(self, load: LoadInput[S, R]) -> bool:
        """Whether the guard may stop it; what can be throttled to nothing, it need not."""
        return False

    def shed(
        self,
        load: LoadInput[S, R],
        around: Circumstances,
        numbers: Mapping[str, float | str],
    ) -> Decision:
        """Stop for the guard, and stay stopped until it lets go."""
        self.reserved_w = 0.0
        return self.told(0.0, 0.0, Reason.SHED, around, numbers)

    def must_hold_s(self, around: Circumstances) -> float:
        """Return how long the present state must still last, 0 when it need not."""
        return self.switching.held_for_s(
            around.now, self.spec.min_on_s, self.spec.min_off_s
        )

    def told(
        self,
        value: float,
        power_w: float,
        reason: Reason,
        around: Circumstances,
        numbers: Mapping[str, float | str] | None = None,
        *,
        next_event: NextEvent | None = None,
    ) -> Decision:
        """Remember a set-point, take its room, and return it as a decision.

        Without a ``next_event`` it is the one that reason and minimum times tell.

        A rise that what is shown leaves no room for waits; its room is taken, so that
        loads below make it.
        """
        phases = self.phases
        if power_w > 0:
            around.headroom.take(phases, power_w / around.voltage_v / len(phases))
            if value > self.value:
                around.headroom.claim(phases)
        risen = value
        if value > 0 and value > self.value:
            risen = self._as_far_as_shown(value, power_w, around)
        if risen != value:
            if around.headroom.expected_a > 0:
                # No load below need make room for what waits for something else.
                given_back_w = power_w * (1.0 - risen / value)
                around.headroom.take(
                    phases, -given_back_w / around.voltage_v / len(phases)
                )
            power_w *= risen / value
            value = risen
            reason = Reason.LIMITED if risen else Reason.NO_ROOM
            shown_a = around.headroom.to_rise_a(self.phases) or 0.0
            numbers = {"room_a": round(max(0.0, shown_a), 1)}
        if reason in _FOR_A_LIMIT:
            numbers = {**(numbers or {}), **around.headroom.names(phases)}
        if value != self.value:
            self.changed_at = around.now
            self.value = value
        if (value != 0) is not self.switching.on:
            self.switching.switch(value != 0, around.now)
        numbers = numbers or {}
        if next_event is None:
            held_s = self.must_hold_s(around)
            next_event = foreseen(reason, numbers, on=self.switching.on, held_s=held_s)
        return Decision(
            load_id=self.spec.load_id,
            setpoint=Setpoint(value=value, power_w=power_w),
            reason=reason,
            numbers=numbers,
            next_event=next_event,
        )

    def _as_far_as_shown(
        self, value: float, power_w: float, around: Circumstances
    ) -> float:
        """Return a rise as far as it fits on top of what is shown."""
        left_a = around.headroom.to_rise_a(self.phases)
        if left_a is None:
            return value
        left_w = left_a * around.voltage_v * len(self.phases)
        top_w = max(self.orders.in_force_w, around.shown_w + left_w)
        if power_w <= top_w + FLOAT_SLACK:
            return value
        return self.at_most(max(self.value, value * top_w / power_w))

    def at_most(self, value: float) -> float:
        """Return the greatest set-point up to a value: 0, or one that it runs with."""
        return 0.0

    def left_alone(
        self, reason: Reason, numbers: Mapping[str, float | str] | None = None
    ) -> Decision:
        """Return a decision not to command the load."""
        return Decision(
            load_id=self.spec.load_id,
            setpoint=None,
            reason=reason,
            numbers=numbers or {},
        )

    def refuse(self, reason: Reason, *, running: bool | None) -> Decision:
        """Stop what we had started, and command it no more.

        ``running`` is what it tells of that itself; None where it does not tell, and
        once must do.
        """
        decision = self.left_alone(reason)
        if self.switching.on and running is not False:
            decision = replace(decision, setpoint=Setpoint(value=0.0, power_w=0.0))
        self.switching.on = self.switching.on and bool(running)
        self.value = 0.0
        return decision

    def let_go(self) -> Decision:
        """Leave it on its safe state: deciding for it has failed."""
        self.failures += 1
        self.reserved_w = 0.0
        return self.left_alone(Reason.FAILED, {"failures": self.failures})

    # ---- surviving a restart -------------------------------------------------------

    def as_dict(self, now: float, wall: datetime) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        saved: dict[str, Any] = {
            "on": self.switching.on,
            "value": self.value,
            "saved_at": wall.isoformat(),
            "learned": self.learned(),
        }
        if self.switching.since is not None:
            saved["for_s"] = now - self.switching.since
        return saved

    def restore(self, saved: Mapping[str, Any], now: float, wall: datetime) -> None:
        """Take back what ``as_dict`` gave, however long ago."""
        self._restored = True
        self.switching.on = bool(saved["on"])
        self.value = float(saved["value"])
        if "for_s" in saved:
            self.switching.since = now - float(saved["for_s"]) - away_s(saved, wall)
        self.relearn(saved.get("learned", {}))

    def learned(self) -> dict[str, Any]:
        """Return what was learned of the load, ready for JSON."""
        return {}

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        return


# A load with its memory.
type Follower = tuple[LoadInput, LoadControl[Any, Any]]
