"""The water behind a load, where it follows a temperature programme, or none does."""

from collections.abc import Mapping
from typing import Any

from ..model import Reason, Temperatures
from .circumstances import Circumstances
from .thermal import Demand, Thermal


class Water:
    """A programme that may be missing: then only the sun and the mode decide.

    ``demand`` is what it asked for last, None before it was asked or without programme.
    """

    def __init__(self, temperatures: Temperatures | None) -> None:
        """Know nothing but the programme."""
        self.demand: Demand | None = None
        self._thermal: Thermal | None = None
        self.change(temperatures)

    def change(self, temperatures: Temperatures | None) -> None:
        """Take over a programme; one without order leaves the last good one in force.

        Whoever takes in temperatures refuses them with their error. Here the house goes
        on being decided for.
        """
        if temperatures is None:
            self._thermal = self.demand = None
            return
        try:
            if self._thermal is not None:
                self._thermal.change(temperatures)
            else:
                self._thermal = Thermal(temperatures)
        except ValueError:
            self._thermal = self._thermal or Thermal(Temperatures())

    def wake(self) -> None:
        """End a rest: a person asks for heat."""
        if self._thermal is not None:
            self._thermal.wake()

    def ask(self, temperature_c: float | None, around: Circumstances) -> None:
        """Take in a temperature and renew ``demand``."""
        if self._thermal is not None:
            self.demand = self._thermal.demand(
                temperature_c,
                around.cheap,
                now=around.now,
                wall=around.wall,
                holds_back=around.holds_back,
            )

    @property
    def may_heat(self) -> bool:
        """Whether nothing about the water forbids heating it."""
        return self._thermal is None or self._thermal.may_heat

    @property
    def may_boost(self) -> bool:
        """Whether a person's boost may heat it.

        By an unknown temperature too: the heater's own thermostat is there, and whoever
        asks for heat would otherwise have none. Not where it was warm when last seen.
        """
        return self._thermal is None or not self._thermal.resting

    @property
    def why_forced(self) -> Reason:
        """Why it is heated from the grid, where it is."""
        if self._thermal is not None and self._thermal.disinfecting:
            return Reason.DISINFECTING
        return Reason.HEATING_FORCED

    @property
    def blind_for_s(self) -> float:
        """How long the temperature has been unknown, in s."""
        return self._thermal.blind_for_s if self._thermal is not None else 0.0

    @property
    def numbers(self) -> dict[str, float | str]:
        """The figures behind what the water asks for."""
        thermal = self._thermal
        return (
            {
                "temperature_c": round(thermal.temperature_c, 1),
                "target_c": thermal.target_c,
            }
            if thermal is not None and thermal.temperature_c is not None
            else {}
        )

    def learned(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {} if self._thermal is None else {"water": self._thermal.learned()}

    def relearn(self, learned: Mapping[str, Any]) -> None:
        """Take back what ``learned`` gave; what is unusable of it is left out."""
        water = learned.get("water")
        if self._thermal is not None and isinstance(water, Mapping):
            self._thermal.relearn(water)
