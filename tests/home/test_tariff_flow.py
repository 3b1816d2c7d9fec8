"""The steps that tell of the tariff, and what becomes of the answers."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.surplus import async_migrate_entry
from custom_components.surplus.const import DOMAIN
from custom_components.surplus.control.model import (
    Contract,
    Period,
    PriceClass,
    TariffReading,
)
from custom_components.surplus.home.tariff.const import periods_of
from custom_components.surplus.home.tariff.settings import tariff_settings
from custom_components.surplus.registry import async_get_registry
from homeassistant.config_entries import ConfigSubentryFlow
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from .conftest import LOAD_ID, METER_ID, Life
from .test_tariff import HandTariff

NIGHT = {"period": "off_peak", "begins": "22:00:00", "ends": "06:00:00"}
WINTER = {
    **NIGHT,
    "weekdays": ["sat", "sun"],
    "first_day": "2026-11-01",
    "last_day": "2026-03-31",
}
PLAIN = {"price_class": "usual"}


class Steps:
    """A flow, walked step by step."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self.hass, self.entry = hass, entry
        self.result: dict[str, Any] = {}

    @property
    def flows(self) -> Any:
        return self.hass.config_entries.subentries

    async def start(self) -> Steps:
        self.result = await self.flows.async_init(
            (self.entry.entry_id, "tariff"), context={"source": "user"}
        )
        return self

    async def reconfigure(self) -> Steps:
        self.result = await self.flows.async_init(
            (self.entry.entry_id, "tariff"),
            context={"source": "reconfigure", "subentry_id": self.subentry.subentry_id},
        )
        return self

    async def answer(self, **answers: Any) -> dict[str, Any]:
        self.result = await self.flows.async_configure(self.result["flow_id"], answers)
        await self.hass.async_block_till_done()
        return self.result

    @property
    def subentry(self) -> Any:
        return next(
            one
            for one in self.entry.subentries.values()
            if one.subentry_type == "tariff"
        )

    def suggested(self) -> dict[str, Any]:
        """Return what the form shows, sections taken apart."""
        shown: dict[str, Any] = {}
        for marker in self.result["data_schema"].schema:
            described = marker.description or {}
            if "suggested_value" in described:
                shown[str(marker.schema)] = described["suggested_value"]
        return shown


def prices(contract: Contract, indexes: int = 3, **told: Any) -> dict[str, Any]:
    """Return the answers of the last step, with nothing told but ``told``."""
    periods = {
        period.value: {**PLAIN, **told.pop(period.value, {})}
        for period in periods_of(contract, indexes)
    }
    return {"dear_allowed": False, "more": {}, **periods, **told}


@pytest.fixture
async def steps(hass: HomeAssistant, life: Life, home_entry: MockConfigEntry) -> Steps:
    return Steps(hass, home_entry)


