"""The kinds of load, each with its own honest model."""

from typing import Any

from ..model import ChargerSpec, HeaterSpec, LoadSpec, StorageSpec, SwitchedSpec
from .base import LoadControl
from .charger import ChargerControl
from .heater import HeaterControl
from .storage import StorageControl
from .switched import SwitchedControl

# Kinds may differ in nothing but their spec: the first one that fits is taken.
_CONTROLS: tuple[tuple[type[LoadSpec], type[LoadControl[Any, Any]]], ...] = (
    (ChargerSpec, ChargerControl),
    (HeaterSpec, HeaterControl),
    (SwitchedSpec, SwitchedControl),
    (StorageSpec, StorageControl),
)


def control_of(spec: LoadSpec) -> LoadControl[Any, Any]:
    """Return a control that knows nothing yet of a load."""
    for kind, control in _CONTROLS:
        if isinstance(spec, kind):
            return control(spec)
    raise TypeError(f"no control for {type(spec).__name__}")
