"""The truth table of verdicts, border cases included."""

import json
from itertools import product

import pytest
from scipy import stats

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.evaluation.comparisons import VERDICT_KEYS, judge_models, judge_proposals
from topology_efficient_dl.evaluation.criteria import criterion_of_track
from topology_efficient_dl.evaluation.metrics import score_predictions
from topology_efficient_dl.params.training import EvaluateParams

PARAMS = EvaluateParams(n_bootstrap=400)
CONTRACT = "dataset, model, baseline, criterion, f1_drop_pp, latency_cut, params_cut, memory_cut, p_value, status"

F1 = {"kept": (-0.5, 0.9), "lost": (1.1, 3.0), "open": (0.5, 1.5), "gained": (-3.0, -1.2), "edge": (0.0, 1.0)}
CUT = {"large": (0.35, 0.5), "edge": (0.30, 0.4), "small": (0.05, 0.29), "open": (0.2, 0.4), "slower": (-0.5, -0.1)}
EXPECTED = {
    ("kept", "large"): "confirmed", ("kept", "edge"): "confirmed", ("kept", "small"): "refuted",
    ("kept", "open"): "inconclusive", ("kept", "slower"): "refuted",
    ("lost", "large"): "refuted", ("lost", "edge"): "refuted", ("lost", "small"): "refuted", ("lost", "open"): "refuted",
    ("lost", "slower"): "refuted",
    ("open", "large"): "inconclusive", ("open", "edge"): "inconclusive", ("open", "small"): "refuted",
    ("open", "open"): "inconclusive", ("open", "slower"): "refuted",
    ("gained", "large"): "confirmed", ("gained", "edge"): "confirmed", ("gained", "small"): "confirmed",
    ("gained", "open"): "confirmed", ("gained", "slower"): "refuted",
    ("edge", "large"): "confirmed", ("edge", "edge"): "confirmed", ("edge", "small"): "refuted",
    ("edge", "open"): "inconclusive", ("edge", "slower"): "refuted",
}  # fmt: skip


def estimates(f1, latency, memory=None, params=None):
    given = {"f1_drop_pp": f1, "latency_cut": latency, "memory_cut": memory, "params_cut": params}
    return {key: Estimate(sum(span) / 2, *span) for key, span in given.items() if span is not None}


@pytest.mark.parametrize(("f1", "cut"), list(product(F1, CUT)))
def test_truth_table_of_track_a(f1, cut):
    status, _ = criterion_of_track("track_a", EvaluateParams()).status(estimates(F1[f1], CUT[cut]))
    assert status == EXPECTED[f1, cut]


def test_the_route_that_confirms_is_named():
    criterion = criterion_of_track("track_a", EvaluateParams())
    assert criterion.status(estimates(F1["kept"], CUT["large"]))[1].name == "cheaper at equal quality"
    assert criterion.status(estimates(F1["gained"], CUT["small"]))[1].name == "better at equal time"


def test_equal_time_allows_five_per_cent_and_no_more():
    criterion = criterion_of_track("track_a", EvaluateParams())
    assert criterion.status(estimates(F1["gained"], (-0.05, 0.01)))[0] == "confirmed"
    assert criterion.status(estimates(F1["gained"], (-0.06, 0.01)))[0] == "inconclusive"


def test_unknown_latency_leaves_the_matter_open_unless_quality_settles_it():
    criterion = criterion_of_track("track_a", EvaluateParams())
    assert criterion.status(estimates(F1["kept"], None))[0] == "inconclusive"
    assert criterion.status(estimates(F1["lost"], None))[0] == "refuted"


def test_track_b_wants_less_memory_too():
    criterion = criterion_of_track("track_b", EvaluateParams())
    assert criterion.status(estimates(F1["kept"], (0.1, 0.2), memory=(0.5, 0.5)))[0] == "confirmed"
    assert criterion.status(estimates(F1["kept"], (0.1, 0.2), memory=(0.0, 0.0)))[0] == "refuted"


def test_track_c_wants_fewer_parameters_and_measured_speed():
    criterion = criterion_of_track("track_c", EvaluateParams())
    assert criterion.status(estimates(F1["kept"], (0.31, 0.5), params=(0.3, 0.3)))[0] == "confirmed"
    assert criterion.status(estimates(F1["kept"], (0.31, 0.5), params=(0.29, 0.29)))[0] == "refuted"
    assert criterion.status(estimates(F1["kept"], (0.06, 0.2), params=(0.7, 0.7)))[0] == "refuted"
    stricter = criterion_of_track("track_c", EvaluateParams(min_params_cut=0.7))
    assert stricter.status(estimates(F1["kept"], (0.31, 0.5), params=(0.69, 0.69)))[0] == "refuted"


