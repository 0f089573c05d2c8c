"""The scaling study on graphs: graphs and inputs are right, running out is a result, exponents are those of the data."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from topology_efficient_dl.complexes.groups import facets
from topology_efficient_dl.complexes.rows import Occurrences
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.graph_inputs import Material, network_input
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.simplicial.node_operators import node_operators
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures, propagated_features
from topology_efficient_dl.params.studies import (
    GraphScalingParams,
    ScaledModel,
    ScalingConditions,
)
from topology_efficient_dl.studies import graph_scaling as study
from topology_efficient_dl.studies import graph_scaling_probe as probe
from topology_efficient_dl.studies.graph_scaling import (
    COLUMNS,
    MEASURES,
    Ended,
    check_free_memory,
    expected_edges,
    first_stops,
    growth_exponents,
    measure_point,
    points_table,
    run_probe,
    scaling_points,
)
from topology_efficient_dl.studies.graph_scaling_page import MARKERS, draw_graph_scaling, render_graph_scaling
from topology_efficient_dl.studies.graph_scaling_probe import (
    MODELS,
    Request,
    memory_bound,
    random_graph,
)

TINY = {"n_nodes": 30, "density": 0.3, "n_features": 3, "n_classes": 2, "width": 8, "repeats": 2}
STAGES = ["graph", "preprocessing", "inference", "done"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="bounds of memory are those of Linux")


def request(**changes) -> Request:
    return Request(**{"model": "gcn", **TINY, **changes})


def test_every_model_that_can_be_named_can_be_prepared():
    assert set(get_args(ScaledModel)) == set(MODELS)


@pytest.mark.parametrize(("n_nodes", "density"), [(10, 0.5), (60, 0.3), (400, 0.02), (2_000, 0.001), (90, 0.95)])
def test_a_random_graph_is_symmetric_without_loops_and_has_as_many_edges_as_it_should(n_nodes, density):
    graph = random_graph(n_nodes, density, 2)
    matrix = graph.adjacency
    assert (matrix.indices.dtype, matrix.data.dtype, graph.x.shape) == (np.int32, np.float32, (n_nodes, 2))
    assert matrix.has_canonical_format  # ascending columns, none twice
    assert abs(matrix - matrix.T).nnz == 0
    assert not matrix.diagonal().any()
    np.testing.assert_array_equal(matrix.data, np.float32(np.log(2)))
    expected = expected_edges(n_nodes, density)
    assert abs(matrix.nnz / 2 - expected) <= 5 * np.sqrt(expected * (1 - density)) + 1


@pytest.mark.parametrize("n_nodes", [2, 3, 10, 31])
def test_places_in_the_order_of_pairs_are_the_pairs(n_nodes):
    graph = random_graph(n_nodes, 1.0, 1)
    np.testing.assert_array_equal(graph.edges(), np.stack(np.triu_indices(n_nodes, 1), axis=1))


def test_every_pair_is_as_likely_as_any_other(monkeypatch):
    total = np.zeros((12, 12))
    for seed in range(400):
        monkeypatch.setattr(probe, "SEED", seed)
        total += random_graph(12, 0.3, 1).adjacency.toarray() > 0
    shares = total[np.triu_indices(12, 1)] / 400
    assert np.abs(shares - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 400)


@pytest.mark.parametrize("model", MODELS)
def test_a_network_reads_what_it_reads_elsewhere_in_the_project(model):
    asked, graph = request(model=model), random_graph(30, 0.3, 3)
    prepared = MODELS[model].prepare(graph, asked.hops)
    network = probe.build_network(asked, prepared)
    edges = Occurrences.static(graph.edges())
    complex_ = SimplicialComplex.of_occurrences(30, [Occurrences.static(np.arange(30)[:, None]), edges])
    entry = find_architecture(MODELS[model].architecture)
    if entry.reads == "propagated":
        names = ["weight", "triangles"] if model.endswith("triangles") else ["weight"]
        features = propagated_features(graph.x, asked.hops, node_operators(complex_, names))
        assert network.block_sizes == features.sizes
    else:
        features = PropagatedFeatures(graph.x, (3,), ("own",))
    options = entry.complete("medium", MODELS[model].options)
    usual = network_input(entry.reads, options, Material(complex_, features, facets(complex_)))
    with torch.inference_mode():
        answer = network(prepared)
        assert answer.shape == (30, 2)
        torch.testing.assert_close(answer, network(usual), rtol=1e-4, atol=1e-5)


def test_all_networks_have_the_width_and_depth_asked_for():
    for model in MODELS:
        deep, shallow = (request(model=model, width=16, depth=depth) for depth in (3, 1))
        inputs = MODELS[model].prepare(random_graph(12, 0.4, 3), 1)
        sizes = [sum(p.numel() for p in probe.build_network(each, inputs).parameters()) for each in (deep, shallow)]
        assert sizes[0] > sizes[1], model


@pytest.mark.parametrize("model", MODELS)
def test_stages_follow_one_another_and_each_leaves_what_it_found(model):
    found = list(probe.measured(request(model=model)))
    assert [each["stage"] for each in found] == STAGES
    merged = {name: value for each in found for name, value in each.items()}
    assert merged["n_edges"] == random_graph(30, 0.3, 3).adjacency.nnz // 2
    assert merged["preprocessing_s"] > 0
    assert len(merged["rounds_s"]) == 2
    assert min(merged["rounds_s"]) > 0
    assert {"peak_mb", "preprocessing_peak_mb"} <= set(merged)


def test_a_long_answer_counts_and_is_not_repeated():
    *_, done = probe.measured(request(long_seconds=1e-9, repeats=5))
    assert len(done["rounds_s"]) == 1


def test_the_process_writes_every_stage_at_once_and_leaves_settings_as_they_were(capsys):
    threads = torch.get_num_threads()
    probe.main(request(memory_gib=64).model_dump_json())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["stage"] for line in lines] == STAGES
    assert torch.backends.mha.get_fastpath_enabled()
    assert torch.get_num_threads() == threads


@linux
def test_the_bound_holds_and_is_lifted_on_the_way_out():
    import resource

    status = Path("/proc/self/status").read_text().splitlines()
    data = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmData"))
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limits = []

    def exceed():
        with memory_bound(data / 2**30 + 0.2):
            limits.append(resource.getrlimit(resource.RLIMIT_DATA)[0])
            np.ones(2**27)

    with pytest.raises(MemoryError, match="Unable to allocate"):
        exceed()
    assert limits == [pytest.approx(data + 0.2 * 2**30, abs=2)]
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    np.ones(2**27)


@linux
def test_a_process_without_memory_is_a_result(monkeypatch):
    conditions = ScalingConditions(memory_gib=0.05)
    row = measure_point({"model": "simplicial_mlp", "n_nodes": 20_000, "density": 0.01}, conditions)
    assert (row["status"], row["stage"]) == ("out_of_memory", "graph")
    assert "Unable to allocate" in row["reason"]
    assert row["n_edges"] == expected_edges(20_000, 0.01)
    assert row["rounds_s"] == []
    assert [row[name] for name in (*MEASURES, "answers_per_s")] == [None] * 5
    json.dumps(row, allow_nan=False)


def test_a_process_that_takes_too_long_is_a_result():
    row = measure_point({"model": "gat", "n_nodes": 50, "density": 0.1}, ScalingConditions(time_limit_seconds=0.05))
    assert (row["status"], row["stage"], row["reason"]) == ("timed_out", "start", "no answer within 0.05 s")


def test_a_process_of_its_own_finds_what_this_one_finds():
    conditions = ScalingConditions(n_features=3, width=8, repeats=2)
    row = measure_point({"model": "gcn", "n_nodes": 30, "density": 0.3}, conditions, "machine")
    assert (row["status"], row["stage"], row["reason"]) == ("ok", "done", "")
    assert row["n_edges"] == random_graph(30, 0.3, 3).adjacency.nnz // 2
    assert row["latency_s"] == pytest.approx(np.median(row["rounds_s"]))
    assert row["answers_per_s"] == pytest.approx(30 / row["latency_s"])


def test_a_wrong_request_fails_in_its_last_words():
    ended = run_probe('{"model": "gpt"}', ScalingConditions())
    status, reason = ended.outcome(ScalingConditions())
    assert status == "failed"
    assert reason


TORCH = (
    b"RuntimeError: [enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
)


@pytest.mark.parametrize(
    ("complaints", "exit_status", "expected"),
    [
        (b"", 0, ("ok", "")),
        (b"a warning", None, ("timed_out", "no answer within 120 s")),
        (b"Traceback\nnumpy.core._exceptions._ArrayMemoryError: Unable to allocate 1 GiB", 1, "out_of_memory"),
        (TORCH, 1, ("out_of_memory", "RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried")),
        (b"MKL error: SPARSE_STATUS_ALLOC_FAILED when calling ...", 1, "out_of_memory"),
        (b"terminate called after throwing an instance of 'std::bad_alloc'", -6, "out_of_memory"),
        (b"", -9, ("out_of_memory", "ended by signal 9")),
        (b"", -11, ("out_of_memory", "ended by signal 11")),
        (b"", -15, ("failed", "exit status -15")),
        (b"Traceback\nValueError: no such thing\n", 1, ("failed", "ValueError: no such thing")),
    ],
)
def test_how_a_process_ended_is_told_by_its_status_and_last_words(complaints, exit_status, expected):
    status, reason = Ended(b"", complaints, exit_status).outcome(ScalingConditions())
    assert expected in ((status, reason), status)


def test_what_was_found_before_the_end_is_kept(monkeypatch):
    written = b'{"stage": "graph"}\nnoise\n{"stage": "inference", "n_edges": 7, "preprocessing_s": 2.5}\n{"stage": "do'
    monkeypatch.setattr(study, "run_probe", lambda *_: Ended(written, b"", -9))
    row = measure_point({"model": "gat", "n_nodes": 50, "density": 0.1}, ScalingConditions())
    assert (row["status"], row["stage"], row["n_edges"], row["preprocessing_s"]) == (
        "out_of_memory",
        "inference",
        7,
        2.5,
    )
    assert row["latency_s"] is None


def test_points_come_by_edges_and_models_take_turns():
    params = GraphScalingParams(nodes=(100, 30), densities=(0.5, 0.01), models=("gat", "gcn"))
    assert list(scaling_points(params)) == [
        "30/0.01/gat", "30/0.01/gcn", "100/0.01/gat", "100/0.01/gcn", "30/0.5/gat", "30/0.5/gcn", "100/0.5/gat",
        "100/0.5/gcn",
    ]  # fmt: skip


def test_a_point_does_not_depend_on_which_others_are_measured():
    few, many = GraphScalingParams(nodes=(30,), memory_gib=2), GraphScalingParams(nodes=(30, 50), memory_gib=2)
    assert few.conditions() == many.conditions() == ScalingConditions(memory_gib=2)


def row_of(model: str, n_nodes: int, density: float, status: str = "ok", **found) -> dict:
    edges = expected_edges(n_nodes, density)
    costs = dict.fromkeys((*MEASURES, "answers_per_s")) | found
    stage, rounds = ("done", [1.0]) if status == "ok" else ("inference", [])
    return {"model": model, "n_nodes": n_nodes, "density": density, "n_edges": edges, "status": status, "stage": stage,
            "reason": "", "rounds_s": rounds, **costs}  # fmt: skip


def grid(nodes, densities, costs, model="gat") -> pd.DataFrame:
    rows = []
    for n in nodes:
        for density in densities:
            rows.append(row_of(model, n, density, **costs(n, expected_edges(n, density))))
    return points_table(rows)


def laws(n: int, m: int) -> dict[str, float]:
    return {"latency_s": 3e-6 * n, "peak_mb": 1e-3 * m, "preprocessing_s": 1e-7 * n**0.5 * m**0.7,
            "preprocessing_peak_mb": 5.0}  # fmt: skip


def test_powers_of_nodes_and_of_edges_are_told_apart():
    points = grid((10_000, 30_000, 100_000), (0.001, 0.005, 0.01), laws)
    assert list(points.columns) == list(COLUMNS)
    exponents = growth_exponents(points).set_index("measure")
    assert (exponents["points"] == 9).all()
    assert exponents.loc["latency_s", ["nodes", "nodes_both", "edges_both"]].tolist() == pytest.approx([1, 1, 0])
    assert exponents.loc["peak_mb", ["edges", "nodes_both", "edges_both"]].tolist() == pytest.approx([1, 0, 1])
    assert exponents.loc["preprocessing_s", ["nodes_both", "edges_both"]].tolist() == pytest.approx([0.5, 0.7])
    assert exponents.loc[["latency_s", "preprocessing_s"], "both_r2"].tolist() == pytest.approx([1, 1])
    assert exponents.loc["latency_s", "edges_r2"] < 0.9  # edges alone do not explain a time that follows nodes
    assert exponents.loc["preprocessing_peak_mb", "edges_both"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(exponents.loc["preprocessing_peak_mb", "both_r2"])  # nothing varies that could be explained


def test_noise_shows_in_the_share_that_is_explained():
    rng = np.random.default_rng(0)
    points = grid(
        (10_000, 30_000, 100_000), (0.001, 0.005, 0.01), lambda n, m: {"latency_s": m * rng.lognormal(0, 0.5)}
    )
    found = growth_exponents(points).set_index("measure").loc["latency_s"]
    values, logs = np.log(points["latency_s"].astype(float)), np.log(points["n_edges"])
    assert found["edges"] == pytest.approx(np.polyfit(logs, values, 1)[0])
    assert found["edges_r2"] == pytest.approx(np.corrcoef(logs, values)[0, 1] ** 2)
    assert 0.5 < found["edges_r2"] < 1


def test_one_density_tells_nodes_from_edges_not_at_all_and_one_point_tells_nothing():
    line = growth_exponents(grid((100, 1_000, 10_000), (0.01,), laws)).set_index("measure")
    assert line.loc["peak_mb", "edges"] == pytest.approx(1)
    assert line.loc["peak_mb", "nodes"] == pytest.approx(2, abs=0.01)
    assert line[["nodes_both", "edges_both", "both_r2"]].isna().all(axis=None)
    single = growth_exponents(grid((100,), (0.01,), laws))
    assert single.drop(columns=["model", "measure", "points"]).isna().all(axis=None)
    twice = growth_exponents(grid((100, 1_000), (0.01,), laws))
    assert twice[["nodes_both", "edges_both", "both_r2"]].isna().all(axis=None)


def test_points_without_an_answer_and_measures_of_nothing_are_left_out():
    points = grid((100, 1_000, 10_000), (0.01, 0.1), laws)
    failed = points.assign(status="out_of_memory", latency_s=1e9)
    nothing = points.assign(latency_s=0.0)
    exponents = growth_exponents(pd.concat([points, failed, nothing])).set_index("measure")
    assert exponents.loc["latency_s", "points"] == 6
    assert exponents.loc["peak_mb", "points"] == 12
    assert exponents.loc["latency_s", "nodes_both"] == pytest.approx(1)


@pytest.fixture
def points() -> pd.DataFrame:
    """An attention that stops at the middle graph, a perceptron that never does, and one that never answers."""
    rows = []
    for n in (10_000, 30_000, 100_000):
        rows.append(row_of("simplicial_mlp", n, 0.01, **laws(n, 10), answers_per_s=1.0))
        status = "ok" if n == 10_000 else "out_of_memory"
        found = laws(n, 99) | {"answers_per_s": 2.0} if n == 10_000 else {"preprocessing_s": 2.0}
        rows.append(row_of("gat", n, 0.01, status, **found) | {"reason": "no room" * (n > 10_000)})
        rows.append(row_of("gatv2", n, 0.01, "timed_out"))
    return points_table(rows)


def test_where_a_model_stops_is_its_smallest_point_without_an_answer(points):
    stops = first_stops(points.sample(frac=1, random_state=0))
    assert {name: tuple(end and end["n_nodes"] for end in ends) for name, ends in stops.items()} == {
        "simplicial_mlp": (100_000, None), "gat": (10_000, 30_000), "gatv2": (None, 10_000)
    }  # fmt: skip


def test_the_page_says_who_answers_at_the_largest_point_and_where_each_stops(points, tmp_path):
    points.to_csv(tmp_path / "points.csv", index=False)
    points = pd.read_csv(tmp_path / "points.csv")  # as the catalog gives it
    page = render_graph_scaling(points, growth_exponents(points), GraphScalingParams(memory_gib=7))
    assert page.startswith("# Networks on graphs as nodes and edges grow\n")
    assert "may hold 7 GiB of data" in page
    largest = page.split("## At the largest point")[1].split("##")[0]
    assert (
        "n = 100,000 and density 0.01 (49,999,500 edges). **An answer:** `simplicial_mlp` (300 ms, 0.01 MB;" in largest
    )
    assert "**No answer:** `gat` (out of memory in inference); `gatv2` (timed out in inference)." in largest
    assert (
        "- `simplicial_mlp` answers up to n = 100,000 and density 0.01 (49,999,500 edges), and stops nowhere." in page
    )
    assert (
        "- `gat` answers up to n = 10,000 and density 0.01 (499,950 edges); it stops first at n = 30,000 and density 0.01 "
        "(4,499,850 edges): out of memory in inference (no room)." in page
    )
    assert "- `gatv2` never answers; it stops first at n = 10,000" in page
    assert "| `simplicial_mlp` | latency | 3 | 1.00 | 1.00 | 0.50 | 1.00 | – | – | – |" in page
    assert "| 30,000 | 0.01 | 4,499,850 | `gat` | out of memory in inference | 2 s | – | – | – | – |" in page
    assert "Command: `kedro run" in page


def test_the_figure_has_a_line_for_every_model_crosses_where_it_stops_and_the_bound(points):
    figure = draw_graph_scaling(points, memory_gib=8)
    time, memory = figure.axes
    for panel in (time, memory):
        assert (panel.get_xscale(), panel.get_yscale()) == ("log", "log")
        named = [line for line in panel.lines if line.get_marker() == "None" and not line.get_label().startswith("_")]
        colours = {line.get_color(): line.get_label() for line in named}
        drawn = Counter(dict.fromkeys(colours.values(), 0))
        for line in panel.lines:
            if line.get_marker() in MARKERS and line.get_color() in colours:
                drawn[colours[line.get_color()]] += len(line.get_xdata())
        assert drawn == {"simplicial mlp": 3, "gat": 1, "gatv2": 0}
        assert [len(line.get_xdata()) for line in panel.lines if line.get_marker() == "x"] == [0, 2, 3]
    assert memory.lines[-1].get_ydata()[0] == 8 * 1024
    crosses = [line for line in time.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert min(min(line.get_ydata()) for line in crosses) > points["latency_s"].astype(float).max()


def test_a_figure_without_any_answer_is_drawn_too(points):
    figure = draw_graph_scaling(points[points["status"] != "ok"], memory_gib=8)
    assert all(len(line.get_xdata()) for panel in figure.axes for line in panel.lines if line.get_marker() == "x")


def test_more_models_than_colours_differ_by_their_lines():
    rows = [row_of(f"m{place}", 100, 0.1, latency_s=1.0, peak_mb=1.0) for place in range(12)]
    panel = draw_graph_scaling(points_table(rows), 8).axes[0]
    looks = {(line.get_color(), line.get_linestyle()) for line in panel.lines if line.get_marker() == "None"}
    assert len(looks) == 12


def test_a_graph_is_given_in_compressed_rows():
    graph = random_graph(20, 0.4, 2)
    assert isinstance(graph.adjacency, sparse.csr_array)
    np.testing.assert_array_equal(graph.rows(), graph.adjacency.tocoo().row)


def test_graphs_without_edges_and_bounds_beyond_what_is_free_are_refused():
    with pytest.raises(ValueError, match=r"nodes 10 at density 0\.001 have no edge"):
        GraphScalingParams(nodes=(10, 1_000), densities=(0.001,))
    check_free_memory(0.001)
    with pytest.raises(ParameterError, match=r"memory_gib is 1e\+06, and [\d.]+ GiB of memory are free"):
        check_free_memory(1e6)
