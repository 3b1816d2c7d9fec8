"""Calls actions of other integrations, and says in words why one was not carried out."""

import asyncio
from typing import Any, Final

import voluptuous as vol

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ...const import DOMAIN

# Longer than integrations wait for their devices; then the command is repeated.
ANSWER_S: Final = 15.0


async def async_call(
    hass: HomeAssistant,
    name: str,
    action: str,
    data: dict[str, Any],
    context: Context,
) -> None:
    """Call ``action`` (``domain.name``) for the load ``name`` and wait for its end.

    Raises HomeAssistantError with a translated reason.
    """
    domain, _, service = action.partition(".")
    about = {"name": name, "target": str(data.get("entity_id", action))}
    try:
        async with asyncio.timeout(ANSWER_S):
            await hass.services.async_call(
                domain, service, data, blocking=True, context=context
            )
    except TimeoutError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="load_no_answer",
            translation_placeholders=about,
        ) from err
    except (HomeAssistantError, vol.Invalid) as err:
        raise _refused(about, err) from err
    except Exception as err:
        # Whatever another integration lets through is a refusal all the same.
        raise _refused(about, err) from err


def _refused(about: dict[str, str], err: Exception) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="load_refused",
        translation_placeholders={**about, "error": str(err) or repr(err)},
    )


def unreachable(name: str) -> HomeAssistantError:
    """Return the error of a load whose entities are not available."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="load_unreachable",
        translation_placeholders={"name": name},
    )


def never_off(name: str) -> HomeAssistantError:
    """Return the error of a load that has neither a switch nor a 0."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="load_never_off",
        translation_placeholders={"name": name},
    )
