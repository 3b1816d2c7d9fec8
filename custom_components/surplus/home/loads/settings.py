"""What the user decided about each load, read from its subentry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry

from ...const import Kind
from ...control.loads.characteristic import Characteristic
from ...control.model import PidGains, Temperatures
from ...control.pid import PRESETS, translated
from .const import (
    CONF_ACTION,
    CONF_ACTION_DATA,
    CONF_ACTION_FIELD,
    CONF_CHARACTERISTIC,
    CONF_CHARGE_W,
    CONF_COMMAND_ENTITY,
    CONF_COMMAND_SIGN,
    CONF_COMMAND_UNIT,
    CONF_CURRENT_ENTITY,
    CONF_DAY_ENDS,
    CONF_DISCHARGE_W,
    CONF_ENERGY_ENTITY,
    CONF_FIRST_GUESS_W,
    CONF_FULL_SCALE,
    CONF_KD,
    CONF_KI,
    CONF_KP,
    CONF_LAG,
    CONF_LEAST_RUN,
    CONF_LEGIONELLA_C,
    CONF_LEGIONELLA_DAYS,
    CONF_MAX_A,
    CONF_MAX_SOC,
    CONF_MAX_W,
    CONF_MIN_A,
    CONF_MIN_OFF,
    CONF_MIN_ON,
    CONF_MIN_SOC,
    CONF_MIN_W,
    CONF_MOST_RUN,
    CONF_PHASES,
    CONF_PHASES_ALL,
    CONF_PHASES_ENTITY,
    CONF_PHASES_ONE,
    CONF_POWER_ENTITY,
    CONF_POWER_SIGN,
    CONF_POWER_W,
    CONF_PRIORITY,
    CONF_REGULATION,
    CONF_RELEASE,
    CONF_REPEAT,
    CONF_SHEDDABLE,
    CONF_SOC_ENTITY,
    CONF_STEP_A,
    CONF_SWITCH_ENTITY,
    CONF_TEMP_ECO,
    CONF_TEMP_MAX,
    CONF_TEMP_MIN,
    CONF_TEMP_SOL_MIN,
    CONF_TEMPERATURE_ENTITY,
    CONF_VEHICLE_ENTITY,
    CONF_VEHICLE_STATES,
    CONF_WRITES_PER_DAY,
    DEFAULT_WRITES_PER_DAY,
    HEATER_WRITES_PER_DAY,
    STORAGE_WRITES_PER_DAY,
    SUBENTRY_ENTITY_CHARGER,
    SUBENTRY_HEATER,
    SUBENTRY_STORAGE,
    SUBENTRY_SWITCHED,
    CommandUnit,
    Regulation,
    Release,
    Sign,
)
from .outlets import Target
from .phases import PhaseWords

_MINUTE_S: Final = 60.0
# How long a heater takes to follow, as long as nobody has said otherwise.
USUAL_LAG_S: Final = 2.0
USUAL_GUESS_W: Final = 1000.0
MIDNIGHT: Final = "00:00:00"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSettings:
    """What every kind of load has. ``load_id`` is ``home:<subentry id>``."""

    load_id: str
    name: str
    priority: int
    phases: tuple[int, ...]
    learns_phase: bool
    min_on_s: float
    min_off_s: float
    power_entity: str | None
    energy_entity: str | None
    release: Release
    repeat_s: float

    @property
    def outlets(self) -> tuple[Any, ...]:
        """Return what is commanded, and how: another one is another load."""
        return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterSettings(LoadSettings):
    """A heater that takes any power."""

    target: Target
    unit: CommandUnit
    full_scale: float
    characteristic: Characteristic
    max_w: float
    min_w: float
    lag_s: float
    pid: PidGains | None
    switch_entity: str | None
    temperature_entity: str | None
    temperatures: Temperatures | None
    writes_per_day: int

    @property
    def outlets(self) -> tuple[Any, ...]:
        """Return what is commanded, and how."""
        return (self.target, self.unit, self.switch_entity)


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchedSettings(LoadSettings):
    """A load that is on or off."""

    switch_entity: str
    power_w: float | None
    first_guess_w: float
    sheddable: bool
    least_run_s: float
    most_run_s: float | None
    day_ends_s: float
    temperature_entity: str | None
    temperatures: Temperatures | None

    @property
    def outlets(self) -> tuple[Any, ...]:
        """Return what is commanded, and how."""
        return (self.switch_entity,)


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityChargerSettings(LoadSettings):
    """A charger that another integration speaks to."""

    current_entity: str
    switch_entity: str | None
    vehicle_entity: str | None
    vehicle_states: frozenset[str]
    min_a: float
    max_a: float
    step_a: float
    phase_words: PhaseWords | None
    writes_per_day: int

    @property
    def outlets(self) -> tuple[Any, ...]:
        """Return what is commanded, and how."""
        return (self.current_entity, self.switch_entity, self.phase_words)


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageSettings(LoadSettings):
    """A battery that can be commanded; powers are positive, bounds shares of 1."""

    target: Target
    command_sign: Sign
    switch_entity: str | None
    power_sign: Sign
    soc_entity: str | None
    charge_w: float
    discharge_w: float
    min_soc: float
    max_soc: float
    writes_per_day: int

    @property
    def outlets(self) -> tuple[Any, ...]:
        """Return what is commanded, and how."""
        return (self.target, self.command_sign, self.switch_entity)


def load_id_of(subentry: ConfigSubentry) -> str:
    """Return the id that a load, its device and its entities start with."""
    return f"{Kind.HOME}:{subentry.subentry_id}"


def temperatures_of(data: Mapping[str, Any]) -> Temperatures | None:
    """Return the four temperatures; None without a sensor for them."""
    if not data.get(CONF_TEMPERATURE_ENTITY):
        return None
    usual = Temperatures()
    return Temperatures(
        min_c=float(data.get(CONF_TEMP_MIN, usual.min_c)),
        eco_c=float(data.get(CONF_TEMP_ECO, usual.eco_c)),
        sol_min_c=float(data.get(CONF_TEMP_SOL_MIN, usual.sol_min_c)),
        max_c=float(data.get(CONF_TEMP_MAX, usual.max_c)),
        legionella_c=data.get(CONF_LEGIONELLA_C),
        legionella_days=float(data.get(CONF_LEGIONELLA_DAYS, usual.legionella_days)),
    )


def are_ordered(temperatures: Temperatures) -> bool:
    """Return whether the four temperatures make a programme."""
    return (
        temperatures.min_c
        < temperatures.eco_c
        <= temperatures.sol_min_c
        < temperatures.max_c
    )


def kills_legionella(temperatures: Temperatures) -> bool:
    """Return whether the hot day, if there is one, is above what is forced anyway."""
    hot_c = temperatures.legionella_c
    return hot_c is None or hot_c > temperatures.eco_c


def gains_of(data: Mapping[str, Any]) -> PidGains | None:
    """Return what a heater's PID regulates with; None where none does."""
    regulation = Regulation(data.get(CONF_REGULATION, Regulation.CHARACTERISTIC))
    if not regulation.has_gains:
        return PRESETS.get(regulation)
    kp, ki, kd = (float(data.get(key) or 0.0) for key in (CONF_KP, CONF_KI, CONF_KD))
    if regulation is Regulation.EARLIER:
        return translated(kp, ki, kd)
    return PidGains(kp=kp, ki=ki, kd=kd)


