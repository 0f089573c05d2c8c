"""The fit of a compressed network: from the weights it has, for a fixed number of epochs, on all of train."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from topology_efficient_dl.collections.progress import tick
from topology_efficient_dl.models.answers import check_finite
from topology_efficient_dl.models.on_nodes import logits_of
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import FineTuneParams
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.loop import ONE_FIT, trainer_of
from topology_efficient_dl.training.objective import MakeObjective, Teaching
from topology_efficient_dl.training.runtime import (
    member_seed,
    reproducible,
    silent_lightning,
    training_device,
)
from topology_efficient_dl.training.samples import Samples, Teacher
from topology_efficient_dl.training.stopping import EpochLog
from topology_efficient_dl.training.weight_masks import Held, WeightMasks


class Lesson(NamedTuple):
    """What a compressed network learns from.

    Attributes
    ----------
    name : what errors and the bar call the fit
    teacher : the dense network, which has seen train and validation too
    samples : of which development is learnt from, on the device of the fit
    objective : makes what is minimised
    """

    name: str
    teacher: TrainedModel
    samples: Samples
    objective: MakeObjective


def train_on(
    network: nn.Module,
    lesson: Lesson,
    recipe: FineTuneParams,
    train: TrainParams,
    seed: int,
    held: Held | None = None,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Train a network on, in place. The same arguments on the same machine give bit-identical weights.

    Parameters
    ----------
    network : to train
    lesson : what it learns from, the dense network among it
    recipe : epochs, learning rate, share and temperature of distillation
    train : what else the loop is told: batches, class weights, weight decay, clipping, device, threads
    seed : of order and dropout
    held : outputs or weights that are held at zero; nothing when None
    progress : draw a bar over epochs, if standard error is a terminal

    Returns
    -------
    Rows of the epochs: ``stage, epoch, train_loss, validation_loss, validation_accuracy, learning_rate, seconds``.

    Raises
    ------
    ParameterError : the device is not there
    CellError : the loss became infinite or NaN, or the dense network says what is not finite
    """
    if recipe.epochs == 0:
        return []
    device = training_device(train)
    how = train.model_copy(update={"max_epochs": recipe.epochs, "learning_rate": recipe.learning_rate})
    teaching = Teaching(recipe.distillation, recipe.temperature)
    bar_off = None if progress else True
    with tqdm(total=recipe.epochs, desc=lesson.name, unit="epoch", disable=bar_off, leave=False) as bar:
        log = EpochLog(how, lesson.name, lambda _: _advance(bar), stage="fine-tuning")
        with ONE_FIT, silent_lightning(), reproducible(member_seed(seed, 1), how.threads):
            masks = WeightMasks(*(held or Held()), recipe.epochs)
            batches = lesson.samples.taught(_voice(lesson.teacher, device), how.batch_size, seed)
            module = lesson.objective(network, how, lesson.samples.targets("development"), teaching)
            network.train()
            trainer_of(how, device, [log, masks], recipe.epochs).fit(module, batches)
    network.cpu().eval()
    return log.history


def _advance(bar: tqdm[Any]) -> None:
    bar.update()
    tick()


def _voice(teacher: TrainedModel, device: torch.device) -> Teacher:
    """From inputs to what the dense network says of them, which must be finite."""
    network = teacher.module().to(device)
    name = f"{teacher.card['model']} on {teacher.card['dataset']}, seed {teacher.card['seed']}"

    @torch.inference_mode()
    def say(inputs: Any, at_once: int | None) -> Tensor:
        pieces = [inputs] if at_once is None else inputs.split(at_once)
        said = torch.cat([logits_of(network, piece) for piece in pieces]).float().clone()
        check_finite(name, "answers that its compressed networks would learn from", said.cpu().numpy())
        return said

    return say
