"""The one table of entry kinds."""

from homeassistant.config_entries import ConfigEntry

from .const import CONF_KIND, Kind
from .home.integration import ROOM as HOME_ROOM
from .linky.integration import ROOM as LINKY_ROOM
from .ocpp.integration import ROOM as OCPP_ROOM
from .room import Room
from .solaredge.integration import ROOM as SOLAREDGE_ROOM

ROOMS: dict[Kind, Room] = {
    Kind.HOME: HOME_ROOM,
    Kind.LINKY: LINKY_ROOM,
    Kind.SOLAREDGE: SOLAREDGE_ROOM,
    Kind.OCPP: OCPP_ROOM,
}


def room_of(entry: ConfigEntry) -> Room:
    """Return the room an entry belongs to."""
    return ROOMS[Kind(entry.data[CONF_KIND])]
