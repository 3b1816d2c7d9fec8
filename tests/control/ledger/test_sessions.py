"""Charging sessions: when they begin and end, and what is true of them."""

from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.surplus.control.ledger import Counted, Session, SessionLog
from custom_components.surplus.control.ledger.sessions import OpenSession
from custom_components.surplus.control.model import LoadInput

from .books import CAR, FULL, GONE, NOON, Books, car, plugged

NOBODY_TELLS: dict[str, Counted] = {}
OFFERED = car(offering=True, offered_a=10.0)
WITHHELD = car(offering=True, offered_a=0.0)


def charge(books: Books, seconds: float, power_w: float, **more: object) -> None:
    books.run(seconds, OFFERED, grid_w=power_w, car=power_w, **more)


def test_a_session_begins_with_the_plug_and_ends_with_it() -> None:
    books = Books()
    assert books.step(10, car(), counted=GONE).loads == frozenset()
    assert books.step(10, car(), counted=plugged()).loads == {CAR}
    charge(books, 3600, 3000.0, counted=plugged())
    books.run(600, car(), counted=plugged())
    news = books.step(10, car(), counted=GONE)
    assert news.loads == {CAR}
    (session,) = news.sessions
    assert session.load_id == CAR
    assert session.started == NOON + timedelta(seconds=20)
    assert session.ended == books.wall
    assert session.tally.total_wh == pytest.approx(3000.0)
    assert session.peak_w == 3000.0
    assert session.charging_s == pytest.approx(3600.0)
    assert books.ledger.statement(CAR).last == session
    assert books.ledger.statement(CAR).session == session


def test_a_session_that_goes_on_is_shown_as_it_stands() -> None:
    books = Books()
    charge(books, 1800, 4000.0, counted=plugged())
    session = books.ledger.statement(CAR).session
    assert session.ended is None
    assert session.tally.total_wh == pytest.approx(2000.0, rel=0.01)
    assert books.ledger.statement(CAR).last is None


def test_a_vehicle_that_took_nothing_leaves_no_session() -> None:
    books = Books()
    books.run(600, car(), counted=plugged())
    news = books.step(10, car(), counted=GONE)
    assert news.sessions == ()
    assert news.loads == {CAR}
    assert books.ledger.statement(CAR).session is None


def test_without_a_plug_a_session_begins_with_the_first_energy() -> None:
    books = Books()
    books.run(600, OFFERED)
    assert books.ledger.statement(CAR).session is None
    charge(books, 600, 3000.0)
    assert books.ledger.statement(CAR).session.started > NOON + timedelta(seconds=600)


# Not all chargers tell whether they offer anything.
@pytest.mark.parametrize("offered", [OFFERED, car(offered_a=10.0)])
def test_without_a_plug_it_ends_when_nothing_is_taken_of_what_is_offered(
    offered: LoadInput,
) -> None:
    books = Books()
    charge(books, 3600, 3000.0)
    flowed = books.wall
    assert books.run(890, offered).sessions == ()
    (session,) = books.run(60, offered).sessions
    # Not when that was noticed.
    assert session.ended == flowed


def test_without_a_plug_it_ends_when_nothing_is_wanted() -> None:
    books = Books()
    charge(books, 3600, 3000.0)
    flowed = books.wall
    unwanted = car(wants_power=False, offering=False, offered_a=10.0)
    (session,) = books.run(960, unwanted).sessions
    assert session.ended == flowed


@pytest.mark.parametrize("withheld", [WITHHELD, car(offering=False, offered_a=10.0)])
def test_a_cloudy_hour_is_no_end(withheld: LoadInput) -> None:
    books = Books()
    charge(books, 3600, 3000.0)
    assert books.run(7200, withheld).loads == frozenset()
    charge(books, 3600, 3000.0)
    assert books.ledger.statement(CAR).session.tally.total_wh == pytest.approx(
        6000.0, rel=0.01
    )


def test_a_night_without_a_word_is_one() -> None:
    books = Books()
    charge(books, 3600, 3000.0)
    flowed = books.wall
    (session,) = books.run(6 * 3600 + 60, WITHHELD).sessions
    assert session.ended == flowed


def test_out_of_reach_a_session_goes_on() -> None:
    books = Books()
    charge(books, 3600, 3000.0, counted=plugged())
    away = car(reachable=False, wants_power=False)
    assert books.run(3600, away, counted=NOBODY_TELLS).loads == frozenset()
    assert books.step(10, car(), counted=plugged()).loads == frozenset()
    (session,) = books.step(10, car(), counted=GONE).sessions
    assert session.ended == books.wall


def test_a_vehicle_that_left_out_of_sight_left_when_it_was_last_seen() -> None:
    books = Books()
    charge(books, 3600, 3000.0, counted=plugged())
    seen = books.wall
    books.restart(7200)
    (session,) = books.step(10, car(), counted=GONE).sessions
    assert session.ended == seen


