"""The limit on a real charger: sent, renewed, refused, left safe."""

import asyncio
from datetime import UTC, datetime
import time
from typing import Any

import pytest

from custom_components.surplus.ocpp.errors import (
    LinkLostError,
    NoAnswerError,
    OcppError,
)
from custom_components.surplus.ocpp.memory import ChargerSettings

from .conftest import (
    IDENTITY,
    Site,
    for_a_while,
    is_safe,
    limit_of,
    outlive,
    timed,
    until,
    warnings_of,
)


async def test_the_first_limit_lies_above_a_safe_profile_left_before(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)

    assert len(wallbox.named("ClearChargingProfile")) == 1
    safe, live = wallbox.profiles
    assert is_safe(safe)
    assert limit_of(safe) == 6
    assert (live["stack_level"], limit_of(live)) == (1, 16)
    schedule = live["charging_schedule"]
    start = datetime.fromisoformat(schedule["start_schedule"])
    ago = (datetime.now(UTC) - start).total_seconds()
    assert 44 <= ago <= 50
    assert 164 <= schedule["duration"] <= 166
    assert {call["connector_id"] for call in wallbox.named("SetChargingProfile")} == {1}


async def test_nothing_is_commanded_before_the_first_wish(site: Site) -> None:
    wallbox = await site.ready()
    await for_a_while()
    assert wallbox.profiles == []
    assert wallbox.named("ClearChargingProfile") == []


async def test_the_safe_profile_and_the_clearing_are_written_once(site: Site) -> None:
    wallbox = await site.ready()
    for amps in (10, 12, 0, 8):
        await site.charger.apply(amps)
    await until(lambda: wallbox.limits[-1] == 8)
    assert sum(map(is_safe, wallbox.profiles)) == 1
    assert len(wallbox.named("ClearChargingProfile")) == 1


async def test_the_same_wish_is_not_sent_again(site: Site) -> None:
    wallbox = await site.ready()
    for _ in range(5):
        await site.charger.apply(10)
    assert wallbox.limits == [10]


