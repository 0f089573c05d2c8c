"""The README says what the published files say, and no number besides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests import readme_numbers

ROOT = Path(__file__).parents[1]
NOT_RESULTS = [
    r"`[^`]*`",  # names and commands
    r"\]\([^)]*\)",  # where links lead
    r"\(20\d\d-\d\d-\d\d, (seeds|draws)[^)]*\)",  # when and with what it was run
    r"95 % interval",
    r"2-core AMD EPYC, torch 2.13 CPU",
]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def blocks() -> list[str]:
    return readme_numbers.blocks()


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_table_and_sentence_is_what_the_published_files_say(blocks: list[str], readme: str) -> None:
    tables = [block for block in blocks if block.startswith("|")]
    sentences = [flat(block) for block in blocks if not block.startswith("|")]
    missing = [block for block in tables if block not in readme] + [
        text for text in sentences if text not in flat(readme)
    ]
    assert missing == [], "compute them anew with: python tests/readme_numbers.py"


def test_no_other_number_stands_among_the_results(blocks: list[str], readme: str) -> None:
    results = readme[readme.index("## Track A") : readme.index("## What else was measured")]
    for block in blocks:
        if block.startswith("|"):
            results = results.replace(block, "")
    results = flat(results)
    for block in blocks:
        results = results.replace(flat(block), "")
    for pattern in NOT_RESULTS:
        results = re.sub(pattern, "", results)
    left = re.findall(r"\S*\d\S*", re.sub("macro-F1|Tucker-2", "", results))
    assert left == ["20"], "only the number of draws stands on its own"


def test_every_link_leads_somewhere(readme: str) -> None:
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in link]
    assert [target for target in targets if target and not (ROOT / target).exists()] == []
