"""Gated recurrent units whose input and recurrent maps are linear layers, and so can be factorised.

Torch's own kernel wants its weights as matrices. Where only the input maps are of low rank it can still be used: one
linear layer to ``rank`` numbers before it, shared by both directions. Otherwise the recurrence is a loop over time.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from topology_efficient_dl.tensor.decompositions import Array, low_rank, singular_values
from topology_efficient_dl.tensor.forms import (
    Form,
    FreeRanks,
    Level,
    Modes,
    Shape,
    Spectra,
    array_of,
    like,
    shares_of,
    take,
    write,
)
from topology_efficient_dl.tensor.ranks import Ranks

States = tuple[Tensor, Tensor]


class RecurrentDirection(nn.Module):
    """One layer of a GRU in one direction: all input gates at once, then a loop over time.

    ``r, z = sigmoid(W x + U h)``, ``n = tanh(W_n x + r * (U_n h))``, ``h = (1 - z) n + z h``, as torch has it.

    Parameters
    ----------
    in_features, hidden : widths
    bias : whether both maps have one
    backward : whether time runs backwards

    References
    ----------
    Cho et al. (EMNLP 2014), section 2.3.
    """

    def __init__(self, in_features: int, hidden: int, bias: bool, backward: bool, **how: Any) -> None:
        super().__init__()
        self.hidden, self.backward_in_time = hidden, backward
        self.input_map: nn.Module = nn.Linear(in_features, 3 * hidden, bias=bias, **how)
        self.hidden_map: nn.Module = nn.Linear(hidden, 3 * hidden, bias=bias, **how)

    def forward(self, values: Tensor, state: Tensor, lengths: Tensor | None = None) -> States:
        """(batch, time, in_features) and (batch, hidden) -> states (batch, time, hidden) and the last one.

        With ``lengths`` (batch,) int64 a state stays as it is where its sequence has ended, or has not begun.
        """
        gates = self.input_map(values).unbind(1)
        steps = list(enumerate(gates))
        found = []
        for time, gate in reversed(steps) if self.backward_in_time else steps:
            recurrent = self.hidden_map(state)
            both = torch.sigmoid(gate[:, : 2 * self.hidden] + recurrent[:, : 2 * self.hidden])
            reset, update = both.chunk(2, dim=1)
            fresh = torch.tanh(gate[:, 2 * self.hidden :] + reset * recurrent[:, 2 * self.hidden :])
            after = torch.lerp(fresh, state, update)
            state = after if lengths is None else torch.where((lengths > time)[:, None], after, state)
            found.append(state)
        ordered = found[::-1] if self.backward_in_time else found
        return torch.stack(ordered, dim=1), state


class _LikeGRU(nn.Module):
    """The call of `torch.nn.GRU`, and what parents ask of one: batches, single sequences, packed sequences.

    Parameters
    ----------
    layer : the GRU whose shape it takes
    """

    def __init__(self, layer: nn.GRU) -> None:
        super().__init__()
        self.batch_first, self.dropout, self.bidirectional = layer.batch_first, layer.dropout, layer.bidirectional
        self.input_size, self.hidden_size, self.num_layers = layer.input_size, layer.hidden_size, layer.num_layers
        self.n_directions = 2 if layer.bidirectional else 1
        self.mode, self.bias, self.proj_size = layer.mode, layer.bias, layer.proj_size

    def __getattr__(self, name: str) -> Any:
        """Weights under torch's names, such as ``weight_ih_l0_reverse``, for parents that read them."""
        found = _NAME_OF_WEIGHT.fullmatch(name)
        if found is None or int(found["depth"]) >= self.num_layers or (found["back"] and not self.bidirectional):
            return super().__getattr__(name)
        if found["kind"] == "bias" and not self.bias:
            return super().__getattr__(name)
        return self._weight(found["kind"], found["part"], int(found["depth"]), bool(found["back"]))

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """For every layer and direction its weights and biases, as torch has them."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if self.bias else ("weight_ih", "weight_hh")
        ends = ("", "_reverse")[: self.n_directions]
        return [[getattr(self, f"{kind}_l{n}{end}") for kind in kinds] for n in range(self.num_layers) for end in ends]

    def _weight(self, kind: str, part: str, depth: int, backward: bool) -> Tensor:
        """One of torch's weights: ``weight`` or ``bias`` of the ``ih`` or the ``hh`` map."""
        raise NotImplementedError

    def flatten_parameters(self) -> None:
        """Nothing: it is torch's to arrange its weights in memory."""

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """As `torch.nn.GRU`: inputs and initial states -> all states of the last layer, last states of all layers."""
        values, state = input, hx
        if isinstance(values, PackedSequence):
            return self._of_packed(values, state)
        single = values.dim() == 2
        if single:
            values = values.unsqueeze(0 if self.batch_first else 1)
            state = None if state is None else state.unsqueeze(1)
        values = values if self.batch_first else values.transpose(0, 1)
        found, last = self._of_batch(values, state, None)
        found = found if self.batch_first else found.transpose(0, 1)
        return (found.squeeze(0 if self.batch_first else 1), last.squeeze(1)) if single else (found, last)

    def _of_packed(self, packed: PackedSequence, state: Tensor | None) -> tuple[PackedSequence, Tensor]:
        values, lengths = pad_packed_sequence(packed, batch_first=True)
        found, last = self._of_batch(values, state, lengths.to(values.device))
        order = packed.sorted_indices
        if order is not None:
            found, lengths = found[order], lengths[order.cpu()]
        data, sizes, _, _ = pack_padded_sequence(found, lengths, batch_first=True)
        return PackedSequence(data, sizes, order, packed.unsorted_indices), last

    def _of_batch(self, values: Tensor, state: Tensor | None, lengths: Tensor | None) -> States:
        """(batch, time, input_size) -> states (batch, time, directions * hidden) and last ones (all, batch, hidden)."""
        raise NotImplementedError


