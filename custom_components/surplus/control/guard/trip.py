"""How long a breaker still holds: the meter's own, and those of the distribution board.

Both trip by heat, or as if: a first-order image of the square of the current,

    Y[n] = B · X[n]² + (1 − B) · Y[n−1]      each second, X = drawn / what it is set to

that opens when Y reaches the square of what it carries for ever. A Linky computes just
that (Enedis-NOI-CPT_54E v3, cut-off device): B = 0.008, 1.3². An ordinary breaker
(IEC 60898-1) carries 1.13 times its rating for an hour and is a band above that; its
image here is the quick edge of the band, so that it never claims more time than there is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, log1p, sqrt
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class TripLaw:
    """A breaker's image of heat: how slow it is, and what it carries for ever.

    ``tau_s`` is its time constant, ``holds`` the share of the rating that never opens it.
    """

    tau_s: float
    holds: float

    @property
    def opens_at(self) -> float:
        """The heat at which it opens."""
        return self.holds * self.holds


# 1 / −ln(1 − 0.008): a little less than 125 s.
LINKY = TripLaw(tau_s=-1.0 / log1p(-0.008), holds=1.3)
# Of the bands of B and C curves: 1.45 times the rating from cold opens the quickest in
# about half a minute, twice in some ten seconds, three times in four.
BREAKER = TripLaw(tau_s=30.0, holds=1.13)

# Readings further apart than this leave open what flowed between them: an overload may
# have begun right after the first.
_SEEN_THROUGH_S = 2.0
# What a limit may fall by before what was seen under it says nothing of the new one.
_SAME_LIMIT = 0.95


class Heat:
    """The image of one breaker, each pole by itself."""

    def __init__(self, law: TripLaw, saved: Mapping[str, Any] | None = None) -> None:
        """Begin with nothing known, or with what ``as_dict`` gave.

        Raises KeyError, TypeError or ValueError where that is damaged.
        """
        self.law = law
        self._limit_a = 0.0
        self._heats: list[float] = []
        self._shares: list[float] = []
        self._at: float | None = None
        # Of the past that nobody saw: no pole is cooler than it was before it.
        self._before = 0.0
        if saved is not None:
            # As a share of what opens it: another law may apply by now.
            share = float(saved["share"])
            if not (isfinite(share) and share >= 0):
                raise ValueError(f"no share of heat: {share}")
            self._before = min(share, 1.0) * law.opens_at

    def observe(self, at: float, limit_a: float, currents_a: Sequence[float]) -> None:
        """Take in what flows on each pole at an instant, of what the breaker is set to.

        What leaves for the grid counts as nothing. Between two readings what flowed at
        the first is taken to have gone on, or over a gap the more of both. Before the
        first of all, what flows then has flowed for ever.
        """
        last_at = self._at
        if last_at is not None and at <= last_at:
            return
        drawn = [
            current_a / limit_a if current_a > 0 else 0.0 for current_a in currents_a
        ]
        heats, shares = self._heats, self._shares
        if (
            last_at is None
            or len(drawn) != len(shares)
            or limit_a < _SAME_LIMIT * self._limit_a
        ):
            # Nobody saw what was before: as warm as it can be without having opened.
            before = max((self._before, *heats))
            self._heats = [
                max(min(share * share, self.law.opens_at), before) for share in drawn
            ]
        else:
            # Each reading of each breaker comes by here.
            gap_s = at - last_at
            cooled = exp(-gap_s / self.law.tau_s)
            for pole, share in enumerate(shares):
                if gap_s > _SEEN_THROUGH_S:
                    share = max(share, drawn[pole])
                warms_to = share * share
                heats[pole] = warms_to - (warms_to - heats[pole]) * cooled
        self._shares, self._at, self._limit_a = drawn, at, limit_a

    @property
    def share(self) -> float:
        """How far the hottest pole has come, as a share of what opens it."""
        heats = self._heats
        return (max(heats) if heats else self._before) / self.law.opens_at

    def seconds_left(
        self, now: float, currents_a: Sequence[float] | None = None
    ) -> float:
        """Return how long the tightest pole still holds; inf for ever.

        That is if nothing changes, or if ``currents_a`` flow instead. 0 where it should
        have opened.
        """
        most = self.law.opens_at
        left_s = inf
        shares = self._shares
        if currents_a is not None and self._limit_a:
            limit_a = self._limit_a
            shares = [max(0.0, current_a / limit_a) for current_a in currents_a]
        for share, heat in zip(shares, self._heats, strict=True):
            if (warms_to := share * share) > most:
                pole_s = 0.0
                if heat < most:
                    pole_s = self.law.tau_s * log((warms_to - heat) / (warms_to - most))
                left_s = min(left_s, pole_s)
        if self._at is None or left_s == inf:
            return inf
        return max(0.0, left_s - max(0.0, now - self._at))

    def holding_a(self, seconds: float, now: float) -> tuple[float, ...]:
        """Return what each pole carries for so long from now on until it opens, in A.

        Of one that was observed; what it carries for ever where that is more.
        """
        most, tau_s = self.law.opens_at, self.law.tau_s
        age_s = max(0.0, now - (now if self._at is None else self._at))
        cooled, grows = exp(-age_s / tau_s), exp(seconds / tau_s)
        carried = []
        for share, heat in zip(self._shares, self._heats, strict=True):
            # What flowed at the last reading has gone on since.
            heat_now = share * share - (share * share - heat) * cooled
            warms_to = max(most, (grows * most - heat_now) / (grows - 1))
            carried.append(self._limit_a * sqrt(warms_to))
        return tuple(carried)

    def as_dict(self) -> dict[str, float]:
        """Return what must survive a restart: nobody sees what flows meanwhile."""
        return {"share": round(self.share, 4)}
