"""Layers of recurrent cells: their parameters, forwards and backwards.

Parameters of all layers lie in one array, in the order and shapes of torch.nn: for each
layer and direction the weights of inputs and of states, and a bias each.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.tiles import (
    multiply_packed,
    new_panels,
    pack,
    shape_of_panels,
)
from sklearn_embed._models.kernels.optimizer import drop, sum_columns
from sklearn_embed._models.kernels.recurrent import (
    GATES,
    GRU,
    LSTM,
    RNN_RELU,
    RNN_TANH,
    Record,
    Slopes,
    run_back,
    run_layer,
)

#: What torch.nn calls the parts of a layer.
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class LayerWeights(NamedTuple):
    """Parameters of one layer in one direction, or their slopes."""

    inputs: np.ndarray  # (K * H, E)
    states: np.ndarray  # (K * H, H)
    input_bias: np.ndarray  # (K * H,)
    state_bias: np.ndarray  # (K * H,)


class PackedLayer(NamedTuple):
    """Parameters of one layer in one direction as `run_layer` takes them."""

    weights: LayerWeights
    inputs: np.ndarray  # panels (E, K * H)
    states: np.ndarray  # panels (H, K * H)
    back: np.ndarray | None  # panels (K * H, H), to learn
    down: np.ndarray | None  # panels (K * H, E), to learn
    bias: np.ndarray  # (K * H,), of the inputs' part


class Stack(NamedTuple):
    """Layers on top of each other."""

    cell: int
    n_inputs: int
    hidden_size: int
    num_layers: int
    n_directions: int

    @classmethod
    def of(cls, settings, n_directions=1):
        """Return the layers that settings speak of."""
        kinds = {
            "gru": GRU,
            "lstm": LSTM,
            "rnn": RNN_TANH if settings.nonlinearity == "tanh" else RNN_RELU,
        }
        return cls(
            kinds[settings.cell],
            int(settings.vector_size),
            int(settings.hidden_size),
            int(settings.num_layers),
            n_directions,
        )

    @property
    def width(self):
        """Numbers that come out for each row."""
        return self.n_directions * self.hidden_size

    def shapes(self):
        """Yield name and shape of each array, in order."""
        rows = GATES[self.cell] * self.hidden_size
        for layer in range(self.num_layers):
            n_inputs = self.width if layer else self.n_inputs
            shapes = (rows, n_inputs), (rows, self.hidden_size), (rows,), (rows,)
            for end in ("", "_reverse")[: self.n_directions]:
                for part, shape in zip(PARTS, shapes, strict=True):
                    yield f"{part}_l{layer}{end}", shape

    @property
    def size(self):
        """Number of parameters."""
        return sum(math.prod(shape) for _, shape in self.shapes())

    def bounds(self):
        """Return where the parameters of each layer begin, and where they end."""
        sizes = [math.prod(shape) for _, shape in self.shapes()]
        ends = np.cumsum([0, *sizes])
        return ends[:: len(PARTS) * self.n_directions]

    def named(self, flat):
        """Return the arrays by torch.nn's names, views of an array of all."""
        found, done = {}, 0
        for name, shape in self.shapes():
            n = math.prod(shape)
            found[name] = flat[done : done + n].reshape(shape)
            done += n
        return found

    def layers(self, flat):
        """Return for each layer the LayerWeights of its directions, views."""
        arrays = list(self.named(flat).values())
        parts = [LayerWeights(*arrays[n : n + 4]) for n in range(0, len(arrays), 4)]
        step = self.n_directions
        return [parts[n : n + step] for n in range(0, len(parts), step)]

    def draw(self, rng):
        """Return fresh parameters: uniform within 1 / sqrt(H), LSTMs remember."""
        bound = 1 / math.sqrt(self.hidden_size)
        flat = rng.uniform(-bound, bound, self.size).astype(np.float32)
        if self.cell == LSTM:
            forget = slice(self.hidden_size, 2 * self.hidden_size)
            for layer in self.layers(flat):
                for weights in layer:
                    weights.input_bias[forget] = 1
                    weights.state_bias[forget] = 0
        return flat

    def packed(self, flat, learning=False):
        """Return for each layer the PackedLayer of its directions."""
        made = [
            [self._room(weights, learning) for weights in layer]
            for layer in self.layers(flat)
        ]
        for call in self.packing(made):
            call()
        return made

    def packing(self, made):
        """Return calls that pack parameters, which have changed in place, anew."""
        return [partial(self._pack, one) for layer in made for one in layer]

    def _room(self, weights, learning):
        (rows, n_inputs), size = weights.inputs.shape, self.hidden_size
        return PackedLayer(
            weights,
            new_panels(n_inputs, rows),
            new_panels(size, rows),
            new_panels(rows, size) if learning else None,
            new_panels(rows, n_inputs) if learning else None,
            np.empty(rows, np.float32),
        )

    def _pack(self, one):
        weights = one.weights
        pack(weights.inputs, True, one.inputs)
        pack(weights.states, True, one.states)
        if one.back is not None:
            pack(weights.states, False, one.back)
            pack(weights.inputs, False, one.down)
        one.bias[:] = weights.input_bias
        if self.cell != GRU:
            one.bias[:] += weights.state_bias
        return 0.0, 0


