"""The driver of a real Home Assistant, as far as it goes without one.

The process itself is started by the end-to-end tests and by the demo.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.hass_api import HassError
from simulator.real_hass import RealHass


class Scripted(RealHass):
    """Answers from a script instead of from a process."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        super().__init__(Path("nowhere"))
        self.answers = list(answers)
        self.said: list[tuple[str, str, Any]] = []

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        self.said.append((method, path, body))
        return self.answers.pop(0)


def step(step_id: str, kind: str = "form", **more: Any) -> dict[str, Any]:
    """Return one step of flow f."""
    return {"flow_id": "f", "type": kind, "step_id": step_id, **more}


async def test_a_flow_is_walked_through_menus_forms_and_progress() -> None:
    hass = Scripted(
        step("user", "menu", menu_options=["linky"]),
        step("linky"),
        step("read", "progress"),
        step("read", "progress_done"),
        step("found", data_schema=[{"name": "x", "default": 1}]),
        {"flow_id": "f", "type": "create_entry", "title": "Linky"},
    )
    result = await hass.add(
        "surplus",
        {
            "user": "linky",
            "linky": {"device": "/dev/x"},
            "found": lambda flow: {"x": flow["data_schema"][0]["default"] + 1},
        },
    )
    assert result["title"] == "Linky"
    base = "/api/config/config_entries/flow"
    assert hass.said == [
        ("POST", base, {"handler": "surplus", "show_advanced_options": False}),
        ("POST", f"{base}/f", {"next_step_id": "linky"}),
        ("POST", f"{base}/f", {"device": "/dev/x"}),
        ("GET", f"{base}/f", None),
        ("GET", f"{base}/f", None),
        ("POST", f"{base}/f", {"x": 2}),
    ]


async def test_a_subentry_flow_is_walked_where_it_lives() -> None:
    hass = Scripted(step("user"), {"flow_id": "f", "type": "abort", "reason": "done"})
    result = await hass.add_subentry("entry", "charger", {"user": {}})
    assert result["reason"] == "done"
    base = "/api/config/config_entries/subentries/flow"
    assert hass.said[0] == ("POST", base, {"handler": ["entry", "charger"]})
    assert hass.said[1][1] == f"{base}/f"


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ([step("unheard_of")], "no answer for step unheard_of"),
        ([step("linky", errors={"base": "lost"})], "was not taken: {'base': 'lost'}"),
        ([step("linky"), step("linky")], "was not taken"),
        ([step("linky", "external")], "a step of type external"),
    ],
)
async def test_a_flow_that_goes_wrong_says_where(
    answers: list[dict[str, Any]], complaint: str
) -> None:
    with pytest.raises(HassError, match=complaint):
        await Scripted(*answers).add("surplus", {"linky": {}})


async def test_a_step_that_never_ends_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.hass_api.FLOW_TIMEOUT_S", -1.0)
    with pytest.raises(HassError, match="step read never ended"):
        await Scripted(step("read", "progress")).add("surplus", {})


async def test_states_can_be_waited_for() -> None:
    def states(value: str) -> Any:
        return [{"entity_id": "sensor.x", "state": value}]

    hass = Scripted(states("1"), states("2"), states("2"))
    found = await hass.wait_until(lambda s: s["sensor.x"]["state"] == "2", "two")
    assert found["sensor.x"]["state"] == "2"
    assert await hass.state("sensor.x") == "2"
    with pytest.raises(HassError, match="waited 0 s for three"):
        await Scripted(states("1")).wait_until(lambda _: False, "three", timeout_s=0)


def test_the_prepared_folder_asks_nothing(tmp_path: Path) -> None:
    hass = RealHass(tmp_path, host="0.0.0.0", port=8300, language="fr")
    hass._write_files()
    hass._write_files()
    stored = {
        name: json.loads((tmp_path / ".storage" / name).read_text())
        for name in ("http", "onboarding", "core.config")
    }
    assert stored["http"]["data"]["stable"]["server_port"] == 8300
    assert stored["http"]["data"]["pending"] is None
    assert "core_config" in stored["onboarding"]["data"]["done"]
    assert stored["core.config"]["data"]["language"] == "fr"
    assert (tmp_path / "custom_components" / "surplus" / "manifest.json").exists()
    assert "frontend:" in (tmp_path / "configuration.yaml").read_text()
    assert hass.url == "http://127.0.0.1:8300"
    assert hass.pid is None
    assert hass.log_tail() == ""
    hass.log.write_text("one\ntwo\n", encoding="utf-8")
    assert hass.log_tail(1) == "two"


async def test_stopping_what_never_ran_is_nothing(tmp_path: Path) -> None:
    hass = RealHass(tmp_path)
    await hass.stop()
    await hass.kill()
    assert hass.pid is None
