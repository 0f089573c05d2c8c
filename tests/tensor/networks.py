"""Networks as other people write them: what a compression or a merge may not change without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune


def settled(network: nn.Module) -> nn.Module:
    """In evaluation mode, with statistics and scales of normalisations that are not those of a new network."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    return network.eval()


class Called(nn.Module):
    """Some layers, and a function of them and the inputs."""

    def __init__(self, call: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.call = call
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.call(self, x)


class Block(nn.Module):
    """A residual block as in torchvision, with or without a shortcut of its own."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.norm2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = (
            None
            if before == after
            else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, x: Tensor) -> Tensor:
        found = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
        found += x if self.shortcut is None else self.shortcut(x)
        return self.relu(found)


class DenseLayer(nn.Module):
    """A layer of a DenseNet, which reads one tensor or a list of them."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(width), nn.Conv2d(width, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor | list[Tensor]) -> Tensor:
        whole = torch.cat([x] if isinstance(x, Tensor) else x, 1)
        return self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(whole))))))


class Tied(nn.Module):
    """A language model whose head is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(50, 32)
        self.inside = nn.Sequential(nn.Linear(32, 128), nn.GELU(), nn.Linear(128, 32))
        self.head = nn.Linear(32, 50, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, index: Tensor) -> Tensor:
        hidden = self.tokens(index)
        return self.head(hidden + self.inside(hidden))


class Optional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.first(x) if mask is None else self.second(x) * mask


class Attends(nn.Module):
    """Attention whose weights are used, with masks that may be left out."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.attention, self.head = nn.MultiheadAttention(16, 4, **how), nn.Linear(16, 16)

    def forward(self, x: Tensor, padding: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        found, weights = self.attention(x, x, x, key_padding_mask=padding, attn_mask=mask, average_attn_weights=False)
        return self.head(found), weights


class Padded(nn.Module):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, **how)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(16))

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.encoder(x, src_key_padding_mask=padding)


class Packed(nn.Module):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.recurrent = nn.GRU(8, 12, batch_first=True, **how)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.recurrent(packed)
        return states.data, states.batch_sizes, last


def pruned(layer: nn.Module) -> nn.Module:
    prune.random_unstructured(layer, "weight", 0.3)
    return layer


def with_hook(network: nn.Module, at: str = "") -> nn.Module:
    network.get_submodule(at).register_forward_hook(lambda layer, given, found: 2 * found)
    return network


