"""What breaks when: drawn by chance, the same again for the same seed."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What may break, be set, or be done by a person."""

    METER_SILENT = "meter silent"
    METER_STUCK = "meter stuck"
    METER_ABSURD = "meter absurd"
    LINK_LOST = "charger link lost"
    REFUSES = "charger refuses"
    NONSENSE = "charger measures nonsense"
    HEATER_GONE = "heater unavailable"
    SUN_GONE = "solar sensor nan"
    CLOCK_SET = "wall clock set"
    ASLEEP = "host asleep"
    RELOAD = "reload"
    RESTART = "restart"
    CRASH = "crash"
    BOOST = "boost"


# A Home that is down, or whose clock is wrong, has the host for itself.
HOST = (Fault.CLOCK_SET, Fault.ASLEEP, Fault.RELOAD, Fault.RESTART, Fault.CRASH)

# How often a day, and how long, in s.
_OFTEN: dict[Fault, tuple[float, float, float]] = {
    Fault.METER_SILENT: (3, 40, 1200),
    Fault.METER_STUCK: (2, 120, 1500),
    Fault.METER_ABSURD: (3, 20, 300),
    Fault.LINK_LOST: (3, 30, 1800),
    Fault.REFUSES: (2, 30, 900),
    Fault.NONSENSE: (2, 20, 400),
    Fault.HEATER_GONE: (2, 60, 1800),
    Fault.SUN_GONE: (2, 60, 900),
    Fault.CLOCK_SET: (1, 300, 1500),
    Fault.ASLEEP: (0.7, 600, 3000),
    Fault.RELOAD: (2, 0, 0),
    Fault.RESTART: (2, 20, 400),
    Fault.CRASH: (2, 20, 400),
    Fault.BOOST: (6, 600, 7200),
}
# Before a clock is put right, and after a start, another fault of the host would leave
# nobody able to say what was meant by an end.
_APART_S = 1800.0
CLOCK_STEPS_S = (-86_400.0, -3600.0, 3600.0, 86_400.0)
BOOSTED = ("car", "heater", "pump")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Planned:
    """A fault that begins ``at_s`` and lasts ``for_s``; ``choice`` picks among kinds."""

    at_s: float
    fault: Fault
    for_s: float
    choice: int


def planned(seed: int, days: float) -> list[Planned]:
    """Return the faults of some days, in their order."""
    random = Random(seed)
    length_s = days * 86_400.0
    found = [
        Planned(
            at_s=random.uniform(600.0, length_s - 3600.0),
            fault=fault,
            for_s=random.uniform(least_s, most_s),
            choice=random.randrange(12),
        )
        for fault, (a_day, least_s, most_s) in _OFTEN.items()
        for _ in range(max(1, round(a_day * days)))
    ]
    kept: list[Planned] = []
    host_free_at_s = 0.0
    for one in sorted(found):
        if one.fault in HOST:
            if one.at_s < host_free_at_s:
                continue
            host_free_at_s = one.at_s + one.for_s + _APART_S
        kept.append(one)
    return kept
