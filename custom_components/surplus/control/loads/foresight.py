"""What will happen to a load next, where its reason and its minimum times tell."""

from collections.abc import Mapping

from ..model import NextEvent, NextEventKind, Reason

# A reason that counts down to something, with the number ``seconds``.
_COUNTED = {
    Reason.RESTING: NextEventKind.END_OF_REST,
    Reason.ABOUT_TO_START: NextEventKind.START,
    Reason.OTHER_TRIAL: NextEventKind.START,
    Reason.SHED: NextEventKind.START,
    Reason.HOLDING_MINIMUM: NextEventKind.STOP,
    Reason.TEMPERATURE_UNKNOWN: NextEventKind.STOP,
    Reason.DONE_FOR_TODAY: NextEventKind.NEW_DAY,
    Reason.THERMOSTAT_OPEN: NextEventKind.NEXT_TRY,
}
# Nobody can tell when the water will be warm, or cold again.
_OPEN = {
    Reason.HEATING_FORCED: NextEventKind.END_OF_FORCED_HEATING,
    Reason.DISINFECTING: NextEventKind.END_OF_FORCED_HEATING,
    Reason.WARM_ENOUGH: NextEventKind.START,
}
# What these wait for comes when it comes.
_WAITING = frozenset({Reason.WAITING_FOR_SURPLUS, Reason.NO_ROOM, Reason.SHED})
# Only these would stop a load that has run for its minimum time.
_MAY_STOP = frozenset(
    {
        Reason.FOLLOWING_SURPLUS,
        Reason.AT_MAXIMUM,
        Reason.HOLDING_MINIMUM,
        Reason.LIMITED,
        Reason.METER_STALE,
    }
)


def foreseen(
    reason: Reason, numbers: Mapping[str, float | str], *, on: bool, held_s: float
) -> NextEvent | None:
    """Return what comes next for a load, None when nothing can be foreseen.

    ``held_s`` is how long its present state must still last.
    """
    if (counted := _COUNTED.get(reason)) is not None:
        seconds = numbers.get("seconds")
        if isinstance(seconds, int | float):
            return NextEvent(kind=counted, in_s=float(seconds))
    if reason is Reason.CATCHING_UP:
        run_s, least_s = numbers.get("run_s"), numbers.get("least_s")
        if isinstance(run_s, int | float) and isinstance(least_s, int | float):
            left_s = max(0.0, float(least_s - run_s))
            return NextEvent(kind=NextEventKind.END_OF_CATCHING_UP, in_s=left_s)
    if reason in _OPEN:
        return NextEvent(kind=_OPEN[reason])
    if on:
        if reason in _MAY_STOP and held_s > 0:
            return NextEvent(kind=NextEventKind.END_OF_MINIMUM_RUN, in_s=held_s)
        return None
    if reason not in _WAITING:
        return None
    if held_s > 0:
        return NextEvent(kind=NextEventKind.END_OF_REST, in_s=held_s)
    return NextEvent(kind=NextEventKind.START)
