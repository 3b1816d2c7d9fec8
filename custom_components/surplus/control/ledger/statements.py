"""What is shown of an account at one moment: it does not move any more."""

from dataclasses import dataclass

from .house import HouseFigures
from .sessions import Session
from .tally import Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadStatement:
    """What a load has taken in all and today.

    ``session`` is the one that goes on, or the last one, ``last`` the last that has
    ended; None of what is no charger and before the first. ``priced`` says that there
    was a price to reckon with.
    """

    total: Tally
    today: Tally
    session: Session | None = None
    last: Session | None = None
    priced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class HouseStatement:
    """What the house has taken in all and today.

    ``priced`` says that imports had a price, ``paid`` that exports had one.
    """

    total: HouseFigures
    today: HouseFigures
    priced: bool = False
    paid: bool = False
