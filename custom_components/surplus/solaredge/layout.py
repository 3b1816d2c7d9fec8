"""Finding out what is behind a unit: the inverter, its meters and its batteries."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, cast

from modbus_connection import (
    GatewayPathUnavailableError,
    GatewayTargetError,
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusTimeoutError,
    ModbusUnit,
    ServerDeviceBusyError,
)
from modbus_connection.model.sunspec import SunSpecError
from solaredged import (
    Battery as BatteryBlock,
    Common,
    Inverter as InverterBlock,
    InverterExtended,
    Meter as MeterBlock,
    SolarEdge,
    SolarEdgeConnectionError,
    SolarEdgeError,
    SunSpecDID,
)
from solaredged.const import EV_CHARGER_MODEL_PREFIX

from . import sound
from .model import Battery, Inverter, Layout, Meter, MeterRole
from .readings import role_of, text

_MAKER: Final = "solaredge"

# Blocks that are written, not read, and the chain of models: nothing here needs them, and
# on some firmware each costs a full time-out.
_NOT_ASKED: Final = frozenset(
    {
        "sunspec_models",
        "storage_control",
        "export_control",
        "power_control",
        "advanced_power_control",
    }
)

_INVERTER_PHASES: Final = {
    SunSpecDID.SINGLE_PHASE_INVERTER: 1,
    SunSpecDID.SPLIT_PHASE_INVERTER: 2,
    SunSpecDID.THREE_PHASE_INVERTER: 3,
}
# Each string model moves the meters up by its header and so much for each DC input.
_STRINGS_HEADER: Final = 10
_STRINGS_STRIDE: Final = 20

# On a link that is shared and slow a turn comes within this time.
_SILENT_S: Final = 8.0

# Less is what a phase that is not connected picks up.
_LIVE_V: Final = 50.0


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
    try:
        return await _async_probe(unit, unit_id)
    except SolarEdgeConnectionError as err:
        # The library wraps what the link said.
        raise _probe_error(err.__cause__ or err) from err
    except (ModbusError, SolarEdgeError, SunSpecError) as err:
        raise _probe_error(err) from err


def _probe_error(err: BaseException) -> ProbeError:
    if isinstance(err, ModbusConnectionError):
        return CannotConnectError(str(err))
    refused = isinstance(err, ModbusExceptionError) and not isinstance(
        err, (GatewayPathUnavailableError, GatewayTargetError, ServerDeviceBusyError)
    )
    if refused or isinstance(err, (SolarEdgeError, SunSpecError)):
        return NotSolarEdgeError(str(err))
    return NoAnswerError(str(err))


async def _async_probe(unit: ModbusUnit, unit_id: int) -> Layout:
    hasty = cast(ModbusUnit, _HastyUnit(unit))
    device = await SolarEdge.async_probe(hasty, assume_absent=_NOT_ASKED)
    for block in (device.common, device.inverter, *device.meters, *device.batteries):
        await block.async_update()
    strings = 0
    if device.mmppt is not None:
        await device.mmppt.async_update()
        strings = len(device.mmppt.modules)
    inverter = _inverter(device.common, device.inverter, unit_id, strings)
    return Layout(
        inverters=(inverter,),
        meters=tuple(
            _meter(block, index, inverter)
            for index, block in enumerate(device.meters, 1)
        ),
        batteries=tuple(
            _battery(block, index, inverter)
            for index, block in enumerate(device.batteries, 1)
        ),
        unsure=device.unresponsive_blocks - _NOT_ASKED,
    )


class _HastyUnit:
    """A unit that waits less than its link, which core asks to wait for 30 s.

    Some firmware never answers for what it does not have, and meanwhile nobody else is
    served. Probing only reads.
    """

    def __init__(self, unit: ModbusUnit) -> None:
        self._unit = unit

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read registers. Raises ModbusTimeoutError after its own time."""
        try:
            async with asyncio.timeout(_SILENT_S):
                return await self._unit.read_holding_registers(address, count)
        except ModbusError:
            raise
        except TimeoutError as err:
            raise ModbusTimeoutError(f"no answer for {address}") from err


