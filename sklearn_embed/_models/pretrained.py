"""Where training starts from: vectors learned elsewhere, and how far they may move."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_embed._core.arrays import put_rows, readonly
from sklearn_embed._estimators.base import NOT_NEGATIVE, TextEstimator
from sklearn_embed._text.char_ngrams import ngram_buckets
from sklearn_embed._text.kernels.char_ngrams import add_rows
from sklearn_embed._text.table import TokenTable
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors


class Pretrained(BaseEstimator):
    """Vectors to start training from, and how far they may move.

    The value of the parameter `pretrained` of every estimator that is trained.  A
    source of vectors by itself is short for ``Pretrained(source)``.

    Parameters
    ----------
    vectors : WordVectors, KeyedVectors, DataFrame, dict, estimator, str or path
        Any source of word vectors, of `vector_size` dimensions; see
        :func:`sklearn_embed.io.as_word_vectors`.  Of a file, only the words of the
        training texts are read.  `clone` shares it.
    trainable : bool, default=True
        Whether training moves the vectors.  False: words that the source knows have
        its vectors in the end, bit for bit, while all others are trained.
    penalty : float, default=0.0
        Strength of the pull back to the pretrained vectors, for `GloVeVectorizer`
        (Dingwall and Potts 2018).  0: they are only a start.  Without effect if not
        `trainable`.

    See Also
    --------
    MeanPoolEmbedder : Uses vectors as they are, without any training.

    Notes
    -----
    The vectors of words, `vectors_`, begin as those given, whatever parameters they
    are made of:

    - `Word2VecVectorizer`: the parameters of words as predictors or, with
      ``combine="output"``, as predicted.  Frozen vectors need ``combine="input"`` or
      ``combine="output"``: sums are not what was given.
    - `GloVeVectorizer`: with ``combine="sum"``, word and context vector are half the
      given one each, and frozen vectors freeze both; biases are always trained.  With
      ``combine="word"`` or ``"context"``, these alone.  A `penalty` needs
      ``combine="sum"``.
    - `FastTextVectorizer`: a word's vector is the mean of its own row and those of its
      n-grams.  Of a source whose n-grams are cut and hashed alike (the same `min_n`,
      `max_n` and `bucket`; the last may be None here) both are taken over as they
      are.  Otherwise the word's own row is such that the mean is the vector given.  A
      frozen word teaches its n-grams nothing; n-grams taken over are frozen with it;
      what only frozen words are made of stays zero.
    - `FastTextClassifier`: likewise.  With character n-grams, frozen vectors need a
      source whose n-grams are the same.

    Words that were trained before, by `partial_fit` or with ``warm_start=True``, keep
    what they have learned; frozen ones are those of the source again.

    GloVe does not move frozen vectors at all.  Elsewhere training is a projected
    gradient descent: the kernels train all rows alike, and frozen ones are put back
    about every tenth of a second, and at the end of each epoch, so that training
    without frozen vectors takes no longer.

    References
    ----------
    Dingwall and Potts (2018), "Mittens: An extension of GloVe for learning
    domain-specialized representations".

    Examples
    --------
    >>> from sklearn_embed import Pretrained, Word2VecVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> given = Pretrained({"cat": [1.0, 0.0], "dog": [0.0, 1.0]}, trainable=False)
    >>> model = Word2VecVectorizer(2, min_count=1, pretrained=given, random_state=0)
    >>> model.fit(texts).transform(["cat", "dog"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> free = model.set_params(pretrained__trainable=True).fit(texts)
    >>> free.transform(["cat"]).tolist() == [[1.0, 0.0]]
    False
    """

    # As the trainers have it: what `save` writes as WordVectors.
    _vector_parameters = ("vectors",)

    _parameter_constraints: dict = {
        "vectors": "no_validation",
        "trainable": ["boolean"],
        "penalty": [NOT_NEGATIVE],
    }

    def __init__(self, vectors, *, trainable=True, penalty=0.0):
        self.vectors = vectors
        self.trainable = trainable
        self.penalty = penalty

    def __sklearn_clone__(self):
        return type(self)(**self.get_params(deep=False))


class Given(NamedTuple):
    """Pretrained vectors of words of a vocabulary."""

    rows: np.ndarray  # (n,) int32, rows of the vocabulary
    vectors: np.ndarray  # (n, vector_size) float32
    places: np.ndarray  # (n,) int32, rows of the source
    new: np.ndarray  # (n,) bool, whether a word begins here
    source: WordVectors
    trainable: bool
    penalty: float

    def put(self, matrix, values=None):
        """Write the vectors of words that begin here into the rows of a matrix."""
        values = self.vectors if values is None else values
        matrix[self.rows[self.new], : values.shape[1]] = values[self.new]

    def own(self, parts, bounds, rows, matrix):
        """Return the words' own rows, beside those of their n-grams.

        Parameters
        ----------
        parts : Subwords or None
            The source's n-grams, if they are taken over.
        bounds, rows : ndarray
            Where each word's n-grams begin in `rows`; their rows in `matrix`.
        matrix : ndarray of shape (n_rows, D), float32
            Vectors of n-grams.
        """
        if parts is not None:
            return parts.own[self.places]
        sums = np.zeros_like(self.vectors)
        add_rows(readonly(bounds), readonly(rows, np.int32), readonly(matrix), sums)
        return self.vectors * (np.diff(bounds) + 1).astype(np.float32)[:, None] - sums

    def ngrams(self, min_n, max_n, bucket):
        """Return the source's n-grams if they are cut and hashed alike, or None."""
        parts = self.source.subwords
        if (
            parts is None
            or parts.own is None
            or parts.missing == "skip"
            or (parts.min_n, parts.max_n) != (min_n, max_n)
            or bucket not in (None, parts.n_buckets)
        ):
            return None
        return parts


def as_pretrained(value):
    """Return a parameter `pretrained`, in either of its forms, as `Pretrained`."""
    if value is None or isinstance(value, Pretrained):
        return value
    return Pretrained(value)


def find(pretrained, words, vector_size, known=()):
    """Look words up in the source of pretrained vectors.

    Parameters
    ----------
    pretrained : Pretrained
        Where to look.
    words : list of str
        The vocabulary.
    vector_size : int
        Dimensions that the vectors must have.
    known : container of str, default=()
        Words that were trained before.

    Returns
    -------
    Given or None
        None if nothing is to be looked up.
    """
    new = np.array([word not in known for word in words], bool)
    wanted = np.arange(len(words), dtype=np.int32)
    if pretrained.trainable and not pretrained.penalty:
        wanted = wanted[new]  # what may move is not looked up again
        if not len(wanted):
            return None
    chosen = [words[row] for row in wanted]
    source = as_word_vectors(pretrained.vectors, frozenset(chosen))
    check_size(source.vector_size, vector_size)
    places = source.rows(chosen)
    found = places >= 0
    if not found.any() and not known:
        warnings.warn(
            f"None of {len(words)} words has a pretrained vector: are they spelt "
            "alike, lowercased or not?",
            UserWarning,
            stacklevel=2,
        )
    rows, places = wanted[found], places[found]
    return Given(
        rows,
        source.vectors[places],
        places,
        new[rows] | (not pretrained.trainable),
        source,
        pretrained.trainable,
        float(pretrained.penalty),
    )


def check_size(found, vector_size):
    """Refuse vectors of other dimensions than `vector_size`."""
    if found != vector_size:
        raise ValueError(
            f"vector_size={vector_size}, but the pretrained vectors have {found} "
            "dimensions: they must be equal."
        )


def keeper(*pieces):
    """Return what puts rows back: each piece a matrix, rows and their values."""
    calls = [
        partial(put_rows, matrix, readonly(rows, np.int32), readonly(values))
        for matrix, rows, values in pieces
    ]

    def put_back():
        for call in calls:
            call()

    return put_back


def given_ngrams(parts, words, rows):
    """Return rows of n-grams, each once, and the vectors that a source has for them.

    Parameters
    ----------
    parts : Subwords
        Of the source.
    words : list of str
        Words.
    rows : ndarray of shape (n_ngrams,), int32
        Rows of the words' n-grams, in their order; -1: none.
    """
    table = TokenTable.from_tokens(words)
    _, places = ngram_buckets(table, parts.min_n, parts.max_n, parts.n_buckets)
    if parts.rows is not None:
        places = parts.rows[places]
    there = (rows >= 0) & (places >= 0)
    rows, firsts = np.unique(rows[there], return_index=True)
    return rows, parts.vectors[places[there][firsts]]


def chosen_bags(bounds, rows, chosen):
    """Return the bounds and rows of some bags, in their order."""
    sizes = np.diff(bounds)[chosen]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    shifts = np.repeat(bounds[chosen] - ends[:-1], sizes)
    return ends, rows[shifts + np.arange(ends[-1])]


class Pretrainable(TextEstimator):
    """Base of estimators with a parameter `pretrained`."""

    _vector_parameters = ("pretrained",)

    @property
    def _shared_parameters(self):
        # A Pretrained shares its vectors by itself when it is cloned.
        return () if isinstance(self.pretrained, Pretrained) else ("pretrained",)

    def _tokenize_to_fit(self, X, options=None):
        """Return documents as tokens, once it is clear where to start from."""
        self._checked_pretrained()
        return super()._tokenize_to_fit(X, options)

    def _checked_pretrained(self):
        """Return where training starts from, or None."""
        pretrained = as_pretrained(self.pretrained)
        if pretrained is not None:
            pretrained._validate_params()
            self._check_pretrained(pretrained)
            # What must be read first, a file or a dict, is checked when it is needed.
            source = pretrained.vectors
            vectors = getattr(source, "vectors_", getattr(source, "vectors", None))
            if np.ndim(vectors) == 2:
                check_size(vectors.shape[1], self.vector_size)
        return pretrained

    def _check_pretrained(self, pretrained):
        """Refuse what this model cannot do with pretrained vectors."""
        if pretrained.trainable and pretrained.penalty:
            raise ValueError(
                f"penalty={pretrained.penalty} of pretrained has no place in "
                f"{type(self).__name__}, only in GloVeVectorizer: set it to 0."
            )

    def _start(self, vocabulary, known, state):
        """Let words that were not known before start at pretrained vectors.

        Returns
        -------
        tuple or None
            If some are frozen: what puts them back, and whether that is done often.
        """
        pretrained = self._checked_pretrained()
        if pretrained is None:
            return None
        given = find(pretrained, vocabulary.words, self.vector_size, known)
        return None if given is None else self._place(vocabulary, given, state)

    def _place(self, vocabulary, given, state):
        """Put pretrained vectors into the state; return what `_start` does."""
        raise NotImplementedError
