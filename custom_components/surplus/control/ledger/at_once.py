"""What energy would have cost if it had been taken at once.

Beside a load runs a shadow of it that takes all it can from the beginning: from the
moment a vehicle is connected, and of other loads from midnight. It pays the prices of
those moments, and takes the sun and the battery that would have been there for it then.
The shadow is always ahead. What the load takes later is compared, kWh by kWh, with what
the shadow has paid for its first ones: first bought, first compared.
"""

from collections import deque
from collections.abc import Sequence
from math import isclose

from .saved import amount, number

# What is bought close together is kept together.
_PIECE_WH = 250.0
# So much of a piece is written down: a thousandth of a Wh.
_DIGITS = 6


class AtOnce:
    """What the shadow of a load has bought and the load has not taken yet."""

    def __init__(self, most_wh: float) -> None:
        """Buy no more ahead than ``most_wh``: no battery holds more."""
        self._most_wh = most_wh
        # Energy, cost, and how much of it had no price.
        self._pieces: deque[list[float]] = deque()
        self._held_wh = 0.0

    @property
    def held_wh(self) -> float:
        """How far it is ahead."""
        return self._held_wh

    def clear(self) -> None:
        """Begin anew."""
        self._pieces.clear()
        self._held_wh = 0.0

    def buy(self, energy_wh: float, bought_wh: float, price: float | None) -> None:
        """Take an energy, of which so much is bought of the grid at a price per kWh."""
        takes_wh = min(energy_wh, self._most_wh - self._held_wh)
        if takes_wh <= 0.0:
            return
        part = takes_wh / energy_wh
        cost = 0.0 if price is None else bought_wh * part * price / 1000.0
        unpriced_wh = bought_wh * part if price is None else 0.0
        self._held_wh += takes_wh
        piece = [takes_wh, cost, unpriced_wh]
        if self._pieces and _go_together(last := self._pieces[-1], piece):
            for index, value in enumerate(piece):
                last[index] += value
        else:
            self._pieces.append(piece)

    def saving(self, energy_wh: float, cost: float, *, priced: bool) -> float:
        """Return what was saved by taking an energy now, at a cost, instead.

        Nothing is said of what the shadow has not bought, and where a price is missing.
        """
        wants_wh, at_once, all_priced = energy_wh, 0.0, priced
        pieces = self._pieces
        while wants_wh > 0.0 and pieces:
            piece = pieces[0]
            if piece[0] <= wants_wh:
                pieces.popleft()
                took_wh, paid, unpriced_wh = piece
            else:
                part = wants_wh / piece[0]
                took_wh, paid, unpriced_wh = wants_wh, piece[1] * part, piece[2] * part
                piece[0] -= took_wh
                piece[1] -= paid
                piece[2] -= unpriced_wh
            wants_wh -= took_wh
            at_once += paid
            all_priced = all_priced and unpriced_wh == 0.0
        took_wh = energy_wh - max(0.0, wants_wh)
        self._held_wh = max(0.0, self._held_wh - took_wh) if pieces else 0.0
        if not all_priced or took_wh <= 0.0:
            return 0.0
        return at_once - cost * took_wh / energy_wh

    def as_list(self) -> list[list[float]]:
        """Return it as JSON values."""
        return [
            [round(value, _DIGITS) for value in piece]
            for piece in self._pieces
            if piece[0] > 0.0
        ]

    def restore(self, saved: Sequence[Sequence[float]]) -> None:
        """Go on with what ``as_list`` gave; raises TypeError or ValueError."""
        self._pieces = deque()
        for energy_wh, cost, unpriced_wh in saved:
            one = {"wh": energy_wh, "cost": cost, "unpriced_wh": unpriced_wh}
            self._pieces.append(
                [amount(one, "wh"), number(one, "cost"), amount(one, "unpriced_wh")]
            )
        self._held_wh = sum(piece[0] for piece in self._pieces)


def _go_together(last: Sequence[float], piece: Sequence[float]) -> bool:
    """Return whether a piece is small, or costs as much per Wh as the one before."""
    if last[0] < _PIECE_WH:
        return True
    return all(
        isclose(last[index] * piece[0], piece[index] * last[0], rel_tol=1e-6)
        for index in (1, 2)
    )
