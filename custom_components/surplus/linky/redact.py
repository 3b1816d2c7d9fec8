"""Raw TIC bytes without serial numbers, that still decode as they did."""

import re
from typing import Final

from .frames import Decoder
from .groups import Group, checksum
from .labels import PRIVATE_LABELS

# ADCO and ADSC say manufacturer, year and type in their first half; only the second
# half is the one meter. Nothing of a PRM is harmless.
_KEPT: Final = {"ADCO": 6, "ADSC": 6, "PRM": 0}

_SEVEN_BITS: Final = bytes(byte & 0x7F for byte in range(256))
_SEGMENT: Final = re.compile(rb"[^\n\r\x02-\x04]+")
_NUMBER: Final = re.compile(rb"[0-9]{4,}")


def redact_text(label: str, data: str) -> str:
    """Return the data of a label with what identifies the meter set to zeros."""
    if label not in PRIVATE_LABELS:
        return data
    kept = _KEPT[label]
    return data[:kept] + "0" * len(data[kept:])


def redact(raw: bytes) -> bytes:
    """Zero serial numbers in a stream and make their checksums right again.

    A group that does not decode may be what is left of a serial number: its numbers
    become zeros, its other bytes stay for whoever looks for the fault. Bytes that need
    no change are returned as they came, eighth bit included.
    """
    result = bytearray(raw)
    for match in _SEGMENT.finditer(raw.translate(_SEVEN_BITS)):
        segment = match.group()
        decoded = Decoder().events(b"\n" + segment + b"\r")
        if decoded and isinstance(group := decoded[0], Group) and group.spec:
            if group.label not in PRIVATE_LABELS:
                continue
            private = _encode(group.label, redact_text(group.label, group.data))
            segment = segment[: -len(private)] + private
        else:
            segment = _NUMBER.sub(lambda run: b"0" * len(run.group()), segment)
        result[match.start() : match.end()] = segment
    return bytes(result)


def _encode(label: str, data: str) -> bytes:
    if label == "ADCO":
        zone = f"{label} {data}".encode()
        return zone + b" " + bytes([checksum(zone)])
    zone = f"{label}\t{data}\t".encode()
    return zone + bytes([checksum(zone)])
