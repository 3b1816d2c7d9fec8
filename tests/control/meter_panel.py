"""Grid meters of a Home in simulated time, and readings of any kind."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from custom_components.surplus.control.meters import Choice, MeterChoice, MeterSight
from custom_components.surplus.control.model import GridReading

LINKY, INVERTER, SENSOR = "linky:1", "solaredge:2", "entity:sensor.grid"


@dataclass(kw_only=True)
class Meter:
    """A meter that reports every so often while it works."""

    meter_id: str
    every_s: float = 1.0
    power_w: float | None = 500.0
    drawn_va: float | None = None
    knows_direction: bool = True
    works: bool = True
    asleep: bool = False
    told: dict[str, object] = field(default_factory=dict)
    reading: GridReading | None = None

    def step(self, now: float) -> MeterSight:
        if self.works and not self.asleep and now % self.every_s == 0:
            self.reading = GridReading(
                at=now,
                power_w=self.power_w,
                drawn_va=self.drawn_va,
                **self.told,
            )
        return MeterSight(
            meter_id=self.meter_id,
            reading=self.reading,
            knows_direction=self.knows_direction,
            asleep=self.asleep,
        )


class Panel:
    """Meters in the user's order, a second at a time."""

    def __init__(self, *meters: Meter) -> None:
        self.meters = list(meters)
        self.choice = MeterChoice()
        self.now = 1000.0
        self.chosen: list[str | None] = []
        self.last = Choice()

    def run(self, seconds: int = 1) -> Choice:
        for _ in range(seconds):
            self.now += 1.0
            sights = [meter.step(self.now) for meter in self.meters]
            self.last = self.choice.choose(sights, self.now)
            self.chosen.append(self.last.control_id)
        return self.last


def linky(**more: object) -> Meter:
    return Meter(
        meter_id=LINKY,
        told={"subscribed_va": 9000.0, "cutoff_va": 9000.0, **more},
    )


def historic(**more: object) -> Meter:
    meter = linky(**more)
    meter.knows_direction, meter.power_w, meter.drawn_va = False, None, 3000.0
    return meter


amperes = st.floats(-40, 60)
powers = st.floats(-9000, 20_000)


@st.composite
def readings(draw: st.DrawFn, phases: int, *, currents: bool) -> GridReading:
    power_w = draw(powers)
    has_currents = currents or draw(st.booleans())
    return GridReading(
        at=draw(st.floats(90, 100)),
        power_w=power_w,
        drawn_va=draw(
            st.one_of(st.none(), st.floats(max(0.0, power_w), 25_000))
            if power_w > 0
            else st.just(0.0)
        ),
        currents_a=tuple(draw(amperes) for _ in range(phases)) if has_currents else (),
        overload=draw(st.booleans()),
        subscribed_va=draw(st.sampled_from((None, 6000.0, 9000.0, 12_000.0))),
        cutoff_va=draw(st.sampled_from((None, 3000.0, 9000.0))),
    )


def sights_of(parts: Sequence[GridReading]) -> list[MeterSight]:
    return [MeterSight(meter_id=str(n), reading=one) for n, one in enumerate(parts)]
