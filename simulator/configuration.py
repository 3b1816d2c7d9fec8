"""The configuration keys of the simulated charger (OCPP 1.6, chapter 9)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from .evse import EvseSpec
from .metering import MEASURANDS
from .profiles import Unit

type Check = Callable[[str], bool]


class ChangeStatus(StrEnum):
    """Answers to ChangeConfiguration (7.22)."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    REBOOT_REQUIRED = "RebootRequired"
    NOT_SUPPORTED = "NotSupported"


@dataclass(slots=True)
class _Key:
    name: str
    value: str
    check: Check | None = None
    reboot: bool = False


def _is_seconds(value: str) -> bool:
    return value.isdecimal()


def _is_flag(value: str) -> bool:
    return value.lower() in {"true", "false"}


def _are_measurands(value: str) -> bool:
    # A list with one unknown member is refused as a whole, as MicroOcpp does.
    return all(name.strip() in MEASURANDS for name in value.split(",") if name)


class Configuration:
    """Keys and values; names are matched without regard to case."""

    def __init__(self, spec: EvseSpec, *, free_vend: bool) -> None:
        """Begin with what the station is."""
        store = spec.store
        units = {Unit.AMPERE: "Current", Unit.WATT: "Power"}
        keys = [
            _Key("AllowOfflineTxForUnknownId", "true", _is_flag),
            _Key("AuthorizeRemoteTxRequests", "false", _is_flag),
            _Key("ChargeProfileMaxStackLevel", str(store.max_stack_level)),
            _Key(
                "ChargingScheduleAllowedChargingRateUnit",
                ",".join(units[unit] for unit in sorted(store.units)),
            ),
            _Key("ChargingScheduleMaxPeriods", str(store.max_periods)),
            _Key("ClockAlignedDataInterval", "0", _is_seconds),
            _Key("ConnectionTimeOut", "60", _is_seconds),
            _Key(
                "ConnectorSwitch3to1PhaseSupported", str(spec.switches_phases).lower()
            ),
            _Key("FreeVend", str(free_vend).lower(), _is_flag),
            _Key("GetConfigurationMaxKeys", "50"),
            _Key("HeartbeatInterval", "300", _is_seconds),
            _Key("LocalAuthorizeOffline", "true", _is_flag),
            _Key("LocalPreAuthorize", "false", _is_flag),
            _Key("MaxChargingProfilesInstalled", str(store.max_installed)),
            _Key("MeterValueSampleInterval", "60", _is_seconds),
            _Key("MeterValuesAlignedData", "Energy.Active.Import.Register"),
            _Key(
                "MeterValuesSampledData",
                "Energy.Active.Import.Register",
                _are_measurands,
            ),
            _Key("NumberOfConnectors", "1"),
            _Key("ResetRetries", "1", _is_seconds),
            _Key("StopTransactionOnEVSideDisconnect", "true"),
            _Key("StopTransactionOnInvalidId", "true", _is_flag),
            _Key("StopTxnSampledData", "", _are_measurands),
            _Key(
                "SupportedFeatureProfiles",
                "Core,SmartCharging,RemoteTrigger,LocalAuthListManagement",
            ),
            _Key("TransactionMessageAttempts", "3", _is_seconds),
            _Key("TransactionMessageRetryInterval", "10", _is_seconds),
            _Key("WebSocketPingInterval", "30", _is_seconds, reboot=True),
        ]
        self._keys = {key.name.lower(): key for key in keys}

    def change(self, name: str, value: str) -> ChangeStatus:
        """Set a key."""
        key = self._keys.get(name.lower())
        if key is None:
            return ChangeStatus.NOT_SUPPORTED
        if key.check is None or not key.check(value):
            return ChangeStatus.REJECTED
        key.value = value
        return ChangeStatus.REBOOT_REQUIRED if key.reboot else ChangeStatus.ACCEPTED

    def describe(
        self, names: Iterable[str] | None
    ) -> tuple[list[dict[str, str | bool]], list[str]]:
        """Return the keys asked for (all when none are), and the names not known."""
        asked = list(names or [])
        unknown = [name for name in asked if name.lower() not in self._keys]
        wanted = [name.lower() for name in asked] or list(self._keys)
        known: list[dict[str, str | bool]] = [
            {"key": key.name, "readonly": key.check is None, "value": key.value}
            for name in wanted
            if (key := self._keys.get(name)) is not None
        ]
        return known, unknown

    def text(self, name: str) -> str:
        """Return a value as it is written."""
        return self._keys[name.lower()].value

    def number(self, name: str) -> int:
        """Return a value that is a number."""
        return int(self.text(name))

    def flag(self, name: str) -> bool:
        """Return a value that is true or false."""
        return self.text(name).lower() == "true"
