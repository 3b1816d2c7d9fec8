"""A morning of the soak, and an oracle that would notice."""

from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.soak.faults import HOST, Fault, planned
from benchmarks.soak.oracle import Oracle
from benchmarks.soak.plant import Plant
from benchmarks.soak.run import soak
from custom_components.surplus.home.ends import Ends
from custom_components.surplus.home.ledger import HomeLedger
from custom_components.surplus.home.modes import LoadModes

DAYS = 0.12


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rest of a run, in which all is mended, be short."""
    monkeypatch.setattr("benchmarks.soak.run.MENDING_S", 700.0)


def test_the_same_seed_breaks_the_same_and_the_host_one_thing_at_a_time() -> None:
    assert planned(3, 7) == planned(3, 7) != planned(4, 7)
    faults = {one.fault for one in planned(3, 7)}
    assert faults == set(Fault)
    host = [one for one in planned(3, 7) if one.fault in HOST]
    for before, after in pairwise(host):
        assert after.at_s >= before.at_s + before.for_s + 1800


def test_a_plant_knows_what_was_taken() -> None:
    plant = Plant(1, 9 * 3600.0)
    seen = dict.fromkeys(plant.truth, True)
    for _ in range(360):
        plant.tell_car(10.0)
        plant.heater_told_w = 1000.0
        plant.live(10.0, seen)
    assert plant.truth["heater"].all_wh == pytest.approx(1000, abs=5)
    assert plant.truth["car"].all_wh == pytest.approx(2300, abs=15)
    # Nobody repeats it: it falls to what it was left.
    for _ in range(14):
        plant.live(10.0, seen)
    assert plant.car_w == 6 * 230


async def test_a_morning_with_faults_leaves_everything_intact(
    tmp_path: Path, few: None
) -> None:
    result = await soak(tmp_path, seed=5, days=DAYS)
    assert result.violations == []
    assert result.issues == set()
    assert result.errors == []
    assert result.checked > 800
    assert {Fault.CRASH, Fault.RESTART, Fault.CLOCK_SET} & set(result.faults)
    assert result.told["sessions"].startswith(("0 of 0", "1 of 1"))


@pytest.mark.parametrize("broken", ["ends", "ledger"])
async def test_what_is_broken_in_the_product_is_noticed(
    tmp_path: Path, few: None, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if broken == "ends":
        monkeypatch.setattr(Ends, "moved", lambda *_: {})

        def never(self: LoadModes, _wall: object) -> LoadModes:
            return self

        monkeypatch.setattr(LoadModes, "at", never)
    else:
        monkeypatch.setattr(HomeLedger, "async_after", lambda *_: None)
    result = await soak(tmp_path, seed=5, days=DAYS)
    assert result.violations


def test_an_oracle_expects_nothing_of_what_was_asked_right_before_a_crash() -> None:
    oracle = Oracle()
    oracle.boosted("car", 100.0, 600.0)
    oracle.boosted("pump", 195.0, 600.0)
    oracle.crashed(200.0)
    assert set(oracle.boosts) == {"car"}
