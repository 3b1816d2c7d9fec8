"""English and French say the same things, and everything that can be said is there."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from string import Formatter

import pytest
import yaml

from custom_components.surplus.control.check import Finding
from custom_components.surplus.control.model import Mode, NextEventKind, Reason
from custom_components.surplus.home.loads.forms import FORMS

ROOT = Path(__file__).parent.parent / "custom_components" / "surplus"


def flat(node: dict, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def texts(language: str) -> dict[str, str]:
    return dict(
        flat(json.loads((ROOT / "translations" / f"{language}.json").read_text()))
    )


ENGLISH, FRENCH = texts("en"), texts("fr")


def test_both_languages_have_the_same_keys() -> None:
    assert ENGLISH.keys() == FRENCH.keys()


def test_both_languages_fill_in_the_same_values() -> None:
    english, french = (
        {
            key: {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            for key, text in texts.items()
        }
        for texts in (ENGLISH, FRENCH)
    )
    assert english == french


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_text_is_empty_or_holds_an_address(language: str) -> None:
    for key, text in texts(language).items():
        assert text.strip(), key
        assert "://" not in text, key


@pytest.mark.parametrize("language", ["en", "fr"])
def test_apostrophes_are_of_one_kind(language: str) -> None:
    for key, text in texts(language).items():
        assert not re.search(r"\w'", text), key


def test_french_punctuation_is_not_parted_from_its_word() -> None:
    for key, text in FRENCH.items():
        assert not re.search(r" [:;?!»%]|« ", text), key


def test_french_is_french() -> None:
    same = {
        key
        for key, text in ENGLISH.items()
        if text == FRENCH[key] and len(text.split()) > 2
    }
    assert not same


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("entity.sensor.load_reason.state", Reason),
        (
            "entity.sensor.load_next_event.state_attributes.event.state",
            NextEventKind,
        ),
        ("entity.select.load_mode.state", Mode),
        ("selector.mode.options", Mode),
        ("entity.sensor.load_check_result.state", Finding),
        ("selector.check_report.options", Finding),
    ],
)
def test_every_word_of_the_controller_has_a_text(path: str, values: type) -> None:
    for value in values:
        assert f"{path}.{value}" in ENGLISH


def test_every_field_of_a_form_is_explained() -> None:
    for key in ENGLISH:
        if match := re.match(r"(config.*\.step\..*)\.data\.([a-z_]+)$", key):
            assert f"{match[1]}.data_description.{match[2]}" in ENGLISH


def test_every_action_and_field_has_texts_and_an_icon() -> None:
    icons = json.loads((ROOT / "icons.json").read_text())
    for action, definition in yaml.safe_load(
        (ROOT / "services.yaml").read_text()
    ).items():
        assert f"services.{action}.name" in ENGLISH
        assert f"services.{action}.description" in ENGLISH
        assert action in icons["services"]
        for field in definition.get("fields", {}):
            assert f"services.{action}.fields.{field}.name" in ENGLISH
            assert f"services.{action}.fields.{field}.description" in ENGLISH


def test_every_translated_exception_and_issue_of_the_code_exists() -> None:
    source = "\n".join(path.read_text() for path in ROOT.rglob("*.py"))
    raised = set(
        re.findall(r"translation_domain=DOMAIN,\s*translation_key=\"(\w+)\"", source)
    )
    raised |= set(re.findall(r"_invalid\(\"(\w+)\"\)", source))
    assert raised
    for key in raised:
        assert (
            f"exceptions.{key}.message" in ENGLISH or f"issues.{key}.title" in ENGLISH
        )


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_every_field_of_a_load_made_of_entities_has_its_words(kind: str) -> None:
    step = f"config_subentries.{kind}.step.user"
    for key in FORMS[kind].fields:
        assert f"{step}.data.{key.schema}" in ENGLISH
        assert f"{step}.data_description.{key.schema}" in ENGLISH
    for name, fields in FORMS[kind].sections.items():
        assert f"{step}.sections.{name}.name" in ENGLISH
        for key in fields:
            assert f"{step}.sections.{name}.data.{key.schema}" in ENGLISH
            assert f"{step}.sections.{name}.data_description.{key.schema}" in ENGLISH
