"""How it stands with the devices, judged by what they told and when."""

from collections.abc import Callable
import logging
from typing import Final

from .model import LinkState

# So long nothing answers before it counts as silence.
_SILENCE_S: Final = 30.0
# The longest night. An inverter that went to sleep is not missed before.
_NIGHT_S: Final = 16 * 3600.0

_LOST: Final = (LinkState.UNREACHABLE, LinkState.OTHER_DEVICE)


def judge(
    now: float,
    *,
    started_at: float,
    told_at: float | None,
    all_sleep: bool,
    stranger: bool,
    sun_is_low: Callable[[], bool],
) -> LinkState:
    """Return how it stands at ``now``.

    ``told_at`` is when the newest reading was told, None before the first.
    ``all_sleep`` is whether every inverter said last that it sleeps, ``stranger``
    whether another one answers in the leader's place. An inverter may drop its
    connection at night; that is no loss.
    """
    if stranger:
        return LinkState.OTHER_DEVICE
    silent_s = now - (started_at if told_at is None else told_at)
    if silent_s > _SILENCE_S:
        said_good_night = all_sleep and silent_s < _NIGHT_S
        if said_good_night or sun_is_low():
            return LinkState.ASLEEP
        return LinkState.UNREACHABLE
    if told_at is None:
        return LinkState.WAITING
    return LinkState.ASLEEP if all_sleep else LinkState.READING


def tell(
    logger: logging.Logger,
    name: str,
    before: LinkState,
    state: LinkState,
    error: str | None,
) -> None:
    """Log a loss by day once, and the return from it once."""
    if state is LinkState.OTHER_DEVICE:
        logger.warning("Another inverter answers in place of %s", name)
    elif state is LinkState.UNREACHABLE:
        logger.warning("%s does not answer: %s", name, error or "nothing arrives")
    elif before in _LOST and state is LinkState.READING:
        logger.info("%s answers again", name)
