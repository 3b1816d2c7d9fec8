"""The decoder on lines that behave and on lines that do not."""

import pytest

from custom_components.surplus.linky.frames import Decoder, Frame
from custom_components.surplus.linky.groups import Group
from custom_components.surplus.linky.labels import TicMode

from .tic import (
    ADCO,
    ADSC,
    capture,
    chunks,
    frame,
    historic,
    historic_frame,
    standard,
    standard_frame,
)


def bad(group: bytes) -> bytes:
    """Return the group with a checksum that is off by one."""
    check = (group[-2] - 0x20 + 1) % 0x40 + 0x20
    return group[:-2] + bytes([check]) + group[-1:]


def labels(decoder: Decoder, data: bytes) -> list[str]:
    return [event.label for event in decoder.events(data) if isinstance(event, Group)]


@pytest.mark.parametrize(
    ("group", "label", "data", "horodate"),
    [
        # The worked examples of the specification's readers.
        (b"\nADCO 012345678901 E\r", "ADCO", "012345678901", None),
        (b"\nPTEC HP..  \r", "PTEC", "HP..", None),
        (b"\nVTIC\t02\tJ\r", "VTIC", "02", None),
        (b"\nDATE\tH191203125805\t\tF\r", "DATE", "", "H191203125805"),
        (b"\nSTGE\t003A8000\tA\r", "STGE", "003A8000", None),
        (b"\nSMAXSN\tH191203032158\t05706\tB\r", "SMAXSN", "05706", "H191203032158"),
        (b"\nDPM1\t 250123060000\t00\t \r", "DPM1", "00", " 250123060000"),
    ],
)
def test_a_group_of_either_mode_is_read(
    group: bytes, label: str, data: str, horodate: str | None
) -> None:
    (event,) = Decoder().events(group)
    assert isinstance(event, Group)
    assert (event.label, event.data, event.horodate) == (label, data, horodate)
    assert event.mode is (TicMode.STANDARD if b"\t" in group else TicMode.HISTORIC)
    assert event.spec is not None


def test_a_frame_tells_who_sent_it_and_when_it_ended() -> None:
    (ended,) = Decoder().feed(standard_frame(), at=12.5)
    assert ended.complete
    assert not ended.short
    assert (ended.identity, ended.errors, ended.at) == (ADSC, 0, 12.5)
    assert ended.mode is TicMode.STANDARD
    assert ended.values()["SINSTS"] == "00519"


def test_the_end_of_a_frame_does_not_wait_for_the_next_one() -> None:
    decoder = Decoder()
    data = historic_frame()
    assert decoder.feed(data[:-1]) == []
    (ended,) = decoder.feed(data[-1:])
    assert ended.complete


def test_groups_come_out_before_their_frame_ends() -> None:
    decoder = Decoder()
    data = standard_frame(sinsts=1407)
    cut = data.index(b"STGE")
    assert "SINSTS" in labels(decoder, data[:cut])


@pytest.mark.parametrize(
    "group",
    [
        bad(historic("PAPP", "01200")),
        bad(standard("SINSTS", "01200")),
    ],
)
def test_a_wrong_checksum_costs_the_group(group: bytes) -> None:
    decoder = Decoder()
    assert decoder.events(group) == []
    assert decoder.counters.bad_checksum == 1


@pytest.mark.parametrize(
    ("label", "data", "separator"), [("PAPP", "01200", "\t"), ("SINSTS", "01200", " ")]
)
def test_the_checksum_rule_belongs_to_the_separator(
    label: str, data: str, separator: str
) -> None:
    # Each with the rule of the other mode: one of the two rules matches any group.
    zone = f"{label}{separator}{data}".encode()
    if separator == " ":
        zone += b" "
    check = (sum(zone) & 0x3F) + 0x20
    body = f"\n{label}{separator}{data}{separator}".encode() + bytes([check]) + b"\r"
    decoder = Decoder()
    assert decoder.events(body) == []
    assert decoder.counters.bad_checksum == 1


@pytest.mark.parametrize(
    "group",
    [
        # Lost pairs of spaces and lost NONU of NONUTILE leave the checksum right.
        standard("PJOURF+1", " ".join(["00008002", "TILE", *["NONUTILE"] * 9])),
        standard("SINSTS", "0519"),
        standard("SINSTS", "000519"),
        standard("SINSTS", "0051A"),
        standard("EAST", "01702 175"),
        standard("STGE", "003A80"),
        standard("STGE", "003a8000"),
        standard("STGE", "+03A8000"),
        standard("LTARF", "HEURE  CREUSE     "),
        standard("DATE", "00"),
        # A horodate too many, too few, and one that is none.
        standard("SINSTS", "00519", "H191203125805"),
        standard("SMAXSN", "05706"),
        standard("SMAXSN", "05706", "X191203032158"),
        standard("SMAXSN", "05706", "H19120303215"),
        # The label of the other mode.
        standard("PAPP", "01200"),
        historic("SINSTS", "01200"),
        historic("PAPP", "1200"),
        historic("PTEC", "HP."),
        historic("ADCO", "02186100000"),
        # Debris that the checksum let through.
        standard("1RMS", "003"),
        standard("irms1", "003"),
        standard("X", "003"),
        standard("MSG1", "PAS DE \x01MESSAGE"),
    ],
)
def test_a_value_that_its_label_cannot_have_is_dropped(group: bytes) -> None:
    decoder = Decoder()
    assert decoder.events(group) == []
    assert decoder.counters.bad_value == 1


