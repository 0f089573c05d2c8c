"""Nodes of ``qa_merge``."""

from __future__ import annotations

import logging
from typing import Any

from topology_efficient_dl.qa.merge import merge_entries
from topology_efficient_dl.qa.report import merge_report, report_lines
from topology_efficient_dl.qa.store import Contents

log = logging.getLogger(__name__)


def merge(contents: Contents) -> str:
    """All entries as one document."""
    return merge_entries(contents)


def report(contents: Contents) -> dict[str, Any]:
    """Numbers, duplicates, links that lead nowhere and files left out; these are logged as well."""
    found = merge_report(contents)
    for line in report_lines(found):
        log.warning("%s", line)
    return found
