"""States and error codes of a connector (OCPP 1.6 sections 7.6 and 7.7)."""

from enum import StrEnum

from .values import plain_key, text


class Status(StrEnum):
    """The state of a connector."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    FINISHING = "finishing"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"


class ErrorCode(StrEnum):
    """What a connector complains about, also while it is not faulted."""

    NO_ERROR = "no_error"
    CONNECTOR_LOCK_FAILURE = "connector_lock_failure"
    EV_COMMUNICATION_ERROR = "ev_communication_error"
    GROUND_FAILURE = "ground_failure"
    HIGH_TEMPERATURE = "high_temperature"
    INTERNAL_ERROR = "internal_error"
    LOCAL_LIST_CONFLICT = "local_list_conflict"
    OTHER_ERROR = "other_error"
    OVER_CURRENT_FAILURE = "over_current_failure"
    OVER_VOLTAGE = "over_voltage"
    POWER_METER_FAILURE = "power_meter_failure"
    POWER_SWITCH_FAILURE = "power_switch_failure"
    READER_FAILURE = "reader_failure"
    RESET_FAILURE = "reset_failure"
    UNDER_VOLTAGE = "under_voltage"
    WEAK_SIGNAL = "weak_signal"


_STATUSES = {plain_key(status): status for status in Status}
_ERROR_CODES = {plain_key(code): code for code in ErrorCode}

# A session may be running.
IN_SESSION = frozenset({Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})

# The vehicle may draw; where it does not, that is its own choice.
OFFERING = frozenset({Status.CHARGING, Status.SUSPENDED_EV})

# Nothing flows, whatever the last meter value said: many chargers send no closing zero.
NO_FLOW = frozenset(Status) - {Status.CHARGING}

# A cable is in. Preparing may also be a tag without a cable, but rarely is.
PLUGGED = IN_SESSION | {Status.PREPARING, Status.FINISHING}

# These say nothing about the cable.
PLUG_UNKNOWN = frozenset({Status.RESERVED, Status.UNAVAILABLE, Status.FAULTED})


def read_status(value: object) -> Status | None:
    """Return a state from the charger's spelling of it; None when it is unknown."""
    return _STATUSES.get(plain_key(text(value) or ""))


def read_error_code(value: object) -> ErrorCode:
    """Return an error code; one that is missing is none, an unknown one is ``other``."""
    name = plain_key(text(value) or "")
    if not name:
        return ErrorCode.NO_ERROR
    return _ERROR_CODES.get(name, ErrorCode.OTHER_ERROR)