def judged(experiment, **changes):
    given = {**experiment, **changes}
    verdicts = judge_models(given["scores"], given["efficiency"], given["predictions"], given.get("params", PARAMS))
    return {(verdict["dataset"], verdict["model"]): verdict for verdict in verdicts}


def test_keys_are_the_contract_and_everything_is_json(experiment):
    assert ", ".join(VERDICT_KEYS) == CONTRACT
    found = judged(experiment)
    assert list(found) == [
        ("Alpha", "tda_net"), ("Beta", "tda_net"), ("Alpha", "ph_mlp"), ("Beta", "ph_mlp"), ("all", "tda_net"), ("all", "ph_mlp"),
    ]  # fmt: skip
    for verdict in found.values():
        assert tuple(verdict)[: len(VERDICT_KEYS)] == VERDICT_KEYS
        assert set(verdict) - set(VERDICT_KEYS) == {
            "f1_drop_interval",
            "latency_cut_interval",
            "rule",
            "metric",
            "latency_batch",
            "latency_of",
            "confidence",
            "primary",
            "conditions",
            "explanation",
        } | ({"n_datasets"} if verdict["dataset"] == "all" else set())
        json.dumps(verdict, allow_nan=False)


def test_a_model_that_loses_twenty_points_is_refuted_however_fast(experiment):
    verdict = judged(experiment)["Alpha", "ph_mlp"]
    assert verdict["status"] == "refuted"
    assert verdict["latency_cut"] == pytest.approx(0.5, abs=0.03)
    assert verdict["f1_drop_pp"] == pytest.approx(20, abs=6)
    assert verdict["f1_drop_interval"][0] > 1
    assert verdict["params_cut"] == 0.5


def test_the_same_predictions_at_a_fifth_of_the_time_are_confirmed(predictions, efficiency):
    table = predictions({"inception_time": 0.9})
    table = table._append(table.assign(model="copy"))
    costs = efficiency({"inception_time": 4.0, "copy": 0.8})
    found = judged({"scores": score_predictions(table), "efficiency": costs, "predictions": table})
    assert {verdict["status"] for verdict in found.values()} == {"confirmed"}
    assert found["all", "copy"]["p_value"] is None
    assert "2 confirmed" in found["all", "copy"]["explanation"]


def test_over_all_is_the_mean_of_falls_and_the_geometric_mean_of_ratios(experiment):
    found = judged(experiment)
    falls = [found[name, "ph_mlp"]["f1_drop_pp"] for name in ("Alpha", "Beta")]
    ratios = [1 - found[name, "ph_mlp"]["latency_cut"] for name in ("Alpha", "Beta")]
    assert found["all", "ph_mlp"]["f1_drop_pp"] == pytest.approx(sum(falls) / 2)
    assert found["all", "ph_mlp"]["latency_cut"] == pytest.approx(1 - (ratios[0] * ratios[1]) ** 0.5)


def test_one_seed_settles_nothing(experiment):
    scores = experiment["scores"].query("seed == 42")
    verdict = judged(experiment, scores=scores, predictions=experiment["predictions"].query("seed == 42"))[
        "Alpha", "ph_mlp"
    ]
    assert (verdict["status"], verdict["f1_drop_interval"], verdict["p_value"]) == ("inconclusive", None, None)
    assert "one seed" in verdict["explanation"]


@pytest.mark.parametrize("empty", [None, [], [float("nan")] * 7, [1.0]])
def test_latency_without_rounds_keeps_its_point_and_has_no_interval(predictions, efficiency, empty):
    table = predictions({"inception_time": 0.9})
    table = table._append(table.assign(model="copy"))
    costs = efficiency({"inception_time": 4.0, "copy": 1.0})
    costs["rounds_b1"] = [empty] * len(costs)
    found = judged({"scores": score_predictions(table), "efficiency": costs, "predictions": table})
    for verdict in found.values():
        assert verdict["status"] == "inconclusive"
        assert verdict["latency_cut"] == pytest.approx(0.75, abs=0.02)
        assert verdict["latency_cut_interval"] is None


def test_nothing_measured_is_null_everywhere(experiment):
    nulls = dict.fromkeys(("params", "peak_memory_mb", "latency_ms_b1", "rounds_b1"))
    verdict = judged(experiment, efficiency=experiment["efficiency"].assign(**nulls))["all", "tda_net"]
    assert (verdict["latency_cut"], verdict["params_cut"], verdict["memory_cut"]) == (None, None, None)
    assert "not measured" in verdict["explanation"]


