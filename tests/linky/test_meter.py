"""What the meter says now, from what came in."""

import pytest

from custom_components.surplus.control.model import Period
from custom_components.surplus.linky.frames import Decoder
from custom_components.surplus.linky.groups import Group
from custom_components.surplus.linky.labels import LABELS, TicMode
from custom_components.surplus.linky.meter import Meter

from .tic import (
    ADCO,
    capture,
    frame,
    historic,
    historic_frame,
    standard,
    standard_frame,
    three_phase_frame,
)


class Line:
    """A decoder and a meter behind it, one frame after the other."""

    def __init__(self) -> None:
        self.decoder = Decoder()
        self.meter = Meter()
        self.now = 0.0

    def send(self, *data: bytes, every: float = 1.0) -> int:
        """Send pieces a second apart; return how many readings they made."""
        readings = 0
        for piece in data:
            for event in self.decoder.events(piece, self.now):
                if isinstance(event, Group):
                    readings += self.meter.on_group(event, self.now)
                else:
                    readings += self.meter.on_frame(event)
            self.now += every
        self.now -= every
        return readings


def tri_long(*extra: bytes, iinst: tuple[int, int, int] = (12, 28, 9)) -> bytes:
    return frame(
        historic("ADCO", ADCO),
        historic("OPTARIF", "BASE"),
        historic("ISOUSC", "30"),
        historic("BASE", "012345678"),
        *(historic(f"IINST{n}", f"{a:03}") for n, a in enumerate(iinst, 1)),
        *extra,
        historic("PAPP", "11960"),
        historic("MOTDETAT", "000000"),
        historic("PPOT", "00"),
    )


def tri_short(*warnings: int, iinst: tuple[int, int, int] = (12, 32, 9)) -> bytes:
    return frame(
        *(historic(f"ADIR{n}", f"{iinst[n - 1]:03}") for n in warnings),
        historic("ADCO", ADCO),
        *(historic(f"IINST{n}", f"{a:03}") for n, a in enumerate(iinst, 1)),
    )


def test_two_frames_settle_who_the_meter_is() -> None:
    line = Line()
    line.send(standard_frame())
    assert line.meter.identity is None
    line.send(standard_frame())
    assert line.meter.identity == "031664000000"
    assert line.meter.mode is TicMode.STANDARD


def test_one_odd_serial_number_is_not_another_meter() -> None:
    line = Line()
    odd = standard_frame(adsc="031664000001")
    line.send(standard_frame(), standard_frame(), odd, standard_frame(), odd)
    assert line.meter.identity == "031664000000"


def test_another_meter_takes_nothing_over() -> None:
    line = Line()
    line.send(*[standard_frame(east=50_000_000)] * 3)
    assert line.meter.number("EAST", line.now) == 50_000_000
    other = standard_frame(adsc="031664000001", east=1000)
    line.send(other, other)
    assert line.meter.identity == "031664000001"
    assert line.meter.value("EAST", line.now) is None
    line.send(other, other)
    assert line.meter.number("EAST", line.now) == 1000


def test_instantaneous_values_expire_by_age() -> None:
    line = Line()
    line.send(standard_frame(sinsts=519))
    assert line.meter.number("SINSTS", 10.0) == 519
    assert line.meter.number("SINSTS", 10.1) is None
    assert line.meter.text("LTARF", 10.1) == " HEURE  CREUSE  "
    assert line.meter.text("LTARF", 121.0) is None


def test_a_frame_without_a_label_does_not_clear_it() -> None:
    line = Line()
    line.send(historic_frame(papp=1200))
    line.send(frame(historic("ADCO", ADCO), historic("PTEC", "TH..")))
    assert line.meter.number("PAPP", line.now) == 1200


def test_short_frames_do_not_clear_the_values_of_long_ones() -> None:
    line = Line()
    line.send(tri_long(), tri_long())
    line.send(*[tri_short(2)] * 20, every=0.85)
    assert line.meter.number("PAPP", line.now) == 11960
    assert line.meter.number("ISOUSC", line.now) == 30
    assert line.meter.number("IINST2", line.now) == 32
    assert line.meter.overload(line.now)


