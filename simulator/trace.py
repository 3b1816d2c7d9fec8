"""Recorded days of sun and of household load, one value per second."""

import csv
import gzip
from itertools import accumulate
from pathlib import Path

DAY_S = 86_400
TRACES = Path(__file__).parent / "traces"


class Trace:
    """Power in W over one local day; times of day wrap around midnight."""

    def __init__(self, name: str, values: list[float]) -> None:
        """Take one value per second, from midnight on."""
        if len(values) != DAY_S:
            raise ValueError(f"{name} has {len(values)} values instead of {DAY_S}")
        self.name = name
        self._values = values
        self._sums = [0.0, *accumulate(values)]

    def at(self, day_s: float) -> float:
        """Power in W at a time of day."""
        return self._values[int(day_s) % DAY_S]

    def mean(self, from_s: float, to_s: float) -> float:
        """Mean power in W between two times of day, ``from_s`` < ``to_s``."""
        return (self._integral(to_s) - self._integral(from_s)) / (to_s - from_s)

    def _integral(self, day_s: float) -> float:
        days, rest = divmod(day_s, DAY_S)
        whole = int(rest)
        part = self._values[whole] * (rest - whole)
        return days * self._sums[-1] + self._sums[whole] + part


def trace_names(prefix: str) -> list[str]:
    """Names of the traces that come with the simulator (``pv_``, ``load_``)."""
    return sorted(path.name.split(".")[0] for path in TRACES.glob(f"{prefix}*.csv.gz"))


def read_trace(name: str) -> Trace:
    """Read a trace by its name, or any file of the same form by its path.

    The file is CSV (gzip when it ends with .gz) with the columns ``t_s`` (seconds since
    midnight) and ``w``. Raises FileNotFoundError or ValueError.
    """
    path = TRACES / f"{name}.csv.gz"
    if not path.exists():
        path = Path(name)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="ascii", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return Trace(path.name.split(".")[0], [float(row[1]) for row in rows])


def constant_trace(watts: float) -> Trace:
    """Return a day that never changes, for tests and scenarios."""
    return Trace(f"constant {watts:g} W", [watts] * DAY_S)
