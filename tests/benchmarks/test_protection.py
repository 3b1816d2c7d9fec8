"""The breaker as its specification writes it, and what a day under it is judged by."""

from collections.abc import Mapping
from dataclasses import replace
import json
from math import inf
from pathlib import Path

import pytest

from benchmarks.closed_loop.seen import Command, HeaterCommand, Order, RelayCommand
from benchmarks.protection import __main__ as command
from benchmarks.protection.breaker import LinkyBreaker, openings
from benchmarks.protection.cases import HOUSES, House
from benchmarks.protection.plant import Plant, Seen, active_w, signed
from benchmarks.protection.players import CHECKED, OURS, PLAYERS, UNGUARDED
from benchmarks.protection.record import Record, play
from benchmarks.protection.scores import best_w, score
from benchmarks.protection.targets import targets

KETTLE = HOUSES["F4-6"]


class Script:
    """Gives orders at seconds of the day, and keeps what it saw."""

    def __init__(self, orders: Mapping[int, Mapping[str, Order]]) -> None:
        self._orders = orders
        self.seen: list[Seen] = []

    def __call__(self, seen: Seen) -> Mapping[str, Order]:
        self.seen.append(seen)
        return self._orders.get(seen.now, {})


def seconds_until_it_opens(share: float, before: float = 0.0) -> float:
    breaker = LinkyBreaker(6000.0)
    for _ in range(5000):
        assert not breaker.step([before * 6000.0])
    return next((n for n in range(1, 20_000) if breaker.step([share * 6000.0])), inf)


@pytest.mark.parametrize(
    ("share", "before", "seconds"),
    [
        (1.3, 0.0, inf),
        (1.31, 0.0, 522),
        (1.4, 0.0, 247),
        (1.4, 1.0, 158),
        (2.0, 0.8, 47),
        (2.5, 0.0, 40),
        (5.0, 1.2, 2),
        (10.0, 0.0, 3),
    ],
)
def test_the_breaker_opens_when_the_specification_says(
    share: float, before: float, seconds: float
) -> None:
    assert seconds_until_it_opens(share, before) == pytest.approx(seconds, abs=1)


def test_each_phase_has_a_filter_of_its_own_and_a_third_of_the_power() -> None:
    day_va = [[4200.0] * 260, [0.0] * 260, [0.0] * 260]
    assert openings(day_va, 9000.0) == 1
    assert openings([[3800.0] * 3000] * 3, 9000.0) == 0


def test_injected_power_does_not_count() -> None:
    assert openings([[-20_000.0] * 1000], 6000.0) == 0


def test_the_recorded_winter_day_is_what_the_references_say_it_is() -> None:
    house = HOUSES["F1-6"]

    def trips(house: House) -> int:
        base_va = [signed(house.base_w(now)) for now in house.seconds]
        return openings(list(zip(*base_va, strict=True)), house.subscribed_va)

    assert trips(house) > 0
    assert trips(HOUSES["F1-9"]) == 0
    assert trips(HOUSES["H1-6"]) == 0


def test_the_meter_tells_whole_va_every_two_seconds_and_warns() -> None:
    house = replace(KETTLE, end_s=60)
    script = Script({3: {"tank": RelayCommand(on=True)}, 5: _all_on()})
    play(house, script)
    assert [seen.now for seen in script.seen if seen.fresh] == list(range(1, 60, 2))
    last = script.seen[-1].frame
    assert last.phases_va[0] == round(last.phases_va[0])
    assert last.overload is (last.phases_va[0] > 6000)
    assert {seen.frame.overload for seen in script.seen} == {False, True}


def _all_on(amps: float = 32.0) -> dict[str, Order]:
    return {
        "car": Command(current_a=amps, phases=1),
        "heater": HeaterCommand(share=1.0),
        "tank": RelayCommand(on=True),
    }


def test_an_order_for_another_kind_of_load_is_refused() -> None:
    with pytest.raises(TypeError):
        Plant(KETTLE).command(0, {"tank": HeaterCommand(share=1.0)})


def test_heating_is_a_part_of_what_was_recorded() -> None:
    house = HOUSES["H1-6"]
    without = replace(house, heating_w=0.0)
    begins = next(now for now in house.seconds if house.heats(now))
    assert house.base_w(begins)[0] == without.base_w(begins)[0] - 3000
    house = replace(house, begin_s=begins, end_s=begins + 30)
    record = play(house, Script({begins + 5: {"heating": RelayCommand(on=True)}}))
    assert [sum(one) for one in record.loads["heating"].drawn_w[:5]] == [0.0] * 5
    assert sum(record.loads["heating"].drawn_w[7]) == 3000


