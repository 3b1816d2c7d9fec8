"""What a central system may ask of the simulated charger (OCPP 1.6, chapter 5).

Handlers are put into the library's route map by hand: each returns the answer, what
follows from it runs once the answer is on its way.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call_result

from .configuration import ChangeStatus
from .evse import Status
from .metering import timestamp
from .profiles import ChargingProfile, ProfileError, Purpose, Unit, parse_profile

if TYPE_CHECKING:
    from .charger import Charger

type Handler = Callable[..., Any]


def command_handlers(charger: Charger) -> dict[str, dict[str, Any]]:
    """Return the library's route map for a charger."""
    commands = _Commands(charger)
    table: dict[str, tuple[Handler, Handler | None]] = {
        "ChangeAvailability": (commands.change_availability, None),
        "ChangeConfiguration": (commands.change_configuration, None),
        "ClearCache": (commands.clear_cache, None),
        "ClearChargingProfile": (commands.clear_profile, None),
        "DataTransfer": (commands.data_transfer, None),
        "GetCompositeSchedule": (commands.composite_schedule, None),
        "GetConfiguration": (commands.get_configuration, None),
        "GetLocalListVersion": (commands.local_list_version, None),
        "RemoteStartTransaction": (commands.remote_start, commands.after_start),
        "RemoteStopTransaction": (commands.remote_stop, commands.after_stop),
        "Reset": (commands.reset, commands.after_reset),
        "SetChargingProfile": (commands.set_profile, None),
        "TriggerMessage": (commands.trigger, commands.after_trigger),
        "UnlockConnector": (commands.unlock, None),
    }
    routes: dict[str, dict[str, Any]] = {}
    for action, (answer, after) in table.items():
        routes[action] = {"_on_action": answer, "_skip_schema_validation": False}
        if after is not None:
            routes[action]["_after_action"] = after
    return routes


