"""Tariff options as a Linky tells them, in both TIC modes (Enedis-NOI-CPT_54E)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffPeriod:
    """One price class.

    ``index`` is the supplier index it counts on (1 to 10), ``historic_index`` the label of
    the same index in historic mode, ``colour`` the Tempo colour of the day (0 none).
    """

    key: str
    index: int
    historic_index: str
    ptec: str
    ltarf: str
    contact_closed: bool = False
    colour: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffOption:
    """A contract: its periods, its names in both modes, its day profile."""

    optarif: str
    ngtf: str
    periods: tuple[TariffPeriod, ...]
    day_profile: str

    def period(self, key: str) -> TariffPeriod:
        """Find a period by its key; raises KeyError."""
        for period in self.periods:
            if period.key == key:
                return period
        raise KeyError(key)


def _day_profile(*switches: str) -> str:
    return " ".join((*switches, *["NONUTILE"] * (11 - len(switches))))


BASE = TariffOption(
    optarif="BASE",
    ngtf="      BASE      ",
    periods=(
        TariffPeriod(
            key="th",
            index=1,
            historic_index="BASE",
            ptec="TH..",
            ltarf="      BASE      ",
        ),
    ),
    day_profile=_day_profile("00008001"),
)

HP_HC = TariffOption(
    optarif="HC..",
    ngtf="H PLEINE/CREUSE ",
    periods=(
        TariffPeriod(
            key="hc",
            index=1,
            historic_index="HCHC",
            ptec="HC..",
            ltarf=" HEURE  CREUSE  ",
            contact_closed=True,
        ),
        TariffPeriod(
            key="hp",
            index=2,
            historic_index="HCHP",
            ptec="HP..",
            ltarf=" HEURE  PLEINE  ",
        ),
    ),
    day_profile=_day_profile("00008002", "0200C001", "06508002"),
)

TEMPO = TariffOption(
    optarif="BBR(",
    ngtf="     TEMPO      ",
    periods=tuple(
        TariffPeriod(
            key=f"{hours.lower()}_{name.lower()}",
            index=2 * colour + (1 if hours == "HP" else 0) - 1,
            historic_index=f"BBR{hours}J{letter}",
            ptec=f"{hours}J{letter}",
            ltarf=f"    {hours}  {name}".ljust(16),
            contact_closed=hours == "HC",
            colour=colour,
        )
        for colour, (letter, name) in enumerate(
            (("B", "BLEU"), ("W", "BLANC"), ("R", "ROUGE")), start=1
        )
        for hours in ("HC", "HP")
    ),
    day_profile=_day_profile("00004001", "06004002", "22004001"),
)

OPTIONS = {"base": BASE, "hphc": HP_HC, "tempo": TEMPO}
