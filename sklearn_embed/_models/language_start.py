"""What a recurrent classifier takes over from language models: words and layers."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np


class LanguageStart(NamedTuple):
    """Parameters that a classifier starts from."""

    words: list[str]  # those of the first model, then others of the second
    vectors: np.ndarray  # (n_words + 1, E); the last row is that of unknown words
    cells: np.ndarray  # all layers, see `Stack`

    @classmethod
    def of(cls, networks, words, stack):
        """Return what one language model, or two, give to some layers.

        Parameters
        ----------
        networks : list of RecurrentNetwork
            A forward one, and perhaps a backward one, of the same shapes.
        words : list of (list of str)
            Theirs.
        stack : Stack
            The layers of the classifier.
        """
        union = list(dict.fromkeys(word for some in words for word in some))
        vectors = [
            _rows(network.weights.inputs, own, union)
            for network, own in zip(networks, words, strict=True)
        ]
        cells = np.zeros(stack.size, np.float32)
        _join(stack, [(n.stack, n.weights.cells) for n in networks], cells)
        return cls(union, np.concatenate(vectors, axis=1), cells)

    def rows(self, words):
        """Return the vectors of some words; those of no model are unknown to it."""
        return self.vectors[_places(self.words, words)]


def _places(words, wanted):
    """Return where each wanted word stands among words; -1: nowhere."""
    index = dict(zip(words, range(len(words)), strict=True))
    return np.array([index.get(word, -1) for word in wanted], np.int64)


def _rows(inputs, words, union):
    """Return the rows of inputs for all words, and that of the unknown one."""
    places = _places(words, union)
    return inputs[np.append(np.where(places < 0, len(words), places), len(words))]


def _join(stack, sources, cells):
    """Write the layers of one direction each side by side into cells.

    What a layer reads is what those of both directions below wrote: each direction
    goes on reading its own half, the weights of the other half are zeros.
    """
    whole, first = stack.named(cells), [0] * stack.num_layers
    for end, (own, parts) in zip(("", "_reverse"), sources, strict=False):
        for name, part in own.named(parts).items():
            into = whole[name + end]
            if name.startswith("weight_ih"):
                layer = int(name.rpartition("_l")[2])
                into = into[:, first[layer] : first[layer] + part.shape[1]]
                first[layer] += part.shape[1]
            into[:] = part