async def test_a_linky_needs_no_more_than_its_prices(
    hass: HomeAssistant, steps: Steps
) -> None:
    linky = HandTariff()
    linky.tell(Period.TEMPO_BLUE_HP)
    async_get_registry(hass).async_register_tariff(linky)
    await steps.start()
    schema = steps.result["data_schema"].schema
    # It tells which contract it is.
    defaults = {str(key.schema): key.default() for key in schema}
    assert defaults == {"told_by": METER_ID, "contract": "tempo"}
    assert (await steps.answer(told_by=METER_ID, contract="tempo"))[
        "step_id"
    ] == "hours"
    assert (await steps.answer())["step_id"] == "prices"
    result = await steps.answer(
        **prices(
            Contract.TEMPO,
            feed_in=0.04,
            tempo_red_hp={"price": 0.7, "cap_kw": 6.0},
            tempo_red_hc={"price": 0.15, "price_class": "cheap"},
        )
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert steps.subentry.title == "Tariff"
    assert steps.subentry.data == {
        "told_by": METER_ID,
        "contract": "tempo",
        "feed_in": 0.04,
        "dear_allowed": False,
        "periods": {
            "tempo_red_hp": {"price": 0.7, "cap_kw": 6.0},
            "tempo_red_hc": {"price": 0.15, "price_class": "cheap"},
        },
    }
    settings = steps.entry.runtime_data.tariff.settings
    assert settings.terms.prices.house_cap_w(Period.TEMPO_RED_HP) == 6000
    assert settings.terms.prices.class_of(Period.TEMPO_RED_HC) is PriceClass.CHEAP


async def test_one_price_asks_for_no_hours(steps: Steps) -> None:
    await steps.start()
    result = await steps.answer(told_by="calendar", contract="base")
    assert result["step_id"] == "prices"
    await steps.answer(**prices(Contract.BASE, base={"price": 0.2}))
    assert steps.subentry.data["periods"] == {"base": {"price": 0.2}}


async def test_fixed_hours_may_differ_by_weekday_and_season(steps: Steps) -> None:
    await steps.start()
    await steps.answer(told_by="calendar", contract="peak_off_peak")
    assert (await steps.answer(windows=[NIGHT, WINTER]))["step_id"] == "prices"
    await steps.answer(**prices(Contract.PEAK_OFF_PEAK))
    hours = steps.entry.runtime_data.tariff.settings.terms.hours
    night, winter = hours.windows
    assert (night.begins_min, night.ends_min, len(night.weekdays)) == (1320, 360, 7)
    assert winter.weekdays == {5, 6}
    assert (winter.season.first, winter.season.last) == ((11, 1), (3, 31))
    assert hours.otherwise is Period.PEAK


async def test_several_indexes_have_windows_of_their_own(steps: Steps) -> None:
    await steps.start()
    await steps.answer(told_by="calendar", contract="other")
    result = await steps.answer(
        indexes=4, windows=[{**NIGHT, "period": "index_4"}], otherwise="index_2"
    )
    assert (
        len([key for key in result["data_schema"].schema if "index" in str(key)]) == 4
    )
    await steps.answer(**prices(Contract.OTHER, 4, index_4={"price_class": "cheap"}))
    hours = steps.entry.runtime_data.tariff.settings.terms.hours
    assert (hours.windows[0].period, hours.otherwise) == (
        Period.INDEX_4,
        Period.INDEX_2,
    )


@pytest.mark.parametrize(
    ("windows", "error"),
    [
        ([], "windows_missing"),
        ([{**NIGHT, "first_day": "2026-11-01"}], "season_open"),
        ([{**NIGHT, "last_day": "2026-11-01"}], "season_open"),
    ],
)
async def test_windows_that_are_none_are_refused(
    steps: Steps, windows: list[dict[str, Any]], error: str
) -> None:
    await steps.start()
    await steps.answer(told_by="calendar", contract="peak_off_peak")
    assert (await steps.answer(windows=windows))["errors"] == {"windows": error}
    assert (await steps.answer(windows=[NIGHT]))["step_id"] == "prices"


async def test_a_window_without_a_time_is_refused(
    hass: HomeAssistant, steps: Steps
) -> None:
    await steps.start()
    await steps.answer(told_by="calendar", contract="peak_off_peak")
    flow = next(iter(steps.flows._progress.values()))
    assert isinstance(flow, ConfigSubentryFlow)
    broken = {**NIGHT, "begins": "soon"}
    result = await flow.async_step_hours({"windows": [broken]})
    assert result["errors"] == {"windows": "windows_wrong"}


async def test_an_entity_must_be_understood_now(
    hass: HomeAssistant, steps: Steps
) -> None:
    hass.states.async_set("sensor.period", "bonjour")
    await steps.start()
    await steps.answer(told_by="entity", contract="peak_off_peak")
    result = await steps.answer(tariff_entity="sensor.period")
    assert result["errors"] == {"tariff_entity": "not_understood"}
    # One that says nothing now may say something later.
    for state in ("unavailable", "----", "HC"):
        hass.states.async_set("sensor.period", state)
    assert (await steps.answer(tariff_entity="sensor.period"))["step_id"] == "prices"


async def test_a_day_must_be_told_by_its_colour(
    hass: HomeAssistant, steps: Steps
) -> None:
    hass.states.async_set("sensor.today", "HC")
    hass.states.async_set("sensor.tomorrow", "----")
    await steps.start()
    await steps.answer(told_by="calendar", contract="tempo")
    days = {"today_entity": "sensor.today", "tomorrow_entity": "sensor.tomorrow"}
    result = await steps.answer(**days)
    assert result["errors"] == {"today_entity": "not_understood"}
    hass.states.async_set("sensor.today", "Bleu")
    assert (await steps.answer(**days))["step_id"] == "prices"


async def test_what_surplus_shows_itself_tells_it_nothing(
    hass: HomeAssistant, steps: Steps
) -> None:
    own = er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, "home_x", config_entry=steps.entry
    )
    await steps.start()
    await steps.answer(told_by="entity", contract="peak_off_peak")
    result = await steps.answer(tariff_entity=own.entity_id)
    assert result["errors"] == {"tariff_entity": "own_entity"}
    await steps.answer(tariff_entity="sensor.period")
    result = await steps.answer(
        **prices(Contract.PEAK_OFF_PEAK, more={"price_entity": own.entity_id})
    )
    assert result["errors"] == {"more": "own_entity"}


