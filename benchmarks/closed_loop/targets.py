"""What the engine is asked to reach, and whether it does.

The bounds are what was known to be possible when they were set; those of J are in percent
of the optimum at λ = 1.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from .cost import DAY_LOADS, Cost
from .runs import EVCC, OURS, Results, Run
from .scores import Scores

MEAN_OF = ("A1", "A2", "A3", "A4", "A5")

_LEAST_MEAN, _GOAL_MEAN = 94.5, 97.0
_LEAST_EACH, _LEAST_ABOVE_EVCC = 90.5, 3.0
_LEAST_J = {"B1": 95.0, "B2": 95.0, "B3": 94.0, "C1": 93.5, "D1": 89.5, "E1": 92.0}
_LEAST_CAR_SHARE = {"B1": 60.0, "B2": 60.0}
# By the first letter of a case.
_MOST_STARTS = {"A": 12, "B": 18, "C": 12, "D": 24, "E": 12}
_MOST_SETTLING_S, _MOST_OVERSHOOT = 20.0, 2.0
_MOST_OVERLOAD_S = 8
_MOST_COMMANDS = 3_000
_COST_LOADS, _MOST_CYCLE_MS, _MOST_DAY_S = 20, 1.0, 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A figure beside its bound. Without a figure nothing is met.

    ``goal`` marks what is hoped for rather than asked.
    """

    where: str
    what: str
    here: float | None
    bound: float
    at_least: bool = True
    decimals: int = 1
    goal: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        if self.here is None:
            return False
        return self.here >= self.bound if self.at_least else self.here <= self.bound


def targets(results: Results, cases: Sequence[str]) -> Iterator[Target]:
    """Yield what is asked of the days that were played."""
    percents = {
        name: results.percent(Run(case=name, player=OURS.name), 1.0) for name in cases
    }
    if set(MEAN_OF) <= set(cases):
        known = [percents[name] for name in MEAN_OF]
        whole = [percent for percent in known if percent is not None]
        mean = fmean(whole) if len(whole) == len(MEAN_OF) else None
        where = f"{MEAN_OF[0]}–{MEAN_OF[-1]}"
        yield Target(where=where, what="mean J %", here=mean, bound=_LEAST_MEAN)
        yield Target(
            where=where, what="mean J %", here=mean, bound=_GOAL_MEAN, goal=True
        )
    for name in cases:
        percent = percents[name]
        if name in MEAN_OF:
            yield Target(where=name, what="J %", here=percent, bound=_LEAST_EACH)
            evcc = results.percent(Run(case=name, player=EVCC.name), 1.0)
            above = None if percent is None or evcc is None else percent - evcc
            yield Target(
                where=name,
                what="J points above evcc",
                here=above,
                bound=_LEAST_ABOVE_EVCC,
            )
        elif name in _LEAST_J:
            yield Target(where=name, what="J %", here=percent, bound=_LEAST_J[name])
        yield from _of_scores(
            name, results.scores.get(Run(case=name, player=OURS.name))
        )


def _of_scores(name: str, scores: Scores | None) -> Iterator[Target]:
    def figure(of: Callable[[Scores], float | None]) -> float | None:
        return of(scores) if scores is not None else None

    def most(
        what: str, of: Callable[[Scores], float | None], bound: float, decimals: int = 0
    ) -> Target:
        return Target(
            where=name,
            what=what,
            here=figure(of),
            bound=bound,
            at_least=False,
            decimals=decimals,
        )

    if name in _LEAST_CAR_SHARE:
        yield Target(
            where=name,
            what="car's share of captured %",
            here=figure(lambda day: 100 * day.car_share),
            bound=_LEAST_CAR_SHARE[name],
        )
    if name == "S1":
        yield most("settling s", lambda day: day.settling_s, _MOST_SETTLING_S, 1)
        yield most("overshoot %", _overshoot, _MOST_OVERSHOOT, 1)
    if name[0] in _MOST_STARTS:
        yield most("starts", lambda day: day.starts, _MOST_STARTS[name[0]])
    yield most("short cycles", lambda day: day.short_cycles, 0)
    yield most("longest overload s", lambda day: day.longest_over_s, _MOST_OVERLOAD_S)
    yield most("commands", lambda day: day.commands, _MOST_COMMANDS)


def _overshoot(day: Scores) -> float | None:
    return None if day.overshoot is None else 100 * day.overshoot


def robustness_targets(
    results: Results, runs: Sequence[tuple[str, str]]
) -> Iterator[Target]:
    """Yield what is asked on wrong plants, (case, variant): never below evcc."""
    for case, variant in runs:
        pair = [
            results.percent(Run(case=case, player=player.name, variant=variant), 1.0)
            for player in (OURS, EVCC)
        ]
        yield Target(
            where=f"{case}, {variant}",
            what="J points above evcc",
            here=None if pair[0] is None or pair[1] is None else pair[0] - pair[1],
            bound=0.0,
        )


def cost_targets(cost: Cost) -> Iterator[Target]:
    """Yield what the engine may cost."""
    yield Target(
        where="engine",
        what=f"one cycle with {_COST_LOADS} loads, median ms",
        here=cost.cycle_us[_COST_LOADS] / 1000,
        bound=_MOST_CYCLE_MS,
        at_least=False,
        decimals=2,
    )
    yield Target(
        where="engine",
        what=f"86,400 cycles with {DAY_LOADS} loads, s",
        here=cost.day_s,
        bound=_MOST_DAY_S,
        at_least=False,
    )
