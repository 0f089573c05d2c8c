from __future__ import annotations

import subprocess
import sys

import pytest
from torch import nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models import architectures, find_architecture
from topology_efficient_dl.models.architecture import declare


def test_an_unknown_architecture_is_named_with_the_nearest(build):
    with pytest.raises(ParameterError, match=r"'inceptiontime'; did you mean 'inception_time'\? Allowed: .*fcn, .*gru"):
        build("inceptiontime")


def test_an_unknown_option_is_named_with_the_allowed(build):
    with pytest.raises(
        ParameterError, match=r"'fcn' has no option 'filter'; did you mean 'filters'\? Allowed: filters"
    ):
        build("fcn", options={"filter": 3})


def test_an_unknown_size_is_named(build):
    with pytest.raises(ParameterError, match=r"'fcn' has no size 'tiny'\. Allowed: small, medium, large"):
        build("fcn", "tiny")


@pytest.mark.parametrize(
    ("architecture", "options", "reason"),
    [
        ("ph_hybrid", {"body": "lstm"}, "body is 'lstm'"),
        ("ph_hybrid", {"level_sets": "rips"}, "level_sets is 'rips'"),
        ("transformer", {"width": 10, "heads": 4}, "width is 10"),
        ("fcn", {"filters": (1, 2)}, "cannot be built"),
    ],
)
def test_a_refused_option_says_why(build, architecture, options, reason):
    with pytest.raises(ParameterError, match=reason):
        build(architecture, options=options)


def test_a_feature_model_without_features_says_what_to_set(build):
    with pytest.raises(ParameterError, match=r"Name a variant of tda\.variants"):
        build("ph_mlp", n_features=None)


def test_options_override_the_size(build):
    assert build("tiny_cnn", "large", options={"filters": [4]}).head.in_features == 4


def test_options_are_the_keyword_only_arguments():
    assert find_architecture("fcn").options == ("filters", "kernel_sizes")


@pytest.mark.parametrize(
    ("architecture", "solver"), [("fcn", "gradient"), ("ph_mlp", "gradient"), ("ridge", "ridge"), ("aeon_ridge", "aeon_ridge")]
)  # fmt: skip
def test_an_architecture_says_what_fits_it(architecture, solver):
    assert find_architecture(architecture).solver == solver


def test_every_name_stands_for_a_network_of_its_own():
    assert len({find_architecture(name).build for name in architectures()}) == len(architectures())


def test_networks_of_series_do_without_torch_geometric():
    code = "import sys, topology_efficient_dl.models.registry as r; r.find_architecture('fcn'); print('torch_geometric' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_options_that_are_handed_on_are_options_too():
    assert find_architecture("gcn").options == (
        "task", "width", "depth", "dropout", "norm", "residual", "pooling", "weighted",
    )  # fmt: skip


def test_all_sizes_are_required():
    with pytest.raises(ValueError, match="expected"):
        declare(sizes={"small": {}})(nn.Identity)
