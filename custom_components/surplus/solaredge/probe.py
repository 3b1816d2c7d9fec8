"""A test read: which inverters answer on a link, and what hangs on them."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
import errno
import socket
from typing import Final

from modbus_connection import (
    AcknowledgeError,
    GatewayPathUnavailableError,
    GatewayTargetError,
    ModbusConnectionError,
    ModbusError,
    ModbusProtocolError,
    ModbusTimeoutError,
    ModbusUnit,
    ServerDeviceBusyError,
    ServerDeviceFailureError,
)
from modbus_connection.decode import combine_words
from solaredged.components import Common
from solaredged.const import EV_CHARGER_MODEL_PREFIX, INVERTER_COMMON_BASE, SUNSPEC_ID

from .const import DEFAULT_UNIT_ID
from .layout import (
    EvChargerError,
    NoSerialError,
    NotSolarEdgeError,
    ProbeError,
    async_probe_unit,
)
from .model import Layout
from .readings import text

_MAKE: Final = "solaredge"


class Trouble(StrEnum):
    """Why no inverter could be read; also the keys of the translated texts."""

    UNKNOWN_HOST = "solaredge_unknown_host"
    UNREACHABLE = "solaredge_unreachable"
    REFUSED = "solaredge_refused"
    BUSY = "solaredge_busy"
    LINK_SETTINGS = "solaredge_link_settings"
    SILENT = "solaredge_silent"
    WRONG_UNIT = "solaredge_wrong_unit"
    NOT_SOLAREDGE = "solaredge_not_one"
    SAME_INVERTER = "solaredge_same_inverter"
    READ_ALREADY = "solaredge_read_already"
    OTHER_MAKE = "solaredge_other_make"
    EV_CHARGER = "solaredge_ev_charger"
    NO_SERIAL = "solaredge_no_serial"
    NO_MODBUS = "solaredge_no_modbus"


_TROUBLES: Final = {
    NotSolarEdgeError: Trouble.NOT_SOLAREDGE,
    EvChargerError: Trouble.EV_CHARGER,
    NoSerialError: Trouble.NO_SERIAL,
}


class ReadError(Exception):
    """No inverter could be read on ``unit_id``; ``trouble`` says why.

    ``detail`` is what the other side called itself, where it did, or who reads it.
    """

    def __init__(self, trouble: Trouble, unit_id: int, detail: str = "") -> None:
        """Carry the reason."""
        super().__init__(f"{trouble} on unit {unit_id} {detail}".rstrip())
        self.trouble = trouble
        self.unit_id = unit_id
        self.detail = detail


async def async_test_read(
    unit_of: Callable[[int], ModbusUnit],
    unit_id: int,
    *,
    others: Iterable[int] = (),
) -> Layout:
    """Return what is behind one unit id of a link. Raises ReadError.

    ``others`` are unit ids that are known to answer on this link: if one does while
    ``unit_id`` keeps silent, it is the id that is wrong.
    """
    unit = unit_of(unit_id)
    try:
        await _async_check_identity(unit, unit_id)
        return await async_probe_unit(unit, unit_id)
    except ProbeError as err:
        said = [cause for cause in _causes(err) if isinstance(cause, ModbusError)]
        if said:
            trouble = _trouble_of(said[0], unit)
        else:
            # One that tells nothing is going to sleep, or waking.
            trouble = _TROUBLES.get(type(err), Trouble.SILENT)
    except ModbusError as err:
        trouble = _trouble_of(err, unit)
    if trouble is Trouble.SILENT:
        for other in dict.fromkeys((*others, DEFAULT_UNIT_ID)):
            if other != unit_id and await _async_answers(unit_of(other)):
                trouble = Trouble.WRONG_UNIT
                break
    raise ReadError(trouble, unit_id)


async def _async_check_identity(unit: ModbusUnit, unit_id: int) -> None:
    """Refuse what is no SolarEdge inverter, by name where it has one."""
    header = await unit.read_holding_registers(INVERTER_COMMON_BASE, 2)
    if combine_words(header) != SUNSPEC_ID:
        raise ReadError(Trouble.NOT_SOLAREDGE, unit_id)
    common = Common(unit)
    await common.async_update()
    # Another make would be read as if its blocks were where SolarEdge has them.
    make, model = text(common.manufacturer) or "", text(common.model) or ""
    if not make.casefold().startswith(_MAKE):
        raise ReadError(
            Trouble.OTHER_MAKE if make else Trouble.NOT_SOLAREDGE,
            unit_id,
            f"{make} {model}".strip(),
        )
    if model.startswith(EV_CHARGER_MODEL_PREFIX):
        raise ReadError(Trouble.EV_CHARGER, unit_id, model)
    if text(common.serial_number) is None:
        raise ReadError(Trouble.NO_SERIAL, unit_id, model)


async def _async_answers(unit: ModbusUnit) -> bool:
    try:
        header = await unit.read_holding_registers(INVERTER_COMMON_BASE, 2)
    except ModbusError:
        return False
    return combine_words(header) == SUNSPEC_ID


def _trouble_of(err: ModbusError, unit: ModbusUnit) -> Trouble:
    match err:
        case GatewayPathUnavailableError() | GatewayTargetError():
            return Trouble.WRONG_UNIT
        case ServerDeviceBusyError() | AcknowledgeError() | ModbusProtocolError():
            # Answers to somebody else's questions are mixed into ours.
            return Trouble.BUSY
        case ServerDeviceFailureError():
            # What a proxy says for a device that does not answer it.
            return Trouble.SILENT
        case ModbusTimeoutError():
            return Trouble.SILENT if unit.connected else Trouble.UNREACHABLE
        case ModbusConnectionError():
            return _link_trouble(err)
        case _:
            # An exception answer to the first thing that every inverter has.
            return Trouble.NOT_SOLAREDGE


def _link_trouble(err: ModbusConnectionError) -> Trouble:
    for cause in _causes(err):
        if isinstance(cause, socket.gaierror):
            return Trouble.UNKNOWN_HOST
        if isinstance(cause, ConnectionRefusedError):
            return Trouble.REFUSED
        if isinstance(cause, ConnectionError):
            return Trouble.BUSY
        if isinstance(cause, OSError):
            # A name with several addresses fails with all their errors in one text.
            refused = f"[Errno {errno.ECONNREFUSED}]" in str(cause)
            return Trouble.REFUSED if refused else Trouble.UNREACHABLE
    # The link was there, and the other side gave it up.
    return Trouble.BUSY


def _causes(err: BaseException) -> Iterator[BaseException]:
    cause = err.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__
