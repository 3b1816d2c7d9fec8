"""What the Home gives away to understand a report."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from ..clock import monotonic
from ..control.cycle import Cycle
from ..coordinator import HomeConfigEntry
from ..registry import async_get_registry
from .circuits.settings import circuits_of
from .const import CONF_GRID_METERS, CONF_SOLAR_SOURCES, GRID_METER_ENTITY
from .loads.const import CONF_ACTION_DATA, CONF_SOURCE
from .loads.runtime import async_get_loads
from .plans.const import CONF_LOAD
from .plans.settings import plan_subentries
from .redact import Redactor
from .tariff.const import (
    CONF_CHEAP_ORDER,
    CONF_DEAR_ORDER,
    CONF_SOURCE as CONF_TELLER,
    SOURCE_CALENDAR,
    SOURCE_ENTITY,
)
from .tariff.settings import tariff_subentry


async def async_diagnostics(
    hass: HomeAssistant, entry: HomeConfigEntry
) -> dict[str, Any]:
    """Return settings, memory, the newest cycle and the record, without ids."""
    coordinator = entry.runtime_data
    registry = async_get_registry(hass)
    lines = await coordinator.recorder.async_export()
    ledger = coordinator.ledger.as_dict()
    # One that is gone from the Home is still in its record, and was asked for then.
    redactor = Redactor(
        loads=(
            *registry.loads,
            *coordinator.memory.loads,
            *coordinator.memory.gone,
            *ledger["loads"],
            *_planned_loads(entry),
            *_ranked_loads(entry),
            *(load for circuit in circuits_of(entry) for load in circuit.load_ids),
        ),
        meters=(
            *registry.meters,
            *registry.productions,
            *registry.batteries,
            *_configured_sources(entry),
        ),
    )
    told = redactor.data(
        {
            "data": dict(entry.data),
            "subentries": [
                {"type": subentry.subentry_type, "data": _shareable(subentry.data)}
                for subentry in entry.subentries.values()
            ],
            "loads": async_get_loads(hass, entry).as_list(),
            "memory": coordinator.memory.as_dict(),
            "ledger": ledger,
            "meters": coordinator.meters.as_list(),
            "tariff": coordinator.tariff.diagnostics(),
            "troubles": coordinator.troubles.as_dict(monotonic()),
            "cycle": _told(coordinator.cycle) if coordinator.cycle else None,
        }
    )
    # For ``scripts/replay``; each line is a JSON text of its own.
    return {**told, "record": [redactor.line(line) for line in lines]}


def _configured_sources(entry: HomeConfigEntry) -> set[str]:
    """Return the ids of devices that are told of here, be they there or not."""
    chosen = {*entry.data[CONF_GRID_METERS], *entry.data.get(CONF_SOLAR_SOURCES, ())}
    chosen |= {
        subentry.data[CONF_SOURCE]
        for subentry in entry.subentries.values()
        if CONF_SOURCE in subentry.data
    }
    if tariff := tariff_subentry(entry):
        chosen.add(tariff.data[CONF_TELLER])
    return chosen - {GRID_METER_ENTITY, SOURCE_ENTITY, SOURCE_CALENDAR}


def _planned_loads(entry: HomeConfigEntry) -> set[str]:
    """Return the loads that schedules and needs name, be they there or not."""
    return {subentry.data[CONF_LOAD] for subentry in plan_subentries(entry).values()}


def _ranked_loads(entry: HomeConfigEntry) -> set[str]:
    """Return the loads that the tariff puts in another order, be they there or not."""
    tariff = tariff_subentry(entry)
    orders = (CONF_CHEAP_ORDER, CONF_DEAR_ORDER)
    return {load for key in orders if tariff for load in tariff.data.get(key, ())}


def _told(cycle: Cycle) -> dict[str, Any]:
    return {
        "at": cycle.at,
        "meter": cycle.meter,
        "grid_w": cycle.grid_w,
        "solar_w": cycle.solar_w,
        "battery_w": cycle.battery_w,
        "battery_state": cycle.battery_state,
        "battery_first": cycle.battery_first,
        "house_w": cycle.house_w,
        "modelled_house_w": cycle.modelled_house_w,
        "surplus_w": cycle.surplus_w,
        "budget_w": cycle.budget_w,
        "probed_w": cycle.probed_w,
        "breaker_room_a": cycle.breaker_room_a,
        "subscription_room_va": cycle.subscription_room_va,
        "regulation": {
            load_id: {
                "error_w": terms.error_w,
                "p_w": terms.p_w,
                "i_w": terms.i_w,
                "d_w": terms.d_w,
                "output_w": terms.output_w,
            }
            for load_id, terms in cycle.regulation.items()
        },
        "plans": {
            plan_id: {
                "load": state.load_id,
                "active": state.active,
                "met": state.met,
                "late": state.late,
                "starts": state.starts and state.starts.isoformat(),
                "ends": state.ends and state.ends.isoformat(),
                "deadline": state.deadline and state.deadline.isoformat(),
                "left_wh": state.left_wh,
                "left_s": state.left_s,
                "level": state.level,
            }
            for plan_id, state in cycle.plans.items()
        },
        "facts": {load_id: dict(facts) for load_id, facts in cycle.facts.items()},
        "decisions": [
            {
                "load": decision.load_id,
                "value": decision.setpoint and decision.setpoint.value,
                "reason": decision.reason,
                "numbers": dict(decision.numbers),
                "next_event": decision.next_event and decision.next_event.kind,
            }
            for decision in cycle.decisions
        ],
    }


def _shareable(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a subentry's data without what an action of the user's may hold."""
    shown = dict(data)
    if CONF_ACTION_DATA in shown:
        shown[CONF_ACTION_DATA] = sorted(shown[CONF_ACTION_DATA])
    return shown
