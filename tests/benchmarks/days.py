"""Tiny synthetic days for the closed-loop benchmark."""

from collections.abc import Mapping, Sequence

from benchmarks.closed_loop.cases import Case, Day
from benchmarks.closed_loop.record import Record
from benchmarks.closed_loop.seen import Command, Order, Seen

BASE_W = 300.0


def day(surplus_w: Sequence[float], begin_s: int = 36_000) -> Day:
    return Day(
        begin_s=begin_s,
        solar_w=tuple(BASE_W + watts for watts in surplus_w),
        base_w=(BASE_W,) * len(surplus_w),
    )


def case(surplus_w: Sequence[float], **changes: object) -> Case:
    one = day(surplus_w)
    return Case(name="T", text="tiny", build=lambda: one, **changes)


def record(
    surplus_w: Sequence[float],
    loads_w: Sequence[float],
    *,
    on: Sequence[bool] | None = None,
    ev_w: Sequence[float] | None = None,
    **changes: object,
) -> Record:
    """A day that has already gone, its one car drawing ``ev_w`` of ``loads_w``."""
    tiny = case(surplus_w, **changes)
    made = tiny.build()
    drawn = [watts / 230.0 for watts in loads_w]
    return Record(
        case=tiny,
        day=made,
        loads_w=list(loads_w),
        ev_w=list(loads_w if ev_w is None else ev_w),
        grid_w=[
            load + base - solar
            for load, base, solar in zip(
                loads_w, made.base_w, made.solar_w, strict=True
            )
        ],
        ev_a=drawn,
        on=[list(on) if on is not None else [watts > 0 for watts in loads_w]],
        drawn_a=[drawn],
    )


class Orders:
    """Gives any load an order at given seconds of the day's play."""

    def __init__(self, orders: Mapping[int, Mapping[str, Order]]) -> None:
        self._orders = orders
        self.seen: list[Seen] = []

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        self.seen.append(seen)
        return self._orders.get(len(self.seen) - 1, {})


class Script:
    """Tells the car a current at given seconds of the day's play."""

    def __init__(self, currents: Mapping[int, float], load_id: str = "car") -> None:
        self._currents = currents
        self._load_id = load_id
        self._first: float | None = None
        self.seen: list[Seen] = []

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        self.seen.append(seen)
        if self._first is None:
            self._first = seen.now
        current_a = self._currents.get(int(seen.now - self._first))
        if current_a is None:
            return {}
        return {self._load_id: Command(current_a=current_a, phases=1)}
