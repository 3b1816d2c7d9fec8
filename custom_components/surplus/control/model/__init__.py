"""The words every room shares: readings come in, decisions go out.

Signs: grid + = import, − = export; solar ≥ 0; battery + = discharging; load ≥ 0.
Units: W, VA, A, V, seconds. ``at`` is a monotonic instant in seconds, always the
moment a value was *true*, not the moment it arrived.
"""

from .decisions import Decision, NextEvent, RegulatorTerms, Setpoint
from .guard import GuardCounters, GuardEvent, GuardEventKind, GuardState
from .readings import (
    BatteryReading,
    ChargerReading,
    GridReading,
    HeaterReading,
    LoadReading,
    StorageReading,
    SwitchedReading,
)
from .snapshot import LoadInput, Snapshot, SolarSpan
from .specs import (
    IEC_MINIMUM_A,
    ChargerSpec,
    HeaterSpec,
    LoadSpec,
    PidGains,
    StorageSpec,
    SwitchedSpec,
    Temperatures,
)
from .tariff import (
    Colour,
    Contract,
    PeakSpan,
    Period,
    PriceClass,
    Switching,
    TariffNow,
    TariffReading,
    TariffSpan,
)
from .wishes import Wish
from .words import LimitKind, Mode, NextEventKind, Reason

__all__ = [
    "IEC_MINIMUM_A",
    "BatteryReading",
    "ChargerReading",
    "ChargerSpec",
    "Colour",
    "Contract",
    "Decision",
    "GridReading",
    "GuardCounters",
    "GuardEvent",
    "GuardEventKind",
    "GuardState",
    "HeaterReading",
    "HeaterSpec",
    "LimitKind",
    "LoadInput",
    "LoadReading",
    "LoadSpec",
    "Mode",
    "NextEvent",
    "NextEventKind",
    "PeakSpan",
    "Period",
    "PidGains",
    "PriceClass",
    "Reason",
    "RegulatorTerms",
    "Setpoint",
    "Snapshot",
    "SolarSpan",
    "StorageReading",
    "StorageSpec",
    "SwitchedReading",
    "SwitchedSpec",
    "Switching",
    "TariffNow",
    "TariffReading",
    "TariffSpan",
    "Temperatures",
    "Wish",
]