def test_the_best_possible_fills_the_room_and_no_more() -> None:
    house = KETTLE
    for now in range(0, 86_400, 977):
        room_w = active_w(6000.0, 1) - house.base_w(now)[0]
        assert best_w(house, now) == pytest.approx(max(0.0, min(room_w, 11_600.0)))
    three = HOUSES["T1-9"]
    for now in range(0, 86_400, 977):
        # The car is bound by the fullest phase; what it leaves on others is for those.
        assert best_w(three, now) <= active_w(3000.0, 3) * 3


def _short(orders: Mapping[int, Mapping[str, Order]], seconds: int) -> Record:
    return play(replace(KETTLE, end_s=seconds), Script(orders))


def test_an_answer_counts_from_the_frame_that_shows_the_overload() -> None:
    record = _short({1: _all_on(), 61: _all_on(6.0)}, 120)
    shown = next(
        second
        for second, frame in enumerate(record.frames)
        if frame is not None and frame.overload
    )
    scores = score(record)
    assert scores.answers_s == (61 - shown,)
    assert scores.unanswered == 0
    ignored = score(_short({1: _all_on()}, 120))
    assert (ignored.answers_s, ignored.unanswered) == ((), 1)


def test_seconds_that_no_throttling_could_help_are_not_held_against_it() -> None:
    orders = {1: {**_all_on(12.0), "heater": HeaterCommand(share=0.9)}}
    throttled = score(_short(orders, 200))
    assert throttled.longest_s == throttled.over_s > 100
    evening = replace(KETTLE, begin_s=19 * 3600, end_s=19 * 3600 + 200)
    least = {evening.begin_s + 1: _all_on(6.0) | {"heater": HeaterCommand(share=0.0)}}
    house = replace(evening, subscribed_va=4000.0)
    scores = score(play(house, Script(least)))
    assert scores.over_s > 100
    assert scores.longest_s < 10


def test_a_shed_is_unnecessary_where_nothing_would_have_happened() -> None:
    tank_off: dict[str, Order] = {"tank": RelayCommand(on=False)}
    tank_on: dict[str, Order] = {"tank": RelayCommand(on=True)}
    calm = score(_short({1: tank_on, 60: tank_off, 90: tank_on}, 120))
    assert (calm.sheds, calm.restores, calm.unnecessary) == (1, 1, 1)
    house = replace(KETTLE, end_s=300, subscribed_va=1200.0)
    needed = score(play(house, Script({1: tank_on, 40: tank_off})))
    assert (needed.sheds, needed.restores, needed.unnecessary) == (1, 0, 0)


def test_without_a_guard_the_breaker_opens_and_with_one_it_does_not() -> None:
    house = replace(KETTLE, begin_s=0, end_s=1800)
    by_player = {
        name: score(play(house, player.make(house))) for name, player in PLAYERS.items()
    }
    assert by_player[OURS.name].trips == 0
    assert by_player[UNGUARDED.name].trips > 0
    assert by_player[OURS.name].longest_s <= 8
    assert by_player[CHECKED.name].over_s > by_player[OURS.name].over_s
    assert by_player[OURS.name].taken_kwh > 0.8 * by_player[OURS.name].best_kwh


def test_the_same_day_goes_the_same_way() -> None:
    house = replace(HOUSES["T1-9"], end_s=600)
    one, other = (play(house, OURS.make(house)) for _ in range(2))
    assert one == other


def test_one_command_prints_table_and_targets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HOUSES, "E4", replace(HOUSES["E4"], end_s=300))
    words = ["--houses", "E4", "--workers", "1", "--save", str(tmp_path)]
    assert command.main(words) == 0
    printed = capsys.readouterr().out
    assert "trips beyond" in printed
    assert "### Targets: 4 of 4 met" in printed
    assert (tmp_path / "protection.md").read_text(encoding="utf-8") in printed
    told = json.loads((tmp_path / "protection.json").read_text())
    assert {one["player"] for one in told} == set(PLAYERS)


def test_a_missed_target_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    house = replace(KETTLE, end_s=400)
    monkeypatch.setitem(HOUSES, "F4-6", house)
    monkeypatch.setitem(PLAYERS, OURS.name, replace(UNGUARDED, name=OURS.name))
    assert command.main(["--houses", "F4-6", "--ours", "--workers", "1"]) == 1
    assert command.main(["--houses", "nowhere"]) == 2
    missed = targets({"F4-6": score(play(house, UNGUARDED.make(house)))})
    assert {target.what for target in missed if not target.met} >= {
        "trips beyond the house's own"
    }
