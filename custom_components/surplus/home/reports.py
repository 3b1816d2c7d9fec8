"""What Home tells its user: repair issues, and the check in words."""

from collections.abc import Callable, Sequence

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..control.check import CheckResult, finding_of, numbers_of
from ..control.disagreement import Disagreement
from ..control.model import LoadSpec
from ..registry import Trouble
from .guard.phases import async_clear_phase_issues
from .guard.problems import ISSUES as GUARD_ISSUES
from .tariff.reports import TARIFF_LOST

_METER_LOST = "grid_meter_lost"
_METER_FROZEN = "grid_meter_frozen"
_SIGN_REVERSED = "sign_reversed"
_DISAGREE = "grid_meters_disagree"
_BATTERY_LOST = "battery_lost"
_CYCLES_FAIL = "cycles_fail"
_ENTITY = "load_entity"
_TROUBLE = "load_trouble"
ISSUES = (
    _METER_LOST,
    _METER_FROZEN,
    _SIGN_REVERSED,
    _DISAGREE,
    _BATTERY_LOST,
    _CYCLES_FAIL,
    TARIFF_LOST,
    *GUARD_ISSUES,
)


@callback
def async_report_meter_lost(
    hass: HomeAssistant, *, lost: bool, meter: str | None
) -> None:
    """Raise or clear the issue of a grid meter that does not report."""
    _report(hass, _METER_LOST, meter, raised=lost)


@callback
def async_report_meter_frozen(hass: HomeAssistant, meters: str) -> None:
    """Raise or clear the issue of meters that say the same again and again."""
    _report(hass, _METER_FROZEN, meters, raised=bool(meters))


@callback
def async_report_battery_lost(
    hass: HomeAssistant, *, lost: bool, batteries: str
) -> None:
    """Raise or clear the issue of a battery that does not report."""
    _report(hass, _BATTERY_LOST, batteries, raised=lost, what="battery")


@callback
def async_report_cycles_fail(hass: HomeAssistant, *, failing: bool) -> None:
    """Raise or clear the issue of a Home that cannot decide."""
    _report(hass, _CYCLES_FAIL, None, raised=failing)


@callback
def async_report_sign_reversed(
    hass: HomeAssistant, *, reversed_: bool, meter: str | None = None
) -> None:
    """Raise or clear the issue of a grid meter that counts the wrong way round."""
    _report(hass, _SIGN_REVERSED, meter, raised=reversed_)


@callback
def async_report_disagreement(
    hass: HomeAssistant, found: Disagreement | None, name_of: Callable[[str], str]
) -> None:
    """Raise or clear the issue of two grid meters that contradict each other.

    What they showed then stays: every change of an issue is written down.
    """
    if found is None:
        ir.async_delete_issue(hass, DOMAIN, _DISAGREE)
        return
    raised = ir.async_get(hass).async_get_issue(DOMAIN, _DISAGREE)
    if raised is not None and raised.active:
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _DISAGREE,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=_DISAGREE,
        translation_placeholders={
            "first": name_of(found.first_id),
            "first_w": str(round(found.first_w)),
            "second": name_of(found.second_id),
            "second_w": str(round(found.second_w)),
        },
    )


@callback
def async_clear_issues(hass: HomeAssistant) -> None:
    """Clear every issue: the Home is gone."""
    for issue in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, issue)
    async_clear_phase_issues(hass)
    for owner in async_absent(hass):
        async_report_absent(hass, owner, None)
    for load_id in async_troubled(hass):
        async_report_trouble(hass, load_id, None)


def _report(
    hass: HomeAssistant,
    issue: str,
    name: str | None,
    *,
    raised: bool,
    what: str = "meter",
) -> None:
    if not raised:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=issue,
        translation_placeholders={what: name or "–"},
    )


@callback
def async_absent(hass: HomeAssistant) -> list[str]:
    """Return the loads whose absent entities are reported now, also set aside."""
    return _reported(hass, _ENTITY)


@callback
def async_troubled(hass: HomeAssistant) -> list[str]:
    """Return the loads whose trouble is reported now, also set aside."""
    return _reported(hass, _TROUBLE)


@callback
def async_report_trouble(
    hass: HomeAssistant, load_id: str, trouble: Trouble | None, *, name: str = ""
) -> None:
    """Raise or clear the issue of a load that has something wrong for long."""
    issue = f"{_TROUBLE}_{load_id}"
    if trouble is None:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=f"{_TROUBLE}_{trouble}",
        translation_placeholders={"load": name},
    )


def _reported(hass: HomeAssistant, kind: str) -> list[str]:
    prefix = f"{kind}_"
    return [
        issue_id.removeprefix(prefix)
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active and issue_id.startswith(prefix)
    ]


@callback
def async_report_absent(
    hass: HomeAssistant,
    owner: str,
    absence: str | None,
    *,
    load: str = "",
    entities: Sequence[str] = (),
    minutes: int = 0,
) -> None:
    """Raise or clear the issue of a load whose entities are not there."""
    issue = f"{_ENTITY}_{owner}"
    if absence is None:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=f"{_ENTITY}_{absence}",
        translation_placeholders={
            "load": load,
            "entities": ", ".join(f"`{entity_id}`" for entity_id in entities),
            "minutes": str(minutes),
        },
    )


async def async_report_check(
    hass: HomeAssistant, spec: LoadSpec, result: CheckResult
) -> None:
    """Say in words what a commissioning check found."""
    texts = await async_get_translations(
        hass, hass.config.language, "selector", {DOMAIN}
    )

    def text(key: str) -> str:
        return texts.get(f"component.{DOMAIN}.selector.check_report.options.{key}", key)

    numbers = numbers_of(result)
    sentences = [text(finding_of(result))]
    sentences += [
        text(key).format(value=value)
        for key, value in numbers.items()
        if key != "grid_w"
    ]
    if "grid_w" in numbers:
        sentences.insert(1, text("grid_w").format(value=numbers["grid_w"]))
    persistent_notification.async_create(
        hass,
        "\n\n".join(sentences),
        title=f"{text('title')} – {spec.name}",
        notification_id=f"{DOMAIN}_check_{spec.load_id}",
    )
