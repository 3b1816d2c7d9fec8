"""A Linky's breaker, as specification 54E writes it down.

Once a second, with X = drawn apparent power ÷ the power that the breaker applies (PCOUP),

    Y[n] = B · X[n]² + (1 − B) · Y[n−1]      B = 0.008

and it opens at Y ≥ 1.3² = 1.69; in three-phase each phase has its own filter and a third
of the power. Written down anew here: what is judged must not be its own judge.
"""

from collections.abc import Sequence

_B = 0.008
_OPENS_AT = 1.69


class LinkyBreaker:
    """The filters of one meter. ``opened`` counts how often it has opened."""

    def __init__(self, subscribed_va: float, phases: int = 1) -> None:
        """Begin cold."""
        self._per_phase_va = subscribed_va / phases
        self.heat = [0.0] * phases
        self.opened = 0

    def step(self, drawn_va: Sequence[float]) -> bool:
        """Live through one second; returns whether it opened.

        It is closed again at once, and begins cold: a house without power would hide
        whatever else is wrong.
        """
        for phase, va in enumerate(drawn_va):
            x = max(0.0, va) / self._per_phase_va
            self.heat[phase] = _B * x * x + (1 - _B) * self.heat[phase]
        if max(self.heat) < _OPENS_AT:
            return False
        self.heat = [0.0] * len(self.heat)
        self.opened += 1
        return True


def openings(days_va: Sequence[Sequence[float]], subscribed_va: float) -> int:
    """Return how often a day opens it; one sequence of VA per second, one per phase."""
    breaker = LinkyBreaker(subscribed_va, len(days_va))
    for drawn_va in zip(*days_va, strict=True):
        breaker.step(drawn_va)
    return breaker.opened
