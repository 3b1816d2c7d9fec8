"""What states of other integrations' entities mean."""

import logging

import pytest

from custom_components.surplus.home.loads.values import (
    Doubts,
    attribute_of,
    is_there,
    number_of,
    on_of,
    plugged_of,
    share_of,
    temperature_of,
)
from homeassistant.core import State


def state(value: object, unit: str | None = None) -> State:
    return State("sensor.x", str(value), {"unit_of_measurement": unit} if unit else {})


@pytest.mark.parametrize(
    ("value", "unit", "celsius"),
    [
        (52.5, "°C", 52.5),
        (122, "°F", 50),
        (50, None, 50),
        (-127, "°C", None),
        (850, "°C", None),
        ("unavailable", "°C", None),
        ("unknown", "°C", None),
        ("", "°C", None),
        ("nan", "°C", None),
        ("inf", "°C", None),
        (50, "W", None),
    ],
)
def test_a_temperature_that_is_missing_or_absurd_is_unknown_and_never_zero(
    value: object, unit: str | None, celsius: float | None
) -> None:
    read = temperature_of(state(value, unit))
    assert read == (pytest.approx(celsius) if celsius is not None else None)
    assert temperature_of(None) is None


@pytest.mark.parametrize(
    ("value", "on"),
    [
        ("on", True),
        ("off", False),
        ("heat", True),
        ("eco", True),
        ("unavailable", None),
        ("unknown", None),
    ],
)
def test_on_is_whatever_is_not_off(value: str, on: bool | None) -> None:
    assert on_of(state(value)) is on
    assert on_of(None) is None


@pytest.mark.parametrize(
    ("value", "share"), [(80, 0.8), (0, 0), (101, None), (-1, None), ("full", None)]
)
def test_a_state_of_charge_is_a_share(value: object, share: float | None) -> None:
    assert share_of(state(value, "%")) == share


def test_numbers_that_are_none_are_not_read() -> None:
    assert number_of(None) is None
    assert number_of(state("nan")) is None
    assert attribute_of(None, "min") is None
    odd = State("number.x", "1", {"min": True, "max": "9", "step": float("inf")})
    assert [attribute_of(odd, key) for key in ("min", "max", "step")] == [None] * 3


def test_a_number_not_yet_set_can_be_commanded_but_one_that_is_away_cannot() -> None:
    assert is_there(state("unknown"))
    assert not is_there(state("unavailable"))
    assert not is_there(None)


def test_what_cannot_be_used_is_counted_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    doubts = Doubts("Tank")
    for _ in range(3):
        doubts.judge("sensor.x", state("garbage"), usable=False)
    doubts.judge("sensor.y", None, usable=False)
    doubts.judge("sensor.x", state(50), usable=True)
    doubts.judge("sensor.x", state(51), usable=True)
    assert doubts.as_dict() == {"sensor.x": 3, "sensor.y": 1}
    assert [record.message for record in caplog.records] == [
        "Tank: sensor.x shows 'garbage', which cannot be used",
        "Tank: sensor.y shows None, which cannot be used",
        "Tank: sensor.x can be used again",
    ]


@pytest.mark.parametrize(
    ("shown", "plugged"),
    [
        ("connected", True),
        ("Connected_Finished", True),
        ("charge_done", True),
        ("Charging finished, vehicle still connected", True),
        ("connected_not_charging", True),
        ("Plugged in, not charging", True),
        ("Vehicle connected, no power", True),
        ("No charging, vehicle connected", True),
        ("not_connected", False),
        ("NotConnected", False),
        ("Charging finished, no vehicle connected", False),
        ("No vehicle", False),
        ("Disconnected", False),
        ("available", False),
        ("not_charging", None),
        ("ready", None),
        ("EV not ready", None),
        ("idle", None),
        ("unavailable", None),
        ("unknown", None),
    ],
)
def test_a_charger_says_in_words_whether_a_vehicle_is_there(
    shown: str, plugged: bool | None
) -> None:
    assert plugged_of(state(shown)) is plugged
