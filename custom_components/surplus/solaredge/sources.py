"""What an entry offers to Home: its grid meter, its sun, its batteries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..control.model import BatteryReading, GridReading
from .model import Battery, LinkState, Meter, MeterRole
from .plant import Plant
from .site import grid_by_consumption, grid_reading, sun_of, total

# A meter that is read every second or two and told nothing for so long sleeps with its
# inverter; others stay awake at night.
_ASLEEP_AFTER_S: Final = 15.0


@dataclass(slots=True)
class GridMeter:
    """A meter at the connection point, or one of the house (registry.MeterSource)."""

    plant: Plant
    meter: Meter
    source_id: str
    name: str

    @property
    def knows_direction(self) -> bool:
        """It always does."""
        return True

    @property
    def reading(self) -> GridReading | None:
        """The newest reading, however old."""
        reading = self.plant.last_meter(self.meter.key)
        if reading is None:
            return None
        if self.plant.roles.of(self.meter) is MeterRole.GRID:
            return grid_reading(reading)
        inverters = [
            self.plant.last_inverter(found.key) for found in self.plant.layout.inverters
        ]
        known = [inverter for inverter in inverters if inverter is not None]
        if len(known) != len(inverters):
            return None
        return grid_by_consumption(reading, known)

    @property
    def asleep(self) -> bool:
        """Whether it tells nothing because its inverter sleeps."""
        if not self.plant.sleeps(self.meter.inverter_key):
            return False
        reading = self.plant.last_meter(self.meter.key)
        return reading is None or self.plant.clock() - reading.at > _ASLEEP_AFTER_S

    @callback
    def async_subscribe(self, on_reading: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_reading`` at each new reading of this meter."""
        key = self.meter.key
        known = self.plant.last_meter(key)

        @callback
        def look() -> None:
            nonlocal known
            newest = self.plant.last_meter(key)
            if newest is not known:
                known = newest
                on_reading()

        return self.plant.subscribe_readings(look)


@dataclass(slots=True)
class Sun:
    """What all inverters make of the sun (registry.ProductionSource)."""

    plant: Plant
    source_id: str
    name: str
    _newest: tuple[float, float] | None = field(default=None, init=False)

    @property
    def reading(self) -> tuple[float, float] | None:
        """The newest production in W and its instant; it is as old as its oldest part.

        Asleep is nothing, now.
        """
        plant = self.plant
        if plant.state is LinkState.ASLEEP:
            return 0.0, plant.clock()
        if (power_w := production_w(plant)) is not None:
            layout = plant.layout
            parts = [
                *(plant.last_inverter(found.key) for found in layout.inverters),
                *(plant.battery(found.key) for found in layout.batteries),
            ]
            at = min(part.at for part in parts if part is not None)
            self._newest = (power_w, at)
        return self._newest


@dataclass(slots=True)
class Storage:
    """A battery (registry.BatterySource)."""

    plant: Plant
    battery: Battery
    source_id: str
    name: str

    @property
    def reading(self) -> BatteryReading | None:
        """The newest reading, however old."""
        reading = self.plant.last_battery(self.battery.key)
        if reading is None or reading.power_w is None:
            return None
        return BatteryReading(
            power_w=reading.power_w,
            at=reading.at,
            soc=None if reading.soc is None else reading.soc / 100,
            battery_id=self.source_id,
        )

    @property
    def capacity_wh(self) -> float | None:
        """What it can hold now, or what it is rated for."""
        reading = self.plant.last_battery(self.battery.key)
        now_wh = None if reading is None else reading.capacity_wh
        return now_wh or self.battery.rated_wh


def production_w(plant: Plant) -> float | None:
    """Return what the sun gives, all inverters together, without their batteries.

    None while one of them is not known.
    """
    layout = plant.layout
    return total(
        sun_of(
            plant.inverter(found.key),
            [
                plant.battery(battery.key)
                for battery in layout.batteries
                if battery.inverter_key == found.key
            ],
        )
        for found in layout.inverters
    )


def house_power_w(plant: Plant) -> float | None:
    """Return what the house takes; None while a part of it is not known."""
    if (meter := plant.roles.grid) is not None:
        grid = plant.meter(meter.key)
        given_w = total(
            None
            if (reading := plant.inverter(found.key)) is None
            # A sleeping inverter says nothing else.
            else 0.0
            if reading.sleeps
            else reading.ac_power_w
            for found in plant.layout.inverters
        )
        if grid is None or grid.power_w is None or given_w is None:
            return None
        return max(grid.power_w + given_w, 0.0)
    if (meter := plant.roles.consumption) is not None:
        house = plant.meter(meter.key)
        return None if house is None else house.power_w
    return None
