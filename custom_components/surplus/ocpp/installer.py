"""What lies on one connector of a charger: the live limit, and the safe one under it.

Knows the forms of a lease and finds the one that the charger takes; when anything is
sent is the commander's.
"""

import contextlib
from datetime import datetime
from typing import Protocol

from .errors import NoAnswerError, RefusedError
from .link import Link
from .memory import ChargerSettings, Memory
from .profiles import Form, Period, Profile, live_profile, profile_ids, safe_profile
from .timing import Timing

# A form that worked and is refused this often in a row is no longer taken for proven.
_DOUBTFUL = 3


class Equipped(Protocol):
    """The charger, as far as what lies on it needs to know it."""

    settings: ChargerSettings
    memory: Memory
    timing: Timing

    @property
    def charger_now(self) -> datetime:
        """What the charger's clock shows."""

    @property
    def switches_phases(self) -> bool:
        """Whether it is told on how many phases to charge."""

    def phases_refused(self) -> None:
        """Take note that it takes limits only without a number of phases."""

    def changed(self, *, save: bool = False, note: bool = False) -> None:
        """Tell everybody who looks; ``save`` or ``note`` what is remembered."""


class Installer:
    """Installs and removes the profiles of one connector."""

    def __init__(self, station: Equipped, connector: int) -> None:
        """Know nothing of a live profile but that there may be one."""
        self._station = station
        self._connector = connector
        self._tried: set[Form] = set()
        # A live profile may lie above the safe one.
        self._stacked = True
        self._refusals = 0

    @property
    def form(self) -> Form:
        """The form to try now."""
        likely = self._station.memory.likely_form
        if likely in self._tried:
            return Form.SINGLE if likely is Form.STACKED else Form.STACKED
        return likely

    async def prepare(self, link: Link, form: Form) -> None:
        """Make sure that the end of the lease finds a safe profile."""
        memory = self._station.memory
        if not memory.cleared:
            # Once only: it lifts every limit until the next one is set.
            with contextlib.suppress(RefusedError, NoAnswerError):
                await link.clear_profiles()
                self._stacked = False
            memory.cleared = True
            memory.safe_a.clear()
            memory.safe_phases.clear()
            self._station.changed(save=True)
        if form is Form.STACKED:
            await self.leave_safe(link)
        else:
            await self._unstack(link)

    async def install(
        self, link: Link, form: Form, amps: float, phases: int | None = None
    ) -> None:
        """Limit the charger for a lease; ``prepare`` comes before."""
        if form is Form.STACKED:
            self._stacked = True
            await self._put(link, self._live(form, amps, phases))
            return
        # It takes the place of the safe profile, and ends on the safe current itself.
        put = await self._put(link, self._live(form, amps, phases))
        self._note_safe(put.periods[-1])

    async def _put(self, link: Link, profile: Profile) -> Profile:
        """Set a profile; without its number of phases where only that is refused.

        Returns the one that was taken.
        """
        try:
            await link.set_profile(profile)
        except RefusedError:
            if not profile.says_phases:
                raise
            profile = profile.without_phases()
            await link.set_profile(profile)
            self._station.phases_refused()
        return profile

    @property
    def safe_phases(self) -> int | None:
        """On how many phases the safe current is: one, where that can be said."""
        return 1 if self._station.switches_phases else None

    @property
    def safe_lies(self) -> bool:
        """Whether the safe profile that is wanted lies on the charger."""
        memory = self._station.memory
        return (
            memory.safe_a.get(self._connector) == self._station.settings.safe_a
            and memory.safe_phases.get(self._connector) == self.safe_phases
        )

    async def _put_safe(self, link: Link) -> Period:
        put = await self._put(link, self._safe())
        self._note_safe(put.periods[-1])
        return put.periods[-1]

    def _note_safe(self, lies: Period) -> None:
        """Remember what the end of a lease finds; the settings may be others by now."""
        memory = self._station.memory
        before = memory.safe_a.get(self._connector)
        before_on = memory.safe_phases.get(self._connector)
        memory.safe_a[self._connector] = lies.limit_a
        memory.safe_phases[self._connector] = lies.phases
        if (before, before_on) != (lies.limit_a, lies.phases):
            self._station.changed(save=True)

    async def leave_safe(self, link: Link) -> None:
        """Put the safe profile under whatever limit there is, unless it lies there."""
        if not self.safe_lies:
            await self._put_safe(link)

    async def go_safe(self, link: Link) -> Period:
        """Limit the charger to its safe current from now on, and return that."""
        if self._station.memory.likely_form is Form.SINGLE:
            await self._unstack(link)
            return await self._put_safe(link)
        await self.leave_safe(link)
        safe = self._safe().periods[-1]
        self._stacked = True
        live = self._live(Form.STACKED, safe.limit_a, safe.phases)
        return (await self._put(link, live)).periods[-1]

    async def remove(self, link: Link) -> None:
        """Take our profiles off."""
        for profile_id in reversed(profile_ids(self._connector)):
            with contextlib.suppress(RefusedError):
                await link.clear_profiles(profile_id)
        self._station.memory.safe_a.pop(self._connector, None)

    def accepted(self, form: Form) -> bool:
        """Take the charger's yes to a form; return whether that is news."""
        memory = self._station.memory
        news = memory.form is not form
        memory.form = form
        self._tried.clear()
        self._refusals = 0
        return news

    def refused(self, form: Form) -> bool:
        """Take the charger's no to a form; return whether another is to be tried."""
        memory = self._station.memory
        self._refusals += 1
        if memory.form is not None:
            if self._refusals >= _DOUBTFUL:
                memory.form = None
            return False
        self._tried.add(form)
        if len(self._tried) == len(Form):
            self._tried.clear()
            return False
        return True

    async def _unstack(self, link: Link) -> None:
        """Take off a live profile of the other form: it would lie above this one."""
        if not self._stacked or self._station.memory.form is Form.SINGLE:
            return
        with contextlib.suppress(RefusedError, NoAnswerError):
            await link.clear_profiles(profile_ids(self._connector)[1])
        self._stacked = False

    def _safe(self) -> Profile:
        return safe_profile(
            self._connector, self._station.settings.safe_a, self.safe_phases
        )

    def _live(self, form: Form, amps: float, phases: int | None) -> Profile:
        timing = self._station.timing
        return live_profile(
            form,
            self._connector,
            limit_a=amps,
            safe_a=self._station.settings.safe_a,
            charger_now=self._station.charger_now,
            lease_s=timing.lease_s,
            backdate_s=timing.backdate_s,
            phases=phases,
            safe_phases=self.safe_phases,
        )
