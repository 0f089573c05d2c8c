"""What the report of every kind of run is called, what it asks, and how its numbers are to be read: one small table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LATENCY_NOTE = (
    "Network alone: from inputs that were made once to labels. Preprocessing included: from the complex and the "
    "features of its nodes to labels, building the complex not counted. Peak memory is in both cases that of the "
    "network alone."
)


@dataclass(frozen=True)
class Words:
    """The words of a report.

    Attributes
    ----------
    title : of the page
    question : what is asked, without the question mark
    latency : from what to what it is measured
    memory : of what it is measured
    caption : how the numbers of the results table are to be read, without the full stop; of graphs it follows from the
        data
    latency_note : what the ways of timing are of, where verdicts have two
    limits : what the numbers of every such run do not show
    size_columns : of the data table, by key, sizes and how they are called
    over_sets : the latency of the table over data sets, as a column of results without its batch size
    """

    title: str
    question: str
    latency: str
    memory: str
    caption: str = ""
    latency_note: str = ""
    limits: tuple[str, ...] = ()
    size_columns: Mapping[str, str] = field(default_factory=lambda: {"n_timepoints": "length"})
    over_sets: str = "latency_ms"

    def latency_over_sets(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the table over data sets has as latency of a row of results."""
        return {f"latency_ms_b{size}": row.get(f"{self.over_sets}_b{size}") for size in (1, 64)}


_OF_SERIES: dict[str, Any] = {
    "latency": "raw sample in, label out, per sample",
    "memory": "peak of one inference in a fresh process, over the imported libraries",
}
_OF_GRAPHS: dict[str, Any] = {
    "latency": "network alone, and with all preprocessing from the complex on",
    "memory": "peak of one inference in a fresh process with weights and prepared input, over the libraries",
    "latency_note": LATENCY_NOTE,
    "size_columns": {"n_nodes": "nodes", "n_edges": "contacts, groups or edges", "n_graphs": "graphs"},
}

WORDS: dict[tuple[str, bool], Words] = {
    ("series", False): Words(
        title="Track A: persistent homology against deep networks on time series",
        question="Can a small model that reads topological features of a time series replace a large network: the same "
        "quality at a fraction of the inference time, feature extraction included",
        caption="Mean ± standard deviation over seeds. Latency runs from raw sample to label, features included, per "
        "sample",
        **_OF_SERIES,
    ),
    ("graphs", False): Words(
        title="Track B: simplicial complexes against attention on graphs",
        question="Do relations of higher order make attention unnecessary: the same quality on graphs, for less time "
        "and less memory",
        **_OF_GRAPHS,
    ),
    ("series", True): Words(
        title="Track C: decomposed weights against dense networks",
        question="Does a decomposition of the weights make a trained network smaller and measurably faster at the same "
        "quality",
        caption="Mean ± standard deviation over seeds. Latency runs from raw sample to label, per sample. Parameters "
        "are what inference needs after normalisations are folded",
        limits=("Normalisations are folded in every network, the dense ones too, before it is measured.",),
        **_OF_SERIES,
    ),
    ("graphs", True): Words(
        title="Track C on graphs: networks of track B with decomposed weights",
        question="Do networks of graphs and complexes become smaller and measurably faster by a decomposition of their "
        "weights, at the same quality",
        limits=(
            "Maps inside torch-geometric's own convolutions are left as they are.",
            "The table over data sets has the network's own time, on inputs that were made once.",
        ),
        over_sets="model_latency_ms",
        **_OF_GRAPHS,
    ),
}
"""By what the samples are, and whether networks were made smaller."""
