"""The tables, in Markdown."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from .calibration import Check
from .cases import CASES
from .cost import Cost
from .runs import EVCC, OURS, PRICES, ROUTER, Player, Results, Run
from .targets import MEAN_OF, Target
from .variants import VARIANTS


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table: the first column is words, the others are figures."""
    yield _row(head)
    yield _row(["---", *("---:" for _ in head[1:])])
    for row in rows:
        yield _row(row)


def figure(value: float | None, decimals: int = 0) -> str:
    """Return a figure, or that there is none."""
    return "–" if value is None else f"{value:.{decimals}f}"


_ENERGY_HEAD = (
    "controller",
    "J %",
    "J3 %",
    "captured kWh",
    "imported kWh",
    "cars' share %",
    "self-consumption %",
    "starts",
    "short cycles",
    "(by current)",
    "commands",
    "RMS W",
    "over s (longest)",
)


def cases_text(
    results: Results, cases: Sequence[str], players: Sequence[Player]
) -> Iterator[str]:
    """Yield one table for each case."""
    for name in cases:
        case = CASES[name]
        asked = [player for player in players if player.is_asked(case)]
        yield f"### {name}: {case.text}"
        yield ""
        if name == "S1":
            yield from _steps(results, asked)
        elif case.fast:
            yield from _limit(results, name, asked)
        else:
            yield from _energy(results, name, asked)
        yield ""


def _energy(results: Results, name: str, players: Sequence[Player]) -> Iterator[str]:
    rows = []
    best = results.optimum(Run(case=name, player=OURS.name), PRICES[0])
    if best is not None:
        head = ["oracle (knows the day)", "100.0", "100.0"]
        energy = [figure(best.captured_kwh, 2), figure(best.imported_kwh, 2)]
        rows.append([*head, *energy, "", "", str(best.starts), "0", "", "", "", ""])
    for player in players:
        run = Run(case=name, player=player.name)
        if (scores := results.scores.get(run)) is None:
            rows.append([player.name, "not yet", *[""] * (len(_ENERGY_HEAD) - 2)])
            continue
        rows.append(
            [
                player.name,
                *(figure(results.percent(run, price), 1) for price in PRICES),
                figure(scores.captured_kwh, 2),
                figure(scores.imported_kwh, 2),
                figure(100 * scores.car_share),
                figure(100 * scores.self_consumption, 1),
                str(scores.starts),
                str(scores.short_cycles),
                str(scores.short_currents),
                str(scores.commands),
                figure(scores.rms_w),
                f"{scores.over_s} ({scores.longest_over_s})",
            ]
        )
    yield from table(_ENERGY_HEAD, rows)


def _steps(results: Results, players: Sequence[Player]) -> Iterator[str]:
    rows = []
    for player in players:
        scores = results.scores.get(Run(case="S1", player=player.name))
        if scores is None:
            continue
        share = scores.overshoot
        rows.append(
            [
                player.name,
                figure(scores.settling_s, 1),
                figure(None if share is None else 100 * share, 1),
                str(scores.starts),
                str(scores.commands),
                figure(scores.rms_w),
            ]
        )
    head = ("controller", "settling s", "overshoot %", "starts", "commands", "RMS W")
    yield from table(head, rows)


def _limit(results: Results, name: str, players: Sequence[Player]) -> Iterator[str]:
    rows = []
    for player in players:
        scores = results.scores.get(Run(case=name, player=player.name))
        if scores is None:
            continue
        rows.append(
            [
                player.name,
                str(scores.longest_over_s),
                str(scores.over_s),
                figure(scores.captured_kwh + scores.imported_kwh, 2),
                str(scores.starts),
                str(scores.short_cycles),
                str(scores.commands),
            ]
        )
    head = (
        "controller",
        "longest overload s",
        "overload s",
        "charged kWh",
        "starts",
        "short cycles",
        "commands",
    )
    yield from table(head, rows)


