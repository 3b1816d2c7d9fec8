"""A day as a picture: surplus, what was drawn, and the grid (SVG)."""

from collections.abc import Sequence
from html import escape

from .record import Record

_WIDTH, _HEIGHT = 1200, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 10, 30, 30
_BIN_S = 20
_HOUR_S = 3600
_GRID_LINE_W = 2000
_COLOURS = {
    "surplus": "#f0b429",
    "drawn": "#1f77b4",
    "cars": "#2ca02c",
    "grid": "#9aa0a6",
}
_LEGEND_W = 80


def _binned(values: Sequence[float]) -> list[float]:
    return [
        sum(values[at : at + _BIN_S]) / len(values[at : at + _BIN_S])
        for at in range(0, len(values), _BIN_S)
    ]


def svg(record: Record, title: str) -> str:
    """Return a picture of a day."""
    curves = {
        "surplus": _binned(record.day.surplus_w),
        "drawn": _binned(record.loads_w),
        "grid": _binned(record.grid_w),
    }
    if record.case.heaters or record.case.relays:
        curves["cars"] = _binned(record.ev_w)
    low = min(min(curve) for curve in curves.values())
    high = max(max(curve) for curve in curves.values())
    bins = len(curves["surplus"])
    across = (_WIDTH - _LEFT - _RIGHT) / bins
    up = (_HEIGHT - _TOP - _BOTTOM) / max(1.0, high - low)

    def y(watts: float) -> float:
        return _HEIGHT - _BOTTOM - (watts - low) * up

    parts = [
        f"""<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}"
 height="{_HEIGHT}" font-family="sans-serif" font-size="12">""",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="18" font-size="14">{escape(title)}</text>',
    ]
    for watts in range(
        int(low // _GRID_LINE_W) * _GRID_LINE_W, int(high) + 1, _GRID_LINE_W
    ):
        if watts < low:
            continue
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(watts):.1f}"'
            f' y2="{y(watts):.1f}" stroke="#e0e0e0"/>'
            f'<text x="4" y="{y(watts) + 4:.1f}">{watts} W</text>'
        )
    for t in range(record.day.begin_s, record.day.end_s, _HOUR_S):
        x = _LEFT + (t - record.day.begin_s) / _BIN_S * across
        parts.append(f'<text x="{x:.0f}" y="{_HEIGHT - 8}">{t // _HOUR_S}:00</text>')
    for n, (name, curve) in enumerate(reversed(curves.items()), start=1):
        colour = _COLOURS[name]
        points = " ".join(
            f"{_LEFT + at * across:.1f},{y(watts):.1f}"
            for at, watts in enumerate(curve)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}"'
            ' stroke-width="1.2"/>'
            f'<text x="{_WIDTH - _RIGHT - _LEGEND_W * n}" y="18" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
