"""Where the number of phases of another integration's charger is set."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.input_boolean import DOMAIN as INPUT_BOOLEAN_DOMAIN
from homeassistant.components.input_select import DOMAIN as INPUT_SELECT_DOMAIN
from homeassistant.components.number.const import (
    ATTR_MAX,
    ATTR_MIN,
    ATTR_VALUE,
    SERVICE_SET_VALUE,
)
from homeassistant.components.select.const import ATTR_OPTIONS, DOMAIN as SELECT_DOMAIN
from homeassistant.components.switch.const import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_OPTION,
    SERVICE_SELECT_OPTION,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import Context, HomeAssistant, State

from .caller import async_call
from .outlets import NUMBER_DOMAINS, Outlet
from .values import attribute_of, is_there

SELECT_DOMAINS: Final = (SELECT_DOMAIN, INPUT_SELECT_DOMAIN)
TOGGLE_DOMAINS: Final = (SWITCH_DOMAIN, INPUT_BOOLEAN_DOMAIN)
PHASES_DOMAINS: Final = (*SELECT_DOMAINS, *NUMBER_DOMAINS, *TOGGLE_DOMAINS)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseWords:
    """An entity, and what it shows on one phase and on ``count`` of them."""

    entity_id: str
    one: str
    all: str
    count: int

    @property
    def domain(self) -> str:
        """The entity's domain."""
        return self.entity_id.partition(".")[0]


def can_say(words: PhaseWords, state: State | None) -> bool:
    """Return whether an entity can be told both words, as far as that is known now."""
    if words.one == words.all:
        return False
    said = {words.one, words.all}
    if words.domain in TOGGLE_DOMAINS:
        return said == {STATE_ON, STATE_OFF}
    if words.domain in NUMBER_DOMAINS:
        low, high = attribute_of(state, ATTR_MIN), attribute_of(state, ATTR_MAX)
        return all(
            (number := _number(word)) is not None
            and (low is None or number >= low)
            and (high is None or number <= high)
            for word in said
        )
    options = state.attributes.get(ATTR_OPTIONS) if state is not None else None
    return options is None or said <= set(options)


class PhaseOutlet(Outlet):
    """A choice, a number or a switch that stands for a number of phases."""

    def __init__(
        self, hass: HomeAssistant, name: str, words: PhaseWords, *, repeat_s: float
    ) -> None:
        """Set that entity."""
        super().__init__(hass, name, repeat_s)
        self._words = words

    @property
    def _state(self) -> State | None:
        return self._hass.states.get(self._words.entity_id)

    @property
    @override
    def entity_ids(self) -> tuple[str, ...]:
        return (self._words.entity_id,)

    @property
    @override
    def available(self) -> bool:
        return is_there(self._state)

    @property
    @override
    def shown(self) -> float | None:
        """How many phases it shows; None where that is neither of both words."""
        state, words = self._state, self._words
        if state is None:
            return None
        if _same(state.state, words.one):
            return 1.0
        return float(words.count) if _same(state.state, words.all) else None

    @override
    async def _async_send(self, value: float, context: Context) -> None:
        words = self._words
        word = words.one if value == 1 else words.all
        data: dict[str, str | float] = {ATTR_ENTITY_ID: words.entity_id}
        if words.domain in SELECT_DOMAINS:
            service = SERVICE_SELECT_OPTION
            data[ATTR_OPTION] = word
        elif words.domain in NUMBER_DOMAINS:
            service = SERVICE_SET_VALUE
            data[ATTR_VALUE] = float(word)
        else:
            service = SERVICE_TURN_ON if word == STATE_ON else SERVICE_TURN_OFF
        await async_call(
            self._hass, self.name, f"{words.domain}.{service}", data, context
        )


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _same(state: str, word: str) -> bool:
    if state == word:
        return True
    number = _number(word)
    return number is not None and _number(state) == number