@pytest.mark.parametrize(
    "group",
    [
        b"\nPRM\t01234567890123\t4\x0c\r",
        b"\nSMAXSN-1\tH241202043910\t03800\x08R\r",
        b"\nSINSTS\t00519\t\r",
        b"\nPAPP 01200 \r",
        # Fields missing and fields too many, under a right checksum.
        standard("SINSTS\tH191203125805\t00519", "00001", "H191203125805"),
        historic("PAPP 01200", "00001"),
    ],
)
def test_what_is_not_label_data_and_checksum_is_dropped(group: bytes) -> None:
    decoder = Decoder()
    assert decoder.events(group) == []
    assert decoder.counters.bad_groups == 1


def test_lost_padding_of_a_text_does_not_cost_the_group() -> None:
    (event,) = Decoder().events(standard("NGTF", "PRODUCTEUR"))
    assert isinstance(event, Group)
    assert event.data == "PRODUCTEUR"


def test_an_unknown_label_passes_as_text() -> None:
    decoder = Decoder()
    data = standard("SMAXN", "05706", "H191203032158") + standard("NEW-1", "anything")
    assert labels(decoder, data) == ["SMAXN", "NEW-1"]
    assert decoder.counters.unknown_labels == 2
    assert decoder.counters.bad_groups == 0


def test_labels_of_nine_characters_are_known() -> None:
    (event,) = Decoder().events(standard("SMAXSN1-1", "01010", "E210717094009"))
    assert isinstance(event, Group)
    assert event.spec is not None


def test_a_bad_group_costs_that_group_only() -> None:
    data = frame(
        historic("ADCO", ADCO), bad(historic("PTEC", "TH..")), historic("PAPP", "01200")
    )
    (ended,) = Decoder().feed(data)
    assert ended.complete
    assert ended.errors == 1
    assert ended.values() == {"ADCO": ADCO, "PAPP": "01200"}


def test_a_bad_frame_costs_that_frame_only() -> None:
    first = historic_frame(papp=100)
    broken = historic_frame(papp=200).replace(b"ADCO", b"AD")
    last = historic_frame(papp=300)
    frames = Decoder().feed(first + broken + last)
    assert [ended.complete for ended in frames] == [True, False, True]
    assert [frames[0].values()["PAPP"], frames[2].values()["PAPP"]] == [
        "00100",
        "00300",
    ]


