"""The inverter as a part of the house, read by the real library."""

import pytest
from solaredged import SolarEdge as Reader
from solaredged.const import BatteryStatus, InverterStatus, SunSpecDID

from simulator.battery import BatterySpec, SelfRegulatingBattery
from simulator.inverter import MeterRole, SolarEdgeSpec

from .modbus import Site, a_site, read, served

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def a_reading(site: Site, unit: int = 1) -> Reader:
    """Read one unit of a site once."""
    async with served(site) as link:
        return await read(link, unit)


async def test_it_says_who_it_is() -> None:
    reader = await a_reading(a_site(phases=3))
    assert reader.common.manufacturer == "SolarEdge"
    assert reader.common.model == "SE10K-RWS48BEN4"
    assert reader.common.serial_number == "7E0A51C3"
    assert reader.common.device_address == 1
    assert not reader.is_ev_charger
    assert reader.inverter.did is SunSpecDID.THREE_PHASE_INVERTER
    (meter,) = reader.meters
    assert meter.option == "Export+Import"
    assert reader.batteries == []
    assert not reader.unresponsive_blocks


async def test_its_meter_shows_the_grid_and_its_ac_power_the_sun() -> None:
    site = a_site(solar_w=3000.0, load_w=800.0)
    reader = await a_reading(site)
    assert site.house.grid_w == -2200.0
    assert reader.meters[0].ac_power == pytest.approx(2200.0)
    assert reader.inverter.ac_power == pytest.approx(3000.0)
    assert reader.inverter.status is InverterStatus.PRODUCING
    assert reader.inverter.ac_current == pytest.approx(3000 / 230, abs=0.001)
    assert reader.inverter.dc_power == pytest.approx(3000 / 0.98, abs=0.1)


async def test_a_house_that_draws_more_than_the_sun_gives_reads_negative() -> None:
    reader = await a_reading(a_site(solar_w=500.0, load_w=2500.0, phases=3))
    meter = reader.meters[0]
    assert meter.ac_power == pytest.approx(-2000.0)
    phases = [meter.ac_power_a, meter.ac_power_b, meter.ac_power_c]
    # The load is split unevenly, the sun is not.
    expected = [500 / 3 - 2500 * share for share in (0.45, 0.3, 0.25)]
    assert phases == pytest.approx(expected, abs=0.05)
    assert sum(phases) == pytest.approx(meter.ac_power, abs=0.2)
    currents = meter.ac_current_a + meter.ac_current_b + meter.ac_current_c
    assert meter.ac_current == pytest.approx(currents, abs=0.01)


async def test_one_phase_leaves_the_others_empty() -> None:
    meter = (await a_reading(a_site())).meters[0]
    assert meter.did is SunSpecDID.THREE_PHASE_WYE_METER
    assert (meter.ac_power_b, meter.ac_current_c) == (0.0, 0.0)
    assert meter.ac_voltage_an == 230.0
    assert meter.ac_voltage_bn is None


async def test_the_scale_factor_follows_the_power_without_a_jump() -> None:
    site = a_site(solar_w=3000.0, load_w=0.0)
    async with served(site) as link:
        seen = {}
        for watts in (20.0, 300.0, 3276.0, 3277.0, 9000.0):
            site.house.fix_base(-watts)
            site.live(2)
            reader = await read(link)
            raw = await link.for_unit(1).read_holding_registers(40210, 1)
            assert reader.meters[0].ac_power == pytest.approx(watts, abs=0.5)
            seen[watts] = raw[0]
    assert len(set(seen.values())) == 4


async def test_energies_count_each_direction_of_its_own() -> None:
    site = a_site(solar_w=3000.0, load_w=1000.0)
    async with served(site) as link:
        before = (await read(link)).meters[0]
        exported, imported = before.energy_exported, before.energy_imported
        site.live(1800)
        site.house.fix_base(500.0)
        site.live(3600)
        reader = await read(link)
    after = reader.meters[0]
    assert after.energy_exported - exported == pytest.approx(1000, rel=0.01)
    assert after.energy_imported - imported == pytest.approx(500, rel=0.01)
    assert after.energy_exported_a - exported == pytest.approx(1000, rel=0.01)
    assert after.energy_exported_b == 0
    assert after.reactive_energy_q3 == pytest.approx(75, rel=0.02)
    assert after.reactive_energy_q4 == pytest.approx(150, rel=0.02)


async def test_its_lifetime_energy_is_what_the_sun_gave() -> None:
    site = a_site(solar_w=3000.0)
    async with served(site) as link:
        begin = (await read(link)).inverter.ac_energy
        site.live(3600)
        assert (await read(link)).inverter.ac_energy - begin == pytest.approx(3000, 1)


async def test_the_meter_knows_something_new_once_a_second() -> None:
    site = a_site(solar_w=3000.0, load_w=1000.0)
    async with served(site) as link:
        site.live(0.5)
        site.house.fix_base(900.0)
        site.live(0.5)
        assert (await read(link)).meters[0].ac_power == pytest.approx(2000.0)
        site.live(0.5)
        assert (await read(link)).meters[0].ac_power == pytest.approx(-900.0)


