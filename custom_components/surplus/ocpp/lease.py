"""What to tell a charger and when: pacing, renewal, retries. Pure, time is an argument.

Only the newest wish is ever sent, one frame at a time. Changes keep a distance, except
a stop. A limit that was accepted is renewed well before its lease ends. What a charger
did not answer may be in force all the same, and is counted at the higher current until
it is known.
"""

from dataclasses import dataclass, replace

from .timing import Timing

_NEVER = float("-inf")


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A limit the charger has; its lease began at ``sent_at``, told us at ``known_at``.

    ``known_at`` is None for one of an earlier run: what was written down last may not be
    what was sent last. ``phases`` is on how many phases it may charge, None where that
    was not said.
    """

    amps: float
    sent_at: float
    known_at: float | None
    phases: int | None = None


class Lease:
    """The wish for one connector, and what the charger has of it."""

    def __init__(self, timing: Timing) -> None:
        """Start with nothing wished and nothing held."""
        self._timing = timing
        self._wanted: float | None = None
        self._wanted_phases: int | None = None
        self._wanted_at = _NEVER
        self._held: Held | None = None
        # What may be in force instead of what is held: sent, and never answered.
        self._doubt: Held | None = None
        # When what is held was said again without an answer: it may bind that much longer.
        self._renewed_at = _NEVER
        self._sending: Held | None = None
        self._left_safe = False
        self._changed_at = _NEVER
        self._say_again = False
        self._saying_again = False
        self._failures = 0
        self._failed_a = 0.0
        self._retry_at = _NEVER
        self._retry_stop_at = _NEVER

    @property
    def wanted_a(self) -> float | None:
        """The newest wish (A); None when nobody commands."""
        return self._wanted

    @property
    def wanted_phases(self) -> int | None:
        """On how many phases the newest wish is to be drawn; None does not say."""
        return self._wanted_phases

    @property
    def failures(self) -> int:
        """Frames refused or unanswered since the last accepted one."""
        return self._failures

    @property
    def offered(self) -> Held | None:
        """The highest limit the charger may be offering; None before the first."""
        if self._doubt is not None or self._held is None:
            return self._doubt
        return replace(self._held, sent_at=max(self._held.sent_at, self._renewed_at))

    @property
    def at_rest(self) -> bool:
        """Whether the charger was left on its safe current, and told nothing since."""
        return self._left_safe

    def running(self, now: float) -> bool:
        """Tell whether a limit of ours binds the charger now."""
        return (
            self._wanted is not None
            and self._held is not None
            and now < self._held.sent_at + self._timing.lease_s
        )

    def satisfied(self, now: float) -> bool:
        """Tell whether the charger holds the newest wish."""
        return self.running(now) and not self._is_change()

    def _is_change(self) -> bool:
        return (
            self._held is None
            or self._held.amps != self._wanted
            or self._held.phases != self._wanted_phases
            or self._doubt is not None
        )

    @property
    def _is_stop(self) -> bool:
        """Whether the wish ends what the charger may be offering."""
        offered = self.offered
        return self._wanted == 0 and (offered is None or offered.amps > 0)

    def want(self, amps: float, now: float, phases: int | None = None) -> None:
        """Wish for a current, on so many phases; 0 stops.

        A wish must be repeated to stay one.
        """
        if amps < self._failed_a:
            # Whatever kept the higher one from being taken must not keep this back.
            self._retry_at = _NEVER
            self._failed_a = 0.0
        self._wanted = amps
        self._wanted_phases = phases
        self._wanted_at = now

    def release(self) -> None:
        """Wish for nothing any more."""
        self._wanted = None

    def due_at(self, now: float) -> float | None:
        """Return when the next frame is to be sent; None while there is none."""
        if (
            self._wanted is None
            or self._sending is not None
            or now > self._wanted_at + self._timing.wish_s
        ):
            return None
        if self._held is None or self._is_change():
            if self._is_stop:
                return self._retry_stop_at
            retry_at = self._retry_at
            if self._wanted == 0:
                # Only its number of phases is another one: that may wait.
                retry_at = max(retry_at, self._retry_stop_at)
            return max(self._changed_at + self._timing.spacing_s, retry_at)
        if self._say_again:
            return self._retry_at
        return max(self._held.sent_at + self._timing.renew_s, self._retry_at)

    def send(self, now: float) -> float:
        """Begin to send the wish, and return it (A)."""
        assert self._wanted is not None
        if self._held is None or (self._held.amps, self._held.phases) != (
            self._wanted,
            self._wanted_phases,
        ):
            self._changed_at = now
        self._sending = Held(
            amps=self._wanted, sent_at=now, known_at=now, phases=self._wanted_phases
        )
        self._left_safe = False
        # What changes while this one is under way is not in it.
        self._saying_again, self._say_again = self._say_again, False
        return self._wanted

    def accepted(self, now: float, *, without_phases: bool = False) -> None:
        """Take the charger's yes, perhaps to the current only."""
        if self._sending is None:
            return
        self._held = replace(self._sending, known_at=now)
        if without_phases:
            self._held = replace(self._held, phases=None)
            self._wanted_phases = None
        self._sending = None
        self._doubt = None
        self._renewed_at = _NEVER
        self._succeeded()

    def _succeeded(self) -> None:
        self._failures = 0
        self._failed_a = 0.0
        self._retry_at = _NEVER
        self._retry_stop_at = _NEVER

    def refused(self, now: float) -> None:
        """Take the charger's no: it has what it had."""
        self._failed(now)

    def unanswered(self, now: float) -> None:
        """Take silence: the charger may have what was sent, or what it had."""
        before = self.offered
        if self._sending is not None:
            if before is None or self._sending.amps > before.amps:
                self._doubt = self._sending
            elif self._sending.amps < before.amps:
                self._doubt = before
            elif self._sending.phases != before.phases:
                self._doubt = self._sending
            elif self._doubt is not None:
                self._doubt = replace(self._doubt, sent_at=self._sending.sent_at)
            else:
                self._renewed_at = self._sending.sent_at
            if self._doubt is not None and before is not None:
                self._doubt = replace(
                    self._doubt, phases=_most(before.phases, self._sending.phases)
                )
        self._failed(now)

    def _failed(self, now: float) -> None:
        if self._sending is None:
            return
        amps = self._sending.amps
        self._sending = None
        self._say_again |= self._saying_again
        self._failures += 1
        doublings = min(self._failures - 1, 8)
        if amps == 0:
            wait = self._timing.stop_retry_s * 2**doublings
            self._retry_stop_at = now + min(wait, self._timing.retry_max_s)
        else:
            self._failed_a = amps
            wait = self._timing.retry_s * 2**doublings
            self._retry_at = now + min(wait, self._timing.retry_max_s)

    def say_again(self) -> None:
        """Send what is held once more: it, or what lies under it, has changed."""
        self._say_again = True

    def retry_now(self) -> None:
        """Send again at once, in another form."""
        self._changed_at = _NEVER
        self._retry_at = _NEVER
        self._retry_stop_at = _NEVER

    def relinked(
        self, now: float, safe_a: float | None, safe_phases: int | None = None
    ) -> None:
        """Go on after the link was gone, or the charger rebooted.

        Within the lease the wish is said again at once. After it an old wish is
        nobody's: the next decision begins. The charger is on its safe current ``safe_a``
        by itself then; with None it is not known to have one, nor anything else.
        """
        self._sending = None
        self._succeeded()
        sent = [limit.sent_at for limit in (self._held, self._doubt) if limit]
        if not sent or now < max(*sent, self._renewed_at) + self._timing.lease_s:
            self.say_again()
            return
        self._wanted = None
        if safe_a is not None:
            self.left_safe(now, safe_a, safe_phases)
        else:
            self._held = self._doubt = None
            self._left_safe = False

    def restore(
        self,
        amps: float,
        sent_at: float,
        *,
        at_rest: bool,
        phases: int | None = None,
    ) -> None:
        """Take what an earlier run of the central system left on the charger."""
        self._held = Held(amps=amps, sent_at=sent_at, known_at=None, phases=phases)
        self._left_safe = at_rest

    def left_safe(self, now: float, safe_a: float, phases: int | None = None) -> None:
        """Take note that the charger is on its safe current, on so many phases.

        A wish that came meanwhile stays one.
        """
        self._doubt = None
        self._sending = None
        self._renewed_at = _NEVER
        self._held = Held(amps=safe_a, sent_at=now, known_at=now, phases=phases)
        self._left_safe = True


def _most(one: int | None, other: int | None) -> int | None:
    """Return the greater number of phases; not said means all."""
    return None if one is None or other is None else max(one, other)
