"""Few labels, spread along several simplicial operators, and mixed by one coefficient for each operator.

Every operator, and the similarity of features, gives a *channel*: a score of every node for every class, computed
without what the node's own label contributed, so that labelled and unlabelled nodes are described alike. Logits are a
sum of channels with one coefficient each, whatever the class; these few numbers are fitted on the labelled nodes. Then
unlabelled nodes count with their predicted probabilities, at a smaller weight, and everything is done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from topology_efficient_dl.complexes.rows import FloatArray, IntArray
from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels, KernelInput
from topology_efficient_dl.models.simplicial.parts import Sizes

PENALTIES = 10.0 ** np.arange(-4, 2.01, 0.5)
LONGEST_STEP, NEWTON_STEPS = 1.0, 30

SIZES: Sizes = {"small": {"passes": 1}, "medium": {"passes": 3}, "large": {"passes": 5}}


@declare(sizes=SIZES, reads="diffusion", solver="diffusion")
class SimplicialDiffusion(nn.Module):
    """Logits as a sum of channels with one coefficient each.

    Parameters
    ----------
    n_features, n_classes : (channels x classes) in, logits out
    passes : times that labels are spread; from the second on, unlabelled nodes count with their probabilities
    soft_weight : of unlabelled nodes
    pull : of the coefficients towards their mean
    smoothing : probability that is shared among all classes before a logarithm is taken
    feature_scale : factor of the channel of features

    References
    ----------
    Zhou et al., *Learning with local and global consistency* (NIPS 2004): diffusion; Zhu, Ghahramani and Lafferty,
    *Semi-supervised learning using Gaussian fields* (ICML 2003), section 5: class mass normalisation; Frasca et al.,
    *SIGN* (2020): a shallow model on features that were propagated before.
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        passes: int = 3,
        soft_weight: float = 0.5,
        pull: float = 1.0,
        smoothing: float = 1e-3,
        feature_scale: float = 5.0,
    ) -> None:
        super().__init__()
        n_channels = n_features // n_classes
        self.coefficients = nn.Parameter(torch.full((n_channels,), 1.0 / max(n_channels, 1)))

    def forward(self, channels: Tensor) -> Tensor:
        """(n_channels, n, n_classes) -> logits (n, n_classes)."""
        return torch.einsum("knc,k->nc", channels, self.coefficients)


