"""How long a breaker still holds: the meter's own, and those of the distribution board.

Both trip by heat, or as if: a first-order image of the square of the current,

    Y[n] = B · X[n]² + (1 − B) · Y[n−1]      each second, X = drawn / what it is set to

that opens when Y reaches the square of what it carries for ever. A Linky computes just
that (Enedis-NOI-CPT_54E v3, cut-off device): B = 0.008, 1.3². An ordinary breaker
(IEC 60898-1) carries 1.13 times its rating for an hour and is a band above that; its
image here is the quick edge of the band, so that it never claims more time than there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, log1p


@dataclass(frozen=True, kw_only=True, slots=True)
class TripLaw:
    """A breaker's image of heat: how slow it is, and what it carries for ever.

    ``tau_s`` is its time constant, ``holds`` the share of the rating that never opens it.
    """

    tau_s: float
    holds: float


# 1 / −ln(1 − 0.008): a little less than 125 s.
LINKY = TripLaw(tau_s=-1.0 / log1p(-0.008), holds=1.3)
# Of the bands of B and C curves: 1.45 times the rating from cold opens the quickest in
# about half a minute, twice in some ten seconds, three times in four.
BREAKER = TripLaw(tau_s=30.0, holds=1.13)


class Heat:
    """The image of one breaker, each pole by itself."""

    def __init__(self, law: TripLaw) -> None:
        """Begin cold."""
        self.law = law
        self._heats: tuple[float, ...] = ()
        self._shares: tuple[float, ...] = ()
        self._at: float | None = None

    def observe(self, at: float, shares: Sequence[float]) -> None:
        """Take in what flows at an instant, as shares of the rating, one per pole.

        What leaves for the grid counts as nothing. Between two instants what flowed at
        the first is taken to have gone on; before the first of all, what flows then has
        flowed for ever.
        """
        drawn = tuple(max(0.0, share) for share in shares)
        if self._at is None or len(drawn) != len(self._shares):
            # Nobody saw what was before: as warm as it can be without having opened.
            most = self.law.holds**2
            self._heats = tuple(min(share**2, most) for share in drawn)
        elif at > self._at:
            cooled = exp(-(at - self._at) / self.law.tau_s)
            self._heats = tuple(
                share**2 - (share**2 - heat) * cooled
                for share, heat in zip(self._shares, self._heats, strict=True)
            )
        else:
            return
        self._shares, self._at = drawn, at

    def seconds_left(self, now: float) -> float:
        """Return how long the tightest pole still holds if nothing changes; inf for ever.

        0 where it should have opened.
        """
        if self._at is None:
            return inf
        since_s = max(0.0, now - self._at)
        most = self.law.holds**2
        left_s = min(
            (
                self._pole_s(share**2, heat, most)
                for share, heat in zip(self._shares, self._heats, strict=True)
            ),
            default=inf,
        )
        return max(0.0, left_s - since_s)

    def _pole_s(self, warms_to: float, heat: float, most: float) -> float:
        if heat >= most:
            return 0.0 if warms_to > most else inf
        if warms_to <= most:
            return inf
        return self.law.tau_s * log((warms_to - heat) / (warms_to - most))
