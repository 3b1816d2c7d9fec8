"""Powers, currents and voltages: now, at their most, and on average."""

from collections.abc import Callable, Iterator
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory, UnitOfApparentPower
from homeassistant.helpers.typing import StateType

from .factor import PowerFactor
from .labels import TicMode
from .meter import Meter
from .power import NetQuality, cutoff_va, net_quality, phase_drawn_va, subscribed_va
from .rows import (
    AMPERES,
    FACTOR,
    VARS,
    VOLT_AMPERES,
    VOLTS,
    WATTS,
    LinkySensorDescription,
    ValueOf,
    measured,
    number,
    of_phase,
    of_reading,
    seen,
)


def _is_standard(meter: Meter) -> bool:
    return meter.mode is TicMode.STANDARD


def _powers() -> Iterator[LinkySensorDescription]:
    # Historic mode has no sign to show.
    yield measured(
        "net_power", WATTS, of_reading(lambda reading: reading.power_w), _is_standard
    )
    yield measured(
        "drawn_power",
        VOLT_AMPERES,
        of_reading(lambda reading: reading.drawn_va),
        seen("SINSTS", "PAPP"),
    )
    yield measured("injected_power", VOLT_AMPERES, number("SINSTI"), seen("SINSTI"))
    for n in (1, 2, 3):

        def drawn_va(meter: Meter, now: float, n: int = n) -> StateType:
            return phase_drawn_va(meter, n, now)

        yield measured(f"drawn_power_{n}", VOLT_AMPERES, drawn_va, seen(f"SINSTS{n}"))


def _limits() -> Iterator[LinkySensorDescription]:
    for key, value_fn, exists_fn in (
        ("subscribed_power", subscribed_va, seen("PREF", "ISOUSC")),
        ("cutoff_power", cutoff_va, seen("PCOUP")),
    ):
        yield LinkySensorDescription(
            key=key,
            translation_key=f"linky_{key}",
            device_class=SensorDeviceClass.APPARENT_POWER,
            native_unit_of_measurement=UnitOfApparentPower.VOLT_AMPERE,
            suggested_unit_of_measurement=UnitOfApparentPower.KILO_VOLT_AMPERE,
            suggested_display_precision=0,
            entity_category=EntityCategory.DIAGNOSTIC,
            exists_fn=exists_fn,
            value_fn=value_fn,
        )


def _factor(learned_of: Callable[[Meter], PowerFactor]) -> ValueOf:
    def value(meter: Meter, _now: float) -> StateType:
        factor = learned_of(meter)
        return round(100 * factor.value, 1) if factor.learned else None

    return value


def _learned() -> Iterator[LinkySensorDescription]:
    """Yield what corrects the net power, how well, and what is reactive."""
    yield LinkySensorDescription(
        key="net_power_quality",
        translation_key="linky_net_power_quality",
        device_class=SensorDeviceClass.ENUM,
        options=[quality.value for quality in NetQuality],
        entity_category=EntityCategory.DIAGNOSTIC,
        exists_fn=_is_standard,
        value_fn=net_quality,
    )
    for key, label, learned_of in (
        ("power_factor_drawn", "EAST", lambda meter: meter.drawn_factor),
        ("power_factor_injected", "EAIT", lambda meter: meter.injected_factor),
    ):
        yield measured(
            key,
            FACTOR,
            _factor(learned_of),
            seen(label),
            enabled=False,
            live=False,
            dead_band=0.5,
            category=EntityCategory.DIAGNOSTIC,
            may_be_absent=True,
        )
    yield measured(
        "reactive_power",
        VARS,
        lambda meter, now: meter.reactive.var(now),
        seen("ERQ1"),
        enabled=False,
        live=False,
        dead_band=10.0,
        may_be_absent=True,
    )


def _phases() -> Iterator[LinkySensorDescription]:
    for phases, phase, suffix in ((1, 0, ""), *((3, n, f"_{n + 1}") for n in range(3))):

        def has_phase(meter: Meter, phases: int = phases) -> bool:
            return meter.phases == phases

        def has_voltage(meter: Meter, phases: int = phases) -> bool:
            return meter.phases == phases and "URMS1" in meter.seen

        def has_mean(meter: Meter, phases: int = phases, n: int = phase + 1) -> bool:
            return meter.phases == phases and f"UMOY{n}" in meter.seen

        yield measured(
            f"current{suffix}",
            AMPERES,
            of_phase(lambda reading: reading.currents_a, phase, phases),
            has_phase,
        )
        yield measured(
            f"voltage{suffix}",
            VOLTS,
            of_phase(lambda reading: reading.voltages_v, phase, phases),
            has_voltage,
        )
        yield measured(
            f"mean_voltage{suffix}",
            VOLTS,
            number(f"UMOY{phase + 1}"),
            has_mean,
            enabled=False,
            live=False,
        )


def _drawn_yesterday(meter: Meter, now: float) -> StateType:
    """Return the maximum of yesterday, which three-phase historic mode tells as well."""
    value = meter.number("SMAXSN-1", now)
    return meter.number("PMAX", now) if value is None else value


def _maxima() -> Iterator[LinkySensorDescription]:
    """Yield the most of a day, after the filter of the meter's breaker."""
    for key, value_fn, labels, enabled in (
        ("max_drawn_today", number("SMAXSN"), ("SMAXSN",), True),
        ("max_drawn_yesterday", _drawn_yesterday, ("SMAXSN-1", "PMAX"), False),
        ("max_injected_today", number("SMAXIN"), ("SMAXIN",), False),
        ("max_injected_yesterday", number("SMAXIN-1"), ("SMAXIN-1",), False),
    ):
        yield measured(
            key, VOLT_AMPERES, value_fn, seen(*labels), enabled=enabled, live=False
        )
    for n in (1, 2, 3):
        for key, label in (
            (f"max_drawn_today_{n}", f"SMAXSN{n}"),
            (f"max_drawn_yesterday_{n}", f"SMAXSN{n}-1"),
        ):
            yield measured(
                key, VOLT_AMPERES, number(label), seen(label), enabled=False, live=False
            )
    # A Linky sends a constant; the meters before it measured.
    for key, label in (("", "IMAX"), *((f"_{n}", f"IMAX{n}") for n in (1, 2, 3))):
        yield measured(
            f"max_current{key}",
            AMPERES,
            number(label),
            seen(label),
            enabled=False,
            live=False,
        )


def _load_curve() -> Iterator[LinkySensorDescription]:
    """Yield true watts, which are means over 10 to 60 min."""
    for key, label in (
        ("curve_drawn", "CCASN"),
        ("curve_drawn_before", "CCASN-1"),
        ("curve_injected", "CCAIN"),
        ("curve_injected_before", "CCAIN-1"),
    ):
        yield measured(
            key, WATTS, number(label), seen(label), enabled=False, live=False
        )


POWER_ROWS: Final = (
    *_powers(),
    *_limits(),
    *_learned(),
    *_phases(),
    *_maxima(),
    *_load_curve(),
)
