"""Meter values (OCPP 1.6 sections 4.7 and 7.x): from sampled values to W, A, V, Wh.

Pure. The spellings and omissions are those met in the field: missing measurand and
unit (the standard's defaults apply), totals beside per-phase values, ``L1`` and
``L1-N``, kilo units, charging power under an Export measurand, ``mesurand``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from .values import Fields

# The key of a value that names no phase.
TOTAL: Final = 0

_DEFAULT_MEASURAND = "energy.active.import.register"

# What each measurand is for us, and the largest value that can be true in a home.
_MEASURANDS: dict[str, tuple[str, float]] = {
    "power.active.import": ("power", 100_000),
    "power.active.export": ("power_export", 100_000),
    "current.import": ("current", 200),
    "current.export": ("current_export", 200),
    "current.offered": ("offered", 200),
    "voltage": ("voltage", 500),
    _DEFAULT_MEASURAND: ("energy", 1e12),
}

_PHASES: dict[str, int] = {
    "": TOTAL,
    "l1": 1,
    "l2": 2,
    "l3": 3,
    "l1-n": 1,
    "l2-n": 2,
    "l3-n": 3,
}

# The outlet is the charger's own side of the plug, and the standard's default; the same
# measurand may come a second time for another place.
_LOCATIONS: dict[str, int] = {"outlet": 0, "": 0, "cable": 1, "inlet": 2, "body": 3}
_ELSEWHERE = 4

_EDGES = frozenset(
    {
        "transaction.begin",
        "transaction.end",
        "interruption.begin",
        "interruption.end",
    }
)

# A phase that carries less is not used by the vehicle: meters show some 0.1 A of noise.
_UNUSED_A = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterSample:
    """What a charger measured at one instant.

    ``stamp`` is the charger's own time, None when it gave none. ``currents_a`` and
    ``voltages_v`` map phase (1, 2, 3) or ``TOTAL`` to A and V. ``edge`` marks values
    taken at the begin or end of something: their energy counts, their flows do not.
    """

    stamp: datetime | None = None
    power_w: float | None = None
    currents_a: Mapping[int, float] = field(default_factory=dict)
    voltages_v: Mapping[int, float] = field(default_factory=dict)
    energy_wh: float | None = None
    offered_a: float | None = None
    edge: bool = False

    @property
    def has_flow(self) -> bool:
        """Whether it says how much flows now."""
        return not self.edge and (self.power_w is not None or bool(self.currents_a))


def read_samples(message: Fields) -> list[MeterSample]:
    """Return the samples of a MeterValues payload, or of a StopTransaction's data.

    Some chargers give each measurand a part of its own: parts of one time are one
    sample.
    """
    values: dict[datetime | None, list[Fields]] = {}
    for part in message.parts("meterValue", "transactionData"):
        values.setdefault(part.time("timestamp"), []).extend(part.parts("sampledValue"))
    samples = (_read_sample(stamp, found) for stamp, found in values.items())
    return [sample for sample in samples if sample is not None]


def _read_sample(stamp: datetime | None, values: list[Fields]) -> MeterSample | None:
    plain = [value for value in values if not _is_edge(value)]
    edge = not plain
    # measurand -> phase -> (rank of its location, value)
    found: dict[str, dict[int, tuple[int, float]]] = {}
    for value in plain or values:
        if (reading := _read_value(value)) is None:
            continue
        what, phase, rank, amount = reading
        phases = found.setdefault(what, {})
        if phase not in phases or rank < phases[phase][0]:
            phases[phase] = (rank, amount)
    if not found:
        return None
    amounts = {
        what: {phase: amount for phase, (_, amount) in phases.items()}
        for what, phases in found.items()
    }
    energy = amounts.get("energy")
    offered = amounts.get("offered")
    return MeterSample(
        stamp=stamp,
        power_w=_sum(_imported(amounts, "power", "power_export")),
        currents_a=_imported(amounts, "current", "current_export"),
        voltages_v=amounts.get("voltage", {}),
        energy_wh=_sum(energy) if energy else None,
        offered_a=max(offered.values()) if offered else None,
        edge=edge,
    )


def _is_edge(value: Fields) -> bool:
    return (value.text("context") or "").casefold() in _EDGES


def _read_value(value: Fields) -> tuple[str, int, int, float] | None:
    """Return measurand, phase, rank of the location, and amount in W, A, V or Wh."""
    amount = value.number("value")
    measurand = (value.text("measurand", "mesurand") or _DEFAULT_MEASURAND).casefold()
    phase = _PHASES.get((value.text("phase") or "").casefold())
    if amount is None or measurand not in _MEASURANDS or phase is None:
        return None
    what, largest = _MEASURANDS[measurand]
    unit = (value.text("unit") or "").casefold()
    if unit.startswith("k"):
        amount *= 1000
    if abs(amount) > largest:
        return None
    if what == "voltage" and amount <= 0:
        return None
    # Meters show a few negative watts at rest; some count charging as export.
    amount = abs(amount) if what.endswith("export") else max(0.0, amount)
    rank = _LOCATIONS.get((value.text("location") or "").casefold(), _ELSEWHERE)
    return what, phase, rank, amount


def _imported(
    amounts: Mapping[str, Mapping[int, float]], imported: str, exported: str
) -> Mapping[int, float]:
    """Return the import values, or the export ones where nothing is imported."""
    values = amounts.get(imported, {})
    if any(values.values()):
        return values
    return amounts.get(exported) or values


def _sum(phases: Mapping[int, float] | None) -> float | None:
    """Return the total; a total beside its phases is not added to them."""
    if not phases:
        return None
    if TOTAL in phases:
        return phases[TOTAL]
    return sum(phases.values())


def used_currents(
    currents_a: Mapping[int, float],
    *,
    wired: int,
    max_a: float,
    power_w: float | None = None,
    voltage_v: float = 230.0,
) -> tuple[float, ...]:
    """Return the currents of the phases the vehicle uses, from what the meter says.

    A lone current without a phase may be the current of each phase or, on some
    three-phase units, the sum: more than the unit can offer is a sum, and a power of
    about three times current times voltage means each of three.
    """
    phases = {phase: amps for phase, amps in currents_a.items() if phase != TOTAL}
    if phases:
        return tuple(amps for _, amps in sorted(phases.items()) if amps >= _UNUSED_A)
    amps = currents_a.get(TOTAL, 0.0)
    if amps < _UNUSED_A:
        return ()
    if wired > 1:
        if amps > 1.1 * max_a:
            return (amps / wired,) * wired
        if power_w is not None and power_w > 0.75 * wired * amps * voltage_v:
            return (amps,) * wired
    return (amps,)


def power_of(
    sample: MeterSample, *, wired: int, max_a: float, voltages_v: Mapping[int, float]
) -> float | None:
    """Return the sample's power, worked out from currents where it has none."""
    if sample.power_w is not None or not sample.currents_a:
        return sample.power_w
    voltage = mean_voltage(voltages_v)
    currents = used_currents(
        sample.currents_a, wired=wired, max_a=max_a, voltage_v=voltage
    )
    return sum(currents) * voltage


def mean_voltage(voltages_v: Mapping[int, float]) -> float:
    """Return the phase voltage; 230 V when the charger measures none."""
    phases = [volts for phase, volts in voltages_v.items() if phase != TOTAL]
    if not phases and TOTAL in voltages_v:
        phases = [voltages_v[TOTAL]]
    return sum(phases) / len(phases) if phases else 230.0
