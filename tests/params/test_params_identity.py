"""What a cell is known by: parameters that say how, and those that came later, leave old cells known."""

import pytest
from pydantic import ValidationError

from topology_efficient_dl.params.graphs import DiffusionRecipe
from topology_efficient_dl.params.models import LevelSetRecipe, ModelSpec, Transforms
from topology_efficient_dl.params.series import IngestParams
from topology_efficient_dl.params.training import TrainParams


def test_a_parameter_that_came_later_changes_nothing_at_its_default() -> None:
    before, same = IngestParams(), IngestParams(held_out=0.0)
    assert "held_out" not in before.identity()
    assert before.identity() == same.identity()
    assert IngestParams(held_out=0.3).identity()["held_out"] == 0.3


def test_a_model_that_does_not_normalise_is_known_as_before() -> None:
    assert "normalise" not in ModelSpec(architecture="fcn").identity()
    assert ModelSpec(architecture="fcn", normalise=True).identity()["normalise"] is True


def test_cells_with_class_weights_of_before_they_reached_regressions_are_not_known() -> None:
    assert TrainParams().identity()["class_weights"] == "none"
    assert TrainParams(class_weights="balanced").identity()["class_weights"] != "balanced"


def test_what_stands_in_without_times_changes_no_recipe_of_before() -> None:
    assert not {name for name in DiffusionRecipe().identity() if name.startswith("untimed")}
    assert DiffusionRecipe(untimed_features="none").identity()["untimed_features"] == "none"


def test_where_files_lie_does_not_matter() -> None:
    assert IngestParams(root="a").identity() == IngestParams(root="b").identity()
    assert IngestParams(normalise=False).identity() != IngestParams().identity()


def test_an_environment_may_put_one_transform_in_the_place_of_a_choice() -> None:
    base = {"kind": "cross_validated", "candidates": [{"kind": "level_sets"}, {"kind": "minirocket"}], "folds": 3}
    merged = base | {"kind": "level_sets", "levels_per_filter": 7}
    assert Transforms.model_validate({"betti": merged}).root["betti"] == LevelSetRecipe(levels_per_filter=7)
    with pytest.raises(ValidationError, match="candidate"):
        Transforms.model_validate({"betti": {"kind": "level_sets", "candidate": []}})
    with pytest.raises(ValidationError, match="levels_per_filter"):
        Transforms.model_validate({"betti": base | {"levels_per_filter": 7}})
    for not_a_recipe in ("level_sets", {"kind": "rocket"}):
        with pytest.raises(ValidationError):
            Transforms.model_validate({"betti": not_a_recipe})
