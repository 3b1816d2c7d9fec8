"""Time stamps of standard mode: SAAMMJJhhmmss (Enedis-NOI-CPT_54E v3, §6.2.1.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

# The season letter resolves the repeated hour at the end of summer time.
_WINTER: Final = timezone(timedelta(hours=1))
_SUMMER: Final = timezone(timedelta(hours=2))


@dataclass(frozen=True, kw_only=True, slots=True)
class Horodate:
    """A moment by the meter's clock.

    ``when`` is naive local time where the season does not apply (DPMn, FPMn).
    ``degraded``: the clock lost its time and is not yet synchronised.
    """

    when: datetime
    degraded: bool


def parse_horodate(text: str) -> Horodate | None:
    """Read a time stamp; None when it is not one."""
    try:
        when = datetime.strptime(text[1:], "%y%m%d%H%M%S")  # noqa: DTZ007 - set below
    except ValueError:
        return None
    match text[0]:
        case "H" | "h":
            when = when.replace(tzinfo=_WINTER)
        case "E" | "e":
            when = when.replace(tzinfo=_SUMMER)
        case " ":
            pass
        case _:
            return None
    return Horodate(when=when, degraded=text[0].islower())
