"""The commissioning checks: the one that is running, and those that wait for their turn."""

from collections.abc import Mapping, Sequence

from .check import Check, CheckEnd, CheckResult
from .limits import Headroom
from .loads.base import Follower
from .model import GridReading, LoadInput, Mode
from .settings import HomeSettings


class Checks:
    """The loads that are to be checked, one at a time, and what they are told meanwhile.

    Two at once would make one step on the meter, and each would find it wrong.
    """

    def __init__(self) -> None:
        """Check nothing."""
        self._running: dict[str, Check] = {}

    @property
    def loads(self) -> frozenset[str]:
        """The loads that are being checked, or wait for it."""
        return frozenset(self._running)

    @property
    def in_turn(self) -> str | None:
        """The load that is told what its check asks; None without a check."""
        return next(iter(self._running), None)

    def start(self, load_id: str, check: Check) -> None:
        """Begin a check of a load with the next cycle, or after those before it."""
        self._running[load_id] = check

    def stop(self, load_id: str) -> None:
        """End a check, if there is one."""
        self._running.pop(load_id, None)

    def value_of(self, load_id: str) -> float | None:
        """Return what the check asks of a load; None for one that is not checked now."""
        if not self._running or load_id != self.in_turn:
            return None
        return self._running[load_id].value

    def keeps_still(self, load: LoadInput, settings: HomeSettings) -> bool:
        """Whether a load waits for another one's check: not when it must stop anyway."""
        return (
            bool(self._running)
            and load.reading.reachable
            and load.reading.wants_power
            and load.mode is not Mode.OFF
            and not settings.sign_reversed
        )

    def abort(self, end: CheckEnd) -> dict[str, CheckResult]:
        """End all checks for an outer cause."""
        ended = {key: check.abort(end) for key, check in self._running.items()}
        self._running.clear()
        return ended

    def step(
        self,
        now: float,
        grid: GridReading,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        *,
        headroom: Headroom,
        voltage_v: float,
        battery_w: float | None = 0.0,
    ) -> dict[str, CheckResult]:
        """Go on by one new grid reading; returns the check that ended with it, if one did.

        ``own_w`` is what each load drew at the instant of the reading, ``battery_w``
        what batteries gave; see ``Check.step``.
        """
        if (load_id := self.in_turn) is None:
            return {}
        check = self._running[load_id]
        by_id = {load.spec.load_id: (load, control) for load, control in followers}
        if load_id not in by_id:
            result: CheckResult | None = check.abort(CheckEnd.NOT_READY)
        else:
            load, control = by_id[load_id]
            if control.refuses:
                result = check.abort(CheckEnd.TAKES_NOTHING)
            else:
                measured_w = load.reading.power_w
                headroom.mean(load_id)
                result = check.step(
                    now,
                    grid,
                    load.reading,
                    own_w[load_id] if measured_w is None else measured_w,
                    wishes=load.wishes,
                    fits=control.fits(
                        check.needs_w / voltage_v / len(control.phases),
                        headroom,
                        now,
                        strict=True,
                    ),
                    battery_w=battery_w,
                )
                result = result and control.judged(result)
        if result is None:
            return {}
        del self._running[load_id]
        return {load_id: result}