def test_a_cut_frame_is_not_complete_and_the_next_one_is() -> None:
    data = historic_frame()
    frames = Decoder().feed(data[: len(data) // 2] + data)
    assert [ended.complete for ended in frames] == [False, True]


def test_listening_from_the_middle_counts_nothing_as_bad() -> None:
    data = standard_frame() * 2
    decoder = Decoder()
    frames = decoder.feed(data[333:])
    assert [ended.complete for ended in frames] == [False, True]
    assert decoder.counters.bad_groups == 0


def test_eot_ends_a_frame_that_is_not_complete() -> None:
    cut = frame(historic("ADCO", ADCO), historic("PAPP", "01200"))[:-1]
    frames = Decoder().feed(cut + b"\x04" + historic_frame())
    assert [ended.complete for ended in frames] == [False, True]
    assert frames[0].values()["PAPP"] == "01200"


@pytest.mark.parametrize("end", [b"\x04", b"", b"\x43"])
def test_an_end_that_was_mangled_is_forgiven_after_the_last_group(end: bytes) -> None:
    one = historic_frame()[:-1] + end
    frames = Decoder().feed(one * 3)
    assert [ended.complete for ended in frames][:2] == [True, True]


def test_without_stx_the_serial_number_begins_a_frame() -> None:
    one = standard_frame()[1:]
    frames = Decoder().feed(one * 2)
    assert [ended.complete for ended in frames] == [True, True]


def test_with_stx_and_etx_lost_every_serial_number_begins_a_frame() -> None:
    one = standard_frame()[1:-1]
    frames = Decoder().feed(one * 3)
    assert [ended.complete for ended in frames] == [True, True]


def test_a_frame_without_its_serial_number_is_not_complete() -> None:
    (ended,) = Decoder().feed(frame(historic("PAPP", "01200")))
    assert not ended.complete
    assert ended.identity is None


def test_warnings_before_the_serial_number_belong_to_its_frame() -> None:
    short = frame(
        historic("ADIR1", "033"),
        historic("ADCO", ADCO),
        historic("IINST1", "033"),
        historic("IINST2", "002"),
        historic("IINST3", "001"),
    )
    (ended,) = Decoder().feed(short)
    assert ended.complete
    assert ended.short
    # And even when the STX was lost.
    (ended,) = Decoder().feed(short[1:])
    assert ended.complete
    assert "ADIR1" in ended.values()


def test_a_frame_of_nothing_readable_has_no_mode() -> None:
    (ended,) = Decoder().feed(frame(bad(historic("PAPP", "01200"))))
    assert ended.mode is None
    assert not ended.complete
    assert ended.errors == 1


def test_an_empty_frame_is_none() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x02\x03\x02\x03") == []
    assert decoder.counters.frames_incomplete == 0


def test_the_mode_is_that_of_each_group() -> None:
    decoder = Decoder()
    frames = decoder.feed(historic_frame() + standard_frame())
    assert [ended.mode for ended in frames] == [TicMode.HISTORIC, TicMode.STANDARD]


@pytest.mark.parametrize("make", [historic_frame, standard_frame])
def test_a_parity_bit_in_bit_seven_is_masked(make) -> None:
    data = make()
    even = bytes(byte | (byte.bit_count() & 1) << 7 for byte in data)
    assert Decoder().feed(even) == Decoder().feed(data)
    assert Decoder().feed(even)[0].complete


@pytest.mark.parametrize("make", [historic_frame, standard_frame])
def test_icrnl_turns_cr_into_lf_and_changes_nothing(make) -> None:
    data = make()
    assert Decoder().feed(data.replace(b"\r", b"\n")) == Decoder().feed(data)


@pytest.mark.parametrize("junk", [b"", b"\x0f", b"\x00\x0f", b"\x0b"])
def test_a_lost_or_mangled_line_feed_changes_nothing(junk: bytes) -> None:
    data = standard_frame()
    assert Decoder().feed(data.replace(b"\n", junk)) == Decoder().feed(data)


def test_a_lost_cr_costs_nothing_while_the_line_feed_is_there() -> None:
    data = standard_frame()
    assert Decoder().feed(data.replace(b"\r", b"")) == Decoder().feed(data)


def test_a_mangled_stx_between_frames_spoils_neither() -> None:
    one = standard_frame()
    decoder = Decoder()
    frames = decoder.feed(one + b"\x43" + one[1:])
    assert [(ended.complete, ended.errors) for ended in frames] == [(True, 0)] * 2
    assert decoder.counters.resyncs == 1


def test_debris_inside_a_frame_is_an_error_of_that_frame() -> None:
    data = frame(historic("ADCO", ADCO), b"\nPAPP0120\r", historic("PTEC", "TH.."))
    decoder = Decoder()
    (ended,) = decoder.feed(data)
    assert ended.errors == 1
    assert decoder.counters.resyncs == 1


@pytest.mark.parametrize("filler", [b"A", b"A ", b"\x00", b"\xff", b"1\t"])
def test_endless_data_without_an_end_is_not_kept(filler: bytes) -> None:
    decoder = Decoder()
    for _ in range(200):
        assert decoder.events(filler * 500) == []
    assert len(decoder._tail) <= 161
    # And the stream is found again.
    (ended,) = decoder.feed(b"\r" + historic_frame())
    assert ended.complete


def test_endless_groups_without_a_frame_end_are_not_kept() -> None:
    decoder = Decoder()
    decoder.events(b"\x02" + historic("ADCO", ADCO))
    for number in range(5000):
        decoder.events(historic("PAPP", f"{number:05}"))
    assert len(decoder._groups) <= 128
    assert len(decoder._known) <= 512
    (ended,) = decoder.feed(historic("MOTDETAT", "000000") + b"\x03")
    assert not ended.complete
    assert len(ended.groups) == 128
    (ended,) = decoder.feed(historic_frame())
    assert ended.complete


def test_an_overfull_frame_is_the_same_in_one_portion() -> None:
    data = (
        b"\n\x02"
        + historic("ADCO", ADCO)
        + historic("PAPP", "01200") * 500
        + historic("MOTDETAT", "000000")
        + b"\x03"
    )
    (ended,) = Decoder().feed(data)
    assert not ended.complete
    assert len(ended.groups) == 128


def test_a_reset_forgets_what_was_begun() -> None:
    decoder = Decoder()
    data = standard_frame()
    decoder.feed(data[:200])
    decoder.reset()
    # The rest of a group that began before the reset is not counted as bad.
    events = decoder.events(data[300:] + data)
    frames = [event for event in events if isinstance(event, Frame)]
    assert sum(isinstance(event, Group) for event in events) == sum(
        len(ended.groups) for ended in frames
    )
    assert [ended.complete for ended in frames] == [False, True]
    assert decoder.counters.bad_groups == 0


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_the_result_does_not_depend_on_the_portions(size: int) -> None:
    data = (
        capture("synthetic_historic_tri_short_frames_01")
        + capture("standard_tri_hphc_overload_lost_bytes_01")
        + capture("historic_mono_hphc_bit_errors_fragment_01")
        + capture("standard_mono_tempo_mangled_group_start_01")
    )
    whole, portions = Decoder(), Decoder()
    expected = whole.events(data)
    got: list[Group | Frame] = []
    for chunk in chunks(data, size):
        got += portions.events(chunk)
    assert got == expected
    assert portions.counters == whole.counters
