"""ELMo's scalars: what layers put out, added up with weights that are learned."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np


class LayerMix(NamedTuple):
    """Which layers are added up, and what each is multiplied with."""

    numbers: tuple[int, ...]  # 0: the vectors of words, below all layers
    weights: np.ndarray  # (n,) float32

    @classmethod
    def of(cls, layers, scalars, num_layers):
        """Return the sum that parameters speak of; None: the last layer, as it is.

        Parameters
        ----------
        layers : int or tuple of int
            The number of one layer, as it is, or those of layers to add up.
        scalars : ndarray of shape (n + 1,) or (0,), float32
            See `shares`; none where `layers` is one number.
        num_layers : int
            Recurrent layers.
        """
        if isinstance(layers, tuple):
            weights = float(scalars[-1]) * shares(scalars)
            return cls(layers, weights.astype(np.float32))
        return None if layers == num_layers else cls((layers,), np.ones(1, np.float32))

    def by_layer(self, num_layers):
        """Return a weight for each layer, the vectors of words first."""
        weights = np.zeros(num_layers + 1, np.float32)
        weights[list(self.numbers)] = self.weights
        return weights

    def add_up(self, vectors, passes, scratch):
        """Return the sum: float32 (N, D * H).

        Parameters
        ----------
        vectors : ndarray of shape (N, D * H), float32
            Those of words, of which nothing is dropped; read if layer 0 is in the sum.
        passes : list
            As `run_forward` gives them.
        scratch : Scratch
            Where the sum lies.
        """
        size = sum(one.record.states.shape[1] for one in passes[0])
        mixed = scratch.array("mixed", (len(vectors), size))
        mixed[:] = 0
        for number, weight in zip(self.numbers, self.weights, strict=True):
            for columns, states in _put_out(number, vectors, passes):
                mixed[:, columns] += weight * states
        return mixed

    def products(self, slopes, vectors, passes):
        """Return for each layer the sum of its numbers times slopes: float64 (n,).

        Parameters
        ----------
        slopes : ndarray of shape (N, D * H), float32
            Of the sum.
        vectors, passes
            As of `add_up`.
        """
        return np.array(
            [
                sum(
                    float(np.sum(slopes[:, columns] * states, dtype=np.float64))
                    for columns, states in _put_out(number, vectors, passes)
                )
                for number in self.numbers
            ]
        )


def _put_out(number, vectors, passes):
    """Return pairs of columns and what a layer has in them."""
    if number == 0:
        return [(slice(None), vectors)]
    states = [one.record.states[: len(vectors)] for one in passes[number - 1]]
    size = states[0].shape[1]
    return [(slice(k * size, (k + 1) * size), part) for k, part in enumerate(states)]


def n_scalars(layers):
    """Return how many numbers are learned: one for each layer of a sum, and gamma."""
    return len(layers) + 1 if isinstance(layers, tuple) else 0


def shares(scalars):
    """Return the softmax of all numbers but the last, which is gamma: float64."""
    powers = scalars[:-1].astype(np.float64)
    powers = np.exp(powers - powers.max())
    return powers / powers.sum()


def scalar_slopes(scalars, products):
    """Return the slopes of the numbers of `shares`: float64.

    Parameters
    ----------
    scalars : ndarray of shape (n + 1,), float32
        The numbers.
    products : ndarray of shape (n,)
        See `LayerMix.products`.
    """
    parts, gamma = shares(scalars), float(scalars[-1])
    mean = float(parts @ products)
    return np.append(gamma * parts * (products - mean), mean)


def check_layers(layers, num_layers, vector_size, width):
    """Refuse layers, read from a file, that there are not or that differ in width."""
    numbers = layers if isinstance(layers, tuple) else (layers,)
    right = all(type(number) is int for number in numbers)
    right = right and all(0 <= number <= num_layers for number in numbers)
    if not right or not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"layers={layers!r:.80} are not those of the model")
    if 0 in numbers and vector_size != width:
        raise ValueError(f"layers={layers!r:.80} differ in width")
