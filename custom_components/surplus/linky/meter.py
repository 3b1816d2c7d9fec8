"""What the meter says now, folded from groups and frames.

Any group can be missing from any frame, so a value stands until it is too old, not
until a frame comes without it. Four kinds of label need more than that: those whose
presence is the message, energy indexes, settings, and the serial number itself.
"""

from dataclasses import dataclass, field
from typing import Final

from .frames import Frame
from .groups import Group
from .labels import IDENTITY_LABELS, LABELS, OVERLOAD_WARNINGS, Label, TicMode
from .status import Status, parse_status
from .tariff import Tariff, historic_tariff, standard_tariff

# A Linky cuts off at 1.3 times 36 kVA, 13 Wh/s. A step beyond this is a corrupted
# number that passed the check, unless it is repeated.
_MAX_WH_PER_S: Final = 20.0
_MAX_WH_STEP: Final = 200.0

_IDENTITY_FRAMES: Final = 2
_PHASE_FRAMES: Final = 3
# Changing a latched phase count takes longer than a burst of bad groups.
_PHASE_CHANGE_FRAMES: Final = 10

# What only a three-phase meter sends every time. SINSTSn, MSG and UMOYn may be absent.
_THREE_PHASE: Final = frozenset({"IINST2", "IINST3", "IRMS2", "IRMS3"})

_POWER_LABELS: Final = frozenset(
    {"SINSTS", "PAPP", "IINST", "IINST1", "IINST2", "IINST3"}
)
# The last label of a frame that a reading needs.
_READING_LABELS: Final = frozenset({"STGE", "PAPP"})


@dataclass(frozen=True, slots=True)
class Value:
    """A label's newest data and the instant it arrived."""

    data: str
    at: float
    horodate: str | None = None


@dataclass(slots=True)
class _Index:
    """An energy index that is waiting to be believed."""

    value: int
    at: float


