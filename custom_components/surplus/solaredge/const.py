"""What a SolarEdge entry holds, and how it is polled.

Entry data: ``host`` and ``port`` as core's SolarEdge entry spells them, for a link is
shared only where both are the same; ``unit_ids`` of the leader and its followers, the
leader first; ``meters``, by key, what a person has settled about a meter (``role`` and
``reversed``, both optional); ``layout``, what was found behind each unit the last time
all of it answered.
"""

from typing import Final

CONF_UNIT_IDS: Final = "unit_ids"
CONF_METERS: Final = "meters"
CONF_ROLE: Final = "role"
CONF_REVERSED: Final = "reversed"
CONF_LAYOUT: Final = "layout"

# SetApp inverters listen here; those with a display listened on 502.
DEFAULT_PORT: Final = 1502
DEFAULT_UNIT_ID: Final = 1
