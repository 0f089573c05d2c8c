"""The fit of a compressed network: from the weights it has, for a fixed number of epochs, on all of train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from topology_efficient_dl.collections.progress import tick
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.answers import check_finite
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import FineTuneParams
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.batches import Batches
from topology_efficient_dl.training.classification import balanced_weights
from topology_efficient_dl.training.distillation import Distillation
from topology_efficient_dl.training.loop import ONE_FIT, trainer_of
from topology_efficient_dl.training.objective import Objective
from topology_efficient_dl.training.runtime import (
    member_seed,
    reproducible,
    silent_lightning,
    training_device,
)
from topology_efficient_dl.training.samples import Loader
from topology_efficient_dl.training.stopping import EpochLog
from topology_efficient_dl.training.weight_masks import Levels, WeightMasks

TEACHER_BATCH = 256


Prepare = Callable[[TrainParams, torch.device], tuple[Objective, Loader]]
"""From the parameters of the loop and its device to what is minimised, and the batches that it is minimised on."""

Learn = Callable[[Tensor, TrainParams], tuple[Objective, Tensor]]
"""From what the teacher says of every sample, and the parameters of the loop, to what is minimised and its targets."""


def train_with(
    network: nn.Module,
    prepare: Prepare,
    recipe: FineTuneParams,
    train: TrainParams,
    seed: int,
    *,
    levels: Levels = (),
    shares: Sequence[float] = (1.0,),
    name: str = "compressed network",
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Train a network on, in place. The same arguments on the same machine give bit-identical weights.

    Parameters
    ----------
    network : to train
    prepare : makes what is minimised and the batches, once generators are seeded
    recipe : epochs, learning rate, share and temperature of distillation
    train : what else the loop is told: batches, weight decay, clipping, device, threads
    seed : of order and dropout
    levels : outputs or weights that are held at zero; see `WeightMasks`
    shares : of what ``levels`` open, in equal parts of the epochs
    name : what errors and the bar call the fit
    progress : draw a bar over epochs, if standard error is a terminal

    Returns
    -------
    Rows of the epochs: ``stage, epoch, train_loss, validation_loss, validation_accuracy, learning_rate, seconds``.

    Raises
    ------
    ParameterError : the device is not there
    CellError : the loss became infinite or NaN
    """
    if recipe.epochs == 0:
        return []
    device = training_device(train)
    how = train.model_copy(update={"max_epochs": recipe.epochs, "learning_rate": recipe.learning_rate})
    with tqdm(total=recipe.epochs, desc=name, unit="epoch", disable=None if progress else True, leave=False) as bar:
        log = EpochLog(how, name, lambda _: _advance(bar), stage="fine-tuning")
        with ONE_FIT, silent_lightning(), reproducible(member_seed(seed, 1), how.threads):
            masks = WeightMasks(levels, shares, recipe.epochs)
            module, batches = prepare(how, device)
            network.train()
            trainer_of(how, device, [log, masks], recipe.epochs).fit(module, batches)
    network.cpu().eval()
    return log.history


def train_on(
    network: nn.Module,
    teacher: TrainedModel,
    inputs: NDArray[np.float32],
    learn: Learn,
    recipe: FineTuneParams,
    train: TrainParams,
    seed: int,
    **options: Any,
) -> list[dict[str, Any]]:
    """Train a network of series on, in place.

    Parameters
    ----------
    network : series (batch, n_channels, n_timepoints) -> answers (batch, n)
    teacher : the dense network, which has seen train and validation too
    inputs : (n, n_channels, n_timepoints) all that is learnt from
    learn : makes what is minimised, and the targets, once the teacher has spoken
    recipe, train, seed, options : as in `train_with`
    """

    def prepare(how: TrainParams, device: torch.device) -> tuple[Objective, Loader]:
        """The objective, and series in batches with their targets."""
        module, targets = learn(_answers_of(teacher, inputs), how)
        tensor = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32))
        return module, Batches(tensor.to(device), targets.to(device), how.batch_size, shuffle_seed=seed)

    return train_with(network, prepare, recipe, train, seed, **options)


def fit_on(
    network: nn.Module,
    teacher: TrainedModel,
    split: Split,
    recipe: FineTuneParams,
    train: TrainParams,
    seed: int,
    **options: Any,
) -> list[dict[str, Any]]:
    """Train a compressed classifier on, in place, with the dense one as its teacher.

    Parameters are those of `train_on`; of ``split`` train and validation are learnt from together, and test is
    not looked at.
    """

    def learn(logits: Tensor, how: TrainParams) -> tuple[Objective, Tensor]:
        codes = torch.from_numpy(split.development(split.labels))
        weights = balanced_weights(codes, split.n_classes) if how.class_weights == "balanced" else None
        module = Distillation(network, how, weights, recipe.distillation, recipe.temperature)
        return module, torch.cat([codes[:, None].float(), logits], dim=1)

    return train_on(network, teacher, split.development(split.series), learn, recipe, train, seed, **options)


def _advance(bar: tqdm[Any]) -> None:
    bar.update()
    tick()


def check_teacher(teacher: TrainedModel, said: Tensor) -> None:
    """Refuse to learn from answers that are not finite.

    Raises
    ------
    CellError : names the dense network, its data set and how many
    """
    name = f"{teacher.card['model']} on {teacher.card['dataset']}, seed {teacher.card['seed']}"
    check_finite(name, "answers that its compressed networks would learn from", said.detach().cpu().numpy())


@torch.inference_mode()
def _answers_of(teacher: TrainedModel, inputs: NDArray[np.float32]) -> Tensor:
    """What the teacher says of every series, once: nothing is drawn anew between epochs."""
    network = teacher.module()
    parts = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32)).split(TEACHER_BATCH)
    said = torch.cat([network(part) for part in parts]).float().clone()
    check_teacher(teacher, said)
    return said
