"""Track B through the command line: the smoke run, what lies in the catalog afterwards, and what mistakes say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.places import chdir

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.evaluation.summary import EXTRA_KEYS, RESULT_KEYS
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.pipeline_registry import register_pipelines
from topology_efficient_dl.pipelines.ingest import nodes as ingest

PIPELINES = register_pipelines()
ENTRIES = sorted(
    name
    for name in PIPELINES["track_b"].all_outputs() | PIPELINES["track_b"].inputs()
    if not name.startswith("params:")
)
COLLECTIONS = {
    "splits", "simplicial_complexes", "simplicial_groups", "simplicial_features", "models", "predictions", "efficiency"
}  # fmt: skip
QUICK = "parallel.backend=sequential,efficiency.memory=false"
BUILD = ("--pipelines", "simplicial_build")
PREDICTIONS = ("--pipelines", "track_b", "--to-outputs", "track_b.predictions")


@pytest.fixture(scope="module")
def track(make_project: Callable):
    """A project in which track B was run once, on the smoke environment."""
    project = make_project()
    result = project.run("--pipelines", "track_b", env="smoke", params=QUICK)
    assert result.code == 0, result.output
    assert set(result.cells) == COLLECTIONS
    assert all(done == 0 < todo for _, done, todo in result.cells.values())
    return project


@pytest.fixture(scope="module")
def toy(make_project: Callable, tmp_path_factory: pytest.TempPathFactory):
    """A project with a folder of small graphs, some of them wrong."""
    project = make_project()
    project.graphs = tmp_path_factory.mktemp("graphs")
    return project


@pytest.fixture
def graph_root(toy, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GRAPH_ROOT is that folder."""
    monkeypatch.setenv("GRAPH_ROOT", str(toy.graphs))
    return toy.graphs


def chosen(track) -> tuple[str, ...]:
    """Models of the smoke run, in order."""
    results = track.load("track_b.results", "smoke")
    return tuple(results["model"].unique())


def put(folder: Path, name: str, **content) -> None:
    """A graph.json in a folder of its name."""
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "graph.json").write_text(json.dumps(content))


def office(labels=("a", "b"), n: int = 12):
    """Nodes in two rooms, each with everybody of its room in contact."""
    nodes = [{"id": k, "label": labels[k % 2]} for k in range(n)]
    contacts = [[20 * k, u, v] for k in range(3) for u in range(n) for v in range(u + 2, n, 2)]
    return {"nodes": nodes, "contacts": contacts}


def test_the_registry_names_track_b_and_its_parts() -> None:
    assert {"simplicial_build", "train_b", "evaluate_b", "track_b"} <= set(PIPELINES)
    parts = ("simplicial_build", "train_b", "evaluate_b")
    assert {node.name for node in PIPELINES["track_b"].nodes} == {
        node.name for part in parts for node in PIPELINES[part].nodes
    }
    assert not {entry for entry in PIPELINES["track_b"].all_outputs() if not entry.startswith("track_b.")}


def test_a_second_run_computes_nothing(track) -> None:
    result = track.run("--pipelines", "track_b", env="smoke", params=QUICK)
    assert result.code == 0, result.output
    assert result.todo == dict.fromkeys(COLLECTIONS, 0)


@pytest.mark.parametrize("name", ["train_b", "evaluate_b"])
def test_a_part_runs_by_its_own_name_and_computes_nothing_again(track, name: str) -> None:
    result = track.run("--pipeline", name, env="smoke", params=QUICK)
    assert result.code == 0, result.output
    assert set(result.todo.values()) == {0}


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_of_the_catalog_exists_and_loads(track, name: str) -> None:
    dataset = track.dataset(name, "smoke")
    assert dataset.exists()
    if name.endswith("_image"):  # Kedro only writes images
        assert Path(dataset._get_load_path()).read_bytes().startswith(b"\x89PNG")
    else:
        assert dataset.load() is not None


def test_a_window_of_its_own_makes_another_complex_and_keeps_the_first(track) -> None:
    before = track.load("track_b.simplicial_complexes", "smoke")["planted_contacts"]
    result = track.run(*BUILD, env="smoke", params=f"{QUICK},simplicial.time_window=120")
    assert result.code == 0, result.output
    assert result.todo["splits"] == 0
    assert result.todo["simplicial_complexes"] == result.todo["simplicial_groups"] == 1
    assert set(result.todo) == COLLECTIONS - {"models", "predictions", "efficiency"}
    wider = track.load("track_b.simplicial_complexes", "smoke")["planted_contacts"]
    assert wider.counts[1] == before.counts[1]
    assert wider.counts[2] >= before.counts[2]
    assert wider.weights[1].sum() < before.weights[1].sum()
    assert track.run(*BUILD, env="smoke", params=QUICK).todo == dict.fromkeys(result.todo, 0)