async def test_a_price_must_be_one(hass: HomeAssistant, steps: Steps) -> None:
    hass.states.async_set("sensor.price", "0.2", {"unit_of_measurement": "EUR/m³"})
    await steps.start()
    await steps.answer(told_by="calendar", contract="base")
    more = {"price_entity": "sensor.price", "cheap_order": [LOAD_ID]}
    result = await steps.answer(**prices(Contract.BASE, more=more))
    assert result["errors"] == {"more": "no_price"}
    hass.states.async_set("sensor.price", "0.2", {"unit_of_measurement": "EUR/kWh"})
    await steps.answer(**prices(Contract.BASE, more=more))
    assert steps.subentry.data["price_entity"] == "sensor.price"
    assert steps.entry.runtime_data.tariff.settings.orders[PriceClass.CHEAP] == (
        LOAD_ID,
    )


async def test_there_is_one_tariff(steps: Steps) -> None:
    await steps.start()
    await steps.answer(told_by="calendar", contract="base")
    await steps.answer(**prices(Contract.BASE))
    await steps.start()
    assert steps.result["type"] is FlowResultType.ABORT
    assert steps.result["reason"] == "one_tariff"


async def test_it_is_changed_in_place_and_forgets_what_another_contract_had(
    hass: HomeAssistant, steps: Steps
) -> None:
    hass.states.async_set("sensor.period", "HC")
    await steps.start()
    await steps.answer(told_by="entity", contract="peak_off_peak")
    await steps.answer(tariff_entity="sensor.period", windows=[NIGHT])
    await steps.answer(
        **prices(
            Contract.PEAK_OFF_PEAK,
            off_peak={"price": 0.2},
            feed_in=0.04,
            more={"dear_order": [LOAD_ID]},
        )
    )
    coordinator = steps.entry.runtime_data
    await steps.reconfigure()
    assert steps.suggested() == {"told_by": "entity", "contract": "peak_off_peak"}
    await steps.answer(told_by="entity", contract="peak_off_peak")
    assert steps.suggested() == {"tariff_entity": "sensor.period", "windows": [NIGHT]}
    await steps.answer(tariff_entity="sensor.period", windows=[NIGHT])
    assert steps.suggested()["feed_in"] == 0.04
    await steps.reconfigure()
    # A contract that its entity has nothing to say about.
    await steps.answer(told_by="calendar", contract="base")
    result = await steps.answer(**prices(Contract.BASE, base={"price": 0.25}))
    assert result["reason"] == "reconfigure_successful"
    assert steps.subentry.data == {
        "told_by": "calendar",
        "contract": "base",
        "dear_allowed": False,
        "periods": {"base": {"price": 0.25}},
    }
    assert steps.entry.runtime_data is coordinator
    assert coordinator.tariff.settings.terms.contract is Contract.BASE


async def test_a_meter_that_is_away_is_not_lost_by_changing_something(
    hass: HomeAssistant, steps: Steps
) -> None:
    linky = HandTariff()
    linky.tariff = TariffReading(option=Contract.BASE, period=Period.BASE)
    remove = async_get_registry(hass).async_register_tariff(linky)
    await steps.start()
    await steps.answer(told_by=METER_ID, contract="base")
    await steps.answer(**prices(Contract.BASE))
    remove()
    await steps.reconfigure()
    assert (await steps.answer(told_by=METER_ID, contract="base"))[
        "step_id"
    ] == "prices"


