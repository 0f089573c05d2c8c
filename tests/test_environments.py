"""Every conf environment: valid parameters, models that can be built, recipes that are allowed, folders of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DataCatalog
from pydantic import BaseModel

from topology_efficient_dl.data.forecasting import SERIES
from topology_efficient_dl.datasets.kinds import GraphTasksDataset, SplitsDataset
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.registry import build_model, find_architecture
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.graphs import OWN
from topology_efficient_dl.params.groups import GROUPS
from topology_efficient_dl.params.models import LevelSetRecipe, ModelSpec, Zoo
from topology_efficient_dl.params.series import FiltrationParams, TdaParams
from topology_efficient_dl.settings import CONFIG_LOADER_ARGS, CheckedConfigLoader
from topology_efficient_dl.tda.combinations import check_combination

CONF = Path(__file__).parents[1] / "conf"
STUDIES = sorted(f"studies/{folder.name}" for folder in (CONF / "studies").iterdir())
ENVIRONMENTS = ["base", "smoke", "gpu", *STUDIES]
SHARED_ENTRIES = (
    "splits", "data_card", "models", "predictions", "training_log", "scores", "efficiency", "results", "statistics",
    "verdicts", "pareto", "pareto_image", "report_markdown", "report_html",
)  # fmt: skip
ENTRIES = (*SHARED_ENTRIES, "persistence_diagrams", "topological_features")
PROPOSALS = {"ph_mlp", "ph_hybrid", "betti_ridge", "betti_mlp", "betti_tiny"}


def config_of(environment: str) -> CheckedConfigLoader:
    return CheckedConfigLoader(str(CONF), env=environment, **CONFIG_LOADER_ARGS)


def groups_of(environment: str) -> dict[str, Any]:
    """The environment's parameters as typed models; raises where one is wrong."""
    raw = config_of(environment)["parameters"]
    assert set(raw) == set(GROUPS)
    return {name: _typed(GROUPS[name], value) for name, value in raw.items()}


def _typed(kind: type[BaseModel], value: Any) -> BaseModel:
    return kind.model_validate(value)


def chosen_models(environment: str) -> dict[str, ModelSpec]:
    groups = groups_of(environment)
    zoo, names = groups["zoo"], groups["models"]
    assert isinstance(zoo, Zoo)
    assert isinstance(names, Names)
    return zoo.pick(names)


