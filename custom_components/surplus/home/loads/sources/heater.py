"""A heater whose power is set through a number, a light or an action."""

from typing import Final, override

from homeassistant.core import Context

from ....control.loads.characteristic import power_of_share, share_of_power
from ....control.model import HeaterReading, HeaterSpec
from ..caller import never_off
from ..const import CommandUnit
from ..outlets import LevelOutlet, NumberOutlet, Outlet, level_outlet
from ..settings import HeaterSettings
from ..values import temperature_of
from .base import ROUNDING, EntityLoad, Reader

# A light shows its brightness in this many steps.
_BRIGHTNESS_STEPS: Final = 255.0
# A phase-angle dimmer moves by up to π/2 times its share of the range; and half a step.
_STEPS_OF_SLACK: Final = 2.0


class HeaterLoad(EntityLoad[HeaterSettings]):
    """Its set-points are in W; what is told is W or percent."""

    _level: LevelOutlet

    @override
    def _make_outlets(self) -> tuple[Outlet, ...]:
        settings = self.settings
        self._level = level_outlet(
            self._hass,
            settings.name,
            settings.target,
            repeat_s=settings.repeat_s,
            in_watts=settings.unit is CommandUnit.WATT,
        )
        self._switch = self._new_switch(settings.switch_entity)
        return (self._level, self._switch) if self._switch else (self._level,)

    @property
    @override
    def _other_sensor(self) -> tuple[str | None, Reader]:
        return self.settings.temperature_entity, temperature_of

    # ---- between W and what is told --------------------------------------------------

    def _level_of(self, power_w: float) -> float:
        settings = self.settings
        if settings.unit is CommandUnit.WATT:
            return self._level.nearest(power_w)
        share = share_of_power(power_w, settings.max_w, settings.characteristic)
        # A light's level is in percent of its brightness, whatever the form says.
        return self._level.nearest(share * self._scale)

    def _power_of(self, level: float) -> float:
        settings = self.settings
        if settings.unit is CommandUnit.WATT:
            return level
        return power_of_share(
            level / self._scale, settings.max_w, settings.characteristic
        )

    @property
    def _scale(self) -> float:
        if isinstance(self._level, NumberOutlet) or self.settings.target.action:
            return self.settings.full_scale
        return 100.0

    @property
    def _step_w(self) -> float:
        """The least that moves it, in W, where it moves most."""
        settings = self.settings
        if isinstance(self._level, NumberOutlet):
            step = self._level.bounds[2]
        elif settings.target.action:
            step = 1.0
        else:
            return settings.max_w / _BRIGHTNESS_STEPS
        if settings.unit is CommandUnit.WATT:
            return step or 1.0
        return settings.max_w * step / settings.full_scale or 1.0

    @override
    def _fitted(self, value: float) -> float:
        settings = self.settings
        if value <= 0:
            return 0.0
        value = min(value, settings.max_w)
        power_w = self._power_of(self._level_of(value))
        # What cannot be told that small is nothing: it would be more than decided.
        return power_w if power_w <= value + self._slack else 0.0

    @property
    @override
    def _level_shown(self) -> float | None:
        level = self._level.shown
        return self._power_of(level) if level is not None else None

    @property
    @override
    def _slack(self) -> float:
        return _STEPS_OF_SLACK * self._step_w

    @override
    def _tolerance(self, outlet: Outlet) -> tuple[float, float]:
        settings = self.settings
        in_watts = settings.unit is CommandUnit.WATT
        full = settings.max_w if in_watts else self._scale
        if isinstance(self._level, NumberOutlet):
            step = self._level.bounds[2]
        else:
            step = full / _BRIGHTNESS_STEPS
        return _STEPS_OF_SLACK * (step or 1.0), ROUNDING * full

    @property
    @override
    def _on_value(self) -> float:
        return self.settings.max_w

    @override
    async def _async_tell(self, value: float, context: Context, now: float) -> None:
        if value == 0 and self._switch is not None:
            await self._async_set(self._switch, 0.0, context, now)
            return
        level = self._level_of(value)
        if value == 0 and level > 0:
            raise never_off(self.settings.name)
        goes_on = await self._async_set(self._level, level, context, now)
        if goes_on and self._switch is not None:
            await self._async_set(self._switch, 1.0, context, now)

    # ---- LoadSource ------------------------------------------------------------------

    @property
    @override
    def spec(self) -> HeaterSpec:
        settings = self.settings
        return HeaterSpec(
            **self._common,
            max_w=settings.max_w,
            min_w=settings.min_w,
            step_w=max(1.0, self._step_w),
            lag_s=settings.lag_s,
            pid=settings.pid,
            temperatures=settings.temperatures,
            writes_per_day=settings.writes_per_day,
        )

    @property
    @override
    def reading(self) -> HeaterReading:
        accepted = self._accepted
        return HeaterReading(
            **self._told(),
            accepted_w=accepted[0] if accepted else None,
            accepted_at=accepted[1] if accepted else None,
            temperature_c=temperature_of(self._state(self.settings.temperature_entity)),
        )
