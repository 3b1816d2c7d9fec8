"""A battery whose power is set through a number or an action."""

from typing import override

from homeassistant.core import Context

from ....control.loads.base import FLOAT_SLACK
from ....control.model import StorageReading, StorageSpec
from ..caller import never_off
from ..const import Sign
from ..outlets import LevelOutlet, NumberOutlet, Outlet, level_outlet
from ..settings import StorageSettings
from ..values import share_of
from .base import ROUNDING, EntityLoad, Reader


class StorageLoad(EntityLoad[StorageSettings]):
    """Its set-points are in W, + = charging."""

    _level: LevelOutlet

    @override
    def _make_outlets(self) -> tuple[Outlet, ...]:
        settings = self.settings
        self._level = level_outlet(
            self._hass,
            settings.name,
            settings.target,
            repeat_s=settings.repeat_s,
            in_watts=True,
        )
        self._switch = self._new_switch(settings.switch_entity)
        return (self._level, self._switch) if self._switch else (self._level,)

    @property
    @override
    def _other_sensor(self) -> tuple[str | None, Reader]:
        return self.settings.soc_entity, share_of

    @property
    def _factor(self) -> float:
        return 1.0 if self.settings.command_sign is Sign.CHARGE else -1.0

    @property
    @override
    def _level_shown(self) -> float | None:
        level = self._level.shown
        # Adding 0 keeps a resting battery from being told −0.
        return level * self._factor + 0.0 if level is not None else None

    @override
    def _fitted(self, value: float) -> float:
        settings = self.settings
        value = min(max(value, -settings.discharge_w), settings.charge_w)
        fitted = self._level.nearest(value * self._factor) * self._factor + 0.0
        # What cannot be told that small is nothing: it would be more than decided.
        within = (
            min(0.0, value) - FLOAT_SLACK <= fitted <= max(0.0, value) + FLOAT_SLACK
        )
        return fitted if within else 0.0

    @property
    @override
    def _slack(self) -> float:
        step = self._level.bounds[2] if isinstance(self._level, NumberOutlet) else 0.0
        return max(2.0, 1.5 * step)

    @override
    def _tolerance(self, outlet: Outlet) -> tuple[float, float]:
        full = self.settings.charge_w + self.settings.discharge_w
        return self._slack, ROUNDING * full

    @property
    @override
    def _on_value(self) -> float:
        return 0.0

    @override
    async def _async_tell(self, value: float, context: Context, now: float) -> None:
        if value == 0 and self._switch is not None:
            await self._async_set(self._switch, 0.0, context, now)
            return
        level = self._level.nearest(value * self._factor)
        if value == 0 and level != 0:
            raise never_off(self.settings.name)
        goes_on = await self._async_set(self._level, level + 0.0, context, now)
        if goes_on and self._switch is not None:
            await self._async_set(self._switch, 1.0, context, now)

    # ---- LoadSource ------------------------------------------------------------------

    @property
    @override
    def spec(self) -> StorageSpec:
        settings = self.settings
        return StorageSpec(
            **self._common,
            charge_w=settings.charge_w,
            discharge_w=settings.discharge_w,
            min_soc=settings.min_soc,
            max_soc=settings.max_soc,
            writes_per_day=settings.writes_per_day,
        )

    @property
    @override
    def reading(self) -> StorageReading:
        told = self._told()
        if told["power_w"] is not None and self.settings.power_sign is Sign.DISCHARGE:
            told["power_w"] = -told["power_w"] + 0.0
        accepted = self._accepted
        return StorageReading(
            **told,
            accepted_w=accepted[0] if accepted else None,
            accepted_at=accepted[1] if accepted else None,
            soc=share_of(self._state(self.settings.soc_entity)),
        )
