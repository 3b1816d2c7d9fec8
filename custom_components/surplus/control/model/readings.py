"""What meters, loads and batteries tell.

``at`` is a monotonic instant in seconds, always the moment a value was *true*, not the
moment it arrived.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class GridReading:
    """One sample of the connection point.

    ``power_w`` is signed (+ = import) and ``None`` where the meter cannot tell import
    from export. ``drawn_va`` is the apparent power drawn, 0 while exporting.
    ``currents_a`` and ``voltages_v`` hold one value per phase, or are empty; a current
    is negative where the meter knows that the phase exports.
    ``subscribed_va`` and ``cutoff_va`` are what the meter says the contract allows and
    what its breaker applies now. ``overload`` is the meter's own warning. Below
    ``dead_zone_w`` the meter knows neither size nor sign of the power. What
    another meter measured at ``limits_at`` counts for limits too: ``limits_va``, drawn,
    or negative where it knows an export, and ``limits_a`` per phase, or empty.
    """

    at: float
    power_w: float | None
    drawn_va: float | None = None
    currents_a: tuple[float, ...] = ()
    voltages_v: tuple[float, ...] = ()
    overload: bool = False
    subscribed_va: float | None = None
    cutoff_va: float | None = None
    dead_zone_w: float = 0.0
    limits_at: float | None = None
    limits_va: float = 0.0
    limits_a: tuple[float, ...] = ()

    @property
    def balance_w(self) -> float:
        """The power to regulate by: nothing where the meter cannot tell."""
        power_w = self.power_w or 0.0
        return 0.0 if abs(power_w) < self.dead_zone_w else power_w


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadReading:
    """What a load last told.

    ``power_w`` was true at ``power_at``. ``link_lost_at`` is when the link went,
    ``None`` while it is up. ``wants_power`` means that nothing on the load's own side
    refuses.
    """

    reachable: bool
    wants_power: bool = True
    power_w: float | None = None
    power_at: float | None = None
    link_lost_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerReading(LoadReading):
    """What a charger last told.

    ``currents_a`` are the currents of the phases the vehicle really uses, or empty.
    ``offered_a`` is the last current the charger *accepted* from us, at ``offered_at``;
    ``None`` when it was never told anything. Without the instant it is what an earlier
    run wrote down, and may be a little old. ``wants_power`` also means plugged in; one that
    is ``plugged`` and wants none has had enough. ``None`` where nobody can tell.
    ``offering`` is whether the charger itself says that a vehicle may draw now; ``None``
    where it does not tell. ``phases`` is on how many phases it was last told to charge;
    ``None`` where it was not, or that is not known.
    """

    plugged: bool | None = None
    currents_a: tuple[float, ...] = ()
    phases: int | None = None
    offered_a: float | None = None
    offered_at: float | None = None
    offering: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaterReading(LoadReading):
    """What a heater last told; ``temperature_c`` is its water's, None when unknown.

    ``accepted_w`` is the last power it took as a command, at ``accepted_at``.
    """

    accepted_w: float | None = None
    accepted_at: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchedReading(LoadReading):
    """What a switched load last told: whether it is on, and since when."""

    on: bool | None = None
    changed_at: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageReading(LoadReading):
    """What a commanded battery last told; ``power_w`` + = charging, as any load's."""

    accepted_w: float | None = None
    accepted_at: float | None = None
    soc: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryReading:
    """A battery that regulates itself: only observed. + = discharging, − = charging.

    ``soc`` is its state of charge as a share of 1. Below ``first_soc`` it is charged
    before any load.
    """

    power_w: float
    at: float
    soc: float | None = None
    first_soc: float = 0.0
    battery_id: str = ""
