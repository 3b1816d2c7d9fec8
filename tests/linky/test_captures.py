"""Every capture gives what its source says it holds."""

import pytest

from custom_components.surplus.linky.frames import Decoder
from custom_components.surplus.linky.labels import TicMode

from .tic import capture, capture_names

# Groups with a good and a bad checksum, and complete frames.
EXPECTED = {
    "historic_mono_base_01": (10, 0, 1),
    "historic_mono_base_enedis_lab_02": (9, 0, 1),
    "historic_mono_hphc_01": (11, 0, 1),
    "historic_mono_hphc_bit_errors_fragment_01": (1, 5, 0),
    "historic_mono_hphc_midstream_02": (27, 0, 1),
    "historic_mono_tempo_01": (160, 0, 10),
    "historic_mono_tempo_icrnl_fragment_01": (2, 0, 0),
    "historic_tri_base_01": (17, 0, 1),
    "historic_tri_ejp_01": (18, 0, 1),
    "standard_mono_bit_errors_fragment_01": (0, 4, 0),
    "standard_mono_hphc_bad_checksum_enedis_lab_01": (37, 1, 1),
    "standard_mono_hphc_weekend_01": (38, 0, 1),
    "standard_mono_producer_injecting_01": (67, 0, 1),
    "standard_mono_tempo_mangled_group_start_01": (17, 0, 0),
    "standard_mono_tempo_red_peak_notice_01": (39, 0, 0),
    "standard_tri_base_absurd_phase_power_01": (53, 0, 1),
    "standard_tri_hphc_consumer_phase3_injecting_rebuilt_01": (32, 0, 0),
    "standard_tri_hphc_overload_lost_bytes_01": (29, 7, 0),
    "standard_tri_tempo_producer_mixed_phases_01": (167, 0, 2),
    "synthetic_historic_mono_adps_01": (11, 0, 1),
    "synthetic_historic_tri_short_frames_01": (363, 0, 64),
}


def test_no_capture_is_forgotten() -> None:
    assert set(capture_names()) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_capture_has_the_groups_its_source_says(name: str) -> None:
    good, bad, frames = EXPECTED[name]
    decoder = Decoder()
    ended = decoder.feed(capture(name))
    counters = decoder.counters
    assert (counters.groups, counters.bad_groups) == (good, bad)
    assert counters.bad_value == 0
    assert counters.unknown_labels == 0
    assert sum(frame.complete for frame in ended) == frames == counters.frames
    assert counters.frames_incomplete == len(ended) - frames


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_name_of_a_capture_tells_its_mode(name: str) -> None:
    for frame in Decoder().feed(capture(name)):
        assert frame.mode is (
            TicMode.STANDARD if name.startswith("standard") else TicMode.HISTORIC
        )


def test_ten_frames_show_the_index_and_the_power_move() -> None:
    frames = Decoder().feed(capture("historic_mono_tempo_01"))
    values = [frame.values() for frame in frames]
    indexes = [int(value["BBRHCJB"]) for value in values]
    assert indexes == sorted(indexes)
    assert indexes[-1] > indexes[0]
    assert {value["PAPP"] for value in values} == {"02840", "02850", "02860"}
    assert {frame.identity for frame in frames} == {"021861000000"}


def test_a_checksum_that_is_a_space_is_not_stripped() -> None:
    frame = Decoder().feed(capture("historic_mono_hphc_midstream_02"))[1]
    assert frame.values()["PTEC"] == "HP.."


def test_a_frame_with_one_bad_group_keeps_the_others() -> None:
    (frame,) = Decoder().feed(capture("standard_mono_hphc_bad_checksum_enedis_lab_01"))
    assert frame.complete
    assert frame.errors == 1
    assert "PCOUP" not in frame.values()
    assert frame.values()["PREF"] == "03"


def test_every_line_feed_mangled_costs_nothing() -> None:
    data = capture("standard_mono_tempo_mangled_group_start_01")
    decoder = Decoder()
    labels = [group.label for group in decoder.events(data)]
    assert labels[:5] == ["ADSC", "VTIC", "DATE", "NGTF", "LTARF"]
    # The mangled STX is what is left over.
    assert decoder.counters.resyncs == 1


def test_short_frames_are_told_from_long_ones() -> None:
    frames = Decoder().feed(capture("synthetic_historic_tri_short_frames_01"))
    assert not frames[0].short
    assert frames[0].complete
    # Cut by EOT when the overload began.
    assert not frames[1].complete
    assert all(frame.short and frame.complete for frame in frames[2:22])
    assert not frames[22].short
    assert sum(frame.short for frame in frames) == 60