class _Commands:
    """One method per action; arguments are the payload's keys in snake case."""

    def __init__(self, charger: Charger) -> None:
        self._charger = charger
        self._evse = charger.evse
        self._profile: ChargingProfile | None = None
        self._obeys = False

    def change_availability(self, connector_id: int, type: str) -> Any:
        """Take the connector out of service, or back; at once, or after the session."""
        self._evse.available = type == "Operative"
        busy = self._evse.session is not None
        return call_result.ChangeAvailability(
            status="Scheduled" if busy else "Accepted"
        )

    def change_configuration(self, key: str, value: str) -> Any:
        """Set a configuration key."""
        status = self._charger.config.change(key, value)
        if status is ChangeStatus.ACCEPTED:
            self._charger.reconfigured(key)
        return call_result.ChangeConfiguration(status=status.value)

    def get_configuration(self, key: list[str] | None = None) -> Any:
        """Return configuration keys."""
        known, unknown = self._charger.config.describe(key)
        return call_result.GetConfiguration(
            configuration_key=known, unknown_key=unknown
        )

    def clear_cache(self) -> Any:
        """There is none."""
        return call_result.ClearCache(status="Accepted")

    def local_list_version(self) -> Any:
        """No local list: an empty one has version 0."""
        return call_result.GetLocalListVersion(list_version=0)

    def data_transfer(self, vendor_id: str, **_: Any) -> Any:
        """Know no vendor."""
        return call_result.DataTransfer(status="UnknownVendorId")

    def unlock(self, connector_id: int) -> Any:
        """Refuse: the cable is tethered."""
        return call_result.UnlockConnector(status="NotSupported")

    def set_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> Any:
        """Install a charging profile."""
        session = self._evse.session
        if connector_id not in {0, 1}:
            return call_result.SetChargingProfile(status="Rejected")
        try:
            self._evse.profiles.install(
                connector_id,
                parse_profile(cs_charging_profiles),
                transaction_id=session.transaction_id if session else None,
                in_transaction=session is not None,
            )
        except ProfileError:
            return call_result.SetChargingProfile(status="Rejected")
        return call_result.SetChargingProfile(status="Accepted")

    def clear_profile(
        self,
        id: int | None = None,
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> Any:
        """Remove the charging profiles that match."""
        purpose = charging_profile_purpose
        cleared = self._evse.profiles.clear(
            profile_id=id,
            connector=connector_id,
            purpose=Purpose(purpose) if purpose else None,
            stack_level=stack_level,
        )
        return call_result.ClearChargingProfile(
            status="Accepted" if cleared else "Unknown"
        )

    def composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str = "A"
    ) -> Any:
        """Tell what will be allowed."""
        if connector_id not in {0, 1}:
            return call_result.GetCompositeSchedule(status="Rejected")
        now = self._charger.clock.now()
        volts = self._evse.voltage_v
        periods = []
        for step in self._evse.composite(now, duration):
            watts = step.limit_a * volts * step.phases
            limit = watts if charging_rate_unit == Unit.WATT else step.limit_a
            periods.append(
                {
                    "start_period": step.start_s,
                    "limit": round(limit, 1),
                    "number_phases": step.phases,
                }
            )
        start = timestamp(self._evse.wall(now))
        return call_result.GetCompositeSchedule(
            status="Accepted",
            connector_id=connector_id,
            schedule_start=start,
            charging_schedule={
                "duration": duration,
                "start_schedule": start,
                "charging_rate_unit": charging_rate_unit,
                "charging_schedule_period": periods,
            },
        )

    def remote_start(
        self,
        id_tag: str,
        connector_id: int = 1,
        charging_profile: dict[str, Any] | None = None,
    ) -> Any:
        """Begin a transaction, now or when the cable comes."""
        self._profile = None
        refuses = {Status.FINISHING, Status.UNAVAILABLE}
        self._obeys = (
            connector_id == 1
            and self._evse.session is None
            and self._evse.status not in refuses
        )
        if charging_profile is not None and self._obeys:
            try:
                self._profile = parse_profile(charging_profile)
            except ProfileError:
                self._obeys = False
            else:
                self._obeys = self._profile.purpose is Purpose.TX
        return call_result.RemoteStartTransaction(status=self._taken())

    def after_start(self, id_tag: str, **_: Any) -> None:
        """Do what was accepted."""
        if not self._obeys:
            return
        if self._charger.config.flag("AuthorizeRemoteTxRequests"):
            work = self._charger.authorise_remotely(id_tag, self._profile)
            self._charger.spawn(work)
        else:
            self._charger.start_remotely(id_tag, self._profile)

    def remote_stop(self, transaction_id: int) -> Any:
        """End the transaction of that id."""
        session = self._evse.session
        self._obeys = session is not None and session.transaction_id == transaction_id
        return call_result.RemoteStopTransaction(status=self._taken())

    def after_stop(self, transaction_id: int) -> None:
        """Do what was accepted."""
        if self._obeys:
            self._charger.end("Remote")

    def reset(self, type: str) -> Any:
        """Restart."""
        return call_result.Reset(status="Accepted")

    def after_reset(self, type: str) -> None:
        """Do what was accepted."""
        self._charger.spawn(self._charger.reboot(f"{type}Reset"))

    def trigger(self, requested_message: str, connector_id: int = 1) -> Any:
        """Send a message that is asked for."""
        triggers = {
            "BootNotification",
            "Heartbeat",
            "MeterValues",
            "StatusNotification",
        }
        if requested_message not in triggers:
            return call_result.TriggerMessage(status="NotImplemented")
        self._obeys = connector_id in {0, 1}
        return call_result.TriggerMessage(status=self._taken())

    def after_trigger(self, requested_message: str, **_: Any) -> None:
        """Send what was accepted."""
        charger = self._charger
        match requested_message:
            case "BootNotification":
                charger.spawn(charger.boot())
            case "Heartbeat":
                charger.spawn(charger.heartbeat())
            case "MeterValues":
                charger.spawn(charger.report_meter())
            case "StatusNotification":
                charger.spawn(charger.report_status())

    def _taken(self) -> str:
        return "Accepted" if self._obeys else "Rejected"
