"""What pages point at is there: files, pictures and headings."""

from pathlib import Path
import re

import pytest

REPOSITORY = Path(__file__).parent.parent
PAGES = sorted(
    page
    for page in (
        *REPOSITORY.glob("*.md"),
        *(
            page
            for folder in ("benchmarks", "custom_components", "docs", "simulator")
            for page in (REPOSITORY / folder).rglob("*.md")
        ),
        *(REPOSITORY / "tests").glob("fixtures/**/*.md"),
    )
)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def prose(page: Path) -> str:
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        kept = "".join(c for c in shown if c.isalnum() or c in " -_")
        found.add(kept.replace(" ", "-"))
    return found


def is_there(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target)


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY))
)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    links = [first or second for first, second in LINK.findall(prose(page))]
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not is_there(page, link)] == []


def test_the_pages_are_found() -> None:
    names = {str(page.relative_to(REPOSITORY)) for page in PAGES}
    assert {"README.md", "docs/how-it-decides.md", "docs/fr/README.md"} <= names


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `heading` of *mine*\n", encoding="utf-8")
    assert is_there(page, "#a-heading-of-mine")
    assert not is_there(page, "#another")
    assert not is_there(page, "other.md")


def test_every_french_page_has_its_english_one() -> None:
    for french in (REPOSITORY / "docs" / "fr").glob("*.md"):
        folder = "" if french.name == "README.md" else "docs"
        assert (REPOSITORY / folder / french.name).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_two_versions_of_a_passage(page: Path) -> None:
    assert not re.search(
        r"^(<{7}|>{7}) ", page.read_text(encoding="utf-8"), re.MULTILINE
    )
