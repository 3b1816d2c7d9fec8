"""What each meter measures: as a person has settled it, or as it says itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .model import Meter, MeterRole, MeterSetting

# Those that control goes by, the better one first.
_CONTROLLING: Final = (MeterRole.GRID, MeterRole.CONSUMPTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterRoles:
    """The roles of the meters of one entry; ``settings`` are by the meters' keys."""

    meters: tuple[Meter, ...]
    settings: Mapping[str, MeterSetting]

    def of(self, meter: Meter) -> MeterRole:
        """Return what a meter measures; a lone one that does not say, the grid."""
        settled = self.setting(meter).role
        if settled is not None:
            return settled
        if meter.role is MeterRole.UNKNOWN and len(self.meters) == 1:
            return MeterRole.GRID
        return meter.role

    def setting(self, meter: Meter) -> MeterSetting:
        """Return what a person has settled about a meter."""
        return self.settings.get(meter.key, MeterSetting())

    @property
    def in_order(self) -> list[Meter]:
        """All meters, those that control goes by first."""
        ranks = {role: rank for rank, role in enumerate(_CONTROLLING)}
        return sorted(
            self.meters, key=lambda meter: ranks.get(self.of(meter), len(ranks))
        )

    @property
    def grid(self) -> Meter | None:
        """The first meter that measures the grid."""
        return self._first(MeterRole.GRID)

    @property
    def consumption(self) -> Meter | None:
        """The first meter that measures the house."""
        return self._first(MeterRole.CONSUMPTION)

    def _first(self, role: MeterRole) -> Meter | None:
        return next((meter for meter in self.meters if self.of(meter) is role), None)
