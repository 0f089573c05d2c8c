"""Attention and encoder layers made of linear layers, so that their projections can be factorised.

Torch's own layers keep projections as bare matrices and hand them to fused kernels. These are the same layers, opened
up: same inputs, same numbers, and every projection an ordinary module under a name.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from topology_efficient_dl.common.torch_internals import is_left_aligned
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.forms import like, take
from topology_efficient_dl.tensor.plain import kind_of, why_not_plain


class OpenAttention(nn.Module):
    """Multi-head attention: one linear layer to queries, keys and values, one from the heads back.

    Parameters
    ----------
    layer : the `torch.nn.MultiheadAttention` whose shape, and with ``fill`` whose weights, it takes; see
        `why_closed_attention` for those that it cannot take

    References
    ----------
    Vaswani et al., *Attention is all you need* (NeurIPS 2017), section 3.2.
    """

    def __init__(self, layer: nn.MultiheadAttention) -> None:
        super().__init__()
        self.width, self.heads = layer.embed_dim, layer.num_heads
        self.embed_dim, self.num_heads, self.head_dim = layer.embed_dim, layer.num_heads, layer.head_dim
        self.dropout, self.batch_first = layer.dropout, layer.batch_first
        self.kdim, self.vdim, self.add_zero_attn = layer.kdim, layer.vdim, layer.add_zero_attn
        self.bias_k = self.bias_v = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        self._qkv_same_embed_dim = True
        biased = layer.in_proj_bias is not None
        self.in_map: nn.Module = nn.Linear(self.width, 3 * self.width, bias=biased, **like(layer))
        self.out_map: nn.Module = nn.Linear(self.width, self.width, bias=biased, **like(layer))

    @property
    def in_proj_weight(self) -> Tensor:
        """(3 * embed_dim, embed_dim) as in torch's layer, for parents that read it."""
        found: Any = self.in_map
        weight: Tensor = found.weight
        return weight

    @property
    def in_proj_bias(self) -> Tensor | None:
        """(3 * embed_dim,) as in torch's layer."""
        found: Any = self.in_map
        bias: Tensor | None = found.bias
        return bias

    @property
    def out_proj(self) -> nn.Module:
        """The map from the heads back, under torch's name."""
        return self.out_map

    def fill(self, layer: nn.MultiheadAttention) -> OpenAttention:
        """Take the weights of attention of the same shape; returns itself."""
        inner: Any = self.in_map
        outer: Any = self.out_map
        take(inner.weight, layer.in_proj_weight)
        take(outer.weight, layer.out_proj.weight)
        if layer.in_proj_bias is not None:
            take(inner.bias, layer.in_proj_bias)
            take(outer.bias, layer.out_proj.bias)
        return self

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """As `torch.nn.MultiheadAttention`: batches or single sequences, self-attention or attention to another input.

        Raises
        ------
        ParameterError : ``is_causal`` without the mask that it describes
        """
        if is_causal and attn_mask is None:
            raise ParameterError("is_causal is a hint about attn_mask; give the mask too, as torch asks")
        key = query if key is None else key
        value = key if value is None else value
        single = query.dim() == 2
        of_all = self._projected(*self._batched(single, query, key, value))
        queries, keys, contents = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in of_all)
        mask = _added(attn_mask, key_padding_mask, queries)
        dropout = self.dropout if self.training else 0.0
        if need_weights:
            mixed, weights = _mixed(queries, keys, contents, mask, dropout)
            weights = weights.mean(dim=1) if average_attn_weights else weights
        else:
            mixed = F.scaled_dot_product_attention(queries, keys, contents, attn_mask=mask, dropout_p=dropout)
            weights = None
        found = self.out_map(mixed.transpose(1, 2).flatten(2))
        if single:
            return found.squeeze(0), None if weights is None else weights.squeeze(0)
        return (found if self.batch_first else found.transpose(0, 1)), weights

    def _batched(self, single: bool, *given: Tensor) -> list[Tensor]:
        """Batches first; one tensor that is given thrice stays one."""
        turned: dict[int, Tensor] = {}
        for each in given:
            if id(each) not in turned:
                turned[id(each)] = each.unsqueeze(0) if single else each if self.batch_first else each.transpose(0, 1)
        return [turned[id(each)] for each in given]

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """Queries, keys and values (batch, tokens, width)."""
        if key is query and value is query:
            return list(self.in_map(query).chunk(3, dim=2))
        if value is key:
            return [self._rows(query, 0, 1), *self._rows(key, 1, 3).chunk(2, dim=2)]
        return [self._rows(each, place, place + 1) for place, each in enumerate((query, key, value))]

    def _rows(self, values: Tensor, first: int, last: int) -> Tensor:
        """The outputs of some of the three parts of the input map, and no others where its last layer is linear."""
        steps = list(self.in_map) if isinstance(self.in_map, nn.Sequential) else [self.in_map]
        for step in steps[:-1]:
            values = step(values)
        ending, part = steps[-1], slice(first * self.width, last * self.width)
        if type(ending) is not nn.Linear:
            found: Tensor = ending(values)[..., part]
            return found
        return F.linear(values, ending.weight[part], None if ending.bias is None else ending.bias[part])


