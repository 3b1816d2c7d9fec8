"""What a day under a limit is judged by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from benchmarks.closed_loop.scores import longest_run

from .breaker import LinkyBreaker, openings
from .cases import VOLTAGE_V, House
from .plant import Frame, active_w, signed
from .record import Record

_WS_PER_KWH = 3.6e6
# A command of shortly before the frame answers it already: the load was on its way.
_ANSWERED_BEFORE_S = 4
# Above the subscription for this long no breaker opens yet, but it is no start-up.
_LASTING_S = 300
# With the day ends whatever lasts.
_END = Frame(at=0.0, phases_va=(0.0,), overload=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """One day in figures.

    ``base_trips`` is how often the house would have opened the breaker by itself.
    ``over_s`` is above the subscription on any phase; ``base_over_s`` that of the house
    alone. ``longest_s`` is the longest of these where all loads at their least would
    have been enough, ``longest_free_s`` without the seconds in which a station has taken
    an order and may not move its pilot yet. ``answers_s`` are the seconds from the first frame of an overload,
    on which some load ran above its least, to the first command that lowers one;
    ``unanswered`` are those that ended without. ``lost`` is the share of the possible
    energy that was not taken; ``sheds`` are loads switched off that were wanted on,
    ``unnecessary`` those without which nothing would have happened.
    """

    trips: int
    base_trips: int
    over_s: int
    base_over_s: int
    longest_s: int
    longest_free_s: int
    answers_s: tuple[int, ...]
    unanswered: int
    taken_kwh: float
    best_kwh: float
    sheds: int
    restores: int
    unnecessary: int
    commands: int

    @property
    def trips_beyond(self) -> int:
        """Trips that the loads have caused."""
        return max(0, self.trips - self.base_trips)

    @property
    def answer_s(self) -> float | None:
        """The median answer."""
        return median(self.answers_s) if self.answers_s else None

    @property
    def worst_answer_s(self) -> int | None:
        """The slowest answer."""
        return max(self.answers_s, default=None)

    @property
    def lost(self) -> float:
        """What was not taken of the best possible, as a share."""
        return 1 - self.taken_kwh / self.best_kwh if self.best_kwh else 0.0


def score(record: Record) -> Scores:
    """Judge a day."""
    house = record.house
    over = [_is_over(house, drawn_va) for drawn_va in record.drawn_va]
    base_va = [signed(base_w) for base_w in record.base_w]
    curable = [
        is_over and _throttling_is_enough(record, second)
        for second, is_over in enumerate(over)
    ]
    answers = list(_answers(record))
    taken, best = _energy(record)
    sheds = list(_sheds(record))
    return Scores(
        trips=record.trips,
        base_trips=openings(list(zip(*base_va, strict=True)), house.subscribed_va),
        over_s=sum(over),
        base_over_s=sum(_is_over(house, one) for one in base_va),
        longest_s=longest_run(curable),
        longest_free_s=_longest_free(curable, record.held),
        answers_s=tuple(answer for answer in answers if answer is not None),
        unanswered=answers.count(None),
        taken_kwh=taken / _WS_PER_KWH,
        best_kwh=best / _WS_PER_KWH,
        sheds=len(sheds),
        restores=sum(shed.ends < len(over) for shed in sheds),
        unnecessary=sum(not _was_needed(record, shed) for shed in sheds),
        commands=record.commands,
    )


def _longest_free(flags: Sequence[bool], held: Sequence[bool]) -> int:
    """Return how many in a row are set at most, not counting those that are held."""
    longest = run = 0
    for flag, is_held in zip(flags, held, strict=True):
        run = run + (not is_held) if flag else 0
        longest = max(longest, run)
    return longest


def _is_over(house: House, drawn_va: Sequence[float]) -> bool:
    # A meter knows whole VA: what it shows at the limit is not above it.
    return round(max(drawn_va)) > house.subscribed_va / house.phases


def _throttling_is_enough(record: Record, second: int) -> bool:
    """Whether all loads at their least would have kept under the subscription."""
    return not _is_over(record.house, _at_least(record, second))


def _at_least(record: Record, second: int, but: str | None = None) -> Sequence[float]:
    """Return the house in VA per phase, each load at the least that it runs with."""
    return signed(
        base_w
        + sum(
            load.least_w[second][phase]
            for load_id, load in record.loads.items()
            if load_id != but
        )
        for phase, base_w in enumerate(record.base_w[second])
    )


# ---- answers -------------------------------------------------------------------------


def _answers(record: Record) -> Iterator[int | None]:
    """Yield how long each overload waited for a command; None where none came."""
    lowered = [
        any(
            load.told[second] < load.told[max(0, second - 1)]
            for load in record.loads.values()
        )
        for second in range(len(record.frames))
    ]
    began: int | None = None
    for second, frame in enumerate([*record.frames, _END]):
        if frame is None:
            continue
        if not _is_over(record.house, frame.phases_va):
            if began is not None and _could_give(record, began):
                yield _answered(lowered, began, second)
            began = None
        elif began is None:
            began = second


def _answered(lowered: Sequence[bool], began: int, ended: int) -> int | None:
    if any(lowered[max(0, began - _ANSWERED_BEFORE_S) : began + 1]):
        return 0
    return next((s - began for s in range(began, ended) if lowered[s]), None)


def _could_give(record: Record, second: int) -> bool:
    """Whether a load on a phase that was over had more than its least."""
    frame, house = record.frames[second], record.house
    assert frame is not None
    most_va = house.subscribed_va / house.phases
    return any(
        va > most_va
        and any(
            load.drawn_w[second][phase] > load.least_w[second][phase] + VOLTAGE_V
            for load in record.loads.values()
        )
        for phase, va in enumerate(frame.phases_va)
    )


# ---- energy --------------------------------------------------------------------------


def _energy(record: Record) -> tuple[float, float]:
    """Return what loads took and could have taken, in Ws, while they wanted all.

    What they took above the room that there was counts for nothing.
    """
    house, taken, best = record.house, 0.0, 0.0
    for second, now in enumerate(house.seconds):
        if not house.all_wanted(now):
            continue
        possible_w = best_w(house, now)
        drawn_w = sum(sum(load.drawn_w[second]) for load in record.loads.values())
        taken += min(drawn_w, possible_w)
        best += possible_w
    return taken, best


def best_w(house: House, now: int) -> float:
    """Return what loads could take at most without an overload, every second its own.

    In the order of their priority, which is the user's word: on three phases another
    order may take more. A car takes nothing where its least does not fit.

    Nobody can do this: a car does not begin, move or end within a second; a relay knows
    no half.
    """
    room_w = [
        max(0.0, active_w(house.subscribed_va / house.phases, house.phases) - base_w)
        for base_w in house.base_w(now)
    ]
    total_w = 0.0
    for relay in house.relays:
        if relay.load_id == "heating" and not house.heats(now):
            continue
        total_w += _fill(room_w, (relay.appliance.phase,), relay.appliance.power_w)
    car = house.car
    phases = len(car.evse.wiring)
    total_w += _fill(
        room_w,
        car.evse.wiring,
        car.drawn_w(car.top_a, phases) / phases,
        least_w=car.drawn_w(car.min_a, phases) / phases,
    )
    heater = house.heater.heater
    return total_w + _fill(room_w, (heater.phase,), heater.max_w)


def _fill(
    room_w: list[float], phases: Sequence[int], most_w: float, *, least_w: float = 0.0
) -> float:
    """Take room on each of the phases, as much on one as on another; return the sum."""
    each_w = min(most_w, *(room_w[phase - 1] for phase in phases))
    if each_w < least_w:
        return 0.0
    for phase in phases:
        room_w[phase - 1] -= each_w
    return each_w * len(phases)


# ---- sheds ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shed:
    """A load that was switched off while it was wanted on, from and until a second."""

    load_id: str
    begins: int
    ends: int


def _sheds(record: Record) -> Iterator[_Shed]:
    for load_id, load in record.loads.items():
        if load_id == record.house.heater.load_id:
            # A heater has no minimum: it is throttled, however far.
            continue
        for second, (before, told) in enumerate(pairwise(load.told), start=1):
            wanted = record.house.all_wanted(record.house.begin_s + second)
            drew = sum(load.drawn_w[second]) > 0
            if before and not told and drew and (wanted or load_id == "heating"):
                rest = load.told[second:]
                length = next((n for n, one in enumerate(rest) if one), len(rest))
                yield _Shed(load_id=load_id, begins=second, ends=second + length)


def _was_needed(record: Record, shed: _Shed) -> bool:
    """Whether the breaker would have opened, or a lasting overload been.

    With all other loads at their least, and this one on as it was when it was shed.
    """
    house, load = record.house, record.loads[shed.load_id]
    kept_w = load.least_w[shed.begins]
    breaker = LinkyBreaker(house.subscribed_va, house.phases)
    breaker.heat = list(record.heat[shed.begins])
    over_s = 0
    while over_s < _LASTING_S and _over_at(record, shed.begins - over_s - 1):
        over_s += 1
    for second in range(shed.begins, shed.ends):
        rest_va = _at_least(record, second, but=shed.load_id)
        would_va = tuple(va + kept_w[phase] for phase, va in enumerate(rest_va))
        if breaker.step(would_va):
            return True
        over_s = over_s + 1 if _is_over(house, would_va) else 0
        if over_s > _LASTING_S:
            return True
    return False


def _over_at(record: Record, second: int) -> bool:
    return second >= 0 and _is_over(record.house, record.drawn_va[second])
