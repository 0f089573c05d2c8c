"""One way to write a page: a Jinja template of ``templates/``, filled with the facts of a run."""

from __future__ import annotations

import re
import shlex
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.evaluation.answers import ANSWERS
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.reports import formatting

_TEMPLATES = Path(__file__).parent / "templates"
_FILTERS = (
    "cell", "formatted", "latency_of", "negated", "number", "p_value", "percent", "points", "score", "shares", "span",
    "spread", "table",
)  # fmt: skip


def render_page(template: str, **facts: Any) -> str:
    """The text of a page, which ends with a line break.

    Markdown pages may end with ``{% include "provenance.md.j2" %}``: the command of this run, and what it was measured
    on.

    Parameters
    ----------
    template : name of a file in ``templates/``
    facts : what the template names
    """
    provenance = {"run_command": run_command, "describe_environment": describe_environment}
    return _environment().get_template(template).render(**provenance, **facts) + "\n"


def run_command() -> str:
    """The command line of this run, ready for a shell; absolute paths are replaced by ``PATH``."""
    started_by = sys.argv[0].replace("\\", "/").removesuffix("/__main__.py")
    if not started_by.endswith("kedro"):
        return "kedro run --pipelines track_a"
    return shlex.join(["kedro", *(re.sub(r"(?<![^=,])(/|[A-Za-z]:[\\/])[^,]*", "PATH", part) for part in sys.argv[1:])])


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=lambda name: bool(name and "html" in name),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(formatting, name) for name in _FILTERS})
    environment.filters.update(name=display_name, answer=ANSWERS.__getitem__)
    return environment
