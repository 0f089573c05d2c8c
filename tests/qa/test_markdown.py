"""Markdown: anchors as GitHub makes them, headings, links; code and formulas stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.qa.links import number_footnotes, retarget, targets_of
from topology_efficient_dl.qa.markdown import (
    Anchors,
    hash_headings,
    headings_of,
    map_text,
    shift_headings,
)

ANCHORS = [  # given by GitHub, from the fixtures of github-slugger
    ("alpha", "alpha"), ("alpha", "alpha-1"), ("bravoCharlieDelta", "bravocharliedelta"),
    ("echo", "echo"), ("echo", "echo-1"), ("echo 1", "echo-1-1"), ("echo-1", "echo-1-2"), ("echo", "echo-2"),
    ("foxtrot-1", "foxtrot-1"), ("foxtrot", "foxtrot"), ("foxtrot", "foxtrot-2"),
    ("heading with a - dash", "heading-with-a---dash"), ("heading with an _ underscore", "heading-with-an-_-underscore"),
    ("heading with a period.txt", "heading-with-a-periodtxt"),
    ("exchange.bind_headers(exchange, routing [, bindCallback])", "exchangebind_headersexchange-routing--bindcallback"),
    ("apostrophe’s should be trimmed", "apostrophes-should-be-trimmed"),
    ("I ♥ unicode", "i--unicode"), ("en–dash", "endash"), ("em–dash", "emdash"), ("😄 unicode emoji", "-unicode-emoji"),
    ("Профили пользователей", "профили-пользователей"), ("Привет non-latin 你好", "привет-non-latin-你好"),
]  # fmt: skip


def test_anchors_are_those_of_github() -> None:
    anchors = Anchors()
    assert [anchors.add(heading) for heading, _ in ANCHORS] == [anchor for _, anchor in ANCHORS]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("지속 호몰로지(persistent homology)란?", "지속-호몰로지persistent-homology란"),
        ("`B1 B2 = 0`, why?", "b1-b2--0-why"),
        ("**Bold** and *slanted*", "bold-and-slanted"),
        ("_slanted_ and snake_case", "slanted-and-snake_case"),
        ("A [link](https://x.org/a_b) here", "a-link-here"),
        ("What is $\\beta_0$?", "what-is-beta_0"),
    ],
)
def test_anchors_of_formatted_and_korean_headings(heading: str, anchor: str) -> None:
    assert Anchors().add(heading) == anchor


TEXT = """# One
```text
# code
```
~~~~
# code
~~~
# still
~~~~
    # four spaces

$$
# formula
$$
## Two ##
####### seven
#none
### [Three](a.md)"""


def test_headings_are_none_in_code_and_formulas() -> None:
    assert [(heading.level, heading.text) for heading in headings_of(TEXT.split("\n"))] == [
        (1, "One"), (2, "Two"), (3, "[Three](a.md)"),
    ]  # fmt: skip
    shifted = shift_headings(TEXT, 4)
    assert [heading.level for heading in headings_of(shifted.split("\n"))] == [5, 6, 6]
    assert "\n# code\n" in shifted


def test_underlined_headings() -> None:
    assert hash_headings("A\n===\n\nB\n--\nc") == "# A\n\n## B\nc"
    for same in ("- a\n---", "| a |\n|---|", "a\nb\n---", "\n---\n", "```\na\n---\n```", "    a\n---", "> a\n---"):
        assert hash_headings(same) == same


LINKS = {
    "[a](b.md)": "[a](X/b.md)",
    "![a](b.png)": "![a](X/b.png)",
    '[a](b.md "title")': '[a](X/b.md "title")',
    "[a](<b c.md>)": "[a](<X/b c.md>)",
    "[a](b_(c).md) and [d](e.md).": "[a](X/b_(c).md) and [d](X/e.md).",
    "[![alt](p.png)](b.md)": "[![alt](X/p.png)](X/b.md)",
    "[`a` and $x[1](y)$](b.md)": "[`a` and $x[1](y)$](X/b.md)",
    "[[1]](b.md)": "[[1]](X/b.md)",
    "[지속](20260102-030405-지속.md)": "[지속](X/20260102-030405-지속.md)",
    '<img src="a.png" alt="x"> <a href=\'b.md\'>': '<img src="X/a.png" alt="x"> <a href=\'X/b.md\'>',
    "[a](https://x.org) [b](mailto:a@b.c) [c](/d) <https://x.org>": None,
    "`[a](b.md)` ``[a](b.md) ` ``": None,
    "$f[i](x)$ and $$g[i](x)$$": None,
    "```\n[a](b.md)\n```": None,
    "$$\n[a](b.md)\n$$": None,
    "f[i] (x) [ ] [x] array[1][2]": None,
    "[a][one] [One][] [one] [b][none]\n\n[one]: c.md 'T'": "[a](X/c.md 'T') [One](X/c.md 'T') [one](X/c.md 'T') [b][none]\n",
}


@pytest.mark.parametrize("text", LINKS)
def test_links_are_given_other_targets(text: str) -> None:
    expected = text if LINKS[text] is None else LINKS[text]
    assert retarget(text, lambda target: f"X/{target}") == expected


def test_targets_are_listed() -> None:
    assert targets_of("[a](b.md#c) [d](https://x.org) ![e](f.png)\n\n[g][h]\n\n[h]: i.md") == [
        "b.md#c",
        "f.png",
        "i.md",
    ]


def test_footnotes_of_two_entries_differ() -> None:
    assert number_footnotes("a[^1] `[^1]`\n\n[^1]: b", 7) == "a[^7-1] `[^1]`\n\n[^7-1]: b"


@given(st.text(st.sampled_from("ab `$[]()!\n~#\\<>"), max_size=60))
def test_a_text_without_change_is_the_same(text: str) -> None:
    assert map_text(text, lambda piece: piece) == text
    assert "]:" in text or retarget(text, lambda target: target) == text
