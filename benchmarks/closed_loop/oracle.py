"""The best any controller could do that knew the whole day: an exact dynamic programme.

It obeys the device limits that cost energy: whole amperes changed every 5 s, nothing
between off and the minimum, 300 s between switchings, nothing drawn in the 10 s after a
start; heaters fill what is left. It ignores ramps, longer start latencies, the pause of a
phase change and a home battery, and is optimistic by that.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, product

from .cases import Case, ChargerCase

BLOCK_S = 10
_SLOT_S = 5
DWELL_S = 300
_WH_PER_KWH = 3.6e6
_IMPOSSIBLE = float("-inf")


@dataclass(frozen=True, kw_only=True, slots=True)
class Optimum:
    """What could be had of a day, in kWh, and the starts it takes."""

    captured_kwh: float
    imported_kwh: float
    starts: int

    def value_kwh(self, price: float) -> float:
        """Return captured less imported at its price."""
        return self.captured_kwh - price * self.imported_kwh


@dataclass(frozen=True, kw_only=True, slots=True)
class Switched:
    """A device with modes; mode 0 is off. ``powers_w`` are what each mode may draw.

    ``waits`` says that the first block after a change draws nothing. It can be on only
    between ``begin_block`` and ``end_block``, where dwell times begin anew.
    """

    powers_w: tuple[tuple[float, ...], ...]
    waits: bool = True
    begin_block: int = 0
    end_block: int = 1_000_000


# Reward, captured and imported of a block in W s.
type _Gain = tuple[float, float, float]
type _Modes = tuple[int, ...]


class _Slot:
    """Seconds of surplus, ready to be asked what a constant power gains."""

    def __init__(self, surplus_w: Sequence[float]) -> None:
        self._sorted = sorted(surplus_w)
        self._sums = [0.0, *accumulate(self._sorted)]

    def gain(self, power_w: float, price: float, fill_w: float = 0.0) -> _Gain:
        """Return what a power gains, with ``fill_w`` that follow what it leaves."""
        below = bisect_right(self._sorted, power_w)
        imported = below * power_w - self._sums[below]
        filled_w = power_w + fill_w
        if fill_w:
            below = bisect_right(self._sorted, filled_w)
        captured = self._sums[below] + (len(self._sorted) - below) * filled_w
        return captured - price * imported, captured, imported

    def best(
        self, powers_w: Sequence[float], price: float, fill_w: float = 0.0
    ) -> _Gain:
        """Return the best of rising powers: the gain is concave in the power."""
        best = self.gain(powers_w[0], price, fill_w)
        low, high = 0, len(powers_w) - 1
        while low < high:
            middle = (low + high) // 2
            if (
                self.gain(powers_w[middle + 1], price, fill_w)[0]
                > self.gain(powers_w[middle], price, fill_w)[0]
            ):
                low = middle + 1
            else:
                high = middle
            best = self.gain(powers_w[low], price, fill_w)
        return best


def _drawn(charger: ChargerCase, phases: int) -> tuple[float, ...]:
    amps = range(int(charger.min_a), int(charger.top_a) + 1)
    return tuple(charger.drawn_w(a, phases) for a in amps)


def devices_of(case: Case, begin_s: int) -> tuple[Switched, ...]:
    """Return the chargers and relays of a case as the programme sees them."""
    devices = []
    for charger in case.chargers:
        phases = {charger.car.phases}
        if charger.evse.switches_phases:
            phases.add(1)
        begin, end = charger.plugged
        devices.append(
            Switched(
                powers_w=((0.0,), *(_drawn(charger, n) for n in sorted(phases))),
                begin_block=max(0, begin - begin_s) // BLOCK_S,
                end_block=max(0, end - begin_s) // BLOCK_S,
            )
        )
    devices.extend(
        Switched(powers_w=((0.0,), (relay.appliance.power_w,)), waits=False)
        for relay in case.relays
    )
    return tuple(devices)


def joint_powers(case: Case, running: Sequence[int]) -> tuple[float, ...]:
    """Return what chargers may draw together, running on so many phases (0 = off).

    Cars that are alike: only the sum of their offers matters, under the common limit.
    """
    on = [
        (charger, phases)
        for charger, phases in zip(case.chargers, running, strict=True)
        if phases
    ]
    if not on:
        return (0.0,)
    least = sum(int(charger.min_a) for charger, _ in on)
    most = sum(int(charger.top_a) for charger, _ in on)
    most = min(most, int(case.ev_limit_a))
    powers = []
    for total in range(least, most + 1):
        rest, power = total - least, 0.0
        for charger, phases in on:
            more = min(rest, int(charger.top_a - charger.min_a))
            rest -= more
            power += charger.drawn_w(charger.min_a + more, phases)
        powers.append(power)
    return tuple(powers)


def optimum_of(case: Case, price: float) -> Optimum:
    """Return the optimum of a case at a price of imports."""
    day = case.build()
    devices = devices_of(case, day.begin_s)
    choices = {}
    cars = len(case.chargers)
    for modes in product(*(range(len(device.powers_w)) for device in devices)):
        running = [
            _phases(charger, mode)
            for charger, mode in zip(case.chargers, modes[:cars], strict=True)
        ]
        relays_w = sum(
            relay.appliance.power_w * mode
            for relay, mode in zip(case.relays, modes[cars:], strict=True)
        )
        choices[modes] = tuple(
            power + relays_w for power in joint_powers(case, running)
        )
    fill_w = sum(heater.heater.max_w for heater in case.heaters)
    return solve(day.surplus_w, devices, choices, price, fill_w=fill_w)


def _phases(charger: ChargerCase, mode: int) -> int:
    if mode == 0:
        return 0
    switches = charger.evse.switches_phases
    return 1 if switches and mode == 1 else charger.car.phases


def solve(
    surplus_w: Sequence[float],
    devices: Sequence[Switched],
    choices: dict[_Modes, tuple[float, ...]],
    price: float,
    *,
    dwell_s: int = DWELL_S,
    fill_w: float = 0.0,
) -> Optimum:
    """Return the optimum of up to two devices; ``choices`` are joint powers by modes.

    ``fill_w`` is what heaters can take of the surplus that the devices leave.

    Raises ValueError for more devices: their joint states are too many to be exact.
    """
    if not 1 <= len(devices) <= 2:
        raise ValueError("the programme is exact for one or two devices")
    blocks = len(surplus_w) // BLOCK_S
    gains = _gains(surplus_w, blocks, choices, price, fill_w)
    return _Programme(list(devices), gains, blocks, dwell_s).run()


def _gains(
    surplus_w: Sequence[float],
    blocks: int,
    choices: dict[_Modes, tuple[float, ...]],
    price: float,
    fill_w: float,
) -> dict[_Modes, list[_Gain]]:
    gains: dict[_Modes, list[_Gain]] = {modes: [] for modes in choices}
    for block in range(blocks):
        slots = [
            _Slot(surplus_w[at : at + _SLOT_S])
            for at in range(block * BLOCK_S, (block + 1) * BLOCK_S, _SLOT_S)
        ]
        for modes, powers in choices.items():
            parts = [slot.best(powers, price, fill_w) for slot in slots]
            gains[modes].append(
                (
                    sum(part[0] for part in parts),
                    sum(part[1] for part in parts),
                    sum(part[2] for part in parts),
                )
            )
    return gains


# Value by joint mode, then by the blocks since the last change of each device.
type _Values = dict[_Modes, list[list[float]]]


class _Programme:
    """Backward over all blocks, then forward along the best decisions."""

    def __init__(
        self,
        devices: list[Switched],
        gains: dict[_Modes, list[_Gain]],
        blocks: int,
        dwell_s: int,
    ) -> None:
        self._gains = gains
        self._blocks = blocks
        self._devices = devices
        # A second device that does not exist has one mode and nothing to wait for.
        self._second = devices[1] if len(devices) == 2 else None
        self._joint = [(*modes, 0)[:2] for modes in gains]
        self._full = (dwell_s // BLOCK_S - 1, dwell_s // BLOCK_S - 1)
        if self._second is None:
            self._full = (self._full[0], 0)
        self._decisions: list[dict[_Modes, array[int]]] = []

    def run(self) -> Optimum:
        rows, columns = self._full[0] + 1, self._full[1] + 1
        values: _Values = {
            modes: [[0.0] * columns for _ in range(rows)] for modes in self._joint
        }
        for block in reversed(range(self._blocks)):
            values = self._back(block, values)
        self._decisions.reverse()
        return self._forward()

    # ---- one decision --------------------------------------------------------------

    def _allowed(self, block: int, device: int, mode: int, free: bool) -> list[int]:
        """Return the modes a device may take in a block."""
        if device == 1 and self._second is None:
            return [0]
        spec = self._devices[device]
        if not spec.begin_block <= block < spec.end_block:
            return [0]
        return list(range(len(spec.powers_w))) if free else [mode]

    def _gain(self, block: int, before: _Modes, after: _Modes) -> _Gain:
        """Return what a block gives; what has just started draws nothing yet."""
        drawing = tuple(
            0 if new != old and device.waits else new
            for device, old, new in zip(self._devices, before, after, strict=False)
        )
        return self._gains[drawing][block]

    def _since(self, device: int, since: int, changed: bool) -> int:
        """Return the blocks since the last change, as an index, after one more block."""
        full = self._full[device]
        if changed:
            return 0
        return min(since + 1, full)

    def _options(
        self, block: int, modes: _Modes, since: tuple[int, int]
    ) -> list[tuple[_Modes, tuple[int, int]]]:
        options: list[tuple[_Modes, tuple[int, int]]] = []
        free = [since[n] == self._full[n] for n in (0, 1)]
        for one in self._allowed(block, 0, modes[0], free[0]):
            for two in self._allowed(block, 1, modes[1], free[1]):
                after = (one, two)
                options.append(
                    (
                        after,
                        (
                            self._since(0, since[0], one != modes[0]),
                            self._since(1, since[1], two != modes[1]),
                        ),
                    )
                )
        return options

    # ---- backward ------------------------------------------------------------------

    def _back(self, block: int, later: _Values) -> _Values:
        rows, columns = self._full[0] + 1, self._full[1] + 1
        values: _Values = {}
        chosen: dict[_Modes, array[int]] = {}
        codes = {modes: n for n, modes in enumerate(self._joint)}
        rewards = {
            (before, after): self._gain(block, before, after)[0]
            for before in self._joint
            for after in self._joint
        }
        for modes in self._joint:
            stays = all(
                modes[n] in self._allowed(block, n, modes[n], False) for n in (0, 1)
            )
            reward = rewards[modes, modes]
            table: list[list[float]] = []
            best_of = array("b", [codes[modes]] * (rows * columns))
            for row in range(rows):
                if stays and row < rows - 1:
                    # Nothing is free to change but in the last column.
                    known = [reward + value for value in later[modes][row + 1][1:]]
                    first = columns - 1
                else:
                    known, first = [], 0
                for column in range(first, columns):
                    best, code = _IMPOSSIBLE, 0
                    for after, since in self._options(block, modes, (row, column)):
                        value = rewards[modes, after] + later[after][since[0]][since[1]]
                        if value > best:
                            best, code = value, codes[after]
                    known.append(best)
                    best_of[row * columns + column] = code
                table.append(known)
            values[modes] = table
            chosen[modes] = best_of
        self._decisions.append(chosen)
        return values

    # ---- forward -------------------------------------------------------------------

    def _forward(self) -> Optimum:
        columns = self._full[1] + 1
        modes: _Modes = (0, 0)
        since = self._full
        captured = imported = 0.0
        starts = 0
        for block in range(self._blocks):
            code = self._decisions[block][modes][since[0] * columns + since[1]]
            after = self._joint[code]
            _, got, paid = self._gain(block, modes, after)
            captured += got
            imported += paid
            starts += sum(old == 0 < new for old, new in zip(modes, after, strict=True))
            since = (
                self._since(0, since[0], after[0] != modes[0]),
                self._since(1, since[1], after[1] != modes[1]),
            )
            modes = after
        return Optimum(
            captured_kwh=captured / _WH_PER_KWH,
            imported_kwh=imported / _WH_PER_KWH,
            starts=starts,
        )
