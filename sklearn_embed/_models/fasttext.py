"""fastText: words and their n-grams in one matrix, words as bags of its rows."""

# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import draw_rows, padded_zeros, put_rows, stripped
from sklearn_embed._models.bags import numbered, share_rows
from sklearn_embed._models.checks import check_bucket_rows, check_matrix
from sklearn_embed._models.kernels.bag_rows import number_buckets
from sklearn_embed._models.kernels.bags import Bags
from sklearn_embed._models.prediction import (
    Outputs,
    PredictionJob,
    PredictionSettings,
)
from sklearn_embed._models.pretrained import (
    Given,
    chosen_bags,
    frozen_rows,
    given_ngrams,
)
from sklearn_embed._models.warm_start import take_over
from sklearn_embed._text.char_ngrams import NgramNumbers, ngram_buckets
from sklearn_embed._text.table import TokenTable
from sklearn_embed._vectors.subwords import Subwords

#: Buckets of an export of n-grams that are numbered one by one.
EXPORTED_BUCKETS = 2_000_000


@dataclass(frozen=True)
class FastTextSettings(PredictionSettings):
    """Parameters of a fit, as FastTextVectorizer names them."""

    min_n: int
    max_n: int
    bucket: int | None
    stop_words: object


class FrozenWords(NamedTuple):
    """Words that keep the vectors given, and where those come from."""

    given: Given
    parts: Subwords | None  # the source's n-grams, if they are taken over
    bags: tuple  # bounds and rows of the words' n-grams


class NgramRows(NamedTuple):
    """How the n-grams of words are numbered, before any rows are shared."""

    bounds: np.ndarray  # (n_words + 1,) int64: where each word's n-grams begin
    ngrams: np.ndarray  # int32: their numbers, from 0 on
    bucket_rows: np.ndarray  # (n_buckets,) int32: number of each bucket, or -1
    numbers: NgramNumbers | None  # by spelling; None: by their hash

    @classmethod
    def of(cls, words, settings, known=()):
        """Return the numbers of some words' n-grams; ``known`` have theirs already."""
        table, limits = TokenTable.from_tokens(words), (settings.min_n, settings.max_n)
        if settings.bucket is None:
            numbers = NgramNumbers(known)
            bounds, ngrams = numbers.rows(table, *limits, grow=True)
            return cls(bounds, ngrams, np.arange(len(numbers), dtype=np.int32), numbers)
        bounds, ngrams = ngram_buckets(table, *limits, settings.bucket)
        bucket_rows = np.full(settings.bucket, -1, np.int32)
        number_buckets(ngrams, bucket_rows, 0)
        return cls(bounds, bucket_rows[ngrams], bucket_rows, None)

    @property
    def n_ngrams(self):
        """How many numbers there are."""
        return int(self.bucket_rows.max(initial=-1)) + 1


