"""Names used by more than one room."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

DOMAIN: Final = "surplus"

CONF_KIND: Final = "kind"

# Entity states that change all the time are written at most this often.
LIVE_WRITE_INTERVAL: Final = timedelta(seconds=10)

# A parked connection waits this long for its entry to be set up again.
PARK_TIME: Final = timedelta(seconds=30)


class Kind(StrEnum):
    """What a config entry is: entry data holds it, ids start with it."""

    HOME = "home"
    LINKY = "linky"
    SOLAREDGE = "solaredge"
    OCPP = "ocpp"
