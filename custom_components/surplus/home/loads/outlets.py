"""Where a value is set: a number, a light's brightness, an action, or on and off."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final, override

from homeassistant.components.input_number import DOMAIN as INPUT_NUMBER_DOMAIN
from homeassistant.components.light.const import ATTR_BRIGHTNESS, DOMAIN as LIGHT_DOMAIN
from homeassistant.components.number.const import (
    ATTR_MAX,
    ATTR_MIN,
    ATTR_STEP,
    ATTR_VALUE,
    DOMAIN as NUMBER_DOMAIN,
    SERVICE_SET_VALUE,
)
from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS
from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    ATTR_ENTITY_ID,
    ATTR_UNIT_OF_MEASUREMENT,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    UnitOfPower,
)
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.util.unit_conversion import PowerConverter

from .caller import async_call
from .handover import SETTLE_S
from .values import attribute_of, is_there, number_of, on_of

NUMBER_DOMAINS: Final = (NUMBER_DOMAIN, INPUT_NUMBER_DOMAIN)
LEVEL_DOMAINS: Final = (*NUMBER_DOMAINS, LIGHT_DOMAIN)

_FULL_BRIGHTNESS: Final = 255.0
_SLACK: Final = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a value is set through: an entity, or an action with a field for the value."""

    entity_id: str | None = None
    action: str | None = None
    field: str = ATTR_VALUE
    data: Mapping[str, Any] | None = None


# Units as people write them where they may type any.
_AS_TYPED: Final = {
    unit.lower(): unit for unit in (UnitOfPower.WATT, UnitOfPower.KILO_WATT)
}
_ALL_UNITS: Final = frozenset(
    unit for units in DEVICE_CLASS_UNITS.values() for unit in units
)


def unit_of(state: State | None) -> str | None:
    """Return the unit that an entity shows its value in; None when it has none.

    The unit of an ``input_number`` is typed by a person and may be no unit at all.
    """
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if not isinstance(unit, str) or not (unit := unit.strip()):
        return None
    if state and state.domain == INPUT_NUMBER_DOMAIN and unit not in _ALL_UNITS:
        return _AS_TYPED.get(unit.lower())
    return unit


def watts_per_unit(state: State | None) -> float:
    """Return what one of the units of an entity is in W; 1 where it is no power's."""
    unit = unit_of(state)
    if unit is None or unit not in PowerConverter.VALID_UNITS:
        return 1.0
    return PowerConverter.convert(1.0, unit, UnitOfPower.WATT)


class Outlet(ABC):
    """One thing that can be set, and what was last told to it."""

    def __init__(self, hass: HomeAssistant, name: str, repeat_s: float) -> None:
        """Begin with nothing told; ``repeat_s`` 0 repeats nothing that stands."""
        self._hass = hass
        self.name = name
        self.repeat_s = repeat_s
        self._told: float | None = None
        self._told_at = 0.0
        self._settled: float | None = None
        self._insists = False

    @property
    @abstractmethod
    def entity_ids(self) -> tuple[str, ...]:
        """The entities that show what is set."""

    @property
    @abstractmethod
    def available(self) -> bool:
        """Whether it can be set now."""

    @property
    @abstractmethod
    def shown(self) -> float | None:
        """What is set, as far as anybody shows it."""

    @property
    def assumed(self) -> bool:
        """Whether what is shown is only what was told."""
        states = map(self._hass.states.get, self.entity_ids)
        return any(
            state and state.attributes.get(ATTR_ASSUMED_STATE) for state in states
        )

    @abstractmethod
    async def _async_send(self, value: float, context: Context) -> None:
        """Set it; raises HomeAssistantError with a translated reason."""

    def forget(self) -> None:
        """Begin anew: the device was away, or others have set it."""
        self._told = self._settled = None

    def insist(self) -> None:
        """Tell it once more what it was told, whatever shows that it is set."""
        self._insists = True

    async def async_set(self, value: float, context: Context, now: float) -> None:
        """Set it where it is not yet, or where that must be repeated."""
        if not self._insists and not self._due(value, now):
            return
        settled = self._settled if value == self._told else None
        # It may be taken even though no answer comes: then it is told again.
        self._told = self._settled = None
        await self._async_send(value, context)
        self._told, self._told_at, self._settled = value, now, settled
        self._insists = False

    def _due(self, value: float, now: float) -> bool:
        shown = None if self.assumed else self.shown
        if self._told is None and shown is not None and abs(shown - value) <= _SLACK:
            self._told, self._told_at = value, now
            return False
        if self._told is None or abs(value - self._told) > _SLACK:
            return True
        if self.repeat_s and now - self._told_at >= self.repeat_s:
            return True
        if shown is None or abs(shown - value) <= _SLACK or shown == self._settled:
            return False
        if now - self._told_at < SETTLE_S:
            return False
        # Told once more; what it shows then is its way of rounding.
        self._settled, settled = shown, self._settled
        return settled is None