class Scratch:
    """Arrays by name, used again and again."""

    keeps_inputs = False  # whether those of every layer are wanted as arrays by name

    def __init__(self):
        self._buffers = {}

    def array(self, name, shape):
        """Return a float32 array of a shape; what it holds is undefined."""
        n = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < n:
            buffer = self._buffers[name] = np.empty(n, np.float32)
        return buffer[:n].reshape(shape)


def multiply(left, right, out, scratch, turned=(False, False), name="panels"):
    """Write the product of two matrices, either of them transposed where `turned`.

    Parameters
    ----------
    left, right, out : ndarray, float32, C-contiguous
        The last is overwritten.
    scratch : Scratch
        Where the right one is packed, under a name.
    """
    k, n = right.shape[::-1] if turned[1] else right.shape
    panels = scratch.array(name, shape_of_panels(k, n))
    pack(right, turned[1], panels)
    out[...] = 0
    multiply_packed(left, panels, out, turned[0])


class Dropping(NamedTuple):
    """What is dropped, and where random numbers stand."""

    chance: float
    seed: int  # of this step
    begin: int  # number of the first row
    n_layers: int = 1 << 30  # what comes out of so many layers is whole

    def apply(self, layer, matrix):
        """Drop numbers of what goes into a layer, or multiply slopes likewise."""
        if self.chance > 0 and layer < self.n_layers:
            seed = np.uint64((self.seed + 0x632BE59BD9B4E019 * layer) % 2**64)
            drop(matrix, self.begin, seed, float(self.chance))


#: Nothing is dropped.
KEEP_ALL = Dropping(0.0, 0, 0)


def zero_states(stack, n):
    """Return states before the first step of n sequences: (layers, directions, n, H).

    Once for the outputs, once for the cells.
    """
    shape = stack.num_layers, stack.n_directions, n, stack.hidden_size
    cells = shape if stack.cell == LSTM else (*shape[:2], 0, stack.hidden_size)
    return np.zeros(shape, np.float32), np.zeros(cells, np.float32)


class LayerPass(NamedTuple):
    """What one layer did in one direction."""

    inputs: np.ndarray  # (N, E)
    record: Record


def _record(stack, layer, steps, states, scratch, name):
    """Return a Record with the states before the first steps."""
    n, size, n_lanes = len(steps[0].before), stack.hidden_size, int(steps[0].sizes[0])
    rows, lstm, gru = GATES[stack.cell] * size, stack.cell == LSTM, stack.cell == GRU
    total = n + n_lanes + 1
    record = Record(
        gates=scratch.array(f"gates{name}", (n, rows)),
        parts=scratch.array(f"parts{name}", (n if gru else 0, rows)),
        states=scratch.array(f"states{name}", (total, size)),
        previous=scratch.array(f"previous{name}", (n, size)),
        cells=scratch.array(f"cells{name}", (total if lstm else 0, size)),
        squashed=scratch.array(f"squashed{name}", (n if lstm else 0, size)),
    )
    for values, first in ((record.states, states[0]), (record.cells, states[1])):
        if len(values):
            values[n:-1] = first[layer][:n_lanes]
            values[-1] = 0
    return record


