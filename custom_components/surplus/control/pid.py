"""A positional PID on the grid power, for loads that nobody measures.

The error is target − grid: an export beyond the target is positive and asks the load
for more. The output is the load's power itself, never added to an earlier one: an
integrator on top of an increment is an oscillator.
"""

from dataclasses import dataclass

from .model import PidGains

# Stable on a load that takes 1 to 10 s to follow, with a meter and a command that are a
# second late each.
GENTLE = PidGains(kp=0.05, ki=0.05)
NORMAL = PidGains(kp=0.1, ki=0.08)
FAST = PidGains(kp=0.25, ki=0.12)
PRESETS = {"gentle": GENTLE, "normal": NORMAL, "fast": FAST}

# The earlier server added its output to the present power this often.
_EARLIER_PERIOD_S = 5.0
# Readings that come at once would otherwise be an infinite slope.
_LEAST_FILTER_S = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class PidTerms:
    """What one step was made of, in W."""

    error_w: float
    p_w: float
    i_w: float
    d_w: float
    output_w: float


def translated(kp: float, ki: float, kd: float) -> PidGains:
    """Return the gains of this PID that do what the earlier server's gains did.

    Each 5 s it *added* (kp·e + ki·∫e + kd·de/dt) / 230 to a current in A, with e in W.
    On 230 V that is (kp·e + …) W added to the power: the 230 cancels. Added up over
    time, kp/5 is a gain per second on ∫e, kd/5 one on e itself, and ki would be one on
    the double integral of e, which makes any load swing: it is dropped.
    """
    del ki
    return PidGains(kp=kd / _EARLIER_PERIOD_S, ki=kp / _EARLIER_PERIOD_S)


class Pid:
    """The memory of one PID. ``terms`` are those of its last step."""

    def __init__(self, gains: PidGains) -> None:
        """Start with nothing integrated."""
        self.gains = gains
        self.terms: PidTerms | None = None
        self._integral_w = 0.0
        self._target_w = 0.0
        self._grid_w: float | None = None
        self._slope = 0.0
        self._follow_w: float | None = 0.0

    def tune(self, gains: PidGains) -> None:
        """Take over other gains without a jump of the output."""
        if gains == self.gains:
            return
        self.gains = gains
        if self.terms is not None and self._follow_w is None:
            # Where P and D change, the integral makes up for it.
            self._integral_w = self.terms.output_w - self._p_w() - self._d_w()

    def follow(self, output_w: float) -> None:
        """Go on from a power that somebody else has set, at the next step."""
        self._follow_w = output_w
        self._grid_w, self._slope = None, 0.0

    def step(
        self,
        target_w: float,
        grid_w: float,
        dt_s: float,
        *,
        low_w: float,
        high_w: float,
    ) -> float:
        """Return the load's power in W, between ``low_w`` and ``high_w``.

        ``grid_w`` (+ = import) was measured ``dt_s`` after the one before.
        """
        self._differentiate(grid_w, dt_s)
        self._target_w, self._grid_w = target_w, grid_w
        error_w = target_w - grid_w
        p_w, d_w = self._p_w(), self._d_w()
        if self._follow_w is not None:
            self._integral_w = self._follow_w - p_w - d_w
            self._follow_w = None
            dt_s = 0.0
        grown_w = self._integral_w + self.gains.ki * error_w * dt_s
        # Up to the bound and no further; from beyond it only back.
        if error_w > 0:
            grown_w = min(grown_w, max(self._integral_w, high_w - p_w - d_w))
        else:
            grown_w = max(grown_w, min(self._integral_w, low_w - p_w - d_w))
        self._integral_w = grown_w
        output_w = min(max(p_w + self._integral_w + d_w, low_w), high_w)
        self.terms = PidTerms(
            error_w=error_w,
            p_w=p_w,
            i_w=self._integral_w,
            d_w=d_w,
            output_w=output_w,
        )
        return output_w

    def _differentiate(self, grid_w: float, dt_s: float) -> None:
        if self._grid_w is None or dt_s <= 0:
            return
        filter_s = max(self.gains.filter_s, _LEAST_FILTER_S)
        move_w = grid_w - self._grid_w - self._slope * dt_s
        self._slope += move_w / (filter_s + dt_s)

    def _p_w(self) -> float:
        grid_w = self._grid_w if self._grid_w is not None else 0.0
        return self.gains.kp * (self.gains.setpoint_weight * self._target_w - grid_w)

    def _d_w(self) -> float:
        # On the measurement alone: a new target is no reason to jump.
        return -self.gains.kd * self._slope
