"""Attention and encoder layers made of linear layers, so that their projections can be factorised.

Torch's own layers keep projections as bare matrices and hand them to fused kernels. These are the same layers, opened
up: same inputs, same numbers, and every projection an ordinary module under a name.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.forms import array_of, like, write


class OpenAttention(nn.Module):
    """Multi-head self-attention: one linear layer to queries, keys and values, one from the heads back.

    Parameters
    ----------
    layer : the `torch.nn.MultiheadAttention` whose shape, and with ``fill`` whose weights, it takes

    Raises
    ------
    ParameterError : keys or values are of another width, or have extra rows: there is no one projection then

    References
    ----------
    Vaswani et al., *Attention is all you need* (NeurIPS 2017), section 3.2.
    """

    def __init__(self, layer: nn.MultiheadAttention) -> None:
        super().__init__()
        if not layer._qkv_same_embed_dim or layer.bias_k is not None or layer.add_zero_attn:
            raise ParameterError(
                "attention with keys or values of a width of their own, bias_kv or add_zero_attn cannot be factorised; "
                "leave it out of compression.layers"
            )
        self.width, self.heads = layer.embed_dim, layer.num_heads
        self.dropout, self.batch_first = layer.dropout, layer.batch_first
        biased = layer.in_proj_bias is not None
        self.in_map: nn.Module = nn.Linear(self.width, 3 * self.width, bias=biased, **like(layer))
        self.out_map: nn.Module = nn.Linear(self.width, self.width, bias=biased, **like(layer))

    def fill(self, layer: nn.MultiheadAttention) -> OpenAttention:
        """Take the weights of attention of the same shape; returns itself."""
        inner: Any = self.in_map
        outer: Any = self.out_map
        write(inner.weight, array_of(layer.in_proj_weight))
        write(outer.weight, array_of(layer.out_proj.weight))
        if layer.in_proj_bias is not None:
            write(inner.bias, array_of(layer.in_proj_bias))
            write(outer.bias, array_of(layer.out_proj.bias))
        return self

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = False,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, None]:
        """As `torch.nn.MultiheadAttention` on batches, where query, key and value are one tensor; no weights come back.

        Raises
        ------
        ParameterError : key or value is another tensor than the query
        """
        if (key is not None and key is not query) or (value is not None and value is not query):
            raise ParameterError("opened attention has one projection for all three and attends to its own input only")
        values = query if self.batch_first else query.transpose(0, 1)
        parts = self.in_map(values).unflatten(2, (3, self.heads, self.width // self.heads))
        queries, keys, contents = (part.transpose(1, 2) for part in parts.unbind(2))
        mixed = F.scaled_dot_product_attention(
            queries,
            keys,
            contents,
            attn_mask=_added(attn_mask, key_padding_mask, values),
            dropout_p=self.dropout if self.training else 0.0,
        )
        found = self.out_map(mixed.transpose(1, 2).flatten(2))
        return (found if self.batch_first else found.transpose(0, 1)), None


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
            getattr(self, name).load_state_dict(getattr(layer, name).state_dict())
        return self

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """As `torch.nn.TransformerEncoderLayer`; a causal call brings its mask, as torch's encoder does."""
        masks = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask}
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


def _added(mask: Tensor | None, padding: Tensor | None, like_values: Tensor) -> Tensor | None:
    """Both masks as numbers that are added to scores; True is what torch's layers leave out."""
    found = None if mask is None else _as_numbers(mask, like_values)
    if padding is None:
        return found
    hidden = _as_numbers(padding, like_values)[:, None, None, :]
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
