"""The tariff: what is charged now, what comes, and the meter's clock that switches it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..control.model import Colour, Contract, Period, Switching, TariffReading
from .horodate import parse_horodate
from .labels import TicMode
from .meter import Meter
from .profile import next_switching, parse_profile
from .rows import (
    SLOW_INTERVAL,
    Exists,
    LinkySensorDescription,
    ValueOf,
    number,
    of_status,
    seen,
)
from .status import CutOff
from .tariff import plain

# A meter sends its time once a frame, and a frame takes up to two seconds.
_CLOCK_DEAD_BAND_S: Final = 3.0


def _of_tariff(pick: Callable[[TariffReading], StateType]) -> ValueOf:
    return lambda meter, now: pick(meter.tariff(now))


def has_peaks(meter: Meter) -> bool:
    """Whether the contract has days that are announced: EJP, Tempo, mobile peaks.

    Historic mode announces those of EJP only.
    """
    if meter.mode is TicMode.HISTORIC:
        return meter.option is Contract.EJP
    return meter.option in {Contract.EJP, Contract.TEMPO} or "DPM1" in meter.seen


def _tells_peak_times(meter: Meter) -> bool:
    return meter.mode is TicMode.STANDARD and has_peaks(meter)


def _is_tempo(meter: Meter) -> bool:
    return meter.option is Contract.TEMPO


def _word(
    key: str,
    value_fn: ValueOf,
    exists_fn: Exists,
    *,
    options: list[str] | None = None,
    enabled: bool = True,
    category: EntityCategory | None = None,
) -> LinkySensorDescription:
    """Return the row of a word: one of ``options``, or whatever the supplier wrote."""
    return LinkySensorDescription(
        key=key,
        translation_key=f"linky_{key}",
        device_class=None if options is None else SensorDeviceClass.ENUM,
        options=options,
        entity_category=category,
        entity_registry_enabled_default=enabled,
        exists_fn=exists_fn,
        value_fn=value_fn,
    )


def _colour(colour: Colour) -> str:
    return colour.name.lower()


def _now() -> Iterator[LinkySensorDescription]:
    yield _word(
        "period",
        _of_tariff(lambda tariff: tariff.period),
        seen("PTEC", "NTARF", "LTARF"),
        options=[period.value for period in Period],
    )
    yield _word(
        "tariff_option",
        _of_tariff(lambda tariff: tariff.option),
        seen("OPTARIF", "NGTF"),
        options=[option.value for option in Contract],
        category=EntityCategory.DIAGNOSTIC,
    )
    yield _word("tariff_label", _of_tariff(lambda tariff: tariff.label), seen("LTARF"))
    yield _word(
        "calendar",
        _of_tariff(lambda tariff: tariff.calendar),
        seen("NGTF"),
        enabled=False,
        category=EntityCategory.DIAGNOSTIC,
    )
    yield _word(
        "supplier_index",
        _of_tariff(lambda tariff: tariff.index),
        seen("NTARF", "STGE"),
        enabled=False,
    )
    yield _word(
        "distributor_index",
        of_status(lambda status: status.distributor_index),
        seen("STGE"),
        enabled=False,
    )


def _days() -> Iterator[LinkySensorDescription]:
    for key, pick in (
        ("tempo_today", lambda tariff: _colour(tariff.today)),
        ("tempo_tomorrow", lambda tariff: _colour(tariff.tomorrow)),
    ):
        yield _word(
            key,
            _of_tariff(pick),
            _is_tempo,
            options=[_colour(colour) for colour in Colour],
        )
    for key, label in (("day_profile", "NJOURF"), ("day_profile_tomorrow", "NJOURF+1")):
        yield _word(
            key,
            number(label),
            seen(label),
            enabled=False,
            category=EntityCategory.DIAGNOSTIC,
        )


def _local(when: datetime | None) -> datetime | None:
    """Place a time of the meter, which lives where Home Assistant does."""
    if when is None:
        return None
    return when.replace(tzinfo=dt_util.get_default_time_zone())


def _next_switching(meter: Meter, now: float) -> datetime | None:
    clock = meter.clock(now)
    if clock is None:
        return None
    return _local(next_switching(*meter.profiles(now), clock.replace(tzinfo=None)))


def _profiles(meter: Meter, now: float) -> dict[str, Any]:
    """Return the calendar of tomorrow, and of an announced day of a mobile peak."""
    profiles = {"tomorrow": _steps(meter.profiles(now)[1])}
    if peak := parse_profile(meter.text("PPOINTE", now) or "", meter.hour_base):
        profiles["peak_day"] = _steps(peak)
    return profiles


def _steps(profile: tuple[Switching, ...]) -> list[dict[str, Any]]:
    """Return a day's profile, one entry per switching."""
    contacts = {None: "unchanged", True: "closed", False: "open"}
    return [
        {
            "time": f"{step.minute // 60:02}:{step.minute % 60:02}",
            "index": step.index,
            "contact": contacts[step.contact_closed],
        }
        for step in profile
    ]


def _timestamp(
    key: str,
    value_fn: ValueOf,
    exists_fn: Exists,
    *,
    enabled: bool = True,
    attributes_fn: Callable[[Meter, float], dict[str, Any]] | None = None,
) -> LinkySensorDescription:
    return LinkySensorDescription(
        key=key,
        translation_key=f"linky_{key}",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=enabled,
        exists_fn=exists_fn,
        value_fn=value_fn,
        may_be_absent=True,
        attributes_fn=attributes_fn,
    )


def _times() -> Iterator[LinkySensorDescription]:
    yield _timestamp(
        "next_switching", _next_switching, seen("PJOURF+1"), attributes_fn=_profiles
    )
    for n in (1, 2, 3):
        for key, label in (
            (f"peak_{n}_start", f"DPM{n}"),
            (f"peak_{n}_end", f"FPM{n}"),
        ):

            def notice(meter: Meter, now: float, label: str = label) -> datetime | None:
                value = meter.value(label, now)
                horodate = parse_horodate(value.horodate or "") if value else None
                return None if horodate is None else _local(horodate.when)

            yield _timestamp(key, notice, _tells_peak_times, enabled=False)


def _clock_drift(meter: Meter, now: float) -> StateType:
    """Return by how many seconds the meter's clock is ahead."""
    date = meter.value("DATE", now)
    clock = meter.clock(now)
    if date is None or clock is None:
        return None
    age_s = now - date.at
    return round((clock - dt_util.utcnow()).total_seconds() + age_s)


def _status() -> Iterator[LinkySensorDescription]:
    yield _word(
        "breaker",
        of_status(lambda status: status.cut_off.name.lower()),
        seen("STGE"),
        options=[state.name.lower() for state in CutOff],
    )
    for key, label in (("message", "MSG1"), ("short_message", "MSG2")):

        def message(meter: Meter, now: float, label: str = label) -> StateType:
            return plain(meter.text(label, now))

        yield _word(key, message, seen(label), enabled=False)
    yield LinkySensorDescription(
        key="clock_drift",
        translation_key="linky_clock_drift",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=seen("DATE"),
        value_fn=_clock_drift,
        dead_band=_CLOCK_DEAD_BAND_S,
        write_interval=SLOW_INTERVAL,
    )


TARIFF_ROWS: Final = (*_now(), *_days(), *_times(), *_status())
