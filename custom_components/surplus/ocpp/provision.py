"""What is asked and set when a charger comes: little, late, and once.

Some firmware reboots when it is flooded with questions, flash wears with each write,
and a list with one unknown measurand may be refused as a whole or crash the charger. So
a charger is asked a short list of keys, told only what differs, and not told again what
it would not take.
"""

from collections.abc import Awaitable, Callable
import contextlib
import logging
from typing import Protocol

from .errors import NoAnswerError, RefusedError
from .link import Link
from .memory import Memory
from .timing import Timing
from .values import plain_key

_LOGGER = logging.getLogger(__name__)

# What its smart charging and its meter can do.
_CAPABILITIES = (
    "SupportedFeatureProfiles",
    "NumberOfConnectors",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "ConnectorSwitch3to1PhaseSupported",
    "MaxChargingProfilesInstalled",
)
_INTERVAL = "MeterValueSampleInterval"
_MEASURANDS = "MeterValuesSampledData"
_HEARTBEAT = "HeartbeatInterval"
_SETTINGS = (_INTERVAL, _MEASURANDS, _HEARTBEAT)

# In the order of their worth, in case the charger does not take them all.
_WANTED_MEASURANDS = (
    "Power.Active.Import",
    "Current.Import",
    "Energy.Active.Import.Register",
    "Voltage",
    "Current.Offered",
)


class Provisioned(Protocol):
    """The charger, as far as it matters here."""

    memory: Memory
    timing: Timing

    def changed(self, *, save: bool = False, note: bool = False) -> None:
        """Tell everybody who looks; ``save`` or ``note`` what is remembered."""


async def configure(charger: Provisioned, link: Link) -> None:
    """Learn what the charger can do and have it send what is needed.

    Raises ``LinkLostError`` only: a charger that refuses all this can still be used.
    """
    memory = charger.memory
    if not memory.probed:
        await _read(link, memory, (*_CAPABILITIES, *_SETTINGS))
        memory.probed = True
    else:
        await _read(link, memory, _SETTINGS)
    if memory.configuration:
        await _set(link, memory, _INTERVAL, str(charger.timing.sample_s))
        await _set(link, memory, _HEARTBEAT, str(charger.timing.heartbeat_s))
        await _set_measurands(link, memory)
    charger.changed(save=True)


async def _read(link: Link, memory: Memory, keys: tuple[str, ...]) -> None:
    """Read settings at once, or one by one where the charger takes fewer."""
    try:
        await _learn(link, memory, *keys)
    except NoAnswerError:
        return
    except RefusedError:
        for key in keys:
            try:
                await _learn(link, memory, key)
            except RefusedError:
                continue
            except NoAnswerError:
                return


async def _learn(link: Link, memory: Memory, *keys: str) -> None:
    """Read settings; what else the charger tells unasked is nobody's business."""
    answer = await link.get_configuration(*keys)
    for key in map(plain_key, keys):
        if key in answer:
            memory.configuration[key] = answer[key]


async def _set(link: Link, memory: Memory, key: str, wanted: str) -> None:
    """Set one setting unless it is so already, or was refused before."""
    plain = plain_key(key)
    have = memory.configuration.get(plain)
    if have is None or have == wanted or memory.stubborn.get(plain) == wanted:
        return
    if await _change(link, key, wanted):
        await _read_back(link, memory, key)
    if memory.configuration.get(plain) != wanted:
        memory.stubborn[plain] = wanted


async def _change(link: Link, key: str, value: str) -> bool:
    try:
        await link.change_configuration(key, value)
    except (NoAnswerError, RefusedError) as error:
        _LOGGER.debug("%s=%s not taken: %s", key, value, error)
        return False
    return True


async def _read_back(link: Link, memory: Memory, key: str) -> None:
    with contextlib.suppress(NoAnswerError, RefusedError):
        await _learn(link, memory, key)


async def _set_measurands(link: Link, memory: Memory) -> None:
    """Ask for the short list; where that is refused, for what of it is taken."""
    plain = plain_key(_MEASURANDS)
    have = _measurands(memory.configuration.get(plain))
    wanted = ",".join(_WANTED_MEASURANDS)
    if (
        plain not in memory.configuration
        or have.issuperset(map(str.casefold, _WANTED_MEASURANDS))
        or memory.stubborn.get(plain) == wanted
    ):
        return
    if not await _change(link, _MEASURANDS, wanted):
        taken: list[str] = []
        for measurand in _WANTED_MEASURANDS:
            if await _change(link, _MEASURANDS, ",".join([*taken, measurand])):
                taken.append(measurand)
    await _read_back(link, memory, _MEASURANDS)
    have = _measurands(memory.configuration.get(plain))
    if not have.issuperset(map(str.casefold, _WANTED_MEASURANDS)):
        memory.stubborn[plain] = wanted


def _measurands(value: str | None) -> set[str]:
    return {part.strip().casefold() for part in (value or "").split(",")}


async def ask(trigger: Callable[[], Awaitable[None]]) -> bool:
    """Ask for a message; return whether asking again makes sense.

    Raises ``LinkLostError``.
    """
    try:
        await trigger()
    except RefusedError:
        return False
    except NoAnswerError:
        return True
    return True
