"""What can be learnt, whatever it is learnt from; and how a network is fitted to it, and asked about its test part."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, Protocol

import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from topology_efficient_dl.models.answers import predicted_classes
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.loop import fit_networks
from topology_efficient_dl.training.objective import Classification, Objective, Teaching, balanced_weights
from topology_efficient_dl.training.runtime import reproducible, training_device
from topology_efficient_dl.training.samples import Samples

# The last bits of a probability depend on the number of threads, which belongs to the process.
_ONE_PREDICTION = threading.Lock()


class Task(Protocol):
    """One data set as models learn from it: classes of series, classes of nodes or graphs, forecasts.

    A new kind of task is one implementation of this; fitting, predicting, fine-tuning and compressing need no more.
    """

    @property
    def name(self) -> str:
        """Of the data set."""
        ...

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """Arrays of the feature extractor, which are stored with the weights; empty where there is none."""
        ...

    def describe(self, spec: ModelSpec, seed: int, model: str) -> dict[str, Any]:
        """What a card says of a cell before it is fitted, see ``TrainedModel``; refuses what cannot be fitted."""
        ...

    def solve(self, card: dict[str, Any], train: TrainParams) -> TrainedModel | None:
        """The fit of an architecture that needs no loop, None for one that does."""
        ...

    def samples(self, card: Mapping[str, Any], device: torch.device) -> Samples:
        """Train, validation and both together as development, of the card's seed and as its network reads them."""
        ...

    def objective(
        self, network: nn.Module, train: TrainParams, targets: Tensor, teaching: Teaching | None = None
    ) -> Objective:
        """What is minimised around a network; ``targets`` are of all that is fitted on."""
        ...

    def answers(self, model: TrainedModel) -> pd.DataFrame:
        """What a fitted model says of test, as rows of a table."""
        ...


def fit(
    task: Task, spec: ModelSpec, seed: int, train: TrainParams, *, model: str | None = None, progress: bool = False
) -> TrainedModel:
    """Fit one cell. The same arguments on the same machine give bit-identical weights.

    Parameters
    ----------
    task : what is learnt; test is not looked at
    spec : which network
    seed : of initialisation, order and dropout, of which members of an ensemble draw theirs; of graphs also the number
        of the draw of labels, split or fold
    train : the parameters of the loop; on one graph a step sees all of it, and ``batch_size`` counts rows of propagated
        features, or graphs of a set
    model : the model's name in the zoo, for the card and for errors; the architecture's when None
    progress : draw a bar over epochs, if standard error is a terminal

    Returns
    -------
    The weights of every member after a refit on train and validation for as many epochs as the lowest validation
    loss came after; with ``train.refit`` off, those of that epoch itself.

    Raises
    ------
    ParameterError : unknown architecture or option, one that cannot learn the task, absent device, or features given or
        missing against the spec
    DataError : a part is empty, or features and labels differ in number
    CellError : the loss became infinite or NaN
    """
    card = task.describe(spec, seed, model or spec.architecture)
    solved = task.solve(card, train)
    if solved is not None:
        return solved
    device = training_device(train)
    samples = task.samples(card, device)
    return fit_networks(card, samples, task.objective, train, device, state=task.state, progress=progress)


def predict(task: Task, model: TrainedModel) -> pd.DataFrame:
    """What a fitted model says of test, computed on one thread."""
    with _ONE_PREDICTION, reproducible(model.card["seed"], threads=1):
        return task.answers(model)


def own_training(spec: ModelSpec, train: TrainParams) -> TrainParams:
    """The parameters of the loop, with what the model's entry in the zoo says of its own."""
    return TrainParams(**{**train.model_dump(), **spec.train}) if spec.train else train


def cell_card(
    dataset: str, spec: ModelSpec, seed: int, model: str, options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the cards of all kinds of tasks begin with; ``options`` where they are more than those of the spec."""
    return {
        "model": model,
        "dataset": dataset,
        "seed": seed,
        "architecture": spec.architecture,
        "size": spec.size,
        "options": json.loads(json.dumps(spec.options if options is None else options)),
        "members": spec.members,
    }


def classify(
    network: nn.Module, train: TrainParams, targets: Tensor, n_classes: int, teaching: Teaching | None
) -> Classification:
    """The objective of a classifier, classes weighted as ``train.class_weights`` says."""
    weights = balanced_weights(targets.cpu(), n_classes) if train.class_weights == "balanced" else None
    return Classification(network, train, weights, teaching)


def predictions_table(
    model: TrainedModel, probabilities: NDArray[Any], labels: NDArray[Any], index: NDArray[Any]
) -> pd.DataFrame:
    """One row a sample: ``dataset, model, seed, index, label, predicted, p_0, p_1, ...``; see `predicted_classes`."""
    table = pd.DataFrame(probabilities, columns=[f"p_{code}" for code in range(probabilities.shape[1])])
    table.insert(0, "predicted", predicted_classes(probabilities))
    table.insert(0, "label", labels)
    table.insert(0, "index", index)
    for name in ("seed", "model", "dataset"):
        table.insert(0, name, model.card[name])
    return table
