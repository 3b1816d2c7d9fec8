"""evcc, and a heater router that knows nothing of it: two loops on one meter.

Many houses have it so. The router brings the grid to nothing every second, so the
charger, which waits a minute for an export, sees none.
"""

from collections.abc import Mapping
from typing import override

from .baselines import Evcc
from .seen import HeaterCommand, Order, Seen

# The part of the grid's error that it corrects each second: more would make it swing,
# since what it does shows two seconds later.
_GAIN = 0.5


class EvccWithRouter(Evcc):
    """Each does what it would do alone; nobody commands relays."""

    def __init__(self) -> None:
        """Begin with everything off."""
        super().__init__()
        self._wanted_w: dict[str, float] = {}

    @override
    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        """Let the charger have its tick and the heaters theirs."""
        orders = dict(super().__call__(seen))
        grid_w = seen.grid.value if seen.grid is not None else 0.0
        for heater in seen.heaters:
            case = heater.case
            wanted_w = self._wanted_w.get(case.load_id, 0.0) - _GAIN * grid_w
            wanted_w = min(case.stated_w, max(0.0, wanted_w))
            self._wanted_w[case.load_id] = wanted_w
            share = round(wanted_w / case.stated_w, 2)
            orders[case.load_id] = HeaterCommand(share=share)
        return orders
