"""The engine under test, fed as Home Assistant would feed it."""

from collections.abc import Mapping
from dataclasses import replace
from math import floor

from custom_components.surplus.control.engine import Engine
from custom_components.surplus.control.model import (
    ChargerReading,
    ChargerSpec,
    GridReading,
    LoadInput,
    Mode,
    Snapshot,
)
from custom_components.surplus.control.settings import HomeSettings

from .cases import Case
from .plant import ChargerSeen, Command, Seen

# Below this a phase carries no vehicle: a charger then tells no currents.
_IDLE_A = 0.1
# A Linky tells apparent power: active power is lost in it below this.
_LINKY_DEAD_ZONE_W = 200.0


class Ours:
    """One Home with the chargers of a case.

    The engine has no circuits yet: where several cars share a limit, each is given what
    those before it have left as the limit of its own wiring.
    """

    def __init__(
        self, case: Case, *, import_price: float = 1.0, writes_per_day: int = 3000
    ) -> None:
        """Set a Home up.

        ``import_price`` is the λ it shall regulate by, ``writes_per_day`` how many
        commands each charger may have.
        """
        phases = max(max(charger.evse.wiring) for charger in case.chargers)
        self._engine = Engine(
            HomeSettings(
                phases=phases,
                # The meter tells a total, which the engine takes to be on one phase.
                subscribed_va=case.subscribed_va * phases,
                import_price=import_price,
            )
        )
        self._mode = Mode.BOOST if case.fast else Mode.SOLAR
        self._specs = [
            ChargerSpec(
                load_id=charger.load_id,
                name=charger.load_id,
                priority=n,
                phases=charger.evse.wiring,
                max_a=charger.evse.max_a,
                writes_per_day=writes_per_day,
                switches_phases=charger.evse.switches_phases,
                phase_change_s=charger.evse.phase_switch_s,
            )
            for n, charger in enumerate(case.chargers, start=1)
        ]
        self._told: dict[str, float] = {}
        self._phases: dict[str, int] = {}

    def __call__(self, seen: Seen) -> Mapping[str, Command]:
        """Run one cycle."""
        grid = None
        if seen.grid is not None:
            grid = GridReading(
                at=seen.grid.at,
                power_w=seen.grid.value,
                drawn_va=max(0.0, seen.grid.value),
                dead_zone_w=_LINKY_DEAD_ZONE_W if seen.case.wires.linky else 0.0,
            )
        rest_a = seen.case.ev_limit_a
        loads = []
        for spec, charger in zip(self._specs, seen.chargers, strict=True):
            top_a = max(spec.min_a, min(spec.max_a, rest_a))
            loads.append(
                LoadInput(
                    spec=replace(spec, max_a=top_a),
                    reading=_reading(charger),
                    mode=self._mode,
                )
            )
            rest_a -= self._told.get(spec.load_id, 0.0)
        cycle = self._engine.cycle(
            Snapshot(now=seen.now, wall=seen.wall, grid=grid, loads=tuple(loads))
        )
        for decision in cycle.decisions:
            if decision.setpoint is not None:
                self._told[decision.load_id] = decision.setpoint.value
                if decision.setpoint.phases is not None:
                    self._phases[decision.load_id] = decision.setpoint.phases
        return self._commands(seen)

    def _commands(self, seen: Seen) -> dict[str, Command]:
        rest_a = seen.case.ev_limit_a
        commands = {}
        for spec, charger in zip(self._specs, seen.chargers, strict=True):
            amps = min(self._told.get(spec.load_id, 0.0), float(floor(rest_a)))
            rest_a -= amps
            wired = len(charger.case.evse.wiring)
            commands[spec.load_id] = Command(
                current_a=amps, phases=self._phases.get(spec.load_id, wired)
            )
        return commands


def _reading(charger: ChargerSeen) -> ChargerReading:
    accepted, power = charger.accepted, charger.power
    uses = charger.case.car.phases
    if accepted is not None and charger.case.evse.switches_phases:
        uses = min(uses, accepted.value.phases)
    drawn = charger.plugged and charger.current_a > _IDLE_A
    return ChargerReading(
        reachable=True,
        wants_power=charger.plugged,
        power_w=power.value if power else None,
        power_at=power.at if power else None,
        currents_a=(charger.current_a,) * uses if drawn else (),
        offered_a=accepted.value.current_a if accepted else None,
        offered_at=accepted.at if accepted else None,
    )
