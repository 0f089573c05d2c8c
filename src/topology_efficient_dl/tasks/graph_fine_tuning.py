"""Compressed networks on graphs trained on, with the dense network as their teacher."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.models.graph_inputs import Material
from topology_efficient_dl.models.on_nodes import logits_of
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import FineTuneParams
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.graph_fitting import fit_on_graph, parts_of, samples_of
from topology_efficient_dl.tasks.graph_samples import Shuffled
from topology_efficient_dl.training.batches import Batches
from topology_efficient_dl.training.classification import balanced_weights
from topology_efficient_dl.training.distillation import Distillation
from topology_efficient_dl.training.fine_tuning import check_teacher, train_with
from topology_efficient_dl.training.objective import Objective
from topology_efficient_dl.training.samples import Loader, Samples, TensorSamples

Say = Callable[[Any], Tensor]


class GraphSource(NamedTuple):
    """What a network on a graph, or on a set of graphs, learns from.

    Attributes
    ----------
    task : labels, and which of them are seen in which draw
    material : complex, features and groups
    features : the propagation recipe that the network reads; its own when None
    """

    task: GraphTask
    material: Material
    features: str | None

    @property
    def name(self) -> str:
        """Of the data set."""
        return self.task.name


def fit_small_on_graph(
    source: GraphSource, spec: ModelSpec, draw: int, train: TrainParams, *, model: str | None = None
) -> TrainedModel:
    """Fit a narrower network from nothing, as the dense one was; see `fit_on_graph`."""
    whole = spec.model_copy(update={"features": source.features})
    return fit_on_graph(source.task, source.material, whole, draw, train, model=model)


def fit_graph_on(
    network: nn.Module,
    teacher: TrainedModel,
    source: GraphSource,
    recipe: FineTuneParams,
    train: TrainParams,
    draw: int,
    **options: Any,
) -> list[dict[str, Any]]:
    """Train a compressed network on, in place, on train and validation of a draw together.

    Parameters
    ----------
    network : the compressed one
    teacher : the dense one
    source : what both learn from
    recipe, train, options : as in `fine_tuning.train_with`
    draw : number of the draw, split or fold; also the seed
    """

    def prepare(how: TrainParams, device: torch.device) -> tuple[Objective, Loader]:
        """Cross-entropy and distillation, and batches with codes and the teacher's logits as targets."""
        card, task = teacher.card, source.task
        architecture, parts = find_architecture(card["architecture"]), parts_of(task, draw)
        samples = samples_of(task, architecture, card["options"], source.material, parts, str(device))
        codes = samples.targets("development").cpu()
        weights = balanced_weights(codes, task.n_classes) if how.class_weights == "balanced" else None
        module = Distillation(network, how, weights, recipe.distillation, recipe.temperature)
        return module, _taught(samples, _voice(teacher, device), how.batch_size, draw)

    return train_with(network, prepare, recipe, train, draw, **options)


def _taught(samples: Samples, say: Say, batch_size: int, seed: int) -> Loader:
    """Development in batches, what the teacher says of it once among the targets."""
    if isinstance(samples, TensorSamples):
        inputs, codes = samples.parts["development"]
        return Batches(inputs, _targets(say, inputs, codes), batch_size, shuffle_seed=seed)
    made = list(samples.batches("development", batch_size, shuffle_seed=seed))
    return Shuffled([(inputs, _targets(say, inputs, codes)) for inputs, codes in made], seed)


def _voice(teacher: TrainedModel, device: torch.device) -> Say:
    """From inputs to the teacher's logits, which must be finite."""
    network = teacher.module().to(device)

    @torch.inference_mode()
    def say(inputs: Any) -> Tensor:
        said = logits_of(network, inputs).float()
        check_teacher(teacher, said)
        return said.clone()

    return say


def _targets(say: Say, inputs: Any, codes: Tensor) -> Tensor:
    """(n, 1 + n_classes) float32: codes, then the teacher's logits."""
    return torch.cat([codes[:, None].float(), say(inputs)], dim=1)
