from __future__ import annotations

import json
import logging
import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from topology_efficient_dl.errors import CellError, DataError, ParameterError
from topology_efficient_dl.models import (
    FeatureInput,
    TrainedModel,
    architectures,
    find_architecture,
    predict_proba,
)
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks import task
from topology_efficient_dl.tasks.series import SeriesClasses
from topology_efficient_dl.tda.extraction import TopologicalFeatureExtractor

TWO = TrainParams(refit=False, max_epochs=2)


def fit(split, spec, seed, train, features=None, **how):
    return task.fit(SeriesClasses(split, features), spec, seed, train, **how)


def small(architecture, **changes):
    return ModelSpec(architecture=architecture, size="small", **changes)


def needs_features(architecture):
    return find_architecture(architecture).reads == "features"


def same(first, second):
    return all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)


@pytest.mark.parametrize(
    "architecture",
    [
        name
        for name in architectures()
        if (known := find_architecture(name)).solver == "gradient" and not known.of_graphs
    ],
)
def test_two_epochs_of_every_model_twice_give_the_same_weights(split, features, architecture):
    given = features if needs_features(architecture) else None
    models = []
    for disturbance in (1, 2):
        torch.manual_seed(disturbance)
        models.append(fit(split, small(architecture), 42, TWO, given))
    assert same(*models)
    assert models[0].card["epochs"] == 2
    other = fit(split, small(architecture), 43, TWO, given)
    assert not same(models[0], other)


def test_the_card_is_complete_and_survives_storage(split):
    model = fit(split, small("tiny_cnn"), 42, TWO, model="my_cnn")
    card = json.loads(json.dumps(model.card))
    assert card == model.card
    assert (card["model"], card["dataset"], card["seed"], card["classes"]) == ("my_cnn", "Toy", 42, ["0", "1"])
    assert card["recipe"] is None
    assert card["n_params"] == sum(weight.numel() for weight in model.module().parameters())
    row = {
        "member",
        "stage",
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
        "learning_rate",
        "seconds",
    }
    assert set(card["history"][0]) == row
    again = TrainedModel.from_bytes(model.to_bytes())
    np.testing.assert_array_equal(
        predict_proba(again, split.series["test"]), predict_proba(model, split.series["test"])
    )


def test_history_of_the_best_epoch_is_what_the_restored_weights_give(split):
    model = fit(split, small("fcn"), 0, TrainParams(refit=False, max_epochs=12, min_epochs=1, learning_rate=3e-2))
    losses = [row["validation_loss"] for row in model.card["history"]]
    best = model.card["best_epoch"]
    assert losses[best - 1] == min(losses)
    network = model.module()
    targets = torch.from_numpy(split.labels["validation"])
    logits = network(torch.from_numpy(split.series["validation"]))
    assert F.cross_entropy(logits, targets).item() == pytest.approx(min(losses), rel=1e-5)
    accuracy = (logits.argmax(1) == targets).float().mean().item()
    assert accuracy == pytest.approx(model.card["history"][best - 1]["validation_accuracy"])


def test_patience_counts_from_the_best_epoch(split):
    """With a learning rate of nothing no epoch improves on the first."""
    train = TrainParams(refit=False, max_epochs=30, min_epochs=1, learning_rate=1e-30, patience=4, weight_decay=0)
    model = fit(split, small("gru"), 0, train)
    assert (model.card["best_epoch"], model.card["epochs"]) == (1, 5)


def test_no_epoch_before_the_least_number_is_kept(split):
    train = TrainParams(refit=False, max_epochs=30, min_epochs=8, learning_rate=1e-30, patience=4, weight_decay=0)
    model = fit(split, small("gru"), 0, train)
    assert (model.card["best_epoch"], model.card["epochs"]) == (8, 12)


def test_at_most_the_last_epoch_is_the_least_number(split):
    model = fit(split, small("gru"), 0, TrainParams(refit=False, max_epochs=3, min_epochs=50))
    assert (model.card["best_epoch"], model.card["epochs"]) == (3, 3)


def test_the_learning_rate_follows_half_a_cosine(split):
    model = fit(
        split, small("tiny_cnn"), 0, TrainParams(refit=False, max_epochs=4, learning_rate=1.0, gradient_clip=0.1)
    )
    rates = [row["learning_rate"] for row in model.card["history"]]
    np.testing.assert_allclose(rates, 0.5 + 0.5 * np.cos(np.pi * np.arange(4) / 4))


def test_the_task_is_learnt(split):
    model = fit(
        split, small("inception_time"), 42, TrainParams(refit=False, max_epochs=30, learning_rate=1e-2, patience=30)
    )
    probabilities = predict_proba(model, split.series["train"])
    assert (probabilities.argmax(1) == split.labels["train"]).mean() >= 0.9