@dataclass
class FastText:
    """A row for each word, then those of n-grams that share none of them.

    While it is trained, rows are padded to whole cache lines; those of a fitted model
    are not.
    """

    settings: FastTextSettings
    words: list[str]
    matrix: np.ndarray  # (n_rows, d) float32
    bucket_rows: np.ndarray  # (n_buckets or n_ngrams,) int32: row of each, or -1
    outputs: Outputs
    ngrams: list[str] | None = None  # where they are numbered by their spelling
    bags: Bags | None = None  # of which rows each word is the mean; while training
    carried: np.ndarray | None = None  # rows that were trained before
    frozen: FrozenWords | None = None

    @classmethod
    def new(cls, vocabulary, settings, rng, before=None, share=True):
        """Return fresh parameters: words and n-grams random, outputs zero.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words.
        settings : FastTextSettings
            Their size, their n-grams, and the loss.
        rng : numpy.random.Generator
            Draws the vectors of words and n-grams.
        before : Before or None, default=None
            A trained model, whose words and n-grams keep their parameters.
        share : bool, default=True
            Whether n-grams that always occur together share a row.  Not where each
            may be given a vector of its own.
        """
        if before is not None:
            _check_limits(settings, before.model.settings)
        words, size = vocabulary.words, settings.vector_size
        known = before.model.ngrams if before is not None else None
        numbered = NgramRows.of(words, settings, known or ())
        shared = share_rows(
            numbered.bounds,
            numbered.ngrams,
            _apart(vocabulary, numbered, before, share),
        )
        bucket_rows = numbered.bucket_rows
        stored = np.flatnonzero(bucket_rows >= 0)
        bucket_rows[stored] = shared.rows[bucket_rows[stored]]
        matrix = padded_zeros(len(shared.members), size)
        draw_rows(matrix, size, 1 / size, rng)
        # The mean of a bag then begins as wide as that of rows drawn one by one.
        matrix *= np.sqrt(1 / shared.members, dtype=np.float32)[:, None]
        model = cls(
            settings,
            words,
            matrix,
            bucket_rows,
            Outputs.new(len(words), settings),
            None if numbered.numbers is None else numbered.numbers.tolist(),
            Bags(*shared[2:]),
        )
        model._kept_numbers = numbered.numbers
        if before is not None:
            model._carry_over(before, vocabulary)
        return model

    def _carry_over(self, before, vocabulary):
        """Take over the rows of words, outputs and n-grams."""
        old, size = before.model, self.settings.vector_size
        old_rows, rows = before.rows(vocabulary)
        take_over(self.matrix, rows, old.matrix, old_rows, size)
        self.outputs.carry_over(before, old_rows, rows, vocabulary)
        new_rows = self.bucket_rows[: len(old.bucket_rows)]
        both = np.flatnonzero((old.bucket_rows >= 0) & (new_rows >= 0))
        rows, firsts = np.unique(self.bucket_rows[both], return_index=True)
        vectors = old.matrix[old.bucket_rows[both[firsts]]]
        self.matrix[rows, :size] = vectors
        self.carried = rows

    def start_at(self, given):
        """Start words and n-grams at pretrained vectors; return FrozenRows, or None.

        A frozen word is a bag of one row, its vector.  No rows are shared.
        """
        settings, matrix, words = self.settings, self.matrix, self.words
        bounds, rows = self.subwords().rows_of(words)
        parts = given.ngrams(settings.min_n, settings.max_n, settings.bucket)
        taken, vectors = np.empty(0, np.int32), given.vectors[:0]
        if parts is not None:
            taken, vectors = given_ngrams(parts, words, rows)
        fresh = np.ones(len(matrix), bool)  # neither carried over nor taken over
        fresh[: len(words)] = False
        if self.carried is not None:
            fresh[self.carried] = False
        begins = fresh[taken] | (not given.trainable)
        put_rows(matrix, taken[begins], vectors[begins])
        fresh[taken] = False
        bags_given = chosen_bags(bounds, rows, given.rows)
        if given.trainable:
            given.put(matrix, given.own(parts, *bags_given, matrix))
            return None
        frozen = np.zeros(len(words), bool)
        frozen[given.rows] = True
        taught = np.zeros(len(matrix), bool)
        taught[rows[~np.repeat(frozen, np.diff(bounds))]] = True
        matrix[fresh & ~taught] = 0
        given.put(matrix)
        self.bags = _without_ngrams(self.bags, frozen)
        self.frozen = FrozenWords(given, parts, bags_given)
        return frozen_rows(
            (matrix, taken, vectors), (matrix, given.rows, given.vectors)
        )

    def job(self, data, vocabulary, run):
        """Return what trains the parameters."""
        return PredictionJob(
            self.settings, data, vocabulary, (self.matrix, self.outputs), run, self.bags
        )

    def published(self, final):
        """Return the fitted attributes, and the model without padding.

        Parameters
        ----------
        final : bool
            Whether this model is used up, which saves a copy.
        """
        size = self.settings.vector_size
        if final:
            self.bags = None  # what is published needs the memory
        matrix = stripped(self.matrix, size, in_place=final)
        outputs = self.outputs.stripped(size, in_place=final)
        fitted = replace(
            self, matrix=matrix, outputs=outputs, bags=None, carried=None, frozen=None
        )
        fitted._kept_numbers = getattr(self, "_kept_numbers", None)
        vectors = fitted.word_vectors(self.words)
        if self.frozen is not None:
            given, parts, bags_given = self.frozen
            vectors[given.rows] = given.vectors  # minus zeros, too
            matrix = matrix if final else matrix.copy()
            matrix[given.rows] = given.own(parts, *bags_given, matrix)
            fitted.matrix = matrix
        attributes = {
            "vectors_": vectors,
            outputs.attribute: outputs.matrix,
            "subword_vectors_": matrix,
        }
        return attributes, fitted

    def word_vectors(self, words):
        """Return the vectors of all words: the mean of their own and their n-grams'."""
        # As gensim adds them up: the word, then its n-grams.
        vectors, counts = self.subwords().sums(words, self.matrix[: len(words)])
        vectors /= (counts + 1).astype(np.float32)[:, None]
        return vectors

    def subwords(self):
        """Return the n-grams, with their numbers where they are numbered one by one."""
        settings, numbers = self.settings, None
        if self.ngrams is not None:
            numbers = self._numbers()
        return Subwords(
            self.matrix,
            settings.min_n,
            settings.max_n,
            len(self.bucket_rows),
            self.bucket_rows,
            "zero" if numbers is None else "skip",
            self.matrix[: len(self.words)],
            numbers,
        )

    def _numbers(self):
        """Return the n-grams' numbers: made when they are needed, and kept."""
        if getattr(self, "_kept_numbers", None) is None:
            self._kept_numbers = NgramNumbers(self.ngrams)
        return self._kept_numbers

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name[0] != "_"}

    def hashed(self, vectors):
        """Return n-grams that are numbered one by one as hashed ones, in buckets.

        n-grams that meet in a bucket are replaced by their mean, and the words' own
        vectors make up for the difference.

        Parameters
        ----------
        vectors : ndarray of shape (n_words, d), float32
            The vectors of words.
        """
        parts = self.subwords()
        limits = self.settings.min_n, self.settings.max_n
        table = TokenTable.from_tokens(self.words)
        _, places = parts.rows_of(self.words)
        _, numbers = parts.numbers.rows(table, *limits)
        _, buckets = ngram_buckets(table, *limits, EXPORTED_BUCKETS)
        seen = np.zeros(EXPORTED_BUCKETS, np.uint8)
        seen[buckets] = 1
        rows = numbered(seen)
        _, firsts = np.unique(numbers, return_index=True)
        target = rows[buckets[firsts]]
        sums = np.zeros((int(seen.sum()), vectors.shape[1]), np.float32)
        np.add.at(sums, target, parts.vectors[places[firsts]])
        met = np.bincount(target, minlength=len(sums))
        sums /= np.maximum(met, 1).astype(np.float32)[:, None]
        parts = Subwords(sums, *limits, EXPORTED_BUCKETS, rows)
        totals, counts = parts.sums(self.words)
        own = vectors * (counts + 1).astype(np.float32)[:, None] - totals
        return parts._replace(own=own)

    def exported(self, vectors):
        """Return the n-grams as other programs know them, or None without any."""
        if self.settings.max_n == 0:
            return None
        return self.subwords() if self.ngrams is None else self.hashed(vectors)

    def made_of_ngrams(self, words):
        """Return the means of the n-grams of some words."""
        sums, counts = self.subwords().sums(words)
        return sums / np.maximum(counts, 1).astype(np.float32)[:, None]

    def check(self, n_words):
        """Refuse parameters, read from a file, that do not belong together."""
        settings, size = self.settings, self.settings.vector_size
        check_matrix("subword_vectors_", self.matrix, None, size)
        if len(self.matrix) < n_words or len(self.words) != n_words:
            raise ValueError("subword_vectors_ has not one row for each word")
        n_buckets = settings.bucket
        if n_buckets is None:
            n_buckets = len(self.ngrams)
        check_bucket_rows(self.bucket_rows, n_buckets, len(self.matrix))
        self.outputs.check(n_words, size)


