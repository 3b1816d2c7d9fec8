"""What is said in OCPP 1.6: the calls of a charger, and those we make.

How frames come and go, and which answer is whose, is ``rpc``'s.
"""

from typing import Any

from ocpp.v16 import call, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action

from .errors import RefusedError
from .link import Nameplate
from .meter_values import read_samples
from .profiles import Profile
from .rpc import RpcLink, handles
from .status import read_error_code, read_status
from .values import Fields, plain_key, wire_time

# What is invented beyond must not fill the memory.
_MOST_CONNECTORS = 32


class Link16(RpcLink):
    """A connection on which OCPP 1.6 is spoken.

    Calls to the charger raise ``LinkLostError``, ``NoAnswerError`` or ``RefusedError``.
    """

    # --- calls out -------------------------------------------------------------

    async def _ask_status(self, payload: Any, *good: str) -> str:
        """Make a call whose answer is a status; raise unless it is a good one."""
        status = (await self.ask(payload)).text("status") or ""
        if plain_key(status) not in map(plain_key, good):
            raise RefusedError(type(payload).__name__, status or "no status")
        return status

    async def set_profile(self, profile: Profile) -> None:
        """Install a charging profile."""
        await self._ask_status(
            call.SetChargingProfile(
                connector_id=profile.connector,
                cs_charging_profiles=profile.as_payload(),
            ),
            "Accepted",
        )

    async def clear_profiles(self, profile_id: int | None = None) -> None:
        """Remove one of our profiles, or whatever any backend has left."""
        await self._ask_status(
            call.ClearChargingProfile(id=profile_id), "Accepted", "Unknown"
        )

    async def get_configuration(self, *keys: str) -> dict[str, str]:
        """Return settings by plain key; those the charger does not know are missing."""
        answer = await self.ask(call.GetConfiguration(key=list(keys)))
        return {
            plain_key(key): setting.text("value", limit=500) or ""
            for setting in answer.parts("configurationKey")
            if (key := setting.text("key"))
        }

    async def change_configuration(self, key: str, value: str) -> str:
        """Change a setting; returns ``Accepted`` or ``RebootRequired``."""
        return await self._ask_status(
            call.ChangeConfiguration(key=key, value=value), "Accepted", "RebootRequired"
        )

    async def trigger(self, message: str, connector: int | None = None) -> None:
        """Ask the charger to send a message."""
        await self._ask_status(
            call.TriggerMessage(requested_message=message, connector_id=connector),
            "Accepted",
        )

    async def remote_start(self, connector: int, id_tag: str) -> None:
        """Ask the charger to begin a session."""
        await self._ask_status(
            call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector),
            "Accepted",
        )

    async def remote_stop(self, transaction_id: int) -> None:
        """Ask the charger to end a session."""
        await self._ask_status(
            call.RemoteStopTransaction(transaction_id=transaction_id), "Accepted"
        )

    # --- what chargers say ------------------------------------------------------

    @handles(Action.boot_notification)
    def on_boot(self, /, **payload: Any) -> Any:
        """Accept the charger: it may begin to work."""
        fields = Fields(payload)
        wall = self.handler.boot(
            Nameplate(
                vendor=fields.text("chargePointVendor"),
                model=fields.text("chargePointModel"),
                serial=fields.text("chargePointSerialNumber", "chargeBoxSerialNumber"),
                firmware=fields.text("firmwareVersion"),
            )
        )
        return call_result.BootNotification(
            current_time=wire_time(wall),
            interval=self.timing.heartbeat_s,
            status="Accepted",
        )

    @handles(Action.heartbeat)
    def on_heartbeat(self, /, **_payload: Any) -> Any:
        """Tell the time."""
        return call_result.Heartbeat(current_time=wire_time(self.handler.heartbeat()))

    @handles(Action.status_notification)
    def on_status(self, /, **payload: Any) -> Any:
        """Take a connector's state."""
        fields = Fields(payload)
        texts = (fields.text("info"), fields.text("vendorErrorCode"))
        self.handler.status(
            _connector(fields),
            read_status(fields.raw("status")),
            error_code=read_error_code(fields.raw("errorCode")),
            error_text=", ".join(filter(None, texts)) or None,
            stamp=fields.time("timestamp"),
        )
        return call_result.StatusNotification()

    @handles(Action.authorize)
    def on_authorize(self, /, **payload: Any) -> Any:
        """Say whether a tag may charge."""
        status = self.handler.authorize(Fields(payload).text("idTag") or "")
        return call_result.Authorize(id_tag_info=IdTagInfo(status=status))

    @handles(Action.start_transaction)
    def on_start(self, /, **payload: Any) -> Any:
        """Give the session its id, always: without an answer it is sent for ever."""
        fields = Fields(payload)
        id_tag = fields.text("idTag") or ""
        transaction_id = self.handler.start_transaction(
            _connector(fields) or 1,
            id_tag=id_tag,
            meter_start_wh=fields.number("meterStart"),
            stamp=fields.time("timestamp"),
        )
        return call_result.StartTransaction(
            transaction_id=transaction_id,
            id_tag_info=IdTagInfo(status=self.handler.authorize(id_tag)),
        )

    @handles(Action.stop_transaction)
    def on_stop(self, /, **payload: Any) -> Any:
        """End a session, whether it is known or not."""
        fields = Fields(payload)
        self.handler.stop_transaction(
            fields.integer("transactionId"),
            meter_stop_wh=fields.number("meterStop"),
            stamp=fields.time("timestamp"),
            reason=fields.text("reason"),
            samples=read_samples(fields),
        )
        return call_result.StopTransaction()

    @handles(Action.meter_values)
    def on_meter_values(self, /, **payload: Any) -> Any:
        """Take what the charger measured."""
        fields = Fields(payload)
        self.handler.meter_values(
            _connector(fields),
            transaction_id=fields.integer("transactionId"),
            samples=read_samples(fields),
        )
        return call_result.MeterValues()

    @handles(Action.data_transfer)
    def on_data_transfer(self, /, **_payload: Any) -> Any:
        """Say that no vendor's messages are understood."""
        return call_result.DataTransfer(status="UnknownVendorId")

    @handles(Action.firmware_status_notification)
    def on_firmware_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.FirmwareStatusNotification()

    @handles(Action.diagnostics_status_notification)
    def on_diagnostics_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.DiagnosticsStatusNotification()

    @handles(Action.security_event_notification)
    def on_security_event(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.SecurityEventNotification()

    @handles(Action.log_status_notification)
    def on_log_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.LogStatusNotification()

    @handles(Action.signed_firmware_status_notification)
    def on_signed_firmware_status(self, /, **_payload: Any) -> Any:
        """Take note of nothing."""
        return call_result.SignedFirmwareStatusNotification()

    @handles(Action.sign_certificate)
    def on_sign_certificate(self, /, **_payload: Any) -> Any:
        """Refuse: there is no certificate authority here."""
        return call_result.SignCertificate(status="Rejected")


def _connector(fields: Fields) -> int:
    """Return a connector's number; nonsense is 0, the unit as a whole."""
    number = fields.integer("connectorId") or 0
    return number if 0 <= number <= _MOST_CONNECTORS else 0
