"""Facts that hold for every architecture in the registry."""

from __future__ import annotations

import pytest
import torch

from topology_efficient_dl.models import architectures, find_architecture

ALL = tuple(name for name in architectures() if not find_architecture(name).of_graphs)
SERIES = [name for name in ALL if find_architecture(name).reads == "series"]
CLOSED_FORM = [name for name in ALL if find_architecture(name).solver != "gradient"]


def some_inputs(architecture: str, batch: int, channels: int = 1, time: int = 24) -> torch.Tensor:
    shape = (batch, channels, time) if architecture in SERIES else (batch, 10)
    return torch.randn(shape)


def count(model: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters())


def test_the_expected_architectures_are_registered():
    expected = "fcn gru inception_time ph_hybrid ph_mlp resnet tcn tiny_cnn transformer ridge aeon_ridge"
    assert set(expected.split()) <= set(ALL)
    assert set(CLOSED_FORM) == {"ridge", "aeon_ridge"}


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("architecture", ALL)
def test_logits_have_one_column_per_class(build, architecture, size):
    model = build(architecture, size, n_classes=5)
    assert model(some_inputs(architecture, batch=2)).shape == (2, 5)


@pytest.mark.parametrize(("channels", "time"), [(1, 1), (1, 7), (6, 24), (3, 101)])
@pytest.mark.parametrize("architecture", SERIES)
def test_any_number_of_channels_and_timepoints_is_accepted(build, architecture, channels, time):
    model = build(architecture, n_channels=channels, n_timepoints=time).eval()
    logits = model(some_inputs(architecture, 3, channels, time))
    assert logits.shape == (3, 2)
    assert logits.isfinite().all()


@pytest.mark.parametrize("architecture", sorted(set(ALL) - set(CLOSED_FORM)))
def test_sizes_grow(build, architecture):
    counts = [count(build(architecture, size)) for size in ("small", "medium", "large")]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("architecture", CLOSED_FORM)
def test_a_closed_form_is_a_weight_for_every_feature_and_class_whatever_its_size(build, architecture, size):
    model = build(architecture, size, n_classes=5)
    assert count(model) == 10 * 5 + 5
    features = torch.randn(7, 10)
    weight, bias = (model.state_dict()[name] for name in ("linear.weight", "linear.bias"))
    torch.testing.assert_close(model(features), features @ weight.T + bias)


@pytest.mark.parametrize("architecture", ALL)
def test_samples_do_not_see_each_other_at_inference(build, architecture):
    model = build(architecture).eval()
    inputs = some_inputs(architecture, batch=5)
    alone = torch.cat([model(sample[None]) for sample in inputs])
    torch.testing.assert_close(model(inputs), alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ALL)
def test_one_seed_gives_one_network(build, architecture):
    states = []
    for _ in range(2):
        torch.manual_seed(7)
        states.append(build(architecture).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize("architecture", ALL)
def test_every_weight_has_a_gradient(build, architecture):
    model = build(architecture)
    model(some_inputs(architecture, batch=6)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())


@pytest.mark.parametrize("architecture", sorted(set(ALL) - set(CLOSED_FORM)))
def test_eight_samples_can_be_learnt_by_heart(build, architecture):
    torch.manual_seed(1)
    model = build(
        architecture,
        options={} if architecture in ("fcn", "resnet", "inception_time", "tiny_cnn") else {"dropout": 0.0},
    )
    inputs, targets = some_inputs(architecture, batch=8), torch.tensor([0, 1] * 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        if loss.item() < 0.05:
            break
    assert loss.item() < 0.3


@pytest.mark.parametrize(
    ("architecture", "published"),
    [("inception_time", 420_450), ("fcn", 264_962), ("resnet", 504_258)],
)
def test_medium_has_the_published_number_of_weights(build, architecture, published):
    assert count(build(architecture, "medium", n_timepoints=96)) == published


def test_inception_time_parts_add_up_to_the_published_number(build):
    model = build("inception_time", "medium")
    convolutions = sum(m.weight.numel() for m in model.blocks.modules() if isinstance(m, torch.nn.Conv1d))
    shortcuts = sum(m.weight.numel() for m in model.shortcuts.modules() if isinstance(m, torch.nn.Conv1d))
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    assert (convolutions, shortcuts, count(model.head)) == (401_632, 16_512, 258)
    assert sum(count(norm) for norm in norms) == 2_048
    assert sum(norm.running_mean.numel() + norm.running_var.numel() for norm in norms) == 2_048


def test_inception_time_reduces_several_channels_but_not_one(build):
    assert isinstance(build("inception_time").blocks[0].bottleneck, torch.nn.Identity)
    assert build("inception_time", n_channels=2).blocks[0].bottleneck.weight.shape == (8, 2, 1)


def test_tcn_does_not_look_ahead(build):
    body = build("tcn", n_timepoints=50).eval().body
    series = torch.randn(1, 1, 50)
    changed = series.clone()
    changed[..., 30:] += 1.0
    torch.testing.assert_close(body(series)[..., :30], body(changed)[..., :30])


def test_tcn_sees_the_first_sample(build):
    model = build("tcn", n_timepoints=50).eval()
    series = torch.randn(1, 1, 50, requires_grad=True)
    model(series).sum().backward()
    assert series.grad[0, 0, 0] != 0


def test_transformer_tells_orders_apart(build):
    model = build("transformer").eval()
    rising = torch.linspace(-1, 1, 24)[None, None]
    assert not torch.allclose(model(rising), model(torch.cat([rising[..., 12:], rising[..., :12]], 2)), atol=1e-4)
