"""What the charger's meter puts into MeterValues (OCPP 1.6, 7.31 to 7.47)."""

from collections.abc import Callable
from datetime import UTC, datetime

from .evse import Evse

type Sample = dict[str, str]


def _energy(evse: Evse) -> list[Sample]:
    return [{"value": str(int(evse.energy_wh)), "unit": "Wh"}]


def _power(evse: Evse) -> list[Sample]:
    return [{"value": f"{sum(evse.power_w):.1f}", "unit": "W"}]


def _currents(evse: Evse) -> list[Sample]:
    return [
        {"value": f"{amps:.2f}", "unit": "A", "phase": f"L{n}"}
        for n, amps in enumerate(evse.currents_a, start=1)
    ]


def _voltages(evse: Evse) -> list[Sample]:
    return [
        {"value": f"{evse.voltage_v:.1f}", "unit": "V", "phase": f"L{n}-N"}
        for n in range(1, len(evse.spec.wiring) + 1)
    ]


def _offered(evse: Evse) -> list[Sample]:
    return [{"value": f"{evse.pilot_a:.1f}", "unit": "A"}]


def _power_offered(evse: Evse) -> list[Sample]:
    watts = evse.pilot_a * evse.voltage_v * len(evse.spec.wiring)
    return [{"value": f"{watts:.0f}", "unit": "W"}]


MEASURANDS: dict[str, Callable[[Evse], list[Sample]]] = {
    "Current.Import": _currents,
    "Current.Offered": _offered,
    "Energy.Active.Import.Register": _energy,
    "Power.Active.Import": _power,
    "Power.Offered": _power_offered,
    "Voltage": _voltages,
}


def sampled_values(evse: Evse, measurands: str, context: str) -> list[Sample]:
    """Measure what a comma-separated list of measurands asks for."""
    return [
        {**sample, "measurand": name, "context": context}
        for name in (part.strip() for part in measurands.split(","))
        if name in MEASURANDS
        for sample in MEASURANDS[name](evse)
    ]


def timestamp(at: datetime) -> str:
    """Write a time as every central system understands it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
