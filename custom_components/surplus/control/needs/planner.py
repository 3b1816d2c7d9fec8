"""When to run for a need: in the cheapest time before its deadline.

Of what costs the same, the latest: the sun or a person may still do it. What runs goes
on rather than being told to wait for a later hour of the same cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .prices import Slice

# Less than this is no run.
_NOTHING_S = 1.0
# A little more is run at the end of what is planned anyhow, rather than by itself.
_WORTH_A_START_S = 120.0
_REST_OF_RUN_S = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The spans to run in, in epoch seconds and in order.

    ``short_s`` is how much of the time needed is missing before the deadline.
    """

    spans: tuple[tuple[float, float], ...] = ()
    short_s: float = 0.0

    def holds(self, at: float) -> bool:
        """Whether it runs at an instant."""
        return any(begins <= at < ends for begins, ends in self.spans)

    def turns_after(self, at: float) -> float | None:
        """Return when it next starts or stops after an instant."""
        edges = (edge for span in self.spans for edge in span if edge > at)
        return min(edges, default=None)

    def starts_after(self, at: float) -> float | None:
        """Return when it next starts after an instant."""
        return min((begins for begins, _ in self.spans if begins > at), default=None)


def plan(
    slices: Sequence[Slice],
    needed_s: float,
    *,
    margin_s: float = 0.0,
    running: bool = False,
    least_s: float = 0.0,
    rest_s: float = 0.0,
) -> Plan:
    """Return when to run for ``needed_s`` in time that begins now and ends in time.

    ``slices`` have no gaps. ``margin_s`` at the end is left free as long as the rest is
    enough. A span lasts at least ``least_s``, a pause between two ``rest_s``, both as
    far as what may be used allows.
    """
    if needed_s < _NOTHING_S:
        return Plan()
    usable = [one for one in slices if not one.barred]
    available_s = sum(one.ends - one.begins for one in usable)
    if available_s <= needed_s:
        return Plan(spans=_joined(usable), short_s=needed_s - available_s)
    now, deadline = slices[0].begins, slices[-1].ends
    here = slices[0]
    ends_soon = needed_s <= min(max(least_s, _REST_OF_RUN_S), here.ends - now)
    if running and ends_soon and here.may_go_on:
        # Not worth another start, whatever it costs.
        return Plan(spans=((now, now + needed_s),))
    early = _until(usable, deadline - margin_s)
    if sum(one.ends - one.begins for one in early) > needed_s:
        chosen = _cheapest(early, needed_s, now=now if running else None)
    else:
        # All there is from now on, and no more of the margin than that leaves over.
        chosen = _first(usable, needed_s)
    return Plan(spans=_steady(chosen, _joined(usable), least_s, rest_s))


def left_after(slices: Sequence[Slice], begin: float, *, margin_s: float) -> float:
    """Return how long may be run from an instant on, without what is a last resort."""
    early = _until(slices, slices[-1].ends - margin_s)
    return sum(
        max(0.0, one.ends - max(one.begins, begin)) for one in early if one.may_go_on
    )


def _until(slices: Sequence[Slice], end: float) -> list[Slice]:
    return [
        one if one.ends <= end else replace(one, ends=end)
        for one in slices
        if one.begins < end
    ]


def _cheapest(
    slices: Sequence[Slice], needed_s: float, *, now: float | None
) -> list[tuple[float, float]]:
    """Return the cheapest time; what runs ``now`` has the first call on its cost."""

    def order(one: Slice) -> tuple[float, bool, float]:
        goes_on = now is not None and one.begins <= now
        return one.cost, not goes_on, -one.begins

    chosen: list[tuple[float, float]] = []
    left_s = needed_s
    for one in sorted(slices, key=order):
        length_s = one.ends - one.begins
        if length_s <= left_s:
            chosen.append((one.begins, one.ends))
            left_s -= length_s
            if left_s < _WORTH_A_START_S:
                break
            continue
        goes_on = now is not None and one.begins <= now
        follows = any(ends == one.begins for _, ends in chosen)
        leads = any(begins == one.ends for begins, _ in chosen)
        if goes_on or (follows and not leads):
            chosen.append((one.begins, one.begins + left_s))
        else:
            chosen.append((one.ends - left_s, one.ends))
        break
    return sorted(chosen)


def _first(slices: Sequence[Slice], needed_s: float) -> list[tuple[float, float]]:
    chosen = []
    left_s = needed_s
    for one in slices:
        length_s = min(one.ends - one.begins, left_s)
        if length_s > 0:
            chosen.append((one.begins, one.begins + length_s))
        left_s -= length_s
    return chosen


def _joined(slices: Sequence[Slice]) -> tuple[tuple[float, float], ...]:
    return _merged([(one.begins, one.ends) for one in slices], 0.0)


def _merged(
    spans: Sequence[tuple[float, float]], gap_s: float
) -> tuple[tuple[float, float], ...]:
    """Return spans in order, joined where no more than ``gap_s`` lies between."""
    merged: list[tuple[float, float]] = []
    for begins, ends in spans:
        if merged and begins - merged[-1][1] <= gap_s:
            merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
        else:
            merged.append((begins, ends))
    return tuple(merged)


def _steady(
    chosen: Sequence[tuple[float, float]],
    usable: Sequence[tuple[float, float]],
    least_s: float,
    rest_s: float,
) -> tuple[tuple[float, float], ...]:
    """Return spans no shorter than a load may run, nor closer than it must rest."""
    longer = []
    for begins, ends in _merged(chosen, 0.0):
        low, high = next(
            (low, high) for low, high in usable if low <= begins and ends <= high
        )
        if ends - begins < least_s:
            begins = max(low, ends - least_s)
            ends = min(high, max(ends, begins + least_s))
        longer.append((begins, ends))
    spans: list[tuple[float, float]] = []
    for begins, ends in _merged(longer, 0.0):
        # A pause that is too short is run through, where that may be.
        if (
            spans
            and begins - spans[-1][1] < rest_s
            and any(low <= spans[-1][0] and ends <= high for low, high in usable)
        ):
            spans[-1] = (spans[-1][0], ends)
        else:
            spans.append((begins, ends))
    return tuple(spans)
