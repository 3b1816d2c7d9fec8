"""What the loads draw, and may draw: as far as each can say it."""

from collections.abc import Mapping, Sequence

from .failures import Failures
from .loads.base import Follower


def own_powers(
    controls: Sequence[Follower],
    at: float,
    now: float,
    voltage_v: float,
    failures: Failures,
) -> dict[str, float]:
    """Return what each load draws at an instant, of those that can say it."""
    own_w = {}
    for load, control in controls:
        try:
            drawn_w = control.counted_w(load.reading, at, now, voltage_v)
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            failures.note(load, error)
        else:
            own_w[load.spec.load_id] = drawn_w
    return own_w


def most_powers(
    controls: Sequence[Follower],
    own_w: Mapping[str, float],
    now: float,
    failures: Failures,
) -> dict[str, float]:
    """Return what each load may draw: one that moves otherwise is no draw of the house."""
    most_w = dict(own_w)
    for load, control in controls:
        if not control.orders.moving:
            continue
        load_id = load.spec.load_id
        may_draw_w = failures.attempt(
            load, control.orders.may_draw_w, own_w[load_id], now
        )
        if may_draw_w is not None:
            most_w[load_id] = may_draw_w
    return most_w
