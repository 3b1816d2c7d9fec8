"""Whether this benchmark is the one that its targets were measured on.

The optimum must come out within 1 % of the reference's captured and imported energy,
evcc within 2 points of the reference's J. Only then do J targets mean anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .cases import CASES
from .runs import EVCC, ROUTER, Results, Run

_OPTIMUM_SHARE = 0.01
# Reference figures have two decimals: an import of 0.43 kWh is not known better.
_ROUNDING_KWH = 0.006
_EVCC_POINTS = 2.0

# J % of evcc at 30 s, as measured on the reference's plant, rounded there.
_EVCC_J = {
    "A1": 85.0,
    "A2": 94.0,
    "A3": 87.0,
    "A4": 58.0,
    "A5": 66.0,
    "A6": 85.0,
    "B1": 80.0,
    "B2": 83.0,
    "B3": 47.0,
    "C1": 88.0,
    "D1": 87.0,
    "E1": 83.0,
}
# The same with a heater router of its own beside it.
_ROUTER_J = {"B1": 92.0, "B2": 92.0, "B3": 97.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One figure beside the reference's."""

    case: str
    what: str
    here: float
    reference: float
    passed: bool


def checks(results: Results, cases: list[str]) -> Iterator[Check]:
    """Compare all that was played."""
    for name in cases:
        case = CASES[name]
        run = Run(case=name, player=EVCC.name)
        optimum = results.optimum(run, 1.0)
        if optimum is not None and case.oracle_kwh is not None:
            yield _kwh(name, "captured", optimum.captured_kwh, case.oracle_kwh[0])
            yield _kwh(name, "imported", optimum.imported_kwh, case.oracle_kwh[1])
        for player, known in ((EVCC, _EVCC_J), (ROUTER, _ROUTER_J)):
            run = Run(case=name, player=player.name)
            percent = results.percent(run, 1.0)
            if percent is not None and name in known:
                yield Check(
                    case=name,
                    what=f"{player.name} J %",
                    here=percent,
                    reference=known[name],
                    passed=abs(percent - known[name]) <= _EVCC_POINTS,
                )


def _kwh(case: str, what: str, here: float, reference: float) -> Check:
    tolerance = max(_OPTIMUM_SHARE * reference, _ROUNDING_KWH)
    return Check(
        case=case,
        what=f"oracle {what} kWh",
        here=here,
        reference=reference,
        passed=abs(here - reference) <= tolerance,
    )
