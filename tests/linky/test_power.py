"""Signed power, currents and limits, as far as the meter tells them."""

import pytest

from custom_components.surplus.control.model import GridReading
from custom_components.surplus.linky.power import grid_reading, knows_direction

from .test_meter import Line, tri_long, tri_short
from .tic import capture, historic_frame, standard, standard_frame, three_phase_frame


def read(*data: bytes) -> GridReading:
    line = Line()
    line.send(*data)
    reading = grid_reading(line.meter, line.now)
    assert reading is not None
    return reading


def test_there_is_no_reading_before_a_power() -> None:
    line = Line()
    assert grid_reading(line.meter, 0.0) is None
    line.send(standard("PREF", "09"))
    assert grid_reading(line.meter, 0.0) is None


def test_a_reading_is_as_old_as_its_power() -> None:
    line = Line()
    line.send(standard_frame())
    reading = grid_reading(line.meter, 9.0)
    assert reading is not None
    assert reading.at == 0.0
    assert grid_reading(line.meter, 11.0) is None


def test_a_house_that_draws() -> None:
    reading = read(standard_frame(sinsts=519, irms=2, urms=232))
    assert reading == GridReading(
        at=0.0,
        power_w=519.0,
        drawn_va=519.0,
        currents_a=(2.0,),
        voltages_v=(232.0,),
        overload=False,
        subscribed_va=9000.0,
        cutoff_va=9000.0,
        # Active power is lost in the apparent one below this.
        dead_zone_w=200.0,
    )


def test_a_producer_that_injects() -> None:
    reading = read(capture("standard_mono_producer_injecting_01"))
    assert reading.power_w == -1253.0
    assert reading.drawn_va == 0.0
    assert reading.currents_a == (-5.0,)


def test_a_producer_that_draws() -> None:
    reading = read(standard_frame(sinsts=700, sinsti=0, irms=3, stge="003A8100"))
    assert reading.power_w == 700.0
    assert reading.currents_a == (3.0,)


def test_a_lost_injection_does_not_cancel_what_is_drawn() -> None:
    injecting = standard_frame(sinsts=0, sinsti=1200, stge="003A8300")
    drawing = standard_frame(sinsts=900, sinsti=0, stge="003A8100")
    line = Line()
    line.send(injecting, drawing.replace(b"SINSTI", b"SINST!"))
    reading = grid_reading(line.meter, line.now)
    assert reading is not None
    assert reading.power_w == 900.0


def test_a_lost_draw_does_not_cancel_what_is_injected() -> None:
    drawing = standard_frame(sinsts=900, sinsti=0, stge="003A8100")
    injecting = standard_frame(sinsts=0, sinsti=1200, stge="003A8300")
    line = Line()
    line.send(drawing, injecting.replace(b"SINSTS", b"SINST!"))
    reading = grid_reading(line.meter, line.now)
    assert reading is not None
    assert reading.power_w == -1200.0


def test_an_injection_from_before_the_mode_changed_is_not_used() -> None:
    producer = standard_frame(sinsts=0, sinsti=1200, stge="003A8300")
    reading = read(producer, standard_frame(sinsts=0, stge="003A8000"))
    assert reading.power_w == 0.0


def test_a_consumer_that_injects_is_estimated_from_its_current() -> None:
    reading = read(standard_frame(sinsts=0, irms=5, urms=241, stge="003A4201"))
    assert reading.power_w == -1205.0
    assert reading.drawn_va == 0.0
    assert reading.currents_a == (-5.0,)


def test_a_consumer_that_draws_nothing() -> None:
    reading = read(standard_frame(sinsts=0, irms=0, stge="003A4001"))
    assert reading.power_w == 0.0
    assert reading.currents_a == (0.0,)


def test_zero_without_the_register_is_not_zero_power() -> None:
    reading = read(standard_frame(sinsts=0, irms=5).replace(b"STGE", b"STG!"))
    assert reading.power_w is None
    assert reading.drawn_va == 0.0


def test_an_injection_without_a_current_has_no_size() -> None:
    data = standard_frame(sinsts=0, irms=5, stge="003A4201").replace(b"IRMS", b"IRM!")
    reading = read(data)
    assert reading.power_w is None
    assert reading.currents_a == ()


