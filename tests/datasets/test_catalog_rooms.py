"""Every room's items through the project's own catalog entries: saved, loaded, previewed, released."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from kedro.io import DataCatalog, DatasetError
from tests.graph_tasks import contacts, material
from tests.places import chdir

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.archive import SeriesArchive
from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.datasets.archives import SeriesArchiveDataset
from topology_efficient_dl.datasets.collection import CollectionDataset
from topology_efficient_dl.datasets.kinds import COLUMNS
from topology_efficient_dl.models.features import features_of_split
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.series import FiltrationParams, TdaRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.settings import CONFIG_LOADER_ARGS, CheckedConfigLoader
from topology_efficient_dl.tasks.cells import fit_cell, predict_cell
from topology_efficient_dl.tda.splits import diagrams_of_split

CONF = Path(__file__).parents[2] / "conf"
RECIPE = TdaRecipe(embedding="series", filtration="sublevel", homology_dimensions=(0,), n_bins=6, n_layers=1)


def equal(first, second) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def split() -> Split:
    rng = np.random.default_rng(0)
    series = {part: rng.normal(size=(6, 1, 20)).astype(np.float32) for part in PARTS}
    labels = {part: np.arange(6) % 2 for part in PARTS}
    return Split("Toy", series, labels, ("a", "ü"), "made up", ("one note",))


@pytest.fixture(scope="module")
def rooms(split):
    """One item of every room, each made from the one before."""
    diagrams = diagrams_of_split(split, RECIPE.filtration_params())
    features = features_of_split((diagrams, split), RECIPE)
    spec = ModelSpec(architecture="ph_mlp", size="small", features="default")
    model = fit_cell((split, ("ph_mlp", spec), 1, features), TrainParams(max_epochs=1, min_epochs=1))
    predictions = predict_cell((model, split, features))
    return {
        "splits": ("Toy", split),
        "persistence_diagrams": ("Toy/default", diagrams),
        "topological_features": ("Toy/default", features),
        "models": ("Toy/ph_mlp/1", model),
        "predictions": ("Toy/ph_mlp/1", predictions),
        "efficiency": ("Toy", [{"dataset": "Toy", "model": "ph_mlp", "flops": None}]),
    }


@pytest.fixture
def catalog(tmp_path):
    with chdir(tmp_path):
        yield DataCatalog.from_config(CheckedConfigLoader(str(CONF), env="smoke", **CONFIG_LOADER_ARGS)["catalog"])


@pytest.fixture
def saved(catalog, rooms):
    for entry, (key, value) in rooms.items():
        catalog.save(f"track_x.{entry}", {key: value})
    return catalog


def test_existence_follows_saving(catalog, rooms) -> None:
    assert not any(catalog.exists(f"track_x.{entry}") for entry in rooms)
    catalog.save("track_x.splits", {"Toy": rooms["splits"][1]})
    assert catalog.exists("track_x.splits")
    assert not catalog.exists("track_y.splits")


def test_a_split_comes_back(saved, split) -> None:
    loaded = saved.load("track_x.splits")["Toy"]
    assert equal(loaded.series, split.series)
    assert equal(loaded.labels, split.labels)
    assert (loaded.name, loaded.classes, loaded.source, loaded.notes) == ("Toy", ("a", "ü"), "made up", ("one note",))


def test_diagrams_come_back(saved, rooms) -> None:
    loaded = saved.load("track_x.persistence_diagrams")["Toy/default"]
    assert equal(loaded.to_arrays(), rooms["persistence_diagrams"][1].to_arrays())


def test_features_come_back(saved, rooms) -> None:
    loaded, original = saved.load("track_x.topological_features")["Toy/default"], rooms["topological_features"][1]
    assert loaded.recipe == original.recipe
    assert equal(loaded.parts, original.parts)
    assert equal(loaded.state, original.state)
    assert loaded.n_features == original.parts["test"].shape[1]


def test_a_model_comes_back_and_predicts_the_same(saved, rooms, split) -> None:
    loaded, original = saved.load("track_x.models")["Toy/ph_mlp/1"], rooms["models"][1]
    assert loaded.card == json.loads(json.dumps(original.card))
    series = split.series["test"]
    np.testing.assert_array_equal(loaded.predictor()(series), original.predictor()(series))


def test_tables_and_rows_come_back(saved, rooms) -> None:
    pd.testing.assert_frame_equal(saved.load("track_x.predictions")["Toy/ph_mlp/1"], rooms["predictions"][1])
    assert saved.load("track_x.efficiency")["Toy"] == rooms["efficiency"][1]


def test_what_track_b_makes_comes_back(catalog) -> None:
    made, spread = material(contacts(), "propagated"), material(contacts(), "diffused")
    rooms = {
        "splits": {"school": contacts()},
        "simplicial_complexes": {"school": made.complex},
        "simplicial_groups": {"school": made.groups},
        "simplicial_features": {"school/propagated": made.features, "school/diffused": spread.features},
    }
    for entry, items in rooms.items():
        catalog.save(f"track_b.{entry}", items)
        loaded = catalog.load(f"track_b.{entry}")
        for key, value in items.items():
            assert type(loaded[key]) is type(value)
            assert equal(loaded[key].to_arrays(), value.to_arrays()), key


def test_diagrams_are_previewed_as_a_figure(saved) -> None:
    preview = saved.get("track_x.persistence_diagrams").preview(sample=2)
    figure = go.Figure(json.loads(json.dumps(preview)))
    assert figure.layout.title.text.startswith("Toy/default: Persistence diagram of sample 2")
    assert {trace.name for trace in figure.data if trace.name} == {"H0"}
    assert saved.get("track_x.persistence_diagrams").preview(key="Toy/default")["layout"]["title"]


def test_models_are_previewed_as_their_cards(saved) -> None:
    preview = saved.get("track_x.models").preview()
    assert preview["columns"] == list(COLUMNS)
    assert dict(zip(preview["columns"], preview["data"][0], strict=True)).items() >= {
        "dataset": "Toy", "model": "ph_mlp", "seed": 1, "epochs": 2
    }.items()  # fmt: skip
    json.dumps(preview)


def test_other_collections_are_previewed_as_sizes(saved) -> None:
    preview = saved.get("track_x.predictions").preview()
    ((key, size, seconds),) = preview["data"]
    assert key == "Toy/ph_mlp/1"
    assert size > 0
    assert seconds >= 0


def test_release_lets_a_newer_version_be_read(catalog, split) -> None:
    catalog.save("track_x.splits", {"Old": split})
    reader = catalog.get("track_x.splits")
    assert list(reader.load()) == ["Old"]
    reader.release()
    assert reader.exists()
    assert list(reader.load()) == ["Old"]


def test_the_items_are_found_from_any_folder(catalog, rooms, tmp_path, monkeypatch) -> None:
    """Kedro makes `filepath` absolute and leaves `items` as written; a notebook runs in another folder."""
    options = {"codec": "split", "items": "../items"}
    path = tmp_path / "data" / "02_intermediate" / "run" / "splits.json"
    CollectionDataset(filepath=str(path), **options).save({"Toy": rooms["splits"][1]})
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    dataset = CollectionDataset(filepath=str(path), **options)
    assert dataset.store.root == str(tmp_path / "data" / "02_intermediate" / "items")
    assert dataset.load()["Toy"].name == "Toy"


@pytest.mark.parametrize(
    ("filepath", "items", "root"),
    [
        ("/a/data/x/y.json", "../../items", "/a/items"),
        ("/a/x/y.json", "items", "/a/x/items"),
        ("memory://host/a/x/y.json", "../items", "/a/items"),
        ("/a/x/y.json", "/b/items", "/b/items"),
    ],
)
def test_items_lie_relative_to_the_manifest(filepath: str, items: str, root: str) -> None:
    store = CollectionDataset(filepath=filepath, codec="json", items=items).store
    assert store.root == root


def test_the_series_archive_is_read_only_and_lazy(tmp_path) -> None:
    dataset = SeriesArchiveDataset(filepath=str(tmp_path / "nowhere"))
    assert dataset.exists()
    assert isinstance(dataset.load(), SeriesArchive)
    with pytest.raises(DatasetError, match="holds raw data and is read only"):
        dataset.save("anything")
    assert not (tmp_path / "nowhere").exists()


def test_a_lazy_collection_is_computed_when_it_is_saved(catalog, split) -> None:
    params = FiltrationParams(embedding="series", filtration="sublevel", homology_dimensions=(0,))
    catalog.save("track_x.persistence_diagrams", Collection.of({"Toy": split.name}).map(_diagrams, params))
    assert len(catalog.load("track_x.persistence_diagrams")["Toy"]) == 2


def _diagrams(name: str, params: FiltrationParams):
    series = {part: np.zeros((1, 1, 8), np.float32) for part in PARTS}
    split = Split(name, series, {part: np.zeros(1, np.int64) for part in PARTS}, ("a", "b"), "")
    return diagrams_of_split(split, params).select(slice(0, 2))
