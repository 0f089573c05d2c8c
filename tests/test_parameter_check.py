"""Parameters that are wrong, or do not fit together, are refused before anything runs."""

import pytest

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.parameter_check import check_parameters

ZOO = {"mlp": {"architecture": "ph_mlp", "features": "default"}, "cnn": {"architecture": "tiny_cnn"}}


def test_right_parameters_come_back_typed():
    groups = check_parameters({"models": "mlp cnn", "zoo": ZOO, "tda": {"delay": 3}, "seeds": 7, "evaluate": {}})
    assert groups["models"].root == ("mlp", "cnn")
    assert groups["tda"].delay == 3
    assert groups["seeds"].root == (7,)


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
        ({"evaluate": {"x_axis": "latency_ms"}}, r"evaluate\.x_axis: no column 'latency_ms'; did you mean"),
        ({"evaluate": {"y_axis": "seeds"}}, r"evaluate\.y_axis: no column 'seeds'"),
    ],
)
def test_wrong_parameters_are_named_with_the_way_out(raw, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(raw)
