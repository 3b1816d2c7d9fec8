"""The account of one load: all that it has taken, and from whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .at_once import AtOnce
from .flows import Mix
from .price import Price
from .register import Register
from .saved import maybe_day
from .sessions import ChargerSight, OpenSession, Session, Visits
from .tally import Tally

# More than nearly every vehicle holds, and than any tank takes in a day.
_MOST_AHEAD_WH = 100_000.0
# What a load may take of which nobody knows how much it takes.
_ANY_W = 25_000.0
# Less tells nothing of who gave the rest.
_SEEN_WH = 0.001
_HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a load did in a step of ``dt_s``, as far as anybody knows.

    ``mix`` is what it takes, ``left_w`` the sun and the battery there was before its
    turn. ``full_w`` is the most it can take, ``register_wh`` what its own counter shows.
    """

    dt_s: float
    wall: datetime
    price: Price
    mix: Mix
    left_w: tuple[float, float] = (0.0, 0.0)
    full_w: float = 0.0
    register_wh: float | None = None


class Account:
    """What one load has taken: in all, today, and of a charger in this session."""

    def __init__(self, load_id: str) -> None:
        """Begin with nothing."""
        self.total = Tally()
        self.visits = Visits(load_id)
        self.ended: Session | None = None
        self._at_once = AtOnce(_MOST_AHEAD_WH)
        self._register = Register()
        # Counted since its own counter last moved: what is missing was taken like this.
        self._recent = Tally()
        self._day: date | None = None
        self._before_today = Tally()

    @property
    def today(self) -> Tally:
        """What it has taken since local midnight."""
        return self.total.since(self._before_today)

    @property
    def session(self) -> Session | None:
        """The session that goes on, or the last one."""
        if (current := self.visits.current) is None:
            return self.ended
        return current.told(self.visits.load_id, self.total, None)

    def count_storage(self, step: Step) -> None:
        """Count what a battery has taken: nobody would have charged it at once."""
        self._new_day(step)
        self._count(step)

    def count(self, step: Step) -> None:
        """Count what a load has taken that is neither charger nor battery."""
        if self._new_day(step):
            self._at_once.clear()
        self._shadow(step)
        self._count(step)

    def count_charger(self, step: Step, sight: ChargerSight) -> Session | None:
        """Count what a charger has taken; return the session that has ended."""
        self._new_day(step)
        # What its counter shows beyond what was seen belongs to the session that ends
        # now, and else to the one that begins: the vehicle was there before us.
        before = self.visits.current
        if before is not None:
            self._catch_up(step)
        ended = self.visits.goes_on(sight, self.total, step.wall, step.dt_s)
        if self.visits.current is not before:
            self._at_once.clear()
        if ended is not None:
            self.ended = ended
        if self.visits.current is not None:
            self._shadow(step)
        self._count(step)
        return ended

    def _new_day(self, step: Step) -> bool:
        day = step.wall.date()
        if day == self._day:
            return False
        self._day = day
        self._before_today = self.total.copy()
        return True

    def _shadow(self, step: Step) -> None:
        """Let the shadow buy what it can."""
        sun_w, battery_w = step.left_w
        taken_w = max(
            step.full_w, step.mix.sun_w + step.mix.battery_w + step.mix.grid_w
        )
        if taken_w <= 0.0 or step.dt_s <= 0.0:
            return
        hours = step.dt_s / _HOUR_S
        bought_w = max(0.0, taken_w - sun_w - battery_w)
        self._at_once.buy(taken_w * hours, bought_w * hours, step.price.of_import)

    def _count(self, step: Step) -> None:
        mix, hours = step.mix, step.dt_s / _HOUR_S
        energy_wh = (mix.sun_w + mix.battery_w + mix.grid_w) * hours
        if energy_wh > 0.0:
            counted_wh = (
                energy_wh
                if self._register.register_wh is None
                else self._register.counted(energy_wh)
            )
            part = counted_wh / energy_wh * hours
            tally = step.price.tally(
                mix.sun_w * part, mix.battery_w * part, mix.grid_w * part
            )
            self._book(tally)
            self._recent.add(tally)
        self._catch_up(step)

    def _catch_up(self, step: Step) -> None:
        """Add what the load's own counter has and this one has not."""
        if step.register_wh is None:
            return
        missing_wh = self._register.missing(
            step.register_wh, step.wall, step.full_w or _ANY_W
        )
        if missing_wh is None:
            return
        if missing_wh > 0.0:
            recent_wh = self._recent.total_wh
            self._book(
                self._recent.times(missing_wh / recent_wh)
                if recent_wh >= _SEEN_WH
                # Nobody saw from whom it came.
                else step.price.tally(0.0, 0.0, missing_wh)
            )
        self._recent = Tally()

    def _book(self, tally: Tally) -> None:
        energy_wh = tally.total_wh
        if energy_wh <= 0.0:
            return
        tally.saving = self._at_once.saving(
            energy_wh, tally.cost, priced=tally.unpriced_wh == 0.0
        )
        self.total.add(tally)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        current = self.visits.current
        return {
            "total": self.total.as_dict(),
            "recent": self._recent.as_dict(),
            "register": self._register.as_dict(),
            "at_once": self._at_once.as_list(),
            "day": self._day.isoformat() if self._day else None,
            "before_today": self._before_today.as_dict(),
            "session": current.as_dict() if current else None,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with what ``as_dict`` gave.

        Raises AttributeError, KeyError, TypeError or ValueError when it is damaged.
        """
        self.total = Tally.from_dict(saved["total"])
        self._recent = Tally.from_dict(saved["recent"])
        self._register = Register.from_dict(saved["register"])
        self._at_once.restore(saved["at_once"])
        self._day = maybe_day(saved, "day")
        self._before_today = Tally.from_dict(saved["before_today"])
        if (session := saved["session"]) is not None:
            self.visits.current = OpenSession.from_dict(session)