@pytest.mark.parametrize(("wish", "told"), [(4.3, 0), (0, 0), (6, 6), (40, 32)])
async def test_only_legal_currents_reach_the_charger(
    site: Site, wish: float, told: float
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(wish)
    assert wallbox.limits == [told]


class TestPacing:
    """Many wishes, few frames."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(spacing_s=1.5)

    async def test_ten_wishes_in_a_row_are_two_frames_and_the_last_wins(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        for amps in range(7, 17):
            await site.charger.apply(amps)
            await asyncio.sleep(0.02)
        await until(lambda: wallbox.limits[-1:] == [16])
        assert wallbox.limits == [7, 16]

    async def test_a_stop_is_not_held_back(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        await site.charger.apply(12)
        await site.charger.apply(0)
        # Returned: it is on the charger, and the one before never went.
        assert wallbox.limits == [10, 0]

    async def test_a_stop_while_a_frame_is_under_way_goes_right_after_it(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        await for_a_while(1.55)
        wallbox.silent = True
        raising = asyncio.create_task(site.charger.apply(16))
        await until(lambda: wallbox.limits == [10, 16])
        stopping = asyncio.create_task(site.charger.apply(0))
        await for_a_while(0.02)
        assert wallbox.limits == [10, 16]
        wallbox.silent = False
        await asyncio.gather(raising, stopping)
        await until(lambda: wallbox.limits == [10, 16, 0])


class TestRenewal:
    """The lease is renewed while somebody repeats the wish."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(renew_s=0.1, wish_s=0.5, lease_s=5)

    async def test_the_lease_is_renewed_with_a_later_end(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        await until(lambda: len(wallbox.limits) >= 4)
        assert set(wallbox.limits) == {10}
        held = site.charger.commander().lease.offered
        assert held is not None
        assert time.monotonic() - held.sent_at < 0.5

    async def test_and_no_more_when_nobody_does(self, site: Site) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        lease = site.charger.commander().lease
        await until(
            lambda: lease.due_at(time.monotonic()) is None and lease.failures == 0
        )
        await for_a_while(0.6)
        sent = len(wallbox.limits)
        assert sent >= 2
        await for_a_while(0.3)
        assert len(wallbox.limits) == sent
        # Said again it lives again, although the charger still holds it.
        await site.charger.apply(10)
        await until(lambda: len(wallbox.limits) >= sent + 2)
        assert set(wallbox.limits) == {10}


async def test_the_schedule_is_written_in_the_chargers_own_time(site: Site) -> None:
    wallbox = await site.ready()
    ahead = datetime.fromtimestamp(time.time() + 3600, UTC)
    await wallbox.status("Available", timestamp=ahead.strftime("%Y-%m-%dT%H:%M:%SZ"))
    await site.charger.apply(10)
    start = datetime.fromisoformat(
        wallbox.profiles[-1]["charging_schedule"]["start_schedule"]
    )
    assert 3550 <= (start - datetime.now(UTC)).total_seconds() <= 3560


class TestNoAnswer:
    """A charger that does not answer."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(call_s=0.4)

    async def test_the_higher_current_counts_until_it_is_known(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        await site.charger.apply(10)
        await for_a_while(0.06)
        wallbox.silent = True
        with pytest.raises(NoAnswerError):
            await site.charger.apply(20)
        offered = site.charger.commander().lease.offered
        assert offered is not None
        assert offered.amps == 20
        # A wish that pacing holds back is told of the failure of the one before.
        with pytest.raises(NoAnswerError):
            await site.charger.apply(21)
        wallbox.silent = False
        await site.charger.apply(0)
        await until(lambda: wallbox.limits[-1] == 0)
        offered = site.charger.commander().lease.offered
        assert offered is not None

    async def test_a_question_without_answer_before_the_limit_fails_it_too(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        wallbox.silent = True
        with pytest.raises(OcppError):
            await site.charger.apply(20)
        assert wallbox.limits == []
        assert site.charger.commander().lease.offered is None
        wallbox.silent = False

    async def test_one_that_never_answers_the_clearing_is_limited_all_the_same(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        take = wallbox.route_message

        async def route(raw: str) -> None:
            if '"ClearChargingProfile"' in raw:
                wallbox.calls.append(("ClearChargingProfile", {}))
            else:
                await take(raw)

        wallbox.route_message = route
        await site.charger.apply(0)
        await site.charger.apply(10)
        await until(lambda: wallbox.limits == [0, 10])
        assert len(wallbox.named("ClearChargingProfile")) == 1


async def test_without_a_link_a_wish_is_refused_and_not_kept(site: Site) -> None:
    with pytest.raises(LinkLostError):
        await site.charger.apply(16)
    wallbox = await site.ready()
    await for_a_while()
    assert wallbox.profiles == []


async def test_a_link_that_goes_while_it_is_waited_for_is_told_at_once(
    site: Site,
) -> None:
    wallbox = await site.ready()
    wallbox.silent = True
    waiting = asyncio.create_task(site.charger.apply(16))
    await until(lambda: wallbox.named("ClearChargingProfile"))
    wallbox.socket.transport.abort()
    with pytest.raises(LinkLostError):
        await waiting


async def test_after_a_blink_of_the_link_the_limit_is_said_again(site: Site) -> None:
    first = await site.ready()
    await site.charger.apply(10)
    await first.hang_up()
    again = await site.call_in()
    await again.status("Charging")
    await until(lambda: again.limits == [10])
    # It is the same charger: what it was asked and told once is not repeated.
    assert again.named("GetConfiguration") == []
    assert not any(map(is_safe, again.profiles))


async def test_after_a_reboot_the_safe_profile_is_written_again(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(10)
    await wallbox.boot()
    await until(lambda: len(wallbox.limits) == 2)
    assert sum(map(is_safe, wallbox.profiles)) == 2


class TestAfterTheLease:
    """The link comes back when the charger has long been on its safe current."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(lease_s=0.2, renew_s=0.15)

    async def test_an_old_wish_is_not_said_again(self, site: Site) -> None:
        first = await site.ready()
        await site.charger.apply(16)
        await first.hang_up()
        await for_a_while(0.25)
        again = await site.call_in()
        await again.status("Charging")
        await until(lambda: site.charger.ready_link is not None)
        await for_a_while()
        assert again.limits == []
        offered = site.charger.commander().lease.offered
        assert offered is not None
        assert offered.amps == 6


async def test_a_waiting_wish_may_be_given_up(site: Site) -> None:
    wallbox = await site.ready()
    wallbox.silent = True
    waiting = asyncio.create_task(site.charger.apply(16))
    await until(lambda: wallbox.named("ClearChargingProfile"))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    wallbox.silent = False
    await until(lambda: wallbox.limits == [16])


async def test_a_newer_wish_ends_the_wait_of_an_older(site: Site) -> None:
    wallbox = await site.ready()
    wallbox.silent = True
    older = asyncio.create_task(site.charger.apply(16))
    await until(lambda: wallbox.named("ClearChargingProfile"))
    newer = asyncio.create_task(site.charger.apply(0))
    await asyncio.wait_for(older, 1)
    wallbox.silent = False
    await newer
    await until(lambda: wallbox.limits == [0])


async def test_a_wish_taken_back_while_it_is_prepared_is_not_sent(site: Site) -> None:
    wallbox = await site.ready()
    wallbox.silent = True
    waiting = asyncio.create_task(site.charger.apply(16))
    await until(lambda: wallbox.named("ClearChargingProfile"))
    await site.charger.release()
    await waiting
    wallbox.silent = False
    await until(lambda: site.charger.memory.cleared)
    await for_a_while()
    assert wallbox.limits == []


async def test_also_when_preparing_it_fails(site: Site) -> None:
    wallbox = await site.ready()
    wallbox.silent = True
    waiting = asyncio.create_task(site.charger.apply(16))
    await until(lambda: wallbox.named("ClearChargingProfile"))
    await site.charger.release()
    await waiting
    wallbox.socket.transport.abort()
    await until(lambda: not site.charger.connected)
    assert site.charger.commander().lease.failures == 0


async def test_trouble_is_told_once_when_it_begins(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    wallbox = await site.ready()
    wallbox.answers["SetChargingProfile"] = "Rejected"
    for _ in range(4):
        with pytest.raises(OcppError):
            await site.charger.apply(16)
        await for_a_while(0.06)
    assert len(warnings_of(caplog)) == 1


async def test_a_limit_is_written_anew_when_the_clock_turns_out_to_be_elsewhere(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(10)
    ahead = datetime.fromtimestamp(time.time() + 3600, UTC)
    await wallbox.status("Charging", timestamp=ahead.strftime("%Y-%m-%dT%H:%M:%SZ"))
    await until(lambda: wallbox.limits == [10, 10])
    start = datetime.fromisoformat(
        wallbox.profiles[-1]["charging_schedule"]["start_schedule"]
    )
    assert 3550 <= (start - datetime.now(UTC)).total_seconds() <= 3560


async def test_a_charger_that_lost_its_profiles_in_a_long_outage_gets_the_safe_one(
    site: Site,
) -> None:
    first = await site.ready()
    await site.charger.apply(16)
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    outlive(site)
    again = await site.call_in()
    await again.boot()
    await until(lambda: len(again.profiles) == 1)
    assert is_safe(again.profiles[0])
    lease = site.charger.commander().lease
    await until(lambda: lease.offered is not None)
    assert lease.offered is not None
    assert lease.offered.amps == 6
    # And nothing else: nobody commands.
    await for_a_while()
    assert len(again.profiles) == 1


async def test_until_then_nothing_is_believed_of_it(site: Site) -> None:
    first = await site.ready()
    await site.charger.apply(16)
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    outlive(site)
    lease = site.charger.commander().lease
    believed = []

    def take(_payload: dict[str, Any]) -> str:
        believed.append(lease.offered)
        return "Accepted"

    again = await site.call_in()
    again.answers["SetChargingProfile"] = take
    await again.boot()
    await until(lambda: believed)
    assert believed == [None]


async def test_a_safe_current_changed_while_it_was_gone_is_written_on_its_return(
    site: Site,
) -> None:
    first = await site.ready()
    await site.charger.apply(10)
    await site.charger.release()
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    site.charger.reconfigure(ChargerSettings(identity=IDENTITY, name="x", safe_a=0))
    again = await site.call_in()
    await again.status("Charging")
    await until(lambda: again.profiles)
    assert is_safe(again.profiles[0])
    assert limit_of(again.profiles[0]) == 0


async def test_one_profile_that_was_let_go_is_known_to_lie_there(site: Site) -> None:
    def prepare(wallbox: Any) -> None:
        wallbox.configuration["ChargeProfileMaxStackLevel"] = "0"

    first = await site.ready(prepare=prepare)
    await site.charger.apply(16)
    await site.charger.release()
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    outlive(site)
    again = await site.call_in(prepare=prepare)
    await again.status("Charging")
    await until(lambda: site.charger.ready_link is not None)
    await for_a_while()
    assert again.profiles == []
    offered = site.charger.commander().lease.offered
    assert offered is not None
    assert offered.amps == 6


async def test_a_wish_during_a_change_of_settings_is_kept_and_answered(
    site: Site,
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(10)
    await site.charger.release()
    wallbox.silent = True
    sent = len(wallbox.profiles)
    site.charger.reconfigure(ChargerSettings(identity=IDENTITY, name="x", safe_a=8))
    await until(lambda: len(wallbox.profiles) > sent)
    waiting = asyncio.create_task(site.charger.apply(12))
    await for_a_while(0.05)
    wallbox.silent = False
    await asyncio.wait_for(waiting, 2)
    await until(lambda: wallbox.limits[-1] == 12)
    assert site.charger.commander().lease.wanted_a == 12


async def test_a_wish_that_an_outage_outlived_is_not_waited_for(site: Site) -> None:
    wallbox = await site.ready()
    await site.charger.apply(10)
    commander = site.charger.commander()
    async with commander._busy:
        waiting = asyncio.create_task(site.charger.apply(0))
        await for_a_while(0.02)
        outlive(site)
        # The same connection: the charger rebooted.
        await wallbox.boot()
        with pytest.raises(LinkLostError):
            await asyncio.wait_for(waiting, 2)


class TestAWishThatExpires:
    """Nobody repeats a wish while the charger is slow to be prepared for it."""

    @pytest.fixture
    def timing(self) -> Any:
        return timed(wish_s=0.1)

    async def test_is_told_and_not_sent(self, site: Site) -> None:
        wallbox = await site.ready()
        wallbox.silent = True
        waiting = asyncio.create_task(site.charger.apply(16))
        await until(lambda: wallbox.named("ClearChargingProfile"))
        await for_a_while(0.15)
        wallbox.silent = False
        with pytest.raises(NoAnswerError):
            await asyncio.wait_for(waiting, 2)
        assert wallbox.limits == []


async def test_a_listener_that_fails_hinders_nobody_and_is_told_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    wallbox = await site.ready()
    heard = 0

    def fail() -> None:
        raise KeyError("boom")

    def listen() -> None:
        nonlocal heard
        heard += 1

    end = site.charger.subscribe(fail)
    site.charger.subscribe(listen)
    await asyncio.wait_for(site.charger.apply(12), 2)
    await asyncio.wait_for(site.charger.apply(0), 2)
    await wallbox.status("Charging")
    assert wallbox.limits == [12, 0]
    assert site.charger.connected
    assert heard > 0
    assert len([w for w in warnings_of(caplog) if "listener" in w]) == 1
    end()
