"""The tariff at work: from sources to what a cycle and a user are told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ...control.model import LoadSpec, PriceClass, TariffNow
from ...control.tariff.tariff import Tariff, TariffTerms
from ...registry import Registry
from .reports import async_report_tariff_lost
from .settings import TariffSettings, tariff_settings, tariff_subentry
from .sources import EntityTariff

_LOGGER = logging.getLogger(__name__)


_NOTHING: Final = TariffNow()


class HomeTariff:
    """Follows what the subentry says, and survives a reload with the coordinator.

    ``settings`` is None while nobody tells of any tariff.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        registry: Registry,
        saved: Mapping[str, Any],
    ) -> None:
        """Start with what was saved, as far as that is sound."""
        self.settings: TariffSettings | None = None
        self.now: TariffNow | None = None
        self._hass = hass
        self._entry = entry
        self._registry = registry
        self._entities: EntityTariff | None = None
        try:
            self._tariff = Tariff(TariffTerms(), saved.get("tariff"))
            # Of another source nothing of it would hold.
            self._told_by: list[str | None] = list(saved.get("told_by") or ())
        except (AttributeError, KeyError, TypeError, ValueError) as err:
            _LOGGER.error("What was learned of the tariff cannot be read (%r)", err)
            self._tariff = Tariff(TariffTerms())
            self._told_by = []
        self._report_lost = self._chosen = False

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        if not self._told_by:
            return {}
        return {"tariff": self._tariff.as_dict(), "told_by": self._told_by}

    @callback
    def async_refresh(self) -> None:
        """Take over what the subentry, the Home and the registry say now."""
        settings = tariff_settings(self._entry, self._registry.tariffs)
        self._chosen = tariff_subentry(self._entry) is not None
        if settings is None and not self._chosen:
            # A meter that is away for a moment is not gone for good.
            settings = self._kept_while_away()
        if settings == self.settings:
            return
        self.settings = settings
        if settings is None:
            self.now = self._entities = None
            self._report(lost=False)
            return
        told_by = list(settings.told_by)
        self._tariff.change(settings.terms, other_source=told_by != self._told_by)
        self._told_by = told_by
        if self._entities is None or settings != self._entities.settings:
            self._entities = EntityTariff(self._hass, settings)

    def look(self, now: float, wall: datetime) -> TariffNow | None:
        """Return what is known in this cycle; ``wall`` is local time."""
        settings, entities = self.settings, self._entities
        if settings is None or entities is None:
            return None
        source = self._registry.tariffs.get(settings.source)
        reading = entities.look(
            source.tariff if source is not None else None, now, wall
        )
        self._tariff.see(
            reading,
            now,
            wall,
            price=entities.price(settings.price_entity),
            feed_in=entities.price(settings.feed_in_entity),
        )
        self.now = self._tariff.look(now, wall)
        # Who has chosen none is told of the silent meter alone.
        self._report(lost=self._tariff.lost and self._chosen)
        return self.now

    @property
    def known(self) -> TariffNow:
        """What was known in the newest cycle, be it nothing."""
        return self.now or _NOTHING

    def cheap(self) -> bool | None:
        """Return whether eco may take all it can now; None while nobody knows."""
        price_class = self.known.price_class
        return None if price_class is None else price_class is PriceClass.CHEAP

    def ranked(self, spec: LoadSpec) -> LoadSpec:
        """Return a load's spec with the priority it has in this period."""
        price_class = self.known.price_class
        if self.settings is None or price_class is None:
            return spec
        order = self.settings.orders.get(price_class)
        if not order:
            return spec
        if spec.load_id in order:
            return replace(spec, priority=order.index(spec.load_id))
        return replace(spec, priority=len(order) + max(0, spec.priority))

    @property
    def tariff(self) -> Tariff:
        """What entities show more of."""
        return self._tariff

    @property
    def lost(self) -> bool:
        """Whether what should tell has not for five minutes."""
        return self.settings is not None and self._tariff.lost

    def diagnostics(self) -> dict[str, Any] | None:
        """Return what helps to find out what is wrong."""
        if self.settings is None:
            return None
        now, entities = self.known, self._entities
        return {
            "source": self.settings.source,
            "contract": self._tariff.contract,
            "lost": self.lost,
            "period": now.period,
            "price_class": now.price_class,
            "price": now.price,
            "import_price": now.import_price,
            "next_change": self._tariff.next_change,
            "ahead": [
                [span.begins, span.period, span.price_class] for span in now.ahead
            ],
            "not_understood": dict(entities.doubts.as_dict()) if entities else {},
        }

    def _kept_while_away(self) -> TariffSettings | None:
        """Return what a meter told without being chosen, while it is still the Home's.

        After a start, too: a red day that it told before is not forgotten until it talks.
        """
        meter = self._told_by[0] if self._told_by else None
        if self.settings is not None:
            meter = self.settings.source
        return None if meter is None else tariff_settings(self._entry, {meter: None})

    @callback
    def _report(self, *, lost: bool) -> None:
        if lost is not self._report_lost:
            self._report_lost = lost
            async_report_tariff_lost(self._hass, lost=lost)
