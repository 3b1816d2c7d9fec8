"""The grid meters that Home follows: who controls, and what the others add."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
import logging

from homeassistant.core import CALLBACK_TYPE, callback

from ..control.disagreement import Disagreement, Disagreements
from ..control.freshness import Freshness
from ..control.meters import Choice, MeterChoice, MeterSight, Witness, is_overload
from ..control.model import GridReading
from ..registry import MeterSource

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterHands:
    """What the meters ask of the coordinator.

    ``cycle`` decides again, at once where that is said. ``controlled_by`` is told when
    another meter controls, with what was learned of its rhythm.
    """

    cycle: Callable[[bool], None]
    controlled_by: Callable[[Freshness | None], None]


class _Followed:
    """One place in the user's order; its meter may be away for a moment."""

    def __init__(self, meter_id: str) -> None:
        self.meter_id = meter_id
        self.name: str | None = None
        self.source: MeterSource | None = None
        self.overloaded = False
        self._knows_direction = True
        self._asleep = False
        self._broken = False
        self._stop: CALLBACK_TYPE | None = None

    @callback
    def async_follow(
        self, source: MeterSource | None, on_reading: Callable[[_Followed], None]
    ) -> None:
        """Follow this source from now on; none while it is away."""
        self.async_leave()
        self.source = source
        if source is not None:
            self.name = source.name
            self._stop = source.async_subscribe(lambda: on_reading(self))

    @callback
    def async_leave(self) -> None:
        """Follow nothing."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        self.source = None

    def look(self) -> MeterSight:
        """Return what it says; what it last was stands while it is away."""
        reading = None
        if self.source is not None:
            try:
                self.name = self.source.name
                self._knows_direction = self.source.knows_direction
                self._asleep = self.source.asleep
                reading = self.source.reading
            except Exception:
                if not self._broken:
                    _LOGGER.exception("%s cannot be read", self.meter_id)
                self._broken = True
            else:
                self._broken = False
        return MeterSight(
            meter_id=self.meter_id,
            reading=reading,
            knows_direction=self._knows_direction,
            asleep=self._asleep,
        )


class GridMeters:
    """All grid meters of the Home, in the user's order."""

    def __init__(self, hands: MeterHands) -> None:
        """Follow nothing yet."""
        self.disagreement: Disagreement | None = None
        self._hands = hands
        self._followed: dict[str, _Followed] = {}
        self._choice = MeterChoice()
        self._disagreements = Disagreements()
        self._chosen = Choice()

    # ---- following -----------------------------------------------------------------

    @callback
    def async_follow(self, sources: Mapping[str, MeterSource | None]) -> None:
        """Follow these meters, the first one first; None while one is away."""
        for meter_id in self._followed.keys() - sources.keys():
            self._followed[meter_id].async_leave()
        self._followed = {
            meter_id: self._followed.get(meter_id) or _Followed(meter_id)
            for meter_id in sources
        }
        for meter_id, source in sources.items():
            self._followed[meter_id].async_follow(source, self._on_reading)

    @callback
    def async_leave(self) -> None:
        """Follow nothing; readings stay, and age."""
        for followed in self._followed.values():
            followed.async_leave()

    @callback
    def async_choose_anew(self, changed: Iterable[str]) -> None:
        """Choose as at the beginning, and forget those whose values mean another."""
        self._choice.forget(changed)
        self._choice.choose_anew()
        self._disagreements.forget()
        self.disagreement = None
        # Even the same one may mean something else now.
        self._chosen = Choice()
        self._hands.controlled_by(None)

    def look(self, now: float, witness: Witness | None = None) -> GridReading | None:
        """Return the reading to decide by; None until any meter has told one."""
        sights = [followed.look() for followed in self._followed.values()]
        before = self._chosen.control_id
        self._chosen = chosen = self._choice.choose(sights, now, witness)
        if chosen.control is not None and chosen.control_id != before:
            if before is not None:
                _LOGGER.info("%s is the grid meter now", self.control_name)
            learned = self._choice.freshness(chosen.control.meter_id)
            self._hands.controlled_by(learned.copy())
        self.disagreement = self._disagreements.observe(chosen.meters, now)
        return chosen.reading

    @callback
    def _on_reading(self, followed: _Followed) -> None:
        """Decide on each reading of the control meter, and at once on an overload.

        While that one says nothing, the others set the pace: one may have to take over.
        """
        if followed.meter_id == self._chosen.control_id or not self._control_is_heard:
            self._hands.cycle(False)
            return
        reading = followed.look().reading
        overloaded = reading is not None and is_overload(reading)
        begins, followed.overloaded = overloaded and not followed.overloaded, overloaded
        if overloaded:
            self._hands.cycle(begins)

    @property
    def _control_is_heard(self) -> bool:
        control = self._chosen.control
        if control is None or not control.measures:
            return False
        followed = self._followed.get(control.meter_id)
        return followed is not None and not followed.look().asleep

    # ---- what there is to say ------------------------------------------------------

    @property
    def control_id(self) -> str | None:
        """The meter that controls; None until any has told anything."""
        return self._chosen.control_id

    @property
    def control_name(self) -> str | None:
        """What the user calls the meter that controls."""
        control = self._chosen.control
        return None if control is None else self.name_of(control.meter_id)

    def name_of(self, meter_id: str) -> str:
        """Return what the user calls a meter, or its id while it was never there."""
        followed = self._followed.get(meter_id)
        return (followed and followed.name) or meter_id

    @property
    def names(self) -> str:
        """What the user calls those that should report: a sleeping one need not."""
        awake = [meter for meter in self._chosen.meters if not meter.asleep]
        return ", ".join(self.name_of(meter.meter_id) for meter in awake)

    @property
    def frozen(self) -> str:
        """What the user calls those that say the same again and again."""
        frozen = [meter for meter in self._chosen.meters if meter.frozen]
        return ", ".join(self.name_of(meter.meter_id) for meter in frozen)

    @property
    def all_asleep(self) -> bool:
        """Whether nothing is told because everything sleeps."""
        meters = self._chosen.meters
        return bool(meters) and all(meter.asleep for meter in meters)

    @property
    def awaits_direction(self) -> bool:
        """Whether the one in control sees no export, and one that does may yet come.

        Not where limits are exceeded: that cannot wait.
        """
        control, reading = self._chosen.control, self._chosen.reading
        if control is None or reading is None or control.knows_direction:
            return False
        return not is_overload(reading) and any(
            meter.reading is None and meter.knows_direction and not meter.asleep
            for meter in self._chosen.meters
        )

    @property
    def any_there(self) -> bool:
        """Whether any of them is there, be it silent."""
        return any(followed.source for followed in self._followed.values())

    def as_list(self) -> list[dict[str, object]]:
        """Return what helps to find out what is wrong."""
        return [
            {
                "id": meter.meter_id,
                "name": self.name_of(meter.meter_id),
                "in_control": meter.meter_id == self.control_id,
                "state": meter.state,
                "asleep": meter.asleep,
                "frozen": meter.frozen,
                "knows_direction": meter.knows_direction,
                "interval_s": self._choice.freshness(meter.meter_id).interval_s,
                "power_w": meter.reading and meter.reading.power_w,
            }
            for meter in self._chosen.meters
        ]