async def test_a_production_meter_counts_generation_as_positive() -> None:
    spec = SolarEdgeSpec(meters=(MeterRole.GRID, MeterRole.PRODUCTION))
    reader = await a_reading(a_site(solar_w=3000.0, load_w=3500.0, spec=spec))
    grid, production = reader.meters
    assert (grid.option, production.option) == ("Export+Import", "Production")
    assert grid.serial_number != production.serial_number
    assert grid.ac_power == pytest.approx(-500.0)
    assert production.ac_power == pytest.approx(3000.0)


async def test_a_follower_has_its_part_of_the_sun_and_no_meter() -> None:
    site = a_site(solar_w=3000.0, spec=SolarEdgeSpec(follower_share=0.4))
    async with served(site) as link:
        leader, follower = await read(link, 1), await read(link, 2)
    assert leader.inverter.ac_power == pytest.approx(1800.0)
    assert follower.inverter.ac_power == pytest.approx(1200.0)
    assert (len(leader.meters), len(follower.meters)) == (1, 0)
    assert leader.common.serial_number != follower.common.serial_number
    assert follower.common.device_address == 2


@pytest.mark.parametrize(
    ("solar_w", "load_w", "status"),
    [(3000.0, 1000.0, BatteryStatus.CHARGE), (0.0, 1500.0, BatteryStatus.DISCHARGE)],
)
async def test_the_battery_is_the_one_of_the_house(
    solar_w: float, load_w: float, status: BatteryStatus
) -> None:
    battery = SelfRegulatingBattery(BatterySpec(), charge_share=0.5)
    site = a_site(solar_w=solar_w, load_w=load_w, battery=battery)
    site.live(60)
    reader = await a_reading(site)
    (shown,) = reader.batteries
    assert shown.status is status
    assert shown.state_of_energy == pytest.approx(100 * battery.soc)
    assert shown.rated_energy == 10_000
    # It has taken or given everything, and the house is balanced.
    assert reader.meters[0].ac_power == pytest.approx(0.0, abs=20)
    assert battery.battery_w == pytest.approx(load_w - solar_w, abs=20)
    # AC power has the battery in it; the panels come out by adding its DC power.
    assert reader.inverter.ac_power == pytest.approx(solar_w + battery.battery_w, 0.001)
    panels_w = reader.inverter.dc_power + shown.dc_power
    assert panels_w == pytest.approx(solar_w / 0.98, abs=1)
    assert shown.dc_power * shown.dc_current < 0


@pytest.mark.parametrize(("share", "status"), [(1.0, "PRESERVE_CHARGE"), (0.5, "IDLE")])
async def test_a_battery_at_rest_is_full_or_idle(share: float, status: str) -> None:
    spec = BatterySpec(power_w=0.0)
    battery = SelfRegulatingBattery(spec, charge_share=share)
    reader = await a_reading(a_site(solar_w=3000.0, battery=battery))
    assert reader.batteries[0].status is BatteryStatus[status]


async def test_a_battery_that_is_charged_from_the_grid_makes_ac_power_negative() -> (
    None
):
    battery = SelfRegulatingBattery(charge_share=0.5)
    site = a_site(solar_w=0.0, load_w=0.0, battery=battery)
    # A second system on the roof, which the inverter knows nothing of.
    for _ in range(60):
        battery.see(site.house.now, -2000.0)
        site.live(1.0)
    reader = await a_reading(site)
    assert reader.inverter.status is InverterStatus.OFF
    assert reader.inverter.ac_power < -100
    assert reader.inverter.ac_energy == 18_785_652


@pytest.mark.parametrize(("meter_sleeps", "shown_w"), [(False, -800.0), (True, 0.0)])
async def test_at_night_it_sleeps_and_some_meters_sleep_with_it(
    meter_sleeps: bool, shown_w: float
) -> None:
    site = a_site(solar_w=3000.0, spec=SolarEdgeSpec(meter_sleeps=meter_sleeps))
    site.house.night = True
    site.live(5)
    assert site.inverter.asleep
    reader = await a_reading(site)
    inverter, meter = reader.inverter, reader.meters[0]
    assert inverter.status is InverterStatus.SLEEPING
    assert inverter.ac_power == 0.0
    assert inverter.dc_voltage < 1
    assert inverter.ac_voltage_an == 230.0
    assert inverter.ac_energy > 18_785_000
    assert meter.ac_power == pytest.approx(shown_w)
    assert meter.ac_current_a == pytest.approx(-shown_w / 230, abs=0.1)
    assert meter.energy_imported > 0


async def test_a_battery_keeps_it_awake_at_night() -> None:
    battery = SelfRegulatingBattery(charge_share=0.5)
    site = a_site(solar_w=0.0, load_w=800.0, battery=battery)
    site.live(30)
    assert not site.inverter.asleep


async def test_it_knows_nothing_while_it_wakes_up() -> None:
    site = a_site(spec=SolarEdgeSpec(blank_at_dawn=True))
    async with served(site) as link:
        assert (await read(link)).inverter.ac_power == pytest.approx(3000.0)
        site.house.night = True
        site.live(60)
        site.house.night = False
        site.live(1)
        waking = await read(link)
        site.live(2)
        awake = await read(link)
        site.live(40)
        later = await read(link)
    assert waking.inverter.ac_power is waking.inverter.ac_energy is None
    assert waking.meters[0].ac_power is None
    assert awake.inverter.ac_power == pytest.approx(3000.0)
    assert awake.meters[0].ac_power is None
    assert later.meters[0].ac_power == pytest.approx(2200.0)
