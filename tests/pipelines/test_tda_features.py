"""Which diagrams and vectors are computed: those that a chosen model reads. Nothing is evaluated here but what is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.models import ModelSpec, Zoo
from topology_efficient_dl.params.series import TdaParams
from topology_efficient_dl.params.training import ParallelParams
from topology_efficient_dl.pipelines.tda_features.nodes import draw_level_sets, extract_diagrams, vectorise_diagrams
from topology_efficient_dl.reports.level_set_figure import draw_level_sets as picture

TDA = TdaParams(
    embedding="series",
    filtration="sublevel",
    homology_dimensions=(0,),
    n_bins=8,
    variants={"default": {}, "up": {"filtration": "superlevel"}, "fine": {"n_bins": 16}},
)
ZOO = Zoo(
    {
        "first": ModelSpec(architecture="ph_mlp", features="default"),
        "second": ModelSpec(architecture="ph_mlp", features="up"),
        "third": ModelSpec(architecture="ph_mlp", features="fine"),
        "again": ModelSpec(architecture="ph_mlp", features="default", size="small"),
        "ridge": ModelSpec(architecture="ridge", features="betti"),
        "series": ModelSpec(architecture="fcn"),
    }
)
ALONE = ParallelParams(backend="sequential", jobs=1)
VARIANTS = {
    "first": ["default"],
    "second first": ["default", "up"],  # in the order of the variants
    "first again": ["default"],
    "first second third ridge series": ["default", "up", "fine"],
    "series third": ["fine"],
    "ridge": [],
    "series": [],
    "ridge series": [],
}


def split(name: str, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    parts = {part: rng.normal(size=(n, 1, 20)).astype(np.float32) for part, n in
             (("train", 4), ("validation", 2), ("test", 2))}  # fmt: skip
    return Split(name, parts, {part: np.arange(len(x)) % 2 for part, x in parts.items()}, ("0", "1"), "made up")


@pytest.fixture
def splits() -> Collection[Split]:
    return Collection.of({"Alpha": split("Alpha", 0), "Beta": split("Beta", 1)})


@pytest.mark.parametrize("models", VARIANTS)
def test_the_variants_are_those_that_the_chosen_models_read(splits, models: str) -> None:
    names = Names.model_validate(models)
    expected = [f"{dataset}/{variant}" for variant in VARIANTS[models] for dataset in ("Alpha", "Beta")]
    diagrams = extract_diagrams(splits, TDA, names, ZOO, ALONE)
    assert list(diagrams) == expected
    assert list(vectorise_diagrams(diagrams, splits, TDA, names, ZOO)) == expected


def test_a_variant_is_the_same_cell_whichever_others_are_computed(splits) -> None:
    alone, many = (
        extract_diagrams(splits, TDA, Names(names), ZOO, ALONE) for names in (("second",), ("first", "second"))
    )
    for key, item in alone.items_by_key.items():
        assert many.items_by_key[key].fingerprint == item.fingerprint
    prints = {key: item.fingerprint for key, item in many.items_by_key.items()}
    assert prints["Alpha/default"] != prints["Alpha/up"]


def test_vectors_are_made_of_what_is_read_even_if_more_diagrams_are_there(splits) -> None:
    diagrams = extract_diagrams(splits, TDA, Names(("first", "third")), ZOO, ALONE)
    features = vectorise_diagrams(diagrams, splits, TDA, Names(("third",)), ZOO)
    assert list(features) == ["Alpha/fine", "Beta/fine"]
    found = features["Beta/fine"]
    assert {part: len(vectors) for part, vectors in found.parts.items()} == {"train": 4, "validation": 2, "test": 2}
    coarse = vectorise_diagrams(diagrams, splits, TDA, Names(("first",)), ZOO)["Beta/default"]
    assert found.n_features == 2 * coarse.n_features


def test_the_picture_is_of_the_first_train_series_of_the_first_set(splits) -> None:
    drawn = draw_level_sets(splits).axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, splits["Alpha"].series["train"][0, 0])
    expected = picture(splits["Alpha"].series["train"][0, 0])
    assert [panel.get_title(loc="left") for panel in draw_level_sets(splits).axes] == [
        panel.get_title(loc="left") for panel in expected.axes
    ]


def test_the_command_line_computes_the_variant_that_is_read(project) -> None:
    variants = "tda.variants.near.delay=2,tda.variants.coarse.n_bins=4,zoo.ph_mlp.features=near"
    result = project.run("--to-outputs", "track_a.topological_features", params=variants)
    assert result.code == 0, result.output
    assert result.todo == {"splits": 1, "persistence_diagrams": 1, "topological_features": 1}
    assert list(project.load("track_a.persistence_diagrams")) == ["Toy/near"]
    assert list(project.load("track_a.topological_features")) == ["Toy/near"]
