"""What loads draw behind the circuits that they hang on."""

from collections.abc import Mapping, Sequence

from .loads.base import Follower
from .settings import HomeSettings


def drawn_behind_a(
    settings: HomeSettings,
    followers: Sequence[Follower],
    own_w: Mapping[str, float],
    voltage_v: float,
) -> dict[str, float]:
    """Return the current on the most loaded phase of each circuit, in A, by circuit.

    ``own_w`` is what each load draws. What hangs on a circuit by way of another one is
    behind both, once. Nothing is known of what is no load of ours.
    """
    behind: dict[str, set[str]] = {
        circuit.circuit_id: set(circuit.load_ids) for circuit in settings.circuits
    }
    for circuit in settings.circuits:
        if circuit.parent in behind:
            behind[circuit.parent].update(circuit.load_ids)
    drawn = {}
    for circuit_id, load_ids in behind.items():
        phases_a = [0.0] * settings.phases
        for load, control in followers:
            load_id = load.spec.load_id
            if load_id in load_ids:
                drawn_a = own_w[load_id] / voltage_v / len(control.phases)
                for phase in control.phases:
                    phases_a[phase - 1] += drawn_a
        drawn[circuit_id] = max(phases_a)
    return drawn
