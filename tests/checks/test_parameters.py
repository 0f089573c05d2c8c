"""Parameters that are wrong, or do not fit together, are refused before anything runs."""

import math
from typing import get_args

import pytest
import torch
from pydantic import BaseModel, TypeAdapter, ValidationError

from topology_efficient_dl.checks.parameters import check_parameters
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.params.base import Parameters
from topology_efficient_dl.params.groups import GROUPS
from topology_efficient_dl.params.models import LevelSetRecipe, RocketRecipe

BETTI = {"a": {"architecture": "ridge", "features": "betti"}}
TRACK = {"datasets": "x", "models": "gcn", "seeds": 0, "train": {}, "evaluate": {}}
GRAPH_ZOO = {
    "gcn": {"architecture": "gcn"},
    "mlp": {"architecture": "simplicial_mlp", "features": "spread"},
    "net": {"architecture": "simplicial_operators", "options": {"operators": ["weight"]}},
    "cnn": {"architecture": "tiny_cnn"},
    "ph": {"architecture": "ph_mlp", "features": "default"},
}
SPREAD = {"own": {}, "spread": {"operators": ["weight", "groups"], "hops": 2}}
ZOO = {"mlp": {"architecture": "ph_mlp", "features": "default"}, "cnn": {"architecture": "tiny_cnn"}}


def test_right_parameters_come_back_typed():
    groups = check_parameters({"models": "mlp cnn", "zoo": ZOO, "tda": {"delay": 3}, "seeds": 7, "evaluate": {}})
    assert groups["models"].root == ("mlp", "cnn")
    assert groups["tda"].delay == 3
    assert groups["seeds"].root == (7,)


def every_group(base: type[Parameters] = Parameters) -> list[type[Parameters]]:
    return [group for child in base.__subclasses__() for group in (child, *every_group(child))]


def lists_of_values() -> list[tuple[type[Parameters], str, tuple]]:
    return [
        (group, name, field.default)
        for group in every_group()
        for name, field in group.model_fields.items()
        if isinstance(field.default, tuple) and all(isinstance(value, str | int | float) for value in field.default)
    ]


@pytest.mark.parametrize(("group", "name", "default"), lists_of_values())
def test_every_list_may_be_text_with_blanks_between_its_values(group, name, default):
    adapter = TypeAdapter(group.model_fields[name].rebuild_annotation())
    text = group._prepare({name: " ".join(map(str, default))})[name]
    assert adapter.validate_python(text) == default


def test_lists_of_recipes_and_of_options_of_models_may_be_text():
    recipes = {
        "own": {},
        "spread": {"operators": "weight groups"},
        "dif": {"kind": "diffusion", "operators": "triangles weight"},
    }
    zoo = {"net": {"architecture": "simplicial_operators", "options": {"operators": "weight"}}}
    groups = check_parameters({"propagation": recipes, "zoo": zoo})
    assert [recipe.operators for recipe in groups["propagation"].root.values()] == [
        (),
        ("weight", "groups"),
        ("triangles", "weight"),
    ]
    net = find_architecture("simplicial_operators")
    assert net.complete("small", groups["zoo"].root["net"].options)["operators"] == ["weight"]
    wrong = {"net": {"architecture": "simplicial_operators", "options": {"operators": "weight wait"}}}
    with pytest.raises(ParameterError, match=r"zoo.net.options.operators: no operator 'wait'"):
        check_parameters({"track_b": {**TRACK, "models": "net"}, "zoo": wrong})
    with pytest.raises(ParameterError, match=r"propagation.spread.operators: no operator 'wait'"):
        check_parameters({"propagation": {**recipes, "spread": {"operators": "weight wait"}}})


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
        (
            {"datasets": ["GunPoint", "../secret"]},
            r"datasets: \.\./secret: the name holds '\./': a name may hold letters",
        ),
        ({"models": "a.b"}, r"models: a\.b: the name holds '\.'"),
        (
            {"zoo": {"net.v2": {"architecture": "fcn"}}},
            r"zoo: net\.v2: the name holds '\.': .* nor '\.', which keys are",
        ),
        ({"zoo": {"a/b": {"architecture": "fcn"}}}, r"zoo: a/b: the name holds '/'"),
        ({"zoo": {"$x$": {"architecture": "fcn"}}}, r"zoo: \$x\$: the name holds '\$': .* figures read as a formula"),
        ({"zoo": {"my net": {"architecture": "fcn"}}}, r"zoo: my net: the name holds ' '"),
        ({"zoo": {"a\nb": {"architecture": "fcn"}}}, r"zoo: 'a\\nb': the name holds '\\n'"),
        ({"zoo": {"-x": {"architecture": "fcn"}}}, r"zoo: -x: the name begins with '-'"),
        ({"zoo": {"": {"architecture": "fcn"}}}, r"zoo: : the name is empty"),
        ({"zoo": {"n" * 65: {"architecture": "fcn"}}}, r"the name is 65 characters long: .* at most 64"),
        ({"tda": {"variants": {"a.b": {}}}}, r"tda: variants\.a\.b: the name holds '\.'"),
        ({"transforms": {"a/b": {"kind": "level_sets"}}}, r"transforms: a/b: the name holds '/'"),
        ({"propagation": {"own": {}, "a b": {}}}, r"propagation: a b: the name holds ' '"),
        (
            {"track_c": {"datasets": "x$", "models": "fcn", "seeds": 0, "train": {}, "evaluate": {}}},
            r"track_c\.datasets: x\$: the name holds '\$'",
        ),
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


