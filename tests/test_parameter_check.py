"""Parameters that are wrong, or do not fit together, are refused before anything runs."""

import pytest

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.parameter_check import check_parameters
from topology_efficient_dl.params import LevelSetRecipe, RocketRecipe

BETTI = {"a": {"architecture": "ridge", "features": "betti"}}
ZOO = {"mlp": {"architecture": "ph_mlp", "features": "default"}, "cnn": {"architecture": "tiny_cnn"}}


def test_right_parameters_come_back_typed():
    groups = check_parameters({"models": "mlp cnn", "zoo": ZOO, "tda": {"delay": 3}, "seeds": 7, "evaluate": {}})
    assert groups["models"].root == ("mlp", "cnn")
    assert groups["tda"].delay == 3
    assert groups["seeds"].root == (7,)


def test_transforms_come_back_as_recipes_that_models_may_name():
    zoo = {
        "betti": {"architecture": "ridge", "features": "narrow"},
        "peer": {"architecture": "aeon_ridge", "features": "mini"},
    }
    transforms = {"narrow": {"kind": "level_sets", "levels_per_filter": 2}, "mini": {"kind": "minirocket"}}
    groups = check_parameters({"models": "betti peer", "zoo": zoo, "tda": {}, "transforms": transforms})
    assert groups["transforms"].root == {
        "narrow": LevelSetRecipe(levels_per_filter=2),
        "mini": RocketRecipe(kind="minirocket"),
    }


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"tdaa": {}}, r"unknown parameter 'tdaa'; did you mean 'tda'\? Allowed: datasets"),
        ({"xyz": {}}, r"unknown parameter 'xyz'\. Allowed: datasets"),
        ({"tda": {"dealy": 3}}, r"tda: unknown parameter 'dealy'; did you mean 'delay'\?"),
        ({"tda": {"delay": "x"}}, r"tda\.delay.*; found 'x'"),
        ({"tda": {"variants": {"a": {"dely": 1}}}}, "unknown parameter 'dely'; did you mean 'delay'"),
        ({"tda": {"variants": {"a": {"filtration": "cubical"}}}}, r"tda\.variants\.a: .*does not go with"),
        ({"datasets": []}, "datasets: "),
        ({"models": "cn", "zoo": ZOO}, r"unknown model 'cn'; did you mean 'cnn'\?"),
        ({"models": "a", "zoo": {"a": {"architecture": "fcm"}}}, r"zoo\.a: .*'fcm'; did you mean 'fcn'\?"),
        (
            {"models": "a", "zoo": {"a": {"architecture": "fcn", "options": {"depht": 1}}}},
            r"zoo\.a: .*no option 'depht'",
        ),
        ({"models": "mlp", "zoo": ZOO, "tda": {"variants": {"b": {}}}}, r"zoo\.mlp\.features: no variant 'default'"),
        (
            {"models": "a", "zoo": BETTI, "tda": {}, "transforms": {"betty": {"kind": "level_sets"}}},
            r"zoo\.a\.features: no variant 'betti'; did you mean 'betty'\? There are: default, betty\. .*transforms",
        ),
        ({"models": "a", "zoo": BETTI, "tda": {}, "transforms": {}}, r"zoo\.a\.features: no variant 'betti'"),
        ({"models": "a", "zoo": BETTI, "tda": {}}, r"zoo\.a\.features: no variant 'betti'"),
        (
            {"models": "mlp", "zoo": ZOO, "tda": {}, "transforms": {"default": {"kind": "minirocket"}}},
            r"transforms\.default: tda\.variants has the same name\. Rename one of the two",
        ),
        (
            {"transforms": {"betti": {"kind": "level_sets", "levels_per_filtr": 3}}},
            r"transforms\.betti.*: unknown parameter 'levels_per_filtr'; did you mean 'levels_per_filter'\?",
        ),
        (
            {"transforms": {"mini": {"kind": "minirocket", "levels_per_filter": 3}}},
            r"transforms\.mini.*: unknown parameter 'levels_per_filter'.* Allowed: kind, n_kernels",
        ),
        ({"transforms": {"betti": {"kind": "levels_sets"}}}, r"transforms\.betti.*'levels_sets'.*'level_sets'"),
        ({"transforms": {"betti": {}}}, r"transforms\.betti: .*kind"),
        (
            {"transforms": {"betti": {"kind": "level_sets", "statistics": ["beta1"]}}},
            r"transforms\.betti.*; found 'beta1'",
        ),
        ({"evaluate": {"x_axis": "latency_ms"}}, r"evaluate\.x_axis: no column 'latency_ms'; did you mean"),
        ({"evaluate": {"y_axis": "seeds"}}, r"evaluate\.y_axis: no column 'seeds'"),
    ],
)
def test_wrong_parameters_are_named_with_the_way_out(raw, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(raw)
