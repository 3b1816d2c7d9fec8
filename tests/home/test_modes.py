"""What is asked of a load: what lasts, what passes, and who wins."""

from datetime import datetime, timedelta

import pytest

from custom_components.surplus.control.model import (
    ChargerSpec,
    HeaterSpec,
    Mode,
    StorageSpec,
    SwitchedSpec,
)
from custom_components.surplus.home.modes import LoadModes, Passing, modes_of
from homeassistant.util import dt as dt_util

NOON = datetime(2026, 6, 21, 12, tzinfo=dt_util.UTC)
HOUR = timedelta(hours=1)


def test_a_lasting_mode_ends_everything_that_passes() -> None:
    modes = LoadModes().asked(Mode.BOOST).asked(Mode.ECO)
    assert modes.mode is Mode.ECO
    assert modes.top is None
    assert modes.wishes == 2


@pytest.mark.parametrize("mode", [Mode.BOOST, Mode.MANUAL])
def test_boost_and_manual_have_a_mode_before_them_even_without_an_end(
    mode: Mode,
) -> None:
    modes = LoadModes().asked(Mode.ECO).asked(mode, value=6.0)
    assert modes.mode is mode
    assert modes.at(NOON + 1000 * HOUR) is modes
    assert modes.resumed().mode is Mode.ECO


def test_any_mode_may_be_given_an_end() -> None:
    modes = LoadModes().asked(Mode.OFF, until=NOON)
    assert modes.at(NOON - timedelta(seconds=1)).mode is Mode.OFF
    assert modes.at(NOON).mode is Mode.SOLAR


def test_what_ends_by_itself_is_no_wish_but_a_resumption_is() -> None:
    modes = LoadModes().asked(Mode.BOOST, until=NOON)
    assert modes.at(NOON).wishes == modes.wishes
    assert modes.resumed().wishes == modes.wishes + 1


def test_a_boost_ends_by_time_or_by_energy_whichever_comes_first() -> None:
    modes = LoadModes().asked(Mode.BOOST, until=NOON, energy_wh=1000.0)
    early = NOON - HOUR
    taken = modes.having_taken(600.0)
    assert taken.at(early).mode is Mode.BOOST
    assert taken.having_taken(600.0).at(early).mode is Mode.SOLAR
    assert taken.at(NOON).mode is Mode.SOLAR


def test_energy_is_only_taken_off_what_has_some() -> None:
    modes = LoadModes().asked(Mode.BOOST)
    assert modes.having_taken(1.0) is modes
    assert LoadModes().having_taken(1.0) == LoadModes()


def test_an_override_lies_on_top_and_the_boost_under_it_comes_back() -> None:
    boost = LoadModes().asked(Mode.BOOST, until=NOON + 2 * HOUR, energy_wh=5000.0)
    modes = boost.taken_over(0.0, NOON + HOUR)
    assert (modes.mode, modes.value) == (Mode.MANUAL, 0.0)
    # What it takes while a person has it in hand is not the boost's.
    assert modes.having_taken(100.0) is modes
    back = modes.at(NOON + HOUR)
    assert back.mode is Mode.BOOST
    assert back.top == boost.top


def test_a_boost_may_end_under_an_override() -> None:
    modes = LoadModes().asked(Mode.BOOST, until=NOON).taken_over(6.0, NOON + HOUR)
    assert modes.at(NOON).mode is Mode.MANUAL
    assert modes.at(NOON + HOUR).mode is Mode.SOLAR


def test_moving_it_again_by_hand_begins_the_override_anew() -> None:
    modes = LoadModes().taken_over(6.0, NOON).taken_over(10.0, NOON + HOUR)
    assert modes.value == 10.0
    assert len(modes.passing) == 1
    assert modes.at(NOON).mode is Mode.MANUAL
    assert modes.at(NOON + HOUR).mode is Mode.SOLAR


@pytest.mark.parametrize("until", [None, NOON + 5 * HOUR])
def test_the_end_that_a_person_gave_a_set_point_outlives_a_move_by_hand(
    until: datetime | None,
) -> None:
    modes = LoadModes().asked(Mode.MANUAL, until=until, value=6.0)
    for value in (8.0, 9.0):
        modes = modes.taken_over(value, NOON)
        assert modes.value == value
        assert modes.top is not None
        assert modes.top.until == until


def test_everything_that_is_asked_survives_being_saved() -> None:
    modes = (
        LoadModes()
        .asked(Mode.ECO)
        .asked(Mode.BOOST, until=NOON, energy_wh=1234.5)
        .taken_over(7.0, None)
    )
    again = LoadModes.from_dict(modes.as_dict())
    assert again.lasting is modes.lasting
    assert again.passing == modes.passing


def test_a_time_without_its_zone_is_damage() -> None:
    saved = Passing(mode=Mode.BOOST).as_dict() | {"until": "2026-06-21T12:00:00"}
    with pytest.raises(ValueError, match="zone"):
        Passing.from_dict(saved)


def test_only_what_can_run_below_all_it_takes_has_a_minimum() -> None:
    assert Mode.MIN_SOLAR in modes_of(ChargerSpec(load_id="a", name="a", priority=1))
    assert Mode.MIN_SOLAR in modes_of(
        HeaterSpec(load_id="a", name="a", priority=1, max_w=1.0)
    )
    switched = SwitchedSpec(load_id="a", name="a", priority=1)
    storage = StorageSpec(
        load_id="a", name="a", priority=1, charge_w=1.0, discharge_w=1.0
    )
    for spec in (switched, storage):
        assert set(Mode) - set(modes_of(spec)) == {Mode.MIN_SOLAR}
