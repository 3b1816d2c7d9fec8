"""Whose answer is whose, on the link that core and Surplus share."""

from benchmarks.shared_link import grid_readings
from simulator.modbus_server import Answered


def answered(address: int, count: int) -> Answered:
    """Return an answer of a meter's registers."""
    return Answered(unit=1, address=address, count=count, sampled_at=0.0, sent_at=1.0)


def test_only_what_surplus_asked_of_the_grid_meter_is_a_reading() -> None:
    ours = answered(40155, 88)
    cores = [answered(40123, 122), answered(40251, 44)]
    inverter, second_meter = answered(40069, 52), answered(40329, 88)
    assert grid_readings([*cores, ours, inverter, second_meter, ours]) == [ours, ours]