def test_a_phase_missing_from_a_short_frame_is_out_of_overload() -> None:
    line = Line()
    line.send(tri_short(1, 2))
    assert line.meter.value("ADIR1", line.now) is not None
    line.send(tri_short(2))
    assert line.meter.value("ADIR1", line.now) is None
    assert line.meter.value("ADIR2", line.now) is not None


def test_the_long_frame_between_short_ones_does_not_end_an_overload() -> None:
    line = Line()
    line.send(tri_short(2), tri_long())
    assert line.meter.overload(line.now)
    line.send(tri_long())
    assert not line.meter.overload(line.now)


def test_the_synthetic_overload_begins_and_ends() -> None:
    line = Line()
    seen = []
    data = capture("synthetic_historic_tri_short_frames_01")
    for end in range(0, len(data), 40):
        line.send(data[end : end + 40], every=0.33)
        seen.append(line.meter.overload(line.now))
    assert not seen[0]
    assert any(seen)
    assert not seen[-1]
    # One stretch of overload, without gaps.
    assert "".join("x" if o else "." for o in seen).strip(".").count(".") == 0


def test_adps_ends_with_a_whole_frame_that_lacks_it() -> None:
    line = Line()
    line.send(capture("synthetic_historic_mono_adps_01"))
    assert line.meter.overload(line.now)
    assert line.meter.number("ADPS", line.now) == 33
    # A frame that lost a group may have lost this one.
    line.send(historic_frame().replace(b"PTEC TH", b"PTEC TX"))
    assert line.meter.overload(line.now)
    readings = line.send(historic_frame())
    assert not line.meter.overload(line.now)
    # The end of an overload is worth a reading of its own.
    assert readings == 2


def test_a_cut_frame_ends_no_overload() -> None:
    line = Line()
    line.send(capture("synthetic_historic_mono_adps_01"))
    line.send(historic_frame()[:-40] + b"\x04")
    assert line.meter.overload(line.now)


def test_a_notice_of_a_peak_ends_when_it_is_no_longer_sent() -> None:
    line = Line()
    notice = standard("DPM1", "00", " 250123060000")
    body = standard_frame()
    line.send(body[:-1] + notice + b"\x03")
    value = line.meter.value("DPM1", line.now)
    assert value is not None
    assert value.horodate == " 250123060000"
    line.send(body)
    assert line.meter.value("DPM1", line.now) is None


def test_an_index_needs_a_second_frame_before_it_is_believed() -> None:
    line = Line()
    line.send(historic_frame(base=1000))
    assert line.meter.value("BASE", line.now) is None
    line.send(historic_frame(base=1001))
    assert line.meter.number("BASE", line.now) == 1001


def test_an_index_never_decreases() -> None:
    line = Line()
    line.send(*[historic_frame(base=20_000)] * 2)
    line.send(*[historic_frame(base=19_000)] * 20)
    assert line.meter.number("BASE", line.now - 25) == 20_000
    assert line.meter.implausible > 0


def test_an_index_does_not_leap_on_one_frame() -> None:
    line = Line()
    line.send(*[historic_frame(base=20_000)] * 2)
    line.send(historic_frame(base=90_020_000), historic_frame(base=20_003))
    assert line.meter.number("BASE", line.now) == 20_003
    assert line.meter.implausible == 1


def test_an_index_leaps_when_the_next_frame_confirms_it() -> None:
    line = Line()
    line.send(*[historic_frame(base=20_000)] * 2)
    line.send(historic_frame(base=30_000), historic_frame(base=40_000))
    assert line.meter.number("BASE", line.now) == 40_000


def test_an_index_catches_up_after_a_long_silence() -> None:
    line = Line()
    line.send(*[historic_frame(base=20_000)] * 2)
    line.now += 3600
    line.send(historic_frame(base=29_000))
    assert line.meter.number("BASE", line.now) == 29_000


