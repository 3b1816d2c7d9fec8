"""Finding out what is behind a unit: the inverter, its meters and its batteries."""

from modbus_connection import ModbusUnit

from .model import Layout


class ProbeError(Exception):
    """A unit is nothing that can be read; ``reason`` has a text in translations."""

    reason = "cannot_connect"


class CannotConnectError(ProbeError):
    """Nobody takes the connection: wrong address, Modbus off, or it is in use."""


class NoAnswerError(ProbeError):
    """The connection stands, the unit stays silent: wrong unit id, or night."""

    reason = "no_answer"


class NotSolarEdgeError(ProbeError):
    """Something answers that is not a SolarEdge inverter."""

    reason = "not_solaredge"


class EvChargerError(ProbeError):
    """A SolarEdge charger: it poses as an inverter and measures nothing."""

    reason = "ev_charger"


class NoSerialError(ProbeError):
    """An inverter without a serial number cannot be told from another."""

    reason = "no_serial"


async def async_probe_unit(unit: ModbusUnit, unit_id: int) -> Layout:
    """Return what is behind one unit.

    Asks one thing after the other, some 10 to 25 requests. What does not answer at all
    is named in ``Layout.unsure``. Raises ProbeError.
    """
    raise NotImplementedError
