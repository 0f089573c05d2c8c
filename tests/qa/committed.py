"""The entries that are committed."""

from __future__ import annotations

from pathlib import Path

from topology_efficient_dl.qa.merge import DOCUMENT
from topology_efficient_dl.qa.store import ENTRIES, QuestionStore

ROOT = Path(__file__).parents[2]
CONTENTS = QuestionStore(ROOT / ENTRIES).read()
MERGED = ROOT / DOCUMENT
