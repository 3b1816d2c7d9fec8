"""What must be true of the Home, by what the plant knows: kept apart from its code."""

from dataclasses import dataclass, field

from custom_components.surplus.control.model import Mode

from .devices import CAR_ID
from .life import Life

# Integrated every ten seconds, against what moves meanwhile; and a counter of whole Wh.
_MORE = 1.03
_SLACK_WH = 60.0
# A step of the drive, and a cycle that comes after it.
_LATE_S = 25.0
_REST_S = 300.0
# What happened less than this before a crash may not have been written down.
_UNWRITTEN_S = 30.0
# A visit that took less is no session.
_SESSION_WH = 10.0


@dataclass(slots=True)
class Boost:
    """A boost that a person has asked for, by the time that has really passed."""

    asked_s: float
    ends_s: float


@dataclass(slots=True)
class Oracle:
    """Watches from step to step; ``violations`` are told with their instant."""

    violations: list[str] = field(default_factory=list)
    boosts: dict[str, Boost] = field(default_factory=dict)
    checked: int = 0
    _shown_wh: dict[str, float] = field(default_factory=dict)
    _stopped_s: float | None = None
    _drew: bool = False
    _wished_s: float = float("-inf")
    _up_since_s: float = 0.0

    def fails(self, now_s: float, what: str) -> None:
        """Note a violation."""
        day, second = divmod(now_s, 86_400.0)
        self.violations.append(f"day {day:.0f}, {second:.0f} s: {what}")

    # ---- what happens ----------------------------------------------------------------

    def boosted(self, name: str, now_s: float, for_s: float) -> None:
        """Note that a person has asked for a boost."""
        self.boosts[name] = Boost(now_s, now_s + for_s)
        if name == "car":
            self._wished_s = now_s

    def crashed(self, now_s: float) -> None:
        """Expect nothing of what was asked a moment ago: it may not be written down."""
        for name, boost in tuple(self.boosts.items()):
            if now_s - boost.asked_s < _UNWRITTEN_S:
                del self.boosts[name]
        if self._stopped_s is not None and now_s - self._stopped_s < _UNWRITTEN_S:
            self._stopped_s = None

    def started(self, now_s: float) -> None:
        """Note that the Home is up again."""
        self._up_since_s = now_s

    # ---- what must be true -------------------------------------------------------------

    def watch(self, life: Life, now_s: float) -> None:
        """Look after a step of the drive."""
        self._watch_rest(life, now_s)
        if not life.is_up or now_s - self._up_since_s < _LATE_S:
            return
        self.checked += 1
        self._watch_boosts(life, now_s)
        self._watch_totals(life, now_s)

    def _watch_boosts(self, life: Life, now_s: float) -> None:
        for name, boost in tuple(self.boosts.items()):
            mode = life.home.controls.modes(life.load_ids[name]).mode
            if now_s < boost.ends_s - _LATE_S:
                if mode is not Mode.BOOST:
                    left_s = boost.ends_s - now_s
                    self.fails(now_s, f"the boost of {name} ended {left_s:.0f} s early")
                    del self.boosts[name]
                    self._ended(name, now_s)
            elif now_s > boost.ends_s + _LATE_S:
                if mode is Mode.BOOST:
                    self.fails(now_s, f"the boost of {name} did not end")
                del self.boosts[name]
                self._ended(name, now_s)

    def _ended(self, name: str, now_s: float) -> None:
        if name == "car":
            self._wished_s = now_s

    def _watch_rest(self, life: Life, now_s: float) -> None:
        """See that a charge that was stopped rests, unless a person has asked for it."""
        told_a = life.plant.offered_a
        if told_a > 0 and self._stopped_s is not None:
            rested_s = now_s - self._stopped_s
            # Its lease has ended: it did that by itself.
            by_itself = life.plant.on_safe_current
            asked = self._wished_s >= self._stopped_s - _LATE_S or "car" in self.boosts
            if rested_s < _REST_S - 2 * 10.0 and not asked and not by_itself:
                self.fails(now_s, f"the car was started after {rested_s:.0f} s of rest")
            self._stopped_s = None
        elif told_a == 0 and self._drew:
            self._stopped_s = now_s
        # Offered to nobody, it needs no rest.
        self._drew = life.plant.car_w > 0

    def _watch_totals(self, life: Life, now_s: float) -> None:
        for name, load_id in life.load_ids.items():
            statement = life.home.ledger.statement(load_id)
            if statement is None:
                continue
            shown_wh = statement.total.total_wh
            before_wh = self._shown_wh.get(name, 0.0)
            if shown_wh < before_wh - 1e-6:
                self.fails(
                    now_s, f"the total of {name} fell by {before_wh - shown_wh:.1f} Wh"
                )
            self._shown_wh[name] = shown_wh

    def judge(self, life: Life, now_s: float, crashes: int) -> dict[str, str]:
        """Hold counters and sessions against the truth; return them in words."""
        told: dict[str, str] = {}
        for name, load_id in life.load_ids.items():
            truth = life.plant.truth[name]
            statement = life.home.ledger.statement(load_id)
            shown_wh = statement.total.total_wh if statement else 0.0
            # A minute is written down at a time; the car's own counter brings it back.
            most_lost_wh = 0.0 if name == "car" else crashes * 70.0 * 2400.0 / 3600.0
            least_wh = truth.seen_wh / _MORE - most_lost_wh - _SLACK_WH
            most_wh = truth.all_wh * _MORE + _SLACK_WH
            told[name] = (
                f"counted {shown_wh / 1000:.2f} kWh, true {truth.all_wh / 1000:.2f},"
                f" to be seen {truth.seen_wh / 1000:.2f}"
            )
            if not least_wh <= shown_wh <= most_wh:
                self.fails(now_s, f"{name}: {told[name]}")
        self._judge_sessions(life, now_s, told)
        return told

    def _judge_sessions(self, life: Life, now_s: float, told: dict[str, str]) -> None:
        visits = [one for one in life.plant.visits if one.taken_wh >= _SESSION_WH]
        if life.plant.visit is not None and visits[-1:] == [life.plant.visit]:
            visits.pop()
        statement = life.home.ledger.statement(CAR_ID)
        sessions = [
            one
            for one in life.home.ledger.sessions([CAR_ID])
            if one.ended is not None and one.tally.total_wh >= _SESSION_WH
        ]
        taken_wh = sum(one.taken_wh for one in visits)
        counted_wh = sum(one.tally.total_wh for one in sessions)
        told["sessions"] = (
            f"{len(sessions)} of {len(visits)} visits,"
            f" {counted_wh / 1000:.2f} of {taken_wh / 1000:.2f} kWh"
        )
        if (
            statement is None
            or len(sessions) != len(visits)
            or abs(counted_wh - taken_wh) > 0.03 * taken_wh + len(visits) * _SLACK_WH
        ):
            self.fails(now_s, f"sessions: {told['sessions']}")
