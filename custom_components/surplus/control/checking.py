"""The commissioning checks that are running, each load's beside the others."""

from collections.abc import Mapping, Sequence

from .check import Check, CheckEnd, CheckResult
from .limits import Headroom
from .loads.base import Follower
from .model import GridReading, LoadInput, Mode
from .settings import HomeSettings


class Checks:
    """The loads that are being checked, and what they are told meanwhile."""

    def __init__(self) -> None:
        """Check nothing."""
        self._running: dict[str, Check] = {}

    @property
    def loads(self) -> frozenset[str]:
        """The loads that are being checked."""
        return frozenset(self._running)

    def start(self, load_id: str, check: Check) -> None:
        """Begin a check of a load with the next cycle."""
        self._running[load_id] = check

    def stop(self, load_id: str) -> bool:
        """End a check; returns whether there was one."""
        return self._running.pop(load_id, None) is not None

    def value_of(self, load_id: str) -> float | None:
        """Return what the check asks of a load; None for one that is not checked."""
        check = self._running.get(load_id)
        return check.value if check is not None else None

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
    ) -> dict[str, CheckResult]:
        """Go on by one new grid reading; returns the checks that ended with it.

        ``own_w`` is what each load drew at the instant of the reading.
        """
        ended = {}
        by_id = {load.spec.load_id: (load, control) for load, control in followers}
        for load_id, check in tuple(self._running.items()):
            if load_id not in by_id:
                ended[load_id] = check.abort(CheckEnd.NOT_READY)
                continue
            load, control = by_id[load_id]
            if control.refuses:
                ended[load_id] = check.abort(CheckEnd.TAKES_NOTHING)
                continue
            measured_w = load.reading.power_w
            result = check.step(
                now,
                grid,
                load.reading,
                own_w[load_id] if measured_w is None else measured_w,
                wishes=load.wishes,
                fits=control.fits(
                    check.needs_w / voltage_v / len(control.phases), headroom, now
                ),
            )
            if result is not None:
                ended[load_id] = control.judged(result)
        for load_id in ended:
            del self._running[load_id]
        return ended
