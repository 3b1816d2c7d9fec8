"""What is known of one connector: its state, what flows, what was counted.

Pure. Messages do not come in the order things happened: a status may be overtaken by a
newer one, an outage ends with a burst of old samples, closing values follow the stop.
So everything carries the moment when it was true, and only the newer wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .clocks import Moment
from .energy import EnergyCounter
from .meter_values import MeterSample, mean_voltage, power_of, used_currents
from .status import IN_SESSION, NO_FLOW, PLUG_UNKNOWN, PLUGGED, ErrorCode, Status

# An older sample tells what was, not what is: it was kept back during an outage.
_LIVE_S = 30.0

# SuspendedEV is among them. A vehicle that pauses (full, on its own timer, slow to
# resume) can only take up an offer that stands: withdrawn, most chargers report
# SuspendedEVSE and the vehicle has no way to ask. Its measured power is zero meanwhile,
# so an offer it does not use costs no energy.
_WANTING = IN_SESSION | {Status.PREPARING}


@dataclass(kw_only=True, slots=True)
class Connector:
    """One outlet of a charger.

    ``wired`` is the number of phases it is wired to and ``max_a`` its limit; both only
    help to read meters that do not say which phase they mean.
    """

    number: int
    wired: int = 1
    max_a: float = 32.0
    status: Status | None = None
    error_code: ErrorCode = ErrorCode.NO_ERROR
    error_text: str | None = None
    power_w: float | None = None
    currents_a: Mapping[int, float] = field(default_factory=dict)
    voltages_v: Mapping[int, float] = field(default_factory=dict)
    measured_offer_a: float | None = None
    energy: EnergyCounter = field(default_factory=EnergyCounter)
    status_moment: Moment | None = None
    flow_moment: Moment | None = None
    _zeroed: bool = False
    _energy_moment: Moment | None = None

    @property
    def wants_power(self) -> bool:
        """Whether a vehicle is plugged in and nothing refuses to charge it."""
        return self.status in _WANTING

    @property
    def newest_stamp(self) -> datetime | None:
        """The latest the charger's clock ever showed here."""
        stamps = [
            moment.stamp
            for moment in (self.status_moment, self.flow_moment)
            if moment is not None and moment.stamp is not None
        ]
        return max(stamps, default=None)

    @property
    def plugged(self) -> bool | None:
        """Whether a cable is in; None where the state does not tell."""
        if self.status is None or self.status in PLUG_UNKNOWN:
            return None
        return self.status in PLUGGED

    @property
    def vehicle_currents_a(self) -> tuple[float, ...]:
        """The currents of the phases the vehicle uses; empty when none flows."""
        return used_currents(
            self.currents_a,
            wired=self.wired,
            max_a=self.max_a,
            power_w=self.power_w,
            voltage_v=mean_voltage(self.voltages_v),
        )

    def flow_since(self, at: float) -> bool:
        """Whether what flows is known from after a moment."""
        return self.flow_moment is not None and self.flow_moment.at > at

    def take_status(
        self,
        status: Status | None,
        moment: Moment,
        *,
        error_code: ErrorCode = ErrorCode.NO_ERROR,
        error_text: str | None = None,
    ) -> bool:
        """Take a state; an unknown one changes the error only. Return if it was news."""
        if moment.stamped_before(self.status_moment):
            return False
        self.status_moment = moment
        self.error_code = error_code
        self.error_text = error_text
        if status is None:
            return False
        changed = status is not self.status
        self.status = status
        if status in NO_FLOW and changed:
            self.zero(moment)
        return changed

    def forget_order(self) -> None:
        """Take the next state whatever its stamp: the charger's clock was set."""
        self.status_moment = None
        self._energy_moment = None
        if self.flow_moment is not None:
            self.flow_moment = Moment(at=self.flow_moment.at)

    def zero(self, moment: Moment) -> None:
        """Take note that nothing flows since that moment."""
        self.power_w = 0.0
        self.currents_a = {}
        self._zeroed = True
        if moment.after(self.flow_moment):
            self.flow_moment = moment

    def take_sample(self, sample: MeterSample, moment: Moment, now: float) -> bool:
        """Take a meter sample; return whether it says how much flows now.

        A sample without currents leaves those of the last one: some chargers send each
        measurand in a message of its own.
        """
        self.take_energy(sample, moment)
        if sample.edge or now - moment.at > _LIVE_S:
            return False
        if sample.voltages_v:
            self.voltages_v = sample.voltages_v
        if sample.offered_a is not None:
            self.measured_offer_a = sample.offered_a
        same = moment.same(self.flow_moment) and not self._zeroed
        if not sample.has_flow or not (same or moment.after(self.flow_moment)):
            return False
        if not (same and sample.power_w is None and self.power_w is not None):
            self.power_w = power_of(
                sample, wired=self.wired, max_a=self.max_a, voltages_v=self.voltages_v
            )
        if sample.currents_a or self.power_w == 0:
            self.currents_a = sample.currents_a
        self.flow_moment = moment
        self._zeroed = False
        return True

    def take_energy(self, sample: MeterSample, moment: Moment) -> None:
        """Take what a sample counted, and nothing else of it."""
        if sample.energy_wh is None:
            return
        newest = moment.after(self._energy_moment)
        self.energy.count(sample.energy_wh, newest=newest)
        if newest:
            self._energy_moment = moment