def with_computed(wrap: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return nn.Sequential(
        wrap(nn.Conv1d(4, 8, 3)),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        wrap(nn.Linear(8, 8)),
        nn.BatchNorm1d(8),
    )


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.calls = nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.norm(self.conv(x)) * self.calls


class Held(nn.Module):
    """Layers that a plain list holds as well."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 16), nn.Linear(16, 16)
        self.order = [self.first, self.second]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.order:
            x = torch.relu(layer(x))
        return x


def tied_convolutions() -> nn.Module:
    network = Called(
        lambda self, x: self.b(torch.relu(self.norm(self.a(x)))),
        a=nn.Conv1d(4, 4, 3),
        b=nn.Conv1d(4, 4, 3),
        norm=nn.BatchNorm1d(4),
    )
    network.b.weight = network.a.weight
    return network


def networks() -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
    """Networks in evaluation mode with a call of each."""
    torch.manual_seed(0)
    shared, block = nn.Linear(16, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    padding = torch.zeros(3, 7, dtype=torch.bool)
    padding[0, 5:] = padding[2, 2:] = True
    series, tokens, lengths = torch.randn(2, 4, 9), torch.randn(3, 7, 16), torch.tensor([4, 9, 1])
    conv_norm = {"conv": nn.Conv1d(4, 4, 3), "norm": nn.BatchNorm1d(4)}
    halves = lambda dtype: nn.Sequential(  # noqa: E731
        nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 8, 1), nn.Conv1d(8, 4, 3)
    ).to(dtype)
    found: dict[str, tuple[nn.Module, tuple[Any, ...]]] = {
        "residual": (
            nn.Sequential(Block(3, 8), Block(8, 8), Block(8, 16, 2), nn.Flatten(), nn.Linear(256, 5)),
            (torch.randn(2, 3, 8, 8),),
        ),
        "densely connected": (
            Called(lambda self, x: self.second([x, self.first(x)]), first=DenseLayer(4, 4), second=DenseLayer(8, 4)),
            (torch.randn(2, 4, 8, 8),),
        ),
        "up and down": (
            Called(
                lambda self, x: self.out(torch.cat([self.up(self.norm(self.down(x))), x], dim=1)),
                down=nn.Conv2d(2, 6, 2, 2),
                norm=nn.BatchNorm2d(6),
                up=nn.ConvTranspose2d(6, 4, 2, 2),
                out=nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 2, 1)),
            ),
            (torch.randn(2, 2, 8, 8),),
        ),
        "separable": (
            nn.Sequential(
                nn.Conv2d(4, 8, 1),
                nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
                nn.BatchNorm2d(8),
                nn.ReLU6(),
                nn.Conv2d(8, 12, 1, bias=False),
                nn.BatchNorm2d(12),
            ),
            (torch.randn(2, 4, 9, 9),),
        ),
        "tied": (Tied(), (torch.randint(0, 50, (2, 9)),)),
        "twins": (
            Called(
                lambda self, x: self.arm(x) - self.arm(2 * x),
                arm=nn.Sequential(nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.Flatten(), nn.Linear(56, 6)),
            ),
            (series,),
        ),
        "one layer twice": (nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(16, 4)), (torch.randn(3, 16),)),
        "one block thrice": (nn.Sequential(block, block, block), (tokens,)),
        "tied convolutions": (tied_convolutions(), (series,)),
        "weight_norm": (with_computed(parametrizations.weight_norm), (series,)),
        "spectral_norm": (with_computed(parametrizations.spectral_norm), (series,)),
        "weight_norm by hooks": (with_computed(nn.utils.weight_norm), (series,)),
        "spectral_norm by hooks": (with_computed(nn.utils.spectral_norm), (series,)),
        "pruned": (with_computed(pruned), (series,)),
        "hook on a convolution": (with_hook(nn.Sequential(nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8)), "0"), (series,)),
        "hook on the whole": (with_hook(nn.Sequential(nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8))), (series,)),
        "hook in between": (
            with_hook(nn.Sequential(nn.Sequential(nn.Conv1d(4, 8, 3)), nn.BatchNorm1d(8)), "0"),
            (series,),
        ),
        "by keyword": (Called(lambda self, x: self.norm(input=self.conv(x)), **conv_norm), (series,)),
        "same twice": (
            Called(
                lambda self, x: self.norm(torch.cat([y := self.conv(x), y], 1)),
                conv=nn.Conv1d(4, 2, 3),
                norm=nn.BatchNorm1d(4),
            ),
            (series,),
        ),
        "over features": (nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)), (torch.randn(3, 8),)),
        "over tokens": (nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)), (torch.randn(3, 8, 8),)),
        "over other tokens": (nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(10)), (torch.randn(3, 10, 8),)),
        "in place": (Called(lambda self, x: self.norm((y := self.conv(x), y.relu_())[0]), **conv_norm), (series,)),
        "asks for a type": (
            Called(lambda self, x: self.norm(self.conv(x)) if isinstance(x, Tensor) else x, **conv_norm),
            (series,),
        ),
        "asks torch for a type": (
            Called(lambda self, x: self.norm(self.conv(x)) if torch.is_tensor(x) else x, **conv_norm),
            (series,),
        ),
        "counts": (Counting(), (series,)),
        "reads a weight": (
            Called(lambda self, x: F.linear(x, self.q.weight, self.q.bias) * self.q.out_features, q=nn.Linear(9, 8)),
            (series,),
        ),
        "held by a list": (Held(), (torch.randn(3, 16),)),
        "optional": (Optional(), (torch.randn(3, 8),)),
        "half": (halves(torch.float16), (series.half(),)),
        "bfloat16": (halves(torch.bfloat16), (series.bfloat16(),)),
        "double": (halves(torch.float64), (series.double(),)),
        "attention": (Attends(batch_first=True), (tokens, padding, torch.zeros(12, 7, 7))),
        "attention, time first": (Attends(), (tokens.transpose(0, 1),)),
        "attention of one": (Attends(bias=False), (tokens[0], padding[0])),
        "attention with more": (Attends(add_bias_kv=True), (tokens,)),
        "padded": (Padded(), (tokens, padding)),
        "padded, norm first": (Padded(norm_first=True), (tokens, padding)),
        "transformer": (nn.Transformer(16, 2, 1, 1, 32, batch_first=True), (tokens, torch.randn(3, 5, 16))),
        "packed": (Packed(), (torch.randn(3, 9, 8), lengths)),
        "packed, both ways": (Packed(bidirectional=True, num_layers=2), (torch.randn(3, 9, 8), lengths)),
        "gru": (nn.GRU(8, 12, num_layers=2), (torch.randn(5, 2, 8), torch.randn(2, 2, 12))),
        "gru of one": (nn.GRU(8, 12, batch_first=True), (torch.randn(5, 8),)),
        "lstm": (nn.LSTM(8, 12), (torch.randn(5, 2, 8),)),
    }
    return {name: (settled(network), call) for name, (network, call) in found.items()}
