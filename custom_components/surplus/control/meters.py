"""Which of several grid meters controls, and what the others add to protect the house.

The first usable meter that knows direction controls, in the user's order. One that is
lost, asleep or frozen yields at once to the next; a better one takes over again once it
has been heard for a while. What another meter tells of the contract, and measures against it,
still counts for the limits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .freshness import Freshness, MeterState
from .model import GridReading
from .sound import sound_grid

# A better meter that is back must have been heard for so long, and so often.
_PROVEN_S = 30.0
_PROVEN_READINGS = 3
# One that repeats itself to the digit for so long after another has moved by so much shows
# nothing of the grid, however fresh it says that is.
_FROZEN_S = 300.0
_FROZEN_W = 1000.0
# The loads and the sun stand for one more meter, which no meter is called.
_WITNESS = ""
# Where the sun is not measured, loads that follow it hold a meter near its target, and
# one of few digits may well stay the same.
_REGULATED_W = 100.0


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterSight:
    """What one grid meter says now; ``reading`` is its newest, however old.

    One that ``knows_direction`` by its kind may yet be without a power for a while.
    """

    meter_id: str
    reading: GridReading | None
    knows_direction: bool = True
    asleep: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedMeter:
    """A meter, its newest reading that can be true, and how good that is now.

    A ``frozen`` one says the same again and again, while others, or loads of known
    power, show that it changes.
    """

    meter_id: str
    reading: GridReading | None
    state: MeterState
    knows_direction: bool
    asleep: bool
    frozen: bool = False

    @property
    def measures(self) -> bool:
        """Whether its reading is of now."""
        return self.state is MeterState.FRESH and not self.asleep

    @property
    def usable(self) -> bool:
        """Whether it can control, or may soon again."""
        return (
            not self.asleep
            and not self.frozen
            and self.state in (MeterState.FRESH, MeterState.STALE)
        )

    @property
    def shown_w(self) -> float | None:
        """What it shows now in W, or VA where it knows nothing else."""
        reading = self.reading
        if reading is None or not self.measures:
            return None
        return reading.drawn_va if reading.power_w is None else reading.power_w


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Who controls, what to decide by, and how all meters are, in the user's order.

    ``control`` and ``reading`` are None until any meter has told anything.
    """

    control: JudgedMeter | None = None
    reading: GridReading | None = None
    meters: tuple[JudgedMeter, ...] = ()

    @property
    def control_id(self) -> str | None:
        """The id of the meter that controls."""
        return self.control.meter_id if self.control else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """What loads are measured to draw, less the sun: it moves the grid by as much.

    ``sees_sun`` says that the sun is measured too.
    """

    power_w: float
    sees_sun: bool = False


class _Meter:
    """What is remembered of one meter."""

    def __init__(self) -> None:
        self.freshness = Freshness()
        self._reading: GridReading | None = None
        self._knew_direction = False
        self._fresh_since: float | None = None
        self._fresh_readings = 0
        self._same_w: float | None = None
        self._same_at = 0.0
        # By meter, between what it moved since this one shows the same.
        self._others_w: dict[str, tuple[float, float]] = {}
        self._moved_at: float | None = None

    def judge(self, sight: MeterSight, now: float) -> JudgedMeter:
        """Take in what it says; in the place of what cannot be true stands the last."""
        is_new = False
        if sight.reading is not None:
            sound = sound_grid(sight.reading, now)
            if sound is not None:
                is_new = self._reading is None or sound.at > self._reading.at
                self._reading = sound
        judged = JudgedMeter(
            meter_id=sight.meter_id,
            reading=self._reading,
            state=self.freshness.judge(self._reading, now),
            knows_direction=sight.knows_direction
            and (self._reading is None or self._reading.power_w is not None),
            asleep=sight.asleep,
        )
        turned = judged.knows_direction is not self._knew_direction
        self._knew_direction = judged.knows_direction
        if turned or not judged.measures:
            self._fresh_since, self._fresh_readings = None, 0
        if judged.measures:
            if self._fresh_since is None:
                self._fresh_since = now
            self._fresh_readings += is_new
        return judged

    def compare(
        self,
        judged: JudgedMeter,
        others: Iterable[JudgedMeter],
        now: float,
        witness: Witness | None = None,
    ) -> JudgedMeter:
        """Find out whether it is frozen, by what others show meanwhile.

        One without direction, or in its dead zone, says the same of many powers.
        """
        reading = judged.reading
        shown_w = judged.shown_w if judged.knows_direction else None
        if reading is not None and abs(shown_w or 0.0) < reading.dead_zone_w:
            shown_w = None
        if shown_w is None or shown_w != self._same_w:
            self._same_w, self._others_w, self._moved_at = shown_w, {}, None
            self._same_at = reading.at if reading is not None else now
            return judged
        for other in others:
            if (other_w := other.shown_w) is not None:
                self._see_beside(other.meter_id, other_w, now)
        if witness is not None and (witness.sees_sun or abs(shown_w) >= _REGULATED_W):
            self._see_beside(_WITNESS, witness.power_w, now)
        if self._moved_at is None or now - self._moved_at < _FROZEN_S:
            return judged
        self._fresh_since, self._fresh_readings = None, 0
        return replace(judged, frozen=True)

    @property
    def same_since(self) -> float:
        """The instant at which it first said what it says now."""
        return self._same_at

    def _see_beside(self, other_id: str, power_w: float, now: float) -> None:
        """Note between what powers another one has moved since this one stays the same."""
        low_w, high_w = self._others_w.get(other_id, (power_w, power_w))
        span_w = min(low_w, power_w), max(high_w, power_w)
        self._others_w[other_id] = span_w
        if self._moved_at is None and span_w[1] - span_w[0] >= _FROZEN_W:
            self._moved_at = now

    def is_proven(self, now: float) -> bool:
        """Whether it has been heard for long enough to take over."""
        return (
            self._fresh_since is not None
            and now - self._fresh_since >= _PROVEN_S
            and self._fresh_readings >= _PROVEN_READINGS
        )


