"""What the meter says now, folded from groups and frames.

Any group can be missing from any frame, so a value stands until it is too old, not
until a frame comes without it. Four kinds of label need more than that: those whose
presence is the message, energy indexes, settings, and the serial number itself.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ..control.model import Contract, Switching, TariffReading
from .factor import PowerFactor
from .frames import Frame
from .groups import Group
from .horodate import parse_horodate
from .labels import IDENTITY_LABELS, LABELS, OVERLOAD_WARNINGS, Label, TicMode
from .profile import base_of_switch, hour_base, parse_profile
from .reactive import QUADRANTS, ReactivePower
from .status import Status, parse_status
from .tariff import historic_tariff, standard_tariff

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
    ``drawn_factor``, ``injected_factor`` and ``reactive`` are learned from its indexes.
    ``exports_unmetered``: it has injected in consumer mode, where it does not tell how much.
    ``hour_base`` is how it writes the hours of day profiles, None while either would do.
    """

    identity: str | None = None
    mode: TicMode | None = None
    phases: int | None = None
    seen: set[str] = field(default_factory=set)
    implausible: int = 0
    power_at: float | None = None
    drawn_factor: PowerFactor = field(default_factory=PowerFactor)
    injected_factor: PowerFactor = field(default_factory=PowerFactor)
    reactive: ReactivePower = field(default_factory=ReactivePower)
    exports_unmetered: bool = False
    hour_base: int | None = None
    _values: dict[str, Value] = field(default_factory=dict)
    _steady: dict[str, str] = field(default_factory=dict)
    _indexes: dict[str, _Index] = field(default_factory=dict)
    _other_identity: tuple[str, int] = ("", 0)
    _other_phases: int = 0
    _last_frame_short: bool = False
    _reading_due: bool = False
    _profile: str | None = None
    _index: int | None = None

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

    def tariff(self, now: float) -> TariffReading:
        """Return the tariff as either mode tells it."""
        if self.mode is TicMode.STANDARD:
            return standard_tariff(
                lambda label: self.text(label, now), self.status(now)
            )
        return historic_tariff(lambda label: self.text(label, now))

    def clock(self, now: float) -> datetime | None:
        """Return the time by the meter's own clock, as it last told it."""
        date = self.value("DATE", now)
        horodate = parse_horodate(date.horodate or "") if date is not None else None
        if horodate is None or horodate.when.tzinfo is None:
            return None
        return horodate.when

    def profiles(
        self, now: float
    ) -> tuple[tuple[Switching, ...] | None, tuple[Switching, ...]]:
        """Return the switching of today, None where it is not told, and of tomorrow."""
        tomorrow = parse_profile(self.text("PJOURF+1", now) or "", self.hour_base)
        return tomorrow if self._today_is_as_tomorrow(now) else None, tomorrow

    @property
    def option(self) -> Contract | None:
        """The kind of contract, as far as it was told last."""
        return None if self.power_at is None else self.tariff(self.power_at).option

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
        if due and self.power_at is not None and self.mode is TicMode.STANDARD:
            self._learn(self.power_at)
        return due

    def _learn(self, at: float) -> None:
        """Take the frame of this instant for what can only be known over time."""
        drawn_va, injected_va = self._flows(at)
        self.drawn_factor.observe(at, drawn_va, self.number("EAST", at))
        if "EAIT" in self.seen:
            self.injected_factor.observe(at, injected_va, self.number("EAIT", at))
        if "ERQ1" in self.seen:
            counted = [
                None if (varh := self.number(label, at)) is None else sign * varh
                for label, sign in QUADRANTS.items()
            ]
            known = [varh for varh in counted if varh is not None]
            if len(known) == len(counted):
                self.reactive.observe(at, sum(known))
        if (status := self.status(at)) is not None:
            self.exports_unmetered = not status.producer and (
                self.exports_unmetered or status.injecting
            )
        self._learn_hours(at)

    def _flows(self, at: float) -> tuple[int | None, int | None]:
        """Return what this frame says is drawn and injected, None for what is not.

        Never both: where it says so, one of them was lost and is an older frame's. What
        is left over when some phases inject and others draw has no factor of its own.
        """
        drawn_va = self.number("SINSTS", at)
        sinsti = self.value("SINSTI", at)
        injected_va = 0 if sinsti is None else int(sinsti.data)
        if drawn_va and not injected_va:
            return None if self._injects_beside(at) else drawn_va, None
        if drawn_va == 0 and injected_va and sinsti is not None and sinsti.at >= at:
            return None, injected_va
        return None, None

    def _injects_beside(self, at: float) -> bool:
        """Whether a phase injects while the house as a whole draws."""
        return self.phases == 3 and any(
            self.number(f"SINSTS{n}", at) == 0 and self.number(f"IRMS{n}", at)
            for n in (1, 2, 3)
        )

    def _learn_hours(self, at: float) -> None:
        """Find out how profiles are meant, from a new one or from a switch just seen."""
        profile, index = self.text("PJOURF+1", at), self.number("NTARF", at)
        if profile is None:
            return
        base = None
        if profile != self._profile:
            tempo = self.tariff(at).option is Contract.TEMPO
            base = hour_base(profile, tempo=tempo)
        elif (
            index is not None
            and self._index not in {None, index}
            and self.hour_base is None
            and self._today_is_as_tomorrow(at)
            and (clock := self.clock(at)) is not None
        ):
            base = base_of_switch(profile, clock.hour * 60 + clock.minute, index)
        self._profile, self._index = profile, index
        self.hour_base = base or self.hour_base

    def _today_is_as_tomorrow(self, at: float) -> bool:
        """Whether both days have the same profile; only that of tomorrow is sent."""
        today = self.text("NJOURF", at)
        return today is not None and today == self.text("NJOURF+1", at)

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
            self.drawn_factor = PowerFactor()
            self.injected_factor = PowerFactor()
            self.reactive = ReactivePower()
            self.exports_unmetered = False
            self.hour_base = None
            self._profile = self._index = None
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
