"""A charger that another integration speaks to: a current, and perhaps a switch."""

from dataclasses import replace
from typing import Final, override

from homeassistant.const import Platform
from homeassistant.core import (
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
    split_entity_id,
)

from ....clock import monotonic
from ....control.ledger import Counted
from ....control.loads.base import FLOAT_SLACK
from ....control.model import ChargerReading, ChargerSpec
from ....control.settings import NOMINAL_VOLTAGE_V
from ....metering import power_of
from ..caller import never_off
from ..outlets import NumberOutlet, Outlet
from ..phases import PhaseOutlet
from ..settings import EntityChargerSettings
from ..values import is_known, plugged_of
from .base import EntityLoad, Reader

# It has no lease: out of reach it goes on with what it was told last, for ever.
_NO_LEASE_S: Final = 10 * 365 * 86_400.0
# One that has ended a charge by itself is asked again after this: for the next vehicle.
_ASK_AGAIN_S: Final = 900.0
# The same full vehicle is asked later and later.
_ASK_AGAIN_MOST_S: Final = 3600.0
# A power sensor may tell of the end this long before the switch does.
_SENSOR_AHEAD_S: Final = 30.0
# A vehicle takes about what it is offered, on one phase at least.
_TAKEN: Final = 0.75
# Chargers count in whole or half amperes whatever their number's step is.
_LEAST_SLACK_A: Final = 0.5
_WHOLE_A: Final = 0.95


class Patience:
    """How long a charger that has ended a charge by itself is left alone."""

    def __init__(self) -> None:
        """Wait for nothing."""
        self._since: float | None = None
        self._wait_s = 0.0
        self._waits = False

    def begin(self, now: float) -> None:
        """Wait; twice as long where it has ended a charge soon after it was asked."""
        since = self._since
        again = since is not None and now - since < self._wait_s + _ASK_AGAIN_S
        self._wait_s = (
            min(2.0 * self._wait_s, _ASK_AGAIN_MOST_S) if again else _ASK_AGAIN_S
        )
        self._since, self._waits = now, True

    def lasts(self, now: float) -> bool:
        """Return whether it is to be left alone now."""
        return self._waits and now - (self._since or 0.0) < self._wait_s

    def break_off(self) -> None:
        """Wait no more: it charges."""
        self._waits = False

    def forget(self) -> None:
        """Begin anew."""
        self._since, self._waits = None, False