class MeterChoice:
    """Chooses among the meters of a Home, from cycle to cycle."""

    def __init__(self) -> None:
        """Know no meter yet."""
        self._known: dict[str, _Meter] = {}
        self._control_id: str | None = None

    def forget(self, meter_ids: Iterable[str]) -> None:
        """Begin anew with meters whose values mean something else now."""
        for meter_id in meter_ids:
            self._known.pop(meter_id, None)

    def choose_anew(self) -> None:
        """Let the next choice be as at the beginning: the user's order has changed."""
        self._control_id = None

    def freshness(self, meter_id: str) -> Freshness:
        """Return the rhythm that was learned of a meter."""
        return self._known[meter_id].freshness

    def choose(
        self,
        sights: Sequence[MeterSight],
        now: float,
        witness: Witness | None = None,
    ) -> Choice:
        """Choose among meters in the user's order."""
        self._known = {
            sight.meter_id: self._known.get(sight.meter_id) or _Meter()
            for sight in sights
        }
        judged = [self._known[sight.meter_id].judge(sight, now) for sight in sights]
        meters = tuple(
            self._known[meter.meter_id].compare(
                meter, [other for other in judged if other is not meter], now, witness
            )
            for meter in judged
        )
        control = self._control(meters, now)
        self._control_id = control.meter_id if control else None
        reading = _assembled(control, meters) if control else None
        if control is not None and control.frozen and reading is not None:
            # Nobody else can: what it repeats is as old as its first time.
            at = self._known[control.meter_id].same_since
            reading = replace(reading, at=min(reading.at, at))
        return Choice(control=control, reading=reading, meters=meters)

    def _control(
        self, meters: tuple[JudgedMeter, ...], now: float
    ) -> JudgedMeter | None:
        # Stable: within each half the user's order stands.
        ranked = sorted(meters, key=lambda meter: not meter.knows_direction)
        present = next((m for m in ranked if m.meter_id == self._control_id), None)
        if present is None or not present.usable:
            usable = [meter for meter in ranked if meter.usable]
            if usable:
                return min(
                    usable,
                    key=lambda m: (not m.knows_direction, m.state != MeterState.FRESH),
                )
            # Nobody can: the last one ages, as a single one does.
            last = [present, *ranked] if present else ranked
            return next((m for m in last if m.reading is not None), None)
        return next(
            meter
            for meter in ranked
            if meter is present or self._known[meter.meter_id].is_proven(now)
        )


def _protects(reading: GridReading) -> bool:
    """Return whether a meter tells what the house may draw, as a Linky does."""
    told = reading.cutoff_va or reading.subscribed_va
    return reading.overload or told is not None


def is_overload(reading: GridReading) -> bool:
    """Return whether a meter warns, or shows more drawn than it allows."""
    if reading.overload:
        return True
    allowed_va = reading.cutoff_va or reading.subscribed_va
    return allowed_va is not None and _drawn_va(reading) > allowed_va


def _assembled(control: JudgedMeter, meters: Iterable[JudgedMeter]) -> GridReading:
    """Return the control meter's reading with what others tell of contract and limits."""
    reading = control.reading
    assert reading is not None
    for meter in meters:
        other = meter.reading
        if meter is control or other is None or not _protects(other):
            continue
        # What the contract allows stands, however long ago it was told.
        reading = _under_contract_of(reading, other)
        if meter.measures:
            reading = _measured_by(reading, other)
    return reading


def _under_contract_of(reading: GridReading, other: GridReading) -> GridReading:
    """Return a reading under the tighter of two contracts."""
    mine = reading.cutoff_va or reading.subscribed_va
    its = other.cutoff_va or other.subscribed_va
    if its is None or (mine is not None and mine <= its):
        return reading
    return replace(
        reading, subscribed_va=other.subscribed_va, cutoff_va=other.cutoff_va
    )


def _measured_by(reading: GridReading, other: GridReading) -> GridReading:
    """Return a reading with what another meter measures against the limits.

    Of several that do, the first in the user's order counts; a warning is of any.
    """
    overload = reading.overload or other.overload
    if reading.limits_at is not None:
        return replace(reading, overload=overload)
    drawn_va = _drawn_va(other)
    return replace(
        reading,
        overload=overload,
        voltages_v=reading.voltages_v or other.voltages_v,
        limits_at=other.at,
        limits_va=drawn_va if drawn_va > 0 else min(0.0, other.power_w or 0.0),
        limits_a=other.currents_a,
    )


def _drawn_va(reading: GridReading) -> float:
    return max(0.0, reading.drawn_va or 0.0, reading.power_w or 0.0)
