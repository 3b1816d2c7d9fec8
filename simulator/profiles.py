"""Charging profiles, applied by the standard (OCPP 1.6 edition 2, 3.13 and 7.7 to 7.14).

Pure: wall-clock times are arguments, always those of the charger's *own* clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What a profile is for (7.9)."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """What a profile's times count from (7.8)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Unit(StrEnum):
    """A per phase, or W over all phases (7.13)."""

    AMPERE = "A"
    WATT = "W"


_RECURRENCES = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}


class ProfileError(ValueError):
    """A profile that the standard, or this charger's limits, do not allow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What a schedule period allows; ``phases`` is None where it does not say."""

    value: float
    unit: Unit
    phases: int | None = None

    def amps(self, voltage_v: float, wired_phases: int) -> float:
        """Return a current per phase; no number of phases means three (7.14)."""
        if self.unit is Unit.AMPERE:
            return self.value
        return self.value / voltage_v / min(self.phases or 3, wired_phases)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """One step of a schedule, ``start`` after the schedule's own start."""

    start: timedelta
    limit: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingProfile:
    """One profile as a central system sent it."""

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    unit: Unit
    periods: tuple[Period, ...]
    recurrence: timedelta | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    start: datetime | None = None
    duration: timedelta | None = None
    transaction_id: int | None = None

    def limit(self, wall: datetime, started: datetime | None) -> Limit | None:
        """Return what it allows at ``wall``; None without a valid period then.

        ``started`` is when the running transaction began; schedules without a start of
        their own count from there (7.13).
        """
        if self.valid_from is not None and wall < self.valid_from:
            return None
        if self.valid_to is not None and wall >= self.valid_to:
            return None
        origin = started if self.kind is Kind.RELATIVE else self.start or started
        if origin is None or wall < origin:
            return None
        passed = wall - origin
        if self.recurrence is not None:
            passed %= self.recurrence
        if self.duration is not None and passed >= self.duration:
            return None
        found: Limit | None = None
        for period in self.periods:
            if period.start <= passed:
                found = period.limit
        return found

    def changes(
        self, from_: datetime, to: datetime, started: datetime | None
    ) -> Iterator[datetime]:
        """Instants inside ``from_``..``to`` at which its limit may change."""
        candidates = [at for at in (self.valid_from, self.valid_to) if at is not None]
        origin = started if self.kind is Kind.RELATIVE else self.start or started
        if origin is not None:
            steps = [period.start for period in self.periods]
            if self.duration is not None:
                steps.append(self.duration)
            turn = origin
            if self.recurrence is not None and from_ > origin:
                turn += (from_ - origin) // self.recurrence * self.recurrence
            while turn <= to:
                candidates += [turn + step for step in steps]
                if self.recurrence is None:
                    break
                turn += self.recurrence
        yield from (at for at in candidates if from_ < at < to)


def parse_profile(payload: Mapping[str, Any]) -> ChargingProfile:
    """Read ``csChargingProfiles`` with its keys in snake case.

    Raises ProfileError where the content makes no sense.
    """
    try:
        return _parse(payload)
    except (KeyError, TypeError, ValueError) as error:
        raise ProfileError(str(error)) from error


def _parse(payload: Mapping[str, Any]) -> ChargingProfile:
    schedule = payload["charging_schedule"]
    unit = Unit(schedule["charging_rate_unit"])
    periods = tuple(
        Period(
            start=timedelta(seconds=period["start_period"]),
            limit=Limit(
                value=float(period["limit"]),
                unit=unit,
                phases=period.get("number_phases"),
            ),
        )
        for period in schedule["charging_schedule_period"]
    )
    starts = [period.start for period in periods]
    if not starts or starts[0] != timedelta(0) or starts != sorted(set(starts)):
        raise ProfileError("periods must begin at 0 and come in order")
    kind = Kind(payload["charging_profile_kind"])
    start = _time(schedule.get("start_schedule"))
    recurrence = None
    if kind is Kind.RECURRING:
        recurrence = _RECURRENCES[payload["recurrency_kind"]]
        if start is None:
            raise ProfileError("a recurring profile needs startSchedule")
    purpose = Purpose(payload["charging_profile_purpose"])
    if purpose is Purpose.CHARGE_POINT_MAX and kind is Kind.RELATIVE:
        raise ProfileError("ChargePointMaxProfile cannot be Relative")
    duration = schedule.get("duration")
    return ChargingProfile(
        profile_id=int(payload["charging_profile_id"]),
        stack_level=int(payload["stack_level"]),
        purpose=purpose,
        kind=kind,
        unit=unit,
        periods=periods,
        recurrence=recurrence,
        valid_from=_time(payload.get("valid_from")),
        valid_to=_time(payload.get("valid_to")),
        start=start,
        duration=None if duration is None else timedelta(seconds=duration),
        transaction_id=payload.get("transaction_id"),
    )


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreLimits:
    """What a charger says about itself in its configuration keys."""

    max_stack_level: int = 10
    max_periods: int = 24
    max_installed: int = 20
    units: frozenset[Unit] = frozenset(Unit)


