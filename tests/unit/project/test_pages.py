"""Every page that is cited is in the clone, and every link between the pages leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[3]
FOLDERS = ("firmware", "hw", "cloud", "systemd", "tests")
CITING = {".md", ".py", ".toml", ".css", ".js", ".html", ".sh", ".service", ".yaml", ""}
NAMED = re.compile(r"\b[A-Za-z_-]+\.md\b")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


def files() -> Iterator[Path]:
    """Yield what the clone holds; what tools leave in it begins with a dot."""
    yield from (path for path in PROJECT.iterdir() if path.is_file())
    yield from (PROJECT / ".ci").iterdir()
    for folder in FOLDERS:
        for path in (PROJECT / folder).rglob("*"):
            below = path.relative_to(PROJECT).parts
            if path.is_file() and not any(part.startswith(".") for part in below):
                yield path


def pages() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def test_every_page_that_is_named_is_in_the_clone() -> None:
    there = {page.name for page in pages()}
    named = {
        (str(path.relative_to(PROJECT)), name)
        for path in files()
        if path.suffix in CITING
        for name in NAMED.findall(path.read_text(encoding="utf-8", errors="ignore"))
    }
    assert len(named) > 50, "the search found the citations"
    assert {(path, name) for path, name in named if name not in there} == set()


def test_every_link_leads_to_a_file() -> None:
    links = [
        (page, link) for page in pages() for link in LINK.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 20, "the search found the links"
    assert [
        f"{page.relative_to(PROJECT)} -> {link}"
        for page, link in links
        if not (page.parent / link).exists()
    ] == []


def test_make_lists_every_task_with_its_words() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    told = re.findall(r"^([a-z0-9-]+):.* ## \S", text, re.MULTILINE)
    assert sorted(told) == sorted(phony[1].split())
    assert {"demo", "unit", "test", "lint", "types", "bench", "realcam", "gpiovm"} <= set(told)


def test_the_hooks_before_a_commit_fetch_nothing() -> None:
    text = (PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"- repo: (\S+)", text) == ["local"]
    assert set(re.findall(r"language: (\S+)", text)) == {"system"}
