"""Replays a record: the same snapshots must lead to the same decisions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
import json
from typing import Any

from .engine import Engine
from .freeze import freeze, thaw
from .record import (
    VERSION,
    Values,
    cycle_values,
    difference,
    patched,
    snapshot_of,
    text_of,
)


class ReplayError(ValueError):
    """A record that cannot be replayed: damaged, or made by another version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Where a replay differs: what was recorded, and what was made of it now.

    ``recorded`` and ``replayed`` hold only what differs, as JSON texts. ``wall`` is the
    recorded time of day.
    """

    line: int
    wall: str
    recorded: str
    replayed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one cycle's line led to; ``decisions`` is the text of all that was made."""

    line: int
    decisions: str
    difference: Difference | None = None


class _Tape:
    """The engine as far as the record has been replayed."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._run: tuple[str, int] | None = None
        self._snapshot: Values = {}
        self._made: Values = {}

    def feed(self, number: int, line: Mapping[str, Any]) -> Step | None:
        if "start" in line:
            return self._start(number, line["start"])
        engine = self._engine
        if engine is None:
            # The segment's beginning is missing: wait for the next one.
            return None
        if "cycle" in line:
            return self._cycle(number, line, engine)
        if "settings" in line:
            engine.settings = thaw(line["settings"])
        elif "new_meter" in line:
            known = line["new_meter"]
            engine.new_meter(thaw(known) if isinstance(known, dict) else None)
        elif "forget" in line:
            engine.forget(line["forget"])
        elif "start_check" in line:
            engine.start_check(thaw(line["start_check"]))
        elif "stop_check" in line:
            engine.stop_check(line["stop_check"])
        else:
            raise ReplayError(f"line {number}: unknown")
        return None

    def _start(self, number: int, start: Values) -> Step | None:
        if start["version"] != VERSION:
            raise ReplayError(f"line {number}: version {start['version']}")
        run = (start["run"], start["cycles"])
        step = None
        if self._engine is not None and self._run == run:
            # The same run goes on: then it must have come to the same state.
            mine, recorded = freeze(self._engine), start["engine"]
            if mine != recorded:
                step = Step(
                    line=number,
                    decisions="",
                    difference=Difference(
                        line=number,
                        wall=self._wall,
                        recorded=text_of({"engine": difference(mine, recorded)}),
                        replayed=text_of({"engine": difference(recorded, mine)}),
                    ),
                )
        self._engine, self._run = thaw(start["engine"]), run
        if not isinstance(self._engine, Engine):
            raise ReplayError(f"line {number}: no engine")
        self._snapshot, self._made = {}, {}
        return step

    def _cycle(self, number: int, line: Mapping[str, Any], engine: Engine) -> Step:
        self._snapshot = patched(self._snapshot, line["cycle"])
        self._made = patched(self._made, line.get("made", {}))
        replayed = cycle_values(engine.cycle(snapshot_of(self._snapshot)))
        if self._run is not None:
            self._run = (self._run[0], self._run[1] + 1)
        differs = None
        # Compared as texts: 1 and 1.0 are not the same bytes.
        if _sorted(replayed) != _sorted(self._made):
            differs = Difference(
                line=number,
                wall=self._wall,
                recorded=text_of(difference(replayed, self._made)),
                replayed=text_of(difference(self._made, replayed)),
            )
        return Step(line=number, decisions=_sorted(replayed), difference=differs)

    @property
    def _wall(self) -> str:
        return str(self._snapshot.get("wall", {}).get("~datetime", [""])[0])


def replay(lines: Iterable[str]) -> Iterator[Step]:
    """Yield a step for each cycle of a record, and for each state that differs.

    Raises ReplayError where the record cannot be followed.
    """
    tape = _Tape()
    for number, text in enumerate(lines, start=1):
        try:
            step = tape.feed(number, json.loads(text))
        except ReplayError:
            raise
        except (AttributeError, ImportError, KeyError, TypeError, ValueError) as error:
            raise ReplayError(f"line {number}: {error!r}") from error
        if step is not None:
            yield step


def _sorted(values: Values) -> str:
    # A patch does not keep the order of keys; the order of loads is a value of its own.
    return json.dumps(values, sort_keys=True, ensure_ascii=False)