_NAME_OF_WEIGHT = re.compile("(?P<kind>weight|bias)_(?P<part>ih|hh)_l(?P<depth>[0-9]+)(?P<back>_reverse)?")


class OpenGRU(_LikeGRU):
    """`torch.nn.GRU` made of linear layers: the same call, the same numbers.

    Parameters
    ----------
    layer : the GRU whose shape, and with ``fill`` whose weights, it takes

    Examples
    --------
    >>> gru = nn.GRU(3, 4, batch_first=True, bidirectional=True)
    >>> values = torch.randn(2, 5, 3)
    >>> torch.allclose(OpenGRU(gru).fill(gru)(values)[0], gru(values)[0], atol=1e-6)
    True
    """

    def __init__(self, layer: nn.GRU) -> None:
        super().__init__(layer)
        self.layers = nn.ModuleList(
            nn.ModuleList(
                RecurrentDirection(width, layer.hidden_size, layer.bias, backward == 1, **like(layer))
                for backward in range(self.n_directions)
            )
            for width in input_widths(layer)
        )

    def _directions(self) -> list[list[Any]]:
        return [list(directions) for directions in self.layers]  # type: ignore[call-overload]  # lists of modules, whose items torch types as modules

    def fill(self, layer: nn.GRU) -> OpenGRU:
        """Take the weights of a GRU of the same shape; returns itself."""
        for depth, directions in enumerate(self._directions()):
            for backward, direction in enumerate(directions):
                name = f"l{depth}" + ("_reverse" if backward else "")
                for part, linear in (("ih", direction.input_map), ("hh", direction.hidden_map)):
                    take(linear.weight, getattr(layer, f"weight_{part}_{name}"))
                    if layer.bias:
                        take(linear.bias, getattr(layer, f"bias_{part}_{name}"))
        return self

    def _weight(self, kind: str, part: str, depth: int, backward: bool) -> Tensor:
        """As above, of the map."""
        direction = self._directions()[depth][backward]
        found: Tensor = getattr(direction.input_map if part == "ih" else direction.hidden_map, kind)
        return found

    def _of_batch(self, values: Tensor, state: Tensor | None, lengths: Tensor | None) -> States:
        """As above, layer by layer."""
        start = (
            state
            if state is not None
            else values.new_zeros(len(self.layers) * self.n_directions, values.shape[0], self.hidden_size)
        )
        last: list[Tensor] = []
        for depth, directions in enumerate(self._directions()):
            if depth and self.dropout:
                values = F.dropout(values, self.dropout, self.training)
            found = [
                direction(values, start[depth * self.n_directions + place], lengths)
                for place, direction in enumerate(directions)
            ]
            values = torch.cat([states for states, _ in found], dim=2)
            last += [end for _, end in found]
        return values, torch.stack(last)


def input_widths(layer: nn.GRU) -> list[int]:
    """What every layer of a GRU reads."""
    inner = layer.hidden_size * (2 if layer.bidirectional else 1)
    return [layer.input_size] + [inner] * (layer.num_layers - 1)


def input_weights(layer: nn.GRU, depth: int) -> Array:
    """Input weights of both directions of a layer, one above the other: (directions * 3 * hidden, width)."""
    names = ["", "_reverse"] if layer.bidirectional else [""]
    return np.concatenate([array_of(getattr(layer, f"weight_ih_l{depth}{name}")) for name in names])


