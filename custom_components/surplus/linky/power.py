"""Signed power at the connection point from what the meter tells.

The meter sends apparent power and never a sign on it (Enedis-NOI-CPT_54E v3, §6.2.3):

* producer mode: drawn (SINSTS) and injected (SINSTI), never both at once;
* consumer mode: SINSTS is 0 while injecting, and bit 9 of STGE says that energy flows
  out. How much is estimated from IRMS x URMS, to 1 A. Of one phase, SINSTSn is 0 while
  it injects, though the house as a whole may draw;
* historic mode: nothing tells injection from a house that draws nothing.

Active power is not sent. VA stand for W, times the power factor that was learned from
the indexes for that direction (factor.py). Limits and currents stay as they come.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..control.model import GridReading
from .labels import TicMode
from .meter import Meter
from .status import Status

# The subscribed current of historic mode is counted at 200 V, whatever the grid has.
_ISOUSC_V: Final = 200.0
_NOMINAL_V: Final = 230.0

# What a house takes without doing work, some 150 var, hides active power below this,
# and its sign.
_DEAD_ZONE_W: Final = 200.0

# Some three-phase meters sent tens of kVA per phase under a right checksum.
_ABSURD_RATIO: Final = 1.3


class NetQuality(StrEnum):
    """What the net power rests on.

    Apparent power as it comes; corrected by the learned factor in one direction, or in
    every one that the meter tells; an export that is only estimated from currents.
    """

    APPARENT = "apparent"
    PARTLY_LEARNED = "partly_learned"
    LEARNED = "learned"
    ESTIMATED = "estimated"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phase:
    """One phase of standard mode; ``drawn_va`` is None where it is not told."""

    current_a: int
    voltage_v: int
    drawn_va: int | None

    @property
    def magnitude_va(self) -> float:
        return float(self.current_a * self.voltage_v)

    @property
    def injects(self) -> bool:
        """Whether the meter says so: a current, but no power drawn."""
        return self.drawn_va == 0 and self.current_a > 0

    @property
    def signed_va(self) -> float:
        if self.injects:
            return -self.magnitude_va
        return self.magnitude_va if self.drawn_va is None else float(self.drawn_va)


def grid_reading(meter: Meter, now: float) -> GridReading | None:
    """Return the reading that stands at ``now``; None without a power to read."""
    if meter.power_at is None:
        return None
    if meter.mode is TicMode.STANDARD:
        return _standard(meter, meter.power_at, now)
    return _historic(meter, meter.power_at, now)


def knows_direction(meter: Meter) -> bool:
    """Whether readings of this meter can tell export from import."""
    return meter.mode is not TicMode.HISTORIC


def subscribed_va(meter: Meter, now: float) -> float | None:
    """Return what the contract allows, all phases together."""
    if meter.mode is TicMode.STANDARD:
        return _kilo(meter.number("PREF", now))
    isousc = meter.number("ISOUSC", now)
    if isousc is None:
        return None
    phases = meter.phases or _guessed_phases(meter, now)
    return isousc * _ISOUSC_V * phases


def cutoff_va(meter: Meter, now: float) -> float | None:
    """Return what the meter's breaker applies now, all phases together."""
    return _kilo(meter.number("PCOUP", now))


def phase_drawn_va(meter: Meter, n: int, now: float) -> float | None:
    """Return what phase ``n`` draws, 0 while it injects; None where it is not told."""
    phases = _phases(meter, now)
    if not 1 <= n <= len(phases):
        return None
    phase = phases[n - 1]
    return phase.magnitude_va if phase.drawn_va is None else float(phase.drawn_va)


def net_quality(meter: Meter, now: float) -> NetQuality | None:
    """Return what the net power rests on; None where there is none to read."""
    if meter.mode is not TicMode.STANDARD or meter.value("SINSTS", now) is None:
        return None
    if meter.exports_unmetered:
        return NetQuality.ESTIMATED
    learned = [meter.drawn_factor.learned]
    if meter.value("SINSTI", now) is not None:
        learned.append(meter.injected_factor.learned)
    if not any(learned):
        return NetQuality.APPARENT
    return NetQuality.LEARNED if all(learned) else NetQuality.PARTLY_LEARNED