class OpenEncoderLayer(nn.Module):
    """`torch.nn.TransformerEncoderLayer`, opened up.

    Parameters
    ----------
    layer : the layer whose shape, and with ``fill`` whose weights, it takes
    """

    def __init__(self, layer: nn.TransformerEncoderLayer) -> None:
        super().__init__()
        self.norm_first, self.activation = layer.norm_first, layer.activation
        self.self_attn = OpenAttention(layer.self_attn)
        self.linear1: nn.Module = _linear_like(layer.linear1)
        self.linear2: nn.Module = _linear_like(layer.linear2)
        self.norm1, self.norm2 = _norm_like(layer.norm1), _norm_like(layer.norm2)
        self.dropout = nn.Dropout(layer.dropout.p)
        self.dropout1, self.dropout2 = nn.Dropout(layer.dropout1.p), nn.Dropout(layer.dropout2.p)

    def fill(self, layer: nn.TransformerEncoderLayer) -> OpenEncoderLayer:
        """Take the weights of a layer of the same shape; returns itself."""
        self.self_attn.fill(layer.self_attn)
        for name in ("linear1", "linear2", "norm1", "norm2"):
            for key, weight in getattr(layer, name).named_parameters():
                take(getattr(getattr(self, name), key), weight)
        return self

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """As `torch.nn.TransformerEncoderLayer`; a causal call brings its mask, as torch's encoder does."""
        masks: Any = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask, "need_weights": False}
        if self.norm_first:
            src = src + self.dropout1(self.self_attn(self.norm1(src), **masks)[0])
            return src + self._feed_forward(self.norm2(src))
        src = self.norm1(src + self.dropout1(self.self_attn(src, **masks)[0]))
        found: Tensor = self.norm2(src + self._feed_forward(src))
        return found

    def _feed_forward(self, values: Tensor) -> Tensor:
        hidden = self.dropout(self.activation(self.linear1(values)))
        found: Tensor = self.dropout2(self.linear2(hidden))
        return found


class OpenEncoder(nn.Module):
    """`torch.nn.TransformerEncoder` around opened layers, whose weights no kernel for padded batches can read.

    Torch's own takes padded tokens out where it can, and puts zeros in their place before the last normalisation; so
    does this one.

    Parameters
    ----------
    encoder : whose layers and normalisation it takes over
    """

    def __init__(self, encoder: nn.TransformerEncoder) -> None:
        super().__init__()
        self.layers, self.norm, self.num_layers = encoder.layers, encoder.norm, encoder.num_layers
        self.use_nested_tensor, self.mask_check = encoder.use_nested_tensor, encoder.mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """As `torch.nn.TransformerEncoder`."""
        found = src
        for layer in self.layers:
            found = layer(found, src_mask=mask, src_key_padding_mask=src_key_padding_mask)
        if src_key_padding_mask is not None and mask is None and src.dim() == 3:
            padded = _as_numbers(src_key_padding_mask, src) != 0
            if self._takes_padding_out(src, padded):
                found = found.masked_fill(padded[..., None], 0.0)
        return found if self.norm is None else self.norm(found)

    def _takes_padding_out(self, src: Tensor, padded: Tensor) -> bool:
        """Whether torch's encoder would have, by its own conditions."""
        learns = torch.is_grad_enabled() and any(weight.requires_grad for weight in self.layers.parameters())
        if self.training or learns or torch.compiler.is_compiling() or torch.is_autocast_enabled():
            return False
        if not (self.use_nested_tensor and torch.backends.mha.get_fastpath_enabled()):
            return False
        return not self.mask_check or is_left_aligned(src, ~padded)


def why_closed_attention(layer: Any) -> str | None:
    """Why attention cannot be opened up; None where it can."""
    if layer.in_proj_weight is None:
        return "its keys or values have a width of their own (kdim, vdim)"
    if layer.bias_k is not None or layer.add_zero_attn:
        return "it has bias_kv or add_zero_attn"
    return why_not_plain(layer, computed=False)


def why_closed_encoder_layer(layer: Any) -> str | None:
    """Why an encoder layer cannot be opened up; None where it can."""
    kinds = {"self_attn": nn.MultiheadAttention, "linear1": nn.Linear, "linear2": nn.Linear, "dropout": nn.Dropout}
    kinds |= {f"norm{n}": nn.LayerNorm for n in (1, 2)} | {f"dropout{n}": nn.Dropout for n in (1, 2)}
    strange = [name for name, child in layer.named_children() if name != "activation" and name not in kinds]
    strange += [name for name, kind in kinds.items() if kind_of(getattr(layer, name)) is not kind]
    if strange:
        return f"its {strange[0]} is not what torch puts there"
    own = layer.activation if isinstance(layer.activation, nn.Module) else None
    return why_closed_attention(layer.self_attn) or why_not_plain(layer, computed=False, beside=own)


def _mixed(
    queries: Tensor, keys: Tensor, contents: Tensor, mask: Tensor | None, dropout: float
) -> tuple[Tensor, Tensor]:
    """Values mixed by attention, and its weights (batch, heads, queries, keys)."""
    scores = (queries / math.sqrt(queries.shape[-1])) @ keys.mT
    weights = F.dropout((scores if mask is None else scores + mask).softmax(dim=-1), dropout)
    return weights @ contents, weights


def _added(mask: Tensor | None, padding: Tensor | None, queries: Tensor) -> Tensor | None:
    """Both masks as numbers that are added to scores; True is what torch's layers leave out."""
    found = None if mask is None else _as_numbers(mask, queries)
    if found is not None and found.dim() == 3:  # (batch * heads, queries, keys)
        found = found.unflatten(0, (-1, queries.shape[1]))
    if padding is None:
        return found
    hidden = _as_numbers(padding, queries)[..., None, None, :]
    return hidden if found is None else found + hidden


def _as_numbers(mask: Tensor, like_values: Tensor) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.to(like_values.dtype)
    return torch.zeros_like(mask, dtype=like_values.dtype).masked_fill(mask, float("-inf"))


def _linear_like(layer: nn.Linear) -> nn.Linear:
    return nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None, **like(layer))


def _norm_like(norm: nn.LayerNorm) -> nn.LayerNorm:
    shape: Any = norm.normalized_shape
    return nn.LayerNorm(shape, norm.eps, norm.elementwise_affine, norm.bias is not None, **like(norm))
