"""What a cycle holds against one load: what is left for it, and beside whom it runs."""

from dataclasses import dataclass
from datetime import datetime

from ..freshness import MeterState
from ..limits import Headroom
from ..model import TariffNow
from ..settings import HomeSettings
from ..switching import gain_w

# Giving way is no hurry, and each time costs a relay a switching.
_YIELD_SHARE = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The power between which loads that run together can be moved, in W."""

    least_w: float = 0.0
    most_w: float = 0.0

    def __add__(self, other: Span) -> Span:
        """Return the span of both together."""
        return Span(
            least_w=self.least_w + other.least_w, most_w=self.most_w + other.most_w
        )

    def nearest_w(self, power_w: float) -> float:
        """Return the power within the span that is nearest to one wished for."""
        return min(max(power_w, self.least_w), self.most_w)


_NOTHING = Span()


@dataclass(kw_only=True, slots=True)
class Circumstances:
    """What a cycle holds against the load whose turn it is.

    One for all loads of a cycle: allocation brings it up to date between two turns, so
    nothing of it may be kept. As it begins, nothing is seen and nothing is left.

    ``at`` is the instant of the grid reading, ``dt_s`` the time since the previous one,
    0 when this one was seen before. ``direction_known`` says whether the grid meter can
    tell export from import.

    ``sun_left_w`` is what the sun leaves to all loads, negative what the house lacks,
    before target and margin. ``surplus_w`` is what set-points of higher priority leave,
    ``total_w`` what all that follow the surplus share. ``above`` is the span of those
    above that run, ``drawn_above_w`` what the loads above really draw of ``total_w`` at
    the instant of the reading, and ``least_below_w`` what those below that run need to
    keep running.
    ``trial_s`` is how long it may take until it is known what another load has begun to
    draw: two that begin together cannot be told apart.
    ``reserve_w`` is what a slow load leaves to a fast one below it, so that this one
    can take a cloud. ``trims_below`` is what the fast ones below can take of the surplus
    at once. ``doubt_w`` is by how much the surplus may be wrong because other loads move.
    ``own_w`` is what it draws itself at the instant of the reading. What limits are held
    against was shown at ``shown_at``, and holds ``shown_w`` of it for sure.
    ``cheap`` is whether hours are cheap, ``tariff`` what else is known of it.
    ``beside_battery`` says that a battery that regulates itself fills what loads take
    too much.
    """

    now: float
    wall: datetime
    at: float = 0.0
    shown_at: float = 0.0
    dt_s: float = 0.0
    surplus_w: float = 0.0
    total_w: float = 0.0
    sun_left_w: float = 0.0
    above: Span = Span()
    drawn_above_w: float = 0.0
    least_below_w: float = 0.0
    reserve_w: float = 0.0
    trims_below: Span = Span()
    doubt_w: float = 0.0
    own_w: float = 0.0
    shown_w: float = 0.0
    voltage_v: float
    meter: MeterState
    direction_known: bool = False
    headroom: Headroom
    settings: HomeSettings
    cheap: bool | None = None
    tariff: TariffNow | None = None
    beside_battery: bool = False
    trial_s: float = 0.0

    @property
    def holds_back(self) -> bool:
        """Whether nothing may be started from the grid now but by a person."""
        return self.tariff is not None and self.tariff.holds_back

    @property
    def left_w(self) -> float:
        """What the loads above leave of the surplus as they draw just now, in W."""
        return self.total_w - self.drawn_above_w

    @property
    def others_fill(self) -> bool:
        """Whether something fast takes at once what a slow load leaves."""
        return self.beside_battery or self.trims_below.most_w > 0

    def worth_w(self, span: Span) -> float:
        """Return what running with ``span`` adds to what runs above, in W.

        Captured less λ × imported, over everything that is on: a load that makes another
        one give way has captured nothing new. Nor has one that takes what a fast load
        below would have captured without it, to the watt: of two that capture the same
        priority chooses, but only as far as the surplus carries the least it can take.
        """
        alone_w = self._gained_w(span, _NOTHING)
        if self.trims_below.most_w <= 0:
            return alone_w
        apart_w = self._gained_w(span, self.trims_below)
        carried_w = self.total_w - self.above.least_w - span.least_w
        if carried_w > 0:
            apart_w = max(apart_w, carried_w)
        return min(alone_w, apart_w)

    def against_w(self, span: Span, worth_w: float) -> float:
        """Return what speaks for stopping what runs with ``span``, in W.

        What it costs, or a share of what it takes from those above where it is worth
        nothing more: it loses nothing then, but strict priority asks it to give way.
        """
        if worth_w > 0:
            return -worth_w
        above, total_w = self.above, self.total_w
        taken_w = above.nearest_w(total_w) - above.nearest_w(total_w - span.least_w)
        return max(-worth_w, _YIELD_SHARE * taken_w)

    def _gained_w(self, span: Span, beside: Span) -> float:
        """Return by how much ``span`` raises what those above and beside it gain, in W."""
        total_w, price = self.total_w, self.settings.import_price
        others = self.above if beside is _NOTHING else self.above + beside
        # Asked several times for each load: no span is made for the sum.
        drawn_w = min(
            max(total_w, others.least_w + span.least_w), others.most_w + span.most_w
        )
        with_w = gain_w(drawn_w, total_w, price)
        return with_w - gain_w(others.nearest_w(total_w), total_w, price)