def _standard(meter: Meter, at: float, now: float) -> GridReading | None:
    drawn_va = meter.number("SINSTS", now)
    if drawn_va is None:
        return None
    status = meter.status(now)
    injecting = status is not None and status.injecting
    phases = _phases(meter, now)
    injected_va = _injected_va(meter, status, drawn_va, now)
    power_w: float | None
    if injected_va:
        power_w = -injected_va * meter.injected_factor.value
        injecting = True
    elif drawn_va > 0 or injected_va is not None:
        power_w = drawn_va * meter.drawn_factor.value
        injecting = False
    elif status is None:
        # Zero drawn is either nothing at all or any amount of export.
        power_w = None
    elif not injecting:
        power_w = 0.0
    elif not phases:
        power_w = None
    else:
        power_w = min(_estimated_va(phases), 0.0)
    return GridReading(
        at=at,
        power_w=power_w,
        drawn_va=float(drawn_va),
        currents_a=_signed_currents(phases, injecting=injecting),
        voltages_v=tuple(float(phase.voltage_v) for phase in phases),
        dead_zone_w=_DEAD_ZONE_W,
        overload=meter.overload(now),
        subscribed_va=subscribed_va(meter, now),
        cutoff_va=cutoff_va(meter, now),
    )


def _injected_va(
    meter: Meter, status: Status | None, drawn_va: int, now: float
) -> int | None:
    """Return what is injected where the meter tells it, else None."""
    sinsti = meter.value("SINSTI", now)
    if sinsti is None:
        return None
    if status is not None and not status.producer:
        # Left over from before the meter was switched back to consumer mode.
        return None
    injected_va = int(sinsti.data)
    if injected_va and drawn_va and meter.power_at is not None:
        # Never both at once: one of them was lost in its last frame. SINSTI follows
        # SINSTS in a frame, so it is the newer one unless it is the lost one.
        return 0 if sinsti.at < meter.power_at else injected_va
    return injected_va


def _phases(meter: Meter, now: float) -> tuple[_Phase, ...]:
    """Return every phase, or nothing when one of them is not known."""
    phases = []
    for n in range(1, (meter.phases or _guessed_phases(meter, now)) + 1):
        current_a = meter.number(f"IRMS{n}", now)
        voltage_v = meter.number(f"URMS{n}", now)
        if current_a is None or voltage_v is None:
            return ()
        drawn_va = meter.number(f"SINSTS{n}", now)
        if drawn_va is not None and drawn_va > _ABSURD_RATIO * voltage_v * (
            current_a + 1
        ):
            drawn_va = None
        phases.append(
            _Phase(current_a=current_a, voltage_v=voltage_v, drawn_va=drawn_va)
        )
    return tuple(phases)


def _guessed_phases(meter: Meter, now: float) -> int:
    """Return the phase count before enough frames have settled it."""
    labels = ("IRMS2", "IRMS3", "IINST2", "IINST3")
    return 3 if any(meter.value(label, now) for label in labels) else 1


def _estimated_va(phases: tuple[_Phase, ...]) -> float:
    """Return the net power of a house that injects, from its phases."""
    if len(phases) == 1:
        return -phases[0].magnitude_va
    return sum(phase.signed_va for phase in phases)


def _signed_currents(
    phases: tuple[_Phase, ...], *, injecting: bool
) -> tuple[float, ...]:
    if len(phases) == 1:
        current_a = float(phases[0].current_a)
        return (-current_a if injecting else current_a,)
    return tuple(
        -float(phase.current_a) if phase.injects else float(phase.current_a)
        for phase in phases
    )


def _historic(meter: Meter, at: float, now: float) -> GridReading | None:
    phases = meter.phases or _guessed_phases(meter, now)
    labels = ("IINST",) if phases == 1 else ("IINST1", "IINST2", "IINST3")
    numbers = [meter.number(label, now) for label in labels]
    currents = tuple(float(number) for number in numbers if number is not None)
    if len(currents) != len(labels):
        currents = ()
    papp = meter.value("PAPP", now)
    drawn_va: float | None = None
    if papp is not None and papp.at >= at:
        drawn_va = float(papp.data)
    elif currents:
        # Short overload frames carry nothing but currents, and PAPP of the last long
        # frame is from before the overload.
        drawn_va = sum(currents) * _NOMINAL_V
    if drawn_va is None:
        return None
    return GridReading(
        at=at,
        power_w=None,
        drawn_va=drawn_va,
        currents_a=currents,
        overload=meter.overload(now),
        subscribed_va=subscribed_va(meter, now),
    )


def _kilo(kva: int | None) -> float | None:
    return None if kva is None else kva * 1000.0
