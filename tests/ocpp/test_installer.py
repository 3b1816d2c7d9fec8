"""The forms of a lease, and the safe profile under it."""

from dataclasses import replace
import logging
import time
from typing import Any, cast

import pytest

from custom_components.surplus.ocpp.errors import RefusedError
from custom_components.surplus.ocpp.installer import Installer
from custom_components.surplus.ocpp.link import Link
from custom_components.surplus.ocpp.memory import ChargerSettings
from custom_components.surplus.ocpp.profiles import Form, Profile

from .conftest import Site, for_a_while, limit_of, outlive, until


def refusing(*stack_levels: int) -> Any:
    """An answer that refuses profiles on these stack levels."""
    return lambda payload: (
        "Rejected"
        if payload["cs_charging_profiles"]["stack_level"] in stack_levels
        else "Accepted"
    )


class TestForms:
    """The form of the lease is the one that the charger takes."""

    async def test_a_refused_level_falls_back_to_one_profile_with_two_periods(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        wallbox.answers["SetChargingProfile"] = refusing(1, 2, 3)
        await site.charger.apply(16)
        last = wallbox.profiles[-1]
        assert last["stack_level"] == 0
        periods = last["charging_schedule"]["charging_schedule_period"]
        assert [period["limit"] for period in periods] == [16, 6]
        assert 164 <= periods[1]["start_period"] <= 166
        assert site.charger.memory.form is Form.SINGLE

        # From now on it is what is sent, and at once.
        sent = len(wallbox.profiles)
        await site.charger.apply(0)
        assert len(wallbox.profiles) == sent + 1
        assert wallbox.profiles[-1]["stack_level"] == 0

    async def test_a_level_beyond_the_maximum_as_an_error_does_too(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()

        def answer(payload: dict[str, Any]) -> str:
            if payload["cs_charging_profiles"]["stack_level"]:
                raise ValueError("PropertyConstraintViolation")
            return "Accepted"

        wallbox.answers["SetChargingProfile"] = answer
        await site.charger.apply(16)
        assert site.charger.memory.form is Form.SINGLE

    async def test_a_charger_that_knows_one_level_only_is_not_asked_for_two(
        self, site: Site
    ) -> None:
        def prepare(wallbox: Any) -> None:
            wallbox.configuration["ChargeProfileMaxStackLevel"] = "0"

        wallbox = await site.ready(prepare=prepare)
        await site.charger.apply(16)
        assert [profile["stack_level"] for profile in wallbox.profiles] == [0]
        assert limit_of(wallbox.profiles[0]) == 16

    async def test_nor_is_one_that_holds_one_profile_only(self, site: Site) -> None:
        def prepare(wallbox: Any) -> None:
            wallbox.configuration["MaxChargingProfilesInstalled"] = "1"

        wallbox = await site.ready(prepare=prepare)
        await site.charger.apply(16)
        assert [profile["stack_level"] for profile in wallbox.profiles] == [0]

    async def test_one_that_says_so_wrongly_is_given_the_other_form(
        self, site: Site
    ) -> None:
        def prepare(wallbox: Any) -> None:
            wallbox.configuration["ChargeProfileMaxStackLevel"] = "0"

        wallbox = await site.ready(prepare=prepare)
        wallbox.answers["SetChargingProfile"] = lambda payload: (
            "Rejected"
            if len(
                payload["cs_charging_profiles"]["charging_schedule"][
                    "charging_schedule_period"
                ]
            )
            > 1
            else "Accepted"
        )
        await site.charger.apply(16)
        assert site.charger.memory.form is Form.STACKED
        assert wallbox.limits[-1] == 16

    async def test_a_charger_that_refuses_both_is_told_so_and_tried_again(
        self, site: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        wallbox = await site.ready()
        wallbox.answers["SetChargingProfile"] = "Rejected"
        with pytest.raises(RefusedError, match="Rejected"):
            await site.charger.apply(16)
        levels = [profile["stack_level"] for profile in wallbox.profiles]
        assert levels == [0, 0]
        wallbox.answers["SetChargingProfile"] = "Accepted"
        await until(lambda: site.charger.commander().lease.satisfied(time.monotonic()))
        told = [
            record.getMessage()
            for record in caplog.records
            if record.levelno >= logging.INFO
            and record.name.endswith("surplus.ocpp.commander")
        ]
        assert len(told) == 2
        assert "does not take" in told[0]
        assert "again" in told[1]

    async def test_a_proven_form_is_kept_through_a_single_refusal(
        self, site: Site
    ) -> None:
        wallbox = await site.ready()
        await site.charger.apply(16)
        wallbox.answers["SetChargingProfile"] = "Rejected"
        with pytest.raises(RefusedError):
            await site.charger.apply(0)
        assert site.charger.memory.form is Form.STACKED
        # But not through many.
        await until(lambda: site.charger.memory.form is None)
        wallbox.answers["SetChargingProfile"] = refusing(1)
        await until(lambda: site.charger.memory.form is Form.SINGLE)
        # The one profile took the place of the safe one, and ends on the same current.
        assert site.charger.memory.safe_a == {1: 6}
        periods = wallbox.profiles[-1]["charging_schedule"]["charging_schedule_period"]
        assert periods[-1]["limit"] == 6


async def test_a_backends_leftovers_that_cannot_be_cleared_hinder_nothing(
    site: Site,
) -> None:
    wallbox = await site.ready()
    wallbox.answers["ClearChargingProfile"] = "Nonsense"
    await site.charger.apply(16)
    assert wallbox.limits == [16]


async def test_a_refused_safe_profile_is_a_refused_limit(site: Site) -> None:
    wallbox = await site.ready()
    wallbox.answers["SetChargingProfile"] = "NotSupported"
    with pytest.raises(RefusedError, match="NotSupported"):
        await site.charger.apply(16)
    assert wallbox.limits == [16]
    assert site.charger.commander().lease.offered is None


async def test_a_safe_profile_that_is_refused_is_tried_again(site: Site) -> None:
    first = await site.ready()
    await site.charger.apply(16)
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    outlive(site)
    again = await site.call_in()
    again.answers["SetChargingProfile"] = "Rejected"
    await again.boot()
    await until(lambda: len(again.profiles) >= 2)
    assert site.charger.commander().lease.offered is None
    again.answers.clear()
    await until(lambda: site.charger.commander().lease.offered is not None)
    sent = len(again.profiles)
    await for_a_while(0.3)
    assert len(again.profiles) == sent


@pytest.mark.parametrize("answer", ["Accepted", "Rejected"])
async def test_the_upper_level_is_cleared_before_another_form_is_used(
    site: Site, answer: str
) -> None:
    wallbox = await site.ready()
    await site.charger.apply(16)
    wallbox.calls.clear()
    wallbox.answers["ClearChargingProfile"] = answer
    wallbox.answers["SetChargingProfile"] = refusing(1)
    with pytest.raises(RefusedError):
        await site.charger.apply(0)
    await until(lambda: site.charger.memory.form is Form.SINGLE)
    # Or the sixteen amperes would lie above the stop.
    assert wallbox.named("ClearChargingProfile") == [{"id": 2}]
    names = [name for name, _ in wallbox.calls]
    assert names.index("ClearChargingProfile") == len(names) - 2
    assert limit_of(wallbox.profiles[-1]) == 0


async def test_the_end_of_one_profile_is_known_after_its_lease(site: Site) -> None:
    first = await site.ready(prepare=one_level)
    await site.charger.apply(16)
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    outlive(site)
    again = await site.call_in()
    await until(lambda: site.charger.ready_link is not None)
    offered = site.charger.commander().lease.offered
    assert offered is not None
    assert offered.amps == 6
    # It lies there: nothing need be written.
    await for_a_while()
    assert again.profiles == []


async def test_a_reboot_takes_what_one_profile_held(site: Site) -> None:
    first = await site.ready(prepare=one_level)
    await site.charger.apply(16)
    await first.hang_up()
    await until(lambda: not site.charger.connected)
    outlive(site)
    again = await site.call_in()
    await again.boot()
    await until(lambda: again.profiles)
    assert limit_of(again.profiles[0]) == 6


def one_level(wallbox: Any) -> None:
    """Make it a charger that knows one stack level only."""
    wallbox.configuration["ChargeProfileMaxStackLevel"] = "0"


class Slow:
    """A link on which other settings come while it is being told something."""

    def __init__(self, station: Any, changes: ChargerSettings, at: str) -> None:
        self.profiles: list[Profile] = []
        self.cleared: list[int | None] = []
        self._station = station
        self._changes = changes
        self._at = at

    async def clear_profiles(self, profile_id: int | None = None) -> None:
        self.cleared.append(profile_id)
        if self._at == "clear":
            self._station.settings = self._changes

    async def set_profile(self, profile: Profile) -> None:
        self.profiles.append(profile)
        if self._at == "set":
            self._station.settings = self._changes


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("at", ["clear", "set"])
async def test_settings_that_change_meanwhile_do_not_hide_what_was_written(
    site: Site, at: str, form: Form
) -> None:
    charger = site.charger
    charger.settings = replace(charger.settings, phases=(1, 2, 3))
    changed = replace(charger.settings, safe_a=0.0, switches_phases=True)
    charger.memory.configuration["chargeprofilemaxstacklevel"] = (
        "0" if form is Form.SINGLE else "1"
    )
    installer = Installer(charger, 1)
    link = Slow(charger, changed, at)
    lies = await installer.go_safe(cast(Link, link))
    written = link.profiles[-1].periods[-1]
    assert (lies.limit_a, lies.phases) == (written.limit_a, written.phases)
    under = [one for one in link.profiles if one.stack_level == 0][-1].periods[-1]
    assert charger.memory.safe_a == {1: under.limit_a}
    assert charger.memory.safe_phases == {1: under.phases}
    # What is not as wanted now is to be written anew.
    assert installer.safe_lies is (
        (under.limit_a, under.phases)
        == (charger.settings.safe_a, installer.safe_phases)
    )


async def test_a_safe_limit_above_is_cleared_too_before_another_form_is_used(
    site: Site,
) -> None:
    charger = site.charger
    charger.memory.cleared = True
    link = Slow(charger, charger.settings, "never")
    installer = Installer(charger, 1)
    charger.memory.configuration["chargeprofilemaxstacklevel"] = "0"
    await installer.prepare(cast(Link, link), Form.SINGLE)
    # Another firmware takes two levels: it is let go of on the upper one.
    charger.memory.configuration["chargeprofilemaxstacklevel"] = "1"
    await installer.go_safe(cast(Link, link))
    assert link.profiles[-1].stack_level == 1
    link.cleared.clear()
    charger.memory.configuration["chargeprofilemaxstacklevel"] = "0"
    await installer.prepare(cast(Link, link), Form.SINGLE)
    assert link.cleared == [2]
