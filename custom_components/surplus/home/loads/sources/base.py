"""What all loads made of entities share: following states, commanding, letting go."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable
import logging
from typing import Any, Final, override

from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event

from ....clock import monotonic
from ....control.ledger import Counted
from ....metering import instant_of, power_of
from ....registry import LoadSource
from ..caller import unreachable
from ..const import Release
from ..handover import Handover, OurContexts
from ..outlets import Outlet, SwitchOutlet
from ..settings import LoadSettings
from ..values import Doubts, energy_of, is_known, is_there

_LOGGER = logging.getLogger(__name__)

# Reads a state; None of one that cannot be used.
type Reader = Callable[[State | None], Any]

# Nearer than this part of its range, a device has rounded what it was told.
ROUNDING: Final = 0.05
# What of 0 and 1 is the same, and what is rounding.
_SWITCHED: Final = (0.1, 0.0)


class EntityLoad[S: LoadSettings](LoadSource):
    """A load commanded through entities of other integrations.

    It lives as long as its outlets stay the same; other settings may change meanwhile.
    """

    _switch: SwitchOutlet | None = None

    def __init__(self, hass: HomeAssistant, settings: S) -> None:
        """Follow nothing yet: ``async_open`` begins."""
        self.settings = settings
        self.doubts = Doubts(settings.name)
        self._hass = hass
        self._outlets = self._make_outlets()
        self._ours = OurContexts()
        self._handovers = {
            outlet: self._new_handover(outlet) for outlet in self._outlets
        }
        self._set_point: float | None = None
        self._taken_over: float | None = None
        # Let go of with what a person had set.
        self._in_hand = False
        self._kept: frozenset[str] = frozenset()
        self._accepted: tuple[float, float] | None = None
        self._lost_at = monotonic()
        self._listeners: list[Callable[[], None]] = []
        self._stop: CALLBACK_TYPE | None = None
        self._closed = False
        self._lock = asyncio.Lock()

    # ---- what each kind says ---------------------------------------------------------

    @abstractmethod
    def _make_outlets(self) -> tuple[Outlet, ...]:
        """Return what is commanded."""

    @property
    @abstractmethod
    def _other_sensor(self) -> tuple[str | None, Reader]:
        """The entity that tells something else than the power, and what reads it."""

    @property
    @abstractmethod
    def _level_shown(self) -> float | None:
        """The set-point that the commanded entities show where the switch is on."""

    @abstractmethod
    def _fitted(self, value: float) -> float:
        """Return what a set-point becomes within what the entities can be told."""

    @abstractmethod
    async def _async_tell(self, value: float, context: Context, now: float) -> None:
        """Bring the entities to a fitted set-point."""

    @property
    @abstractmethod
    def _slack(self) -> float:
        """By how much set-points may differ and still be the same."""

    @abstractmethod
    def _tolerance(self, outlet: Outlet) -> tuple[float, float]:
        """Return what is the same and what is rounding, in a level outlet's own unit."""

    def _goes_by_itself(self, outlet: Outlet) -> bool:
        """Return whether what an outlet shows now is the device's own doing."""
        return False

    def _gives_up(self, outlet: Outlet) -> bool:
        """Return whether what no order explains is the device's own doing all the same.

        It is taken at its word for a while then: from ``_gave_up`` on.
        """
        return False

    def _gave_up(self, now: float) -> None:
        """Take note of that."""

    @property
    @abstractmethod
    def _on_value(self) -> float:
        """The set-point it is left at where it is to be left on."""

    # ---- what they share -------------------------------------------------------------

    def _new_switch(self, entity_id: str | None) -> SwitchOutlet | None:
        if entity_id is None:
            return None
        settings = self.settings
        return SwitchOutlet(
            self._hass, settings.name, entity_id, repeat_s=settings.repeat_s
        )

    @property
    def _sensors(self) -> dict[str, Reader]:
        """The entities that only tell, each with what reads it."""
        sensors = ((self.settings.power_entity, power_of), self._other_sensor)
        return {entity_id: read for entity_id, read in sensors if entity_id}

    @property
    def _shown(self) -> float | None:
        """The set-point that the commanded entities show, in the load's unit."""
        on = self._switch.shown if self._switch is not None else 1.0
        return self._level_shown if on else on

    # ---- life ------------------------------------------------------------------------

    @callback
    def async_open(self) -> None:
        """Follow the entities."""
        self._track()

    @callback
    def async_reconfigure(self, settings: S) -> None:
        """Take over settings that leave the outlets as they are."""
        self.settings = settings
        self.doubts.name = settings.name
        for outlet in self._outlets:
            outlet.name = settings.name
            outlet.repeat_s = settings.repeat_s
        self._track()
        self._notify()

    @callback
    def async_succeed(self, before: EntityLoad[Any]) -> None:
        """Go on where another load was that is made of some of the same entities.

        Those are not let go of when the other one is closed.
        """
        self._ours = before._ours
        handovers = before._handovers
        known = {
            outlet.entity_ids: handover
            for outlet, handover in handovers.items()
            if outlet.entity_ids
        }
        self._handovers = {
            outlet: known.get(outlet.entity_ids) or self._new_handover(outlet)
            for outlet in self._outlets
        }
        before._kept = frozenset(self._commanded)
        if set(self._commanded) == set(before._commanded):
            self._set_point = before._set_point
            self._taken_over = before._taken_over
            self._accepted = before._accepted

    async def async_close(self, *, by_hand: bool) -> None:
        """Let go of it, and take no more commands."""
        self._closed = True
        try:
            await self.async_release(by_hand=by_hand)
        finally:
            if self._stop is not None:
                self._stop()
                self._stop = None

    @callback
    def async_reopen(self) -> None:
        """Take commands again."""
        self._closed = False

    def _track(self) -> None:
        if self._stop is not None:
            self._stop()
        entity_ids = {*self._commanded, *self._sensors}
        self._stop = async_track_state_change_event(
            self._hass, entity_ids, self._state_changed
        )

    @property
    def _commanded(self) -> tuple[str, ...]:
        return tuple(
            entity_id for outlet in self._outlets for entity_id in outlet.entity_ids
        )

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        data = event.data
        entity_id, new = data["entity_id"], data["new_state"]
        if (read := self._sensors.get(entity_id)) is not None:
            self.doubts.judge(entity_id, new, usable=read(new) is not None)
        if entity_id in self._commanded:
            self.doubts.judge(entity_id, new, usable=is_known(new))
            self._command_shown(entity_id, data["old_state"], new, event.context)
        self._notify()

    def _command_shown(
        self, entity_id: str, old: State | None, new: State | None, context: Context
    ) -> None:
        if not is_there(new) or not is_there(old):
            # What a device shows when it comes back is nobody's order.
            self._forget()
            self._lost_at = monotonic()
            return
        moved = [
            outlet
            for outlet in self._outlets
            if entity_id in outlet.entity_ids and self._is_moved(outlet, context)
        ]
        shown = self._shown
        if not moved or shown is None or self._set_point is None:
            return
        before = self._set_point if self._taken_over is None else self._taken_over
        if abs(shown - before) <= self._slack:
            # The level of what is off, say: it makes no difference.
            for outlet in moved:
                self._handovers[outlet].taken_over = None
            return
        self._taken_over = shown
        for outlet in self._outlets:
            outlet.forget()
        self._accepted = (shown, monotonic())
        _LOGGER.info("%s was set to %s from outside", self.settings.name, shown)

    def _is_moved(self, outlet: Outlet, context: Context) -> bool:
        """Return whether an outlet shows what somebody else has set."""
        shown = outlet.shown
        if shown is None:
            return False
        handover = self._handovers[outlet]
        by_somebody = bool(context.user_id or context.parent_id)
        if not by_somebody and self._goes_by_itself(outlet):
            handover.forget()
            outlet.forget()
            return False
        if self._taken_over is not None:
            return not self._ours.has(context)
        slack, rounding = (
            _SWITCHED if isinstance(outlet, SwitchOutlet) else self._tolerance(outlet)
        )
        now = monotonic()
        if not handover.shows(shown, context, now, slack=slack, rounding=rounding):
            return False
        if by_somebody or not self._gives_up(outlet):
            return True
        handover.forget()
        outlet.forget()
        self._gave_up(now)
        return False

    def _new_handover(self, outlet: Outlet) -> Handover:
        return Handover(self._ours, binary=isinstance(outlet, SwitchOutlet))

    def _forget(self) -> None:
        self._set_point = self._taken_over = None
        self._in_hand = False
        for outlet in self._outlets:
            if not outlet.entity_ids or not self._kept.issuperset(outlet.entity_ids):
                self._handovers[outlet].forget()
            outlet.forget()

    # ---- LoadSource ------------------------------------------------------------------

    @property
    @override
    def taken_over(self) -> float | None:
        return self._taken_over

    @override
    async def async_apply(self, value: float, phases: int | None = None) -> None:
        if self._closed:
            return
        async with self._lock:
            fitted = self._fitted(value)
            taken = self._taken_over
            if taken is not None and abs(fitted - taken) <= self._slack:
                # Home wants what a person has set, which is there already.
                self._set_point = fitted
                return
            await self._async_command(fitted)
            if self._taken_over is None and (
                self._accepted is None or self._accepted[0] != fitted
            ):
                self._accepted = (fitted, monotonic())
        self._notify()

    @override
    async def async_release(self, *, by_hand: bool = False) -> None:
        """Leave it as chosen: what was never told anything, or is a person's, as it is."""
        if by_hand:
            # It goes on being seen what that person does next.
            self._in_hand = True
            return
        async with self._lock:
            left_at = {
                Release.OFF: 0.0,
                Release.KEEP: None,
                Release.ON: self._on_value,
            }[self.settings.release]
            if (
                self._set_point is not None
                and self._taken_over is None
                and not self._in_hand
                and left_at is not None
            ):
                await self._async_command(self._fitted(left_at))
            self._forget()
            self._accepted = None
        self._notify()

    @callback
    @override
    def async_insist(self) -> None:
        """Tell all of it once more with the next set-point."""
        for outlet in self._outlets:
            outlet.insist()

    @override
    def async_wished(self) -> None:
        """Wait for nothing, as most kinds."""

    async def _async_command(self, fitted: float) -> None:
        if not self.reachable:
            raise unreachable(self.settings.name)
        self._set_point, self._taken_over, self._in_hand = fitted, None, False
        await self._async_tell(fitted, self._ours.new(), monotonic())

    async def _async_set(
        self, outlet: Outlet, value: float, context: Context, now: float
    ) -> bool:
        """Set one outlet; returns whether no person has come before the rest of it."""
        if outlet.entity_ids and self._kept.issuperset(outlet.entity_ids):
            return True
        handover = self._handovers[outlet]
        handover.begins(value, outlet.shown, now)
        try:
            await outlet.async_set(value, context, now)
        finally:
            handover.ended(monotonic())
        return self._taken_over is None

    @override
    def async_subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        self._listeners.append(on_change)
        return lambda: self._listeners.remove(on_change)

    @callback
    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    # ---- what readings share ---------------------------------------------------------

    @property
    def reachable(self) -> bool:
        """Whether everything that is commanded can be."""
        return all(outlet.available for outlet in self._outlets)

    def _state(self, entity_id: str | None) -> State | None:
        return self._hass.states.get(entity_id) if entity_id is not None else None

    @property
    def _common(self) -> dict[str, Any]:
        """Return what specs of every kind hold."""
        settings = self.settings
        return {
            "load_id": settings.load_id,
            "name": settings.name,
            "priority": settings.priority,
            "phases": settings.phases,
            "learns_phase": settings.learns_phase,
            "min_on_s": settings.min_on_s,
            "min_off_s": settings.min_off_s,
        }

    def _told(self) -> dict[str, Any]:
        """Return what readings of every kind hold."""
        reachable = self.reachable
        state = self._state(self.settings.power_entity)
        power_w = power_of(state)
        return {
            "reachable": reachable,
            "link_lost_at": None if reachable else self._lost_at,
            "power_w": power_w,
            "power_at": instant_of(state) if state and power_w is not None else None,
        }

    @property
    def counted(self) -> Counted:
        """What its own counter shows, for the ledger (``registry.CountingSource``)."""
        return Counted(register_wh=energy_of(self._state(self.settings.energy_entity)))

    def as_dict(self) -> dict[str, Any]:
        """Return what helps to find out what is wrong."""
        return {
            "load": self.settings.load_id,
            "reachable": self.reachable,
            "shown": self._shown,
            "told": self._set_point,
            "taken_over": self.taken_over,
            "unusable": self.doubts.as_dict(),
        }
