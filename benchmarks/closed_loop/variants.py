"""Plants that are not what the controller believes them to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.heater import Characteristic

from .cases import Case, ChargerCase, HeaterCase


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """What of a plant is different: fields of its parts, by their names.

    ``heater`` are fields of the heater itself, ``stated`` what its user told of it.
    ``heaters_only`` says that it is nothing to a day without a heater.
    """

    name: str
    text: str
    car: Mapping[str, Any] = field(default_factory=dict)
    evse: Mapping[str, Any] = field(default_factory=dict)
    heater: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)
    relay: Mapping[str, Any] = field(default_factory=dict)
    wires: Mapping[str, Any] = field(default_factory=dict)
    heaters_only: bool = False

    def apply(self, case: Case) -> Case:
        """Return the case with this plant."""
        return replace(
            case,
            chargers=tuple(self._charger(charger) for charger in case.chargers),
            heaters=tuple(self._heater(heater) for heater in case.heaters),
            relays=tuple(replace(relay, **self.relay) for relay in case.relays),
            wires=replace(case.wires, **self.wires),
        )

    def concerns(self, case: Case) -> bool:
        """Return whether the case is another one with this plant."""
        return bool(case.heaters) or not self.heaters_only

    def _charger(self, charger: ChargerCase) -> ChargerCase:
        return replace(
            charger,
            car=replace(charger.car, **self.car),
            evse=replace(charger.evse, **self.evse),
        )

    def _heater(self, heater: HeaterCase) -> HeaterCase:
        changed = replace(heater, heater=replace(heater.heater, **self.heater))
        return replace(changed, **self.stated)


_ALL_SLOW = {"dead_time_s": 5.0, "ramp_up_a_s": 0.3, "start_latency_s": 30.0}

_VARIANTS = (
    Variant(name="nominal", text="nominal"),
    Variant(name="slow-ramp", text="ramp 0.2 A/s", car={"ramp_up_a_s": 0.2}),
    Variant(name="fast-ramp", text="ramp 2 A/s", car={"ramp_up_a_s": 2.0}),
    Variant(name="slow-down", text="down 1 A/s", car={"ramp_down_a_s": 1.0}),
    Variant(name="dead-time", text="dead time 3 s longer", car={"dead_time_s": 5.0}),
    Variant(
        name="late-command", text="command 3 s later", wires={"command_latency_s": 4}
    ),
    Variant(name="late-start", text="start after 30 s", car={"start_latency_s": 30.0}),
    Variant(name="pilot-gap", text="pilot gap 15 s", evse={"pilot_gap_s": 15.0}),
    Variant(
        name="slow-meter",
        text="grid meter every 5 s, 2 s late",
        wires={"grid_interval_s": 5, "grid_latency_s": 2},
    ),
    Variant(
        name="slow-charger",
        text="own power every 30 s",
        wires={"charger_interval_s": 30},
    ),
    Variant(name="16A", text="car limited to 16 A", car={"max_a": 16.0}),
    Variant(
        name="all-slow",
        text="all slow",
        car=_ALL_SLOW,
        evse={"pilot_gap_s": 10.0},
        wires={"command_latency_s": 3},
    ),
    Variant(
        name="all-slow-30",
        text="all slow, own power every 30 s",
        car=_ALL_SLOW,
        evse={"pilot_gap_s": 10.0},
        wires={"command_latency_s": 3, "charger_interval_s": 30},
    ),
    Variant(
        name="dimmer-cuts",
        text="heater cuts phases, said to be linear",
        heater={"characteristic": Characteristic.PHASE_ANGLE},
        heaters_only=True,
    ),
    Variant(
        name="dimmer-linear",
        text="heater is linear, said to cut phases",
        stated={"stated": Characteristic.PHASE_ANGLE},
        heaters_only=True,
    ),
    Variant(
        name="dimmer-fires",
        text="heater's triac by its delay, said by the cosine",
        heater={"characteristic": Characteristic.FIRING_DELAY},
        stated={"stated": Characteristic.PHASE_ANGLE},
        heaters_only=True,
    ),
    Variant(
        name="dimmer-floor",
        text="heater takes nothing below 150 W",
        heater={"floor_share": 0.0625},
        heaters_only=True,
    ),
    Variant(
        name="heater-weak",
        text="heater of 2000 W, said 2400 W",
        heater={"max_w": 2000.0},
        heaters_only=True,
    ),
    Variant(
        name="heater-strong",
        text="heater of 2800 W, said 2400 W",
        heater={"max_w": 2800.0},
        heaters_only=True,
    ),
    Variant(
        name="heater-lag",
        text="heater follows within a second",
        heater={"lag_s": 1.0},
        heaters_only=True,
    ),
    Variant(
        name="heater-slow",
        text="heater follows in 5 s, measured every 30 s",
        heater={"lag_s": 5.0},
        wires={"heater_interval_s": 30},
        heaters_only=True,
    ),
    Variant(
        name="pump-unknown",
        text="pump's power unknown and not measured",
        relay={"stated_w": None, "measured": False},
        heaters_only=True,
    ),
)

VARIANTS = {variant.name: variant for variant in _VARIANTS}
