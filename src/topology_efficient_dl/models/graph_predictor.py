"""Probabilities of nodes or graphs from a trained network of track B."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from topology_efficient_dl.data.preparation import check_finite
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.graph_inputs import Material, NetworkInput, network_input
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.simplicial.label_diffusion import DiffusionOptions, LabelSpreading
from topology_efficient_dl.models.trained import TrainedModel

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


class GraphPredictor:
    """A network of track B with its weights, in evaluation mode.

    Parameters
    ----------
    model : what to predict with
    device : torch device of the network
    batch_graphs : most graphs of a set in one forward pass
    check : refuse features and answers that are not finite; off for who scores such answers
    """

    def __init__(
        self, model: TrainedModel, device: str = "cpu", batch_graphs: int = 256, *, check: bool = True
    ) -> None:
        self.model, self.device, self.batch_graphs, self.check = model, device, batch_graphs, check
        self.architecture = find_architecture(model.card["architecture"])
        self.options = model.card["options"]
        self.network = self._whole(model).to(device)

    def _whole(self, model: TrainedModel) -> nn.Module:
        """From the prepared input to logits; of label diffusion the labels that were seen in the fit are a part."""
        network: Any = model.module()
        if self.architecture.reads != "diffusion":
            return network
        return LabelSpreading(network, model.extractor_state, DiffusionOptions.of(self.options)).eval()

    def prepare(self, material: Material, graphs: IntArray | None = None) -> NetworkInput:
        """What the network reads, on the device: made once for any number of answers.

        Parameters
        ----------
        material : complex, features and groups
        graphs : (m,) int64, ascending, which graphs of a set; None for the one graph that there is

        Raises
        ------
        DataError : features or kernels are others than those of the fit, or not finite
        """
        self._check_material(material)
        return network_input(self.architecture.reads, self.options, material, graphs).to(self.device)

    @torch.inference_mode()
    def of_input(self, inputs: NetworkInput) -> FloatArray:
        """Probabilities (n_nodes or n_graphs, n_classes) float32, rows sum to one."""
        probabilities: FloatArray = self.network(inputs).softmax(dim=1).cpu().numpy()
        return probabilities

    def of_nodes(self, material: Material, rows: IntArray) -> FloatArray:
        """Probabilities of some nodes of one graph.

        Raises
        ------
        DataError : features or kernels are others than those of the fit; or they or the answer are not finite
        """
        if self.architecture.reads == "propagated":
            self._check_material(material)
            values = np.ascontiguousarray(material.blocks.values[rows])
            return self._checked(self.of_input(torch.from_numpy(values).to(self.device)))
        return self._checked(self.of_input(self.prepare(material))[rows])

    def of_graphs(self, material: Material, graphs: IntArray) -> FloatArray:
        """Probabilities of some graphs of a set, given in ascending order; errors are those of `of_nodes`."""
        if not len(graphs):
            return np.empty((0, self.model.card["n_classes"]), np.float32)
        pieces = np.array_split(graphs, -(-len(graphs) // self.batch_graphs))
        return self._checked(np.concatenate([self.of_input(self.prepare(material, piece)) for piece in pieces]))

    def _check_material(self, material: Material) -> None:
        """Refuse features by another recipe than those of the fit."""
        card, way_out = self.model.card, "Make them as the run did that fitted the model"
        if self.architecture.reads == "diffusion":
            known, given = tuple(card["channels"]), material.kernels.channel_names
            sizes = len(self.model.extractor_state["mass"]), material.kernels.labels.shape[1]
        else:
            blocks = material.blocks
            known, given = tuple(card.get("blocks", blocks.names)), blocks.names
            sizes = card["n_features"], blocks.values.shape[1]
        if known != given or sizes[0] != sizes[1]:
            what = "nodes" if self.architecture.reads == "diffusion" else "features"
            raise DataError(
                f"'{card['model']}' reads {sizes[0]} {what} by {', '.join(known)}, and was given {sizes[1]} by "
                f"{', '.join(given)}. {way_out}"
            )
        if self.check and self.architecture.reads != "diffusion":
            check_finite(material.blocks.values, "features of nodes: ", way_out)

    def _checked(self, probabilities: FloatArray) -> FloatArray:
        if self.check:
            check_finite(probabilities, "the answer of the model: ", "Are the features those of the fit?")
        return probabilities
