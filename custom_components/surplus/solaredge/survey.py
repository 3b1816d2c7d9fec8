"""A test read of a whole address: the leader, its followers, on a shared link."""

from collections.abc import Iterable
from contextlib import AsyncExitStack

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .address import Address
from .const import DEFAULT_UNIT_ID
from .layout import joined
from .link import async_borrow_unit
from .model import Layout
from .probe import ReadError, Trouble, async_test_read


async def async_survey(
    hass: HomeAssistant, address: Address, known: Iterable[Address]
) -> Layout:
    """Return what is behind an address, the leader's first. Raises ReadError.

    ``known`` is where others in Home Assistant speak Modbus.
    """
    answering = {
        unit_id
        for other in known
        if (other.host, other.port) == (address.host, address.port)
        for unit_id in other.unit_ids
    }
    async with AsyncExitStack() as stack:
        units = {}
        for unit_id in {DEFAULT_UNIT_ID, *address.unit_ids, *answering}:
            try:
                units[unit_id] = await stack.enter_async_context(
                    async_borrow_unit(hass, address.host, address.port, unit_id)
                )
            except HomeAssistantError as err:
                raise ReadError(
                    Trouble.LINK_SETTINGS, address.unit_ids[0], str(err)
                ) from err
        found: list[Layout] = []
        serials: set[str] = set()
        for unit_id in address.unit_ids:
            layout = await async_test_read(
                units.__getitem__, unit_id, others=sorted(answering)
            )
            # A gateway that does not look at the id would have it counted twice.
            if layout.inverters[0].serial in serials:
                raise ReadError(Trouble.SAME_INVERTER, unit_id)
            serials.add(layout.inverters[0].serial)
            answering.add(unit_id)
            found.append(layout)
    return joined(found)
