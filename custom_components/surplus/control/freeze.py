"""The brain's own objects as plain JSON values, and back again.

What an engine remembers between cycles is spread over its controls. ``Engine.as_dict``
keeps of it what a restart needs; to go on *identically* everything is needed, whatever
kinds of load there are. So the object graph is written down as it is. Only values and
classes of this package are taken: nothing that is read can run anything else.

Everything JSON has no word for is an object with one key that begins with ``~``.
"""

from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from importlib import import_module
from inspect import isfunction
import re
from types import MethodType
from typing import Any
from zoneinfo import ZoneInfo

_PACKAGE = __package__
_NAME = re.compile(r"(?:[a-z][a-z0-9_]*\.)+[A-Za-z_]\w*")
_SPECIAL_FLOATS = ("inf", "-inf", "nan")


def freeze(value: object) -> Any:
    """Return JSON values for a value of the brain; raises TypeError at any other."""
    return _Freezer().value(value)


def thaw(frozen: Any) -> Any:
    """Return what ``freeze`` was given.

    Raises AttributeError, ImportError, KeyError, TypeError or ValueError where it was
    made by another version, or by something else.
    """
    return _Thawer().value(frozen)


class _Freezer:
    def __init__(self) -> None:
        # By id, with the object itself: an id is only its own while it lives.
        self._met: dict[int, tuple[int, object]] = {}

    def value(self, value: object) -> Any:
        match value:
            case Enum():
                return {"~enum": [_name(type(value)), value.value]}
            case None | bool() | int() | str():
                return value
            case float():
                special = repr(value)
                return {"~float": special} if special in _SPECIAL_FLOATS else value
            case list():
                return [self.value(one) for one in value]
            case tuple():
                return {"~tuple": [self.value(one) for one in value]}
            case set() | frozenset():
                # Without an order of its own: given one, so that equal is equal.
                ordered = sorted(value, key=repr)
                kind = "~set" if isinstance(value, set) else "~frozenset"
                return {kind: [self.value(one) for one in ordered]}
            case deque():
                return {"~deque": [[self.value(one) for one in value], value.maxlen]}
            case Mapping():
                return self._mapping(value)
            case datetime():
                return {"~datetime": [value.isoformat(), self.value(value.tzinfo)]}
            case ZoneInfo(key=str(key)):
                return {"~zone": key}
            case timezone():
                return {"~offset": self.value(value.utcoffset(None))}
            case date():
                return {"~date": value.isoformat()}
            case timedelta():
                return {"~timedelta": value.total_seconds()}
            case MethodType():
                return {"~method": [self.value(value.__self__), value.__name__]}
            case type():
                return {"~name": _name(value)}
        if isfunction(value):
            return {"~name": _name(value)}
        return self._object(value)

    def _mapping(self, value: Mapping[Any, Any]) -> Any:
        # An enum's member is a text, but not only that.
        if all(type(key) is str and not key.startswith("~") for key in value):
            return {key: self.value(one) for key, one in value.items()}
        return {
            "~mapping": [
                [self.value(key), self.value(one)] for key, one in value.items()
            ]
        }

    def _object(self, value: object) -> Any:
        name = _name(type(value))
        params = getattr(type(value), "__dataclass_params__", None)
        if params is not None and params.frozen:
            # A value: whether two are one and the same object is an accident.
            fields = {field: self.value(one) for field, one in _fields(value)}
            return {"~value": [name, fields]}
        if id(value) in self._met:
            return {"~again": self._met[id(value)][0]}
        number = len(self._met)
        self._met[id(value)] = (number, value)
        fields = {field: self.value(one) for field, one in _fields(value)}
        return {"~object": [number, name, fields]}


class _Thawer:
    def __init__(self) -> None:
        self._met: dict[int, object] = {}

    def value(self, frozen: Any) -> Any:
        if isinstance(frozen, list):
            return [self.value(one) for one in frozen]
        if not isinstance(frozen, dict):
            return frozen
        if len(frozen) != 1 or not (tag := next(iter(frozen))).startswith("~"):
            return {key: self.value(one) for key, one in frozen.items()}
        return self._tagged(tag, frozen[tag])

    def _tagged(self, tag: str, of: Any) -> Any:
        match tag:
            case "~float":
                return float(of)
            case "~tuple":
                return tuple(self.value(of))
            case "~set":
                return set(self.value(of))
            case "~frozenset":
                return frozenset(self.value(of))
            case "~deque":
                return deque(self.value(of[0]), of[1])
            case "~mapping":
                return {self.value(key): self.value(one) for key, one in of}
            case "~datetime":
                # With its zone: where a local day ends depends on more than its offset.
                moment, zone = datetime.fromisoformat(of[0]), self.value(of[1])
                return moment if zone is None else moment.astimezone(zone)
            case "~zone":
                return ZoneInfo(of)
            case "~offset":
                return timezone(self.value(of))
            case "~date":
                return date.fromisoformat(of)
            case "~timedelta":
                return timedelta(seconds=of)
            case "~enum":
                return _named(of[0], Enum)(of[1])
            case "~name":
                return _named(of, object)
            case "~method":
                return getattr(self.value(of[0]), _public(of[1]))
            case "~again":
                return self._met[of]
            case "~object":
                made = object.__new__(_named(of[1], object))
                self._met[of[0]] = made
                return self._filled(made, of[2])
            case "~value":
                return self._filled(object.__new__(_named(of[0], object)), of[1])
        raise ValueError(f"unknown mark {tag}")

    def _filled(self, made: object, fields: dict[str, Any]) -> object:
        for field, one in fields.items():
            # Also into frozen ones, as unpickling does.
            object.__setattr__(made, _public(field), self.value(one))
        return made


def _fields(value: object) -> list[tuple[str, object]]:
    slots = [
        slot
        for kind in type(value).__mro__
        for slot in vars(kind).get("__slots__", ())
        if not slot.startswith("__") and hasattr(value, slot)
    ]
    return [
        *((slot, getattr(value, slot)) for slot in sorted(set(slots))),
        *getattr(value, "__dict__", {}).items(),
    ]


def _public(name: str) -> str:
    if name.startswith("__"):
        raise ValueError(f"not a field: {name}")
    return name


def _name(thing: Any) -> str:
    module, name = thing.__module__, thing.__qualname__
    inner = str(module).removeprefix(f"{_PACKAGE}.")
    if inner == module or not _NAME.fullmatch(f"{inner}.{name}"):
        raise TypeError(f"{module}.{name} is not the brain's")
    return f"{inner}.{name}"


def _named(name: str, kind: type) -> Any:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name of the brain: {name}")
    module, _, thing = name.rpartition(".")
    found = getattr(import_module(f"{_PACKAGE}.{module}"), thing)
    if getattr(found, "__module__", None) != f"{_PACKAGE}.{module}":
        raise ValueError(f"not the brain's: {name}")
    if kind is Enum and not (isinstance(found, type) and issubclass(found, Enum)):
        raise ValueError(f"no enumeration: {name}")
    return found
