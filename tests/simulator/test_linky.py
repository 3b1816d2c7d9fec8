"""The simulated meter and the frames it sends, read by decoders of others."""

from datetime import UTC, datetime
import math

import pytest
from teleinfo import decode

from simulator.house import PhaseSample
from simulator.linky import Linky, LinkySpec
from simulator.tariff import BASE, OPTIONS, TEMPO
from simulator.tic import TicMode, checksum, historic_group, standard_group

from .tic_reader import Group, read_frame

SUMMER = datetime(2026, 6, 21, 10, 0, 5, tzinfo=UTC)
WINTER = datetime(2026, 1, 21, 10, 0, 5, tzinfo=UTC)

# Fixed widths of the specification (6.2): label to characters of data.
WIDTHS = {
    **dict.fromkeys(["VTIC", "PREF", "PCOUP", "NTARF", "NJOURF", "NJOURF+1"], 2),
    **dict.fromkeys(["NGTF", "LTARF"], 16),
    **dict.fromkeys(["EAST", "EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4"], 9),
    **{f"EASF{n:02d}": 9 for n in range(1, 11)},
    **{f"EASD{n:02d}": 9 for n in range(1, 5)},
    **{f"{label}{n}": 3 for label in ("IRMS", "URMS", "UMOY") for n in (1, 2, 3)},
    **dict.fromkeys(["SINSTS", "SINSTI", "SMAXSN", "SMAXSN-1"], 5),
    **dict.fromkeys(["SMAXIN", "SMAXIN-1", "CCASN", "CCASN-1"], 5),
    **dict.fromkeys(["CCAIN", "CCAIN-1"], 5),
    **{f"SINSTS{n}": 5 for n in (1, 2, 3)},
    **{f"SMAXSN{n}": 5 for n in (1, 2, 3)},
    **{f"SMAXSN{n}-1": 5 for n in (1, 2, 3)},
    "ADSC": 12,
    "DATE": 0,
    "STGE": 8,
    "MSG1": 32,
    "PRM": 14,
    "RELAIS": 3,
    "PJOURF+1": 98,
}


def phase(watts: float, var: float = 0.0, volts: float = 230.0) -> PhaseSample:
    """Return what flows on one phase."""
    return PhaseSample(
        power_w=watts, apparent_va=math.hypot(watts, var), voltage_v=volts
    )


def meter(*phases: PhaseSample, wall: datetime = SUMMER, **spec: object) -> Linky:
    """Return a meter that has just seen these phases."""
    linky = Linky(LinkySpec(**spec), wall=wall)
    linky.measure(0.5, 0.5, phases)
    return linky


def standard(linky: Linky) -> dict[str, Group]:
    """Return the groups of its next standard frame."""
    return read_frame(linky.next_frame())


def test_the_worked_checksums_of_the_reference() -> None:
    assert checksum("ADCO 012345678901") == "E"
    assert historic_group("PTEC", "HP..") == b"\nPTEC HP..  \r"
    assert standard_group("VTIC", "02") == b"\nVTIC\t02\tJ\r"
    assert standard_group("DATE", "", "H191203125805") == (
        b"\nDATE\tH191203125805\t\tF\r"
    )
    assert standard_group("STGE", "003A8000") == b"\nSTGE\t003A8000\tA\r"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("producer", [True, False])
@pytest.mark.parametrize("contract", list(OPTIONS))
def test_every_standard_group_has_its_width(
    count: int, producer: bool, contract: str
) -> None:
    linky = meter(*[phase(500)] * count, producer=producer, option=OPTIONS[contract])
    groups = standard(linky)
    assert {label: len(group.data) for label, group in groups.items()} == {
        label: WIDTHS[label] for label in groups
    }
    assert ("SINSTI" in groups) is producer
    assert ("EAIT" in groups) is producer
    assert ("SINSTS2" in groups) is (count == 3)
    assert "SINSTS1" not in groups or count == 3
    assert list(groups)[:3] == ["ADSC", "VTIC", "DATE"]


def test_a_single_phase_frame_is_about_as_long_as_a_real_one() -> None:
    assert 850 < len(meter(phase(500), producer=True).next_frame()) < 1100


def test_drawing_shows_on_the_drawing_side() -> None:
    groups = standard(meter(phase(2300, 150)))
    assert groups["SINSTS"].data == "02305"
    assert groups["SINSTI"].data == "00000"
    assert groups["IRMS1"].data == "010"
    assert not int(groups["STGE"].data, 16) >> 9 & 1


