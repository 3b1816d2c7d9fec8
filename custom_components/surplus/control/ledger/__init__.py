"""The ledger: for every load energy by source, cost and saving; sessions of chargers.

Pure, as all of ``control``: cycles go in, accounts come out, and what is saved is JSON.
Nothing is decided by it, so no record of decisions holds it.
"""

from .account import Account
from .house import HouseAccount, HouseFigures
from .ledger import Counted, Ledger, News
from .session_log import SessionLog
from .sessions import Session
from .statements import HouseStatement, LoadStatement
from .tally import Source, Tally

__all__ = [
    "Account",
    "Counted",
    "HouseAccount",
    "HouseFigures",
    "HouseStatement",
    "Ledger",
    "LoadStatement",
    "News",
    "Session",
    "SessionLog",
    "Source",
    "Tally",
]
