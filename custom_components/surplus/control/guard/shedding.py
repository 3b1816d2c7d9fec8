"""The loads that the guard has stopped: which, since when, and when they come back.

A load comes back once there has been room for it for a while, in order of priority, one
at a time, each seen on the meter before the next. One that had to be stopped again soon
waits twice as long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from ..limits import Headroom
from ..loads.base import Follower
from ..loads.circumstances import Circumstances
from ..model import LimitKind, Mode

# How long there must have been room; doubled each time that it was too little.
_PATIENCE_S = 60.0
_LONGEST_PATIENCE_S = 3600.0
# Stopped again within this time, a restore has not succeeded.
_PROVEN_S = 600.0
# Left free beside what comes back.
_MARGIN_A = 1.0
# So long before it comes back its room is taken, so that what can be throttled has left.
_MAKES_ROOM_S = 10.0
# So long before it comes back nothing below it starts into its room.
_HOLDS_ROOM_S = 300.0
# What came back and is not seen on the meter for so long does not come.
_ARRIVES_WITHIN_S = 60.0
# On the meter it is seen with this share of its power.
_SEEN_SHARE = 0.5
# What was stopped in vain is let go after this, room or not.
_IN_VAIN_S = 300.0


@dataclass(kw_only=True, slots=True)
class Shed:
    """A load that was stopped for a limit, when it drew ``power_w``.

    ``circuit_id`` is which circuit that is, None for another limit.

    ``left_s`` is how long the breaker would have held, None for ever. ``since`` is None
    until the first cycle after a restart. There is room since ``roomy_since``, and
    ``room_a`` was there last.
    """

    limit: LimitKind
    power_w: float
    left_s: float | None
    circuit_id: str | None = None
    since: float | None = None
    in_vain: bool = False
    roomy_since: float | None = None
    room_a: float | None = None
    needed_a: float = 0.0
    wait_s: float = _PATIENCE_S
    makes_room: bool = False
    holds_room: bool = False
    # How often a person had asked for something when it was looked at last.
    wishes: int | None = None

    @property
    def circuit(self) -> dict[str, str]:
        """What is said of the circuit, where it was one."""
        return {} if self.circuit_id is None else {"circuit": self.circuit_id}

    def numbers(self, now: float) -> dict[str, float | str]:
        """Return what is said of it."""
        numbers: dict[str, float | str] = {"limit": self.limit.value, **self.circuit}
        if self.left_s is not None:
            numbers["seconds_left"] = round(self.left_s)
        if self.room_a is not None:
            numbers["needed_a"] = round(self.needed_a + _MARGIN_A, 1)
            numbers["room_a"] = round(max(0.0, self.room_a), 1)
        if self.roomy_since is not None:
            waits_s = self.roomy_since + self.wait_s - now
            numbers["seconds"] = round(max(0.0, waits_s))
        return numbers


@dataclass(kw_only=True, slots=True)
class _Back:
    """A load that was let go, until it is seen on the meter."""

    load_id: str
    at: float
    needed_a: float
    before_a: tuple[float, ...]


@dataclass(kw_only=True, slots=True)
class _Proof:
    """How a load that came back does: how long it waits when it is stopped again."""

    wait_s: float
    restored_at: float | None


class Shedding:
    """The loads that are stopped, and how they come back."""

    def __init__(self, saved: Mapping[str, Any]) -> None:
        """Start from what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        self.shed: dict[str, Shed] = {
            str(load_id): _shed_of(shed)
            for load_id, shed in saved.get("shed", {}).items()
        }
        # Counted anew from the restart: nobody knows how it went meanwhile.
        self._proofs: dict[str, _Proof] = {
            str(load_id): _Proof(wait_s=_sound(wait_s), restored_at=None)
            for load_id, wait_s in saved.get("waits_s", {}).items()
        }
        self._back: _Back | None = None

    @property
    def waits(self) -> bool:
        """Whether a load waits to come back, or to prove that it fits."""
        return bool(self.shed or self._proofs)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            "shed": {
                load_id: {
                    "limit": shed.limit.value,
                    "circuit_id": shed.circuit_id,
                    "power_w": round(shed.power_w, 1),
                    "left_s": shed.left_s,
                    "in_vain": shed.in_vain,
                    "wait_s": shed.wait_s,
                }
                for load_id, shed in self.shed.items()
            },
            "waits_s": {key: proof.wait_s for key, proof in self._proofs.items()},
        }

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted."""
        self.shed.pop(load_id, None)
        self._proofs.pop(load_id, None)

    def add(
        self,
        load_id: str,
        limit: LimitKind,
        power_w: float,
        left_s: float,
        now: float,
        *,
        circuit_id: str | None = None,
    ) -> Shed:
        """Stop a load."""
        proof, wait_s = self._proofs.get(load_id), _PATIENCE_S
        if proof is not None:
            at = proof.restored_at
            if at is None or now - at < _PROVEN_S:
                wait_s = min(2 * proof.wait_s, _LONGEST_PATIENCE_S)
                wait_s = max(wait_s, _PATIENCE_S)
        if self._back is not None and self._back.load_id == load_id:
            self._back = None
        shed = self.shed[load_id] = Shed(
            limit=limit,
            power_w=power_w,
            left_s=left_s if isfinite(left_s) else None,
            circuit_id=circuit_id,
            since=now,
            wait_s=wait_s,
        )
        return shed

    # ---- coming back ---------------------------------------------------------------

    def see_nothing(self) -> None:
        """Take in that nobody sees whether there is room."""
        for shed in self.shed.values():
            shed.roomy_since = shed.room_a = None
            shed.makes_room = shed.holds_room = False

    def restore(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        around: Circumstances,
        *,
        overloaded: bool,
    ) -> tuple[str, Shed] | None:
        """Return who comes back on a new reading, if anybody does; it is let go.

        ``followers`` come in order of priority.
        """
        now, headroom = around.now, around.headroom
        self._forget_proven(now)
        for load, _ in followers:
            if load.mode is Mode.OFF:
                # It would not run: whoever switches it on again begins anew.
                self.shed.pop(load.spec.load_id, None)
        arriving = self._arriving(followers, own_w, headroom, now, around.voltage_v)
        chosen: str | None = None
        for load, control in followers:
            load_id = load.spec.load_id
            if (shed := self.shed.get(load_id)) is None:
                continue
            per_a = around.voltage_v * len(control.phases)
            needed_w = control.span_w(around.voltage_v).least_w or shed.power_w
            shed.needed_a = needed_w / per_a
            room_a = _room_a(load_id, followers, own_w, around)
            shed.room_a = room_a if isfinite(room_a) else None
            shed.makes_room = shed.holds_room = False
            if room_a < shed.needed_a + _MARGIN_A or overloaded:
                shed.roomy_since = None
            elif shed.roomy_since is None:
                shed.roomy_since = now
            if shed.since is None:
                shed.since = now
            if not control.may_shed(load):
                # A person wants it on since, and it is none to be shed: as soon as it fits.
                shed.wait_s = 0.0
            elif shed.wishes not in (None, load.wishes):
                # Nobody who asks waits for what was too little before.
                shed.wait_s = min(shed.wait_s, _PATIENCE_S)
            shed.wishes = load.wishes
            if not load.reading.reachable:
                continue
            rest_s = control.must_hold_s(around)
            if shed.roomy_since is not None:
                rest_s = max(rest_s, shed.roomy_since + shed.wait_s - now)
                shed.holds_room = rest_s <= _HOLDS_ROOM_S
            if arriving or chosen is not None:
                continue
            if shed.roomy_since is not None:
                shed.makes_room = rest_s <= _MAKES_ROOM_S
            elif not (shed.in_vain and now - shed.since >= _IN_VAIN_S):
                continue
            if rest_s <= 0:
                chosen = load_id
        if chosen is None:
            return None
        self._back = _Back(
            load_id=chosen,
            at=now,
            needed_a=self.shed[chosen].needed_a,
            before_a=headroom.shown_a or (),
        )
        self._proofs[chosen] = _Proof(wait_s=self.shed[chosen].wait_s, restored_at=now)
        return chosen, self.shed.pop(chosen)

    def _forget_proven(self, now: float) -> None:
        """Forget how long those had to wait that have run since for long enough."""
        for load_id, proof in tuple(self._proofs.items()):
            if load_id in self.shed:
                continue
            if proof.restored_at is None:
                proof.restored_at = now
            elif now - proof.restored_at >= _PROVEN_S:
                del self._proofs[load_id]

    def _arriving(
        self,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        headroom: Headroom,
        now: float,
        voltage_v: float,
    ) -> bool:
        """Whether the one that came back last has not been seen yet, but may be."""
        if (back := self._back) is None:
            return False
        control = next(
            (one for load, one in followers if load.spec.load_id == back.load_id), None
        )
        if control is None or now - back.at > _ARRIVES_WITHIN_S:
            self._back = None
            return False
        shown_a, phases = headroom.shown_a or (), control.phases
        drawn_a = own_w[back.load_id] / voltage_v / len(phases)
        risen = len(shown_a) == len(back.before_a) and all(
            shown_a[p - 1] - back.before_a[p - 1] >= _SEEN_SHARE * back.needed_a
            for p in phases
        )
        if risen and drawn_a >= _SEEN_SHARE * back.needed_a:
            self._back = None
            return False
        return True


def _room_a(
    load_id: str,
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    around: Circumstances,
) -> float:
    """Return the room for a load, with what those below it can be throttled by.

    They would fill any room: that must not keep it from coming back.
    """
    headroom, voltage_v = around.headroom, around.voltage_v
    index = next(
        n for n, (load, _) in enumerate(followers) if load.spec.load_id == load_id
    )
    phases = followers[index][1].phases
    headroom.mean(load_id)
    gives_a: dict[int, float] = {}
    for below, control in followers[index + 1 :]:
        key = below.spec.load_id
        if not below.reading.reachable or control.orders.excess_w(
            own_w[key], around.now
        ):
            continue
        given_w = own_w[key] - control.span_w(voltage_v).least_w
        if given_w > 0 and control.switching.on and headroom.share_limits(key):
            given_a = given_w / voltage_v / len(control.phases)
            for phase in control.phases:
                gives_a[phase] = gives_a.get(phase, 0.0) + given_a
    room_a = headroom.to_rise_a(phases, gives_a)
    return inf if room_a is None else room_a


def _shed_of(saved: Mapping[str, Any]) -> Shed:
    left_s, circuit_id = saved["left_s"], saved.get("circuit_id")
    return Shed(
        limit=LimitKind(saved["limit"]),
        power_w=_sound(saved["power_w"]),
        left_s=None if left_s is None else _sound(left_s),
        circuit_id=None if circuit_id is None else str(circuit_id),
        in_vain=bool(saved["in_vain"]),
        wait_s=_sound(saved["wait_s"]),
    )


def _sound(saved: Any) -> float:
    value = float(saved)
    if not isfinite(value) or value < 0:
        raise ValueError(f"not a number of what was shed: {value}")
    return value