class TestMigration:
    def entry(self, minor_version: int = 2, **data: Any) -> MockConfigEntry:
        return MockConfigEntry(
            domain=DOMAIN,
            title="Home",
            unique_id="home",
            minor_version=minor_version,
            data={
                "kind": "home",
                "phases": 1,
                "breaker_a": 40,
                "grid_meters": [METER_ID],
                **data,
            },
        )

    async def test_an_entity_of_cheap_hours_becomes_a_tariff(
        self, hass: HomeAssistant
    ) -> None:
        entry = self.entry(cheap_entity="schedule.night")
        entry.add_to_hass(hass)
        hass.states.async_set("schedule.night", "on")
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert entry.minor_version == 3
        assert "cheap_entity" not in entry.data
        (subentry,) = entry.subentries.values()
        assert (subentry.subentry_type, subentry.title) == ("tariff", "Tariff")
        settings = tariff_settings(entry, {})
        assert settings is not None
        assert settings.tariff_entity == "schedule.night"
        assert settings.terms.contract is Contract.PEAK_OFF_PEAK
        assert settings == entry.runtime_data.tariff.settings

    async def test_a_home_without_one_gets_no_tariff(self, hass: HomeAssistant) -> None:
        entry = self.entry()
        entry.add_to_hass(hass)
        assert await async_migrate_entry(hass, entry)
        assert entry.minor_version == 3
        assert not entry.subentries


@pytest.mark.parametrize("state", ["on", "off", "unavailable", "unknown"])
async def test_hours_are_cheap_while_the_entity_of_before_is_on(
    hass: HomeAssistant, life: Life, home_entry: MockConfigEntry, state: str
) -> None:
    old = TestMigration().entry(cheap_entity="schedule.night")
    old.add_to_hass(hass)
    assert await async_migrate_entry(hass, old)
    (subentry,) = old.subentries.values()
    hass.config_entries.async_add_subentry(home_entry, subentry)
    hass.states.async_set("schedule.night", state)
    await hass.async_block_till_done()
    await life.run(2, 500)
    expected = {"on": True, "off": False}.get(state)
    assert home_entry.runtime_data.tariff.cheap() is expected


async def test_choices_within_a_window_are_named_by_us(
    hass: HomeAssistant, steps: Steps
) -> None:
    """The frontend translates no options of a selector inside another one."""
    hass.config.language = "fr"
    await (await steps.start()).answer(told_by="calendar", contract="peak_off_peak")
    fields = steps.result["data_schema"].schema["windows"].config["fields"]
    options = {
        key: {
            one["value"]: one["label"]
            for one in fields[key]["selector"].config["options"]
        }
        for key in ("period", "weekdays")
    }
    assert options["period"] == {"off_peak": "Heures creuses", "peak": "Heures pleines"}
    assert options["weekdays"]["wed"] == "Mercredi"


@pytest.mark.parametrize(
    ("otherwise", "window"), [("index_9", "index_1"), ("index_1", "index_3")]
)
async def test_an_index_that_has_no_price_is_not_named(
    steps: Steps, otherwise: str, window: str
) -> None:
    await (await steps.start()).answer(told_by="calendar", contract="other")
    result = await steps.answer(
        indexes=2, otherwise=otherwise, windows=[{**NIGHT, "period": window}]
    )
    assert result["errors"] == {"indexes": "too_few_indexes"}


async def test_of_two_dialogs_only_one_makes_a_tariff(
    hass: HomeAssistant, steps: Steps
) -> None:
    other = Steps(hass, steps.entry)
    for dialog in (steps, other):
        await (await dialog.start()).answer(told_by="calendar", contract="base")
    made = await steps.answer(**prices(Contract.BASE))
    assert made["type"] is FlowResultType.CREATE_ENTRY
    assert (await other.answer(**prices(Contract.BASE)))["reason"] == "one_tariff"
    assert len(steps.entry.subentries) == 1


async def test_what_only_tempo_has_goes_with_it(
    hass: HomeAssistant, life: Life, steps: Steps
) -> None:
    hass.states.async_set("sensor.today", "blue")
    await (await steps.start()).answer(told_by="calendar", contract="tempo")
    await steps.answer(today_entity="sensor.today")
    await steps.answer(**prices(Contract.TEMPO))
    await life.run(3, 500)
    assert hass.states.get("sensor.home_tempo_today").state == "blue"
    for again in range(2):
        await (await steps.reconfigure()).answer(
            told_by="calendar", contract="peak_off_peak"
        )
        await steps.answer(windows=[NIGHT])
        await steps.answer(**prices(Contract.PEAK_OFF_PEAK))
        await life.run(3, 500)
        registered = er.async_get(hass).async_get("sensor.home_tempo_today")
        assert registered is None, again
        assert hass.states.get("sensor.home_tariff_period") is not None
        await hass.config_entries.async_reload(steps.entry.entry_id)
        await life.run(3, 500)
