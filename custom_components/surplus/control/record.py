"""What was decided from what: a record that can be replayed to identical decisions.

A record is a sequence of JSON texts, one a line. Its segments begin with everything the
engine remembers (``start``), so that each can be replayed without those before it. A
line of a ``cycle`` holds what has changed in the snapshot and in the decisions since the
line before, as a merge patch (RFC 7386); whatever else was done to the engine has a line
of its own. Names are left out: nothing is decided by them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
import json
from typing import Any, Protocol

from .cycle import Cycle
from .engine import Engine
from .freeze import freeze, thaw
from .freshness import Freshness
from .model import BatteryReading, Decision, GridReading, LoadInput, LoadSpec, Snapshot
from .settings import HomeSettings

VERSION = 1

type Values = dict[str, Any]

# What freezing a state raises that holds something it cannot take.
_NOT_RECORDED = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
_NONE = {"~none": 0}


class Lines(Protocol):
    """Where a record is written to."""

    def begins(self, wall: datetime) -> bool:
        """Return whether a new segment begins now; told to ``add`` from then on."""

    def add(self, line: str) -> None:
        """Take one line."""

    def failed(self, error: Exception) -> None:
        """Take note that a line is missing: the segment ends before it."""


class RecordedEngine:
    """An engine that writes down what it is given and what it makes of it."""

    def __init__(self, engine: Engine, lines: Lines) -> None:
        """Write to ``lines`` from the first cycle on."""
        self._engine = engine
        self._lines = lines
        self._recording = False
        self._snapshot: Values = {}
        self._made: Values = {}
        self._run = ""
        self._cycles = 0

    @property
    def settings(self) -> HomeSettings:
        """What the user set."""
        return self._engine.settings

    @settings.setter
    def settings(self, settings: HomeSettings) -> None:
        if settings != self._engine.settings:
            self._engine.settings = settings
            self._note(lambda: {"settings": freeze(settings)})

    @property
    def freshness(self) -> Freshness:
        """The rhythm of the grid meter."""
        return self._engine.freshness

    @property
    def checking(self) -> frozenset[str]:
        """The loads that are being checked."""
        return self._engine.checking

    def as_dict(self, now: float, wall: datetime) -> Values:
        """Return what must survive a restart, ready for JSON."""
        return self._engine.as_dict(now, wall)

    def new_meter(self, freshness: Freshness | None = None) -> None:
        """Take another grid meter, with what was learned of its rhythm."""
        self._engine.new_meter(freshness)
        self._note(lambda: {"new_meter": freeze(freshness)})

    def forget(self, load_id: str) -> None:
        """Forget a load that was deleted: one of the same id later is another one."""
        self._engine.forget(load_id)
        self._note(lambda: {"forget": load_id})

    def start_check(self, spec: LoadSpec) -> None:
        """Begin a commissioning check of a load with the next cycle."""
        spec = _nameless(spec)
        self._engine.start_check(spec)
        self._note(lambda: {"start_check": freeze(spec)})

    def stop_check(self, load_id: str) -> None:
        """End a check; the load is decided for again, as if it had not been."""
        self._engine.stop_check(load_id)
        self._note(lambda: {"stop_check": load_id})

    def cycle(self, snapshot: Snapshot) -> Cycle:
        """Decide for every load."""
        snapshot = replace(
            snapshot,
            loads=tuple(
                replace(load, spec=_nameless(load.spec)) for load in snapshot.loads
            ),
        )
        if self._lines.begins(snapshot.wall) or not self._recording:
            self._start(snapshot)
        cycle = self._engine.cycle(snapshot)
        self._cycles += 1
        self._note(lambda: self._patches(snapshot, cycle))
        return cycle

    def _start(self, snapshot: Snapshot) -> None:
        self._run = self._run or snapshot.wall.isoformat()
        self._snapshot, self._made = {}, {}
        self._recording = True
        self._note(
            lambda: {
                "start": {
                    "version": VERSION,
                    "run": self._run,
                    "cycles": self._cycles,
                    "engine": freeze(self._engine),
                }
            }
        )

    def _patches(self, snapshot: Snapshot, cycle: Cycle) -> Values:
        seen, made = snapshot_values(snapshot), cycle_values(cycle)
        line = {"cycle": difference(self._snapshot, seen)}
        if changed := difference(self._made, made):
            line["made"] = changed
        self._snapshot, self._made = seen, made
        return line

    def _note(self, line: Callable[[], Values]) -> None:
        """Write a line; deciding never fails because it cannot be written down."""
        if not self._recording:
            return
        try:
            self._lines.add(text_of(line()))
        except _NOT_RECORDED as error:
            self._recording = False
            self._lines.failed(error)


# ---- snapshots and cycles as values ------------------------------------------------------


class _Kept:
    """Freezes a value once for as long as it stays the same object."""

    def __init__(self) -> None:
        self._kept: tuple[object, Any] = (None, None)

    def of(self, value: object) -> Any:
        if self._kept[0] is not value:
            self._kept = (value, freeze(value))
        return self._kept[1]


# Both tell of days and come with each cycle: the same tariff for minutes, the same
# forecast for half an hour.
_FROZEN_TARIFF, _FROZEN_FORECAST = _Kept(), _Kept()


def snapshot_values(snapshot: Snapshot) -> Values:
    """Return a snapshot as JSON values; what is None or a default is left out."""
    return _without_none(
        {
            "now": snapshot.now,
            "wall": freeze(snapshot.wall),
            "grid": _fields_of(snapshot.grid) if snapshot.grid else None,
            "solar_w": freeze(snapshot.solar_w),
            "cheap": snapshot.cheap,
            "tariff": _FROZEN_TARIFF.of(snapshot.tariff),
            "forecast": _FROZEN_FORECAST.of(snapshot.forecast),
            "levels": freeze(snapshot.levels) if snapshot.levels else None,
            "batteries": {
                str(n): _fields_of(battery)
                for n, battery in enumerate(snapshot.batteries)
            },
            "loads": {
                load.spec.load_id: {
                    "spec": _fields_of(load.spec, leave_out=("name",)),
                    "spec_kind": freeze(type(load.spec)),
                    "reading": _fields_of(load.reading),
                    "reading_kind": freeze(type(load.reading)),
                    "asked": _fields_of(load, leave_out=("spec", "reading")),
                }
                for load in snapshot.loads
            },
            "order": [load.spec.load_id for load in snapshot.loads],
        }
    )


def snapshot_of(values: Values) -> Snapshot:
    """Return the snapshot that ``snapshot_values`` was given, without names."""
    loads = values["loads"]
    batteries = values["batteries"]
    return Snapshot(
        now=values["now"],
        wall=thaw(values["wall"]),
        grid=_made_of(GridReading, values["grid"]) if "grid" in values else None,
        solar_w=thaw(values.get("solar_w")),
        cheap=values.get("cheap"),
        tariff=thaw(values.get("tariff")),
        forecast=thaw(values.get("forecast")),
        levels=thaw(values.get("levels", {})),
        batteries=tuple(
            _made_of(BatteryReading, batteries[str(n)]) for n in range(len(batteries))
        ),
        loads=tuple(_load_of(loads[load_id]) for load_id in values["order"]),
    )


def _load_of(values: Values) -> LoadInput:
    spec = {**values["spec"], "name": values["spec"]["load_id"]}
    load: LoadInput = _made_of(
        LoadInput,
        values["asked"],
        spec=_made_of(thaw(values["spec_kind"]), spec),
        reading=_made_of(thaw(values["reading_kind"]), values["reading"]),
    )
    return load


def cycle_values(cycle: Cycle) -> Values:
    """Return what was decided as JSON values, by load."""
    return _without_none(
        {
            "decisions": {
                decision.load_id: _decision_values(decision)
                for decision in cycle.decisions
            },
            "order": [decision.load_id for decision in cycle.decisions],
            "checks": {
                load_id: _fields_of(result) for load_id, result in cycle.checks.items()
            },
        }
    )


def _decision_values(decision: Decision) -> Values:
    setpoint, event = decision.setpoint, decision.next_event
    return {
        "value": freeze(setpoint.value) if setpoint else None,
        "power_w": freeze(setpoint.power_w) if setpoint else None,
        "reason": decision.reason,
        "numbers": freeze(decision.numbers),
        "next": event.kind if event else None,
        "next_in_s": event.in_s if event else None,
    }


def _nameless(spec: LoadSpec) -> LoadSpec:
    return replace(spec, name=spec.load_id)


def _fields_of(thing: Any, leave_out: tuple[str, ...] = ()) -> Values:
    """Return a dataclass's values; what is its default is left out."""
    values = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name in leave_out:
            continue
        if value is None:
            if field.default is None or not _has_default(field):
                continue
            values[field.name] = _NONE
        elif not (field.default == value and repr(field.default) == repr(value)):
            values[field.name] = freeze(value)
    return values


def _made_of(kind: Any, values: Values, **more: Any) -> Any:
    given = {
        key: None if value == _NONE else thaw(value) for key, value in values.items()
    }
    for field in fields(kind):
        if (
            field.name not in given
            and field.name not in more
            and not _has_default(field)
        ):
            given[field.name] = None
    return kind(**given, **more)


def _has_default(field: Any) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


# ---- differences -----------------------------------------------------------------------


def text_of(values: Values) -> str:
    """Return values as one line of JSON, the same for the same values."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Values:
    """Return the merge patch that makes ``new`` of ``old``; neither holds a null."""
    patch: Values = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if before is value and value is not None:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := difference(before, value):
                patch[key] = inner
        elif key not in old or repr(before) != repr(value):
            patch[key] = value
    return patch


def patched(old: Mapping[str, Any], patch: Mapping[str, Any]) -> Values:
    """Return what a merge patch makes of ``old``."""
    new = dict(old)
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        elif isinstance(value, dict):
            before = new.get(key)
            new[key] = patched(before if isinstance(before, dict) else {}, value)
        else:
            new[key] = value
    return new


def _without_none(values: Values) -> Values:
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }
