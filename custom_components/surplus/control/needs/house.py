"""What the house takes beside its loads: no plan can count on that."""

from collections.abc import Mapping
from math import isfinite

from ..model import Snapshot

# Of a house nobody has seen yet.
_USUAL_HOUSE_W = 400.0
_SETTLES_S = 6 * 3600.0
_LONGEST_LOOK_S = 600.0


class House:
    """What a house takes beside its loads, on the average of some hours, in W."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.power_w = _USUAL_HOUSE_W
        self._seen_at: float | None = None

    def look(self, snapshot: Snapshot, own_w: Mapping[str, float]) -> None:
        """See what it takes in a snapshot, where that can be told.

        ``own_w`` is what loads draw, also those that nobody measures.
        """
        grid, solar_w = snapshot.grid, snapshot.solar_w
        if grid is None or grid.power_w is None:
            return
        if solar_w is None:
            # Behind an export nobody sees what the house takes.
            if grid.power_w < 0:
                return
            solar_w = 0.0
        batteries_w = sum(battery.power_w for battery in snapshot.batteries)
        if not isfinite(batteries_w):
            # One that is not heard may give or take anything.
            return
        loads_w = 0.0
        for load in snapshot.loads:
            drawn_w = own_w.get(load.spec.load_id, load.reading.power_w)
            if drawn_w is None:
                # Of what is drawn nobody can say yet whether that is the house.
                return
            loads_w += drawn_w
        self.see(grid.power_w + solar_w + batteries_w - loads_w, grid.at)

    def see(self, power_w: float, at: float) -> None:
        """Take in what it takes at an instant; one seen before says nothing more."""
        if self._seen_at is None:
            self.power_w = max(0.0, power_w)
        else:
            passed_s = min(max(0.0, at - self._seen_at), _LONGEST_LOOK_S)
            self.power_w += (max(0.0, power_w) - self.power_w) * passed_s / _SETTLES_S
        self._seen_at = at