class NumberOutlet(Outlet):
    """A ``number`` or ``input_number``, in its own unit or in W."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        entity_id: str,
        *,
        repeat_s: float = 0.0,
        in_watts: bool = False,
    ) -> None:
        """Set that entity."""
        super().__init__(hass, name, repeat_s)
        self._entity_id = entity_id
        self._in_watts = in_watts
        self._known: tuple[float | None, float | None, float] = (None, None, 0.0)

    @property
    def _state(self) -> State | None:
        return self._hass.states.get(self._entity_id)

    @property
    @override
    def entity_ids(self) -> tuple[str, ...]:
        return (self._entity_id,)

    @property
    @override
    def available(self) -> bool:
        return is_there(self._state)

    @property
    def _factor(self) -> float:
        """What one of the entity's own units is."""
        return watts_per_unit(self._state) if self._in_watts else 1.0

    @property
    @override
    def shown(self) -> float | None:
        value = number_of(self._state)
        return value * self._factor if value is not None else None

    @property
    def bounds(self) -> tuple[float | None, float | None, float]:
        """Least, most and step that the entity takes; the last known while it is away."""
        state = self._state
        if is_there(state):
            low, high = attribute_of(state, ATTR_MIN), attribute_of(state, ATTR_MAX)
            factor = self._factor
            self._known = (
                low * factor if low is not None else None,
                high * factor if high is not None else None,
                (attribute_of(state, ATTR_STEP) or 0.0) * factor,
            )
        return self._known

    def nearest(self, value: float) -> float:
        """Return what can be told that comes nearest without going beyond ``value``.

        Nearer to 0 rather than further away: nothing is to draw more than was decided.
        """
        low, high, step = self.bounds
        if high is not None:
            value = min(value, high)
        if low is not None:
            value = max(value, low)
        if step:
            # Steps are counted from the least value, as the entity itself does.
            origin = low or 0.0
            steps = (value - origin) / step
            if value >= 0:
                fitted = origin + floor(steps + _SLACK) * step
                # Steps that miss 0 must not turn a little into its contrary.
                value = max(fitted, 0.0)
            else:
                value = min(origin + ceil(steps - _SLACK) * step, 0.0)
        return round(value, 6)

    @override
    async def _async_send(self, value: float, context: Context) -> None:
        domain = self._entity_id.partition(".")[0]
        await async_call(
            self._hass,
            self.name,
            f"{domain}.{SERVICE_SET_VALUE}",
            {
                ATTR_ENTITY_ID: self._entity_id,
                ATTR_VALUE: round(value / self._factor, 6),
            },
            context,
        )


