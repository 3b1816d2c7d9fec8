"""Whatever arrives, the decoder holds."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings, strategies as st

from custom_components.surplus.linky.frames import Decoder, Frame
from custom_components.surplus.linky.groups import Group
from custom_components.surplus.linky.labels import LABELS
from custom_components.surplus.linky.meter import Meter
from custom_components.surplus.linky.power import grid_reading
from custom_components.surplus.linky.redact import redact

from .tic import capture, capture_names, historic_frame, standard_frame

# Bytes that mean something are worth more than chance gives them.
LINE_NOISE = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [
                *(bytes([byte]) for byte in b"\x02\x03\x04\n\r\t \x00\xff"),
                *(b"ADCO ", b"ADSC\t", b"PAPP 01200 ", b"STGE\t", b"NONUTILE"),
                b"0" * 40,
            ]
        ),
        max_size=120,
    ).map(b"".join),
)
CAPTURE = st.sampled_from([capture(name) for name in capture_names()])
MUTATION = st.tuples(
    st.sampled_from(["flip", "drop", "insert", "double"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255),
)
CUTS = st.lists(st.floats(0, 1), max_size=12)


def mutate(data: bytes, mutations: list[tuple[str, float, int]]) -> bytes:
    line = bytearray(data)
    for how, where, what in mutations:
        index = int(where * len(line))
        match how:
            case "flip":
                line[index : index + 1] = bytes(
                    byte ^ (1 << what % 8) for byte in line[index : index + 1]
                )
            case "drop":
                del line[index : index + 1 + what % 20]
            case "insert":
                line.insert(index, what)
            case "double":
                line[index:index] = line[index : index + what]
    return bytes(line)


def portions(data: bytes, cuts: list[float]) -> list[bytes]:
    edges = [0, *sorted(int(cut * len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def decode(parts: list[bytes]) -> tuple[list[Group | Frame], Decoder]:
    decoder = Decoder()
    events: list[Group | Frame] = []
    for part in parts:
        events += decoder.events(part)
    return events, decoder


@settings(deadline=None)
@given(LINE_NOISE, CUTS)
def test_noise_never_raises_and_portions_never_matter(
    data: bytes, cuts: list[float]
) -> None:
    whole, decoder = decode([data])
    parts, in_parts = decode(portions(data, cuts))
    assert parts == whole
    assert in_parts.counters == decoder.counters
    assert decoder.counters.bytes == len(data)
    assert decoder.counters.groups == sum(isinstance(event, Group) for event in whole)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CAPTURE, st.lists(MUTATION, max_size=25), CUTS)
def test_a_damaged_capture_never_raises_and_portions_never_matter(
    data: bytes, mutations: list[tuple[str, float, int]], cuts: list[float]
) -> None:
    line = mutate(data, mutations)
    whole, decoder = decode([line])
    parts, in_parts = decode(portions(line, cuts))
    assert parts == whole
    assert in_parts.counters == decoder.counters


@settings(deadline=None)
@given(
    st.sampled_from([historic_frame(), standard_frame()]),
    st.lists(MUTATION, min_size=1, max_size=1),
)
def test_one_fault_never_reaches_the_frame_after_the_next(
    data: bytes, mutations: list[tuple[str, float, int]]
) -> None:
    frames = Decoder().feed(mutate(data, mutations) + data * 2)
    assert frames[-1] == Decoder().feed(data)[0]


@settings(deadline=None)
@given(st.lists(LINE_NOISE, min_size=1, max_size=30))
def test_memory_is_bounded(parts: list[bytes]) -> None:
    decoder = Decoder()
    for part in parts * 10:
        decoder.events(part)
        assert len(decoder._tail) <= 161
        assert len(decoder._groups) <= 128
        assert len(decoder._known) <= 512
        assert all(len(key) <= 160 for key in decoder._known)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CAPTURE, st.lists(MUTATION, max_size=25))
def test_a_meter_survives_any_line(
    data: bytes, mutations: list[tuple[str, float, int]]
) -> None:
    decoder, meter = Decoder(), Meter()
    identity: str | None = None
    indexes: dict[str, int] = {}
    for second, part in enumerate(portions(mutate(data, mutations), [0.2, 0.5, 0.9])):
        for event in decoder.events(part, float(second)):
            if isinstance(event, Group):
                meter.on_group(event, float(second))
            else:
                meter.on_frame(event)
        reading = grid_reading(meter, float(second))
        assert reading is None or reading.drawn_va is not None
        meter.tariff(float(second))
        if meter.identity != identity:
            identity = meter.identity
            indexes.clear()
        for label, value in meter.values().items():
            if LABELS[label].index:
                assert int(value.data) >= indexes.get(label, 0)
                indexes[label] = int(value.data)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    CAPTURE.filter(lambda data: b"AD" in data),
    st.lists(MUTATION, max_size=10),
    st.floats(0, 1),
)
def test_redaction_keeps_the_length_and_never_raises(
    data: bytes, mutations: list[tuple[str, float, int]], start: float
) -> None:
    line = mutate(data, mutations)[int(start * len(data)) :]
    assert len(redact(line)) == len(line)


@settings(deadline=None)
@given(st.integers(0, 900), st.integers(0, 900))
def test_no_portion_of_a_stream_gives_the_serial_number_away(
    start: int, end: int
) -> None:
    data = standard_frame(adsc="031664123456", prm="98765432109876")
    data = data * 2
    redacted = redact(data[start : len(data) - end])
    assert b"123456" not in redacted
    assert b"98765" not in redacted
    assert b"32109876" not in redacted
