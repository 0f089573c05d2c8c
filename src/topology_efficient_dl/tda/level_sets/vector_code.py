"""Vector instructions of the level-set kernel, as numba intrinsics written in LLVM's portable vector language.

Numba leaves it to LLVM to find vector code in scalar loops, and LLVM finds none where a run length is carried from one
time point to the next. The vectors here run across *filters* instead: one lane a filter, ``LANES`` filters at a time,
the running counts in registers. LLVM translates the same code for any processor (AVX-512, AVX2, SSE, NEON).

Arrays are contiguous and the number of their columns is a multiple of ``LANES``; nothing is checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.extending import intrinsic

from topology_efficient_dl.tda.level_sets.filters import TRIPLES
from topology_efficient_dl.tda.level_sets.representations import N_TAPS

LANES = 32
ROW = 16
"""Values that one load brings in: nine taps and seven that no filter reads."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_VALUES = ir.VectorType(_I16, LANES)


class _Array:
    """An array argument inside generated code: where its data are and how long its rows."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.builder, self.data = builder, array.data
        self.row_length = builder.extract_value(array.shape, kind.ndim - 1)

    def place(self, row: Any, column: Any) -> Any:
        """Offset of an element, counting all axes but the last as one."""
        return self.builder.add(self.builder.mul(row, self.row_length), column)

    def load(self, offset: Any, kind: Any) -> Any:
        """A scalar, or as many neighbours as the vector type has lanes."""
        pointer = self.builder.gep(self.data, [offset])
        if not isinstance(kind, ir.VectorType):
            return self.builder.load(pointer)
        vector = self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()))
        vector.align = kind.element.width // 8
        return vector

    def store(self, value: Any, offset: Any) -> None:
        """Write a vector."""
        pointer = self.builder.bitcast(self.builder.gep(self.data, [offset]), value.type.as_pointer())
        self.builder.store(value, pointer).align = value.type.element.width // 8


def emit_loop(
    builder: Any, first: Any, last: Any, before: list[Any], step: Callable[[Any, list[Any]], list[Any]]
) -> Any:
    """Emit a loop over ``first <= t < last``, one turn at least, that carries values in registers from turn to turn.

    Parameters
    ----------
    first, last : 64-bit numbers
    before : the values before the first turn
    step : emits one turn: from t and the values to the values after it

    Returns
    -------
    The values after the last turn.
    """
    entry, loop, done = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    turn = builder.phi(_I64)
    state = [builder.phi(value.type) for value in before]
    after = step(turn, state)
    following = builder.add(turn, ir.Constant(_I64, 1))
    for phi, start, update in zip([turn, *state], [first, *before], [following, *after], strict=True):
        phi.add_incoming(start, entry)
        phi.add_incoming(update, loop)
    builder.cbranch(builder.icmp_signed("<", following, last), loop, done)
    builder.position_at_end(done)
    return after


def _splat(kind: ir.VectorType, number: int) -> ir.Constant:
    return ir.Constant(kind, [number] * LANES)


def _broadcast(builder: Any, scalar: Any) -> Any:
    nothing = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
    first = builder.insert_element(nothing, scalar, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, nothing, _splat(ir.VectorType(_I32, LANES), 0))


@intrinsic
def apply_filters(typing: Any, taps: Any, at: Any, weights: Any, tile: Any, out: Any, row: Any) -> Any:
    """``out[row, tile + lane] = sum_j weights[j, tile + lane] * taps[at + j]`` over the nine taps.

    Parameters
    ----------
    taps : (n,) int16 array
    weights : (9, n_lanes) int16 array
    out : (n_rows, n_lanes) int16 array
    """
    signature = types.void(taps, types.intp, weights, types.intp, out, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        at, tile, row = arguments[1], arguments[3], arguments[5]
        taps, weights, out = (_Array(context, builder, kinds[k], arguments[k]) for k in (0, 2, 4))
        total = _splat(_VALUES, 0)
        for tap in range(N_TAPS):
            here = ir.Constant(_I64, tap)
            value = _broadcast(builder, taps.load(builder.add(at, here), _I16))
            total = builder.add(total, builder.mul(weights.load(weights.place(here, tile), _VALUES), value))
        out.store(total, out.place(row, tile))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def apply_fixed_filters(typing: Any, taps: Any, at: Any, sums: Any, out: Any, row: Any) -> Any:
    """All fixed filters at one time point: three times the sum of three taps, less the sum of the nine.

    The taps are brought in by one load and handed to the lanes by shuffles.

    Parameters
    ----------
    taps : (n,) int16 array; sixteen values from ``at`` on can be read, and the filters see the first nine
    sums : (n,) int16 array; the sum of the nine is at ``at``
    out : (n_rows, 96) int16 array; lanes without a filter get some value
    """
    signature = types.void(taps, types.intp, sums, out, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        at, row = arguments[1], arguments[4]
        taps, sums, out = (_Array(context, builder, kinds[k], arguments[k]) for k in (0, 2, 3))
        values = taps.load(at, ir.VectorType(_I16, ROW))
        total = _broadcast(builder, sums.load(at, _I16))
        for tile in range(0, len(TRIPLES), LANES):
            triples = TRIPLES[tile : tile + LANES]
            first, second, third = (_shuffled(builder, values, [triple[k] for triple in triples]) for k in range(3))
            three = builder.mul(builder.add(builder.add(first, second), third), _splat(_VALUES, 3))
            out.store(builder.sub(three, total), out.place(row, ir.Constant(_I64, tile)))
        return context.get_dummy_value()

    return signature, generate


def _shuffled(builder: Any, row: Any, taps: list[int]) -> Any:
    """One tap for each lane; lanes without a filter repeat the first."""
    mask = ir.Constant(ir.VectorType(_I32, LANES), taps + [0] * (LANES - len(taps)))
    return builder.shuffle_vector(row, ir.Constant(row.type, ir.Undefined), mask)


def _level_counter(tiles: int) -> Any:
    """The intrinsic that counts ``tiles`` neighbouring tiles side by side, so that none waits for its own results."""

    @intrinsic
    def count_levels(
        typing: Any,
        values: Any,
        first: Any,
        last: Any,
        levels: Any,
        ones: Any,
        runs: Any,
        counts: Any,
        row: Any,
        tile: Any,
    ) -> Any:
        """Carry the counts of one level a filter over the time points ``first <= t < last``, from lane ``tile`` on.

        At each time point and lane, with ``above`` true where the value exceeds the level::

            run = run + 1 if above else 0
            components += run == 1
            measure += above
            longest = max(longest, run)

        Parameters
        ----------
        values : (n_timepoints, n_lanes) int16 array
        first, last : at least one time point
        levels : (n_rows, n_lanes) int16 array
        ones : (LANES,) array of counts, all one. Were it a constant, LLVM would turn each addition under a mask, one
            instruction, into two: the mask as numbers, and their difference
        runs : (n_rows, n_lanes) array of counts: the current runs
        counts : (n_rows, 3, n_lanes) array of counts: components, measure, longest
        """
        signature = types.void(values, types.intp, types.intp, levels, ones, runs, counts, types.intp, types.intp)
        kind = ir.VectorType(ir.IntType(runs.dtype.bitwidth), LANES)

        return signature, _counting_code(tiles, kind)

    return count_levels


def _counting_code(tiles: int, kind: ir.VectorType) -> Callable[..., Any]:
    """What emits the code of ``count_levels``, for counts of this kind of vector."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, last, row, tile = (arguments[k] for k in (1, 2, 7, 8))
        values, levels, ones, runs, counts = (
            _Array(context, builder, signature.args[k], arguments[k]) for k in (0, 3, 4, 5, 6)
        )
        one = ones.load(ir.Constant(_I64, 0), kind)
        columns = [builder.add(tile, ir.Constant(_I64, place * LANES)) for place in range(tiles)]
        thresholds = [levels.load(levels.place(row, column), _VALUES) for column in columns]
        of_row = [builder.add(builder.mul(row, ir.Constant(_I64, 3)), ir.Constant(_I64, k)) for k in range(3)]
        places = [
            (array, array.place(at, column))
            for column in columns
            for array, at in ((runs, row), *((counts, count) for count in of_row))
        ]

        def step(time: Any, state: list[Any]) -> list[Any]:
            """The counts after one more time point."""
            after = []
            for place, (column, threshold) in enumerate(zip(columns, thresholds, strict=True)):
                here = values.load(values.place(time, column), _VALUES)
                after += _counted(builder, here, threshold, one, state[4 * place : 4 * place + 4])
            return after

        after = emit_loop(builder, first, last, [array.load(place, kind) for array, place in places], step)
        for (array, place), value in zip(places, after, strict=True):
            array.store(value, place)
        return context.get_dummy_value()

    return generate


TOGETHER = 3 if get_host_cpu_features().get("avx512bw") else 1
"""Tiles whose counts fit into the registers: five vectors each, of the 32 that AVX-512 has; others have less room."""

count_levels = _level_counter(1)
count_levels_together = _level_counter(TOGETHER)


def _counted(builder: Any, values: Any, threshold: Any, one: Any, state: list[Any]) -> list[Any]:
    """Run, components, measure and longest after one more time point."""
    run, components, measure, longest = state
    zero = _splat(run.type, 0)
    above = builder.icmp_signed(">", values, threshold)
    run = builder.select(above, builder.add(run, one), zero)
    born = builder.icmp_signed("==", run, one)
    components = builder.select(born, builder.add(components, one), components)
    measure = builder.select(above, builder.add(measure, one), measure)
    longest = builder.select(builder.icmp_signed(">", run, longest), run, longest)
    return [run, components, measure, longest]
