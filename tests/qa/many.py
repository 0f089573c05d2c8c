"""A store of as many entries as one likes, in both languages, with links, formulas, tables and code."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from topology_efficient_dl.qa.categories import CATEGORIES
from topology_efficient_dl.qa.entry import STAMP, Entry, format_entry
from topology_efficient_dl.qa.wording import slug_of

BEGIN = datetime(2026, 1, 2, 3, 4, 5)
BODY = """It is one of many.

### In plain words

Words of homology, {number} and 낱말{number}. They are many, as texts are. 위상수학의 낱말도 있다. `code` and [the next]({next}).

### Definition

$$
H_{number} = \\ker d / \\mathrm{{im}}\\, d
$$

{filler}

### A worked example

```python
# not a heading
assert {number} == {number}
```

| a | b |
|---|---|
| 1 | [code](../../src/x.py) |

### Related

- [the next]({next})
"""
FILLER = "A line of text with a formula $x_1 + y$ that is as long as lines usually are, and no more.\n" * 25


def question_of_number(number: int) -> str:
    """English for even numbers, Korean for odd ones."""
    return f"What is topic word{number}?" if number % 2 == 0 else f"주제 word{number}의 뜻은?"


def slug_of_number(number: int) -> str:
    return slug_of(question_of_number(number))


def name_of_number(number: int) -> str:
    return f"{BEGIN + timedelta(minutes=number):{STAMP}}-{slug_of_number(number)}"


def make_many(folder: Path, n: int) -> Path:
    """Write them."""
    folder.mkdir(parents=True)
    for number in range(n):
        name, category = name_of_number(number), list(CATEGORIES)[number % len(CATEGORIES)]
        body = BODY.format(number=number, next=f"{name_of_number((number + 1) % n)}.md", filler=FILLER)
        date, lang = BEGIN + timedelta(minutes=number), ("en", "ko")[number % 2]
        entry = Entry(name, date, (f"topic-{number}",), category, lang, question_of_number(number), body.strip())
        (folder / entry.file).write_text(format_entry(entry), encoding="utf-8")
    return folder