def test_a_set_that_the_proposal_lacks_is_left_out(experiment):
    missing = "dataset == 'Beta' and model == 'ph_mlp'"
    found = judged(experiment, scores=experiment["scores"].query(f"not ({missing})"))
    assert ("Beta", "ph_mlp") not in found
    assert "By data set (1)" in found["all", "ph_mlp"]["explanation"]
    assert "no scores there: Beta" in found["all", "ph_mlp"]["explanation"]
    assert "Not judged" not in found["all", "tda_net"]["explanation"]


def test_verdicts_repeat(experiment):
    assert judged(experiment) == judged(experiment)


def test_wilcoxon_over_six_sets_is_corrected_for_two_proposals(predictions, efficiency):
    names = [f"set{number}" for number in range(6)]
    table = predictions({"inception_time": 0.95, "a": 0.7, "b": 0.6}, names, n_samples=100)
    costs = efficiency({"inception_time": 4.0, "a": 1.0, "b": 1.0}, names)
    found = judged({"scores": score_predictions(table), "efficiency": costs, "predictions": table})
    assert found["all", "a"]["p_value"] == pytest.approx(2 * 2 / 2**6)


@pytest.mark.parametrize(
    ("proposals", "expected"),
    [
        (["inception_time"], []),
        ([], []),
        (["inception_time", "ph_mlp"], ["ph_mlp"] * 3),
        (["ph_mlp", "inception_time", "tda_net"], ["ph_mlp"] * 2 + ["tda_net"] * 2 + ["ph_mlp", "tda_net"]),
    ],
)
def test_a_proposal_that_is_the_baseline_is_not_judged(experiment, proposals, expected):
    tables = (experiment["scores"], experiment["efficiency"], experiment["predictions"])
    found = judge_proposals(*tables, PARAMS, proposals)
    assert [verdict["model"] for verdict in found] == expected
    assert {verdict["baseline"] for verdict in found} <= {"inception_time"}


def test_without_a_second_proposal_nothing_is_corrected_for_the_baseline(predictions, efficiency):
    """Six sets that all differ: Wilcoxon's p is 2 / 2**6, and Holm's correction counts one test, not two."""
    names = [f"set{number}" for number in range(6)]
    table = predictions({"inception_time": 0.95, "a": 0.7}, names, n_samples=100)
    costs = efficiency({"inception_time": 4.0, "a": 1.0}, names)
    found = judge_proposals(score_predictions(table), costs, table, PARAMS, ["inception_time", "a"])
    assert found[-1]["p_value"] == pytest.approx(2 / 2**6)


def test_without_scores_of_the_baseline_nothing_is_judged(experiment):
    tables = (experiment["scores"], experiment["efficiency"], experiment["predictions"])
    assert judge_proposals(*tables, EvaluateParams(baseline="absent"), ["ph_mlp"]) == []


def test_unknown_names_and_missing_columns(experiment):
    with pytest.raises(ParameterError, match="did you mean 'inception_time'"):
        judged(experiment, params=EvaluateParams(baseline="inceptiontime"))
    with pytest.raises(DataError, match="'scores' lacks f1_macro"):
        judged(experiment, scores=experiment["scores"].drop(columns="f1_macro"))


TRACK_B = PARAMS.model_copy(update={"resample": "draws", "latency_of": "model"})


def judged_as(experiment, proposals, **changes):
    tables = (experiment["scores"], experiment["efficiency"], experiment["predictions"])
    return judge_proposals(*tables, TRACK_B.model_copy(update=changes), proposals, "track_b")


def with_model_rounds(costs, cut):
    """Rounds of the model alone, in proportion to a cut that is not that of the whole way."""
    return costs.assign(
        model_rounds_b1=[[1.0 * factor] * 5 for factor in costs["model"].map(cut)],
        model_latency_ms_b1=costs["model"].map(cut),
    )


def test_draws_have_test_sets_of_their_own_and_need_no_predictions_in_common(experiment):
    """Every draw has other samples, which samples of one test set could not be paired by."""
    predictions = experiment["predictions"].copy()
    predictions["index"] += 1000 * (predictions["model"] == "ph_mlp")
    with pytest.raises(DataError):
        judged(experiment, predictions=predictions)
    verdict = judged_as({**experiment, "predictions": predictions}, ["ph_mlp"])[0]
    scores = experiment["scores"].query("dataset == 'Alpha'").pivot(index="seed", columns="model", values="f1_macro")
    falls = 100 * (scores["inception_time"] - scores["ph_mlp"])
    assert verdict["f1_drop_pp"] == pytest.approx(falls.mean())
    expected = stats.t.interval(0.95, 2, falls.mean(), stats.sem(falls))
    assert verdict["f1_drop_interval"] == pytest.approx(expected, rel=0.01)


