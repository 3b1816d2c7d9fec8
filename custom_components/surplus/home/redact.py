"""Take the ids of meters and chargers out of what a user gives away.

The same id becomes the same word everywhere, and ids keep their order: what was
recorded with them is decided in that order, and must be replayed to the same decisions.
"""

from collections.abc import Iterable, Mapping
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
        ids = {
            **{source: f"meter-{n:03}" for n, source in _numbered(meters)},
            **{source: f"load-{n:03}" for n, source in _numbered(loads)},
        }
        serials = {
            serial: word
            for source, word in ids.items()
            if len(serial := source.partition(":")[2]) >= _SHORTEST_BARE
        }
        # Two that differ only in case are two loads.
        self._in_lines = _Words(
            {_in_json(source): word for source, word in ids.items()}, any_case=False
        )
        self._in_texts = _Words({**serials, **ids}, any_case=True)

    def line(self, text: str) -> str:
        """Return a line of a record without ids.

        Serial numbers alone are not looked for: there are digits enough in a line that
        are measurements.
        """
        return self._in_lines.replaced(text)

    def data(self, values: Any) -> Any:
        """Return JSON values without ids, neither as key nor in a text."""
        if isinstance(values, str):
            return self._in_texts.replaced(values)
        if isinstance(values, Mapping):
            return {
                self._in_texts.replaced(str(key)): self.data(value)
                for key, value in values.items()
            }
        if isinstance(values, list | tuple):
            return [self.data(value) for value in values]
        return values


class _Words:
    """Replaces texts by others, the longest first."""

    def __init__(self, words: Mapping[str, str], *, any_case: bool) -> None:
        self._any_case = any_case
        self._words = {self._key(old): new for old, new in words.items()}
        longest_first = sorted(self._words, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(map(re.escape, longest_first)) or "(?!)",
            re.IGNORECASE if any_case else re.NOFLAG,
        )

    def replaced(self, text: str) -> str:
        return self._pattern.sub(lambda match: self._words[self._key(match[0])], text)

    def _key(self, text: str) -> str:
        return text.lower() if self._any_case else text


def _numbered(sources: Iterable[str]) -> Iterable[tuple[int, str]]:
    return enumerate(sorted(set(sources)), start=1)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
