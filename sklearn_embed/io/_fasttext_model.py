"""What a fastText file holds, and the word vectors that follow from it."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._collect import finished
from sklearn_embed.io._quantized import QuantizedMatrix

#: First number of a file, and the version written.
MAGIC, VERSION = 793712314, 12

#: What fastText puts at the end of each line of text.
END_MARK = "</s>"

#: What the numbers in `Arguments` stand for.
LOSSES = {
    1: "hierarchical_softmax",
    2: "negative_sampling",
    3: "softmax",
    4: "one_vs_all",
}
ARCHITECTURES = {1: "cbow", 2: "skipgram", 3: "supervised"}


class Arguments(NamedTuple):
    """The arguments of the training, in the order and under the names of the file."""

    dim: int
    ws: int = 5
    epoch: int = 5
    min_count: int = 5
    neg: int = 5
    word_ngrams: int = 1
    loss: int = 2
    model: int = 2
    bucket: int = 2_000_000
    minn: int = 3
    maxn: int = 6
    lr_update_rate: int = 100
    t: float = 1e-4


class FastTextModel(NamedTuple):
    """Everything that a fastText ``.bin`` or ``.ftz`` file holds.

    Parameters
    ----------
    arguments : Arguments
        How it was trained; `LOSSES` and `ARCHITECTURES` name the codes.
    words : list of str
        The vocabulary.
    counts : ndarray of shape (n_words,), int64
        Occurrences of the words.
    labels : list of str
        The classes of a supervised model, prefix included; else empty.
    label_counts : ndarray of shape (n_labels,), int64
        Occurrences of the labels.
    n_tokens : int
        Length of the training text.
    own : ndarray of shape (n_words, dim), float32
        The words' vectors before their n-grams are added.
    buckets : ndarray of shape (bucket or fewer, dim), float32
        The n-grams' vectors.
    output : ndarray of shape (n_words or n_labels, dim), float32, or None
        The output matrix; None if it was not read.
    rows : ndarray of shape (bucket,), int32, or None, default=None
        Row in `buckets` of each bucket of a pruned model, -1 where it was dropped.
    missing : {"zero", "skip"}, default="skip"
        Whether n-grams whose bucket has no row count as zeros or not at all.
    codes : tuple or None, default=None
        The matrices as a quantised file holds them, which is then written: the rows of
        words and n-grams, and the outputs or None.  Of a file that is read, None.
    """

    arguments: Arguments
    words: list[str]
    counts: np.ndarray
    labels: list[str]
    label_counts: np.ndarray
    n_tokens: int
    own: np.ndarray
    buckets: np.ndarray
    output: np.ndarray | None
    rows: np.ndarray | None = None
    missing: str = "skip"
    codes: tuple[QuantizedMatrix, QuantizedMatrix | None] | None = None

    def subwords(self) -> Subwords | None:
        """Return the n-grams' part, None for a model without character n-grams."""
        arguments = self.arguments
        if arguments.maxn <= 0 or arguments.bucket <= 0:
            return None
        return Subwords(
            self.buckets,
            arguments.minn,
            arguments.maxn,
            arguments.bucket,
            self.rows,
            "zero" if self.rows is None else self.missing,
            self.own,
        )

    def to_word_vectors(self, name: str = "fastText model") -> WordVectors:
        """Return the words' vectors: each the mean of its own and its n-grams'.

        Parameters
        ----------
        name : str
            What to call it in messages.

        Returns
        -------
        WordVectors

        Notes
        -----
        As in fastText, and unlike gensim, the end mark ``</s>`` has no n-grams: its
        vector is its own row.
        """
        parts = self.subwords()
        vectors = self.own
        if parts is not None:
            vectors, n_grams = parts.sums(self.words, self.own)
            vectors /= (n_grams + 1).astype(np.float32)[:, None]
            if END_MARK in self.words:
                row = self.words.index(END_MARK)
                vectors[row] = self.own[row]
        return finished(name, self.words, vectors, counts=self.counts, subwords=parts)
