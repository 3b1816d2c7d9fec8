"""A small TIC checker of the tests' own, written from the specification.

It shares no code with the encoder or with the integration's decoder. It is strict:
anything unexpected is an AssertionError.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """One group: its data, and its time stamp if it has one."""

    data: str
    stamp: str | None = None


def read_frame(frame: bytes, *, end: int = 0x03) -> dict[str, Group]:
    """Check a whole frame and return its groups by label, in order."""
    assert frame[0] == 0x02
    assert frame[-1] == end
    body = frame[1:-1]
    groups: dict[str, Group] = {}
    while body:
        assert body[0] == 0x0A
        stop = body.index(0x0D)
        label, group = read_group(body[1:stop])
        assert label not in groups
        groups[label] = group
        body = body[stop + 1 :]
    return groups


def read_group(text: bytes) -> tuple[str, Group]:
    """Check one group between LF and CR."""
    zone, check = text[:-1], text[-1]
    if b"\t" in text:
        counted = zone
        assert zone.endswith(b"\t")
        label, *fields = zone[:-1].decode("ascii").split("\t")
    else:
        # Historic mode: the separator before the checksum does not count.
        assert zone.endswith(b" ")
        counted = zone[:-1]
        label, *fields = counted.decode("ascii").split(" ")
    total = 0
    for byte in counted:
        total += byte
    assert check == total % 64 + 32, f"checksum of {label}"
    assert len(fields) in {1, 2}
    if len(fields) == 2:
        return label, Group(fields[1], fields[0])
    return label, Group(fields[0])