def test_ensemble_is_the_mean_of_members_fitted_apart(split):
    model = fit(split, small("tiny_cnn", members=3), 5, TWO)
    network = model.module()
    series = torch.from_numpy(split.series["test"])
    mean = torch.stack([member(series).softmax(1) for member in network.members]).mean(0)
    np.testing.assert_allclose(predict_proba(model, split.series["test"]), mean.detach(), rtol=1e-5)
    assert [row["member"] for row in model.card["history"]] == [0, 0, 1, 1, 2, 2]
    assert len(model.card["best_epochs"]) == 3
    weights = [member.head.weight for member in network.members]
    assert not torch.equal(weights[0], weights[1])


def test_the_first_member_is_the_single_network(split):
    one, two = (fit(split, small("tiny_cnn", members=m), 5, TWO) for m in (1, 2))
    assert torch.equal(one.weights["head.weight"], two.weights["members.0.head.weight"])


def test_features_travel_with_the_model(split, features):
    model = fit(
        split, small("ph_mlp"), 1, TrainParams(refit=False, max_epochs=60, learning_rate=2e-2, patience=60), features
    )
    assert model.card["recipe"]["delay"] == 5
    assert model.card["n_features"] == 4
    np.testing.assert_array_equal(model.extractor_state["grid"], np.arange(3.0))
    probabilities = predict_proba(model, split.series["test"], features.parts["test"])
    assert (probabilities.argmax(1) == split.labels["test"]).all()


