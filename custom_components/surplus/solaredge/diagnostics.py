"""What a user gives away to whoever looks for a fault, without what is private."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Any, Final

from modbus_connection import ModbusError, ModbusUnit
from modbus_connection.model.sunspec import SunSpecError
from solaredged import SolarEdge

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .link import async_borrow_unit
from .model import Battery, Inverter, Layout, Meter
from .runtime import SolarEdgeConfigEntry

# Shorter ones are found in other texts by chance.
_SHORTEST_SERIAL: Final = 4

type Part = Inverter | Meter | Battery


async def async_diagnostics(
    hass: HomeAssistant, entry: SolarEdgeConfigEntry
) -> dict[str, Any]:
    """Return settings, state, readings, and registers read for the occasion.

    ``registers`` is, by unit id, what ``MockModbusUnit.load_raw`` takes: lists of words by
    the address of their first. Serial numbers are replaced by words of the same length.
    """
    runtime = entry.runtime_data
    layout = runtime.layout
    registers: dict[str, Any] = {}
    failed: dict[str, list[str]] = {}
    for inverter in layout.inverters:
        key = str(inverter.unit_id)
        try:
            async with async_borrow_unit(
                hass, entry.data[CONF_HOST], entry.data[CONF_PORT], inverter.unit_id
            ) as unit:
                words, failed[key] = await _async_registers(unit, inverter, layout)
        except HomeAssistantError as err:
            failed[key] = [str(err)]
        else:
            registers[key] = {"holding": words}
    redactor = Redactor(layout, entry.data[CONF_HOST])
    told: dict[str, Any] = redactor.value(
        {
            "data": dict(entry.data),
            "link": {
                "state": runtime.state,
                "latency_s": runtime.latency_s,
                **asdict(runtime.counters),
            },
            "unsure": sorted(layout.unsure),
            "production_w": runtime.production_w,
            "house_power_w": runtime.house_power_w,
            "inverters": {
                part.key: _told(runtime.inverter(part.key)) for part in layout.inverters
            },
            "strings": {
                part.key: _told(runtime.strings(part.key)) for part in layout.inverters
            },
            "meters": {
                part.key: {
                    "role": runtime.role(part.key),
                    "reading": _told(runtime.meter(part.key)),
                }
                for part in layout.meters
            },
            "batteries": {
                part.key: _told(runtime.battery(part.key)) for part in layout.batteries
            },
            "failed": failed,
        }
    )
    told["registers"] = {
        unit_id: {
            space: {str(address): values for address, values in redactor.words(words)}
            for space, words in spaces.items()
        }
        for unit_id, spaces in registers.items()
    }
    return told


async def _async_registers(
    unit: ModbusUnit, inverter: Inverter, layout: Layout
) -> tuple[dict[int, int], list[str]]:
    """Return the words that can be read behind a unit, and why others cannot."""
    meters = [part for part in layout.meters if part.inverter_key == inverter.key]
    batteries = [part for part in layout.batteries if part.inverter_key == inverter.key]
    device = SolarEdge(
        unit,
        meters=len(meters),
        meter_shift=max((meter.shift for meter in meters), default=0),
        batteries=len(batteries),
        mmppt=inverter.strings > 0,
        grid_status=inverter.extended,
    )
    words: dict[int, int] = {}
    failed: list[str] = []
    for component in device.components:
        try:
            read = await component.async_read_raw(notify=False)
        except (ModbusError, SunSpecError) as err:
            failed.append(f"{type(component).__name__}: {err}")
        else:
            words.update(
                (address, int(word)) for address, word in read["holding"].items()
            )
    return words, failed


def _told(reading: Any) -> dict[str, Any] | None:
    return None if reading is None else asdict(reading)


class Redactor:
    """Replaces serial numbers by words of the same length that tell nothing.

    The address of the inverter goes from texts, too: it stands in what links complain of.
    """

    def __init__(self, layout: Layout, host: str) -> None:
        """Know what is private."""
        self._host = host
        stand_ins: dict[str, str] = {}
        kinds: tuple[tuple[str, tuple[Part, ...]], ...] = (
            ("INVERTER", layout.inverters),
            ("METER", layout.meters),
            ("BATTERY", layout.batteries),
        )
        for kind, parts in kinds:
            for number, part in enumerate(parts, 1):
                serial = part.serial
                if serial and len(serial) >= _SHORTEST_SERIAL:
                    stand_in = f"{kind[: len(serial) - 2]}{number}"
                    stand_ins.setdefault(serial, stand_in.ljust(len(serial), "0"))
        # One may be the beginning of another.
        self._serials = dict(
            sorted(stand_ins.items(), key=lambda pair: len(pair[0]), reverse=True)
        )

    def text(self, text: str) -> str:
        """Return a text without what is private."""
        text = text.replace(self._host, REDACTED)
        for serial, stand_in in self._serials.items():
            text = text.replace(serial, stand_in)
        return text

    def value(self, value: Any) -> Any:
        """Return a structure without what is private, also in its keys."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(key): self.value(row) for key, row in value.items()}
            case list() | tuple():
                return [self.value(row) for row in value]
            case _:
                return value

    def words(self, words: Mapping[int, int]) -> Iterator[tuple[int, list[int]]]:
        """Yield runs of registers by their first address, without serial numbers.

        They stand in fields of their own, and some batteries append them to others.
        """
        numbered = enumerate(sorted(words))
        for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
            addresses = [address for _, address in run]
            raw = b"".join(words[address].to_bytes(2) for address in addresses)
            for serial, stand_in in self._serials.items():
                raw = raw.replace(serial.encode(), stand_in.encode())
            yield (
                addresses[0],
                [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)],
            )