def run_forward(stack, packed, steps, inputs, states, scratch, dropping=KEEP_ALL):
    """Run all layers over packed rows.

    Parameters
    ----------
    stack : Stack
        Their kind.
    packed : list
        Their parameters; see `Stack.packed`.
    steps : tuple of Steps
        Which rows belong together, for each direction.
    inputs : ndarray of shape (N, E), float32
        Changed in place where something is dropped.
    states : tuple of ndarray
        Before the first steps; see `zero_states`.
    scratch : Scratch
        Where everything lies; it is there until the next call.
    dropping : Dropping, default=KEEP_ALL
        What is dropped.

    Returns
    -------
    outputs : ndarray of shape (N, D * H), float32
        After dropping.
    passes : list
        For each layer a LayerPass of each direction.
    """
    passes, n = [], len(inputs)
    for number, layer in enumerate(packed):
        dropping.apply(number, inputs)
        done = []
        for direction, one in enumerate(layer):
            first = states[0][:, direction], states[1][:, direction]
            record = _record(
                stack, number, steps, first, scratch, f"-{number}-{direction}"
            )
            record.gates[:] = one.bias
            multiply_packed(inputs, one.inputs, record.gates)
            bias = readonly(one.weights.state_bias)
            fixed = stack.cell, steps[direction], direction == 1
            run_layer(*fixed, one.states, bias, record)
            done.append(LayerPass(inputs, record))
        passes.append(done)
        outputs = [one.record.states[:n] for one in done]
        if len(outputs) == 1 and dropping.chance == 0 and not scratch.keeps_inputs:
            inputs = outputs[0]
        else:
            inputs = scratch.array(f"inputs-{number}", (n, stack.width))
            np.concatenate(outputs, axis=1, out=inputs)
    dropping.apply(len(packed), inputs)
    return inputs, passes


def last_states(passes, states, rows):
    """Write the states after some rows into states, for the sequences of the rows.

    Parameters
    ----------
    passes : list
        As `run_forward` gives them.
    states : tuple of ndarray
        See `zero_states`.  Changed in place.
    rows : ndarray of shape (n,), int64
        The last row of each of the first n sequences.
    """
    for layer, done in enumerate(passes):
        for direction, one in enumerate(done):
            states[0][layer, direction, : len(rows)] = one.record.states[rows]
            if len(one.record.cells):
                states[1][layer, direction, : len(rows)] = one.record.cells[rows]


def run_backward(
    stack, packed, steps, passes, slopes, into, scratch, dropping=KEEP_ALL, shares=None
):
    """Run all layers backwards: from slopes of the outputs to all others.

    Parameters
    ----------
    stack, packed, steps, passes, scratch, dropping
        As of `run_forward`, and what it returned.
    slopes : ndarray of shape (N, D * H), float32
        Of the outputs; see ``shares``.  Changed in place.
    into : list or None
        For each layer the LayerWeights of its directions: where slopes of the
        parameters go.  Overwritten.  None: nowhere; see `matrix_slopes`.
    shares : ndarray of shape (num_layers + 1,), float32, or None, default=None
        Slopes are those of a sum: of what the layers put out before something is
        dropped, the inputs first, each times its share.  None: of the last one alone.

    Returns
    -------
    ndarray of shape (N, E), float32
        The slopes of the inputs.
    """
    mixed = slopes
    if shares is not None:
        slopes = scratch.array("top", mixed.shape)
        np.multiply(mixed, shares[-1], out=slopes)
    dropping.apply(len(packed), slopes)
    n, n_lanes, size = len(slopes), int(steps[0].sizes[0]), stack.hidden_size
    for number in range(len(packed))[::-1]:
        below = scratch.array(f"below{number % 2}", passes[number][0].inputs.shape)
        below[:] = 0
        for direction, one in enumerate(passes[number]):
            layer = packed[number][direction]
            own = scratch.array("slopes", (n + n_lanes + 1, size))
            own[:n] = slopes[:, direction * size : (direction + 1) * size]
            own[n:] = 0
            room = Slopes(
                scratch.array("through", (n_lanes, size)),
                scratch.array("changes", (n_lanes, size)),
            )
            room.cells[:] = 0
            record = one.record
            fixed = stack.cell, steps[direction], direction == 1
            run_back(*fixed, layer.back, record, own, room)
            if into is not None:
                sums = record.parts if stack.cell == GRU else record.gates
                grads = into[number][direction]
                fixed = record.gates, one.inputs, grads.inputs, grads.input_bias
                matrix_slopes(*fixed, scratch)
                fixed = sums, record.previous, grads.states, grads.state_bias
                matrix_slopes(*fixed, scratch)
            multiply_packed(record.gates, layer.down, below)
        dropping.apply(number, below)
        if shares is not None and shares[number] != 0:
            below += shares[number] * mixed
        slopes = below
    return slopes


def matrix_slopes(sums, inputs, out, bias, scratch, name="panels"):
    """Write slopes of a matrix, and of a bias, from those of the sums they make.

    Parameters
    ----------
    sums : ndarray of shape (N, n), float32
        Slopes of what the matrix makes of ``inputs``, (N, m).
    out, bias : ndarray of shapes (n, m) and (n,), float32
        Overwritten.
    scratch, name
        As of `multiply`.
    """
    multiply(sums, inputs, out, scratch, (True, False), name)
    sum_columns(sums, bias)
    return 0.0, 0
