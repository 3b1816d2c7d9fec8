"""A sample of the soak, and that its judge would object.

The whole of it is ``benchmarks/tic_soak.py``.
"""

from random import Random

import pytest

from benchmarks.tic_soak import (
    FAULTS,
    RUN_FRAMES,
    SOURCES,
    Soak,
    Tally,
    encode,
    is_lawful,
    main,
    run_of,
)
from custom_components.surplus.linky import meter as linky_meter
from custom_components.surplus.linky.frames import Decoder, Frame
from custom_components.surplus.linky.groups import Group
from custom_components.surplus.linky.labels import LABELS, TicMode
from custom_components.surplus.linky.meter import Meter, Value

from .tic import ADSC

FRAMES = 20_000


@pytest.fixture(scope="module")
def soak() -> Soak:
    soak = Soak(seed=20)
    soak.run(FRAMES)
    return soak


def test_nothing_false_is_accepted_that_the_check_could_have_seen(soak: Soak) -> None:
    assert soak.violations == []


def test_what_a_decoder_holds_does_not_grow(soak: Soak) -> None:
    assert soak.is_bounded
    counters = soak.decoder.counters
    assert counters.groups == sum(tally.accepted for tally in soak.tallies.values())


def test_every_fault_was_sent_and_most_of_each_frame_got_through(soak: Soak) -> None:
    assert sum(tally.frames for tally in soak.tallies.values()) == FRAMES
    for name, tally in soak.tallies.items():
        assert tally.frames > FRAMES / len(FAULTS) / 2
        # Half of a frame is cut off, on average; of the other faults one costs little.
        assert tally.accepted > tally.sent * (0.4 if name == "truncated" else 0.9), name


def test_harmless_faults_cost_nothing(soak: Soak) -> None:
    frames = [sent for name in SOURCES for sent in run_of(name)]
    for name in ("no line ends", "eighth bit", "joined"):
        decoder = Decoder()
        for sent in frames:
            decoder.feed(FAULTS[name](Random(0), sent.data))
        decoder.feed(b"\n")
        assert decoder.counters.groups == sum(
            sent.data.count(b"\r") for sent in frames
        ), name
        assert decoder.counters.bad_groups == 0


def test_a_forged_index_is_held_against_what_a_house_can_draw(soak: Soak) -> None:
    tally = soak.tallies["forged"]
    # The checksum is right: every forgery arrives. The meter judges what is left.
    assert tally.unseen > tally.frames / 2
    assert tally.believed < tally.unseen / 2


@pytest.mark.parametrize("name", SOURCES)
def test_a_meter_of_the_soak_sends_what_its_capture_did(name: str) -> None:
    frames = run_of(name)
    assert len(frames) == RUN_FRAMES
    (frame,) = Decoder().feed(frames[0].data)
    assert frame.complete
    assert frame.errors == 0
    assert {(group[0], group[2], group[1]) for group in frame.groups} == frames[0].says
    assert frame.identity == frames[0].identity
    assert frames[0].says != frames[1].says


@pytest.mark.parametrize("frames", [1, 2])
def test_the_command_prints_a_table_and_fails_on_a_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], frames: int
) -> None:
    monkeypatch.setattr("sys.argv", ["tic_soak.py", "--frames", "300"])
    monkeypatch.setattr(linky_meter, "_IDENTITY_FRAMES", frames)
    assert main() == (0 if frames == 2 else 1)
    table = capsys.readouterr().out
    assert all(fault in table for fault in FAULTS)
    assert ("Violations: 0" in table) is (frames == 2)


# The judge


class Liar(Decoder):
    """A decoder that slips something in."""

    def __init__(self, lie: Group) -> None:
        super().__init__()
        self.lie = lie

    def events(self, data: bytes, at: float = 0.0) -> list[Group | Frame]:
        return [*super().events(data, at), self.lie]


def test_a_decoder_that_makes_something_up_is_found_out() -> None:
    lie = Group("SINSTS", "01234", None, TicMode.STANDARD, LABELS["SINSTS"])
    soak = Soak(decoder=Liar(lie))
    soak.run(20)
    assert any("01234" in violation for violation in soak.violations)


