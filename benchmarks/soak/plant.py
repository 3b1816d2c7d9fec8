"""The house as it is: sun, household, car, heater, pump. It knows the truth."""

from dataclasses import dataclass, field
from math import pi, sin
from random import Random

DAY_S = 86_400.0
VOLTAGE_V = 230.0
HEATER_W = 2400.0
PUMP_W = 1100.0
SUN_W = 6500.0
# The car comes and goes twice a day: hours of the day, and what it needs, in Wh.
VISITS = ((8.5, 12.0, 9000.0), (13.5, 18.5, 14_000.0))
LEASE_S = 120.0
SAFE_A = 6.0


@dataclass(slots=True)
class Truth:
    """What one load has really taken: in all, and while somebody could see it."""

    all_wh: float = 0.0
    seen_wh: float = 0.0

    def take(self, energy_wh: float, *, seen: bool) -> None:
        """Note what it took in a step."""
        self.all_wh += energy_wh
        if seen:
            self.seen_wh += energy_wh


@dataclass(slots=True)
class Visit:
    """The car is plugged in, and needs ``left_wh``."""

    ends_s: float
    left_wh: float
    taken_wh: float = 0.0


class Plant:
    """Lives on in steps; loads do what they were told last."""

    def __init__(self, seed: int, begin_s: float) -> None:
        """Begin at a time of the day, in s."""
        self._random = Random(seed)
        self._at_s = begin_s
        self._cloud = 1.0
        self._visits_begun: set[tuple[int, int]] = set()
        self.visit: Visit | None = None
        self.visits: list[Visit] = []
        self.offered_a = 0.0
        self.told_at_s = -LEASE_S
        self.heater_told_w = 0.0
        self.pump_on = False
        self.car_w = self.heater_w = self.pump_w = self.solar_w = 0.0
        self.register_wh = 1_234_000.0
        self.truth = {name: Truth() for name in ("car", "heater", "pump")}
        self.base_w = 300.0
        self._oven_until_s = 0.0

    @property
    def at_s(self) -> float:
        """Seconds since midnight of the first day."""
        return self._at_s

    @property
    def grid_w(self) -> float:
        """The power at the connection point."""
        drawn_w = self.base_w + self.car_w + self.heater_w + self.pump_w
        return round(drawn_w - self.solar_w)

    @property
    def on_safe_current(self) -> bool:
        """Whether the charger has fallen to its safe current by itself."""
        return self._at_s - self.told_at_s > LEASE_S

    def tell_car(self, amps: float) -> None:
        """Offer the car a current, as long as it is repeated."""
        self.offered_a, self.told_at_s = amps, self._at_s

    def live(self, seconds: float, seen: dict[str, bool]) -> None:
        """Let time pass; ``seen`` says which loads somebody could see meanwhile."""
        for name, power_w in (
            ("car", self.car_w),
            ("heater", self.heater_w),
            ("pump", self.pump_w),
        ):
            energy_wh = power_w * seconds / 3600.0
            self.truth[name].take(energy_wh, seen=seen[name])
            if name == "car":
                self.register_wh += energy_wh
                if self.visit is not None:
                    self.visit.taken_wh += energy_wh
                    self.visit.left_wh -= energy_wh
        self._at_s += seconds
        self._weather()
        self._come_and_go()
        if self.on_safe_current:
            self.offered_a = SAFE_A
        wants = self.visit is not None and self.visit.left_wh > 0
        charges = wants and self.offered_a >= SAFE_A
        self.car_w = min(self.offered_a, 32.0) * VOLTAGE_V if charges else 0.0
        self.heater_w = min(max(self.heater_told_w, 0.0), HEATER_W)
        self.pump_w = PUMP_W if self.pump_on else 0.0

    def _weather(self) -> None:
        random, hour = self._random, self._at_s % DAY_S / 3600.0
        if random.random() < 0.02:
            self._cloud = random.choice((1.0, 0.9, 0.6, 0.25))
        height = max(0.0, sin((hour - 6.0) / 13.0 * pi)) if 6 < hour < 19 else 0.0
        self.solar_w = round(SUN_W * height * self._cloud)
        if random.random() < 0.004:
            self._oven_until_s = self._at_s + random.uniform(120.0, 1500.0)
        oven_w = 2200.0 if self._at_s < self._oven_until_s else 0.0
        self.base_w = 280.0 + 60.0 * random.random() + oven_w

    def _come_and_go(self) -> None:
        day, second = divmod(self._at_s, DAY_S)
        if self.visit is not None and self._at_s >= self.visit.ends_s:
            self.visit = None
        for number, (begin_h, end_h, needs_wh) in enumerate(VISITS):
            key = int(day), number
            if key in self._visits_begun or not begin_h <= second / 3600.0 < end_h:
                continue
            self._visits_begun.add(key)
            self.visit = Visit(ends_s=day * DAY_S + end_h * 3600.0, left_wh=needs_wh)
            self.visits.append(self.visit)


@dataclass(slots=True)
class Broken:
    """What is broken now: each holds until an instant of ``Clocks.elapsed_s``."""

    until_s: dict[str, float] = field(default_factory=dict)

    def breaks(self, what: str, until_s: float) -> None:
        """Break it until then."""
        self.until_s[what] = until_s

    def is_broken(self, what: str, now_s: float) -> bool:
        """Return whether it is broken now."""
        return now_s < self.until_s.get(what, 0.0)
