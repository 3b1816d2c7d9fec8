"""What there is to see of a schedule or a need."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanState:
    """How things stand with one schedule or need.

    ``active``: its load is asked to take power now. ``met``: nothing is left of it until
    its deadline. ``late``: it will not be met in time, by ``short_s``. ``starts`` is
    when it next asks for power, ``ends`` when it next stops asking. ``left_wh`` and
    ``left_s`` are what is still to be taken or to run, ``level`` where the load is (°C,
    or a share of 1); None where that says nothing.
    """

    load_id: str
    active: bool = False
    met: bool = False
    late: bool = False
    short_s: float = 0.0
    starts: datetime | None = None
    ends: datetime | None = None
    deadline: datetime | None = None
    left_wh: float | None = None
    left_s: float | None = None
    level: float | None = None