class LightOutlet(Outlet):
    """A dimmable light, in percent."""

    def __init__(
        self, hass: HomeAssistant, name: str, entity_id: str, *, repeat_s: float = 0.0
    ) -> None:
        """Set that light's brightness."""
        super().__init__(hass, name, repeat_s)
        self._entity_id = entity_id

    @property
    @override
    def entity_ids(self) -> tuple[str, ...]:
        return (self._entity_id,)

    @property
    @override
    def available(self) -> bool:
        return is_there(self._hass.states.get(self._entity_id))

    @property
    @override
    def shown(self) -> float | None:
        state = self._hass.states.get(self._entity_id)
        on = on_of(state)
        if on is None:
            return None
        if not on:
            return 0.0
        brightness = attribute_of(state, ATTR_BRIGHTNESS)
        return brightness / _FULL_BRIGHTNESS * 100.0 if brightness is not None else None

    def nearest(self, value: float) -> float:
        """Return the percentage of the brightness that does not go beyond ``value``."""
        brightness = floor(value / 100.0 * _FULL_BRIGHTNESS + _SLACK)
        return min(max(brightness, 0), 255) / _FULL_BRIGHTNESS * 100.0

    @override
    async def _async_send(self, value: float, context: Context) -> None:
        data: dict[str, Any] = {ATTR_ENTITY_ID: self._entity_id}
        brightness = round(value / 100.0 * _FULL_BRIGHTNESS)
        if brightness:
            data[ATTR_BRIGHTNESS] = brightness
        service = SERVICE_TURN_ON if brightness else SERVICE_TURN_OFF
        await async_call(
            self._hass, self.name, f"{LIGHT_DOMAIN}.{service}", data, context
        )


class ActionOutlet(Outlet):
    """An action that takes the value in a field; nothing shows what became of it."""

    def __init__(
        self, hass: HomeAssistant, name: str, target: Target, *, repeat_s: float = 0.0
    ) -> None:
        """Call that action."""
        super().__init__(hass, name, repeat_s)
        self._action = target.action or ""
        self._field = target.field
        self._data = dict(target.data or {})

    @property
    @override
    def entity_ids(self) -> tuple[str, ...]:
        return ()

    @property
    @override
    def available(self) -> bool:
        domain, _, service = self._action.partition(".")
        return self._hass.services.has_service(domain, service)

    @property
    @override
    def shown(self) -> float | None:
        return None

    def nearest(self, value: float) -> float:
        """Return whole numbers: what most devices take, and the fewest messages."""
        return float(floor(value + _SLACK) if value >= 0 else ceil(value - _SLACK))

    @override
    async def _async_send(self, value: float, context: Context) -> None:
        told = int(value) if value.is_integer() else value
        await async_call(
            self._hass,
            self.name,
            self._action,
            {**self._data, self._field: told},
            context,
        )


type LevelOutlet = NumberOutlet | LightOutlet | ActionOutlet


class SwitchOutlet(Outlet):
    """Anything that can be turned on and off: 1 and 0."""

    def __init__(
        self, hass: HomeAssistant, name: str, entity_id: str, *, repeat_s: float = 0.0
    ) -> None:
        """Turn that entity on and off."""
        super().__init__(hass, name, repeat_s)
        self._entity_id = entity_id

    @property
    @override
    def entity_ids(self) -> tuple[str, ...]:
        return (self._entity_id,)

    @property
    @override
    def available(self) -> bool:
        return is_there(self._hass.states.get(self._entity_id))

    @property
    @override
    def shown(self) -> float | None:
        on = on_of(self._hass.states.get(self._entity_id))
        return None if on is None else float(on)

    @override
    async def _async_send(self, value: float, context: Context) -> None:
        domain = self._entity_id.partition(".")[0]
        service = SERVICE_TURN_ON if value else SERVICE_TURN_OFF
        await async_call(
            self._hass,
            self.name,
            f"{domain}.{service}",
            {ATTR_ENTITY_ID: self._entity_id},
            context,
        )


def level_outlet(
    hass: HomeAssistant,
    name: str,
    target: Target,
    *,
    repeat_s: float,
    in_watts: bool = False,
) -> LevelOutlet:
    """Return the outlet of a target."""
    if target.entity_id is None:
        return ActionOutlet(hass, name, target, repeat_s=repeat_s)
    if target.entity_id.partition(".")[0] == LIGHT_DOMAIN:
        return LightOutlet(hass, name, target.entity_id, repeat_s=repeat_s)
    return NumberOutlet(
        hass, name, target.entity_id, repeat_s=repeat_s, in_watts=in_watts
    )
