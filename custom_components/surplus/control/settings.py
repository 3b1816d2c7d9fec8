"""What the user set for the Home: supply, limits and how eager to be."""

from dataclasses import dataclass, replace

from .model import TariffNow
from .needs.specs import Need, Schedule

# The distributor's reference voltage is 200 V for contracts, 230 V for physics.
NOMINAL_VOLTAGE_V = 230.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit:
    """A group of loads behind one breaker of ``limit_a`` per phase.

    ``parent`` is the circuit that it hangs on, at most one level up; None is the board.
    """

    circuit_id: str
    limit_a: float
    load_ids: tuple[str, ...]
    parent: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeSettings:
    """Supply, limits and regulation of one Home.

    ``breaker_a`` is the main breaker per phase. ``subscribed_va`` is the subscription by
    hand, used where the meter does not tell. ``grid_target_w`` is the grid power to aim
    at (+ = import allowed) and ``margin_w`` what is left unused of the surplus.
    ``import_price`` is what an imported Wh is worth against a captured one (λ): 1 lets
    a load ride through a cloud, 25 stops for any lasting import. ``reserve_w`` is what
    slow loads leave at most to a fast one below them, so that it can take a cloud.
    ``zero_export`` says that the inverter must not export and holds back what nobody
    takes. ``circuits`` are the breakers between the main one and loads. ``schedules`` and
    ``needs`` are what loads shall take by the clock. While ``observing`` nobody follows
    what is decided.
    """

    phases: int = 1
    voltage_v: float = NOMINAL_VOLTAGE_V
    breaker_a: float | None = None
    subscribed_va: float | None = None
    grid_target_w: float = 0.0
    margin_w: float = 0.0
    import_price: float = 1.0
    reserve_w: float = 500.0
    sign_reversed: bool = False
    zero_export: bool = False
    circuits: tuple[Circuit, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    needs: tuple[Need, ...] = ()
    observing: bool = False

    @property
    def tolerated_import_share(self) -> float:
        """Share of a load's power that may be imported before stopping is worth it."""
        return 1.0 / (1.0 + self.import_price)


def priced(settings: HomeSettings, tariff: TariffNow | None) -> HomeSettings:
    """Return the settings with what an imported Wh is worth by the tariff."""
    price = None if tariff is None else tariff.import_price
    if price is None or price == settings.import_price:
        return settings
    return replace(settings, import_price=price)
