"""Noticing that a person has moved a load from outside."""

from collections.abc import Mapping


class Overrides:
    """Knows what each load source last said of a person.

    A source goes on saying it until it is told another set-point, so only a change is
    news: an override that has ended, or was resumed from, must not begin again.
    """

    def __init__(self, by_hand: Mapping[str, float | None]) -> None:
        """Go on from what persons have in hand since before a restart: it is no news."""
        self._seen = dict(by_hand)

    def news(self, taken_over: Mapping[str, float | None]) -> dict[str, float]:
        """Return the loads that a person has moved since the last call, and to what."""
        moved = {
            load_id: value
            for load_id, value in taken_over.items()
            if value is not None and value != self._seen.get(load_id)
        }
        # One that is away for a moment has not forgotten.
        self._seen.update(taken_over)
        return moved
