"""TIC bytes in, groups and frames out: an incremental decoder of both modes.

    frame := STX group+ ETX
    group := LF label SEP [horodate SEP] data SEP checksum CR

SEP is a space in historic mode and a tab in standard mode (Enedis-NOI-CPT_54E v3, §4).
What lies between LF and CR is read by ``groups``.

What a line in the field does to this grammar decides the shape of the decoder: the first
byte after a pause arrives mangled, adapters pass the parity bit or turn CR into LF, ETX
comes as EOT, bytes are lost. So nothing but the end of a group is required: CR and LF
both end one, a frame begins with STX or with the meter's serial number, and whatever
does not check costs itself only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
import re
from typing import Final, NamedTuple

from .groups import Flaw, Group, plain_number, read_group
from .labels import (
    CLOSING_LABELS,
    IDENTITY_LABELS,
    OVERLOAD_WARNINGS,
    SHORT_FRAME_LABELS,
    TicMode,
)

_STX: Final = b"\x02"
_ETX: Final = b"\x03"
_EOT: Final = b"\x04"
_MARKS: Final = (_STX, _ETX, _EOT)
_BETWEEN_FRAMES: Final = _ETX + _STX
_MARK: Final = re.compile(rb"([\x02-\x04])")
_HT, _LF, _CR, _SP = 9, 10, 13, 32

# Seven bits count (an 8-bit adapter leaves the parity in the eighth), and CR is LF.
_FOLD: Final = bytes(_LF if byte & 0x7F == _CR else byte & 0x7F for byte in range(256))

_CONTROLS: Final = bytes(byte for byte in range(_SP) if byte != _HT)

# PJOURF+1, the longest group, has 109 bytes; a three-phase producer sends 70 groups.
_MAX_GROUP_BYTES: Final = 160
_MAX_FRAME_GROUPS: Final = 128
_MOST_SHORT: Final = len(SHORT_FRAME_LABELS)
# Most groups of a frame repeat the bytes of the frame before.
_MAX_KNOWN: Final = 512


# A named tuple takes half as long to make as a frozen dataclass.
class Frame(NamedTuple):
    """The good groups between two frame ends.

    ``complete``: it has its beginning, its end and the meter's serial number.
    ``errors`` groups of it were lost. ``short``: an overload frame of a three-phase
    meter in historic mode, which says nothing about the labels it leaves out.
    ``at`` is the instant its end arrived.
    """

    groups: Sequence[Group]
    identity: str | None
    complete: bool
    short: bool
    errors: int
    at: float

    @property
    def mode(self) -> TicMode | None:
        """The mode it was sent in; None when nothing of it was readable."""
        return self.groups[0].mode if self.groups else None

    def values(self) -> dict[str, str]:
        """Label to data."""
        return {group[0]: group[1] for group in self.groups}


@dataclass(slots=True)
class Counters:
    """What came in, and what was lost of it.

    ``bad_structure``: not label, data and checksum. ``bad_value``: the checksum is right
    but the data does not have the label's width or characters. ``resyncs``: runs of
    bytes that hold no group at all.
    """

    bytes: int = 0
    groups: int = 0
    unknown_labels: int = 0
    bad_checksum: int = 0
    bad_structure: int = 0
    bad_value: int = 0
    frames: int = 0
    frames_incomplete: int = 0
    resyncs: int = 0

    @property
    def bad_groups(self) -> int:
        """Groups that were dropped."""
        return self.bad_checksum + self.bad_structure + self.bad_value

    def lost(self, flaw: Flaw) -> None:
        """Count a group that was dropped."""
        match flaw:
            case Flaw.STRUCTURE:
                self.bad_structure += 1
            case Flaw.CHECKSUM:
                self.bad_checksum += 1
            case _:
                self.bad_value += 1


@dataclass(slots=True)
class Decoder:
    """Feed it bytes in any portions; the result does not depend on where they are cut.

    Never raises, and holds at most one frame of a bounded number of groups.
    """

    counters: Counters = field(default_factory=Counters)
    _tail: bytes = b""
    # False until the first end of a group: what precedes it began before we listened.
    _synced: bool = False
    _known: dict[bytes, Group] = field(default_factory=dict)
    # What begins a frame: the marks between two, and the newest serial number.
    _beginnings: dict[bytes, Group | None] = field(
        default_factory=lambda: {_BETWEEN_FRAMES: None}
    )
    # The open frame.
    _groups: list[Group] = field(default_factory=list)
    # How many of them were returned as events.
    _given: int = 0
    _identity: str | None = None
    _headed: bool = False
    _overfull: bool = False
    _errors: int = 0

    def feed(self, data: bytes, at: float = 0.0) -> list[Frame]:
        """Decode ``data``, received at ``at``; return the frames that ended in it."""
        return self._decode(data, at)[1]

    def events(self, data: bytes, at: float = 0.0) -> list[Group | Frame]:
        """Decode ``data``; return groups and frame ends in their order.

        A frame end follows the groups it holds, which were returned as they came in.
        """
        return self._decode(data, at)[0]

    def _decode(
        self, data: bytes, at: float
    ) -> tuple[list[Group | Frame], list[Frame]]:
        events: list[Group | Frame] = []
        frames: list[Frame] = []
        known = self._known
        get_known = known.get
        beginnings = self._beginnings
        groups = self._groups
        for segment in self._split(data):
            group = get_known(segment)
            if group is None:
                if segment in beginnings or (group := plain_number(segment)) is None:
                    self._special(segment, at, events, frames)
                    groups = self._groups
                    continue
                known[segment] = group
            groups.append(group)
        if len(known) > _MAX_KNOWN:
            known.clear()
        events += groups[self._given :]
        if len(groups) > _MAX_FRAME_GROUPS:
            self._overfull = True
            del groups[_MAX_FRAME_GROUPS:]
        self._given = len(groups)
        self.counters.groups += len(events) - len(frames)
        return events, frames

    def reset(self) -> None:
        """Forget the bytes and the frame begun: the stream was interrupted."""
        self._tail = b""
        self._synced = False
        self._groups = []
        self._given = 0
        self._open_frame()

    def _split(self, data: bytes) -> list[bytes]:
        """Cut at every CR and LF, and after the last frame mark; keep the rest."""
        self.counters.bytes += len(data)
        text = self._tail + data.translate(_FOLD)
        segments = text.replace(b"\n\n", b"\n").split(b"\n")
        tail = segments.pop()
        # The next frame may be long in coming: an end counts when it is here.
        if ended := max(map(tail.rfind, _MARKS)) + 1:
            segments.append(tail[:ended])
            tail = tail[ended:]
        # One byte too many, so that the rest of an endless run is known to be one.
        self._tail = tail[: _MAX_GROUP_BYTES + 1]
        if segments and not self._synced:
            self._synced = True
            mark = _MARK.search(segments[0])
            segments[0] = segments[0][mark.start() :] if mark else b""
        return segments

    def _special(
        self,
        segment: bytes,
        at: float,
        events: list[Group | Frame],
        frames: list[Frame],
    ) -> None:
        """Take what is neither known nor a plain number: frame marks and the rest."""
        if segment == _BETWEEN_FRAMES:
            self._end(_ETX, at, events, frames)
            self._headed = True
            return
        if (group := self._beginnings.get(segment)) is not None:
            self._begin(group, at, events, frames)
            self._groups.append(group)
            return
        for piece in _MARK.split(segment):
            if piece in _MARKS:
                self._end(piece, at, events, frames)
                self._headed = piece == _STX
            elif piece and (group := self._group(piece)) is not None:
                if group.label in IDENTITY_LABELS:
                    self._begin(group, at, events, frames)
                self._groups.append(group)

    def _group(self, segment: bytes) -> Group | None:
        """Decode what lies between two ends; count what it is not."""
        counters = self.counters
        body = segment.lstrip(_CONTROLS)
        if len(segment) > _MAX_GROUP_BYTES or (b"\t" not in body and b" " not in body):
            # A mangled STX between two frames spoils neither.
            if body:
                counters.resyncs += 1
                if self._groups or self._headed:
                    self._errors += 1
            return None
        group = read_group(body)
        if isinstance(group, Flaw):
            self._errors += 1
            counters.lost(group)
            return None
        if group.spec is None:
            counters.unknown_labels += 1
        elif group.label in IDENTITY_LABELS:
            self._beginnings.clear()
            self._beginnings |= {_BETWEEN_FRAMES: None, segment: group}
        else:
            self._known[segment] = group
        return group

    def _begin(
        self, group: Group, at: float, events: list[Group | Frame], frames: list[Frame]
    ) -> None:
        """Let a serial number begin a frame unless STX has just done so."""
        # Short frames send their warnings before the serial number.
        if self._identity is not None or (
            self._groups
            and any(before.label not in OVERLOAD_WARNINGS for before in self._groups)
        ):
            self._end(b"", at, events, frames)
        self._headed = True
        self._identity = group.data

    def _end(
        self, mark: bytes, at: float, events: list[Group | Frame], frames: list[Frame]
    ) -> None:
        """Close the open frame, if there is one."""
        groups = self._groups
        if groups or self._errors:
            events += groups[self._given :]
            count = len(groups)
            complete = (
                self._headed
                and self._identity is not None
                and not self._overfull
                and count <= _MAX_FRAME_GROUPS
                # An end that was lost or mangled is forgiven once the last group is in.
                and (mark == _ETX or groups[-1].label in CLOSING_LABELS)
            )
            # As for groups: the constructor of a named tuple costs more than its tuple.
            frame = tuple.__new__(
                Frame,
                (
                    groups
                    if count <= _MAX_FRAME_GROUPS
                    else groups[:_MAX_FRAME_GROUPS],
                    self._identity,
                    complete,
                    count <= _MOST_SHORT
                    and all(group.label in SHORT_FRAME_LABELS for group in groups),
                    self._errors,
                    at,
                ),
            )
            if complete:
                self.counters.frames += 1
            else:
                self.counters.frames_incomplete += 1
            events.append(frame)
            frames.append(frame)
            self._groups = []
            self._given = 0
        self._open_frame()

    def _open_frame(self) -> None:
        self._identity = None
        self._headed = False
        self._overfull = False
        self._errors = 0
