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
    ``switches_phases`` lets it be told to charge on one phase only.
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
    switches_phases: bool = False
    writes_per_day: int = 3000


@dataclass(kw_only=True, slots=True)
class Memory:
    """What was learnt about a charger.

    ``configuration`` are its settings by plain key as last read, ``stubborn`` those it
    would not take (key: the value that was wanted). ``form`` is the form of the lease
    that it accepted. ``cleared`` says that what other backends left on it is gone, and
    ``safe_a`` which safe current lies on which connector, for ``safe_phases`` where
    that said so. ``refuses_phases`` is whether it takes limits only without a number of
    phases.
    """

    nameplate: Nameplate = field(default_factory=Nameplate)
    configuration: dict[str, str] = field(default_factory=dict)
    probed: bool = False
    stubborn: dict[str, str] = field(default_factory=dict)
    form: Form | None = None
    cleared: bool = False
    safe_a: dict[int, float] = field(default_factory=dict)
    safe_phases: dict[int, int | None] = field(default_factory=dict)
    refuses_phases: bool = False

    def setting(self, key: str) -> int | None:
        """Return a setting that is a whole number."""
        return integer(self.configuration.get(key.casefold()))

    @property
    def connectors(self) -> int:
        """How many connectors it has; 1 where it does not tell."""
        return max(1, self.setting("NumberOfConnectors") or 1)

    @property
    def says_it_switches_phases(self) -> bool:
        """Whether it claims to change between three phases and one (1.6, 9.3)."""
        claim = self.configuration.get("connectorswitch3to1phasesupported", "")
        return claim.strip().casefold() == "true"

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
        self.safe_phases.clear()
        # What it refused it may have refused for something that is over.
        self.refuses_phases = False

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
            "safe_phases": {
                str(key): count for key, count in self.safe_phases.items() if count
            },
            "refuses_phases": self.refuses_phases,
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
            safe_phases={
                key: integer(count)
                for name, count in _texts(data, "safe_phases").items()
                if (key := integer(name)) is not None
            },
            refuses_phases=data.get("refuses_phases") is True,
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