class NarrowedGRU(_LikeGRU):
    """A GRU whose layers read ``rank`` linear combinations of their inputs, and torch's own kernel.

    ``W = U V`` with one ``V`` for both directions: ``V`` is a linear layer before the recurrence, ``U`` its input
    weights.

    Parameters
    ----------
    layer : the GRU whose shape it takes
    ranks : of every layer; at the width of its input nothing is put before it
    """

    def __init__(self, layer: nn.GRU, ranks: Ranks) -> None:
        super().__init__(layer)
        self.reduce = nn.ModuleList(
            nn.Linear(width, rank, bias=False, **like(layer)) if rank < width else nn.Identity()
            for width, rank in zip(input_widths(layer), ranks, strict=True)
        )
        how: Any = {"bias": layer.bias, "batch_first": True, "bidirectional": layer.bidirectional, **like(layer)}
        self.recurrent = nn.ModuleList(nn.GRU(rank, layer.hidden_size, **how) for rank in ranks)

    def _weight(self, kind: str, part: str, depth: int, backward: bool) -> Tensor:
        """As above; an input weight is the product of the kernel's and of the linear layer before it."""
        found: Tensor = getattr(self.recurrent[depth], f"{kind}_{part}_l0" + "_reverse" * backward)
        reduce: Any = self.reduce[depth]
        narrowed = (kind, part) == ("weight", "ih") and isinstance(reduce, nn.Linear)
        return found @ reduce.weight if narrowed else found

    def _of_batch(self, values: Tensor, state: Tensor | None, lengths: Tensor | None) -> States:
        """As above, by torch's kernel."""
        starts = [None] * len(self.recurrent) if state is None else list(state.split(self.n_directions))
        last = []
        for depth, (reduce, recurrent) in enumerate(zip(self.reduce, self.recurrent, strict=True)):
            if depth and self.dropout:
                values = F.dropout(values, self.dropout, self.training)
            values, end = _run(recurrent, reduce(values), starts[depth], lengths)
            last.append(end)
        return values, torch.cat(last)


def _run(kernel: nn.Module, values: Tensor, start: Tensor | None, lengths: Tensor | None) -> States:
    """Torch's kernel on a batch, whose sequences may have lengths of their own."""
    if lengths is None:
        found: States = kernel(values, start)
        return found
    packed = pack_padded_sequence(values, lengths.cpu(), batch_first=True, enforce_sorted=False)
    states, end = kernel(packed, start)
    return pad_packed_sequence(states, batch_first=True)[0], end


class LowRankInputs(FreeRanks):
    """`NarrowedGRU`; one rank per layer."""

    def largest(self, layer: nn.GRU, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        return tuple(min(input_weights(layer, depth).shape) for depth in range(layer.num_layers))

    def spectra(self, layer: nn.GRU, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        return [[singular_values(input_weights(layer, depth))] for depth in range(layer.num_layers)]

    def empty(self, layer: nn.GRU, shape: Shape) -> NarrowedGRU:
        """As in `Form`."""
        return NarrowedGRU(layer, shape.ranks)

    def fill(self, factorised: NarrowedGRU, layer: nn.GRU, shape: Shape) -> None:
        """As in `Form`."""
        for depth, (reduce, recurrent) in enumerate(zip(factorised.reduce, factorised.recurrent, strict=True)):
            weight: Array = input_weights(layer, depth)
            if isinstance(reduce, nn.Linear):
                weight, right = low_rank(weight, shape.ranks[depth])
                write(reduce.weight, right)
            self._fill_kernel(recurrent, layer, depth, weight)

    def levels(self, factorised: NarrowedGRU, layer: nn.GRU, shape: Shape) -> list[Level]:
        """As in `Form`."""
        pairs = zip(factorised.reduce, shape.ranks, strict=True)
        return [(reduce, "weight", shares_of(rank)) for reduce, rank in pairs if isinstance(reduce, nn.Linear)]

    def restored(self, factorised: NarrowedGRU, layer: nn.GRU) -> list[Array]:
        """Input weights of every layer that the narrowed one stands for."""
        found = []
        kernels: Any = factorised.recurrent
        for reduce, recurrent in zip(factorised.reduce, kernels, strict=True):
            weight = input_weights(recurrent, 0)
            found.append(weight @ array_of(reduce.weight) if isinstance(reduce, nn.Linear) else weight)
        return found

    def _fill_kernel(self, kernel: Any, layer: nn.GRU, depth: int, inputs: Array) -> None:
        names = ["", "_reverse"] if layer.bidirectional else [""]
        for name, weight in zip(names, np.split(inputs, len(names)), strict=True):
            write(getattr(kernel, f"weight_ih_l0{name}"), weight)
            for part in ("weight_hh", *(("bias_ih", "bias_hh") if layer.bias else ())):
                write(getattr(kernel, f"{part}_l0{name}"), array_of(getattr(layer, f"{part}_l{depth}{name}")))


RECURRENT_FORMS: dict[str, Form] = {"svd": LowRankInputs()}
"""By method, how a GRU is factorised as it is. By the others it is opened up, and its maps are linear layers."""
