"""What was decided, told to the loads; who only observes tells nothing but checks."""

import logging

from homeassistant.core import callback

from ..control.cycle import Cycle
from ..control.model import Decision, Reason
from ..control.settings import HomeSettings
from .controls import Controls
from .sources import FollowedLoads
from .store import HomeMemory

_LOGGER = logging.getLogger("custom_components.surplus.coordinator")


class Commands:
    """Hands decisions to whoever carries commands to a load."""

    def __init__(
        self, memory: HomeMemory, loads: FollowedLoads, controls: Controls
    ) -> None:
        """Have told nothing yet."""
        self._memory = memory
        self._loads = loads
        self._controls = controls
        # Loads in hand that a check has moved while Home only observes.
        self._put_back: set[str] = set()

    @callback
    def async_tell(self, cycle: Cycle, checking: frozenset[str]) -> None:
        """Pass decisions on; an observer only carries out a check it was asked for.

        ``checking`` are the loads that are being checked. After it what a person has in
        hand is put back as it was.
        """
        for decision in cycle.decisions:
            load_id = decision.load_id
            commander = self._loads.commanders.get(load_id)
            if commander is None or decision.reason is Reason.UNREACHABLE:
                continue
            if load_id in cycle.checks:
                self._put_back.add(load_id)
            asked = load_id in checking or self._is_put_back(decision)
            if self._memory.observing and not asked:
                self._only_watch(load_id)
            else:
                commander.tell(decision.setpoint)

    @callback
    def async_check_broken_off(self, load_id: str) -> None:
        """Put back what a check has moved that ended without a decision."""
        self._put_back.add(load_id)

    @callback
    def async_wait(self) -> None:
        """Let go of all where nothing can be decided yet, and nobody commands."""
        if self._memory.observing:
            for load_id in self._loads.commanders:
                self._only_watch(load_id)

    @callback
    def async_let_go(self) -> None:
        """Leave every load on its safe state: nobody decides for it any more."""
        for commander in self._loads.commanders.values():
            commander.tell(None)

    def _is_put_back(self, decision: Decision) -> bool:
        """Whether a check has moved what a person has in hand, and it is not back yet."""
        load_id = decision.load_id
        if load_id not in self._put_back:
            return False
        by_hand = self._controls.modes(load_id).by_hand
        if not by_hand or decision.reason is not Reason.RESTING:
            self._put_back.discard(load_id)
        return by_hand

    def _only_watch(self, load_id: str) -> None:
        by_hand = self._controls.modes(load_id).by_hand
        self._loads.commanders[load_id].tell(None, by_hand=by_hand)


def log_cycle(cycle: Cycle, settings: HomeSettings, meter: str | None) -> None:
    """Say what was decided to those who have asked for it."""
    if not _LOGGER.isEnabledFor(logging.DEBUG):
        return
    _LOGGER.debug("Grid power updated: %s W (%s, %s)", cycle.grid_w, meter, cycle.meter)
    _LOGGER.debug(
        "PID trim off: target %s W, margin %s W, surplus %s W, budget %s W",
        settings.grid_target_w,
        settings.margin_w,
        cycle.surplus_w,
        cycle.budget_w,
    )
    for decision in cycle.decisions:
        _LOGGER.debug(
            "Allocated %s %s: %s %s",
            decision.load_id,
            decision.setpoint.value if decision.setpoint else "nothing",
            decision.reason,
            dict(decision.numbers),
        )
