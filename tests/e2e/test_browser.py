"""What a person sees: the dashboard in a real browser, with live values.

Needs Chromium (SURPLUS_BROWSER names it). With SURPLUS_SCREENSHOTS set to a folder, the
pictures of the README are made there.
"""

import asyncio
from collections.abc import AsyncGenerator
import os
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright
import pytest
import pytest_asyncio

from simulator.demo_dashboard import URL_PATH
from simulator.demo_setup import Setup, make_dashboard, push_solar

from .conftest import IDENTITY, World

BROWSER = os.environ.get("SURPLUS_BROWSER") or ""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not BROWSER, reason="no Chromium: SURPLUS_BROWSER is empty"),
]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    """Return a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(world: World) -> World:
    """Return a world with a dashboard and a car that follows the sun."""
    await push_solar(world.hass, 4800.0, "en")
    setup = Setup(tic=Path(), ocpp_port=0, identity=IDENTITY, language="en")
    world.house.house.fix_base(-3000.0)
    current = world.entities[f"ocpp:{IDENTITY}_current"]
    await world.hass.wait_until(
        lambda states: _number(states[current]["state"]) in range(11, 15),
        "the car to follow",
        timeout_s=200,
    )
    # Later than the car: a pump that runs first would give way in minutes only.
    await world.add_loads()
    await make_dashboard(world.hass, setup)
    return world


def _number(state: str) -> int:
    try:
        return round(float(state))
    except ValueError:
        return 0


async def open_dashboard(browser: Browser, world: World, **context: object) -> Page:
    """Log in as a person does, and open the dashboard."""
    page = await (await browser.new_context(**context)).new_page()
    page.set_default_timeout(60_000)
    await page.goto(f"{world.hass.url}/{URL_PATH}")
    await page.locator("input[name=username]").fill(world.hass.username)
    await page.locator("input[name=password]").fill(world.hass.password)
    await page.keyboard.press("Enter")
    await page.get_by_text("Following the surplus").first.wait_for()
    return page


async def until_it_shows(page: Page, world: World, current: str) -> None:
    """Wait until the page shows what a current is: it may move meanwhile."""
    async with asyncio.timeout(60):
        while True:
            value = (await world.hass.states())[current]["state"]
            # The other loads may have their part by now.
            assert _number(value) in range(6, 15)
            if await page.get_by_text(f"{float(value):.1f}").count():
                return
            await page.wait_for_timeout(500)


async def keep_picture(page: Page, name: str) -> None:
    """Keep a picture where one is wanted."""
    if folder := os.environ.get("SURPLUS_SCREENSHOTS"):
        # Graphs draw a moment after their numbers.
        await page.wait_for_timeout(4000)
        await page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_dashboard_shows_live_values_and_the_reason(
    browser: Browser, shown: World, scheme: str, size: dict[str, int]
) -> None:
    page = await open_dashboard(browser, shown, viewport=size, color_scheme=scheme)
    card = page.locator("hui-tile-card").filter(has_text="Current").first
    await card.wait_for()
    await until_it_shows(page, shown, shown.entities[f"ocpp:{IDENTITY}_current"])
    for load in ("The water heater", "The pool pump"):
        await page.get_by_text(load).first.wait_for()
    assert await page.locator("hui-tile-card").filter(has_text="Reason").count() == 3
    width = "phone" if size is PHONE else "desktop"
    await keep_picture(page, f"dashboard-{width}-{scheme}")
    await page.context.close()
