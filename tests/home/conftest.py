"""A Home in a Home Assistant, with a meter and a charger that tests move by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.surplus.clock import monotonic
from custom_components.surplus.const import CONF_KIND, DOMAIN, Kind
from custom_components.surplus.control.model import (
    BatteryReading,
    ChargerReading,
    ChargerSpec,
    GridReading,
)
from custom_components.surplus.home.const import (
    CONF_BREAKER_A,
    CONF_GRID_METERS,
    CONF_PHASES,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

METER_ID = "linky:012345678901"
LOAD_ID = "ocpp:one"


@dataclass
class HandMeter:
    """A grid meter whose readings a test writes."""

    source_id: str = METER_ID
    name: str = "Linky"
    knows_direction: bool = True
    asleep: bool = False
    reading: GridReading | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def async_subscribe(self, on_reading: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(on_reading)
        return lambda: self.listeners.remove(on_reading)

    def show(self, power_w: float | None, **more: object) -> None:
        self.reading = GridReading(
            at=monotonic(),
            power_w=power_w,
            drawn_va=max(0.0, power_w or 0.0),
            **more,
        )
        for listener in tuple(self.listeners):
            listener()


@dataclass
class HandProduction:
    """An inverter whose production a test writes."""

    source_id: str = "solaredge:1"
    name: str = "SolarEdge"
    reading: tuple[float, float] | None = None


@dataclass
class HandBattery:
    """A battery of a device whose readings a test writes."""

    source_id: str = "solaredge:1_battery_1"
    name: str = "SolarEdge battery"
    reading: BatteryReading | None = None
    capacity_wh: float | None = None

    def show(self, power_w: float, soc: float | None = None) -> None:
        self.reading = BatteryReading(
            power_w=power_w, at=monotonic(), soc=soc, battery_id=self.source_id
        )


@dataclass
class HandCharger:
    """A charger that does at once what it is told, with a car that draws it."""

    spec: ChargerSpec = field(
        default_factory=lambda: ChargerSpec(load_id=LOAD_ID, name="Garage", priority=1)
    )
    reading: ChargerReading = field(
        default_factory=lambda: ChargerReading(reachable=True, wants_power=True)
    )
    told: list[float | None] = field(default_factory=list)
    told_phases: list[int | None] = field(default_factory=list)
    refuses: bool = False
    wishes: int = 0
    insisted: int = 0
    taken_over: float | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)

    async def async_apply(self, current_a: float, phases: int | None = None) -> None:
        if self.refuses:
            raise HomeAssistantError("refused")
        if current_a != self.taken_over:
            self.taken_over = None
        self.told.append(current_a)
        self.told_phases.append(phases)
        self.update(
            offered_a=current_a,
            offered_at=monotonic(),
            power_w=current_a * 230.0,
            power_at=monotonic(),
        )

    async def async_release(self, *, by_hand: bool = False) -> None:
        self.told.append(None)

    def async_insist(self) -> None:
        self.insisted += 1

    def async_wished(self) -> None:
        self.wishes += 1

    def async_subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(on_change)
        return lambda: self.listeners.remove(on_change)

    def update(self, **changes: object) -> None:
        self.reading = replace(self.reading, **changes)
        for listener in tuple(self.listeners):
            listener()


class Life:
    """Lets time pass with the meter reporting every second or two."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        meter: HandMeter,
        charger: HandCharger,
    ) -> None:
        self.hass, self.freezer = hass, freezer
        self.meter, self.charger = meter, charger

    async def pass_time(self, seconds: float) -> None:
        """Pass time without a reading."""
        self.freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def run(self, seconds: int, base_w: float, sign: float = 1.0) -> None:
        """Run the closed loop: the house's base power plus what the car draws."""
        for _ in range(seconds):
            await self.pass_time(1)
            own_w = self.charger.reading.power_w or 0.0
            self.charger.reading = replace(self.charger.reading, power_at=monotonic())
            self.meter.show(sign * (base_w + own_w))
            await self.hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Records and stores of a test are its own."""
    return hass_tmp_config_dir


@pytest.fixture
def meter() -> HandMeter:
    return HandMeter()


@pytest.fixture
def charger() -> HandCharger:
    return HandCharger()


@pytest.fixture
def home_entry() -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        unique_id=Kind.HOME,
        minor_version=3,
        data={
            CONF_KIND: Kind.HOME,
            CONF_PHASES: 1,
            CONF_BREAKER_A: 40,
            CONF_GRID_METERS: [METER_ID],
        },
    )


@pytest.fixture
async def life(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: HandMeter,
    charger: HandCharger,
    home_entry: MockConfigEntry,
) -> Life:
    """Return a running Home whose meter and charger are there."""
    assert await async_setup_component(hass, DOMAIN, {})
    registry = async_get_registry(hass)
    registry.async_register_meter(meter)
    registry.async_register_load(charger)
    home_entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(home_entry.entry_id)
    await hass.async_block_till_done()
    return Life(hass, freezer, meter, charger)