def target_of(data: Mapping[str, Any]) -> Target:
    """Return what a value is set through."""
    if entity_id := data.get(CONF_COMMAND_ENTITY):
        return Target(entity_id=entity_id)
    return Target(
        action=data[CONF_ACTION],
        field=data[CONF_ACTION_FIELD],
        data=data.get(CONF_ACTION_DATA) or {},
    )


def phase_words_of(data: Mapping[str, Any]) -> PhaseWords | None:
    """Return how one phase and all are told; None where they are not."""
    if not (entity_id := data.get(CONF_PHASES_ENTITY)):
        return None
    return PhaseWords(
        entity_id=entity_id,
        one=str(data.get(CONF_PHASES_ONE, "")).strip(),
        all=str(data.get(CONF_PHASES_ALL, "")).strip(),
        count=len(data[CONF_PHASES]),
    )


def _common(subentry: ConfigSubentry) -> dict[str, Any]:
    data = subentry.data
    return {
        "load_id": load_id_of(subentry),
        "name": subentry.title,
        "priority": int(data[CONF_PRIORITY]),
        # None is one that the meter will show.
        "phases": tuple(data[CONF_PHASES]) or (1,),
        "learns_phase": not data[CONF_PHASES],
        "min_on_s": data.get(CONF_MIN_ON, 0.0) * _MINUTE_S,
        "min_off_s": data.get(CONF_MIN_OFF, 0.0) * _MINUTE_S,
        "power_entity": data.get(CONF_POWER_ENTITY),
        "energy_entity": data.get(CONF_ENERGY_ENTITY),
        "release": Release(data.get(CONF_RELEASE, Release.OFF)),
        "repeat_s": float(data.get(CONF_REPEAT, 0.0)),
    }