def test_the_complex_is_that_of_the_task(track) -> None:
    with chdir(track.root):
        tasks = track.load("track_b.splits", "smoke")
        assert isinstance(tasks, Collection)
        task = tasks["planted_contacts"]
        assert isinstance(task, GraphTask)
        complex_ = track.load("track_b.simplicial_complexes", "smoke")["planted_contacts"]
    met = {tuple(pair) for pair in task.graph.pairs.tolist()}
    assert {tuple(pair) for pair in complex_.simplices[1].tolist()} == met
    assert complex_.n_nodes == task.n_nodes == 32


def test_predictions_are_of_the_test_nodes_of_every_draw(track) -> None:
    task = track.load("track_b.splits", "smoke")["planted_contacts"]
    predictions = track.load("track_b.predictions", "smoke")
    assert len(predictions) == 2 * len(chosen(track))
    for key in predictions:
        table = predictions[key]
        rows = task.parts(int(key.split("/")[2]))["test"]
        assert table["index"].tolist() == rows.tolist()
        assert table["label"].tolist() == task.labels[rows].tolist()


def test_results_have_the_keys_of_the_contract(track) -> None:
    results = track.load("track_b.results", "smoke")
    assert {*RESULT_KEYS, *EXTRA_KEYS} == set(results.columns)
    assert results["seeds"].unique().tolist() == ["[0, 1]"]
    assert results[["accuracy_mean", "f1_macro_mean", "auroc_mean"]].stack().between(0, 1).all()
    assert (results[["params", "latency_ms_b1", "model_latency_ms_b1", "throughput"]] > 0).all(axis=None)


def test_every_proposal_is_judged_against_every_baseline(track) -> None:
    verdicts = track.load("track_b.verdicts", "smoke")
    found = {(each["model"], each["baseline"]) for each in verdicts}
    proposals = {model for model, _ in found}
    assert found == {(model, baseline) for model in proposals for baseline in ("gat", "gatv2", "graph_transformer")}
    assert {"simplicial_nn", "simplicial_operators", "simplicial_mlp"} <= proposals
    for verdict in verdicts:
        assert verdict["metric"] == "f1_macro"
        assert verdict["status"] in {"confirmed", "refuted", "inconclusive"}
        assert "peak memory" in verdict["criterion"]


@pytest.mark.parametrize("entry", ["track_b.report_markdown", "track_b.report_html"])
def test_the_report_names_every_dataset_model_and_verdict(track, entry: str) -> None:
    text = track.load(entry, "smoke")
    assert "Track B" in text
    assert "planted_contacts" in text
    for name in chosen(track):
        assert name in text or display_name(name) in text
    for verdict in track.load("track_b.verdicts", "smoke"):
        assert verdict["status"] in text.lower()
    assert str(track.root) not in text


def test_validation_in_the_place_of_test_has_a_name_of_its_own(track) -> None:
    params = f"{QUICK},graphs.held_out=true,graphs.label_share=0.7,track_b.models=gcn,track_b.seeds=0"
    result = track.run(*PREDICTIONS, env="smoke", params=params)
    assert result.code == 0, result.output
    assert list(track.load("track_b.predictions", "smoke")) == ["planted_contacts_held_out/gcn/0"]
    task = track.load("track_b.splits", "smoke")["planted_contacts_held_out"]
    assert task.held_out
    assert result.todo["splits"] == 1


def test_groups_are_made_where_a_model_or_a_recipe_reads_them(track) -> None:
    few = f"{QUICK},track_b.models=gcn"
    result = track.run(*BUILD, env="smoke", params=few)
    assert result.cells["simplicial_groups"] == (0, 0, 0)
    by_groups = f"{few} simplicial_mlp,propagation.propagated.operators=[groups]"
    result = track.run(*BUILD, env="smoke", params=by_groups)
    assert result.code == 0, result.output
    assert result.cells["simplicial_groups"][0] == 1
    features = track.load("track_b.simplicial_features", "smoke")
    assert features["planted_contacts/propagated"].names == ("own", "groups^1", "groups^2")


def assert_message(result, *parts: str) -> None:
    """Exactly one message, with all of these parts."""
    assert result.code == 1, result.output
    assert result.output.count("Error: ") == 1, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.output


