"""One after the other, when off-peak hours begin.

All that waits for cheap hours would begin in the same second, together with what the
house itself starts then. So for some minutes one load begins at a time, each is seen on
the meter before the next, and a car's current rises slowly. What a person asks for does
not wait, nor does a battery: it moves all the time, and gives way in a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .loads.base import Follower
from .loads.circumstances import Circumstances
from .model import ChargerSpec, Decision, Mode, Reason, StorageSpec

# Within what time after off-peak began loads begin one after the other.
_WINDOW_S = 600.0
# A load that is not seen by then draws nothing, or less than is worth waiting for.
_SEEN_WITHIN_S = 30.0
_SEEN_SHARE = 0.5
# How fast a car's current rises, per phase, and with how much above its least it begins.
_RAMP_A_PER_S = 0.5
_FIRST_A = 2.0

_ASKED = frozenset({Mode.BOOST, Mode.MANUAL})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Start:
    """A load that was told to begin, and is not seen yet."""

    load_id: str
    at: float


class Stagger:
    """Holds loads back, while others begin."""

    def __init__(self) -> None:
        """Hold nothing back."""
        self._cheap: bool | None = None
        self._until = float("-inf")
        self._start: _Start | None = None
        # From when on the current of a car rises, and from which power.
        self._ramps: dict[str, tuple[float, float]] = {}

    def see(
        self,
        followers: Sequence[Follower],
        *,
        cheap: bool | None,
        now: float,
    ) -> bool:
        """Take in how things stand; return whether anything is held back now."""
        if cheap and self._cheap is False:
            self._until = now + _WINDOW_S
            self._start = None
            self._ramps = {
                load.spec.load_id: (now, max(0.0, control.orders.in_force_w))
                for load, control in followers
                if isinstance(load.spec, ChargerSpec) and control.switching.on
            }
        if cheap is not None:
            self._cheap = cheap
        if not cheap or now >= self._until:
            return False
        if self._start is not None and self._is_over(self._start, followers, now):
            self._start = None
        return True

    def cap_w(self, follower: Follower, around: Circumstances) -> float | None:
        """Return up to what a load may be told; None where it is not held back."""
        load, control = follower
        if load.mode in _ASKED or isinstance(load.spec, StorageSpec):
            return None
        load_id, now = load.spec.load_id, around.now
        if not control.switching.on and self._start is not None:
            return 0.0
        if not isinstance(load.spec, ChargerSpec):
            return None
        per_a = around.voltage_v * len(control.phases)
        least_w = control.span_w(around.voltage_v).least_w + _FIRST_A * per_a
        if not control.switching.on:
            self._ramps.pop(load_id, None)
            return least_w
        since, from_w = self._ramps.setdefault(load_id, (now, least_w))
        risen_w = (now - since) * _RAMP_A_PER_S * per_a
        return max(control.orders.in_force_w, from_w + risen_w, least_w)

    def note(
        self,
        follower: Follower,
        decision: Decision,
        cap_w: float | None,
        around: Circumstances,
        *,
        ran: bool,
    ) -> Decision:
        """Note what a load was told, that ``ran`` before; return it with its reason."""
        load, control = follower
        if decision.runs and not ran and not isinstance(load.spec, StorageSpec):
            self._start = _Start(load_id=load.spec.load_id, at=around.now)
        if cap_w is None or decision.reason not in (Reason.LIMITED, Reason.NO_ROOM):
            return decision
        told_w = decision.setpoint.power_w if decision.setpoint is not None else 0.0
        # A limit may leave less: then that is the reason.
        step_w = around.voltage_v * len(control.phases)
        if told_w + step_w < cap_w:
            return decision
        return replace(decision, reason=Reason.ONE_BY_ONE, numbers={})

    def _is_over(
        self, start: _Start, followers: Sequence[Follower], now: float
    ) -> bool:
        """Whether a load that began is seen, or is not to be waited for any more."""
        if now - start.at >= _SEEN_WITHIN_S:
            return True
        for load, control in followers:
            if load.spec.load_id != start.load_id:
                continue
            told_w = control.orders.in_force_w
            if told_w <= 0:
                return True
            reading = load.reading
            if reading.power_at is None or reading.power_w is None:
                # Nobody measures it: what the meter showed of it is all there is.
                return now - start.at >= control.settles_s
            return (
                reading.power_at > start.at and reading.power_w >= _SEEN_SHARE * told_w
            )
        return True