def test_the_interval_of_a_fall_stays_within_what_shares_can_differ_by(experiment):
    scores = experiment["scores"].copy()
    proposal = scores["model"] == "ph_mlp"
    scores["f1_macro"] = scores["seed"].map({42: 0.0, 123: 1.0, 456: 0.1}).where(proposal, 1.0)
    alpha, *others = judged_as({**experiment, "scores": scores}, ["ph_mlp"])
    unbounded = stats.t.interval(0.95, 2, 190 / 3, stats.sem([100.0, 0.0, 90.0]))
    assert unbounded[1] > 100
    assert alpha["f1_drop_interval"] == [pytest.approx(unbounded[0], rel=0.02), 100.0]
    for verdict in others:
        assert -100 <= verdict["f1_drop_interval"][0] < verdict["f1_drop_pp"] < verdict["f1_drop_interval"][1] <= 100


def test_one_draw_settles_nothing(experiment):
    scores = experiment["scores"].query("seed == 42")
    verdict = judged_as({**experiment, "scores": scores}, ["ph_mlp"])[0]
    assert (verdict["status"], verdict["f1_drop_interval"]) == ("inconclusive", None)


@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_another_quality_is_judged_and_named(experiment, metric):
    scores = experiment["scores"]
    found = judged_as(experiment, ["ph_mlp"], metric=metric)[0]
    cells = scores.query("dataset == 'Alpha'").pivot(index="seed", columns="model", values=metric)
    assert found["f1_drop_pp"] == pytest.approx(100 * (cells["inception_time"] - cells["ph_mlp"]).mean())
    assert found["metric"] == metric
    name = {"accuracy": "accuracy", "auroc": "AUROC"}[metric]
    assert f"{name} fell by" in found["explanation"]
    assert found["criterion"].startswith(f"{name} falls by at most 1 pp")
    missing = {**experiment, "scores": scores.drop(columns=metric)}
    with pytest.raises(DataError, match=f"'scores' lacks {metric}"):
        judged_as(missing, ["ph_mlp"], metric=metric)


@pytest.mark.parametrize("metric", ["accuracy", "auroc", "f1_macro"])
def test_over_samples_the_asked_metric_is_judged(predictions, efficiency, metric):
    """Classes of unequal size: macro-F1, accuracy and AUROC differ, and each verdict has its own."""
    table = predictions({"inception_time": 0.9, "ph_mlp": 0.8})
    table = table[(table["label"] == 0) | (table["index"] % 8 == 1)]
    scores, costs = score_predictions(table), efficiency({"inception_time": 4.0, "ph_mlp": 2.0})
    params = PARAMS.model_copy(update={"metric": metric})
    verdict = judge_models(scores, costs, table, params)[0]
    cells = scores.query("dataset == 'Alpha'").pivot(index="seed", columns="model", values=metric).astype(float)
    assert verdict["f1_drop_pp"] == pytest.approx(100 * (cells["inception_time"] - cells["ph_mlp"]).mean())
    low, high = verdict["f1_drop_interval"]
    assert low < verdict["f1_drop_pp"] < high
    others = {name: 100 * scores[name].astype(float) for name in ("accuracy", "auroc", "f1_macro") if name != metric}
    for name in others:
        cells = scores.query("dataset == 'Alpha'").pivot(index="seed", columns="model", values=name).astype(float)
        assert verdict["f1_drop_pp"] != pytest.approx(100 * (cells["inception_time"] - cells["ph_mlp"]).mean())


