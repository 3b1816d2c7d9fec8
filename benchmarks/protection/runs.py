"""One day of one house with one controller: what a worker process is given."""

from .cases import HOUSES
from .players import PLAYERS
from .record import play
from .scores import Scores, score

type Run = tuple[str, str]


def scores_of(run: Run) -> Scores:
    """Play one day with one controller, and judge it."""
    house, player = run
    return score(play(HOUSES[house], PLAYERS[player].make(HOUSES[house])))
