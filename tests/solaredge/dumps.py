"""Register dumps of real inverters, and a unit that answers from one."""

from collections.abc import Callable, Iterable
import json
from pathlib import Path
import struct
from typing import Any, override

from modbus_connection import IllegalDataAddressError
from modbus_connection.mock import MockModbusConnection, MockModbusUnit

FOLDER = Path(__file__).parents[1] / "fixtures" / "solaredge"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))

LEADER = "se5000h_single_phase_leader_export"
FOLLOWER = "se5000h_single_phase_follower"
THREE_METERS = "se10k_three_phase_leader_3_meters_battery"
TWO_BATTERIES = "se8000h_single_phase_meter_2_batteries"
FULL = "se10000h_single_phase_meter_2_batteries_full"
SLEEPING = "se15k_three_phase_sleeping_unit125"
EV_CHARGER = "ev_charger_answers_as_inverter"
NO_METER = "se17k_three_phase_no_meter"

METER = 40188
STRIDE = 174
BATTERIES = (57600, 57856, 58368)

INT16_NONE = 0x8000
UINT16_NONE = 0xFFFF
FLOAT_NONE = [0x0000, 0x7FC0]

type Words = dict[int, int]


def dump(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return content


def words_of(text: str, count: int) -> list[int]:
    data = text.encode().ljust(2 * count, b"\0")
    return [int.from_bytes(data[at : at + 2]) for at in range(0, 2 * count, 2)]


def put(
    words: Words, address: int, values: Iterable[int], *, over: bool = True
) -> None:
    for at, value in enumerate(values, address):
        if over or at not in words:
            words[at] = value


def registers(name: str, *, options: Iterable[str] = ("Export+Import",)) -> Words:
    """Return a dump's words with its holes filled; ``options`` name the meters."""
    content = dump(name)
    words: Words = {}
    for address, values in content["registers"].items():
        put(words, int(address), values)
    if 40000 in words:
        _fill_inverter(words, content["unit_id"] or 1)
    for index, option in enumerate((*options, "", "")[:3]):
        if METER + STRIDE * index in words:
            _fill_meter(words, METER + STRIDE * index, index + 1, option)
    for index, base in enumerate(BATTERIES):
        if base + 66 in words:
            _fill_battery(words, base, index + 1)
    return words


def _fill_inverter(words: Words, unit_id: int) -> None:
    put(words, 40000, [0x5375, 0x6E53, 1, 65], over=False)
    put(words, 40036, [0] * 16, over=False)
    put(words, 40052, words_of(f"SE{unit_id:06}", 16), over=False)
    put(words, 40068, [unit_id], over=False)
    put(words, 40070, [50], over=False)
    if 40069 not in words:
        return
    put(words, 40071, [UINT16_NONE] * 4, over=False)
    put(words, 40076, [UINT16_NONE] * 6, over=False)
    put(words, 40083, [INT16_NONE] * 10, over=False)
    put(words, 40093, [0, 0, 0, UINT16_NONE, 0, UINT16_NONE, 0], over=False)
    put(words, 40100, [INT16_NONE] * 7, over=False)
    put(words, 40107, [UINT16_NONE] * 2, over=False)


def _fill_meter(words: Words, base: int, number: int, option: str) -> None:
    common = base - 67
    put(words, common, [1, 65, *words_of("SolarEdge", 16)], over=False)
    put(words, common + 18, words_of("SE-MTR-3Y-400V-A", 16), over=False)
    put(words, common + 34, words_of(option, 8), over=False)
    put(words, common + 42, words_of("75", 8), over=False)
    put(words, common + 50, words_of(f"MT{number:06}", 16), over=False)
    put(words, common + 66, [number + 1], over=False)
    put(words, base + 1, [105], over=False)
    put(words, base + 2, [INT16_NONE] * 36, over=False)
    put(words, base + 38, [0] * 16, over=False)
    put(words, base + 54, [INT16_NONE], over=False)
    put(words, base + 55, [0] * 16, over=False)
    put(words, base + 71, [INT16_NONE], over=False)
    put(words, base + 72, [0] * 32, over=False)
    put(words, base + 104, [INT16_NONE], over=False)
    put(words, base + 105, [0, 0], over=False)


def _fill_battery(words: Words, base: int, number: int) -> None:
    put(words, base, words_of("LG", 16), over=False)
    put(words, base + 16, words_of(f"RESU10BT{number:06}", 16), over=False)
    put(words, base + 32, words_of("1.0", 16), over=False)
    put(words, base + 48, words_of(f"BT{number:06}", 16), over=False)
    put(words, base + 64, [number, 0], over=False)
    put(words, base + 68, FLOAT_NONE * 25, over=False)
    put(words, base + 118, [0] * 8, over=False)
    put(words, base + 136, [0] * 4, over=False)


def float_words(value: float) -> list[int]:
    """Return a float as the battery writes it, low word first."""
    data = struct.pack(">f", value)
    return [int.from_bytes(data[2:]), int.from_bytes(data[:2])]


class Unit(MockModbusUnit):
    """A unit that knows only the registers it was given.

    ``before`` is called ahead of each answer with address and count, and may raise.
    """

    def __init__(
        self, connection: MockModbusConnection, unit_id: int, words: Words
    ) -> None:
        super().__init__(connection, unit_id)
        self.words = words
        self.before: Callable[[int, int], None] | None = None
        self.disconnects = 0

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        await self._dispatch_read("holding", address, count)
        if self.before is not None:
            self.before(address, count)
        try:
            return [self.words[at] for at in range(address, address + count)]
        except KeyError as err:
            raise IllegalDataAddressError from err

    @override
    async def disconnect(self) -> None:
        self.disconnects += 1
        await super().disconnect()


def unit(words: Words | str, unit_id: int = 1) -> Unit:
    return Unit(
        MockModbusConnection(),
        unit_id,
        registers(words) if isinstance(words, str) else words,
    )