def _check_limits(settings, trained):
    """Refuse to go on with other n-grams than those that were trained."""
    limits, old = ((of.bucket, of.min_n, of.max_n) for of in (settings, trained))
    if limits != old:
        raise ValueError(
            "min_n, max_n and bucket cannot change with warm_start=True or partial_fit."
        )


def _apart(vocabulary, numbered, before, share):
    """Return what must agree for words and n-grams to share a row."""
    n_words = len(vocabulary)
    apart = np.full(n_words + numbered.n_ngrams, -1, np.int32)
    if not share:
        apart[n_words:] = np.arange(numbered.n_ngrams)
    elif before is not None:
        old_rows, new_rows = before.rows(vocabulary)
        apart[new_rows] = old_rows
        rows, numbers = before.model.bucket_rows, numbered.bucket_rows
        both = np.flatnonzero((rows >= 0) & (numbers[: len(rows)] >= 0))
        apart[n_words + numbers[both]] = rows[both]
    return apart


def _without_ngrams(bags, chosen):
    """Return bags of which some hold their word alone."""
    offsets, rows, weights = bags
    sizes = np.diff(offsets)
    left = ~np.repeat(chosen, sizes)
    left[offsets[:-1]] = True
    sizes = np.where(chosen, 1, sizes)
    return Bags(np.concatenate([[0], np.cumsum(sizes)]), rows[left], weights[left])
