"""Frames as chargers send them: repaired, or named as beyond repair."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.surplus.ocpp.frames import (
    Answer,
    Call,
    Failure,
    Malformed,
    read,
    redacted,
)


@pytest.mark.parametrize(
    ("raw", "frame"),
    [
        (
            '[2,"1","Heartbeat",{}]',
            Call(call_id="1", action="Heartbeat", payload={}),
        ),
        (
            b'[ 2 , 7 , "Heartbeat" , { } ]',
            Call(call_id=7, action="Heartbeat", payload={}),
        ),
        # No payload, a null one, one element too many.
        ('[2,"1","Heartbeat"]', Call(call_id="1", action="Heartbeat", payload={})),
        ('[2,"1","Heartbeat",null]', Call(call_id="1", action="Heartbeat", payload={})),
        (
            '[2,"1","Heartbeat",{},0]',
            Call(call_id="1", action="Heartbeat", payload={}),
        ),
        # Control characters and bytes that are no UTF-8.
        (
            '[2,"1","X",{"serial":"A\x01"}]',
            Call(call_id="1", action="X", payload={"serial": "A\x01"}),
        ),
        (
            b'[2,"1","X",{"s":"\xff"}]',
            Call(call_id="1", action="X", payload={"s": "\ufffd"}),
        ),
        ('[3,"1",{"a":1}]', Answer(call_id="1", payload={"a": 1})),
        ("[3,1,null]", Answer(call_id="1", payload={})),
        ('[3,"1"]', Answer(call_id="1", payload={})),
        (
            '[4,"1","NotSupported","no",{}]',
            Failure(call_id="1", code="NotSupported", description="no"),
        ),
        ('[4,"1"]', Failure(call_id="1", code="GenericError", description="")),
        (
            '[4,"1",5,null]',
            Failure(call_id="1", code="GenericError", description=""),
        ),
        # What reaches the log and the user is one short line.
        (
            '[4,"1","Bad\\n2026 CRITICAL\\u001b[31m\\u202e'
            + "A" * 99
            + '","a\\r\\nb","x"]',
            Failure(
                call_id="1",
                code=("Bad2026 CRITICAL[31m" + "A" * 99)[:64],
                description="ab",
            ),
        ),
        (
            '[4,"1","\\n","' + "x" * 2000 + '",{}]',
            Failure(call_id="1", code="GenericError", description="x" * 64),
        ),
        # Broken JSON in an answer fails the call it belongs to (Grizzl-E 5.x).
        (
            '[3,"abc",{"configurationKey":],"unknownKey":[]}]',
            Failure(call_id="abc", code="FormationViolation", description="not JSON"),
        ),
        (
            "[3, 12, {",
            Failure(call_id="12", code="FormationViolation", description="not JSON"),
        ),
    ],
)
def test_what_is_understandable_is_understood(raw: str | bytes, frame: object) -> None:
    assert read(raw) == frame


@pytest.mark.parametrize(
    ("raw", "call_id"),
    [
        # A call that cannot be read still waits for an answer.
        ('[2,"abc","MeterValues",{"x":]', "abc"),
        ("[2,12,nonsense", 12),
        ('[2,"abc",5,{}]', "abc"),
        ('[2,"abc"," ",{}]', "abc"),
        ('[2,"abc","X",' + "[" * 40 + "]" * 40 + "]", "abc"),
        # Nobody waits for these.
        ("", None),
        ("hello", None),
        ("{}", None),
        ("[]", None),
        ("[2]", None),
        ("null", None),
        ('["2","1","X",{}]', None),
        ("[9,1,2]", None),
        ("[2,null,1]", None),
        ("[2,true,1]", None),
        ("[2,{},1]", None),
        ('[3,"1",' + "[" * 40 + "]" * 40 + "]", None),
        ("[" * 100_000, None),
        ("9" * 5000, None),
    ],
)
def test_what_is_not_is_named_so(raw: str, call_id: str | int | None) -> None:
    frame = read(raw)
    assert isinstance(frame, Malformed)
    assert frame.why
    assert frame.call_id == call_id


def test_a_repaired_call_is_a_proper_frame() -> None:
    frame = read('[2, 12, " Heartbeat ", null, 1, 2]')
    assert isinstance(frame, Call)
    assert json.loads(frame.to_json()) == [2, 12, "Heartbeat", {}]


@given(st.binary(max_size=200))
def test_no_bytes_upset_the_reader(raw: bytes) -> None:
    assert isinstance(read(raw), Call | Answer | Failure | Malformed)


@given(
    st.lists(
        st.none()
        | st.booleans()
        | st.integers(-1, 9)
        | st.floats()
        | st.text(max_size=8)
        | st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
        max_size=6,
    )
)
def test_no_list_upsets_the_reader(value: list[Any]) -> None:
    frame = read(json.dumps(value))
    assert isinstance(frame, Call | Answer | Failure | Malformed)
    if isinstance(frame, Call):
        assert frame.action
        assert isinstance(json.loads(frame.to_json())[3], dict)


def test_tags_and_keys_do_not_reach_the_log() -> None:
    shown = redacted(
        {
            "idTag": "SECRET",
            "parent_id_tag": "SECRET",
            "list": [{"idTag": "SECRET", "power": 5}],
            "setting": {"key": "AuthorizationKey", "value": "SECRET"},
            "other": {"key": "HeartbeatInterval", "value": "60"},
        }
    )
    assert "SECRET" not in str(shown)
    assert shown["list"][0]["power"] == 5
    assert shown["other"]["value"] == "60"
