"""How meters, loads and Home find each other.

Entries are set up in parallel and reloaded one by one, so nobody holds another entry's
``runtime_data``. A device room registers a *source* and hands the returned remover to
``entry.async_on_unload``; Home listens and uses what is there. The other way round, Home
publishes its controls here and load entities look them up.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .control.check import CheckResult
from .control.ledger import Counted, LoadStatement, Session
from .control.model import (
    BatteryReading,
    Decision,
    GridReading,
    GuardEvent,
    LoadReading,
    LoadSpec,
    Mode,
    NextEventKind,
    RegulatorTerms,
    TariffReading,
)


class Trouble(StrEnum):
    """What is wrong with a load.

    It cannot be reached, it cannot be decided for, it does not take commands, or it
    takes them and draws more than it was told.
    """

    UNREACHABLE = "unreachable"
    FAILED = "failed"
    REFUSES = "refuses"
    DRAWS_TOO_MUCH = "draws_too_much"


class MeterSource(Protocol):
    """A meter that can stand at the connection point."""

    @property
    def source_id(self) -> str:
        """Stable id, starting with the kind: ``linky:012345678901``."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def knows_direction(self) -> bool:
        """Whether its readings can tell export from import."""

    @property
    def reading(self) -> GridReading | None:
        """The newest reading, however old; None before the first."""

    @property
    def asleep(self) -> bool:
        """Whether it tells nothing because it sleeps, as an inverter at night: no fault."""

    def async_subscribe(self, on_reading: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_reading`` in the event loop at each new reading."""


class ProductionSource(Protocol):
    """What the sun produces, as a device tells it: without its battery, all in AC W."""

    @property
    def source_id(self) -> str:
        """Stable id, starting with the kind: ``solaredge:7E012345``."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def reading(self) -> tuple[float, float] | None:
        """The newest production in W (>= 0) and its instant; None before the first.

        Asleep is 0 W, now.
        """


class TariffSource(Protocol):
    """What tells the tariff's period: a meter that one is billed by."""

    @property
    def source_id(self) -> str:
        """Stable id, starting with the kind: ``linky:012345678901``."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def tariff(self) -> TariffReading | None:
        """What it last told, with its instant; None while it tells nothing."""


class BatterySource(Protocol):
    """A battery that regulates itself, as a device tells it: only observed."""

    @property
    def source_id(self) -> str:
        """Stable id, starting with the kind: ``solaredge:7E012345_battery_1``."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def reading(self) -> BatteryReading | None:
        """The newest reading, however old; None before the first."""

    @property
    def capacity_wh(self) -> float | None:
        """What it holds when it is full; None where it is not told."""


class LoadSource(Protocol):
    """A load that can be commanded. Its ``spec.load_id`` is its source id."""

    @property
    def spec(self) -> LoadSpec:
        """What it is; may change when the user reconfigures it."""

    @property
    def reading(self) -> LoadReading:
        """What it last told."""

    @property
    def taken_over(self) -> float | None:
        """The set-point a person has given it from outside, in the load's unit.

        None while it stands where Home last put it, while it was never told anything,
        and from the next ``async_apply`` of another set-point on. Turned off by hand is
        0. A source that cannot know says None.
        """

    async def async_apply(self, value: float, phases: int | None = None) -> None:
        """Set this set-point, in the load's own unit (``control.model.Setpoint``).

        ``phases`` is on how many of its phases a charger shall charge; None, and every
        source whose spec does not switch phases, leaves them alone.
        Home repeats this at least every 30 s as long as it stands behind the set-point.
        A room renews the lease on the device only because of such a call, never by
        itself: when Home is gone, the device falls to its safe state.
        Raises HomeAssistantError when the device refused or did not answer.
        """

    async def async_release(self, *, by_hand: bool = False) -> None:
        """Stop commanding: leave the device on its safe profile, then alone.

        What a person has set (``by_hand``) is left as it is, although Home repeated it.
        """

    def async_insist(self) -> None:
        """Take note that it does not do what it was told.

        The next ``async_apply`` must reach the device, although it was told that before.
        """

    def async_wished(self) -> None:
        """Take note that a person has just asked for something of it: wait no more."""

    def async_subscribe(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_change`` in the event loop when spec or reading changed."""


@runtime_checkable
class CountingSource(Protocol):
    """A load source that also tells what its device counts, for the ledger."""

    @property
    def counted(self) -> Counted:
        """Its own counter, its plug and its transaction, as far as it has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComingEvent:
    """What will happen to a load next; ``at`` is None where nobody can tell when."""

    kind: NextEventKind
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadControls:
    """What Home shows and takes for one load.

    ``modes`` are those that make sense for it. ``boost_until`` and
    ``boost_energy_kwh`` say what is left of a boost that has an end; ``override_until``
    when any other mode ends that does not last, ``manual_value`` the set-point of mode
    manual in the load's unit. ``resumable`` says that another mode is
    waiting to come back. ``decision`` is the one in which the reason last changed.
    ``regulation`` is what its PID did last, where it has one, ``facts`` what was learned
    of it that a person would want to see, ``phase`` the one of three that it was seen to
    use.
    ``check`` is how the last commissioning check ended, None before the first and while
    one runs. ``trouble`` is what is wrong with it, None while nothing is.
    """

    mode: Mode
    modes: tuple[Mode, ...]
    boost_until: datetime | None = None
    boost_energy_kwh: float | None = None
    override_until: datetime | None = None
    manual_value: float | None = None
    resumable: bool = False
    decision: Decision | None = None
    next_event: ComingEvent | None = None
    regulation: RegulatorTerms | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    phase: int | None = None
    check: CheckResult | None = None
    checking: bool = False
    trouble: Trouble | None = None


class Accounts(Protocol):
    """The ledger as entities and actions see it: what has been written down."""

    def statement(self, load_id: str) -> LoadStatement | None:
        """Return what a load has taken; None where nothing was ever seen of it."""

    def sessions(
        self,
        load_ids: Collection[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Session]:
        """Return the sessions of chargers that began in a time, in their order.

        Of all chargers for None; the last one may still go on.
        """

    def async_subscribe(
        self, load_id: str, on_change: Callable[[], None]
    ) -> CALLBACK_TYPE:
        """Call ``on_change`` when there is another statement of a load."""


class HomeControls(Protocol):
    """Home as load entities see it."""

    @property
    def accounts(self) -> Accounts:
        """What loads have taken, from whom, and what it has cost."""

    def load(self, load_id: str) -> LoadControls | None:
        """Return the load's controls; None until Home knows it."""

    async def async_set_mode(
        self,
        load_id: str,
        mode: Mode,
        until: datetime | None = None,
        *,
        energy_kwh: float | None = None,
        value: float | None = None,
    ) -> None:
        """Change a load's mode; one with an end brings back the mode before it.

        ``energy_kwh`` also ends a boost. ``value`` is the set-point of mode manual;
        without one it stays where it is. Raises ServiceValidationError when they do not
        go together.
        """

    async def async_resume(self, load_id: str) -> None:
        """End a boost or an override: the mode before it comes back."""

    async def async_check(self, load_id: str) -> CheckResult:
        """Run the commissioning check of a load and return what it found.

        Raises ServiceValidationError when one runs already or nothing can be checked.
        """

    def async_forget(self, load_id: str) -> None:
        """Forget a load that a user has deleted: its mode, and what was learned."""

    def async_subscribe(
        self, load_id: str, on_change: Callable[[], None]
    ) -> CALLBACK_TYPE:
        """Call ``on_change`` when something that is shown of the load has changed."""

    def async_follow(self, load_id: str, on_cycle: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_cycle`` after each cycle: for what moves all the time."""

    def async_follow_guard(
        self, load_id: str, on_event: Callable[[GuardEvent], None]
    ) -> CALLBACK_TYPE:
        """Call ``on_event`` when the guard sheds or restores the load."""


@dataclass(slots=True)
class Registry:
    """The meeting point, one per Home Assistant."""

    meters: dict[str, MeterSource] = field(default_factory=dict)
    productions: dict[str, ProductionSource] = field(default_factory=dict)
    batteries: dict[str, BatterySource] = field(default_factory=dict)
    tariffs: dict[str, TariffSource] = field(default_factory=dict)
    loads: dict[str, LoadSource] = field(default_factory=dict)
    home: HomeControls | None = None
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _deleted: set[str] = field(default_factory=set)

    @callback
    def async_register_meter(self, source: MeterSource) -> CALLBACK_TYPE:
        """Offer a meter; returns its remover."""
        return self._register(self.meters, source.source_id, source)

    @callback
    def async_register_production(self, source: ProductionSource) -> CALLBACK_TYPE:
        """Offer a production; returns its remover."""
        return self._register(self.productions, source.source_id, source)

    @callback
    def async_register_battery(self, source: BatterySource) -> CALLBACK_TYPE:
        """Offer a battery that is observed; returns its remover."""
        return self._register(self.batteries, source.source_id, source)

    @callback
    def async_register_tariff(self, source: TariffSource) -> CALLBACK_TYPE:
        """Offer what tells the tariff; returns its remover."""
        return self._register(self.tariffs, source.source_id, source)

    @callback
    def async_register_load(self, source: LoadSource) -> CALLBACK_TYPE:
        """Offer a load; returns its remover."""
        return self._register(self.loads, source.spec.load_id, source)

    @callback
    def async_forget_load(self, load_id: str) -> None:
        """Let Home forget a load that a user has deleted, now or when it is there."""
        if self.home is not None:
            self.home.async_forget(load_id)
        else:
            self._deleted.add(load_id)

    @callback
    def async_publish_home(self, home: HomeControls) -> CALLBACK_TYPE:
        """Make Home's controls available to load entities; returns the remover."""
        self.home = home
        for load_id in self._deleted:
            home.async_forget(load_id)
        self._deleted.clear()
        self._notify()

        @callback
        def remove() -> None:
            self.home = None
            self._notify()

        return remove

    @callback
    def async_listen(self, on_change: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``on_change`` whenever a source or Home comes or goes."""
        self._listeners.append(on_change)
        return lambda: self._listeners.remove(on_change)

    def _register[T](self, sources: dict[str, T], key: str, source: T) -> CALLBACK_TYPE:
        sources[key] = source
        self._notify()

        @callback
        def remove() -> None:
            # A reload may have registered the successor already.
            if sources.get(key) is source:
                del sources[key]
                self._notify()

        return remove

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()


DATA_REGISTRY: HassKey[Registry] = HassKey("surplus_registry")


@callback
def async_get_registry(hass: HomeAssistant) -> Registry:
    """Return the registry, which exists from ``async_setup`` on."""
    return hass.data[DATA_REGISTRY]
