"""What the user decided about each circuit, and what cannot be wired so."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry

from ...control.settings import Circuit

SUBENTRY_CIRCUIT: Final = "circuit"

CONF_LIMIT_A: Final = "limit_a"
CONF_LOADS: Final = "loads"
CONF_PARENT: Final = "parent"


def circuits_of(entry: ConfigEntry) -> tuple[Circuit, ...]:
    """Return the circuits of a Home; one whose parent is gone hangs on the board."""
    subentries = entry.get_subentries_of_type(SUBENTRY_CIRCUIT)
    there = {subentry.subentry_id for subentry in subentries}
    circuits = []
    for subentry in subentries:
        parent = subentry.data.get(CONF_PARENT)
        circuits.append(
            circuit_of(
                subentry.subentry_id,
                {**subentry.data, CONF_PARENT: parent if parent in there else None},
            )
        )
    return tuple(circuits)


def circuit_of(circuit_id: str, data: Mapping[str, Any]) -> Circuit:
    """Return one circuit as a form or a subentry holds it."""
    return Circuit(
        circuit_id=circuit_id,
        limit_a=float(data[CONF_LIMIT_A]),
        # Chosen twice, a load is there once all the same.
        load_ids=tuple(dict.fromkeys(data.get(CONF_LOADS, ()))),
        parent=data.get(CONF_PARENT),
    )


def wiring_errors(new: Circuit, others: Iterable[Circuit]) -> dict[str, str]:
    """Return what of a circuit cannot be wired so beside the other ones, by field.

    A load has one breaker above it, and that one at most one other below the main one.
    A circuit may name again what is behind a circuit that hangs on it.
    """
    by_id = {circuit.circuit_id: circuit for circuit in others}
    on_it = {one for one, circuit in by_id.items() if circuit.parent == new.circuit_id}
    errors = {}
    if not new.load_ids and not on_it:
        errors[CONF_LOADS] = "no_load"
    family = {*on_it, new.parent}
    for circuit in by_id.values():
        if circuit.circuit_id not in family and set(new.load_ids) & set(
            circuit.load_ids
        ):
            errors[CONF_LOADS] = "load_in_two_circuits"
    if new.parent is None:
        return errors
    parent = by_id.get(new.parent)
    if parent is None:
        errors[CONF_PARENT] = "parent_gone"
    elif parent.parent is not None:
        errors[CONF_PARENT] = "parent_has_parent"
    elif on_it:
        errors[CONF_PARENT] = "is_parent"
    return errors