def test_a_session_goes_on_over_a_restart() -> None:
    books = Books()
    charge(books, 1800, 4000.0, counted=plugged(transaction=7))
    started = books.ledger.statement(CAR).session.started
    books.restart(120)
    charge(books, 1800, 4000.0, counted=plugged(transaction=7))
    (session,) = books.step(10, car(), counted=GONE).sessions
    assert session.started == started
    assert session.tally.total_wh == pytest.approx(4000.0, rel=0.01)
    assert session.transactions == (7,)


def test_another_vehicle_after_a_long_absence_is_another_session() -> None:
    books = Books()
    charge(books, 1800, 4000.0, counted=plugged(transaction=7))
    seen = books.wall
    books.restart(3600)
    (session,) = books.step(10, car(), counted=plugged(transaction=8)).sessions
    assert session.ended == seen
    current = books.ledger.statement(CAR).session
    assert current.transactions == (8,)
    assert current.tally.total_wh == 0.0


def test_a_transaction_started_anew_under_way_is_the_same_visit() -> None:
    books = Books()
    charge(books, 600, 4000.0, counted=plugged(transaction=7))
    charge(books, 600, 4000.0, counted=plugged(transaction=8))
    assert books.ledger.statement(CAR).session.transactions == (7, 8)


def test_what_the_counter_shows_at_the_end_is_of_that_session() -> None:
    books = Books()
    books.step(10, car(), counted=plugged(10_000.0))
    charge(books, 3600, 3000.0, counted=plugged(10_000.0))
    gone = {CAR: Counted(plugged=False, register_wh=13_200.0)}
    (session,) = books.step(10, car(), counted=gone).sessions
    assert session.tally.total_wh == pytest.approx(3200.0)
    books.run(60, car(), counted=gone)
    books.step(10, car(), counted=plugged(13_200.0))
    assert books.ledger.statement(CAR).session.tally.total_wh == 0.0


def test_a_clock_set_back_ends_no_session_before_it_began() -> None:
    books = Books()
    charge(books, 1800, 4000.0, counted=plugged())
    books.wall -= timedelta(days=1)
    (session,) = books.step(10, car(), counted=GONE).sessions
    assert session.ended == session.started


# ---- the log ---------------------------------------------------------------------------


def session(day: int, load_id: str = CAR) -> Session:
    started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return Session(load_id=load_id, started=started, ended=started + timedelta(hours=3))


def test_the_log_keeps_the_newest_of_each_charger() -> None:
    log = SessionLog()
    log.add(session(0, "ocpp:other"))
    for day in range(250):
        log.add(session(day))
    kept = log.between(load_ids=[CAR])
    assert len(kept) == 200
    assert kept[0] == session(50)
    assert log.last(CAR) == session(249)
    assert log.last("ocpp:other") == session(0, "ocpp:other")
    assert log.last("ocpp:none") is None


def test_the_log_is_asked_by_time_and_charger() -> None:
    log = SessionLog()
    for day in range(10):
        log.add(session(day))
    log.add(session(4, "ocpp:a"))
    begin, end = session(3).started, session(5).started
    assert log.between(begin, end) == [session(3), session(4, "ocpp:a"), session(4)]
    assert log.between(begin, end, ["ocpp:a"]) == [session(4, "ocpp:a")]
    assert log.between(load_ids=["ocpp:none"]) == []


def test_a_session_told_twice_is_one() -> None:
    log = SessionLog()
    log.add(session(1))
    log.add(session(1))
    assert len(log.between()) == 1


def test_a_deleted_charger_is_forgotten() -> None:
    log = SessionLog()
    log.add(session(1))
    log.forget(CAR)
    log.forget(CAR)
    assert log.between() == []


def test_the_log_survives_a_restart() -> None:
    books = Books(tariff=FULL)
    charge(books, 3600, 3000.0, counted=plugged(transaction=3))
    log = SessionLog()
    for one in books.step(10, car(), counted=GONE).sessions:
        log.add(one)
    again = SessionLog(json.loads(json.dumps(log.as_dict())))
    assert again.between() == log.between()
    assert again.between()[0].transactions == (3,)


@pytest.mark.parametrize(
    "damage",
    [
        {"started": "yesterday"},
        {"started": "2026-01-01T00:00:00"},
        {"ended": 5},
        {"tally": {}},
        {"peak_w": -1.0},
        {"transactions": None},
    ],
)
def test_a_damaged_log_raises(damage: dict) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        SessionLog({"sessions": [{**session(1).as_dict(), **damage}]})


def test_a_damaged_session_that_goes_on_raises() -> None:
    books = Books()
    charge(books, 60, 3000.0, counted=plugged())
    saved = books.ledger.as_dict()["loads"][CAR]["session"]
    assert OpenSession.from_dict(saved).as_dict() == saved
    with pytest.raises(ValueError):
        OpenSession.from_dict({**saved, "seen": "2026-01-01T00:00:00"})
    with pytest.raises(KeyError):
        OpenSession.from_dict({"started": saved["started"]})
