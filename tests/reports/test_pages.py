"""Pages: one template each, and a report that Kedro gives typed parameters whatever the kind of the run."""

from __future__ import annotations

import jinja2
import pandas as pd
import pytest
from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor

from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.models import Transforms
from topology_efficient_dl.pipelines import evaluate
from topology_efficient_dl.reports.formatting import table
from topology_efficient_dl.reports.pages import render_page

OF_KIND = {
    evaluate.create_pipeline: {"transforms": Transforms},
    evaluate.create_graph_pipeline: {"simplicial": SimplicialParams},
    evaluate.create_compression_pipeline: {"compression": CompressionParams},
    evaluate.create_graph_compression_pipeline: {"simplicial": SimplicialParams, "compression": CompressionParams},
}


@pytest.mark.parametrize("create", OF_KIND, ids=lambda create: create.__name__)
def test_every_parameter_of_a_report_has_its_type(create) -> None:
    (node,) = (node for node in create().nodes if node.name.endswith("report"))
    found = TypeExtractor({"evaluate": Pipeline([node])}).extract_types_from_pipelines()
    assert set(found) == {entry.removeprefix("params:") for entry in node.inputs if entry.startswith("params:")}
    shared = {"train", "efficiency", "evaluate", "models", "zoo"}
    assert {name: kind for name, kind in found.items() if name not in shared} == OF_KIND[create]


def test_a_page_ends_with_its_command_its_machine_and_one_line_break() -> None:
    lines = render_page("provenance.md.j2").split("\n")
    assert lines[1].startswith("Command: `kedro run")
    assert lines[3].startswith("Measured on: python ")
    assert (lines[0], lines[2], lines[4:]) == ("", "", [""])


def test_a_fact_that_is_missing_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="growth"):
        render_page("growth.md.j2")


def test_a_table_keeps_texts_as_they_are_and_its_head_without_rows() -> None:
    rows = pd.DataFrame([["a", "1.50", ""], ["b", "−2", "x"]], columns=["model", "R²", "R²"])
    head = ["| model | R² | R² |", "| --- | --- | --- |"]
    assert table(rows).split("\n") == [*head, "| a | 1.50 |  |", "| b | −2 | x |"]
    assert table(rows.iloc[:0]).split("\n") == head
    assert table(rows, "---:").split("\n")[1] == "| ---: | ---: | ---: |"
