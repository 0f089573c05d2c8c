"""The processor's own pace at vector instructions, measured: what the level-set kernel is compared with."""

from __future__ import annotations

import timeit
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from topology_efficient_dl.tda.level_sets.vector_code import LANES, emit_loop

CHAINS = 8
"""Additions that do not wait for each other."""

_I64 = ir.IntType(64)
_VALUES = ir.VectorType(ir.IntType(16), LANES)


@intrinsic
def add_in_circles(typing: Any, values: Any, n: Any) -> Any:
    """``n`` times: each of ``CHAINS`` vectors of sixteen-bit numbers becomes the sum of itself and its neighbour.

    ``n * CHAINS`` vector additions in registers, with neither memory nor branches in the way.

    Parameters
    ----------
    values : (CHAINS, LANES) int16 array
    """
    signature = types.void(values, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        places = [
            builder.bitcast(builder.gep(array.data, [ir.Constant(_I64, chain * LANES)]), _VALUES.as_pointer())
            for chain in range(CHAINS)
        ]
        before = [builder.load(place, align=2) for place in places]

        def step(turn: Any, state: list[Any]) -> list[Any]:
            """Each vector and its neighbour."""
            return [builder.add(state[chain], state[(chain + 1) % CHAINS]) for chain in range(CHAINS)]

        after = emit_loop(builder, ir.Constant(_I64, 0), arguments[1], before, step)
        for place, value in zip(places, after, strict=True):
            builder.store(value, place, align=2)
        return context.get_dummy_value()

    return signature, generate


@njit
def many_additions(values: Any, n: Any) -> None:
    """``n * CHAINS`` vector additions."""
    add_in_circles(values, n)


def seconds_per_addition(rounds: int = 1_000_000, repetitions: int = 15) -> float:
    """Least time per vector addition over some repetitions."""
    values = np.arange(CHAINS * LANES, dtype=np.int16).reshape(CHAINS, LANES)
    many_additions(values, 10)
    return min(timeit.repeat(lambda: many_additions(values, rounds), number=1, repeat=repetitions)) / (rounds * CHAINS)