def test_a_stored_feature_model_predicts_from_raw_series(split):
    recipe = TdaRecipe(embedding="series", filtration="sublevel", homology_dimensions=(0,), vectorization="statistics")
    extractor = TopologicalFeatureExtractor(recipe).fit(split.series["train"])
    parts = {part: extractor.transform(series) for part, series in split.series.items()}
    model = fit(split, small("ph_mlp"), 1, TWO, FeatureInput(parts, recipe, extractor.state()))
    again = TrainedModel.from_bytes(model.to_bytes())
    from_features = predict_proba(model, split.series["test"], parts["test"])
    np.testing.assert_allclose(again.predictor()(split.series["test"]), from_features, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", ["tiny_cnn", "ph_mlp"])
def test_a_refit_sees_train_and_validation_for_the_chosen_number_of_epochs(split, features, architecture):
    """Its weights are those of a fit on both together that runs as long with the same schedule."""
    given = features if needs_features(architecture) else None
    train = TrainParams(max_epochs=6, min_epochs=3, learning_rate=1e-2, patience=1)
    model = fit(split, small(architecture), 42, train, given)
    stages = [row["stage"] for row in model.card["history"]]
    assert stages.count("refit") == model.card["best_epoch"]
    assert [row["validation_loss"] for row in model.card["history"] if row["stage"] == "refit"] == (
        [None] * model.card["best_epoch"]
    )
    chosen = fit(split, small(architecture), 42, train.model_copy(update={"refit": False}), given)
    assert chosen.card["best_epochs"] == model.card["best_epochs"]
    assert not same(chosen, model)
    both = {"train": split.development(split.series), "validation": split.series["test"]}
    labels = {"train": split.development(split.labels), "validation": split.labels["test"]}
    whole = type(split)("Toy", both, labels, split.classes, split.source)
    parts = features.parts | {"train": split.development(features.parts), "validation": features.parts["test"]}
    stop = model.card["best_epoch"]
    longer = fit(
        whole,
        small(architecture),
        42,
        train.model_copy(update={"refit": False, "min_epochs": stop, "patience": 99}),
        FeatureInput(parts, features.recipe, features.state) if given else None,
    )
    losses = [row["train_loss"] for row in longer.card["history"]][:stop]
    assert losses == [row["train_loss"] for row in model.card["history"] if row["stage"] == "refit"]


def test_validation_that_is_train_itself_is_not_doubled(split):
    reused = dict.fromkeys(("train", "validation"), split.series["train"])
    labels = dict.fromkeys(("train", "validation"), split.labels["train"])
    same_split = type(split)("Toy", reused, labels, split.classes, split.source)
    assert same_split.validation_is_train
    assert len(same_split.development(same_split.series)) == len(split.series["train"])
    assert len(split.development(split.labels)) == 17 + 6


@pytest.mark.parametrize("n_train", [1, 2, 17, 33])
def test_no_number_of_samples_breaks_a_normalisation(make_split, n_train):
    model = fit(make_split(n_train=n_train), small("fcn"), 0, TWO)
    assert np.isfinite(model.card["history"][-1]["train_loss"])


def test_one_validation_sample_of_one_class_is_enough(make_split):
    model = fit(
        make_split(n_validation=1, n_classes=3),
        small("tiny_cnn"),
        0,
        TrainParams(refit=False, max_epochs=2, class_weights="balanced"),
    )
    assert np.isfinite(model.card["history"][-1]["validation_loss"])


def test_balanced_weights_find_the_rare_class(make_split):
    whole = make_split(n_train=60, n_validation=40)
    rare = [i for i in range(60) if whole.labels["train"][i] == 0 or i < 6]
    series = whole.series | {"train": 0.05 * whole.series["train"][rare]}
    series["validation"] = 0.05 * whole.series["validation"]
    labels = whole.labels | {"train": whole.labels["train"][rare]}
    skewed = type(whole)("Toy", series, labels, whole.classes, whole.source)
    shares = []
    for class_weights in ("none", "balanced"):
        model = fit(
            skewed,
            small("gru"),
            0,
            TrainParams(refit=False, max_epochs=8, min_epochs=8, learning_rate=1e-2, class_weights=class_weights),
        )
        shares.append(predict_proba(model, skewed.series["validation"])[:, 1].mean())
    assert shares[1] > shares[0] + 0.05


def test_a_loss_that_is_not_finite_is_an_error_that_names_the_cell(split):
    series = split.series | {"train": np.full_like(split.series["train"], np.nan)}
    broken = type(split)("Broken", series, split.labels, split.classes, split.source)
    with pytest.raises(
        CellError, match=r"tiny_cnn on Broken, seed 9: the loss is not finite in epoch 1 .*learning_rate"
    ):
        fit(broken, small("tiny_cnn"), 9, TWO)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_asked_for_and_absent(split):
    with pytest.raises(ParameterError, match=r"train.device is 'cuda' .* Set train.device=cpu or auto"):
        fit(split, small("fcn"), 0, TrainParams(device="cuda"))
    assert fit(split, small("tiny_cnn"), 0, TrainParams(refit=False, device="auto", max_epochs=1)).card["epochs"] == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_half_precision_needs_cuda(split):
    with pytest.raises(ParameterError, match="16-mixed"):
        fit(split, small("fcn"), 0, TrainParams(precision="16-mixed"))


@pytest.mark.parametrize("architecture", ["fcn", "ph_hybrid"])
def test_bfloat16_fits_on_the_cpu(split, architecture):
    model = fit(split, small(architecture), 0, TrainParams(refit=False, max_epochs=2, precision="bf16-mixed"))
    assert all(weight.dtype != torch.bfloat16 for weight in model.weights.values())


@pytest.mark.parametrize(("architecture", "give"), [("fcn", True), ("ph_mlp", False)])
def test_features_must_fit_the_architecture(split, features, architecture, give):
    with pytest.raises(ParameterError, match=f"'{architecture}' reads"):
        fit(split, small(architecture), 0, TWO, features if give else None)


def test_an_empty_part_is_named(make_split):
    with pytest.raises(DataError, match=r"'Toy' has 0 samples and 0 labels in validation"):
        fit(make_split(n_validation=0), small("fcn"), 0, TWO)


def test_a_fit_leaves_no_trace(split, tmp_path, monkeypatch, capfd, recwarn, caplog):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(11)
    np.random.seed(11)  # noqa: NPY002
    before = torch.get_rng_state(), torch.get_num_threads(), logging.getLogger("lightning.pytorch").level
    numbers = np.random.get_state()[1].copy()  # noqa: NPY002
    fit(split, small("tiny_cnn"), 0, TrainParams(refit=False, max_epochs=2, threads=2), progress=True)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002
    assert (torch.get_num_threads(), logging.getLogger("lightning.pytorch").level) == before[1:]
    assert not torch.are_deterministic_algorithms_enabled()
    assert list(tmp_path.iterdir()) == []
    assert not recwarn.list
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_threads_are_restored_after_a_failure(split):
    series = split.series | {"train": np.full_like(split.series["train"], np.nan)}
    broken = type(split)("Broken", series, split.labels, split.classes, split.source)
    with pytest.raises(CellError):
        fit(broken, small("tiny_cnn"), 9, TrainParams(refit=False, max_epochs=1, threads=2))
    assert torch.get_num_threads() == 1


def test_fits_in_threads_of_one_process_do_not_disturb_each_other(split):
    alone = [fit(split, small("gru"), seed, TWO) for seed in (1, 2)]
    together = {}

    def run(seed):
        together[seed] = fit(split, small("gru"), seed, TWO)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same(alone[0], together[1])
    assert same(alone[1], together[2])


@pytest.mark.parametrize("members", [1, 2])
def test_a_network_that_normalises_is_blind_to_offset_and_scale(split, members):
    spec = small("tiny_cnn", members=members, normalise=True)
    model = TrainedModel.from_bytes(fit(split, spec, 42, TWO).to_bytes())
    series = split.series["test"]
    np.testing.assert_allclose(predict_proba(model, 30 * series + 100), predict_proba(model, series), atol=1e-4)
    plain = fit(split, small("tiny_cnn", members=members), 42, TWO)
    assert "normalise" not in plain.card
    assert np.abs(predict_proba(plain, 30 * series + 100) - predict_proba(plain, series)).max() > 0.01


def test_features_cannot_be_normalised_inside_the_network(split, features):
    with pytest.raises(ParameterError, match=r"zoo\.ph_mlp\.normalise: .*reads features"):
        fit(split, small("ph_mlp", normalise=True), 42, TWO, features)
