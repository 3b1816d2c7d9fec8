"""What the guard is asked to reach, and whether it does."""

from collections.abc import Iterator, Mapping

from benchmarks.closed_loop.targets import Target

from .scores import Scores

_LONGEST_S = 8
_ANSWER_S = 1
# A day may cost this share of what could have been taken.
_MOST_LOST = 15.0


def targets(ours: Mapping[str, Scores]) -> Iterator[Target]:
    """Yield what is asked of each house that was played."""
    for name, scores in ours.items():
        yield _most(name, "trips beyond the house's own", scores.trips_beyond, 0)
        yield _most(name, "longest overload s", scores.longest_free_s, _LONGEST_S)
        # Where nothing is over, there is nothing to answer.
        yield _most(name, "slowest answer s", scores.worst_answer_s or 0, _ANSWER_S)
        yield _most(name, "overloads without an answer", scores.unanswered, 0)
        yield _most(name, "unnecessary sheds", scores.unnecessary, 0, goal=True)
        yield _most(name, "energy lost %", 100 * scores.lost, _MOST_LOST, goal=True)


def _most(
    where: str, what: str, here: float, bound: float, *, goal: bool = False
) -> Target:
    return Target(
        where=where,
        what=what,
        here=here,
        bound=bound,
        at_least=False,
        decimals=0,
        goal=goal,
    )
