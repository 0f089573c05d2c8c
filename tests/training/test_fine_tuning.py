"""Training on of a network, with a teacher, and with weights that are held at zero."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import CellError
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import FineTuneParams
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.series import SeriesClasses
from topology_efficient_dl.tasks.task import fit
from topology_efficient_dl.tensor import design_by_rank, factorised_network, shapes_of
from topology_efficient_dl.tensor.forms import Shape
from topology_efficient_dl.tensor.network import rank_levels
from topology_efficient_dl.training.fine_tuning import Lesson, train_on
from topology_efficient_dl.training.objective import Classification, Teaching
from topology_efficient_dl.training.weight_masks import Held, WeightMasks

TRAIN = TrainParams(max_epochs=4, min_epochs=1, batch_size=8)


@pytest.fixture(scope="module")
def split() -> Split:
    rng = np.random.default_rng(0)
    labels = {
        part: np.tile(np.array([0, 1], dtype=np.int64), n) for part, n in (("train", 8), ("validation", 3), ("test", 4))
    }
    wave = np.sin(np.linspace(0, 6, 30))
    series = {
        part: (codes[:, None, None] * wave + 0.1 * rng.standard_normal((len(codes), 1, 30))).astype(np.float32)
        for part, codes in labels.items()
    }
    return Split("toy", series, labels, ("a", "b"), "made here")


@pytest.fixture(scope="module")
def teacher(split: Split) -> TrainedModel:
    spec = ModelSpec(architecture="fcn", size="small", options={"filters": (8, 8, 8)})
    return fit(SeriesClasses(split), spec, 42, TRAIN)


def fit_on(network: nn.Module, teacher: TrainedModel, split: Split, recipe: FineTuneParams, seed: int, held=None):
    task = SeriesClasses(split)
    lesson = Lesson("small", teacher, task.samples(teacher.card, torch.device("cpu")), task.objective)
    return train_on(network, lesson, recipe, TRAIN, seed, held)


def shrunk(teacher: TrainedModel, rank: int = 4) -> tuple[nn.Module, nn.Module, dict]:
    dense = teacher.module()
    shapes = dict(shapes_of(design_by_rank(dense, "tucker", ["conv"], rank).plans))
    return factorised_network(dense, shapes)[0], dense, shapes


def test_a_teacher_whose_answers_are_not_finite_is_named(split: Split, teacher: TrainedModel) -> None:
    weights = {name: value.clone() for name, value in teacher.weights.items()}
    weights[next(reversed(weights))][:] = float("nan")
    broken = TrainedModel(teacher.card, weights)
    with pytest.raises(
        CellError, match="fcn on toy, seed 42: 22 of 22 answers that its compressed networks would learn"
    ):
        fit_on(teacher.module(), broken, split, FineTuneParams(epochs=1), 42)


def test_distillation_is_the_sum_of_its_parts() -> None:
    torch.manual_seed(0)
    logits, teacher = torch.randn(5, 3), torch.randn(5, 3)
    codes = torch.tensor([0, 1, 2, 1, 0])
    targets = torch.cat([codes[:, None].float(), teacher], dim=1)
    labels_alone, _ = Classification(nn.Identity(), TRAIN).loss(logits, codes)
    for share, heat in ((0.0, 2.0), (0.3, 2.0), (1.0, 4.0)):
        total, weight = Classification(nn.Identity(), TRAIN, None, Teaching(share, heat)).taught_loss(logits, targets)
        own, theirs = (logits / heat).softmax(1), (teacher / heat).softmax(1)
        divergence = (theirs * (theirs.log() - own.log())).sum()
        assert float(total) == pytest.approx(float((1 - share) * labels_alone + share * heat**2 * divergence), rel=1e-5)
        assert float(weight) == 5
    same = torch.cat([codes[:, None].float(), logits], dim=1)
    assert float(
        Classification(nn.Identity(), TRAIN, None, Teaching(1.0, 3.0)).taught_loss(logits, same)[0]
    ) == pytest.approx(0, abs=1e-6)


def test_a_fit_goes_on_from_the_weights_and_is_reproducible(split: Split, teacher: TrainedModel) -> None:
    recipe = FineTuneParams(epochs=3)
    first, _, _ = shrunk(teacher)
    second, _, _ = shrunk(teacher)
    start = {name: value.clone() for name, value in first.state_dict().items()}
    history = fit_on(first, teacher, split, recipe, 42)
    fit_on(second, teacher, split, recipe, 42)
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[0]["validation_loss"] is None
    assert history[0]["learning_rate"] == recipe.learning_rate
    for name, value in first.state_dict().items():
        torch.testing.assert_close(value, second.state_dict()[name], atol=0, rtol=0)
    assert any(not torch.equal(value, start[name]) for name, value in first.state_dict().items())
    assert not first.training


def test_no_epochs_leave_the_network_as_it_is(split: Split, teacher: TrainedModel) -> None:
    network, _, _ = shrunk(teacher)
    start = {name: value.clone() for name, value in network.state_dict().items()}
    assert fit_on(network, teacher, split, FineTuneParams(epochs=0), 42) == []
    assert all(torch.equal(value, start[name]) for name, value in network.state_dict().items())


def test_pruned_weights_stay_zero(split: Split, teacher: TrainedModel) -> None:
    network = teacher.module()
    layer = next(each for each in network.modules() if isinstance(each, nn.Conv1d))
    with torch.no_grad():
        layer.weight[0] = 0.0
    levels = [(layer, "weight", np.where(layer.weight.detach().numpy() == 0, 2.0, 0.0))]
    fit_on(network, teacher, split, FineTuneParams(epochs=2), 42, Held(levels))
    assert not layer.weight[0].any()
    assert layer.weight[1:].any()
    assert "weight" in dict(layer.named_parameters())


def test_ranks_that_increase_open_in_turn(split: Split, teacher: TrainedModel) -> None:
    network, dense, shapes = shrunk(teacher)
    levels = rank_levels(network, dense, shapes)
    assert levels
    full = {name: value.clone() for name, value in network.state_dict().items()}
    masks = WeightMasks(levels, (0.5, 1.0), epochs=4)
    closed = []
    for epoch in range(4):
        masks.on_train_epoch_start(type("Trainer", (), {"current_epoch": epoch})(), None)  # type: ignore[arg-type]
        closed.append(float(np.mean([float((layer.weight == 0).float().mean()) for layer, _, _ in levels])))
    assert closed == [0.5, 0.5, 0.0, 0.0]
    assert all(torch.equal(value, full[name]) for name, value in network.state_dict().items())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    history = fit_on(network, teacher, split, FineTuneParams(epochs=4), 1, Held(levels, (0.5, 1.0)))
    assert len(history) == 4
    assert network.state_dict().keys() == before.keys()


def test_half_the_ranks_is_the_network_of_half_the_ranks(teacher: TrainedModel) -> None:
    dense = teacher.module()
    shapes = dict(shapes_of(design_by_rank(dense, "svd", ["conv"], 4).plans))
    network, _ = factorised_network(dense, shapes)
    WeightMasks(rank_levels(network, dense, shapes), (0.5, 1.0), epochs=2)
    halved = {name: Shape("svd", tuple(rank // 2 for rank in shape.ranks)) for name, shape in shapes.items()}
    small, _ = factorised_network(dense, halved)
    sample = torch.randn(3, 1, 30)
    torch.testing.assert_close(network.eval()(sample), small.eval()(sample), atol=1e-4, rtol=1e-4)