def _inverter(
    common: Common, block: InverterBlock, unit_id: int, strings: int
) -> Inverter:
    model = text(common.model)
    manufacturer = text(common.manufacturer)
    if not (manufacturer or "").lower().startswith(_MAKER):
        raise NotSolarEdgeError(f"it is made by {manufacturer}")
    if (model or "").startswith(EV_CHARGER_MODEL_PREFIX):
        raise EvChargerError(f"it is a charger, {model}")
    serial = text(common.serial_number)
    if serial is None:
        raise NoSerialError("it has no serial number")
    phases = _INVERTER_PHASES.get(block.did) if block.did is not None else None
    if phases is None or block.ac_power is None:
        # So does an inverter at dawn, for seconds, and a charger for ever.
        raise NoAnswerError("it tells no values")
    return Inverter(
        key=serial,
        serial=serial,
        model=model,
        manufacturer=manufacturer,
        version=text(common.version),
        unit_id=unit_id,
        phases=phases,
        strings=strings,
        extended=isinstance(block, InverterExtended),
    )


def _meter(block: MeterBlock, index: int, inverter: Inverter) -> Meter:
    serial = text(block.serial_number)
    option = text(block.option)
    voltages = (block.ac_voltage_an, block.ac_voltage_bn, block.ac_voltage_cn)
    alive = sum((sound.voltage(value) or 0.0) > _LIVE_V for value in voltages)
    return Meter(
        key=meter_key(inverter.key, serial, option, index),
        serial=serial,
        model=text(block.model),
        manufacturer=text(block.manufacturer),
        version=text(block.version),
        unit_id=inverter.unit_id,
        inverter_key=inverter.key,
        index=index,
        shift=_STRINGS_HEADER + _STRINGS_STRIDE * inverter.strings
        if inverter.strings
        else 0,
        phases=max(alive, inverter.phases),
        option=option,
        role=role_of(option),
    )


def _battery(block: BatteryBlock, index: int, inverter: Inverter) -> Battery:
    serial = text(block.serial_number)
    model = text(block.model)
    if model is not None and serial is not None:
        # Some append one to the other.
        model = model.removesuffix(serial).strip() or None
    return Battery(
        key=f"{inverter.key}_battery_{serial or index}",
        serial=serial,
        model=model,
        manufacturer=text(block.manufacturer),
        version=text(block.version),
        unit_id=inverter.unit_id,
        inverter_key=inverter.key,
        index=index,
        rated_wh=sound.battery_energy(block.rated_energy),
        max_charge_w=sound.battery_power(block.max_charge_power),
        max_discharge_w=sound.battery_power(block.max_discharge_power),
    )


def meter_key(
    inverter_key: str, serial: str | None, option: str | None, index: int
) -> str:
    """Return a meter's stable key.

    One physical meter can answer twice, once for each thing it is set to measure, with
    one serial number: the option is part of what it is.
    """
    if serial is None:
        return f"{inverter_key}_meter_{index}"
    role = role_of(option)
    suffix = "" if role is MeterRole.UNKNOWN else f"_{role}"
    return f"{inverter_key}_meter_{serial}{suffix}"


def joined(layouts: Iterable[Layout]) -> Layout:
    """Return what is behind several units as one, in their order."""
    layouts = tuple(layouts)
    return Layout(
        inverters=tuple(found for layout in layouts for found in layout.inverters),
        meters=tuple(found for layout in layouts for found in layout.meters),
        batteries=tuple(found for layout in layouts for found in layout.batteries),
        unsure=frozenset().union(*(layout.unsure for layout in layouts)),
    )


def updated(known: Layout, seen: Layout) -> Layout:
    """Return what is there, of what was known and what was seen of the same unit.

    What stayed silent was not seen to be gone, nor was a phase without voltage.
    """
    if "mmppt" in seen.unsure:
        # Without it the meters were looked for in the wrong place.
        inverters, meters = known.inverters, known.meters
    else:
        inverters = seen.inverters
        meters = known.meters if "meters" in seen.unsure else seen.meters
    phases = {meter.key: meter.phases for meter in known.meters}
    return Layout(
        inverters=inverters,
        meters=tuple(
            replace(meter, phases=max(meter.phases, phases.get(meter.key, 0)))
            for meter in meters
        ),
        batteries=known.batteries if "batteries" in seen.unsure else seen.batteries,
        unsure=seen.unsure,
    )


def same_devices(known: Layout, seen: Layout) -> bool:
    """Return whether the same devices are in the same places, whatever they measure.

    Ratings move with temperature.
    """
    return _places(known) == _places(seen)


def _places(layout: Layout) -> list[tuple[object, ...]]:
    return [
        *(
            (one.key, one.unit_id, one.version, one.strings, one.extended)
            for one in layout.inverters
        ),
        *(
            (one.key, one.index, one.shift, one.version, one.phases)
            for one in layout.meters
        ),
        *((one.key, one.index, one.version) for one in layout.batteries),
    ]
