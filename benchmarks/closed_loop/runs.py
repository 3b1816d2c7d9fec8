"""Which controllers play which days, on as many processes as there are processors."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from .baselines import EarlierPid, Evcc, OpenEms, PriorityOptimiser, TwcManager
from .cases import CASES, Case
from .oracle import Optimum, optimum_of
from .ours import Ours
from .record import Controller, Record, play
from .router import EvccWithRouter
from .scores import Scores, score
from .variants import VARIANTS

# Prices of an imported kWh against a captured one, by which J is told.
PRICES = (1.0, 3.0)
# A charger that may be told only so much: each command is a write to its memory.
_FEW_WRITES = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Player:
    """A controller by name; ``on`` are the days it is played on, all of them if None.

    ``ours`` says that the engine decides.
    """

    name: str
    make: Callable[[Case], Controller]
    ours: bool = False
    on: tuple[str, ...] | None = None

    def is_asked(self, case: Case) -> bool:
        """Return whether the day is one for it."""
        return self.on is None or case.name in self.on


_PLAYERS = (
    Player(name="Surplus", make=Ours, ours=True),
    Player(
        name="Surplus λ=3", make=lambda case: Ours(case, import_price=3.0), ours=True
    ),
    Player(
        name="Surplus, 400 commands",
        make=lambda case: Ours(case, writes_per_day=_FEW_WRITES),
        ours=True,
    ),
    Player(name="evcc 30 s", make=lambda _: Evcc()),
    Player(
        name="evcc + router",
        make=lambda _: EvccWithRouter(),
        on=tuple(case.name for case in CASES.values() if case.heaters),
    ),
    Player(name="TWCManager 60 s", make=lambda _: TwcManager()),
    Player(name="OpenEMS 1 s", make=lambda _: OpenEms()),
    Player(name="greedy 5 s", make=lambda _: PriorityOptimiser()),
    Player(name="earlier PID", make=lambda _: EarlierPid()),
)

PLAYERS = {player.name: player for player in _PLAYERS}
OURS, FEW_WRITES = PLAYERS["Surplus"], PLAYERS["Surplus, 400 commands"]
EVCC, ROUTER = PLAYERS["evcc 30 s"], PLAYERS["evcc + router"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One day with one controller on one plant."""

    case: str
    player: str
    variant: str = "nominal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """An optimum: a day, a plant and a price."""

    case: str
    price: float
    variant: str = "nominal"


def case_of(name: str, variant: str) -> Case:
    """Return a day with a plant."""
    return VARIANTS[variant].apply(CASES[name])


def record_of(run: Run) -> Record:
    """Play one day."""
    case = case_of(run.case, run.variant)
    return play(case, PLAYERS[run.player].make(case))


def _score(run: Run) -> Scores:
    return score(record_of(run), steps=run.case == "S1")


def _solve(wanted: Wanted) -> Optimum:
    return optimum_of(case_of(wanted.case, wanted.variant), wanted.price)


def same_optimum(case: str, variant: str) -> str:
    """Return the variant whose optimum is that of this one: few change any."""
    nominal, changed = CASES[case], case_of(case, variant)
    tops = [
        (
            [charger.car.max_a for charger in one.chargers],
            [heater.heater.max_w for heater in one.heaters],
        )
        for one in (nominal, changed)
    ]
    return "nominal" if tops[0] == tops[1] or not nominal.has_optimum else variant


@dataclass(kw_only=True, slots=True)
class Results:
    """All that was played and solved."""

    scores: dict[Run, Scores]
    optima: dict[Wanted, Optimum]

    def optimum(self, run: Run, price: float) -> Optimum | None:
        """Return the optimum beside a run, None where none is defined."""
        variant = same_optimum(run.case, run.variant)
        return self.optima.get(Wanted(case=run.case, price=price, variant=variant))

    def percent(self, run: Run, price: float) -> float | None:
        """Return J in percent of the optimum's."""
        optimum = self.optimum(run, price)
        if optimum is None or run not in self.scores:
            return None
        return 100 * self.scores[run].value_kwh(price) / optimum.value_kwh(price)


def run_all(
    cases: Sequence[str],
    players: Iterable[Player],
    variants: Sequence[str] = ("nominal",),
    *,
    workers: int,
) -> Results:
    """Play and solve everything."""
    runs = [
        Run(case=case, player=player.name, variant=variant)
        for case in cases
        for player in players
        for variant in variants
        if player.is_asked(CASES[case]) and VARIANTS[variant].concerns(CASES[case])
    ]
    wanted = sorted(
        {
            Wanted(case=case, price=price, variant=same_optimum(case, variant))
            for case in cases
            if CASES[case].has_optimum
            for price in PRICES
            for variant in variants
            if VARIANTS[variant].concerns(CASES[case])
        },
        key=lambda one: (one.case, one.price, one.variant),
    )
    # What takes longest goes first.
    wanted.sort(key=_is_light)
    if workers < 2:
        return Results(
            scores={run: _score(run) for run in runs},
            optima={one: _solve(one) for one in wanted},
        )
    with ProcessPoolExecutor(workers) as pool:
        optima, scores = pool.map(_solve, wanted), pool.map(_score, runs)
        return Results(
            scores=dict(zip(runs, scores, strict=True)),
            optima=dict(zip(wanted, optima, strict=True)),
        )


def _is_light(wanted: Wanted) -> bool:
    case = CASES[wanted.case]
    return len(case.chargers) + len(case.relays) < 2
