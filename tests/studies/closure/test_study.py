"""The study: all steps fit together, trials end in time, and the future of the result enters only as labels."""

from __future__ import annotations

import json

import numpy as np
import pytest

from topology_efficient_dl.data.graphs import planted_events, southern_women
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.studies.closure import study
from topology_efficient_dl.studies.closure.horizons import all_keys, horizon_keys, sample_horizon
from topology_efficient_dl.studies.closure.models import CLASSIC, MODELS, seeds_of
from topology_efficient_dl.studies.closure.study import (
    fit_model,
    run_closure,
    score_candidates,
    trials_of,
    tune_model,
)


@pytest.fixture(scope="module")
def samples(school, few):
    return {f"school/{key}": sample_horizon(school, key, 0.2, few.candidates) for key in all_keys(few)}


@pytest.fixture(scope="module")
def tuned(samples, few):
    choose = of_step(samples, few, "choose")
    return {model: tune_model(choose, model, trials_of(model, few)) for model in MODELS}


def of_step(samples, few, step: str):
    return {f"school/{key}": samples[f"school/{key}"] for key in horizon_keys(few)[step]}


@pytest.fixture(scope="module")
def fitted(samples, tuned, few):
    learn = of_step(samples, few, "learn")
    return {
        f"school/{model}/{seed}": fit_model((learn, tuned[model]), model, seed, trials_of(model, few))
        for model in MODELS
        for seed in seeds_of(model, few.seeds.root)
    }


def test_the_best_trial_is_chosen_and_all_are_told(tuned, few) -> None:
    for model, found in tuned.items():
        assert found["chosen"] == max(found["trials"], key=lambda trial: trial["times_base_rate"])
        assert len(found["trials"]) == (4 if model.startswith("gat") else 2)
    assert {trial["penalty"] for trial in tuned["simplicial_logistic"]["trials"]} == {0.1, 0.01}
    assert [trial["steps"] for trial in tuned["gat"]["trials"]] == [3, 6, 3, 6]


def test_a_trial_ends_when_patience_does(samples, few, monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    monkeypatch.setattr(study, "_times_base_rate", lambda check, scores: next(values))
    params = few.attention.model_copy(update={"checkpoints": (1, 2, 3, 4, 5), "trials": few.attention.trials[:1]})
    found = tune_model(of_step(samples, few, "choose"), "gat", params)
    assert [trial["times_base_rate"] for trial in found["trials"]] == [1, 3, 2, 2.5]
    assert found["chosen"]["steps"] == 2


def test_only_the_latest_horizons_are_learnt_from(samples, tuned, few) -> None:
    learn = of_step(samples, few, "learn")
    chosen = {**tuned["simplicial_logistic"], "chosen": {"columns": "all", "horizons": 1, "penalty": 0.1}}
    last = {"school/train/0.6": learn["school/train/0.6"]}
    both, one = (fit_model((some, chosen), "simplicial_logistic", 0, few.logistic) for some in (learn, last))
    np.testing.assert_array_equal(both["weights"], one["weights"])


def test_another_future_changes_labels_and_no_score(school, other_future, fitted, few) -> None:
    first, second = (
        score_candidates((log, fitted), 0.8, few.candidates) for log in (school, other_future(school, 0.8))
    )
    about = json.loads(str(first["about"]))
    assert about["dataset"] == "planted_contacts"
    assert set(about["parameters"]) == {*CLASSIC, *(key.partition("/")[2] for key in fitted)}
    for name in about["parameters"]:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
        assert np.isfinite(first[name]).all()
    assert not np.array_equal(first["closed"], second["closed"])


def test_candidates_may_come_in_pieces(school, fitted, few, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score_candidates((school, fitted), 0.8, few.candidates)
    monkeypatch.setattr(study, "PIECE", 50)
    pieces = score_candidates((school, fitted), 0.8, few.candidates)
    assert len(whole["closed"]) > 100
    for name in json.loads(str(whole["about"]))["parameters"]:
        np.testing.assert_allclose(whole[name], pieces[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_all_steps_in_one_are_the_steps(school, fitted, few) -> None:
    from topology_efficient_dl.studies.closure.assessment import assess

    rows = run_closure(school, few)
    steps = assess(score_candidates((school, fitted), 0.8, few.candidates), 100, 0.95)["rows"]
    seconds = ("seconds_preprocessing", "seconds_scoring")
    plain = [[{k: v for k, v in row.items() if k not in seconds} for row in each] for each in (rows, steps)]
    assert plain[0] == plain[1]
    assert len(rows) == len(CLASSIC) + 3 + 3 * 2
    sizes = {row["model"]: row["parameters"] for row in rows}
    assert sizes["harmonic"] == 0
    assert sizes["without_higher_order"] < sizes["simplicial_logistic"]
    assert sizes["simplicial_logistic"] - 1 == 3 * (sizes["without_recency"] - 1)
    assert sizes["gat"] + 3 * 16 == sizes["gat_edge_weights"]  # widths are the same in every trial
    assert sizes["gat"] + (sizes["simplicial_logistic"] - 1) * 16 == sizes["gat_columns"]
    assert all(row["seconds_preprocessing"] > 0 for row in rows)


def test_groups_with_times_will_do(few) -> None:
    from tests.studies.closure.conftest import SCHOOL

    events = planted_events(SCHOOL.model_copy(update={"event_rate": 2.0}), 0)
    rows = run_closure(events, few.model_copy(update={"seeds": few.seeds.model_copy(update={"root": (0,)})}))
    assert {row["dataset"] for row in rows} == {"planted_events"}
    assert all(0 < row["average_precision"] <= 1 for row in rows)


def test_a_graph_without_times_is_refused(fitted, few) -> None:
    with pytest.raises(DataError, match="has no times"):
        score_candidates((southern_women().to_hypergraph(), fitted), 0.8, few.candidates)
