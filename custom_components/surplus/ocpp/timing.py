"""Every interval of the room in one place, so that a test can shrink them all."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Seconds, all of them.

    ``settle_s`` is waited after a boot or the first frame before the first call: some
    firmware reboots when it is asked things at once. ``first_frame_s`` is how long a
    silent newcomer is waited for. ``call_s`` bounds one call and its answer; embedded
    chargers take 5 to 15 s while they shake hands with a car.

    ``silence_s`` closes a link on which nothing was heard, ``ping_silence_s`` one whose
    charger used to answer pings. ``lease_s`` is how long a limit outlives us,
    ``renew_s`` how often it is renewed, ``backdate_s`` how far in the charger's past a
    schedule starts, ``wish_s`` how long a wish that nobody repeats is still renewed (what
    decides may have died while we live), ``spacing_s`` the pause between two changes of current
    (IEC 61851-1 asks chargers for one; a stop is never held back).
    """

    call_s: float = 20.0
    settle_s: float = 1.5
    first_frame_s: float = 6.0
    close_s: float = 2.0
    ping_s: float = 20.0
    ping_silence_s: float = 65.0
    silence_s: float = 150.0
    heartbeat_s: int = 60
    lease_s: float = 120.0
    renew_s: float = 45.0
    backdate_s: float = 45.0
    wish_s: float = 45.0
    spacing_s: float = 5.0
    retry_s: float = 2.0
    retry_max_s: float = 30.0
    stop_retry_s: float = 1.0
    start_delay_s: float = 1.0
    start_retry_s: float = 15.0
    sample_s: int = 5
    poll_s: float = 10.0
    poll_max_s: float = 300.0
    goodbye_s: float = 8.0


DEFAULT_TIMING = Timing()
