"""Known answers of single layers, and what orientation means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse
from tests.complexes.cases import known
from tests.models.simplicial.cases import CASES, some_features, toy

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.batch import disjoint_union
from topology_efficient_dl.complexes.cells import ring_complex
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.simplicial import (
    CellComplexNN,
    SimplicialNN,
    SimplicialOperatorNet,
    complex_input,
)
from topology_efficient_dl.models.simplicial.cell_complex_nn import CellConvolution
from topology_efficient_dl.models.simplicial.hodge import HodgeOperators
from topology_efficient_dl.models.simplicial.operator_net import OperatorLayer
from topology_efficient_dl.models.simplicial.parts import BatchNorm, normalisation, pooled
from topology_efficient_dl.models.simplicial.simplicial_nn import SimplicialConvolution
from topology_efficient_dl.models.simplicial.sparse import torch_operator

HOUSE = np.array([[0, 1], [0, 3], [0, 4], [1, 2], [1, 4], [2, 3]])


class Turned:
    """A complex some of whose edges and triangles are turned round."""

    def __init__(self, complex_: SimplicialComplex, signs: tuple[np.ndarray, ...]) -> None:
        self.counts, self.weights, self._complex, self._signs = complex_.counts, complex_.weights, complex_, signs

    def boundary(self, k: int) -> sparse.csr_array:
        left, right = (sparse.diags_array(self._signs[j].astype(float)) for j in (k - 1, k))
        return (left @ self._complex.boundary(k) @ right).tocsr()


@pytest.mark.parametrize("task", ["node", "graph"])
@pytest.mark.parametrize("name", ["simplicial oriented", "simplicial both"])
def test_turning_edges_and_triangles_round_changes_no_logits(name, task):
    rng, complex_ = np.random.default_rng(2), toy()
    signs = tuple(np.where(rng.random(n) < 0.5, -1, 1) if k else np.ones(n) for k, n in enumerate(complex_.counts))
    case, oriented = CASES[name], name == "simplicial oriented"
    higher = [rng.normal(size=(n, 3)).astype(np.float32) for n in complex_.counts[1:]]
    before = complex_input(complex_, some_features(8), higher=higher, oriented=oriented)
    hodge = HodgeOperators.of(Turned(complex_, signs), oriented=oriented)
    turned = [x * torch.tensor(s[:, None], dtype=torch.float32) for x, s in zip(before.features, signs, strict=True)]
    after = replace(before, hodge=hodge, features=tuple(turned) if oriented else before.features)
    network = case.network(task=task).eval()
    torch.testing.assert_close(network(after), network(before), rtol=1e-4, atol=1e-5)
    if oriented:
        assert not torch.allclose(network(replace(before, hodge=hodge)), network(before), atol=1e-4)


def only_block(convolution: SimplicialConvolution, block: int) -> None:
    """Let the layer copy one of its blocks, of width 1."""
    with torch.no_grad():
        convolution.linear.weight.zero_()
        convolution.linear.weight[0, block] = 1


def test_blocks_of_a_convolution_on_the_edges_of_a_triangle():
    triangle = known("filled triangle")
    inputs = complex_input(
        triangle, [[0.0], [3.0], [6.0]], higher=([[1.0], [0.0], [0.0]], [[6.0]]), oriented=True, weighting="unit"
    )
    # Every edge shares a node with two others and a triangle with two others, so that rows of B^T B and B B^T have
    # magnitudes 4 and 3; edges are 01, 02, 12, and the triangle's boundary is 01 - 02 + 12.
    expected = [
        [1, 0, 0],  # x
        [2 / 4, 1 / 4, -1 / 4],  # L_down x
        [1 / 3, -1 / 3, 1 / 3],  # L_up x
        [1.5, 3, 1.5],  # B_1^T x_0, rows divided by 2
        [3 * 1.5 / 4, 3 * 3 / 4, 3 * 1.5 / 4],  # L_down of it: eigenvalue 3 of 4
        [6, -6, 6],  # B_2 x_2
        [6, -6, 6],  # L_up of it: eigenvalue 3 of 3
    ]
    features = dict(enumerate(inputs.features))
    for block, values in enumerate(expected):
        convolution = SimplicialConvolution(1, 1, "both", 1, bias=False)
        assert convolution.linear.weight.shape == (1, len(expected))
        only_block(convolution, block)
        np.testing.assert_allclose(convolution(features, inputs.hodge)[:, 0].detach(), values, atol=1e-6)


@pytest.mark.parametrize(
    ("paths", "blocks"), [("boundary", (6, 8, 3)), ("coboundary", (3, 8, 6)), ("both", (6, 11, 6))]
)
def test_numbers_of_blocks_of_second_order(paths, blocks):
    found = [SimplicialConvolution(k, 1, paths, 2, bias=False).linear.in_features for k in range(3)]
    assert tuple(found) == blocks


def test_node_tasks_compute_no_more_than_nodes_need():
    deep = SimplicialNN(3, 2, depth=3, paths="boundary")
    assert [list(layer.convolutions) for layer in deep.layers] == [["0", "1", "2"], ["0", "1"], ["0"]]
    assert list(SimplicialNN(3, 2, depth=1, paths="coboundary").embed) == ["0"]
    assert list(CellComplexNN(3, 2, depth=1).embed) == ["0", "1"]
    assert len(SimplicialNN(3, 2, task="graph", depth=1).layers[0].convolutions) == 3


def test_triangles_reach_nodes_after_two_layers_and_edges_after_one():
    triangle = known("filled triangle")
    for depth, heard in ((1, False), (2, True)):
        network = SimplicialNN((1, 1, 1), 2, width=8, depth=depth).eval()
        logits = [
            network(complex_input(triangle, np.ones((3, 1)), higher=(np.ones((3, 1)), [[value]])))
            for value in (1.0, 9.0)
        ]
        assert torch.allclose(*logits, atol=1e-6) != heard


def looped(house, convolution, features, k):
    """The layer's equation, cell by cell."""
    sets = [[frozenset([v]) for v in range(house.n_nodes)], [frozenset(e) for e in house.edges.tolist()]]
    cycles = np.split(house.vertices, house.offsets[1:-1])
    sides = [{frozenset(p) for p in zip(c.tolist(), np.roll(c, -1).tolist(), strict=True)} for c in cycles]
    below = {
        1: lambda i: [v for v in range(5) if v in sets[1][i]],
        2: lambda i: [e for e in range(6) if sets[1][e] in sides[i]],
    }
    n = house.counts[k]
    parts = []
    if k > 0:
        heard = torch.stack([features[k - 1][below[k](i)].sum(dim=0) for i in range(n)])
        parts.append(convolution.boundary(features[k] + heard))
    if k < 2:
        messages = torch.zeros(n, features[k].shape[1])
        for coface in range(house.counts[k + 1]):
            for i in below[k + 1](coface):
                for j in below[k + 1](coface):
                    if i != j:
                        messages[i] += convolution.message(torch.cat([features[k][j], features[k + 1][coface]]))
        parts.append(convolution.upper(features[k] + messages))
    return convolution.update(torch.cat(parts, dim=1))


