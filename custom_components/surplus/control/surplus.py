"""What the sun leaves to all loads together, and what they may use of it."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from .battery import Batteries, BatteryShare
from .blind import Balance, HouseModel
from .freshness import MeterState
from .loads.base import Follower
from .model import GridReading, Snapshot
from .probing import Probing
from .settings import HomeSettings

# Longer than the clouds of a minute, and than the sensor of a production is late.
_SUN_REMEMBERED_S = 900.0
# An inverter takes some watts in the night. What is less is counted the wrong way round.
_LEAST_SOLAR_W = -100.0
# What is left beyond the sun is given up for what is drawn, so many times: where nothing
# is, a load that takes less than believed may be told more.
_GIVEN_UP = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """What is left at the instant of a grid reading, in W.

    ``left_w`` is what the sun leaves to all loads together, ``available_w`` what they
    may use of it under target and margin, with ``probed_w`` that nobody has seen yet.
    """

    balance: Balance
    battery: BatteryShare
    left_w: float
    available_w: float
    probed_w: float

    @property
    def known(self) -> bool:
        """Whether the grid meter, or a model, tells export from import."""
        return self.balance.grid.power_w is not None


class _Sunshine:
    """The most that the sun can have left in the last minutes.

    What loads without a sensor are believed to draw counts as surplus while they run. One
    that draws less would go on in the night, for what it is believed to save.
    """

    def __init__(self) -> None:
        """Know nothing: then there may be any sun."""
        # The most since each instant; falling.
        self._most: deque[tuple[float, float]] = deque()

    def most_w(self, at: float, solar_w: float | None, shown_w: float) -> float:
        """Return the most that it can leave; inf where nobody tells the production.

        ``shown_w`` is what is left as far as anything measures it: a production sensor
        may be late, or see one of two roofs.
        """
        if solar_w is None or not solar_w > _LEAST_SOLAR_W:
            return inf
        given_w, most = max(0.0, solar_w, shown_w), self._most
        if not most or at > most[-1][0]:
            while most and most[-1][1] <= given_w:
                most.pop()
            most.append((at, given_w))
        while most[0][0] < at - _SUN_REMEMBERED_S:
            most.popleft()
        return max(given_w, most[0][1])


class SurplusModel:
    """Batteries, the house behind a meter that sees no export, and sun held back."""

    def __init__(self) -> None:
        """Know nothing of the house."""
        self._batteries = Batteries()
        self._house = HouseModel()
        self._probing = Probing()
        self._sunshine = _Sunshine()

    @property
    def battery_state(self) -> MeterState:
        """How fresh the batteries' readings are."""
        return self._batteries.state

    def observe(self, snapshot: Snapshot) -> None:
        """Take in the newest readings of the batteries."""
        self._batteries.observe(snapshot.batteries, snapshot.now)

    def surplus(
        self,
        settings: HomeSettings,
        snapshot: Snapshot,
        grid: GridReading,
        followers: Sequence[Follower],
        own_w: Mapping[str, float],
        *,
        is_new: bool,
        dt_s: float,
        voltage_v: float,
    ) -> Surplus:
        """Return the surplus at the instant of the grid reading.

        ``own_w`` is what each load drew then, ``dt_s`` the time since the previous
        reading; only one that ``is_new`` tells how the inverter answered.
        """

        # Loads out of reach cannot follow: for the surplus they are part of the house.
        reached = [pair for pair in followers if pair[0].reading.reachable]
        drawn_w = sum([own_w[load.spec.load_id] for load, _ in reached])

        def followed_w(at: float) -> float:
            if at == grid.at:
                return drawn_w
            return sum(
                control.counted_w(load.reading, at, snapshot.now, voltage_v)
                for load, control in reached
            )

        # Two models of the house would be one too many beside a battery.
        balance = (
            Balance(grid=grid)
            if snapshot.batteries
            else self._house.balance(grid, snapshot.solar_w, drawn_w)
        )
        battery = self._batteries.share(balance.grid, followed_w, dt_s)
        believed_w = sum(
            [
                own_w[load.spec.load_id]
                for load, _ in reached
                if load.reading.power_w is None
            ]
        )
        battery = self._as_far_as_sun(battery, snapshot, drawn_w, believed_w)
        probed_w = 0.0
        if settings.zero_export:
            if is_new:
                self._probing.observe(
                    grid,
                    solar_w=snapshot.solar_w,
                    own_w=drawn_w,
                    needs_w=_least_wanted(followers, voltage_v, snapshot.cheap),
                    dt_s=dt_s,
                )
            probed_w = self._probing.offer_w
        return Surplus(
            balance=balance,
            battery=battery,
            left_w=battery.surplus_w,
            available_w=battery.surplus_w
            + settings.grid_target_w
            - settings.margin_w
            - battery.kept_w
            + probed_w,
            probed_w=probed_w,
        )

    def _as_far_as_sun(
        self,
        battery: BatteryShare,
        snapshot: Snapshot,
        drawn_w: float,
        believed_w: float,
    ) -> BatteryShare:
        """Return the share with no more left than the sun can give.

        ``drawn_w`` is what loads draw, ``believed_w`` what of it nobody measures.
        """
        left_w = battery.surplus_w
        lacks_w = drawn_w - left_w
        most_w = self._sunshine.most_w(
            battery.at, snapshot.solar_w, left_w - max(0.0, believed_w)
        )
        wrong_w = min(left_w - most_w, _GIVEN_UP * lacks_w)
        if wrong_w <= 0:
            return battery
        return replace(
            battery,
            surplus_w=left_w - wrong_w,
            sun_left_w=battery.sun_left_w - wrong_w,
        )


def _least_wanted(
    followers: Sequence[Follower], voltage_v: float, cheap: bool | None
) -> float | None:
    """Return the least that a load needs to take more: 0 where a running one could."""
    wants = [
        0.0 if control.switching.on else control.span_w(voltage_v).least_w
        for load, control in followers
        if control.follows_surplus(load, cheap)
    ]
    return min(wants, default=None)


def house_w(
    grid: GridReading, solar_w: float | None, battery: BatteryShare
) -> float | None:
    """Return what the whole house consumes; without the production nobody knows."""
    if grid.power_w is None or solar_w is None or battery.power_w is None:
        return None
    return grid.power_w + solar_w + battery.power_w