def test_a_first_index_is_confirmed_after_a_silence() -> None:
    line = Line()
    line.send(historic_frame(base=20_000))
    line.now += 3600
    line.send(historic_frame(base=29_000))
    assert line.meter.number("BASE", line.now) == 29_000


def test_two_indexes_that_do_not_fit_confirm_nothing() -> None:
    line = Line()
    line.send(historic_frame(base=20_000), historic_frame(base=20_300))
    assert line.meter.value("BASE", line.now) is None


def test_a_corrupted_first_index_is_not_believed() -> None:
    line = Line()
    line.send(historic_frame(base=90_020_000), *[historic_frame(base=20_000)] * 2)
    assert line.meter.number("BASE", line.now) == 20_000


def test_a_setting_changes_when_it_was_seen_twice() -> None:
    line = Line()
    line.send(standard_frame(pcoup=9), standard_frame(pcoup=3), standard_frame(pcoup=9))
    assert line.meter.number("PCOUP", line.now) == 9
    line.send(standard_frame(pcoup=3), standard_frame(pcoup=6))
    assert line.meter.number("PCOUP", line.now) == 9
    line.send(standard_frame(pcoup=6))
    assert line.meter.number("PCOUP", line.now) == 6


@pytest.mark.parametrize(
    ("data", "phases"),
    [
        (standard_frame(), 1),
        (historic_frame(), 1),
        (tri_long(), 3),
        (three_phase_frame(sinsts=100, phases=((1, 230, 100),) * 3), 3),
    ],
)
def test_the_phase_count_is_settled_by_several_frames(data: bytes, phases: int) -> None:
    line = Line()
    line.send(data, data)
    assert line.meter.phases is None
    line.send(data)
    assert line.meter.phases == phases


def test_lost_groups_do_not_make_a_three_phase_meter_single_phase() -> None:
    line = Line()
    good = three_phase_frame(sinsts=100, phases=((1, 230, 100),) * 3)
    poor = good.replace(b"IRMS2", b"IRMS!").replace(b"IRMS3", b"IRMS!")
    line.send(*[good] * 3)
    line.send(*[poor] * 30)
    assert line.meter.phases == 3


def test_a_phase_count_that_changes_for_good_is_followed() -> None:
    line = Line()
    line.send(*[tri_long()] * 3, *[historic_frame()] * 9)
    assert line.meter.phases == 3
    line.send(tri_long(), *[historic_frame()] * 10)
    assert line.meter.phases == 1


def test_opposite_votes_do_not_settle_anything() -> None:
    line = Line()
    line.send(*[tri_long(), historic_frame()] * 20)
    assert line.meter.phases is None


def test_a_reading_is_due_before_the_frame_ends() -> None:
    line = Line()
    data = standard_frame()
    cut = data.index(b"MSG1")
    assert line.send(data[:cut]) == 1
    assert line.send(data[cut:]) == 0


def test_a_reading_is_due_with_the_frame_when_its_last_label_was_lost() -> None:
    line = Line()
    assert line.send(standard_frame().replace(b"STGE", b"STG!")) == 1


def test_no_reading_is_due_without_a_power() -> None:
    line = Line()
    assert line.send(standard_frame().replace(b"SINSTS", b"SINST!")) == 0


def test_labels_of_a_capture_are_remembered_as_seen() -> None:
    line = Line()
    line.send(capture("standard_tri_tempo_producer_mixed_phases_01"))
    assert {"SINSTI", "EAIT", "IRMS3", "EASF06"} <= line.meter.seen
    assert line.meter.seen <= set(LABELS)
    assert line.meter.tariff(line.now).period is Period.TEMPO_BLUE_HP


def test_an_unknown_label_is_not_kept() -> None:
    line = Line()
    line.send(standard("NEW", "1"))
    assert line.meter.values() == {}
    assert line.meter.seen == set()