@pytest.mark.parametrize("k", [0, 1, 2])
def test_cell_convolution_is_message_passing(k):
    house = ring_complex(HOUSE, 5)
    inputs = complex_input(house, np.zeros((5, 3)), parts=("cells",))
    features = {j: torch.randn(house.counts[j], 4) for j in range(3)}
    convolution = CellConvolution(k, 4, "layer")
    with torch.no_grad():
        torch.testing.assert_close(convolution(features, inputs.cells), looped(house, convolution, features, k))


@pytest.mark.parametrize(("n_in", "n_out"), [(2, 3), (3, 2)])
@pytest.mark.parametrize("mixing", ["softmax", "scalar", "none"])
def test_operator_layer_is_the_dense_formula(n_in, n_out, mixing):
    rng = np.random.default_rng(0)
    matrices = {name: sparse.random_array((5, 5), density=0.4, rng=rng).tocsr() for name in ("first", "second")}
    layer = OperatorLayer(n_in, n_out, list(matrices), mixing)
    with torch.no_grad():
        layer.mix.add_(torch.tensor([0.0, np.log(3)]))
    shares = {"softmax": [0.25, 0.75], "scalar": [1, 1 + np.log(3)], "none": [1, 1 + np.log(3)]}[mixing]
    x = torch.randn(5, n_in)
    expected = layer.own(x)
    for share, matrix, linear in zip(shares, matrices.values(), layer.heard, strict=True):
        expected = expected + share * torch.tensor(matrix.toarray(), dtype=torch.float32) @ x @ linear.weight.T
    found = layer(x, {name: torch_operator([matrix]) for name, matrix in matrices.items()})
    torch.testing.assert_close(found, expected)
    assert layer.mix.requires_grad == (mixing != "none")


def test_an_operator_net_hears_only_as_far_as_it_is_deep():
    path = SimplicialComplex.of_simplices(4, [(0, 1), (1, 2), (2, 3)])
    network = SimplicialOperatorNet(1, 2, operators=["weight"], depth=2, dropout=0.0).eval()
    inputs = complex_input(path, np.eye(4)[:, [3]], operators=["weight"], parts=())
    silent = complex_input(path, np.zeros((4, 1)), operators=["weight"], parts=())
    changed = (network(inputs) - network(silent)).abs().sum(dim=1) > 1e-6
    assert changed.tolist() == [False, True, True, True]


def test_pooling_is_by_graph_and_nothing_is_zero():
    values, index = torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 0, 2])
    assert pooled(values, index, 3, "mean").tolist() == [[2], [0], [5]]
    assert pooled(values, index, 3, "sum").tolist() == [[4], [0], [5]]


def test_batch_norm_of_few_rows_uses_running_statistics():
    norm = BatchNorm(2)
    norm.running_mean += 1
    assert norm(torch.ones(1, 2)).tolist() == [[0, 0]]
    assert norm(torch.ones(0, 2)).shape == (0, 2)
    assert norm(torch.randn(50, 2)).mean().abs() < 1e-6
    assert isinstance(normalisation("none", 2), torch.nn.Identity)


def test_wrong_inputs_are_named():
    bare, oriented = (
        complex_input(toy(), some_features(8), parts=()),
        complex_input(toy(), some_features(8), oriented=True),
    )
    with pytest.raises(ParameterError, match=r"build it with parts=\('hodge',\)"):
        SimplicialNN(3, 2)(bare)
    with pytest.raises(ParameterError, match="oriented=False, and its input oriented=True"):
        SimplicialNN(3, 2)(oriented)
    with pytest.raises(ParameterError, match=r"build it with parts=\('cells',\)"):
        CellComplexNN(3, 2)(bare)
    with pytest.raises(ParameterError, match="operator 'weight', and the input has none"):
        SimplicialOperatorNet(3, 2)(bare)
    with pytest.raises(ParameterError, match="needs operators"):
        SimplicialOperatorNet(3, 2, operators=())


def test_widths_may_differ_by_dimension():
    inputs = complex_input(disjoint_union([toy()]), some_features(8), higher=(np.ones((10, 2)), np.ones((3, 5))))
    assert inputs.widths == (3, 2, 5)
    assert SimplicialNN(inputs.widths, 2)(inputs).shape == (8, 2)
