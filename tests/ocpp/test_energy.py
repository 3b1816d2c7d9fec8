"""A connector's total."""

import json

from custom_components.surplus.ocpp.energy import EnergyCounter


class TestCounter:
    """A total that never goes backwards."""

    def test_it_is_the_register_while_that_grows(self) -> None:
        counter = EnergyCounter()
        assert counter.total_wh is None
        for register in (50_000, 50_100, 50_090, 50_200):
            counter.count(register, newest=True)
        assert counter.total_wh == 50_200

    def test_a_register_of_the_session_is_added_up(self) -> None:
        counter = EnergyCounter()
        for register in (0, 500, 2000, 0, 10, 700):
            counter.count(register, newest=True)
        assert counter.total_wh == 2700

    def test_a_single_glitch_is_not_a_new_start(self) -> None:
        counter = EnergyCounter()
        for register in (50_000, 0, 50_100, 0, 50_200):
            counter.count(register, newest=True)
        assert counter.total_wh == 50_200

    def test_old_samples_prove_no_new_start(self) -> None:
        counter = EnergyCounter()
        counter.count(50_000, newest=True)
        for register in (100, 200, 300):
            counter.count(register, newest=False)
        assert counter.total_wh == 50_000

    def test_the_edges_of_sessions_count_where_there_are_no_samples(self) -> None:
        counter = EnergyCounter()
        counter.count_edge(50_000)
        counter.count_edge(52_000)
        assert counter.total_wh == 52_000

    def test_and_are_left_out_once_there_are(self) -> None:
        counter = EnergyCounter()
        counter.count_edge(50_000)
        counter.count(100, newest=True)
        counter.count_edge(52_000)
        counter.count(200, newest=True)
        assert counter.total_wh == 200

    def test_it_survives_being_written_down(self) -> None:
        counter = EnergyCounter()
        for register in (1000, 0, 10):
            counter.count(register, newest=True)
        again = EnergyCounter.from_dict(json.loads(json.dumps(counter.as_dict())))
        assert again.total_wh == counter.total_wh == 1010
        assert again.sampled