@pytest.mark.parametrize("resample", ["samples", "draws"])
def test_a_metric_that_is_undefined_somewhere_settles_nothing_and_says_why(experiment, resample):
    table = experiment["predictions"].copy()
    rows = table[(table["dataset"] == "Beta") & (table["model"] == "ph_mlp") & (table["seed"] == 123)].index[:1]
    table.loc[rows, ["p_0", "p_1"]] = float("nan")
    params = PARAMS.model_copy(update={"metric": "auroc", "resample": resample})
    given = {"scores": score_predictions(table), "predictions": table, "params": params}
    found = judged(experiment, **given)
    for name in ("Beta", "all"):
        verdict = found[name, "ph_mlp"]
        assert (verdict["status"], verdict["f1_drop_pp"], verdict["f1_drop_interval"]) == ("inconclusive", None, None)
    reason = (
        "AUROC is unknown (undefined on 1 of 6 cells, first ph_mlp with seed 123: probabilities that are not finite)"
    )
    assert reason in found["Beta", "ph_mlp"]["explanation"]
    assert "AUROC is unknown (undefined on Beta)" in found["all", "ph_mlp"]["explanation"]
    assert found["Alpha", "ph_mlp"]["f1_drop_pp"] is not None
    assert found["Beta", "tda_net"]["f1_drop_pp"] is not None
    json.dumps(list(found.values()), allow_nan=False)


def test_a_class_that_test_lacks_leaves_the_auroc_undefined_with_the_reason(experiment):
    table = experiment["predictions"].query("dataset != 'Beta' or label == 0")
    params = PARAMS.model_copy(update={"metric": "auroc"})
    found = judged(experiment, scores=score_predictions(table), predictions=table, params=params)
    assert found["Beta", "ph_mlp"]["status"] == "inconclusive"
    assert "classes absent from test: [1]" in found["Beta", "ph_mlp"]["explanation"]


def test_latency_of_the_model_alone_is_judged_where_it_is_asked_for(experiment):
    costs = with_model_rounds(experiment["efficiency"], {"inception_time": 1.0, "tda_net": 2.0, "ph_mlp": 0.1})
    changed = {**experiment, "efficiency": costs}
    both = judged_as(changed, ["tda_net", "ph_mlp"])
    alone = {verdict["model"]: verdict for verdict in both if verdict["latency_of"] == "model"}
    assert alone["tda_net"]["latency_cut"] == pytest.approx(-1.0)
    assert alone["ph_mlp"]["latency_cut"] == pytest.approx(0.9)
    whole = {verdict["model"]: verdict for verdict in judged_as(changed, ["tda_net", "ph_mlp"], latency_of="whole")}
    assert whole["tda_net"]["latency_cut"] == pytest.approx(0.8, abs=0.03)
    beside = {verdict["model"]: verdict for verdict in both if verdict["latency_of"] == "whole"}
    assert {name: {**verdict, "primary": True} for name, verdict in beside.items()} == whole, "the same judge"
    assert {verdict["primary"] for verdict in both if verdict["latency_of"] == "model"} == {True}
    assert {verdict["primary"] for verdict in beside.values()} == {False}


def test_latency_of_the_model_without_rounds_keeps_its_point(experiment):
    """The made-up costs have ``model_latency_ms_b1`` and no rounds of it."""
    verdict = judged_as(experiment, ["tda_net"])[0]
    assert verdict["latency_cut"] == pytest.approx(0.8, abs=0.02)
    assert verdict["latency_cut_interval"] is None


def test_proposals_are_judged_against_each_further_baseline_that_was_run(experiment):
    found = judged_as(experiment, ["tda_net", "ph_mlp"], further_baselines=("ph_mlp", "absent"))
    alone = [verdict for verdict in found if verdict["latency_of"] == "model"]
    assert [(verdict["baseline"], verdict["dataset"], verdict["model"]) for verdict in alone] == [
        *(("inception_time", dataset, model) for model in ("tda_net", "ph_mlp") for dataset in ("Alpha", "Beta")),
        *(("inception_time", "all", model) for model in ("tda_net", "ph_mlp")),
        *(("ph_mlp", dataset, "tda_net") for dataset in ("Alpha", "Beta", "all")),
    ]
    assert {verdict["baseline"] for verdict in found if verdict["primary"]} == {"inception_time"}
    against = {(verdict["baseline"], verdict["model"]): verdict for verdict in alone if verdict["dataset"] == "all"}
    assert against["ph_mlp", "tda_net"]["f1_drop_pp"] < -10
    assert "tda_net against ph_mlp at batch 1, network alone." in against["ph_mlp", "tda_net"]["explanation"]
    assert "peak memory falls by at least" in against["ph_mlp", "tda_net"]["criterion"]


def test_models_without_a_seed_in_common_cannot_be_compared(experiment):
    scores = experiment["scores"]
    apart = scores[(scores["model"] != "ph_mlp") | (scores["seed"] == 42)]
    apart = apart[(apart["model"] != "inception_time") | (apart["seed"] != 42)]
    with pytest.raises(DataError, match="have no common seed on 'Alpha'"):
        judged_as({**experiment, "scores": apart}, ["ph_mlp"])
