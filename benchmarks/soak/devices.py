"""What Home meets: a grid meter and a charger of its own, and entities for the rest."""

from collections.abc import Callable
from math import nan
from typing import override

from custom_components.surplus.clock import monotonic
from custom_components.surplus.control.ledger import Counted
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    GridReading,
)
from custom_components.surplus.registry import CountingSource, LoadSource, MeterSource
from homeassistant.core import CALLBACK_TYPE
from homeassistant.exceptions import HomeAssistantError

from .plant import SAFE_A, VOLTAGE_V, Plant

METER_ID = "linky:012345678901"
CAR_ID = "ocpp:soak"


class SoakMeter(MeterSource):
    """A Linky with its contract; it may be silent, stuck, or absurd."""

    def __init__(self) -> None:
        """Have told nothing yet."""
        self._reading: GridReading | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    @override
    def source_id(self) -> str:
        return METER_ID

    @property
    @override
    def name(self) -> str:
        return "Linky"

    @property
    @override
    def knows_direction(self) -> bool:
        return True

    @property
    @override
    def asleep(self) -> bool:
        return False

    @property
    @override
    def reading(self) -> GridReading | None:
        return self._reading

    @override
    def async_subscribe(self, on_reading: Callable[[], None]) -> CALLBACK_TYPE:
        self._listeners.append(on_reading)
        return lambda: self._listeners.remove(on_reading)

    def show(self, power_w: float) -> None:
        """Tell a power, and what the contract allows."""
        self._reading = GridReading(
            at=monotonic(),
            power_w=power_w,
            drawn_va=max(0.0, power_w),
            subscribed_va=9000.0,
        )
        for listener in tuple(self._listeners):
            listener()

    def repeat(self) -> None:
        """Tell the same once more."""
        if self._reading is not None:
            self.show(self._reading.power_w or 0.0)


class SoakCharger(LoadSource, CountingSource):
    """A charger with a lease; its link may be cut, and it may refuse."""

    def __init__(self, plant: Plant) -> None:
        """Stand in the plant."""
        self._plant = plant
        self._listeners: list[Callable[[], None]] = []
        self._told: tuple[float, float] | None = None
        self._fallen_at = 0.0
        self.lost_at: float | None = None
        self.refuses = False
        self.nonsense = False

    @property
    @override
    def spec(self) -> ChargerSpec:
        return ChargerSpec(load_id=CAR_ID, name="Garage", priority=1)

    @property
    @override
    def reading(self) -> ChargerReading:
        plant, told = self._plant, self._told
        if plant.on_safe_current:
            # Its lease has ended: it says so itself.
            self._fallen_at = self._fallen_at or monotonic()
            told = plant.offered_a, self._fallen_at
        else:
            self._fallen_at = 0.0
        power_w = nan if self.nonsense else plant.car_w
        return ChargerReading(
            reachable=self.lost_at is None,
            wants_power=plant.visit is not None and plant.visit.left_wh > 0,
            power_w=power_w if self.lost_at is None else None,
            power_at=monotonic() if self.lost_at is None else None,
            currents_a=(plant.car_w / VOLTAGE_V,),
            offered_a=told[0] if told else None,
            offered_at=told[1] if told else None,
            link_lost_at=self.lost_at,
            offering=plant.offered_a >= SAFE_A and plant.visit is not None,
        )

    @property
    @override
    def counted(self) -> Counted:
        if self.lost_at is not None:
            return Counted()
        plugged = self._plant.visit is not None
        return Counted(register_wh=self._plant.register_wh, plugged=plugged)

    @property
    @override
    def taken_over(self) -> None:
        return None

    @override
    async def async_apply(self, value: float, phases: int | None = None) -> None:
        if self.lost_at is not None or self.refuses:
            raise HomeAssistantError("it does not answer")
        self._told = value, monotonic()
        self._plant.tell_car(value)

    @override
    async def async_release(self, *, by_hand: bool = False) -> None:
        if self.lost_at is not None:
            raise HomeAssistantError("it does not answer")

    @override
    def async_insist(self) -> None:
        """Do nothing: it has heard it."""

    @override
    def async_wished(self) -> None:
        """Do nothing: it waits for nothing."""

    @override
    def async_subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        self._listeners.append(on_change)
        return lambda: self._listeners.remove(on_change)
