"""The tariff in a running Home: from sources to loads, entities and a user."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus.clock import monotonic
from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import (
    Colour,
    Contract,
    Mode,
    Period,
    TariffReading,
)
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .conftest import LOAD_ID, METER_ID, HandCharger, Life

HPHC, TEMPO = Contract.PEAK_OFF_PEAK, Contract.TEMPO
ENTITY = {
    "told_by": "entity",
    "contract": "peak_off_peak",
    "tariff_entity": "sensor.period",
}

type Tell = Callable[..., Awaitable[ConfigSubentry]]


@dataclass
class HandTariff:
    """A Linky whose tariff a test writes."""

    source_id: str = METER_ID
    name: str = "Linky"
    tariff: TariffReading | None = None

    def tell(self, period: Period, **more: Any) -> None:
        option = HPHC if period in (Period.PEAK, Period.OFF_PEAK) else TEMPO
        told = {"option": option, "period": period, "at": monotonic(), **more}
        self.tariff = TariffReading(**told)


@pytest.fixture
def tell(hass: HomeAssistant, life: Life, home_entry: MockConfigEntry) -> Tell:
    """Return what gives the running Home a tariff."""

    async def add(**data: Any) -> ConfigSubentry:
        subentry = ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type="tariff",
            title="Tariff",
            unique_id=None,
        )
        hass.config_entries.async_add_subentry(home_entry, subentry)
        await hass.async_block_till_done()
        return subentry

    return add


def shown(hass: HomeAssistant, key: str) -> str | None:
    state = hass.states.get(f"sensor.home_{key}")
    return state.state if state else None


def is_lost(hass: HomeAssistant) -> bool:
    return ir.async_get(hass).async_get_issue(DOMAIN, "tariff_lost") is not None


async def set_mode(hass: HomeAssistant, mode: Mode) -> None:
    await async_get_registry(hass).home.async_set_mode(LOAD_ID, mode)


def commanding(entry: MockConfigEntry) -> None:
    entry.runtime_data.async_set_observing(False)


async def test_without_any_tariff_nothing_is_shown_and_nothing_known(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    await life.run(2, 500)
    assert home_entry.runtime_data.tariff.now is None
    assert home_entry.runtime_data.tariff.cheap() is None
    assert home_entry.runtime_data.tariff.diagnostics() is None
    assert shown(hass, "tariff_period") is None
    assert hass.states.get("binary_sensor.home_tariff_source") is None
    await life.run(320, 500)
    assert not is_lost(hass)


async def test_the_first_grid_meter_tells_it_without_a_word(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    linky = HandTariff()
    remove = async_get_registry(hass).async_register_tariff(linky)
    linky.tell(Period.OFF_PEAK)
    await life.run(2, 500)
    assert shown(hass, "tariff_period") == "off_peak"
    assert shown(hass, "price_class") == "cheap"
    assert home_entry.runtime_data.tariff.cheap() is True
    # While it reloads, what it told stands.
    remove()
    await life.run(2, 500)
    assert shown(hass, "tariff_period") == "off_peak"


async def test_who_has_chosen_no_tariff_is_not_told_that_it_is_lost(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    linky = HandTariff()
    async_get_registry(hass).async_register_tariff(linky)
    linky.tell(Period.OFF_PEAK)
    await life.run(2, 500)
    linky.tariff = None
    await life.run(301, 500)
    assert home_entry.runtime_data.tariff.lost
    assert hass.states.get("binary_sensor.home_tariff_source").state == "on"
    assert not is_lost(hass)


@pytest.mark.parametrize(
    ("today", "period"),
    [("EST EJP", "ejp_peak"), ("NON EJP", "ejp_normal"), ("on", None)],
)
async def test_an_ejp_day_may_be_told_by_an_entity(
    hass: HomeAssistant,
    life: Life,
    freezer: FrozenDateTimeFactory,
    tell: Tell,
    *,
    today: str,
    period: str | None,
) -> None:
    freezer.move_to("2026-01-20 11:00:00+00:00")
    await hass.config.async_set_time_zone("Europe/Paris")
    hass.states.async_set("sensor.ejp", today)
    await tell(told_by="calendar", contract="ejp", today_entity="sensor.ejp")
    await life.run(2, 500)
    assert shown(hass, "tariff_period") == (period or "unavailable")


async def test_a_meter_that_is_none_of_the_homes_tells_it_nothing(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    other = HandTariff(source_id="linky:999999999999")
    async_get_registry(hass).async_register_tariff(other)
    other.tell(Period.OFF_PEAK)
    await life.run(2, 500)
    assert home_entry.runtime_data.tariff.now is None


async def test_eco_takes_all_it_can_in_cheap_hours_and_the_sun_in_others(
    hass: HomeAssistant,
    life: Life,
    charger: HandCharger,
    home_entry: MockConfigEntry,
    tell: Tell,
) -> None:
    commanding(home_entry)
    hass.states.async_set("sensor.period", '"HC"')
    await tell(**ENTITY)
    await set_mode(hass, Mode.ECO)
    await life.run(30, 500)
    assert charger.reading.offered_a == 32
    hass.states.async_set("sensor.period", "heures pleines")
    await life.run(400, 500)
    assert charger.reading.offered_a == 0


async def test_a_source_that_stops_is_lost_after_five_minutes_and_eco_is_solar(
    hass: HomeAssistant,
    life: Life,
    charger: HandCharger,
    home_entry: MockConfigEntry,
    tell: Tell,
) -> None:
    commanding(home_entry)
    hass.states.async_set("sensor.period", "HC")
    await tell(**ENTITY)
    await set_mode(hass, Mode.ECO)
    await life.run(30, 500)
    # It tells its period, but nobody announces the next one.
    assert shown(hass, "next_tariff_change") == "unknown"
    hass.states.async_set("sensor.period", "unavailable")
    await life.run(295, 500)
    assert charger.reading.offered_a == 32
    assert not is_lost(hass)
    assert hass.states.get("binary_sensor.home_tariff_source").state == "off"
    await life.run(10, 500)
    assert is_lost(hass)
    assert hass.states.get("binary_sensor.home_tariff_source").state == "on"
    assert shown(hass, "tariff_period") == "unavailable"
    assert shown(hass, "next_tariff_change") == "unavailable"
    assert home_entry.runtime_data.tariff.cheap() is None
    await life.run(400, 500)
    assert charger.reading.offered_a == 0
    hass.states.async_set("sensor.period", "HC")
    await life.run(3, 500)
    assert not is_lost(hass)
    assert hass.states.get("binary_sensor.home_tariff_source").state == "off"


async def test_garbage_is_refused_counted_and_logged_once(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    tell: Tell,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass.states.async_set("sensor.period", "HC")
    await tell(**ENTITY)
    await life.run(2, 500)
    for text in ("bonjour", "HC/HP", "bonjour"):
        hass.states.async_set("sensor.period", text)
        await life.run(3, 500)
    assert home_entry.runtime_data.tariff.known.period is Period.OFF_PEAK
    found = home_entry.runtime_data.tariff.diagnostics()
    assert found["not_understood"] == {"sensor.period": 3}
    assert caplog.text.count("sensor.period shows") == 1
    hass.states.async_set("sensor.period", "HP")
    await life.run(2, 500)
    assert home_entry.runtime_data.tariff.known.period is Period.PEAK
    assert caplog.text.count("sensor.period can be used again") == 1
    # Nothing is no garbage.
    hass.states.async_set("sensor.period", "unknown")
    await life.run(2, 500)
    assert found["not_understood"] == {"sensor.period": 3}


@pytest.mark.parametrize(
    ("message", "state", "period"),
    [
        ("Heures creuses", "on", "off_peak"),
        ("HP", "on", "peak"),
        ("Holiday", "on", "off_peak"),
        ("Heures creuses", "off", "peak"),
    ],
)
async def test_an_event_of_a_calendar_says_it_or_is_cheap(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    tell: Tell,
    *,
    message: str,
    state: str,
    period: str,
) -> None:
    hass.states.async_set("calendar.hours", state, {"message": message})
    await tell(**{**ENTITY, "tariff_entity": "calendar.hours"})
    await life.run(2, 500)
    assert shown(hass, "tariff_period") == period


@pytest.mark.parametrize(
    ("price", "unit", "per_kwh"),
    [
        ("0.25", "EUR/kWh", 0.25),
        ("0.25", None, 0.25),
        ("25", "c€/kWh", 0.25),
        ("25.0", "ct/kWh", 0.25),
        ("250", "€/MWh", 0.25),
        ("-0.01", "€/kWh", -0.01),
        ("0.25", "€/month", 0.2),
        ("dear", "€/kWh", 0.2),
        ("unknown", "€/kWh", 0.2),
    ],
)
async def test_a_price_may_come_from_an_entity(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    tell: Tell,
    *,
    price: str,
    unit: str | None,
    per_kwh: float,
) -> None:
    hass.states.async_set("sensor.period", "HC")
    hass.states.async_set("sensor.price", price, {"unit_of_measurement": unit})
    await tell(
        **ENTITY,
        price_entity="sensor.price",
        periods={"off_peak": {"price": 0.2}},
    )
    await life.run(2, 500)
    assert home_entry.runtime_data.tariff.known.price == pytest.approx(per_kwh)
    state = hass.states.get("sensor.home_electricity_price")
    assert float(state.state) == pytest.approx(per_kwh)
    assert state.attributes["unit_of_measurement"] == "EUR/kWh"


class TestTempo:
    CALENDAR = {
        "told_by": "calendar",
        "contract": "tempo",
        "today_entity": "sensor.today",
        "tomorrow_entity": "sensor.tomorrow",
        "periods": {
            "tempo_red_hp": {"price": 0.7, "cap_kw": 3},
            "tempo_blue_hc": {"price": 0.12},
        },
        "feed_in": 0.04,
    }

    @pytest.fixture(autouse=True)
    async def a_red_tuesday(
        self, freezer: FrozenDateTimeFactory, hass: HomeAssistant
    ) -> None:
        freezer.move_to("2026-01-20 11:00:00+00:00")
        await hass.config.async_set_time_zone("Europe/Paris")

    async def test_colours_of_entities_make_the_day(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        tell: Tell,
    ) -> None:
        hass.states.async_set("sensor.today", "Rouge")
        hass.states.async_set("sensor.tomorrow", "----")
        await tell(**self.CALENDAR)
        await life.run(2, 500)
        assert shown(hass, "tariff_period") == "tempo_red_hp"
        assert shown(hass, "price_class") == "dear"
        assert shown(hass, "tempo_today") == "red"
        assert shown(hass, "tempo_tomorrow") == "none"
        assert shown(hass, "next_tariff_change") == "2026-01-20T21:00:00+00:00"
        now = home_entry.runtime_data.tariff.known
        assert now.house_cap_w == 3000
        assert now.import_price == pytest.approx((0.7 - 0.12) / (0.12 - 0.04))
        # What a car at its least may import falls with it.
        tolerated = shown(hass, "import_tolerated_at_minimum")
        assert float(tolerated) == pytest.approx(1380 / (1 + now.import_price), abs=1)
        hass.states.async_set("sensor.tomorrow", "BLANC")
        await life.run(2, 500)
        assert shown(hass, "tempo_tomorrow") == "white"

    async def test_red_on_a_day_that_cannot_be_is_refused(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        freezer: FrozenDateTimeFactory,
        tell: Tell,
    ) -> None:
        # A Saturday.
        freezer.move_to("2026-01-24 11:00:00+00:00")
        hass.states.async_set("sensor.today", "Rouge")
        await tell(**self.CALENDAR)
        await life.run(2, 500)
        tariff = home_entry.runtime_data.tariff
        assert tariff.known.period is None
        assert tariff.diagnostics()["not_understood"] == {"sensor.today": 1}

    async def test_a_meter_knows_better_than_an_entity(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        tell: Tell,
    ) -> None:
        linky = HandTariff()
        async_get_registry(hass).async_register_tariff(linky)
        linky.tell(Period.TEMPO_WHITE_HP, today=Colour.WHITE)
        hass.states.async_set("sensor.today", "Rouge")
        hass.states.async_set("sensor.tomorrow", "Bleu")
        await tell(**{**self.CALENDAR, "told_by": METER_ID})
        await life.run(2, 500)
        tariff = home_entry.runtime_data.tariff
        assert tariff.known.period is Period.TEMPO_WHITE_HP
        # It has not announced tomorrow yet.
        assert shown(hass, "tempo_tomorrow") == "blue"

    async def test_a_red_day_starts_nothing_from_the_grid(
        self,
        hass: HomeAssistant,
        life: Life,
        charger: HandCharger,
        home_entry: MockConfigEntry,
        tell: Tell,
    ) -> None:
        commanding(home_entry)
        hass.states.async_set("sensor.today", "Rouge")
        await tell(**self.CALENDAR)
        await set_mode(hass, Mode.ECO)
        await life.run(60, 500)
        assert charger.reading.offered_a in (None, 0)
        # A person's word counts.
        await set_mode(hass, Mode.BOOST)
        await life.run(10, 500)
        assert charger.reading.offered_a > 0

    async def test_the_colour_survives_a_restart(
        self,
        hass: HomeAssistant,
        life: Life,
        home_entry: MockConfigEntry,
        tell: Tell,
    ) -> None:
        hass.states.async_set("sensor.today", "Rouge")
        await tell(**self.CALENDAR)
        await life.run(2, 500)
        saved = home_entry.runtime_data._to_save()["tariff"]
        hass.states.async_set("sensor.today", "unavailable")
        tariff = type(home_entry.runtime_data.tariff)(
            hass, home_entry, async_get_registry(hass), saved
        )
        tariff.async_refresh()
        assert tariff.look(monotonic(), dt_util.now()).period is Period.TEMPO_RED_HP


async def test_a_red_day_that_an_unchosen_meter_told_stands_until_it_talks_again(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry
) -> None:
    noon = datetime(2026, 1, 20, 12, tzinfo=dt_util.get_default_time_zone())
    registry = async_get_registry(hass)
    linky = HandTariff()
    remove = registry.async_register_tariff(linky)
    linky.tell(Period.TEMPO_RED_HP, today=Colour.RED)
    before = home_entry.runtime_data.tariff
    before.async_refresh()
    assert before.look(monotonic(), noon).holds_back
    saved = before.as_dict()
    remove()
    after = type(before)(hass, home_entry, registry, saved)
    after.async_refresh()
    assert after.look(monotonic(), noon).holds_back
    assert after.look(monotonic(), noon.replace(hour=23)).price_class is None


async def test_loads_may_have_another_order_by_price(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, tell: Tell
) -> None:
    hass.states.async_set("sensor.period", "HC")
    await tell(**ENTITY, cheap_order=["home:one", LOAD_ID])
    await life.run(2, 500)
    tariff = home_entry.runtime_data.tariff
    spec = life.charger.spec
    assert tariff.ranked(spec).priority == 1
    assert tariff.ranked(replace(spec, load_id="home:one")).priority == 0
    # Who is not in the order follows as usual.
    assert tariff.ranked(replace(spec, load_id="home:two", priority=3)).priority == 5
    hass.states.async_set("sensor.period", "HP")
    await life.run(2, 500)
    assert tariff.ranked(spec) is spec


async def test_a_tariff_can_be_changed_and_deleted_while_running(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, tell: Tell
) -> None:
    coordinator = home_entry.runtime_data
    hass.states.async_set("sensor.period", "HC")
    subentry = await tell(**ENTITY)
    await life.run(2, 500)
    assert shown(hass, "tariff_period") == "off_peak"
    hass.config_entries.async_update_subentry(
        home_entry,
        subentry,
        data={**ENTITY, "periods": {"off_peak": {"price_class": "dear"}}},
    )
    await hass.async_block_till_done()
    await life.run(2, 500)
    assert shown(hass, "price_class") == "dear"
    hass.config_entries.async_remove_subentry(home_entry, subentry.subentry_id)
    await hass.async_block_till_done()
    await life.run(2, 500)
    assert coordinator.tariff.now is None
    assert shown(hass, "tariff_period") is None
    assert hass.states.get("binary_sensor.home_tariff_source") is None
    # And comes back with another one.
    await tell(**ENTITY)
    await life.run(3, 500)
    assert shown(hass, "tariff_period") == "off_peak"
    assert home_entry.runtime_data is coordinator


async def test_what_is_damaged_of_what_was_learned_is_learned_anew(
    hass: HomeAssistant,
    life: Life,
    home_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tariff = type(home_entry.runtime_data.tariff)(
        hass,
        home_entry,
        async_get_registry(hass),
        {"tariff": {"days": 3}, "told_by": ["entity"]},
    )
    assert "cannot be read" in caplog.text
    assert tariff.as_dict() == {}
    caplog.clear()
