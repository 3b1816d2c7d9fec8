"""What leaves the house in a bug report."""

from custom_components.surplus.linky.frames import Decoder
from custom_components.surplus.linky.redact import redact, redact_text

from .tic import historic, standard_frame

SERIAL = "031664123456"


def test_a_redacted_stream_decodes_as_before() -> None:
    raw = standard_frame(adsc=SERIAL) * 2
    redacted = redact(raw)
    before, after = Decoder(), Decoder()
    frames, masked = before.feed(raw), after.feed(redacted)
    assert after.counters == before.counters
    assert masked[0].identity == "031664000000"
    assert masked[0].values()["PRM"] == "0" * 14
    private = {"ADSC", "PRM"}
    assert {k: v for k, v in masked[0].values().items() if k not in private} == {
        k: v for k, v in frames[0].values().items() if k not in private
    }


def test_the_serial_number_of_historic_mode_is_masked() -> None:
    assert redact(historic("ADCO", SERIAL)) == historic("ADCO", "031664000000")


def test_a_group_that_lost_bytes_is_masked_too() -> None:
    raw = b"\nDSC\t031664123456\t9\r\nADSC\t0316\x7f4123456\t9\r\nADSC\t031664123456"
    assert b"123456" not in redact(raw)


def test_horodates_and_indexes_stay() -> None:
    raw = standard_frame(adsc="031664000000", prm="0" * 14)
    assert redact(raw) == raw


def test_bytes_that_need_no_change_keep_their_eighth_bit() -> None:
    raw = bytes(byte | 0x80 for byte in historic("PAPP", "01200"))
    assert redact(raw) == raw


def test_values_are_masked_by_label() -> None:
    assert redact_text("ADSC", SERIAL) == "031664000000"
    assert redact_text("PRM", "01234567890123") == "0" * 14
    assert redact_text("EAST", "017026175") == "017026175"
