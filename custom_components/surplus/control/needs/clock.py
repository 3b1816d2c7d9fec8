"""When windows and deadlines are: clock times of local days as instants.

Instants are epoch seconds, so that lengths are true where the clock is put forward or
back. A clock time that such a day leaves out is taken an hour later, one that it holds
twice is the first.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from .specs import Need, Schedule

_ONE_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A weekday comes back at the latest after a week.
_LOOK_AHEAD_DAYS = 8


def instant(day: date, seconds: int, zone: tzinfo | None) -> float:
    """Return when a local day's clock shows ``seconds`` after midnight."""
    hour, rest_s = divmod(seconds % 86_400, 3600)
    clock = time(hour, rest_s // 60, rest_s % 60)
    return datetime.combine(day, clock, tzinfo=zone).timestamp()


def window_of(schedule: Schedule, wall: datetime) -> tuple[float, float] | None:
    """Return the window that holds an instant, or the next one; None without days.

    One that a change of the clock leaves without length is not there.
    """
    at = wall.timestamp()
    wraps = schedule.ends_s <= schedule.begins_s
    for ahead in range(-1, _LOOK_AHEAD_DAYS):
        day = wall.date() + ahead * _ONE_DAY
        if day.weekday() not in schedule.days:
            continue
        begins = instant(day, schedule.begins_s, wall.tzinfo)
        last_day = day + _ONE_DAY if wraps else day
        ends = instant(last_day, schedule.ends_s, wall.tzinfo)
        if at < ends and begins < ends:
            return begins, ends
    return None


def deadline_of(need: Need, wall: datetime) -> float | None:
    """Return the next deadline after an instant; None without days."""
    at = wall.timestamp()
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = wall.date() + ahead * _ONE_DAY
        if day.weekday() in need.days:
            deadline = instant(day, need.ready_by_s, wall.tzinfo)
            if deadline > at:
                return deadline
    return None


def day_before(deadline: float, need: Need, zone: tzinfo | None) -> float:
    """Return the same clock time one local day before a deadline."""
    day = local(deadline, zone).date() - _ONE_DAY
    return instant(day, need.ready_by_s, zone)


def local(at: float, zone: tzinfo | None) -> datetime:
    """Return an instant by a local clock."""
    return (_EPOCH + timedelta(seconds=at)).astimezone(zone)
