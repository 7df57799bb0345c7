"""Recurrent kernels against plain NumPy, and against differences of its losses."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import reference_recurrent as reference
from frozen_torch import FROZEN, HIDDEN, N_INPUTS, WORDS, numbers
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._core.tiles import COLUMNS, DEPTH, GROUP, multiply_packed, pack
from sklearn_embed._models.recurrent import (
    Dropping,
    Scratch,
    Stack,
    last_states,
    multiply,
    run_backward,
    run_forward,
    zero_states,
)
from sklearn_embed._models.steps import lanes_of, packed_steps, reversed_steps

CELLS = ["lstm", "gru", "tanh", "relu"]
EPS = 1e-5


def make(cell, n_inputs=5, hidden=7, n_layers=2, n_directions=1, seed=0):
    """Return layers, and their parameters, some of them not small."""
    rnn = cell in ("tanh", "relu")
    settings = SimpleNamespace(
        cell="rnn" if rnn else cell,
        nonlinearity=cell if rnn else "tanh",
        vector_size=n_inputs,
        hidden_size=hidden,
        num_layers=n_layers,
    )
    stack = Stack.of(settings, n_directions)
    flat = 1.5 * stack.draw(np.random.default_rng(seed))
    return stack, flat.astype(np.float32)


def both_ways(lengths, n_directions):
    steps = packed_steps(np.array(lengths))
    return (steps, reversed_steps(steps))[:n_directions]


def twin_outputs(cell, stack, flat, steps, inputs, n_lanes, states=None, begins=()):
    """Outputs of all rows, float64, each sequence by itself."""
    lanes = lanes_of(steps.sizes, steps.offsets)
    out = np.empty((len(lanes), stack.width))
    layers = stack.layers(np.asarray(flat, np.float64))
    for lane in range(n_lanes):
        rows = np.flatnonzero(lanes == lane)
        xs = inputs[rows].astype(np.float64)
        starts = [t for t, row in enumerate(rows) if row in begins]
        for number, layer in enumerate(layers):
            parts = []
            for direction, weights in enumerate(layer):
                state = None
                if states is not None:
                    cells = states[1][number, direction]
                    c = cells[lane] if len(cells) else np.zeros(stack.hidden_size)
                    state = states[0][number, direction, lane], c
                parts.append(
                    reference.run(cell, xs, weights, state, direction == 1, starts)[0]
                )
            xs = np.concatenate(parts, axis=1)
        out[rows] = xs
    return out


def differences(loss, flat):
    """Central differences of a loss in every parameter."""
    flat = np.asarray(flat, np.float64)
    slopes = np.empty(len(flat))
    for k in range(len(flat)):
        up, down = flat.copy(), flat.copy()
        up[k] += EPS
        down[k] -= EPS
        slopes[k] = (loss(up) - loss(down)) / (2 * EPS)
    return slopes


@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_with_a_packed_matrix(transposed):
    rng = np.random.default_rng(0)
    sizes = itertools.product([1, 2, 3, 5, 13, 24], [1, 7, 40], [1, 5, COLUMNS, 67])
    for n, k, m in sizes:
        left, right = rng.standard_normal((n, k)), rng.standard_normal((k, m))
        out = rng.standard_normal((n, m)).astype(np.float32)
        left, right = left.astype(np.float32), right.astype(np.float32)
        expected = out + left.astype(float) @ right.astype(float)
        matrix = np.ascontiguousarray(right.T) if transposed else right
        panels = pack(matrix, transposed)
        alone = [out[row : row + 1].copy() for row in range(n)]
        multiply_packed(left, panels, out)
        assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
        for row, one in enumerate(alone):  # whatever rows are beside it
            multiply_packed(left[row : row + 1].copy(), panels, one)
            assert_array_equal(one[0], out[row])


@pytest.mark.parametrize("turned", list(itertools.product([False, True], repeat=2)))
def test_long_and_wide_products_of_transposed_matrices(turned):
    rng = np.random.default_rng(0)
    most = COLUMNS * GROUP
    for n, k, m in [(3, DEPTH + 7, most + 5), (47, 2 * DEPTH, 3), (1, 1, most)]:
        left = rng.standard_normal((k, n) if turned[0] else (n, k)).astype(np.float32)
        right = rng.standard_normal((m, k) if turned[1] else (k, m)).astype(np.float32)
        out, scratch = np.full((n, m), np.nan, np.float32), Scratch()
        multiply(left, right, out, scratch, turned)
        factors = [
            part.T if turn else part
            for part, turn in zip((left, right), turned, strict=True)
        ]
        expected = factors[0].astype(float) @ factors[1].astype(float)
        assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="shapes"):
        multiply(
            np.ones((2, 3), "f"), np.ones((2, 3), "f"), np.ones((2, 3), "f"), scratch
        )


def test_nothing_is_written_past_the_end_of_a_product():
    left = np.ones((5, 3), np.float32)
    panels = pack(np.ones((3, 37), np.float32))
    buffer = np.full(5 * 37 + 200, -7, np.float32)
    out = buffer[100 : 100 + 5 * 37].reshape(5, 37)
    multiply_packed(left, panels, out)
    assert_array_equal(out, np.full((5, 37), -4, np.float32))
    assert (buffer[:100] == -7).all()
    assert (buffer[-100:] == -7).all()


def test_products_of_other_shapes_are_refused():
    panels = pack(np.ones((3, 5), np.float32))
    for left, out in [((2, 4), (2, 5)), ((2, 3), (3, 5)), ((2, 3), (2, 70))]:
        with pytest.raises(ValueError, match="shapes"):
            multiply_packed(np.ones(left, "f"), panels, np.ones(out, "f"))


def test_rows_of_packed_sequences():
    steps = packed_steps(np.array([4, 2, 2, 1]))
    assert_array_equal(steps.sizes, [4, 3, 1, 1])
    assert_array_equal(steps.offsets, [0, 4, 7, 8, 9])
    assert_array_equal(steps.before, [9, 10, 11, 12, 0, 1, 2, 4, 7])
    assert_array_equal(
        lanes_of(steps.sizes, steps.offsets), [0, 1, 2, 3, 0, 1, 2, 0, 0]
    )
    back = reversed_steps(steps)
    assert_array_equal(back.before, [4, 5, 6, 12, 7, 10, 11, 8, 9])


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_slopes_of_layers(cell, n_directions):
    stack, flat = make(cell, 4, 3, 2, n_directions)
    lengths = [5, 3, 3, 1]
    steps, rng = both_ways(lengths, n_directions), np.random.default_rng(1)
    n = sum(lengths)
    inputs = rng.standard_normal((n, 4)).astype(np.float32)
    weights = rng.standard_normal((n, stack.width))
    states = tuple(
        rng.standard_normal(part.shape).astype(np.float32)
        for part in zero_states(stack, 4)
    )
    packed, scratch = stack.packed(flat, learning=True), Scratch()
    fixed = stack, packed, steps
    outputs, passes = run_forward(*fixed, inputs, states, scratch)

    def twin(flat, xs):
        return twin_outputs(cell, stack, flat, steps[0], xs, 4, states)

    assert_allclose(outputs, twin(flat, inputs), rtol=1e-5, atol=3e-6)
    slopes = np.empty_like(flat)
    into, given = stack.layers(slopes), weights.astype(np.float32)
    below = run_backward(*fixed, passes, given, into, scratch)

    expected = differences(lambda some: (twin(some, inputs) * weights).sum(), flat)
    assert_allclose(slopes, expected, rtol=2e-4, atol=2e-5)
    wide = inputs.astype(np.float64).ravel()
    expected = differences(
        lambda some: (twin(flat, some.reshape(n, 4)) * weights).sum(), wide
    )
    assert_allclose(below.ravel(), expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_other_texts_in_the_same_lane_are_not_seen(cell):
    stack, flat = make(cell, 4, 3, 1)
    n_lanes, n_steps = 3, 6
    (steps,) = both_ways([n_steps] * n_lanes, 1)
    begins = [4, 9, 10]
    steps.before[begins] = n_lanes * n_steps + n_lanes
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((18, 4)).astype(np.float32)
    weights = rng.standard_normal((18, 3))
    states = zero_states(stack, n_lanes)
    states[0][:] = 1
    packed, scratch = stack.packed(flat, learning=True), Scratch()
    fixed = stack, packed, (steps,)
    outputs, passes = run_forward(*fixed, inputs, states, scratch)

    def twin(flat):
        return twin_outputs(cell, stack, flat, steps, inputs, 3, states, begins)

    assert_allclose(outputs, twin(flat), rtol=1e-5, atol=3e-6)
    slopes = np.empty_like(flat)
    into = stack.layers(slopes)
    run_backward(*fixed, passes, weights.astype(np.float32), into, scratch)
    expected = differences(lambda some: (twin(some) * weights).sum(), flat)
    assert_allclose(slopes, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_read_in_segments_is_the_text_read_at_once(cell):
    stack, flat = make(cell)
    inputs = np.random.default_rng(2).standard_normal((12, 5)).astype(np.float32)
    packed, scratch = stack.packed(flat), Scratch()
    (whole,) = both_ways([6, 6], 1)
    states = zero_states(stack, 2)
    expected, _ = run_forward(stack, packed, (whole,), inputs, states, scratch)
    expected = expected.copy()
    for first in (0, 4, 8):
        (part,) = both_ways([2, 2], 1)
        rows = slice(first, first + 4)
        out, passes = run_forward(stack, packed, (part,), inputs[rows], states, scratch)
        assert_array_equal(out, expected[rows])
        last_states(passes, states, np.array([2, 3]))


@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_does_not_depend_on_its_company(cell):
    stack, flat = make(cell, 5, 37, 2, 2)
    lengths = [9, 7, 7, 7, 5, 3, 2, 2, 2, 1, 1, 1, 1]
    steps = both_ways(lengths, 2)
    inputs = np.random.default_rng(2).standard_normal((sum(lengths), 5)).astype("f")
    packed, scratch = stack.packed(flat), Scratch()
    states = zero_states(stack, len(lengths))
    together, _ = run_forward(stack, packed, steps, inputs, states, scratch)
    together = together.copy()
    lanes = lanes_of(*steps[0][:2])
    for lane, length in enumerate(lengths):
        rows, one = lanes == lane, both_ways([length], 2)
        own, states = inputs[rows].copy(), zero_states(stack, 1)
        alone, _ = run_forward(stack, packed, one, own, states, scratch)
        assert_array_equal(alone, together[rows])


def masks_of(n, widths, dropping):
    """Return what dropping multiplies with, by the twin of the random numbers."""
    masks = []
    for layer, width in enumerate(widths):
        seed = (dropping.seed + 0x632BE59BD9B4E019 * layer) % 2**64
        half, mask = (width + 1) // 2, np.empty((n, width))
        for row, d in itertools.product(range(n), range(width)):
            bits = reference.hash64(seed, (dropping.begin + row) * half + d // 2)
            part = bits & 0xFFFFFFFF if d % 2 == 0 else bits >> 32
            mask[row, d] = part >= int(dropping.chance * 2**32)
        masks.append(mask / (1 - dropping.chance))
    return masks


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_dropped_teaches_nothing(cell):
    stack, flat = make(cell, 5, 3, 2)
    (steps,) = both_ways([6], 1)
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((6, 5)).astype(np.float32)
    weights = rng.standard_normal((6, 3))
    dropping = Dropping(0.4, 2**63 + 5, 11)
    masks = masks_of(6, [5, 3, 3], dropping)
    packed, scratch = stack.packed(flat, learning=True), Scratch()
    fixed = stack, packed, (steps,)
    states = zero_states(stack, 1)
    given = inputs.copy()
    outputs, passes = run_forward(*fixed, given, states, scratch, dropping)

    def twin(flat, xs):
        layers = [layer[0] for layer in stack.layers(np.asarray(flat, np.float64))]
        return reference.stack(cell, xs.astype(float), layers, masks=masks)[0]

    assert_allclose(outputs, twin(flat, inputs), rtol=1e-5, atol=3e-6)
    slopes = np.empty_like(flat)
    into, given = stack.layers(slopes), weights.astype(np.float32)
    below = run_backward(*fixed, passes, given, into, scratch, dropping)
    expected = differences(lambda some: (twin(some, inputs) * weights).sum(), flat)
    assert_allclose(slopes, expected, rtol=2e-4, atol=2e-5)
    expected = differences(
        lambda some: (twin(flat, some.reshape(6, 5)) * weights).sum(),
        inputs.astype(np.float64).ravel(),
    )
    assert_allclose(below.ravel(), expected, rtol=2e-4, atol=2e-5)


def test_about_as_many_numbers_are_dropped_as_asked_for():
    ones = np.ones((500, 31), np.float32)
    Dropping(0.3, 7, 0).apply(0, ones)
    assert_allclose((ones == 0).mean(), 0.3, atol=0.02)
    assert_allclose(ones.mean(), 1, atol=0.03)


def test_products_have_one_thread_wherever_they_are_made():
    from threadpoolctl import threadpool_info

    def most():
        blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        return max(pool["num_threads"] for pool in blas)

    before = most()
    with one_blas_thread():
        with one_blas_thread():
            assert most() == 1
        assert most() == 1
    assert most() == before


@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_slopes_are_those_of_torch(cell):
    stack, flat = make(cell, N_INPUTS, HIDDEN, 2, 2)
    for number, part in enumerate(stack.named(flat).values()):
        part[:] = numbers(part.size, number).reshape(part.shape)
    steps = both_ways([WORDS], 2)
    inputs = numbers(WORDS * N_INPUTS, 5).reshape(WORDS, N_INPUTS).astype(np.float32)
    packed = stack.packed(flat, learning=True)
    scratch, states = Scratch(), zero_states(stack, 1)
    fixed = stack, packed, steps
    outputs, passes = run_forward(*fixed, inputs, states, scratch)
    expected = [np.array(part) for part in FROZEN[cell]]
    assert_allclose(outputs, expected[0], atol=1e-5)
    slopes = numbers(outputs.size, 9).reshape(outputs.shape).astype(np.float32)
    grads = np.zeros_like(flat)
    below = run_backward(*fixed, passes, slopes, stack.layers(grads), scratch)
    assert_allclose(below, expected[1], atol=1e-5)
    sums = [
        part.reshape(-1) @ numbers(part.size, 2) for part in stack.named(grads).values()
    ]
    assert_allclose(sums, expected[2], atol=1e-5)