@dataclass(slots=True)
class Meter:
    """The state of one meter.

    ``identity`` is its serial number (ADCO or ADSC) and ``phases`` 1 or 3, both None
    until several frames agree. ``seen`` holds every known label it ever sent.
    ``implausible`` counts numbers that were well-formed but cannot be true.
    """

    identity: str | None = None
    mode: TicMode | None = None
    phases: int | None = None
    seen: set[str] = field(default_factory=set)
    implausible: int = 0
    power_at: float | None = None
    _values: dict[str, Value] = field(default_factory=dict)
    _steady: dict[str, str] = field(default_factory=dict)
    _indexes: dict[str, _Index] = field(default_factory=dict)
    _other_identity: tuple[str, int] = ("", 0)
    _other_phases: int = 0
    _last_frame_short: bool = False
    _reading_due: bool = False

    def on_group(self, group: Group, at: float) -> bool:
        """Take a group; return whether a new power reading is complete with it."""
        spec = group.spec
        if spec is None or group.label in IDENTITY_LABELS:
            return False
        self.mode = group.mode
        self.seen.add(group.label)
        if not self._is_believed(spec, group.data, at):
            return False
        self._values[group.label] = Value(group.data, at, group.horodate)
        if group.label in _POWER_LABELS:
            self.power_at = at
            self._reading_due = True
        if group.label in _READING_LABELS:
            return self._take_reading_due()
        return False

    def on_frame(self, frame: Frame) -> bool:
        """Take a frame end; return whether a new power reading is complete with it."""
        if frame.complete and frame.identity is not None:
            self._learn_identity(frame.identity)
            labels = {group.label for group in frame.groups}
            if frame.errors == 0:
                self._end_absent(labels, short=frame.short)
            self._learn_phases(labels, whole=frame.errors == 0 and not frame.short)
            self._last_frame_short = frame.short
        return self._take_reading_due()

    def value(self, label: str, now: float) -> Value | None:
        """Return the value that stands at ``now``, or None."""
        value = self._values.get(label)
        if value is None or now - value.at > LABELS[label].max_age_s:
            return None
        return value

    def text(self, label: str, now: float) -> str | None:
        """Return the data that stands at ``now``, or None."""
        value = self.value(label, now)
        return None if value is None else value.data

    def number(self, label: str, now: float) -> int | None:
        """Return the number that stands at ``now``, in the label's unit, or None."""
        value = self.value(label, now)
        return None if value is None else int(value.data)

    def status(self, now: float) -> Status | None:
        """Return the status register of standard mode."""
        text = self.text("STGE", now)
        return None if text is None else parse_status(text)

    def tariff(self, now: float) -> Tariff:
        """Return the tariff as either mode tells it."""
        if self.mode is TicMode.STANDARD:
            return standard_tariff(
                lambda label: self.text(label, now), self.status(now)
            )
        return historic_tariff(lambda label: self.text(label, now))

    def overload(self, now: float) -> bool:
        """Whether the meter warns that the subscribed power is exceeded."""
        status = self.status(now)
        return (status is not None and status.overload) or any(
            self.value(label, now) is not None for label in OVERLOAD_WARNINGS
        )

    def last(self, label: str) -> Value | None:
        """Return a label's last value, however old, or None."""
        return self._values.get(label)

    def values(self) -> dict[str, Value]:
        """Return everything held, however old."""
        return dict(self._values)

    def _take_reading_due(self) -> bool:
        due, self._reading_due = self._reading_due, False
        return due

    def _is_believed(self, spec: Label, data: str, at: float) -> bool:
        if spec.index:
            return self._is_index_believed(spec.name, int(data), at)
        if not spec.steady:
            return True
        held = self._values.get(spec.name)
        if held is None or held.data == data:
            self._steady.pop(spec.name, None)
            return True
        if self._steady.get(spec.name) == data:
            del self._steady[spec.name]
            return True
        self._steady[spec.name] = data
        return False

    def _is_index_believed(self, label: str, wh: int, at: float) -> bool:
        """Only ever upward, by a possible step or by one that the next frame confirms."""
        held = self._values.get(label)
        floor = None if held is None else int(held.data)
        if held is not None and floor is not None:
            room = _MAX_WH_STEP + _MAX_WH_PER_S * max(at - held.at, 0.0)
            if floor <= wh <= floor + room:
                self._indexes.pop(label, None)
                return True
        waiting = self._indexes.get(label)
        self._indexes[label] = _Index(wh, at)
        if waiting is None:
            self.implausible += floor is not None
            return False
        room = _MAX_WH_STEP + _MAX_WH_PER_S * max(at - waiting.at, 0.0)
        if floor is not None:
            room += max(waiting.value - floor, 0)
        if 0 <= wh - waiting.value <= room and (floor is None or wh >= floor):
            del self._indexes[label]
            return True
        self.implausible += 1
        return False

    def _end_absent(self, labels: set[str], *, short: bool) -> None:
        """End the presence labels that this frame should have carried."""
        for label in [held for held in self._values if LABELS[held].presence]:
            if label in labels:
                continue
            if label.startswith("ADIR"):
                # Only short frames carry them: the one long frame between two bursts
                # of short ones says nothing, a second long one does.
                ended = short or not self._last_frame_short
            else:
                ended = not short
            if ended:
                del self._values[label]
                if label in OVERLOAD_WARNINGS:
                    self._reading_due = True

    def _learn_identity(self, identity: str) -> None:
        if identity == self.identity:
            self._other_identity = ("", 0)
            return
        other, count = self._other_identity
        count = count + 1 if identity == other else 1
        if count < _IDENTITY_FRAMES:
            self._other_identity = (identity, count)
            return
        if self.identity is not None:
            # Another meter: nothing of the old one holds.
            self._values.clear()
            self._steady.clear()
            self._indexes.clear()
            self.seen.clear()
            self.phases = None
            self._other_phases = 0
            self._reading_due = False
            self.power_at = None
        self._other_identity = ("", 0)
        self.identity = identity

    def _learn_phases(self, labels: set[str], *, whole: bool) -> None:
        """Latch the phase count; only a frame without losses can speak for one phase."""
        if labels & _THREE_PHASE:
            phases = 3
        elif whole:
            phases = 1
        else:
            return
        if phases == self.phases:
            self._other_phases = 0
            return
        # Counted up for three, down for one, so that opposite votes cancel.
        step = 1 if phases == 3 else -1
        votes = self._other_phases
        self._other_phases = votes + step if votes * step >= 0 else step
        needed = _PHASE_FRAMES if self.phases is None else _PHASE_CHANGE_FRAMES
        if abs(self._other_phases) >= needed:
            self.phases = phases
            self._other_phases = 0
