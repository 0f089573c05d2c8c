"""Every codec gives back what it took, and none of them pickles."""

import numpy as np
import pandas as pd
import pytest
import torch

from topology_efficient_dl.collections import codecs


def test_npz_round_trip_keeps_dtype_and_shape():
    arrays = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "names": np.array(["a", "longer"]), "n": np.array(3)}
    back = codecs.NPZ.decode(codecs.NPZ.encode(arrays))
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_npz_refuses_objects_because_they_would_be_pickled():
    with pytest.raises(TypeError, match="'bad' holds Python objects"):
        codecs.NPZ.encode({"bad": np.array([{}, None])})


def test_safetensors_keeps_the_spec_with_the_weights():
    tensors = {"w": torch.randn(3, 2).t(), "n": torch.tensor([1, 2], dtype=torch.int64)}
    spec = {"architecture": "fcn", "classes": ["a", "b"], "lr": 0.001}
    weights, read = codecs.SAFETENSORS.decode(codecs.SAFETENSORS.encode((tensors, spec)))
    assert read == spec
    assert torch.equal(weights["w"], tensors["w"])
    assert weights["n"].dtype == torch.int64


@pytest.mark.parametrize("codec", [codecs.PARQUET, codecs.CSV])
def test_tables_round_trip(codec):
    frame = pd.DataFrame({"dataset": ["a", "b"], "seed": [1, 2], "f1": [0.1, 1 / 3]})
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_json_refuses_what_json_cannot_say():
    assert codecs.JSON.decode(codecs.JSON.encode({"a": [1, None]})) == {"a": [1, None]}
    with pytest.raises(ValueError, match="JSON compliant"):
        codecs.JSON.encode({"a": float("nan")})


def test_a_wrapped_codec_serves_a_richer_type():
    complex_numbers = codecs.JSON.wrap(lambda z: [z.real, z.imag], lambda pair: complex(*pair))
    assert complex_numbers.decode(complex_numbers.encode(1 + 2j)) == 1 + 2j