def _heater(subentry: ConfigSubentry) -> HeaterSettings:
    data = subentry.data
    return HeaterSettings(
        **_common(subentry),
        target=target_of(data),
        unit=CommandUnit(data[CONF_COMMAND_UNIT]),
        full_scale=float(data.get(CONF_FULL_SCALE, 100.0)),
        characteristic=Characteristic(
            data.get(CONF_CHARACTERISTIC, Characteristic.LINEAR)
        ),
        max_w=float(data[CONF_MAX_W]),
        min_w=float(data.get(CONF_MIN_W, 0.0)),
        lag_s=float(data.get(CONF_LAG, USUAL_LAG_S)),
        pid=gains_of(data),
        switch_entity=data.get(CONF_SWITCH_ENTITY),
        temperature_entity=data.get(CONF_TEMPERATURE_ENTITY),
        temperatures=temperatures_of(data),
        writes_per_day=int(data.get(CONF_WRITES_PER_DAY, HEATER_WRITES_PER_DAY)),
    )


def _switched(subentry: ConfigSubentry) -> SwitchedSettings:
    data = subentry.data
    most_run = data.get(CONF_MOST_RUN)
    return SwitchedSettings(
        **_common(subentry),
        switch_entity=data[CONF_SWITCH_ENTITY],
        power_w=data.get(CONF_POWER_W),
        first_guess_w=float(data.get(CONF_FIRST_GUESS_W, USUAL_GUESS_W)),
        # Asked since subscriptions are guarded: who was not asked has not agreed.
        sheddable=bool(data.get(CONF_SHEDDABLE)),
        least_run_s=data.get(CONF_LEAST_RUN, 0.0) * _MINUTE_S,
        most_run_s=most_run * _MINUTE_S if most_run is not None else None,
        day_ends_s=_seconds_of(data.get(CONF_DAY_ENDS, MIDNIGHT)),
        temperature_entity=data.get(CONF_TEMPERATURE_ENTITY),
        temperatures=temperatures_of(data),
    )


def _seconds_of(clock: str) -> float:
    """Return how long after midnight a clock time is."""
    at = time.fromisoformat(clock)
    return at.hour * 3600.0 + at.minute * 60.0 + at.second


def _charger(subentry: ConfigSubentry) -> EntityChargerSettings:
    data = subentry.data
    return EntityChargerSettings(
        **_common(subentry),
        current_entity=data[CONF_CURRENT_ENTITY],
        switch_entity=data.get(CONF_SWITCH_ENTITY),
        vehicle_entity=data.get(CONF_VEHICLE_ENTITY),
        vehicle_states=frozenset(
            state.strip().lower() for state in data.get(CONF_VEHICLE_STATES, ())
        ),
        min_a=float(data[CONF_MIN_A]),
        max_a=float(data[CONF_MAX_A]),
        step_a=float(data[CONF_STEP_A]),
        phase_words=phase_words_of(data),
        writes_per_day=int(data.get(CONF_WRITES_PER_DAY, DEFAULT_WRITES_PER_DAY)),
    )


def _storage(subentry: ConfigSubentry) -> StorageSettings:
    data = subentry.data
    return StorageSettings(
        **_common(subentry),
        target=target_of(data),
        command_sign=Sign(data[CONF_COMMAND_SIGN]),
        switch_entity=data.get(CONF_SWITCH_ENTITY),
        power_sign=Sign(data.get(CONF_POWER_SIGN, Sign.CHARGE)),
        soc_entity=data.get(CONF_SOC_ENTITY),
        charge_w=float(data[CONF_CHARGE_W]),
        discharge_w=float(data[CONF_DISCHARGE_W]),
        min_soc=data.get(CONF_MIN_SOC, 0.0) / 100.0,
        max_soc=data.get(CONF_MAX_SOC, 100.0) / 100.0,
        writes_per_day=int(data.get(CONF_WRITES_PER_DAY, STORAGE_WRITES_PER_DAY)),
    )


_READERS: Final = {
    SUBENTRY_HEATER: _heater,
    SUBENTRY_SWITCHED: _switched,
    SUBENTRY_ENTITY_CHARGER: _charger,
    SUBENTRY_STORAGE: _storage,
}


def settings_of(subentry: ConfigSubentry) -> LoadSettings | None:
    """Return what the user decided about a load; None of what is no load."""
    read = _READERS.get(subentry.subentry_type)
    return read(subentry) if read is not None else None