@pytest.mark.parametrize(
    ("group", "received", "lawful"),
    [
        (("PAPP", None, "01200"), b"\n%s\r", True),
        (("PAPP", None, "01200"), b"\n%s", False),
        (("PAPP", None, "01200"), b"\nX%s\r", False),
        (("PAPP", None, "1200"), b"\n%s\r", False),
        (("PAPP", None, "0120A"), b"\n%s\r", False),
        (("SMAXSN", "E240101120000", "01200"), b"\n%s\r", True),
        (("SMAXSN", "X240101120000", "01200"), b"\n%s\r", False),
        (("SMAXSN", None, "01200"), b"\n%s\r", False),
        (("SINSTS", "E240101120000", "01200"), b"\n%s\r", False),
        (("STGE", None, "003A84G1"), b"\n%s\r", False),
        (("STGE", None, "003A8401"), b"\n%s\x03", True),
        (("DATE", "E240101120000", ""), b"\n%s\r", True),
        (("LTARF", None, "HC"), b"\n%s\r", True),
        (("LTARF", None, "HC" * 9), b"\n%s\r", False),
        (("PTEC", None, "HP.."), b"\n%s\r", True),
        (("PTEC", None, "HP."), b"\n%s\r", False),
    ],
)
def test_the_judge_knows_the_law(
    group: tuple[str, str | None, str], received: bytes, lawful: bool
) -> None:
    label, horodate, data = group
    spec = LABELS[label]
    wire = encode(label, horodate, data, standard=spec.mode is TicMode.STANDARD)
    claimed = Group(label, data, horodate, spec.mode, spec)
    assert is_lawful(claimed, received % wire) is lawful


def test_the_judge_wants_a_right_checksum() -> None:
    spec = LABELS["PAPP"]
    claimed = Group("PAPP", "01200", None, TicMode.HISTORIC, spec)
    # The characters from P to the last 0 add up to 580.
    check = (580 & 0x3F) + 0x20
    assert is_lawful(claimed, b"\nPAPP 01200 %c\r" % check)
    assert not is_lawful(claimed, b"\nPAPP 01200 %c\r" % (check + 1))


def test_the_judge_does_not_take_another_label_for_an_unknown_one() -> None:
    wire = b"\n" + encode("PAPA", None, "1", standard=False) + b"\r"
    claimed = Group("PAPA", "1", None, TicMode.HISTORIC, None)
    assert is_lawful(claimed, wire)
    assert not is_lawful(claimed._replace(spec=LABELS["PAPP"]), wire)


@pytest.mark.parametrize(
    ("index", "held", "objects"),
    [
        (0, {}, False),
        (150, {}, False),
        (1_000, {}, True),
        (-1, {"EAST": 0}, True),
    ],
)
def test_the_judge_knows_what_a_house_can_draw(
    index: int, held: dict[str, int], objects: bool
) -> None:
    sent = run_of("standard_mono_hphc_weekend_01")[0]
    truth = sent.indexes["EAST"]
    meter = Meter()
    meter._values["EAST"] = Value(f"{truth + index:09}", 0.0)
    soak = Soak()
    held = {label: truth + value for label, value in held.items()}
    soak._judge_meter(meter, sent, held, 1.5, Tally())
    assert bool(soak.violations) is objects


@pytest.mark.parametrize("identity", ["999999999999", ADSC])
def test_the_judge_knows_which_number_headed_two_frames(identity: str) -> None:
    soak = Soak()
    soak._judge_identity(Meter(), {None})
    soak._judge_identity(Meter(identity=identity), {None, ADSC})
    assert bool(soak.violations) is (identity != ADSC)


def test_a_meter_that_believes_the_first_number_it_hears_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linky_meter, "_IDENTITY_FRAMES", 1)
    soak = Soak()
    soak.run(20)
    assert any("took" in violation for violation in soak.violations)