def test_a_producer_shows_what_it_injects() -> None:
    groups = standard(meter(phase(-2300)))
    assert groups["SINSTS"].data == "00000"
    assert groups["SINSTI"].data == "02300"
    assert groups["IRMS1"].data == "010"
    assert int(groups["STGE"].data, 16) >> 8 & 3 == 3


def test_a_consumer_only_shows_the_direction() -> None:
    groups = standard(meter(phase(-2300), producer=False))
    assert groups["SINSTS"].data == "00000"
    assert int(groups["STGE"].data, 16) >> 8 & 3 == 2
    assert groups["IRMS1"].data == "010"


def test_phases_that_inject_count_against_those_that_draw() -> None:
    groups = standard(meter(phase(-230), phase(531), phase(-242)))
    assert groups["SINSTS"].data == "00059"
    assert groups["SINSTI"].data == "00000"
    assert [groups[f"SINSTS{n}"].data for n in (1, 2, 3)] == ["00000", "00531", "00000"]


def test_the_indexes_add_up() -> None:
    linky = meter(phase(0), drawn_wh=10_000, injected_wh=500)
    linky.measure(3600, 3600, (phase(1500),))
    linky.set_period("hc")
    linky.measure(7200, 3600, (phase(2500),))
    linky.measure(10_800, 3600, (phase(-800),))
    groups = standard(linky)
    assert groups["EAST"].data == "000014000"
    assert groups["EASF01"].data == "000007500"
    assert groups["EASF02"].data == "000006500"
    supplier = [int(groups[f"EASF{n:02d}"].data) for n in range(1, 11)]
    distributor = [int(groups[f"EASD{n:02d}"].data) for n in range(1, 5)]
    assert sum(supplier) == sum(distributor) == 14_000
    assert groups["EAIT"].data == "000001300"


def test_reactive_energy_goes_to_a_quadrant() -> None:
    linky = meter(phase(0))
    linky.measure(3600, 3600, (phase(1000, 200),))
    linky.measure(7200, 3600, (phase(-1000, 200),))
    groups = standard(linky)
    assert [groups[f"ERQ{n}"].data[-3:] for n in (1, 2, 3, 4)] == [
        "000",
        "000",
        "200",
        "200",
    ]


def test_the_tariff_period_is_told_everywhere() -> None:
    linky = meter(phase(500))
    linky.set_period("hc")
    assert linky.period == "hc"
    groups = standard(linky)
    assert groups["NTARF"].data == "01"
    assert groups["LTARF"].data.split() == ["HEURE", "CREUSE"]
    assert groups["RELAIS"].data == "001"
    register = int(groups["STGE"].data, 16)
    assert register & 1 == 0
    assert register >> 10 & 15 == 0
    linky.set_period("hp")
    groups = standard(linky)
    assert groups["NTARF"].data == "02"
    assert groups["RELAIS"].data == "000"
    register = int(groups["STGE"].data, 16)
    assert register & 1 == 1
    assert register >> 10 & 15 == 1
    assert register >> 14 & 3 == 1
    with pytest.raises(KeyError):
        linky.set_period("hc_bleu")


def test_a_tempo_meter_tells_the_colour() -> None:
    linky = meter(phase(500), option=TEMPO)
    linky.set_period("hp_rouge")
    groups = standard(linky)
    assert groups["NTARF"].data == "06"
    register = int(groups["STGE"].data, 16)
    assert register >> 24 & 3 == 3
    assert register >> 14 & 3 == 3


def test_the_clock_is_local_and_names_its_season() -> None:
    assert standard(meter(phase(0)))["DATE"].stamp == "E260621120005"
    assert standard(meter(phase(0), wall=WINTER))["DATE"].stamp == "H260121110005"


def test_the_daily_maximum_is_the_filtered_one_and_moves_on_at_midnight() -> None:
    late = datetime(2026, 6, 21, 21, 59, 0, tzinfo=UTC)
    linky = meter(phase(0), wall=late)
    now = 0.5
    for _ in range(30):
        now += 1
        linky.measure(now, 1, (phase(6000),))
    first = int(standard(linky)["SMAXSN"].data)
    assert 0 < first < 4000
    while now < 70:
        now += 1
        linky.measure(now, 1, (phase(0),))
    groups = standard(linky)
    assert int(groups["SMAXSN"].data) < first
    assert int(groups["SMAXSN-1"].data) >= first
    assert groups["SMAXSN-1"].stamp is not None
    assert groups["SMAXSN-1"].stamp.startswith("E260621")


