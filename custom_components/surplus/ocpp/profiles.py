"""Charging profiles (OCPP 1.6 section 3.13) and the lease they make.

A 1.6 charger that loses its central system obeys what it has for ever. So a limit is
never sent without its own end: a *safe* TxDefaultProfile without end stays on the
charger, and the live limit lies above it for the length of a lease. Two forms do that:

* ``STACKED``: the safe profile on stack level 0, the live one on level 1 with a
  ``duration``; when that ends the lower level applies.
* ``SINGLE``: one profile on level 0 with two periods, the limit and then the safe
  current, for chargers that refuse a level above 0.

Both are Absolute: with Relative the time counts from the start of the transaction, and
a renewal after that moment is accepted without effect. Times are the charger's, and the
start lies in its past: a start in its future means "not active yet".

Where a charger is told on how many phases to charge, every period says so, as a period
without a number means three phases (7.8). The safe current is one of one phase then:
the least, which fits whatever was reckoned with before the link was lost.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
import math
from typing import Any

from ..control.model import IEC_MINIMUM_A
from .values import wire_time

# The past of every clock, also of one that was never set and began at 1970.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Form(StrEnum):
    """How the lease is written."""

    STACKED = "stacked"
    SINGLE = "single"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A limit (A per phase) from ``start_s`` after the start of its profile on.

    ``phases`` is how many phases it may use (``numberPhases``); not said with None, and
    1.6 then means three.
    """

    start_s: int
    limit_a: float
    phases: int | None = None

    def as_payload(self) -> dict[str, Any]:
        """Return the ChargingSchedulePeriod."""
        period: dict[str, Any] = {
            "start_period": self.start_s,
            "limit": _plain(self.limit_a),
        }
        if self.phases is not None:
            period["number_phases"] = self.phases
        return period


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A TxDefaultProfile in A per phase.

    The last of the ``periods`` lasts until ``duration_s`` is over, or for ever without
    it.
    """

    connector: int
    profile_id: int
    stack_level: int
    start: datetime
    periods: tuple[Period, ...]
    duration_s: int | None = None

    @property
    def says_phases(self) -> bool:
        """Whether it says how many phases are to be used."""
        return any(period.phases is not None for period in self.periods)

    def without_phases(self) -> Profile:
        """Return the same limits without a number of phases."""
        return replace(
            self,
            periods=tuple(replace(period, phases=None) for period in self.periods),
        )

    def as_payload(self) -> dict[str, Any]:
        """Return the ChargingProfile as it goes into a SetChargingProfile."""
        schedule: dict[str, Any] = {
            "charging_rate_unit": "A",
            "start_schedule": wire_time(self.start),
            "charging_schedule_period": [
                period.as_payload() for period in self.periods
            ],
        }
        if self.duration_s is not None:
            schedule["duration"] = self.duration_s
        return {
            "charging_profile_id": self.profile_id,
            "stack_level": self.stack_level,
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Absolute",
            "charging_schedule": schedule,
        }


def _plain(amps: float) -> float:
    """Return whole amperes without a fraction: some chargers refuse ``10.0``."""
    return int(amps) if amps == int(amps) else amps


def profile_ids(connector: int) -> tuple[int, int]:
    """Return the ids of a connector's safe and live profile.

    Small, because ids above the number of profiles a charger can hold were refused;
    never 0, which was refused too.
    """
    return 2 * connector - 1, 2 * connector


def safe_profile(connector: int, safe_a: float, phases: int | None = None) -> Profile:
    """Return the profile that stays on the charger."""
    return Profile(
        connector=connector,
        profile_id=profile_ids(connector)[0],
        stack_level=0,
        start=_EPOCH,
        periods=(Period(start_s=0, limit_a=safe_a, phases=phases),),
    )


def live_profile(
    form: Form,
    connector: int,
    *,
    limit_a: float,
    safe_a: float,
    charger_now: datetime,
    lease_s: float,
    backdate_s: float,
    phases: int | None = None,
    safe_phases: int | None = None,
) -> Profile:
    """Return a limit that ends by itself ``lease_s`` from now.

    Everything on the wire is in whole seconds, so it ends up to one second early and
    never late: the budget counts on it.
    """
    start = max(_EPOCH, _whole(charger_now - timedelta(seconds=backdate_s)))
    end = _whole(charger_now + timedelta(seconds=lease_s))
    length_s = int((end - start).total_seconds())
    safe_id, live_id = profile_ids(connector)
    limit = Period(start_s=0, limit_a=limit_a, phases=phases)
    if form is Form.SINGLE:
        return Profile(
            connector=connector,
            profile_id=safe_id,
            stack_level=0,
            start=start,
            periods=(
                limit,
                Period(start_s=length_s, limit_a=safe_a, phases=safe_phases),
            ),
        )
    return Profile(
        connector=connector,
        profile_id=live_id,
        stack_level=1,
        start=start,
        periods=(limit,),
        duration_s=length_s,
    )


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def legal_current(amps: float, *, min_a: float, max_a: float) -> float:
    """Return a current a pilot can offer: 0, or between the minimum and the maximum.

    IEC 61851-1 knows nothing between 0 and 6 A; a charger would take 4 A as 0, as 6, or
    refuse it. Tenths of an ampere are what 1.6 can carry, and rounding goes down.
    """
    if not amps > 0:  # also NaN
        return 0.0
    amps = math.floor(round(min(amps, max_a) * 10, 6)) / 10
    return amps if amps >= max(min_a, IEC_MINIMUM_A) else 0.0