MISTAKES = {
    "models=tiny_cnn": ["models: this pipeline does not read it; write track_b.models"],
    "track_b.datasets=planted_contact": ("graph 'planted_contact' not found; did you mean 'planted_contacts'?",),
    "track_b.models=gta": ("unknown model 'gta'; did you mean 'gat'?",),
    "track_b.models=tiny_cnn": ("track_b.models: 'tiny_cnn' is a model of series. Models of graphs are: gcn",),
    "track_b.models=ph_mlp": ("track_b.models: 'ph_mlp' is a model of series",),
    "track_b.model=gat": ("track_b: unknown parameter 'model'; did you mean 'models'?",),
    "models=gat": ("models: 'gat' is a model of graphs. Name it in track_b.models",),
    "models=simplicial_mlp": ("models: 'simplicial_mlp' is a model of graphs. Name it in track_b.models",),
    "simplicial.max_simplices=10": ("cell 'planted_contacts'", "simplicial.max_simplices allows 10", "or raise"),
    "simplicial.method=clique,simplicial.max_simplices=10": ("simplicial.max_simplices allows 10",),
    "simplicial.method=cliqe": ("simplicial.method", "'clique'", "found 'cliqe'"),
    "simplicial.time_windw=3": ("simplicial: unknown parameter 'time_windw'; did you mean 'time_window'?",),
    "graphs.root=nowhere": ("no folder 'nowhere'",),
    "graphs.label_share=2": ("graphs.label_share", "less than 1", "found 2"),
    "graphs.planted.class_size=1": ("graphs.planted", "greater than or equal to 2"),
    "propagation.propagated.operators=[wieght]": (
        "propagation.propagated.operators: no operator 'wieght'; did you mean 'weight'?",
    ),
    "zoo.simplicial_mlp.features=propagatd": (
        "zoo.simplicial_mlp.features: no variant 'propagatd'; did you mean 'propagated'?",
        "Add it to propagation",
    ),
    "track_b.evaluate.x_axis=latency": ("track_b.evaluate.x_axis: no column 'latency'",),
    "node_features.given=false,node_features.activity_minutes=null,node_features.statistics=false": (
        "'planted_contacts' has no features of nodes",
        "Set node_features.statistics=true",
    ),
}


@pytest.mark.usefixtures("graph_root")
@pytest.mark.parametrize("params", MISTAKES)
def test_wrong_parameters(toy, params: str) -> None:
    assert_message(toy.run(*BUILD, env="smoke", params=f"{QUICK},{params}"), *MISTAKES[params])


@pytest.mark.parametrize(
    "params", ["track_b.models=tiny_cnn", "propagation.propagated.operators=[wieght]", "models=gat"]
)
def test_wrong_names_are_seen_before_anything_runs(toy, params: str) -> None:
    result = toy.run(*BUILD, env="smoke", params=f"{QUICK},{params}")
    assert (result.code, result.cells) == (1, {})


@pytest.mark.usefixtures("graph_root")
def test_a_draw_beyond_the_splits_is_named(toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Official splits do not come in a graph.json: the task of this one is given one."""
    put(toy.graphs, "club", nodes=office()["nodes"], edges=[[k, (k + 2) % 12] for k in range(12)])
    masks = {part: np.arange(12)[None] % 3 == [[k]] for k, part in enumerate(("train", "validation", "test"))}
    read = ingest.read_task

    def with_splits(source, params):
        task = read(source, params)
        return replace(task, graph=replace(task.graph, masks=masks))

    monkeypatch.setattr(ingest, "read_task", with_splits)
    params = f"{QUICK},track_b.datasets=club,track_b.models=gcn,track_b.seeds=0 1"
    result = toy.run(*PREDICTIONS, env="smoke", params=params)
    assert_message(result, "track_b.seeds: 'club' has 1 splits, 0 to 0, and 1 was asked for")
    assert "models" not in result.cells, "before the first fit"


def test_a_graph_of_ones_own_runs_and_a_mistake_in_it_is_named(toy, graph_root: Path) -> None:
    put(graph_root, "office", **office())
    params = f"{QUICK},track_b.datasets=office,track_b.models=gcn,track_b.seeds=0,graphs.label_share=0.5"
    result = toy.run(*PREDICTIONS, env="smoke", params=params)
    assert result.code == 0, result.output
    assert toy.load("track_b.splits", "smoke")["office"].source == f"office/graph.json in {graph_root.name}"
    content = office()
    content["contacts"][3][1] = "eve"
    put(graph_root, "strange", **content)
    put(graph_root, "unlabelled", **office(labels=(None, None)))
    for name, parts in {
        "strange": ("cell 'strange'", "graph.json", "contacts[3]", "'eve'"),
        "unlabelled": ("cell 'unlabelled/gcn/0'", "'unlabelled' has labels of 0 class(es)", "graphs.options"),
    }.items():
        result = toy.run(*PREDICTIONS, env="smoke", params=params.replace("=office", f"=office {name}"))
        assert_message(result, *parts)
    assert result.cells["splits"][0] == 2


def test_a_complex_is_built_of_a_graph_without_labels(toy) -> None:
    """The event data that ship with networkx."""
    result = toy.run(*BUILD, env="smoke", params=f"{QUICK},track_b.datasets=southern_women")
    assert result.code == 0, result.output
    complex_ = toy.load("track_b.simplicial_complexes", "smoke")["southern_women"]
    assert complex_.counts[:2] == (18, 139)