def test_the_documentation_lists_the_environments() -> None:
    page = (CONF.parent / "docs" / "commands.md").read_text(encoding="utf-8")
    section = page.split("| environment | what it is |")[1].split("\n\n")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
    studies = page.split("| study | what it is | needs |")[1].split("\n\n")[0]
    listed |= {f"studies/{name}" for name in re.findall(r"^\| `(\w+)` \|", studies, flags=re.MULTILINE)}
    assert listed == set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameters_are_valid(environment: str) -> None:
    groups_of(environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_model_that_is_named_can_be_built(environment: str) -> None:
    for spec in chosen_models(environment).values():
        shape = {"n_channels": 1, "n_timepoints": 40, "n_classes": 3, "n_features": 12}
        network = build_model(spec.architecture, spec.size, spec.options, **shape)
        assert any(weight.requires_grad for weight in network.parameters())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_entry_of_the_zoo_has_an_architecture_and_the_features_it_reads(environment: str) -> None:
    groups = groups_of(environment)
    there_are = [*groups["tda"].recipes(), *groups["transforms"].root]
    assert len(set(there_are)) == len(there_are)
    for name, spec in groups["zoo"].root.items():
        architecture = find_architecture(spec.architecture)
        if architecture.of_graphs:
            assert spec.features in {None, *groups["propagation"].root}, name
        else:
            assert (spec.features in there_are) if architecture.reads == "features" else spec.features is None, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_head_in_closed_form_is_single_and_reads_a_transform_or_kernels(environment: str) -> None:
    groups = groups_of(environment)
    kernels = {name for name, recipe in groups["propagation"].root.items() if recipe.kind == "diffusion"}
    for name, spec in groups["zoo"].root.items():
        architecture = find_architecture(spec.architecture)
        if architecture.solver != "gradient":
            assert spec.features in (kernels if architecture.of_graphs else groups["transforms"].root), name
            assert spec.members == 1, name


def test_every_transform_and_every_propagation_is_read_by_a_model() -> None:
    groups = groups_of("base")
    read = {spec.features for spec in groups["zoo"].root.values()}
    assert set(groups["transforms"].root) <= read
    assert set(groups["propagation"].root) - {OWN} <= read


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_variant_is_an_allowed_combination(environment: str) -> None:
    for recipe in groups_of(environment)["tda"].recipes().values():
        check_combination(recipe.filtration_params())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_baseline_is_among_the_models_and_so_is_a_proposal(environment: str) -> None:
    chosen = chosen_models(environment)
    assert groups_of(environment)["evaluate"].baseline in chosen
    assert any(spec.role == "proposal" for spec in chosen.values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_track_b_has_its_baselines_a_proposal_and_models_of_graphs_alone(environment: str) -> None:
    groups = groups_of(environment)
    track = groups["track_b"]
    chosen = groups["zoo"].pick(track.models)
    assert {track.evaluate.baseline, *track.evaluate.further_baselines} <= set(chosen)
    assert any(spec.role == "proposal" for spec in chosen.values())
    assert all(find_architecture(spec.architecture).of_graphs for spec in chosen.values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_forecasts_are_made_by_networks_of_series_of_series_that_are_there(environment: str) -> None:
    groups = groups_of(environment)
    forecast = groups["forecast"]
    assert set(forecast.datasets.root) <= set(SERIES)
    for spec in groups["zoo"].pick(forecast.models).values():
        assert find_architecture(spec.architecture).reads == "series"
    assert any(recipe.is_tensor for recipe in forecast.compression.recipes().values())
    assert {"continued", "small_dense"} <= {recipe.method for recipe in forecast.compression.recipes().values()}


def test_every_environment_writes_to_folders_of_its_own() -> None:
    names = {environment: config_of(environment)["globals"]["run"] for environment in ENVIRONMENTS}
    assert names == {environment: environment.removeprefix("studies/") for environment in ENVIRONMENTS}
    assert len(set(names.values())) == len(ENVIRONMENTS)


def test_without_an_environment_a_run_writes_to_the_folders_of_the_base(tmp_path: Path) -> None:
    assert config_of("local")["globals"]["run"] == "base"
    (tmp_path / "base").mkdir()
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "globals.yml").write_text("run: mine\n")
    loaded = CheckedConfigLoader(str(tmp_path), **CONFIG_LOADER_ARGS)
    assert loaded["globals"]["run"] == "mine"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_catalog_resolves_every_entry_of_track_a(environment: str) -> None:
    catalog = DataCatalog.from_config(config_of(environment)["catalog"])
    for entry in ENTRIES:
        dataset = catalog[f"track_a.{entry}"]
        assert f"/{environment.removeprefix('studies/')}/track_a/" in str(dataset._describe()["filepath"]), entry


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_catalog_resolves_every_entry_of_track_b(environment: str) -> None:
    catalog = DataCatalog.from_config(config_of(environment)["catalog"])
    for entry in (*SHARED_ENTRIES, "simplicial_complexes", "simplicial_groups", "simplicial_features"):
        dataset = catalog[f"track_b.{entry}"]
        assert f"/{environment.removeprefix('studies/')}/track_b/" in str(dataset._describe()["filepath"]), entry
    assert isinstance(catalog["track_b.splits"], GraphTasksDataset)
    assert isinstance(catalog["track_a.splits"], SplitsDataset)


def test_the_protocol_is_that_of_the_earlier_attempt_with_every_model_of_series() -> None:
    groups, chosen = groups_of("studies/protocol"), chosen_models("studies/protocol")
    assert set(groups["datasets"].root) == {
        "ECG200", "FordA", "ElectricDevices", "Wafer", "UWaveGestureLibraryAll"
    }  # fmt: skip
    assert groups["seeds"].root == (42, 123, 456)
    of_series = {
        name for name, spec in groups["zoo"].root.items() if not find_architecture(spec.architecture).of_graphs
    }
    assert set(chosen) == of_series - {
        "betti_beta0",
        "transformer_wide",
    }  # an ablation, and one that track C makes smaller
    assert {name for name, spec in chosen.items() if spec.role == "proposal"} == PROPOSALS
    recipe = groups["tda"].recipes()["default"]
    assert (recipe.embedding, recipe.dimension, recipe.delay, recipe.filtration) == ("takens", 3, 5, "rips")


def test_the_ablation_has_one_model_per_variant_and_each_changes_something() -> None:
    groups, chosen = groups_of("studies/ablation_a"), chosen_models("studies/ablation_a")
    recipes = groups["tda"].recipes()
    read = [spec.features for spec in chosen.values() if spec.role == "proposal"]
    assert sorted(read) == sorted(recipes)
    assert len({recipe.model_dump_json() for recipe in recipes.values()}) == len(recipes)
    assert {name for name in chosen if name.startswith("ph_mlp_")} == {f"ph_mlp_{name}" for name in recipes} - {
        "ph_mlp_default"
    }


def test_the_ablation_covers_every_axis() -> None:
    groups = groups_of("studies/ablation_a")
    tda: TdaParams = groups["tda"]
    recipes = list(tda.recipes().values())
    windows = [recipe for recipe in recipes if recipe.embedding == "sliding_window"]
    takens = [recipe for recipe in recipes if recipe.embedding == "takens"]
    assert {recipe.window for recipe in windows} == {16, 32, 64, 128}
    assert {recipe.dimension for recipe in takens} == {2, 3, 4, 5}
    assert {recipe.homology_dimensions for recipe in takens} == {(0,), (0, 1)}
    assert {recipe.vectorization for recipe in recipes} == {
        "landscape", "image", "silhouette", "betti_curve", "entropy", "statistics"
    }  # fmt: skip
    assert {recipe.filtration for recipe in recipes} == {"rips", "alpha", "cubical", "sublevel", "superlevel"}


def test_the_ablation_fits_the_lengths_of_its_sets() -> None:
    """GunPoint has 150 time points and ArrowHead 251."""
    from topology_efficient_dl.tda.extraction import sample_diagram

    series = np.random.default_rng(0).normal(size=(1, 150)).astype(np.float32)
    for recipe in groups_of("studies/ablation_a")["tda"].recipes().values():
        assert len(sample_diagram(series, recipe.filtration_params())) > 0


@pytest.mark.parametrize("environment", ["studies/ablation_betti", "studies/design_a"])
def test_every_transform_changes_one_thing_of_betti_and_no_two_the_same(environment: str) -> None:
    transforms, base = groups_of(environment)["transforms"].root, groups_of("base")["transforms"].root
    fixed = transforms["fixed"].model_dump()
    own = {
        name: recipe.model_dump()
        for name, recipe in transforms.items()
        if name not in base and isinstance(recipe, LevelSetRecipe)
    }
    assert transforms["fixed"] == base["betti"].candidates[0]
    for name, recipe in own.items():
        assert len([key for key, value in recipe.items() if value != fixed[key]]) == (name != "fixed"), name
    assert len({repr(recipe) for recipe in own.values()}) == len(own) >= 10


@pytest.mark.parametrize("environment", ["studies/ablation_betti", "studies/design_a"])
def test_every_change_of_betti_has_a_model_that_differs_in_it_alone(environment: str) -> None:
    groups, chosen = groups_of(environment), chosen_models(environment)
    own = groups["transforms"].root.keys() - groups_of("base")["transforms"].root.keys()
    assert groups["evaluate"].baseline == next(iter(chosen)) == "betti_fixed"
    assert set(chosen) == {"betti_ridge"} | {f"betti_{name}" for name in own}
    for name, spec in chosen.items():
        features = "betti" if name == "betti_ridge" else name.removeprefix("betti_")
        assert spec == chosen["betti_ridge"].model_copy(update={"features": features}), name


def test_the_ablation_of_betti_takes_every_default_statistic_alone_and_every_default_view() -> None:
    groups = groups_of("studies/ablation_betti")
    recipes = groups["transforms"].root
    betti = recipes["betti"].candidates[0]
    for axis in ("statistics", "representations"):
        alone = {getattr(recipe, axis) for recipe in recipes.values() if isinstance(recipe, LevelSetRecipe)}
        assert {(name,) for name in getattr(betti, axis)} <= alone


def test_a_bold_choice_differs_from_the_default_in_its_rule_alone() -> None:
    transforms = groups_of("studies/design_a")["transforms"].root
    assert transforms["bold"] == transforms["betti"].model_copy(update={"standard_errors": 0})


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_designs_are_compared_on_a_part_of_train_and_results_are_not(environment: str) -> None:
    held_out = groups_of(environment)["ingest"].held_out
    assert held_out == (pytest.approx(0.33) if environment in ("studies/design_a", "studies/design_c") else 0)


@pytest.mark.parametrize("environment", ["studies/archive", "studies/ablation_betti", "studies/design_a"])
def test_environments_over_the_archive_take_what_is_there_and_stop_at_nothing(environment: str) -> None:
    groups = groups_of(environment)
    assert groups["datasets"].root == ("all",)
    assert groups["ingest"].skip_unavailable


@pytest.mark.parametrize("environment", ["studies/archive", "studies/peers_a"])
def test_level_sets_meet_both_peers(environment: str) -> None:
    chosen = chosen_models(environment)
    assert {"betti_ridge", "minirocket", "multirocket_hydra"} <= set(chosen)
    assert {name for name, spec in chosen.items() if spec.role == "proposal"} == {
        name for name in chosen if name.startswith("betti_")
    }


def test_the_gpu_environment_trains_and_measures_on_the_device_one_cell_at_a_time() -> None:
    groups = groups_of("gpu")
    assert (groups["train"].device, groups["efficiency"].device) == ("cuda", "cuda")
    assert groups["train"].precision.endswith("-mixed")
    assert groups["parallel"].backend == "sequential"
    assert {groups[name].train.device for name in ("track_b", "track_c", "forecast")} == {"cuda"}
    assert "int8" not in groups["compression"].recipes(), "torch computes eight bits on the CPU only"


def test_a_forbidden_combination_would_be_seen() -> None:
    with pytest.raises(ParameterError, match="does not go with"):
        check_combination(FiltrationParams(embedding="series", filtration="rips"))


def test_trials_of_a_grid_are_models_by_the_names_that_the_run_lists() -> None:
    zoo = groups_of("studies/design_b")["zoo"].root
    steady = {"learning_rate": 0.01, "weight_decay": 0.1, "max_epochs": 120, "min_epochs": 120}
    options = {"kernel": "fused", "residual": False, "norm": "batch"}
    assert zoo["gat_plain"] == ModelSpec(architecture="gat", options=options, train=steady)
    mlp = ModelSpec(architecture="simplicial_mlp", role="proposal", features="propagated", options={"width": 128})
    assert zoo["simplicial_mlp_wide"] == mlp
    assert len(groups_of("studies/design_b")["track_b"].models.root) == 100
    assert len(groups_of("studies/design_tolokers")["track_b"].models.root) == 35


GCN = {"architecture": "gcn"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"gcn": GCN, "wide": {"of": "gnc"}}, r"wide\.of: unknown model 'gnc'; did you mean 'gcn'\?"),
        ({"gcn": GCN, "wide": {"of": ["gcn"]}, "deep": {"of": ["wide"]}}, r"deep\.of: unknown model 'wide'"),
        ({"gcn": GCN, "gcn_wide": GCN, "wide": {"of": ["gcn"]}}, "'gcn_wide' is there twice"),
        ({"gcn": GCN, "wide": {"of": ["gcn"], "optoins": {}}}, "unknown parameter 'optoins'; did you mean 'options'"),
        ({"gcn": GCN, "wide": {"of": {"gcn": 3}}}, r"wide\.of\.gcn: expected options \(key: value\); found 3"),
        ({"gcn": GCN, "wide": {"of": None}}, r"wide\.of: expected models, or options by model; found None"),
        (
            {"gcn": GCN, "wide": {"of": "gcn", "options": [1]}},
            r"wide\.options: expected a map \(key: value\); found \[1\]",
        ),
    ],
)
def test_a_trial_that_cannot_be_made_is_named(entries: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Zoo.model_validate(entries)


@pytest.mark.parametrize(
    ("entry", "file"),
    [
        ("new_table", "new_table.csv"),
        ("new_image", "new.png"),
        ("new_report", "new_report.md"),
        ("new_verdicts", "new_verdicts.json"),
        ("closure_image", "closure.png"),
        ("graph_scaling_image", "graph_scaling.png"),
        ("rank_image", "ranks.png"),
        ("rank_report", "ranks.md"),
    ],
)
def test_an_entry_is_found_by_its_kind_unless_it_says_its_place(entry: str, file: str) -> None:
    dataset = DataCatalog.from_config(config_of("smoke")["catalog"])[f"study_x.{entry}"]
    assert str(dataset._describe()["filepath"]) == f"data/08_reporting/smoke/study_x/{file}"
    assert dataset.metadata["kedro-viz"]["layer"] == "reporting"
