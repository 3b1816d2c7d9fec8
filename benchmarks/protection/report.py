"""The table, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.closed_loop.report import figure, table

from .cases import HOUSES
from .scores import Scores

_HEAD = (
    "house",
    "controller",
    "trips beyond the house's own",
    "s above subscription (house alone)",
    "longest s where throttling suffices (station held)",
    "frame → command s, median (worst)",
    "overloads unanswered",
    "energy lost %",
    "sheds",
    "restores",
    "unnecessary sheds",
    "commands",
)


def protection_text(
    results: Mapping[tuple[str, str], Scores], houses: Sequence[str]
) -> Iterator[str]:
    """Yield the one table, by (house, controller)."""
    for name in houses:
        yield f"* {name}: {HOUSES[name].text}"
    yield ""
    rows = [
        [
            house,
            player,
            str(scores.trips_beyond),
            f"{scores.over_s} ({scores.base_over_s})",
            f"{scores.longest_s} ({scores.longest_s - scores.longest_free_s})",
            _answers(scores),
            str(scores.unanswered),
            figure(100 * scores.lost, 1),
            str(scores.sheds),
            str(scores.restores),
            str(scores.unnecessary),
            str(scores.commands),
        ]
        for (house, player), scores in results.items()
    ]
    yield from table(_HEAD, rows)
    yield ""


def _answers(scores: Scores) -> str:
    if (answer_s := scores.answer_s) is None:
        return "–"
    return f"{answer_s:g} ({scores.worst_answer_s})"
