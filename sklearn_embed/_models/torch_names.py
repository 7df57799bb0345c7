"""Parameters of recurrent networks under the names that torch.nn gives them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._models.kernels.recurrent import GATES, GRU, LSTM, RNN_TANH
from sklearn_embed._models.recurrent import PARTS, Stack
from sklearn_embed._models.recurrent_lm import NetworkWeights

#: Names of what is not a recurrent layer.
ENCODER, DECODER, BIAS = "encoder.weight", "decoder.weight", "decoder.bias"
LAYERS = "rnn."


def network_to_torch(model):
    """Return copies of a language model's parameters by name."""
    named = {
        ENCODER: model.weights.inputs,
        **{LAYERS + k: v for k, v in model.stack.named(model.weights.cells).items()},
        DECODER: model.outputs,
        BIAS: model.weights.biases,
    }
    return {name: np.array(array) for name, array in named.items()}


def network_from_torch(state, words):
    """Return parameters of an estimator, and NetworkWeights, of arrays by name.

    Parameters
    ----------
    state : mapping of str to array
        As `network_to_torch` returns it.
    words : list of str
        The words of the first rows.

    Raises
    ------
    ValueError
        If something is missing, or does not fit.
    """
    if len(set(words)) != len(words):
        raise ValueError("words holds a word twice: each has one row.")
    arrays = {name: _array(name, value) for name, value in state.items()}
    stack = stack_of({k: v for k, v in arrays.items() if k.startswith(LAYERS)}, LAYERS)
    n, expected = len(words) + 2, {LAYERS + k: shape for k, shape in stack.shapes()}
    expected |= {ENCODER: (n, stack.n_inputs), DECODER: (n, stack.width), BIAS: (n,)}
    check_shapes(arrays, expected)
    tied = np.array_equal(arrays[ENCODER], arrays[DECODER])
    flat = np.concatenate([arrays[LAYERS + k].ravel() for k, _ in stack.shapes()])
    outputs = arrays[DECODER][: 0 if tied else n]
    weights = NetworkWeights(arrays[ENCODER], outputs, arrays[BIAS], flat)
    return {**parameters_of(stack), "tie_weights": tied}, weights


def parameters_of(stack):
    """Return what estimators call the sizes of layers."""
    names = {LSTM: "lstm", GRU: "gru"}
    return {
        "vector_size": stack.n_inputs,
        "cell": names.get(stack.cell, "rnn"),
        "hidden_size": stack.hidden_size,
        "num_layers": stack.num_layers,
    }


def stack_of(arrays, prefix):
    """Return the Stack whose arrays, named as in torch.nn, these are."""
    first, states = (arrays.get(f"{prefix}{part}_l0") for part in PARTS[:2])
    if first is None or states is None or first.ndim != 2 or states.ndim != 2:
        raise ValueError(
            f"state has no matrices {prefix}weight_ih_l0 and {prefix}weight_hh_l0: "
            "give the parameters of recurrent layers by torch's names, with biases."
        )
    size = max(states.shape[1], 1)
    kinds = {GATES[cell]: cell for cell in (RNN_TANH, GRU, LSTM)}
    blocks, rest = divmod(len(states), size)
    if rest or blocks not in kinds:
        raise ValueError(
            f"{prefix}weight_hh_l0 of state has the shape {states.shape}: it must have "
            "1, 3 or 4 times as many rows as columns."
        )
    n_layers = sum(name.startswith(f"{prefix}{PARTS[1]}_l") for name in arrays)
    n_directions = 2 if f"{prefix}{PARTS[1]}_l0_reverse" in arrays else 1
    return Stack(
        kinds[blocks], first.shape[1], size, n_layers // n_directions, n_directions
    )


def check_shapes(arrays, expected):
    """Refuse arrays that are missing, too many, of other shapes, or not finite."""
    for name in [*expected, *arrays]:
        if name not in arrays or name not in expected:
            what = "has no" if name in expected else "has an unknown"
            raise ValueError(f"state {what} {name!r}.")
        if arrays[name].shape != expected[name]:
            raise ValueError(
                f"{name} of state has the shape {arrays[name].shape}, expected "
                f"{expected[name]}."
            )
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} of state holds NaN or infinity.")


def _array(name, value):
    """Return a float32 copy of an array."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name!r} of state is no array of real numbers.")
    return np.array(array, np.float32, order="C")
