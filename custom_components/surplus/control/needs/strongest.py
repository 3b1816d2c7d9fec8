"""Which of the wishes of several schedules and needs for one load counts."""

from collections.abc import Iterable
from dataclasses import replace

from ..model import ChargerSpec, HeaterSpec, LoadSpec, Reason, StorageSpec, Wish

# Of two wishes for the same, the one that is told.
_STRENGTH = {Reason.CAR_MINIMUM: 2, Reason.NEEDED: 1, Reason.SCHEDULED: 0}


def strongest_of(wishes: Iterable[Wish], spec: LoadSpec) -> Wish:
    """Return the wish that counts: a stop before all, then the greatest.

    What is as much as the load can take is all of it.
    """

    def strength(wish: Wish) -> tuple[bool, float, int]:
        value = float("inf") if wish.value is None else wish.value
        return wish.stops, value, _STRENGTH.get(wish.reason, 0)

    strongest = max(wishes, key=strength)
    value = strongest.value
    if value and value >= _most_of(spec):
        return replace(strongest, value=None)
    return strongest


def _most_of(spec: LoadSpec) -> float:
    """Return the greatest set-point of a load; any runs one that is on or off."""
    match spec:
        case ChargerSpec():
            return spec.max_a
        case HeaterSpec():
            return spec.max_w
        case StorageSpec():
            return spec.charge_w
    return 0.0
