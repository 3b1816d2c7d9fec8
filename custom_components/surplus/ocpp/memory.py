"""What is remembered of a charger over restarts, besides its sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .link import Nameplate
from .profiles import Form
from .values import integer, number, text


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSettings:
    """What the user decided about a charger.

    ``phases`` are the supply phases it is wired to; currents are A per phase, and
    ``safe_a`` is what it falls to by itself. ``tag`` is the id tag of remote starts.
    """

    identity: str
    name: str
    phases: tuple[int, ...] = (1,)
    min_a: float = 6.0
    max_a: float = 32.0
    safe_a: float = 6.0
    priority: int = 1
    tag: str = "SURPLUS"
    auto_start: bool = True


@dataclass(kw_only=True, slots=True)
class Memory:
    """What was learnt about a charger.

    ``configuration`` are its settings by plain key as last read, ``stubborn`` those it
    would not take (key: the value that was wanted). ``form`` is the form of the lease
    that it accepted. ``cleared`` says that what other backends left on it is gone, and
    ``safe_a`` which safe current lies on which connector.
    """

    nameplate: Nameplate = field(default_factory=Nameplate)
    configuration: dict[str, str] = field(default_factory=dict)
    probed: bool = False
    stubborn: dict[str, str] = field(default_factory=dict)
    form: Form | None = None
    cleared: bool = False
    safe_a: dict[int, float] = field(default_factory=dict)

    def setting(self, key: str) -> int | None:
        """Return a setting that is a whole number."""
        return integer(self.configuration.get(key.casefold()))

    @property
    def connectors(self) -> int:
        """How many connectors it has; 1 where it does not tell."""
        return max(1, self.setting("NumberOfConnectors") or 1)

    @property
    def likely_form(self) -> Form:
        """The form to try: the proven one, else what the charger says it can do."""
        if self.form is not None:
            return self.form
        levels = self.setting("ChargeProfileMaxStackLevel")
        profiles = self.setting("MaxChargingProfilesInstalled")
        if levels == 0 or (profiles is not None and 0 < profiles < 2):
            return Form.SINGLE
        return Form.STACKED

    def rebooted(self) -> None:
        """Take note of a reboot: some chargers lose their profiles with it."""
        self.safe_a.clear()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "vendor": self.nameplate.vendor,
            "model": self.nameplate.model,
            "serial": self.nameplate.serial,
            "firmware": self.nameplate.firmware,
            "configuration": self.configuration,
            "probed": self.probed,
            "stubborn": self.stubborn,
            "form": self.form,
            "cleared": self.cleared,
            "safe_a": {str(key): amps for key, amps in self.safe_a.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Memory:
        """Read it back, leaving out what is unreadable."""
        form = data.get("form")
        safe = {
            integer(key): number(amps) for key, amps in _texts(data, "safe_a").items()
        }
        return cls(
            nameplate=Nameplate(
                vendor=text(data.get("vendor")),
                model=text(data.get("model")),
                serial=text(data.get("serial")),
                firmware=text(data.get("firmware")),
            ),
            configuration=_texts(data, "configuration"),
            probed=data.get("probed") is True,
            stubborn=_texts(data, "stubborn"),
            form=Form(form) if form in list(Form) else None,
            cleared=data.get("cleared") is True,
            safe_a={
                key: amps
                for key, amps in safe.items()
                if key is not None and amps is not None
            },
        )


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    value = data.get(key)
    if not isinstance(value, Mapping):
        return {}
    return {str(name): str(part) for name, part in value.items()}