def track_b(models: str, propagation=SPREAD, zoo=GRAPH_ZOO, **changes):
    return {"track_b": {**TRACK, "models": models, **changes}, "zoo": zoo, "propagation": propagation}


def test_track_b_comes_back_typed():
    groups = check_parameters({**track_b("gcn mlp net"), "models": "ph cnn", "tda": {}})
    assert groups["track_b"].models.root == ("gcn", "mlp", "net")
    assert groups["propagation"].root["spread"].operators == ("weight", "groups")
    assert groups["propagation"].pick({"own"}).keys() == {"own"}
    check_parameters({"track_b": TRACK})  # without a zoo nothing more can be said
    check_parameters({"track_b": {**TRACK, "models": "mlp"}, "zoo": GRAPH_ZOO})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (track_b("gcm"), r"unknown model 'gcm'; did you mean 'gcn'\?"),
        (track_b("cnn"), r"track_b\.models: 'cnn' is a model of series\. Models of graphs are: gcn, mlp, net$"),
        (track_b("ph"), r"track_b\.models: 'ph' is a model of series"),
        ({"models": "gcn", "zoo": GRAPH_ZOO}, r"^models: 'gcn' is a model of graphs\. Name it in track_b\.models$"),
        ({"models": "mlp", "zoo": GRAPH_ZOO, "tda": {}}, r"^models: 'mlp' is a model of graphs"),
        (
            track_b("mlp", {"own": {}, "spred": {}}),
            r"zoo\.mlp\.features: no variant 'spread'; did you mean 'spred'\? There are: own, spred\. Add it to propagation",
        ),
        (
            track_b("gcn", {"own": {}, "x": {"operators": ["wieght"]}}),
            r"propagation\.x\.operators: no operator 'wieght'; did you mean 'weight'\? There are: weight, log_weight",
        ),
        (
            {"propagation": {"own": {}, "x": {"operators": ["xyz"]}}},
            r"propagation\.x\.operators: no operator 'xyz'\. There",
        ),
        (
            track_b(
                "net", zoo={"net": {"architecture": "simplicial_operators", "options": {"operators": ["trangles"]}}}
            ),
            r"zoo\.net\.options\.operators: no operator 'trangles'; did you mean 'triangles'\?",
        ),
        (
            track_b("gcn", zoo={"gcn": {"architecture": "gcnn"}}),
            r"zoo\.gcn: .*unknown architecture 'gcnn'; did you mean 'gcn'",
        ),
        (
            track_b("gcn", zoo={"gcn": {"architecture": "gcn", "options": {"widht": 3}}}),
            r"zoo\.gcn: .*'widht'; did you mean",
        ),
        ({"propagation": {"x": {}}}, r"propagation: the recipe 'own' must be there and have no operators"),
        ({"propagation": {"own": {"operators": ["weight"]}}}, r"the recipe 'own' must be there and have no operators"),
        (
            {"propagation": {"own": {}, "x": {"hop": 1}}},
            r"propagation\.x.*unknown parameter 'hop'; did you mean 'hops'",
        ),
        (
            track_b("gcn", zoo={"gcn": {"architecture": "gcn", "train": {"max_epoch": 3}}}),
            r"zoo\.gcn\.train: unknown parameter 'max_epoch'; did you mean 'max_epochs'\?",
        ),
        (
            track_b(
                "diffusion",
                zoo={"diffusion": {"architecture": "simplicial_diffusion", "train": {"class_weights": "balanced"}}},
            ),
            r"'diffusion' is label diffusion, which gives every class the same say.*Set zoo\.diffusion\.train",
        ),
        (
            track_b("gcn", zoo={"gcn": {"architecture": "gcn", "train": {"patience": 0}}}),
            r"zoo\.gcn\.train\.patience: .*found 0",
        ),
        (track_b("gcn", evaluate={"x_axis": "latency"}), r"track_b\.evaluate\.x_axis: no column 'latency'"),
        (track_b("gcn", evaluate={"metric": "f1"}), r"track_b\.evaluate\.metric: .*found 'f1'"),
        ({"track_b": {**TRACK, "datset": "x"}}, r"track_b: unknown parameter 'datset'; did you mean 'datasets'"),
        ({"graphs": {"label_share": 1.0}}, r"graphs\.label_share: .*found 1\.0"),
        ({"graphs": {"planted": {"n_classes": 1}}}, r"graphs\.planted\.n_classes: .*found 1"),
        ({"simplicial": {"method": "cliques"}}, r"simplicial\.method: .*found 'cliques'"),
        ({"node_features": {"activity_minutes": 0}}, r"node_features\.activity_minutes: .*found 0"),
    ],
)
def test_wrong_parameters_of_track_b_are_named_with_the_way_out(raw, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(raw)


def test_recipes_that_are_not_there_are_named():
    propagation = check_parameters({"propagation": SPREAD})["propagation"]
    with pytest.raises(ParameterError, match=r"no propagation recipe 'spred'; did you mean 'spread'\? There are: own"):
        propagation.pick({"spred"})
    with pytest.raises(ParameterError, match=r"no propagation recipe 'xyz'\. There are: own, spread"):
        propagation.pick({"xyz"})


def with_options(architecture, **options):
    return {"models": "a", "zoo": {"a": {"architecture": architecture, "features": "default", "options": options}}}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (with_options("ph_mlp", dropout="abc"), r"^zoo\.a\.options\.dropout: .*valid number; found 'abc'"),
        (with_options("ph_mlp", dropout=5), r"^zoo\.a\.options\.dropout: 5 is no share; expected at least 0"),
        (with_options("transformer", heads=0), r"^zoo\.a\.options\.heads: 0 is out of range; expected 1 to 65536"),
        (with_options("transformer", heads=3), r"^zoo\.a\.options\.heads: 'transformer' cannot be built with heads 3:"),
        (
            with_options("transformer", depth=10**6),
            r"^zoo\.a\.options\.depth: 1000000 is out of range; expected 1 to 1",
        ),
        (with_options("fcn", filters=[8, 8]), r"^zoo\.a\.options\.filters: 'fcn' cannot be built with filters"),
        (
            with_options("fcn", filters=[60_000] * 3),
            r"^zoo\.a\.options\.filters: a network of .* weights .* at most 1,",
        ),
        (with_options("ph_hybrid", body="rnn"), r"^zoo\.a\.options\.body: .*'cnn' or 'tcn'; found 'rnn'"),
        (
            {"track_b": {**TRACK, "models": "g"}, "zoo": {"g": {"architecture": "gat", "options": {"heads": 3}}}},
            r"^zoo\.g\.options\.heads: 'gat' cannot be built with heads 3: width is 64",
        ),
        (
            {"models": "a", "zoo": {"a": {"architecture": "fcn", "train": {"max_epochs": 2}}}},
            r"^zoo\.a\.train: only models of graphs .* 'a' is a model of series\. Take it out; train is for all",
        ),
        (
            {"track_c": {**TRACK, "models": "a"}, "zoo": {"a": {"architecture": "fcn", "train": {"max_epochs": 2}}}},
            r"^zoo\.a\.train: .*; track_c\.train is for all",
        ),
        ({"zoo": {"a": {"architecture": "fcn", "members": 10**6}}}, r"^zoo\.a\.members: .*less than or equal to 1000"),
        ({"train": {"threads": 10**8}}, r"^train\.threads: .*less than or equal to 1024"),
        ({"efficiency": {"threads": 10**8}}, r"^efficiency\.threads: .*less than or equal to 1024"),
        ({"graphs": {"planted": {"n_classes": 10**8}}}, r"^graphs\.planted\.n_classes: .*less than or equal to 10000"),
        ({"forecast": {"horizon": 100_000}}, r"^forecast\.horizon: .*less than or equal to 10000"),
        ({"forecast": {"context": 100_000}}, r"^forecast\.context: .*less than or equal to 10000"),
        ({"parallel": {"address": "foo"}}, r"^parallel\.address: .*found 'foo'"),
    ],
)
def test_what_would_stop_inside_a_run_or_never_end_is_refused_before_it(raw, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(raw)


def test_options_that_work_pass_and_leave_the_generator_alone():
    before = torch.get_rng_state()
    check_parameters(with_options("transformer", width=24, heads=3, dropout=0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("address", ["tcp://host:8786", "host:8786", "tls://[::1]:8786", "inproc://10.0.0.1/1/2"])
def test_addresses_of_schedulers_pass(address):
    assert check_parameters({"parallel": {"address": address}})["parallel"].address == address


LONG = "a" * 101


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"efficiency": {"min_run_seconds": math.inf}},
            r"^efficiency\.min_run_seconds: inf is not finite; expected a num",
        ),
        ({"efficiency": {"min_run_seconds": -1}}, r"^efficiency\.min_run_seconds: .*greater than 0; found -1"),
        ({"efficiency": {"min_run_seconds": 3600}}, r"^efficiency\.min_run_seconds: .*less than or equal to 60"),
        ({"efficiency": {"min_run_seconds": "inf"}}, r"^efficiency\.min_run_seconds: .*finite number; found 'inf'"),
        ({"train": {"learning_rate": math.nan}}, r"^train\.learning_rate: nan is not finite"),
        ({"train": {"learning_rate": 1e300}}, r"^train\.learning_rate: 1e\+300 is absurd; expected a size between"),
        ({"train": {"learning_rate": 1e-300}}, r"^train\.learning_rate: 1e-300 is absurd"),
        ({"train": {"max_epochs": 10**15}}, r"^train\.max_epochs: 1e\+15 is absurd"),
        (
            {"zoo": {"a": {"architecture": "fcn", "options": {"x": [1.0, math.nan]}}}},
            r"^zoo\.a\.options\.x: nan is not",
        ),
        ({"tda": {"variants": {"a": {"bandwidth": math.inf}}}}, r"^tda\.variants\.a\.bandwidth: inf is not finite"),
        ({"graphs": {"options": {"x": {"y": -math.inf}}}}, r"^graphs\.options\.x\.y: -inf is not finite"),
        (
            {"compression": {"variants": {"a": {"fine_tune": {"temperature": math.nan}}}}},
            r"temperature: nan is not fin",
        ),
        ({"train": {"max_epochs": True}}, r"^train: max_epochs is true; expected another kind of value"),
        ({"evaluate": {"baseline": False}}, r"^evaluate: baseline is false; expected another kind of value"),
        ({"seeds": -1}, r"^seeds\.0: .*greater than or equal to 0; found -1"),
        ({"seeds": [1, 2**32]}, r"^seeds\.1: .*less than 4294967296; found 4294967296"),
        ({"seeds": [1.5]}, r"^seeds\.0: .*integer.*; found 1\.5"),
        ({"seeds": 1.5}, r"^seeds\.0: .*integer.*; found 1\.5"),
        ({"seeds": ["a"]}, r"^seeds\.0: .*integer.*; found 'a'"),
        ({"seeds": [True]}, r"^seeds\.0: expected a number, found True"),
        ({"seeds": "1 2 1"}, r"^seeds: 1 is there twice; give each once"),
        ({"seeds": []}, r"^seeds: .*at least 1 item"),
        ({"seeds": {"a": 1}}, r"^seeds: expected a list; found \{'a': 1\}"),
        ({"track_b": {**TRACK, "seeds": [-1]}}, r"^track_b\.seeds\.0: .*found -1"),
        ({"evaluate": {"bootstrap_seed": -1}}, r"^evaluate\.bootstrap_seed: .*found -1"),
        ({"ingest": {"validation_seed": 2**33}}, r"^ingest\.validation_seed: .*less than 4294967296"),
        ({"graphs": {"draw_seed": -2}}, r"^graphs\.draw_seed: .*found -2"),
        ({"models": "a b a"}, r"^models: 'a' is there twice"),
        ({"efficiency": {"batch_sizes": [1, 64, 1]}}, r"^efficiency: batch_sizes \(1, 64, 1\): 1 is there twice"),
        ({"efficiency": {"batch_sizes": []}}, r"^efficiency\.batch_sizes: .*at least 1 item"),
        ({"tda": {"homology_dimensions": [0, 0]}}, r"^tda: homology_dimensions \(0, 0\): 0 is there twice"),
        ({"parallel": {"jobs": 0}}, r"^parallel\.jobs: 0 workers would do nothing"),
        ({"parallel": {"jobs": -7}}, r"^parallel\.jobs: .*greater than or equal to -1"),
        ({"train": 3}, r"^train: expected a map \(key: value\); found 3"),
        ({"train": [1]}, r"^train: expected a map \(key: value\); found \[1\]"),
        ({"train": None}, r"^train: expected a map \(key: value\); found None"),
        ({3: {}}, r"^unknown parameter '3'\. Allowed: "),
        ({"train": {3: 4}}, r"^train: unknown parameter '3'"),
        ({"evaluate": {"latency_of": "modle"}}, r"^evaluate\.latency_of: .*; found 'modle'; did you mean 'model'\?"),
        ({"zoo": {LONG: {"architecture": "fcn"}}}, r"^zoo: the name 'aaa.*\.\.\.' has 101 bytes; expected at most 100"),
        ({"models": f"fcn {LONG}"}, r"^models: the name 'aaa.*' has 101 bytes"),
        ({"datasets": ["한" * 34]}, r"^datasets: the name '한.*' has 102 bytes"),
        ({"track_c": {"datasets": LONG}}, r"^track_c\.datasets: the name"),
        ({"compression": {"variants": {LONG: {}}}}, r"^compression\.variants: the name"),
    ],
)
def test_values_that_no_parameter_may_have_are_named(raw, message):
    with pytest.raises(ParameterError, match=message):
        check_parameters(raw)


def kinds_of(kind) -> set[type[BaseModel]]:
    """Every parameter model within an annotation."""
    if not isinstance(kind, type) or not issubclass(kind, BaseModel):
        return {found for part in get_args(kind) for found in kinds_of(part)}
    return {kind} | {found for field in kind.model_fields.values() for found in kinds_of(field.annotation)}


FLOATS = sorted(
    (kind.__name__, name, kind)
    for group in GROUPS.values()
    for kind in kinds_of(group)
    for name, field in kind.model_fields.items()
    if float in (field.annotation, *get_args(field.annotation))
)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_no_number_of_any_group_may_be_infinite_or_none_at_all(value):
    assert len(FLOATS) > 50
    for _, name, kind in FLOATS:
        with pytest.raises(ValidationError) as caught:
            kind.model_validate({name: value})
        assert any(error["loc"] == (name,) for error in caught.value.errors()), (kind, name)
