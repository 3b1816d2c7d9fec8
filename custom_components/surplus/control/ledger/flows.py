"""Who takes what from whom, at one instant.

Nobody can tell one kilowatt of a house from another: who took which is a rule. This one
is the engine's own. What the sun gives goes to the house first, what it leaves to the
loads in order of priority (equal ones share by what they take), then to batteries, and
out. What a battery gives goes the same way after it, the grid last. So a load that was
started for the sun is not charged with the import of one below it that was told to take
all it can, and one that comes first takes the sun before it.

Every watt is counted once: house + loads + what batteries take + export = sun + what
batteries give + import.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

# Priority, id, and power in W; a storage that gives is negative.
type LoadPower = tuple[int, str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The powers of a house in W, None where they are not known.

    ``battery_w`` is what batteries give that regulate themselves, 0 without any.
    """

    grid_w: float | None
    solar_w: float | None = None
    battery_w: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Mix:
    """A power by source, in W."""

    sun_w: float = 0.0
    battery_w: float = 0.0
    grid_w: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Flows:
    """Who takes what.

    ``house`` is the house without its loads, None where it cannot be known, ``stored``
    what batteries of their own take, ``export`` what leaves. ``left`` is what was there
    for each load before its turn: sun, and what batteries give.
    """

    loads: dict[str, Mix] = field(default_factory=dict)
    left: dict[str, tuple[float, float]] = field(default_factory=dict)
    house: Mix | None = None
    stored: Mix | None = None
    export: Mix | None = None


class _Supply:
    """What is left to take."""

    def __init__(self, sun_w: float, battery_w: float) -> None:
        self.sun_w = sun_w
        self.battery_w = battery_w

    def take(self, power_w: float) -> Mix:
        """Take a power: sun, then battery, then grid."""
        sun_w = min(power_w, self.sun_w)
        battery_w = min(power_w - sun_w, self.battery_w)
        self.sun_w -= sun_w
        self.battery_w -= battery_w
        return Mix(sun_w, battery_w, power_w - sun_w - battery_w)


def flows_of(site: Site, loads: Sequence[LoadPower]) -> Flows:
    """Return who takes what.

    Without a grid meter all that loads take counts as bought. Where a battery is not
    heard, they take all that is imported, and the rest counts as the battery's. Where
    the production is not known, what of it loads take is known all the same, but not
    what the house takes of it.
    """
    taken_w = sum([max(0.0, power_w) for _, _, power_w in loads])
    if site.grid_w is None:
        return _among(loads, _Supply(0.0, 0.0))
    if site.battery_w is None:
        return _among(loads, _Supply(0.0, max(0.0, taken_w - max(0.0, site.grid_w))))

    given_w = sum([max(0.0, -power_w) for _, _, power_w in loads])
    # Sun less what the house takes without loads, which follows without either.
    over_w = taken_w - given_w - site.grid_w - site.battery_w
    if site.solar_w is None:
        sun_w = max(0.0, over_w)
    elif site.solar_w > 0.0:
        # A sensor may be late, or see one of two roofs: the grid meter knows better.
        sun_w = max(site.solar_w, over_w)
    else:
        sun_w = 0.0
    supply = _Supply(sun_w, given_w + max(0.0, site.battery_w))
    house = supply.take(max(0.0, sun_w - over_w))
    flows = _among(loads, supply)
    if site.solar_w is None:
        return flows
    stored = supply.take(max(0.0, -site.battery_w))
    return Flows(
        loads=flows.loads,
        left=flows.left,
        house=house,
        stored=stored,
        export=Mix(supply.sun_w, supply.battery_w),
    )


def _among(loads: Sequence[LoadPower], supply: _Supply) -> Flows:
    """Let loads take, those of the same priority in proportion."""
    flows = Flows()
    for _, equals in groupby(sorted(loads), key=itemgetter(0)):
        group = list(equals)
        left = (supply.sun_w, supply.battery_w)
        all_w = sum([max(0.0, power_w) for _, _, power_w in group])
        mix = supply.take(all_w)
        for _, load_id, power_w in group:
            share = max(0.0, power_w) / all_w if all_w > 0.0 else 0.0
            flows.left[load_id] = left
            flows.loads[load_id] = Mix(
                mix.sun_w * share, mix.battery_w * share, mix.grid_w * share
            )
    return flows
