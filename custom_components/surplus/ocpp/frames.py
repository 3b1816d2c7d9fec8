"""OCPP-J frames as chargers really send them (OCPP-J 1.6 section 4.2).

A frame is a JSON array: ``[2, id, action, payload]`` a call, ``[3, id, payload]`` its
result, ``[4, id, code, description, details]`` an error. Chargers add elements, leave
some out, number their calls with integers and put control characters into serials;
whatever is understandable is repaired here, so that the package behind only ever sees
well-formed frames. ``read`` never raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import json
import re
from typing import Any

from .values import text

# Real payloads nest five deep; a conversion further in recurses once per level.
_DEEPEST = 32

# What can still be told from a frame whose JSON is broken further on.
_HEAD = re.compile(r'\s*\[\s*([234])\s*,\s*(?:"([^"]{1,64})"|(-?\d{1,20}))\s*,')

# Errors come out in logs and in front of the user.
_LONGEST_ERROR = 64

_SECRET_KEYS = frozenset({"idtag", "parentidtag", "authorizationkey", "certificate"})

type CallId = str | int


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """Something the charger asks or tells. ``call_id`` goes back as it came."""

    call_id: CallId
    action: str
    payload: dict[str, Any]

    def to_json(self) -> str:
        """Return the repaired frame."""
        return json.dumps([2, self.call_id, self.action, self.payload])


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer to one of our calls."""

    call_id: str
    payload: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The charger's refusal to handle one of our calls."""

    call_id: str
    code: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Malformed:
    """A frame beyond repair. ``call_id`` is set where a call waits for an answer."""

    why: str
    call_id: CallId | None = None


type Frame = Call | Answer | Failure | Malformed


def read(raw: str | bytes) -> Frame:
    """Return what a frame says."""
    if isinstance(raw, bytes):
        raw = raw.decode(errors="replace")
    try:
        frame = json.loads(raw, strict=False)
    except ValueError, RecursionError:
        return _read_head(raw)
    if not isinstance(frame, list) or len(frame) < 2:
        return Malformed(why="not an OCPP frame")
    kind, call_id = frame[0], frame[1]
    if isinstance(call_id, bool) or not isinstance(call_id, str | int):
        return Malformed(why="no usable id")
    if _too_deep(frame):
        return Malformed(why="nested too deep", call_id=call_id if kind == 2 else None)
    match kind:
        case 2:
            return _call(call_id, frame)
        case 3:
            return Answer(call_id=str(call_id), payload=_object(frame, 2))
        case 4:
            return Failure(
                call_id=str(call_id),
                code=text(_word(frame, 2), _LONGEST_ERROR) or "GenericError",
                description=text(_word(frame, 3), _LONGEST_ERROR) or "",
            )
        case _:
            return Malformed(why="unknown message type")


def _call(call_id: CallId, frame: list[Any]) -> Call | Malformed:
    action = _word(frame, 2).strip()
    if not action:
        return Malformed(why="no action", call_id=call_id)
    return Call(call_id=call_id, action=action, payload=_object(frame, 3))


def _read_head(raw: str) -> Failure | Malformed:
    """Make the best of broken JSON: fail the call it belongs to, on either side."""
    if not (head := _HEAD.match(raw)):
        return Malformed(why="not JSON")
    kind, quoted, bare = head.groups()
    if kind == "2":
        return Malformed(why="not JSON", call_id=quoted or int(bare))
    return Failure(
        call_id=quoted or bare, code="FormationViolation", description="not JSON"
    )


def _word(frame: list[Any], index: int) -> str:
    return frame[index] if len(frame) > index and isinstance(frame[index], str) else ""


def _object(frame: list[Any], index: int) -> dict[str, Any]:
    payload = frame[index] if len(frame) > index else None
    return payload if isinstance(payload, dict) else {}


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            child
            for parent in level
            if isinstance(parent, list | dict)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


def redacted(value: Any) -> Any:
    """Return a payload fit for a log: tags and keys are masked."""
    if isinstance(value, Mapping):
        secret_setting = str(value.get("key", "")).casefold() in _SECRET_KEYS
        return {
            key: "**"
            if str(key).replace("_", "").casefold() in _SECRET_KEYS
            or (secret_setting and key == "value")
            else redacted(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [redacted(part) for part in value]
    return value