def summary_text(
    results: Results, cases: Sequence[str], players: Sequence[Player]
) -> Iterator[str]:
    """Yield J of everybody on everything, and our mean."""
    energy = [name for name in cases if CASES[name].has_optimum]
    if not energy:
        return
    means = [name for name in MEAN_OF if name in energy]
    head = ["J %", *energy]
    if means:
        head.append(f"mean {MEAN_OF[0]}–{MEAN_OF[-1]}")
    rows = []
    for player in players:
        percents = {
            name: results.percent(Run(case=name, player=player.name), PRICES[0])
            for name in energy
        }
        row = [player.name, *(figure(percents[name], 1) for name in energy)]
        known = [percents[name] for name in means]
        if means:
            # A mean of some days is not the mean.
            everything = [p for p in known if p is not None]
            whole = len(everything) == len(MEAN_OF)
            row.append(figure(fmean(everything) if whole else None, 1))
        rows.append(row)
    yield "### Summary"
    yield ""
    yield from table(head, rows)
    yield ""


def calibration_text(found: Sequence[Check]) -> Iterator[str]:
    """Yield what the optimum and evcc come to, beside the reference."""
    if not found:
        return
    yield "### Calibration"
    yield ""
    rows = [
        [
            check.case,
            check.what,
            figure(check.here, 2),
            figure(check.reference, 2),
            "yes" if check.passed else "**no**",
        ]
        for check in found
    ]
    yield from table(("case", "figure", "here", "reference", "within"), rows)
    yield ""


def robustness_text(
    results: Results, cases: Sequence[str], variants: Sequence[str]
) -> Iterator[str]:
    """Yield J on plants that are not what the engine believes, beside evcc's."""
    names = [name for name in cases if CASES[name].has_optimum]
    yield "### Robustness: J %, Surplus / evcc (/ evcc + router)"
    yield ""
    yield "In brackets: short cycles of Surplus, where there are any."
    yield ""
    rows = []
    for variant in variants:
        concerned = [name for name in names if VARIANTS[variant].concerns(CASES[name])]
        if not concerned:
            continue
        row = [VARIANTS[variant].text]
        row.extend(
            _robust(results, name, variant) if name in concerned else ""
            for name in names
        )
        rows.append(row)
    yield from table(("plant", *names), rows)
    yield ""


def _robust(results: Results, case: str, variant: str) -> str:
    players = [
        player for player in (OURS, EVCC, ROUTER) if player.is_asked(CASES[case])
    ]
    runs = [Run(case=case, player=one.name, variant=variant) for one in players]
    text = " / ".join(figure(results.percent(run, PRICES[0]), 1) for run in runs)
    scores = results.scores.get(runs[0])
    if scores is not None and scores.short_cycles:
        text += f" ({scores.short_cycles})"
    return text


def targets_text(found: Sequence[Target]) -> Iterator[str]:
    """Yield our figures beside what is asked, the missed ones first told."""
    asked = [target for target in found if not target.goal]
    if not asked:
        return
    missed = [target for target in asked if not target.met]
    yield f"### Targets: {len(asked) - len(missed)} of {len(asked)} met"
    yield ""
    rows = [
        [
            target.where,
            target.what,
            figure(target.here, target.decimals),
            f"{'≥' if target.at_least else '≤'} {target.bound:g}",
            _verdict(target),
        ]
        for target in [*missed, *(target for target in found if target not in missed)]
    ]
    yield from table(("case", "figure", "here", "asked", ""), rows)
    yield ""


def _verdict(target: Target) -> str:
    if target.goal:
        return "goal met" if target.met else "goal, not met"
    return "met" if target.met else "**missed**"


def cost_text(cost: Cost) -> Iterator[str]:
    """Yield what the engine costs on this machine."""
    yield "### Cost"
    yield ""
    rows = [
        [f"one cycle, {loads} loads, median", f"{us:.0f} µs"]
        for loads, us in cost.cycle_us.items()
    ]
    rows.append([f"86,400 cycles, {cost.day_loads} loads", f"{cost.day_s:.1f} s"])
    yield from table((f"engine ({', '.join(cost.kinds)})", "here"), rows)
    yield ""
