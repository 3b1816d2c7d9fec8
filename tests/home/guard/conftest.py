"""A Home whose guard says what a test wants it to say."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.control.cycle import Cycle
from custom_components.surplus.control.model import GuardState, Snapshot
from custom_components.surplus.control.record import RecordedEngine

from ..conftest import Life


@dataclass
class HandGuard:
    """What the guard says in the cycles to come; events are said once."""

    state: GuardState

    def says(self, **state: object) -> None:
        self.state = replace(self.state, **state)


@pytest.fixture
def guard() -> Generator[HandGuard]:
    hand = HandGuard(state=GuardState())
    decide = RecordedEngine.cycle

    def cycle(engine: RecordedEngine, snapshot: Snapshot) -> Cycle:
        made = replace(decide(engine, snapshot), guard=hand.state)
        hand.says(events=())
        return made

    with patch.object(RecordedEngine, "cycle", cycle):
        yield hand


@pytest.fixture
def house(guard: HandGuard, life: Life, home_entry: MockConfigEntry) -> Life:
    """Return a running Home of that guard."""
    return life