def test_the_load_curve_holds_the_mean_of_the_last_half_hours() -> None:
    linky = meter(phase(0))
    now = 0.5
    for watts in (1200, 600, -400):
        for _ in range(180):
            now += 10
            linky.measure(now, 10, (phase(watts),))
    groups = standard(linky)
    assert int(groups["CCASN-1"].data) == pytest.approx(600, abs=10)
    assert int(groups["CCAIN"].data) == pytest.approx(400, abs=10)
    assert int(groups["CCASN"].data) == pytest.approx(0, abs=10)


def test_overload_shows_in_the_status_register() -> None:
    light = int(standard(meter(phase(8900)))["STGE"].data, 16)
    heavy = int(standard(meter(phase(9100)))["STGE"].data, 16)
    assert not light >> 7 & 1
    assert heavy >> 7 & 1


@pytest.mark.parametrize(("ratio", "after"), [(1.30, None), (1.4, 247), (2.5, 40)])
def test_the_breaker_obeys_the_trip_law(ratio: float, after: int | None) -> None:
    linky = meter(phase(0))
    for second in range(1, 1500):
        linky.measure(second, 1, (phase(ratio * 9000),))
    if after is None:
        assert linky.tripped_at is None
    else:
        assert linky.tripped_at == pytest.approx(after, abs=1)
        assert int(standard(linky)["STGE"].data, 16) >> 1 & 7 == 1


# Historic mode, read by pyteleinfo


def test_a_historic_frame_is_read_by_another_decoder() -> None:
    linky = meter(phase(2300, 150), mode=TicMode.HISTORIC, drawn_wh=3000)
    frame = linky.next_frame()
    assert decode(frame) == {
        "ADCO": "021961000042",
        "OPTARIF": "HC..",
        "ISOUSC": "45",
        "HCHC": "000001500",
        "HCHP": "000001500",
        "PTEC": "HP..",
        "IINST": "010",
        "IMAX": "090",
        "PAPP": "02300",
        "HHPHC": "A",
        "MOTDETAT": "000000",
    }
    assert read_frame(frame)["PAPP"].data == "02300"
    assert 140 < len(frame) < 190


def test_historic_mode_hides_injection() -> None:
    values = decode(meter(phase(-2300), mode=TicMode.HISTORIC).next_frame())
    assert values["PAPP"] == "00000"
    assert values["IINST"] == "010"


def test_historic_base_and_tempo_layouts() -> None:
    historic = TicMode.HISTORIC
    values = decode(meter(phase(0), mode=historic, option=BASE).next_frame())
    assert (values["OPTARIF"], values["PTEC"]) == ("BASE", "TH..")
    assert "BASE" in values
    linky = meter(phase(0), mode=historic, option=TEMPO)
    linky.set_period("hc_blanc")
    values = decode(linky.next_frame())
    assert values["PTEC"] == "HCJW"
    assert values["DEMAIN"] == "----"
    assert "BBRHPJR" in values


def test_adps_is_there_only_during_an_overload() -> None:
    linky = meter(phase(46 * 230), mode=TicMode.HISTORIC)
    assert decode(linky.next_frame())["ADPS"] == "046"
    linky.measure(1.0, 0.5, (phase(45 * 230),))
    assert "ADPS" not in decode(linky.next_frame())


def test_three_phase_overload_sends_short_frames_until_a_minute_after() -> None:
    calm = (phase(1000), phase(1000), phase(1000))
    hot = (phase(1000), phase(16 * 230), phase(1000))
    linky = meter(*calm, mode=TicMode.HISTORIC, serial="021963000042")
    groups = read_frame(linky.next_frame())
    assert groups["ISOUSC"].data == "15"
    assert groups["PPOT"].data == "00"
    linky.measure(1.0, 0.5, hot)
    cut = read_frame(linky.next_frame(), end=0x04)
    assert "PAPP" not in cut
    shorts = [read_frame(linky.next_frame()) for _ in range(20)]
    assert all(short["ADIR2"].data == "016" for short in shorts)
    assert list(shorts[0]) == ["ADIR2", "ADCO", "IINST1", "IINST2", "IINST3"]
    assert "PAPP" in read_frame(linky.next_frame())
    linky.measure(30.0, 0.5, calm)
    assert list(read_frame(linky.next_frame())) == [
        "ADCO",
        "IINST1",
        "IINST2",
        "IINST3",
    ]
    linky.measure(62.0, 0.5, calm)
    assert "PAPP" in read_frame(linky.next_frame())
