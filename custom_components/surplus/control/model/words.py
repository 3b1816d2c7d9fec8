"""Modes, reasons, what comes next, and limits: what is said of a load."""

from enum import StrEnum


class Mode(StrEnum):
    """What a load is allowed to take.

    ``solar``: the surplus, and nothing without one. ``min_solar``: at least its minimum,
    and the surplus above it. ``eco``: the surplus, and all it can take in cheap hours.
    ``boost``: all it can take. ``manual``: what a person gave it, until that ends.
    """

    OFF = "off"
    SOLAR = "solar"
    MIN_SOLAR = "min_solar"
    ECO = "eco"
    BOOST = "boost"
    MANUAL = "manual"


class Reason(StrEnum):
    """Why a load was told what it was told; each has a sentence in translations."""

    MODE_OFF = "mode_off"
    NO_GRID_METER = "no_grid_meter"
    METER_LOST = "meter_lost"
    METER_STALE = "meter_stale"
    SIGN_REVERSED = "sign_reversed"
    SIGN_UNKNOWN = "sign_unknown"
    BATTERY_LOST = "battery_lost"
    SOC_UNKNOWN = "soc_unknown"
    STORAGE_EMPTY = "storage_empty"
    STORAGE_FULL = "storage_full"
    STORAGE_REFUSES = "storage_refuses"
    COVERING_HOUSE = "covering_house"
    CHECKING = "checking"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    NO_VEHICLE = "no_vehicle"
    VEHICLE_FULL = "vehicle_full"
    WAITING_FOR_SURPLUS = "waiting_for_surplus"
    ABOUT_TO_START = "about_to_start"
    RESTING = "resting"
    FOLLOWING_SURPLUS = "following_surplus"
    AT_MAXIMUM = "at_maximum"
    HOLDING_MINIMUM = "holding_minimum"
    BOOST = "boost"
    BOOST_UNSEEN = "boost_unseen"
    CHEAP_HOURS = "cheap_hours"
    HELD_BACK = "held_back"
    MANUAL = "manual"
    LEARNING = "learning"
    OTHER_TRIAL = "other_trial"
    CATCHING_UP = "catching_up"
    SCHEDULED = "scheduled"
    NEEDED = "needed"
    CAR_MINIMUM = "car_minimum"
    CAR_LIMIT = "car_limit"
    DONE_FOR_TODAY = "done_for_today"
    NOT_DRAWING = "not_drawing"
    LIMITED = "limited"
    NO_ROOM = "no_room"
    ONE_BY_ONE = "one_by_one"
    SHED = "shed"
    HEATING_FORCED = "heating_forced"
    DISINFECTING = "disinfecting"
    WARM_ENOUGH = "warm_enough"
    TEMPERATURE_UNKNOWN = "temperature_unknown"
    THERMOSTAT_OPEN = "thermostat_open"
    THERMOSTAT_TEST = "thermostat_test"


class NextEventKind(StrEnum):
    """What may happen to a load next; each has a word in translations."""

    START = "start"
    STOP = "stop"
    END_OF_REST = "end_of_rest"
    END_OF_MINIMUM_RUN = "end_of_minimum_run"
    END_OF_BOOST = "end_of_boost"
    END_OF_OVERRIDE = "end_of_override"
    FORCED_HEATING = "forced_heating"
    END_OF_FORCED_HEATING = "end_of_forced_heating"
    END_OF_CATCHING_UP = "end_of_catching_up"
    NEW_DAY = "new_day"
    NEXT_TRY = "next_try"
    PLANNED_START = "planned_start"
    END_OF_SCHEDULE = "end_of_schedule"
    END_OF_NEED = "end_of_need"


class LimitKind(StrEnum):
    """A limit above every mode."""

    BREAKER = "breaker"
    SUBSCRIPTION = "subscription"
    CIRCUIT = "circuit"
    HOUSE_CAP = "house_cap"