class ProfileStore:
    """The profiles a charger holds, and which of them rule (3.13.2 to 3.13.4).

    Per purpose the highest stack level with a valid period wins; a connector's own
    default beats the one for all connectors; a TxProfile beats the default; the
    charge point's maximum caps whatever came out.
    """

    def __init__(self, limits: StoreLimits | None = None) -> None:
        """Begin empty."""
        self.limits = limits or StoreLimits()
        self._installed: dict[tuple[int, Purpose, int], ChargingProfile] = {}

    def __len__(self) -> int:
        """Return how many profiles are installed."""
        return len(self._installed)

    def install(
        self,
        connector: int,
        profile: ChargingProfile,
        *,
        transaction_id: int | None = None,
        in_transaction: bool = False,
    ) -> None:
        """Take a profile, replacing one of the same id, or purpose, level and connector.

        Raises ProfileError when it must be rejected.
        """
        limits = self.limits
        if not 0 <= profile.stack_level <= limits.max_stack_level:
            raise ProfileError("stack level above ChargeProfileMaxStackLevel")
        if len(profile.periods) > limits.max_periods:
            raise ProfileError("more periods than ChargingScheduleMaxPeriods")
        if profile.unit not in limits.units:
            raise ProfileError("unit not allowed")
        if profile.purpose is Purpose.CHARGE_POINT_MAX and connector != 0:
            raise ProfileError("ChargePointMaxProfile is for connector 0")
        if profile.purpose is Purpose.TX:
            if connector == 0 or not in_transaction:
                raise ProfileError("TxProfile needs a running transaction")
            if profile.transaction_id not in {None, transaction_id}:
                raise ProfileError("TxProfile for another transaction")
        kept = {
            key: installed
            for key, installed in self._installed.items()
            if installed.profile_id != profile.profile_id
        }
        kept[connector, profile.purpose, profile.stack_level] = profile
        if len(kept) > limits.max_installed:
            raise ProfileError("more profiles than MaxChargingProfilesInstalled")
        self._installed = kept

    def clear(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        stack_level: int | None = None,
    ) -> bool:
        """Remove what matches all that is given; False when nothing did."""
        gone = [
            key
            for key, profile in self._installed.items()
            if profile_id in {None, profile.profile_id}
            and connector in {None, key[0]}
            and purpose in {None, key[1]}
            and stack_level in {None, key[2]}
        ]
        for key in gone:
            del self._installed[key]
        return bool(gone)

    def end_transaction(self) -> None:
        """Forget the TxProfiles: they live as long as their transaction."""
        self.clear(purpose=Purpose.TX)

    def limit(
        self, connector: int, wall: datetime, started: datetime | None
    ) -> tuple[Limit, ...]:
        """Return the limits in force: the smallest of them is the one to obey."""
        cap = self._winner(Purpose.CHARGE_POINT_MAX, 0, wall, started)
        own = None
        if started is not None:
            own = self._winner(Purpose.TX, connector, wall, started)
        if own is None:
            own = self._winner(Purpose.TX_DEFAULT, connector, wall, started)
        if own is None:
            own = self._winner(Purpose.TX_DEFAULT, 0, wall, started)
        return tuple(limit for limit in (cap, own) if limit is not None)

    def _winner(
        self,
        purpose: Purpose,
        connector: int,
        wall: datetime,
        started: datetime | None,
    ) -> Limit | None:
        stacked = sorted(
            (
                profile
                for key, profile in self._installed.items()
                if key[:2] == (connector, purpose)
            ),
            key=lambda profile: -profile.stack_level,
        )
        for profile in stacked:
            if (limit := profile.limit(wall, started)) is not None:
                return limit
        return None

    def changes(
        self, from_: datetime, to: datetime, started: datetime | None
    ) -> list[datetime]:
        """Return the instants inside ``from_``..``to`` at which a limit may change."""
        return sorted(
            {
                at
                for profile in self._installed.values()
                for at in profile.changes(from_, to, started)
            }
        )