@dataclass(frozen=True)
class DiffusionOptions:
    """Options of `SimplicialDiffusion` that the fit reads."""

    passes: int
    soft_weight: float
    pull: float
    smoothing: float
    feature_scale: float

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> DiffusionOptions:
        """From the options of a card."""
        return cls(**{name: options[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, eq=False)
class DiffusionFit:
    """What is fitted: coefficients, and what the channels are made of.

    Attributes
    ----------
    coefficients : (n_channels,) float64
    state : ``targets`` (n, n_classes) one-hot or probabilities, ``mass`` (n,) their weights, and with a kernel of
        features ``dual`` (n, n_classes), the coefficients of the ridge, and ``left_out`` (n, n_classes), leave-one-out
        scores of nodes with mass
    """

    coefficients: FloatArray
    state: dict[str, FloatArray]


def fit_label_diffusion(
    kernels: DiffusionKernels, seen: IntArray, n_classes: int, options: DiffusionOptions
) -> DiffusionFit:
    """Spread labels, fit the coefficients, and spread again.

    Parameters
    ----------
    kernels : between all nodes
    seen : (n,) int64 class codes, -1 where the label is not seen
    n_classes : number of classes
    options : as in `SimplicialDiffusion`
    """
    labelled = np.flatnonzero(seen >= 0)
    counts = np.bincount(seen[labelled], minlength=n_classes)
    targets = np.zeros((len(seen), n_classes))
    targets[labelled, seen[labelled]] = 1.0
    mass = (seen >= 0).astype(np.float64)
    # Leaving out the only label of a class leaves nothing to find it by.
    fitted = labelled[counts[seen[labelled]] > 1]
    weights = 1.0 / counts[seen[fitted]]
    weights *= len(weights) / max(weights.sum(), 1e-9)
    coefficients = np.full(kernels.n_channels, 1.0 / kernels.n_channels)
    state: dict[str, FloatArray] = {}
    for step in range(options.passes):
        state = {"targets": targets, "mass": mass, **_ridge_state(kernels, targets, mass, labelled)}
        channels = channels_of(kernels, state, options)
        start = np.full(kernels.n_channels, 1.0 / kernels.n_channels)
        coefficients = start
        if len(fitted) > 2:
            coefficients = _tied_coefficients(channels[fitted], seen[fitted], weights, start, options.pull)
        if step + 1 < options.passes:
            soft = _softmax(channels @ coefficients)
            soft[labelled] = targets[labelled]
            targets, mass = soft, np.where(seen >= 0, 1.0, options.soft_weight)
    return DiffusionFit(coefficients, state)


def channels_of(kernels: DiffusionKernels, state: Mapping[str, NDArray[Any]], options: DiffusionOptions) -> FloatArray:
    """(n, n_classes, n_channels) scores of every node, without what its own label contributed.

    Parameters
    ----------
    kernels : as in the fit
    state : of a `DiffusionFit`
    options : as in the fit
    """
    targets, mass = state["targets"], state["mass"]
    found = [_label_channel(kernel, targets, mass, options.smoothing) for kernel in kernels.labels]
    if kernels.features is not None:
        scores = (kernels.features + 1.0) @ state["dual"]
        seen = mass > 0
        scores[seen] = state["left_out"][seen]
        found.append(options.feature_scale * scores)
    return np.stack(found, axis=-1)


def _label_channel(kernel: FloatArray, targets: FloatArray, mass: FloatArray, smoothing: float) -> FloatArray:
    """Logarithms of the share of every class in the labels that reach a node, classes of equal mass."""
    sources = targets * mass[:, None]
    reach = kernel.sum(axis=0)
    total = reach @ sources
    arrived = kernel @ sources - np.diag(kernel)[:, None] * sources
    shares = np.maximum(arrived / np.maximum(total - reach[:, None] * sources, 1e-30), 0.0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-30)
    return np.asarray(np.log(shares + smoothing / targets.shape[1]))


def _ridge_state(
    kernels: DiffusionKernels, targets: FloatArray, mass: FloatArray, labelled: IntArray
) -> dict[str, FloatArray]:
    """Class-balanced kernel ridge with a bias; the penalty has the least leave-one-out error of the labelled."""
    if kernels.features is None:
        return {}
    n_nodes, n_classes = targets.shape
    rows = np.flatnonzero(mass > 0)
    sources = (targets * mass[:, None])[rows]
    weights = (sources / np.maximum(sources.sum(axis=0), 1e-9)).sum(axis=1)
    scale = np.sqrt(weights * len(weights) / weights.sum())
    gram = (kernels.features[np.ix_(rows, rows)] + 1.0) * scale[:, None] * scale
    values, vectors = np.linalg.eigh(gram)
    wanted = (targets[rows] - 1.0 / n_classes) * scale[:, None]
    projected = vectors.T @ wanted
    judged = np.isin(rows, labelled)
    least = np.inf
    dual, errors = np.zeros_like(wanted), np.zeros_like(wanted)
    for penalty in PENALTIES:
        shrunk = vectors / (values + penalty)
        solution = shrunk @ projected
        left_out = solution / np.einsum("ij,ij->i", shrunk, vectors)[:, None]
        error = float((left_out[judged] ** 2).sum(axis=1).mean())
        if error < least:
            least, dual, errors = error, solution, left_out
    state = {name: np.zeros((n_nodes, n_classes)) for name in ("dual", "left_out")}
    state["dual"][rows] = dual * scale[:, None]
    state["left_out"][rows] = (wanted - errors) / scale[:, None]
    return state


def _tied_coefficients(
    channels: FloatArray, codes: IntArray, weights: FloatArray, start: FloatArray, pull: float
) -> FloatArray:
    """Weighted softmax regression with one coefficient per channel, pulled to a start; Newton with short steps."""
    wanted = np.eye(channels.shape[1])[codes]
    found = start.copy()
    for _ in range(NEWTON_STEPS):
        likely = _softmax(channels @ found)
        mean = np.einsum("nc,nck->nk", likely, channels)
        gradient = np.einsum("n,nc,nck->k", weights, likely - wanted, channels) + pull * (found - start)
        curvature = np.einsum("n,nc,nck,ncj->kj", weights, likely, channels, channels)
        curvature -= np.einsum("n,nk,nj->kj", weights, mean, mean)
        step = np.linalg.solve(curvature + pull * np.eye(len(found)), gradient)
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-9))
        found = found - step
        if np.abs(step).max() < 1e-6:
            break
    return found


def _softmax(logits: FloatArray) -> FloatArray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


class LabelSpreading(nn.Module):
    """From kernels to logits: the labels of a fit are spread, and channels are mixed.

    The channels are those of `channels_of`, in single precision.

    Parameters
    ----------
    network : with the coefficients
    state : of a `DiffusionFit`; labels with their masses, and what the ridge learnt, are part of the model
    options : as in the fit
    """

    def __init__(
        self, network: SimplicialDiffusion, state: Mapping[str, NDArray[Any]], options: DiffusionOptions
    ) -> None:
        super().__init__()
        self.network, self.smoothing, self.feature_scale = network, options.smoothing, options.feature_scale
        mass = state["mass"][:, None]
        ridge = {name: state[name] for name in ("dual", "left_out") if name in state}
        for name, values in {"sources": state["targets"] * mass, **ridge}.items():
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))
        self.register_buffer("seen", torch.from_numpy(mass > 0))

    def forward(self, kernels: KernelInput) -> Tensor:
        """Logits (n, n_classes) of all nodes."""
        channels = self._of_labels(kernels)
        if kernels.features is not None:
            channels = torch.cat([channels, self._of_features(kernels.features)[None]])
        logits: Tensor = self.network(channels)
        return logits

    def _of_labels(self, kernels: KernelInput) -> Tensor:
        """(n_operators, n, n_classes)."""
        sources = self.get_buffer("sources")
        own = kernels.labels.diagonal(dim1=1, dim2=2)[:, :, None] * sources
        arrived = kernels.labels @ sources - own
        others = (kernels.reach @ sources)[:, None] - kernels.reach[:, :, None] * sources
        shares = (arrived / others.clamp(min=1e-30)).clamp(min=0.0)
        shares = shares / shares.sum(dim=2, keepdim=True).clamp(min=1e-30)
        return (shares + self.smoothing / sources.shape[1]).log()

    def _of_features(self, features: Tensor) -> Tensor:
        """(n, n_classes)."""
        dual, left_out, seen = (self.get_buffer(name) for name in ("dual", "left_out", "seen"))
        scores = features @ dual + dual.sum(dim=0)
        return self.feature_scale * torch.where(seen, left_out, scores)