class EntityChargerLoad(EntityLoad[EntityChargerSettings]):
    """Its set-points are amperes per phase."""

    _current: NumberOutlet
    _phase: PhaseOutlet | None
    _phases: int | None = None
    _wanted = True
    _there: bool | None = None
    _drew_at = float("-inf")

    def __init__(self, hass: HomeAssistant, settings: EntityChargerSettings) -> None:
        """Follow nothing yet: ``async_open`` begins."""
        super().__init__(hass, settings)
        self._patience = Patience()

    @override
    def _make_outlets(self) -> tuple[Outlet, ...]:
        settings = self.settings
        self._current = NumberOutlet(
            self._hass,
            settings.name,
            settings.current_entity,
            repeat_s=settings.repeat_s,
        )
        self._switch = self._new_switch(settings.switch_entity)
        self._phase = (
            PhaseOutlet(
                self._hass,
                settings.name,
                settings.phase_words,
                repeat_s=settings.repeat_s,
            )
            if settings.phase_words is not None
            else None
        )
        outlets = (self._current, self._switch, self._phase)
        return tuple(outlet for outlet in outlets if outlet is not None)

    @property
    @override
    def _other_sensor(self) -> tuple[str | None, Reader]:
        return self.settings.vehicle_entity, self._wants

    @property
    @override
    def _level_shown(self) -> float | None:
        return self._current.shown

    @override
    def _fitted(self, value: float) -> float:
        if value < self.settings.min_a:
            return 0.0
        value = min(value, self.settings.max_a)
        current_a = self._current.nearest(value)
        # What cannot be told that small is nothing: it would be more than decided.
        return current_a if current_a <= value + FLOAT_SLACK else 0.0

    @property
    @override
    def _slack(self) -> float:
        return max(_LEAST_SLACK_A, 0.4 * max(self.settings.step_a, self._step_a))

    @property
    def _step_a(self) -> float:
        return self._current.bounds[2]

    @override
    def _tolerance(self, outlet: Outlet) -> tuple[float, float]:
        return self._slack, max(self._slack, _WHOLE_A)

    @override
    def _goes_by_itself(self, outlet: Outlet) -> bool:
        # Many chargers turn their switch off when the vehicle leaves.
        return (
            outlet is self._switch
            and outlet.shown == 0
            and self._wants(self._state(self.settings.vehicle_entity)) is False
        )

    @override
    def _gives_up(self, outlet: Outlet) -> bool:
        # A full vehicle, or none: without a sensor nobody else would tell of it. One
        # that took all it was offered to the last was neither: somebody stopped it.
        return (
            outlet is self._switch
            and outlet.shown == 0
            and self.settings.vehicle_entity is None
            and not self._took_all_to_the_last
        )

    @override
    def _gave_up(self, now: float) -> None:
        self._patience.begin(now)

    @property
    def _has_given_up(self) -> bool:
        """Whether it has ended a charge by itself not long ago, and is still off."""
        if self._switch is not None and self._switch.shown:
            self._patience.break_off()
        return self._patience.lasts(monotonic())

    @property
    def _took_all_to_the_last(self) -> bool:
        return (
            self._takes_all(self._state(self.settings.power_entity))
            or monotonic() - self._drew_at < _SENSOR_AHEAD_S
        )

    def _takes_all(self, state: State | None) -> bool:
        """Return whether a power is about what was told."""
        power_w, told_a = power_of(state), self._set_point
        if power_w is None or not told_a:
            return False
        return power_w >= _TAKEN * told_a * NOMINAL_VOLTAGE_V

    @callback
    @override
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        power_entity, old = self.settings.power_entity, event.data["old_state"]
        if event.data["entity_id"] == power_entity and self._takes_all(old):
            self._drew_at = monotonic()
        super()._state_changed(event)

    @property
    @override
    def _on_value(self) -> float:
        return self.settings.min_a

    @override
    async def async_apply(self, value: float, phases: int | None = None) -> None:
        self._phases = phases
        await super().async_apply(value)

    @override
    async def _async_tell(self, value: float, context: Context, now: float) -> None:
        if value == 0 and self._switch is not None:
            if await self._async_set(self._switch, 0.0, context, now):
                await self._async_tell_phases(context, now)
            return
        current_a = self._current.nearest(value)
        if value == 0 and current_a > 0:
            raise never_off(self.settings.name)
        shown_a = self._current.shown
        # More phases at the old current would be more than was decided.
        phases_last = shown_a is None or current_a < shown_a
        if not phases_last:
            await self._async_tell_phases(context, now)
        # First how much, then on: begun the other way round it charges at the old one.
        goes_on = await self._async_set(self._current, current_a, context, now)
        if goes_on and phases_last:
            await self._async_tell_phases(context, now)
        if goes_on and self._switch is not None:
            await self._async_set(self._switch, 1.0, context, now)

    async def _async_tell_phases(self, context: Context, now: float) -> None:
        if self._phase is not None and self._phases is not None:
            await self._phase.async_set(float(self._phases), context, now)

    # ---- LoadSource ------------------------------------------------------------------

    @callback
    @override
    def async_wished(self) -> None:
        self._patience.forget()

    def _wants(self, state: State | None) -> bool | None:
        """Return whether a vehicle wants power; None when nobody tells."""
        if state is None or not is_known(state):
            return None
        return state.state.strip().lower() in self.settings.vehicle_states

    @property
    def _plugged(self) -> bool | None:
        """Whether a vehicle is there; None where nobody can tell.

        One that wants power is. One that wants none may be full, but where a binary
        sensor says no.
        """
        vehicle_entity = self.settings.vehicle_entity
        state = self._state(vehicle_entity)
        wants = self._wants(state)
        if wants or wants is None or vehicle_entity is None:
            return wants
        if split_entity_id(vehicle_entity)[0] == Platform.BINARY_SENSOR:
            return False
        return plugged_of(state)

    @property
    @override
    def counted(self) -> Counted:
        """What tells the ledger of energy and of a vehicle."""
        return replace(super().counted, plugged=self._plugged)

    @property
    @override
    def spec(self) -> ChargerSpec:
        settings = self.settings
        return ChargerSpec(
            **self._common,
            min_a=settings.min_a,
            max_a=settings.max_a,
            step_a=settings.step_a,
            switches_phases=settings.phase_words is not None,
            writes_per_day=settings.writes_per_day,
            safe_a=0.0,
            lease_s=_NO_LEASE_S,
        )

    @property
    @override
    def reading(self) -> ChargerReading:
        settings = self.settings
        if settings.vehicle_entity is None:
            self._wanted = not self._has_given_up
        elif (wants := self._wants(self._state(settings.vehicle_entity))) is not None:
            # A sensor that is away for a moment does not unplug the vehicle.
            self._wanted, self._there = wants, self._plugged
        on = self._switch.shown if self._switch is not None else None
        accepted = self._accepted
        phases = self._phase.shown if self._phase is not None else None
        return ChargerReading(
            **self._told(),
            wants_power=self._wanted,
            plugged=self._there,
            phases=int(phases) if phases is not None else None,
            offered_a=accepted[0] if accepted else self._shown,
            offered_at=accepted[1] if accepted else None,
            offering=None if on is None else bool(on),
        )
