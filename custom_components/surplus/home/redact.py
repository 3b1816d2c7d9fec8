"""Take the ids of meters and chargers out of what a user gives away.

The same id becomes the same word everywhere, and ids keep their order: what was
recorded with them is decided in that order, and must be replayed to the same decisions.
"""

from collections.abc import Iterable
import json
import re
from typing import Any

# A serial number alone, without the kind in front of it, is replaced from this length
# on: shorter ones are found in other words by chance.
_SHORTEST_BARE = 6


class Redactor:
    """Replaces ids (``kind:serial``) by words that tell nothing."""

    def __init__(
        self, *, loads: Iterable[str] = (), meters: Iterable[str] = ()
    ) -> None:
        """Know which ids there are."""
        words = {
            **{source: f"meter-{n:03}" for n, source in _numbered(meters)},
            **{source: f"load-{n:03}" for n, source in _numbered(loads)},
        }
        for source, word in tuple(words.items()):
            bare = source.partition(":")[2]
            if len(bare) >= _SHORTEST_BARE:
                words.setdefault(bare, word)
        self._words = {json.dumps(source)[1:-1]: word for source, word in words.items()}
        longest_first = sorted(self._words, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def line(self, text: str) -> str:
        """Return a JSON text without ids."""
        return self._pattern.sub(lambda match: self._words[match[0]], text)

    def data(self, values: Any) -> Any:
        """Return JSON values without ids, neither as key nor in a text."""
        return json.loads(self.line(json.dumps(values, default=str)))


def _numbered(sources: Iterable[str]) -> Iterable[tuple[int, str]]:
    return enumerate(sorted(set(sources)), start=1)
