"""Every dump goes through the real library, as if its inverter answered."""

from collections.abc import Iterator
from typing import Any

from modbus_connection.mock import ReadEvent
import pytest
from solaredged import BatteryStatus, InverterStatus

from custom_components.surplus.solaredge.blocks import (
    battery_block,
    inverter_block,
    meter_block,
)
from custom_components.surplus.solaredge.layout import (
    EvChargerError,
    ProbeError,
    async_probe_unit,
)
from custom_components.surplus.solaredge.model import Layout, MeterReading, MeterRole
from custom_components.surplus.solaredge.readings import (
    inverter_reading,
    meter_reading,
    storage_reading,
)

from .dumps import (
    EV_CHARGER,
    FULL,
    NAMES,
    NO_METER,
    SLEEPING,
    THREE_METERS,
    TWO_BATTERIES,
    Unit,
    dump,
    registers,
    unit,
)

INVERTERS = [
    name
    for name in NAMES
    if name
    not in (EV_CHARGER, "meter_203_per_phase_signs_rebuilt", "se3000_common_block_raw")
]


def derived(kind: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield what was worked out by hand: the dump, the number in it, the values."""
    for name in INVERTERS:
        for key, values in dump(name)["derived"].items():
            if key.startswith(kind) and values:
                yield name, int(key.removeprefix(kind) or 0), values


@pytest.mark.parametrize(("name", "_", "expected"), derived("inverter"))
async def test_an_inverter_reads_as_worked_out_by_hand(
    name: str, _: int, expected: dict[str, Any]
) -> None:
    device = unit(name)
    found = (await async_probe_unit(device, 1)).inverters[0]
    block = inverter_block(device, found)
    device.read_events.clear()
    await block.async_update()
    reading = inverter_reading(block, 12.0, found.phases)
    assert device.read_events == [ReadEvent("holding", 40069, 40)]
    assert reading.at == 12.0
    assert found.model == expected["model"]
    assert found.phases == {101: 1, 103: 3}[expected["did"]]
    assert len(reading.voltages_v) == len(reading.currents_a) == found.phases
    assert reading.ac_power_w == pytest.approx(expected["ac_power_w"])
    assert reading.ac_current_a == pytest.approx(expected["ac_current_a"])
    assert reading.frequency_hz == pytest.approx(expected["ac_freq_hz"])
    assert reading.energy_wh == expected["ac_energy_wh"]
    assert reading.dc_power_w == pytest.approx(expected["dc_power_w"])
    assert reading.status is InverterStatus(expected["status"])
    if reading.sleeps and expected["heatsink_c"] == 0:
        assert reading.temperature_c is None
    else:
        assert reading.temperature_c == pytest.approx(expected["heatsink_c"])


@pytest.mark.parametrize(("name", "number", "expected"), derived("meter"))
async def test_a_grid_meter_reads_as_worked_out_by_hand_with_import_positive(
    name: str, number: int, expected: dict[str, Any]
) -> None:
    device = unit(registers(name, options=["Export+Import"] * 3))
    layout = await async_probe_unit(device, 1)
    reading = await read_meter(device, layout, number - 1, MeterRole.GRID)
    start = 40155 + 174 * (number - 1)
    assert device.read_events == [ReadEvent("holding", start, 88)]
    assert reading.power_w == pytest.approx(-expected["power_w"])
    assert reading.current_a == pytest.approx(expected["current_a"])
    assert reading.frequency_hz == pytest.approx(expected["freq_hz"])
    assert reading.exported_wh == expected["exported_wh"]
    assert reading.imported_wh == expected["imported_wh"]


@pytest.mark.parametrize(("name", "number", "expected"), derived("battery"))
async def test_a_battery_reads_as_worked_out_by_hand_with_discharging_positive(
    name: str, number: int, expected: dict[str, Any]
) -> None:
    device = unit(name)
    found = (await async_probe_unit(device, 1)).batteries[number - 1]
    block = battery_block(device, found)
    device.read_events.clear()
    await block.async_update()
    reading = storage_reading(block, 3.0)
    start = (57600, 57856)[number - 1] + 108
    assert device.read_events == [ReadEvent("holding", start, 28)]
    assert found.rated_wh == expected["rated_wh"]
    assert reading.power_w == pytest.approx(-expected["power_w"])
    assert reading.current_a == pytest.approx(abs(expected["current_a"]), abs=1e-4)
    assert reading.voltage_v == pytest.approx(expected["voltage_v"], abs=1e-3)
    assert reading.temperature_c == pytest.approx(expected["temp_c"], abs=1e-3)
    assert reading.capacity_wh == pytest.approx(expected["available_wh"], abs=1e-3)
    assert reading.soc == pytest.approx(expected["soe_pct"], abs=1e-3)
    assert reading.soh == pytest.approx(expected["soh_pct"])
    assert reading.status is BatteryStatus(expected["status"])
    stored_wh = expected["available_wh"] * expected["soe_pct"] / 100
    assert reading.stored_wh == pytest.approx(stored_wh, abs=0.1)


async def test_the_only_full_dump_names_everything() -> None:
    layout = await async_probe_unit(unit(registers(FULL, options=["Export+Import"])), 1)
    (inverter,) = layout.inverters
    (meter,) = layout.meters
    assert (inverter.key, inverter.serial) == ("7E000001", "7E000001")
    assert inverter.manufacturer == "SolarEdge"
    assert meter.key == "7E000001_meter_7E000002_grid"
    assert (meter.model, meter.version) == ("SE-MTR-3Y-400V-A", "3.1.0")
    # A single-phase inverter in a three-phase house.
    assert (inverter.phases, meter.phases) == (1, 3)
    assert [battery.key for battery in layout.batteries] == [
        "7E000001_battery_7E000003",
        "7E000001_battery_7E000004",
    ]
    assert layout.batteries[0].model == "SE-BAT-48V-10KWH"
    assert layout.batteries[0].max_charge_w == 5000.0
    assert layout.unsure == frozenset()


async def test_three_meters_are_told_apart_by_their_options() -> None:
    device = unit(
        registers(
            THREE_METERS,
            options=["Export+Import", "Inverter Production", "Consumption"],
        )
    )
    layout = await async_probe_unit(device, 1)
    assert [meter.role for meter in layout.meters] == [
        MeterRole.GRID,
        MeterRole.PRODUCTION,
        MeterRole.CONSUMPTION,
    ]
    production = await read_meter(device, layout, 1, MeterRole.PRODUCTION)
    assert production.power_w == pytest.approx(2471.3)
    assert production.imported_wh == 3089364
    consumption = await read_meter(device, layout, 2, MeterRole.CONSUMPTION)
    assert consumption.power_w == pytest.approx(2739.7)
    assert consumption.imported_wh == 4150989
    assert consumption.exported_wh is None


async def test_a_battery_model_with_its_serial_number_appended_loses_it() -> None:
    layout = await async_probe_unit(unit(TWO_BATTERIES), 1)
    assert [battery.model for battery in layout.batteries] == ["RESU10"] * 2


async def test_phases_of_one_meter_may_draw_and_give_at_once() -> None:
    words = registers(NO_METER)
    words.update(registers("meter_203_per_phase_signs_rebuilt"))
    device = unit(words)
    layout = await async_probe_unit(device, 1)
    reading = await read_meter(device, layout, 0, MeterRole.GRID)
    assert reading.power_w == -369.0
    assert reading.powers_w == (0.0, 40.0, -410.0)
    assert reading.currents_a == (0.0, 0.3, -2.4)
    assert reading.voltages_v == pytest.approx((230.87, 233.26, 234.95), abs=0.2)
    # Not in the source, and not implemented is not zero.
    assert reading.imported_wh is None


async def test_a_charger_that_poses_as_an_inverter_is_refused() -> None:
    with pytest.raises(EvChargerError) as caught:
        await async_probe_unit(unit(EV_CHARGER), 3)
    assert caught.value.reason == "ev_charger"


async def test_a_charger_under_another_name_tells_no_values() -> None:
    words = registers(EV_CHARGER)
    words[40020], words[40021] = 0x5858, 0x5858
    with pytest.raises(ProbeError) as caught:
        await async_probe_unit(unit(words), 3)
    assert caught.value.reason == "no_answer"


async def test_a_common_block_alone_is_no_inverter_to_read() -> None:
    with pytest.raises(ProbeError):
        await async_probe_unit(unit("se3000_common_block_raw"), 1)


async def test_an_inverter_on_an_odd_unit_sleeps() -> None:
    layout = await async_probe_unit(unit(SLEEPING, 125), 125)
    assert layout.inverters[0].unit_id == 125
    assert layout.meters == layout.batteries == ()


async def test_a_layout_survives_its_storage() -> None:
    layout = await async_probe_unit(unit(THREE_METERS), 1)
    assert Layout.from_dict(layout.as_dict()) == layout


async def read_meter(
    device: Unit, layout: Layout, slot: int, role: MeterRole
) -> MeterReading:
    found = layout.meters[slot]
    block = meter_block(device, found)
    device.read_events.clear()
    await block.async_update()
    return meter_reading(block, 5.0, phases=found.phases, role=role, reversed_=False)