def test_a_power_drawn_wins_over_the_register() -> None:
    # The register of a frame may be a second younger than its power.
    reading = read(standard_frame(sinsts=300, irms=2, stge="003A4201"))
    assert reading.power_w == 300.0
    assert reading.currents_a == (2.0,)


def test_phases_that_inject_while_the_house_draws() -> None:
    reading = read(capture("standard_tri_tempo_producer_mixed_phases_01"))
    assert reading.power_w == 18.0
    assert reading.currents_a == (-1.0, 2.0, -1.0)
    assert reading.voltages_v == (234.0, 240.0, 242.0)
    assert reading.subscribed_va == 18_000.0


def test_a_consumer_whose_third_phase_injects() -> None:
    data = capture("standard_tri_hphc_consumer_phase3_injecting_rebuilt_01")
    reading = read(data + standard("STGE", "003A4001"))
    assert reading.power_w == 208.0
    assert reading.currents_a == (2.0, 0.0, -1.0)


def test_a_three_phase_consumer_that_injects() -> None:
    phases = ((1, 230, 180), (4, 232, 0), (6, 235, 0))
    reading = read(three_phase_frame(sinsts=0, phases=phases, stge="003A0201"))
    assert reading.power_w == 180.0 - 4 * 232 - 6 * 235
    assert reading.currents_a == (1.0, -4.0, -6.0)


def test_an_estimate_never_says_that_an_injecting_house_draws() -> None:
    phases = ((9, 230, 2000), (1, 232, 0), (0, 235, 0))
    reading = read(three_phase_frame(sinsts=0, phases=phases, stge="003A0201"))
    assert reading.power_w == 0.0


def test_absurd_power_of_a_phase_is_replaced() -> None:
    reading = read(capture("standard_tri_base_absurd_phase_power_01"))
    assert reading.power_w == 1407.0
    assert reading.currents_a == (2.0, 2.0, 2.0)
    # And in an estimate the phase counts as drawing what its current says.
    phases = ((2, 231, 48370), (9, 231, 0), (2, 232, 41187))
    reading = read(three_phase_frame(sinsts=0, phases=phases, stge="003A0201"))
    assert reading.power_w == 2 * 231 - 9 * 231 + 2 * 232


def test_the_register_warns_of_an_overload() -> None:
    data = capture("standard_tri_hphc_overload_lost_bytes_01")
    assert read(data + standard("STGE", "003A0081")).overload
    assert not read(data + standard("STGE", "003A0001")).overload


def test_what_the_breaker_applies_is_told_apart_from_the_contract() -> None:
    reading = read(standard_frame(pcoup=3))
    assert (reading.subscribed_va, reading.cutoff_va) == (9000.0, 3000.0)


def test_historic_mode_cannot_tell_export() -> None:
    line = Line()
    line.send(historic_frame(papp=0, iinst=5))
    reading = grid_reading(line.meter, line.now)
    assert reading is not None
    assert reading.power_w is None
    assert reading.drawn_va == 0.0
    assert not knows_direction(line.meter)
    line.send(standard_frame())
    assert knows_direction(line.meter)


def test_the_subscribed_current_counts_at_200_volts() -> None:
    reading = read(historic_frame(papp=1200, iinst=5))
    assert reading.subscribed_va == 6000.0
    assert reading.cutoff_va is None
    assert reading.currents_a == (5.0,)
    assert reading.voltages_v == ()
    assert read(tri_long()).subscribed_va == 18_000.0


def test_a_short_frame_is_a_reading_of_currents() -> None:
    reading = read(tri_long(), tri_short(2, iinst=(12, 32, 9)))
    assert reading.currents_a == (12.0, 32.0, 9.0)
    assert reading.overload
    # The power of the long frame is from before the overload.
    assert reading.drawn_va == pytest.approx(53 * 230)
    assert reading.at == 1.0


def test_a_lost_current_does_not_hide_the_power() -> None:
    reading = read(tri_long().replace(b"IINST2", b"IINST!"))
    assert reading.drawn_va == 11960.0
    assert reading.currents_a == ()


def test_without_power_and_currents_there_is_no_reading() -> None:
    line = Line()
    data = tri_long().replace(b"IINST2", b"IINST!").replace(b"PAPP", b"PAP!")
    line.send(data)
    assert grid_reading(line.meter, line.now) is None
