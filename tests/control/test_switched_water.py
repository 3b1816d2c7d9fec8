"""A switched load that heats water, in closed loop."""

from custom_components.surplus.control.model import Mode, Reason, Temperatures

from .switched_house import House, Relay


class TestWater:
    """A load whose water has a programme of temperatures."""

    def house(self, temperature_c: float | None, **changes: object) -> House:
        return House(
            relays=[Relay(temperatures=Temperatures(), temperature_c=temperature_c)],
            **changes,
        )

    def test_warm_water_rests_whatever_the_sun(self) -> None:
        house = self.house(61.0)
        decision = house.run(300, base_w=-5000)
        assert decision.reason is Reason.WARM_ENOUGH
        assert decision.numbers["temperature_c"] == 61
        assert not house.relay.on

    def test_it_stops_when_it_is_warm_after_its_minimum_time(self) -> None:
        house = self.house(59.0)
        house.run(60, base_w=-5000)
        assert house.relay.on
        house.relay.temperature_c = 60.5
        house.run(60)
        assert house.relay.on
        house.run(240)
        assert not house.relay.on

    def test_a_lost_meter_does_not_hold_what_is_warm(self) -> None:
        house = self.house(59.0)
        house.run(60, base_w=-5000)
        house.relay.temperature_c = 60.5
        house.meter_works = False
        house.run(90)
        assert not house.relay.on

    def test_cold_water_is_heated_from_the_grid_in_cheap_hours(self) -> None:
        house = self.house(44.0, cheap=lambda wall: True)
        decision = house.run(10, base_w=500)
        assert decision.reason is Reason.HEATING_FORCED
        assert decision.numbers == {"temperature_c": 44.0, "target_c": 50.0}
        assert house.relay.on
        dear = self.house(44.0, cheap=lambda wall: False)
        assert dear.run(600, base_w=500).reason is Reason.WAITING_FOR_SURPLUS

    def test_water_of_unknown_warmth_gets_sun_only_and_not_for_ever(self) -> None:
        house = self.house(None, cheap=lambda wall: True)
        house.relay.mode = Mode.ECO
        assert house.run(600, base_w=500).reason is Reason.WAITING_FOR_SURPLUS
        assert house.run(600, base_w=-2500).reason is Reason.FOLLOWING_SURPLUS
        decision = house.run(4 * 3600, every_s=10)
        assert decision.reason is Reason.TEMPERATURE_UNKNOWN
        assert not house.relay.on

    def test_eco_heats_in_cheap_hours_until_it_is_warm(self) -> None:
        house = self.house(56.0, cheap=lambda wall: True)
        house.relay.mode = Mode.ECO
        assert house.run(10, base_w=500).reason is Reason.CHEAP_HOURS

    def test_a_person_ends_a_rest_but_not_the_maximum(self) -> None:
        house = self.house(61.0)
        house.run(10)
        house.relay.temperature_c = 57.0
        assert house.run(10).reason is Reason.WARM_ENOUGH
        house.relay.ask(Mode.BOOST)
        assert house.run(10).reason is Reason.BOOST
        house.relay.temperature_c = 61.0
        assert house.run(400).reason is Reason.WARM_ENOUGH

    def test_other_temperatures_hold_at_once_and_absurd_ones_not_at_all(self) -> None:
        house = self.house(57.0)
        assert house.run(60, base_w=-2500).reason is Reason.FOLLOWING_SURPLUS
        house.relay.temperatures = Temperatures(max_c=56.0)
        house.run(600)
        assert house.decision().reason is Reason.WARM_ENOUGH
        house.relay.temperatures = Temperatures(max_c=20.0)
        assert house.run(60).reason is Reason.WARM_ENOUGH
        house.relay.temperatures = None
        assert house.run(600).reason is Reason.FOLLOWING_SURPLUS

    def test_a_rest_survives_a_restart(self) -> None:
        house = self.house(61.0)
        house.run(10, base_w=-5000)
        house.relay.temperature_c = 57.0
        house.run(30)
        house.restart(5)
        assert house.run(30).reason is Reason.WARM_ENOUGH
