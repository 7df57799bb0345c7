"""fastText's parameters: words and n-grams in one matrix, words as bags of rows."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._kernels.common import readonly
from sklearn_embed._kernels.rows import put_rows
from sklearn_embed._kernels.subwords import add_rows, number_buckets
from sklearn_embed._matrices import draw_rows, padded_zeros, stripped
from sklearn_embed._prediction import PredictionVectorizer
from sklearn_embed._pretrained import chosen_bags, given_ngrams, keeper
from sklearn_embed._subwords import Subwords
from sklearn_embed._text.subwords import (
    NgramNumbers,
    bags,
    check_bucket_rows,
    check_matrix,
    ngram_buckets,
    numbered,
)
from sklearn_embed._text.table import TokenTable

#: Buckets of what leaves a model that numbers its n-grams one by one.
EXPORTED_BUCKETS = 2_000_000


class SubwordModel(PredictionVectorizer):
    """Base of vectorizers whose words are bags of rows: a word's own, its n-grams'.

    The state's "matrix" has a row for each word, which are its "input", then one for
    each n-gram; "bags" says which rows a word is the mean of.
    """

    def __getstate__(self):
        state = super().__getstate__()
        # Made of the n-grams again when it is needed.
        return state | {"_numbers": None} if "_numbers" in state else state

    def _check_loaded(self):
        """Refuse arrays that would lead a kernel out of bounds."""
        super()._check_loaded()
        width, n_words = self.vectors_.shape[1], len(self.words_)
        check_matrix("ngram_vectors_", self.ngram_vectors_, None, width)
        check_matrix("input vectors", self._state["input"], n_words, width)
        if self._n_buckets is not None:
            check_bucket_rows(
                self._state["bucket_rows"], self._n_buckets, len(self.ngram_vectors_)
            )
        elif len(self._state["ngrams"]) != len(self.ngram_vectors_):
            raise ValueError("ngram_vectors_ has not one row for each n-gram")

    def _new_state(self, vocabulary, rng):
        """Return fresh parameters: words and n-grams random, outputs zero."""
        table = TokenTable.from_tokens(vocabulary.words)
        limits = self.min_n, self.max_n
        state = {}
        if self.bucket is None:
            known = [] if self._is_new() else self._state["ngrams"]
            numbers = NgramNumbers(known)
            bounds, rows = numbers.rows(table, *limits, grow=True)
            state["numbers"], n_ngrams = numbers, len(numbers)
        else:
            bounds, buckets = ngram_buckets(table, *limits, self.bucket)
            state["bucket_rows"] = np.full(self.bucket, -1, np.int32)
            n_ngrams = int(number_buckets(buckets, state["bucket_rows"], 0))
            rows = state["bucket_rows"][buckets]
        n_words, size = len(vocabulary), self.vector_size
        matrix = padded_zeros(n_words + n_ngrams, size)
        draw_rows(matrix, size, 1 / size, rng)
        words = np.arange(n_words, dtype=np.int32)
        return state | {
            "matrix": matrix,
            "input": matrix[:n_words],
            "bags": bags(words, bounds, rows + np.int32(n_words)),
            **self._new_outputs(n_words),
        }

    def _is_new(self):
        """Tell whether there are no n-grams to go on from."""
        return not hasattr(self, "_state") or "ngrams" not in self._state

    def _carry_over(self, vocabulary, state):
        """Carry words, outputs and n-grams over."""
        limits = self.min_n, self.max_n
        if (self._n_buckets, self._limits_of_ngrams) != (self.bucket, limits):
            raise ValueError(
                "min_n, max_n and bucket cannot change with warm_start=True or "
                "partial_fit."
            )
        super()._carry_over(vocabulary, state)
        old, new = self.ngram_vectors_, state["matrix"][len(vocabulary) :]
        if self.bucket is None:
            old_rows = new_rows = np.arange(len(old))
        else:
            rows, new_rows = self._state["bucket_rows"], state["bucket_rows"]
            both = np.flatnonzero((rows >= 0) & (new_rows >= 0))
            old_rows, new_rows = rows[both], new_rows[both]
        new[new_rows, : self.vector_size] = old[old_rows]
        state["carried"] = new_rows

    def _place(self, vocabulary, given, state):
        """Start words and n-grams at the vectors given; return what keeps frozen ones.

        A frozen word is a bag of one row, its vector.
        """
        matrix, n_words, n_ngrams = _parts(state)
        bounds, rows = _ngrams_of(state["bags"], n_words)
        parts = given.ngrams(self.min_n, self.max_n, self.bucket)
        taken, vectors = np.empty(0, np.int32), given.vectors[:0]
        if parts is not None:
            taken, vectors = given_ngrams(parts, vocabulary.words, rows)
        fresh = np.ones(n_ngrams, bool)  # neither carried over nor taken over
        fresh[state.get("carried", [])] = False
        begins = fresh[taken] | (not given.trainable)
        put_rows(matrix, taken[begins] + np.int32(n_words), vectors[begins])
        fresh[taken] = False
        bags_given = chosen_bags(bounds, rows + np.int32(n_words), given.rows)
        if given.trainable:
            own = given.own(parts, *bags_given, matrix)
            given.put(matrix, own)
            return None
        frozen = np.zeros(n_words, bool)
        frozen[given.rows] = True
        taught = np.zeros(n_ngrams, bool)
        taught[rows[~np.repeat(frozen, np.diff(bounds))]] = True
        matrix[n_words:][fresh & ~taught] = 0
        given.put(matrix)
        state["bags"] = _without_ngrams(state["bags"], frozen, n_words)
        state["frozen"] = given, parts, bags_given
        pieces = (taken + np.int32(n_words), vectors), (given.rows, given.vectors)
        return keeper(*((matrix, *piece) for piece in pieces)), True

    def _published(self, state, final):
        """Return the fitted attributes; ``final`` uses up the state."""
        size, n_words = self.vector_size, len(state["input"])
        matrix = stripped(state["matrix"], size, in_place=final)
        own, ngrams = matrix[:n_words], matrix[n_words:]
        name = "nodes" if "nodes" in state else "output"
        outputs = stripped(state[name], size, in_place=final)
        bounds, rows = state["bags"]
        # As gensim adds them up: the word, then its n-grams.
        vectors = np.zeros((n_words, size), np.float32)
        add_rows(readonly(bounds), readonly(rows), readonly(matrix), vectors)
        vectors /= np.diff(bounds).astype(np.float32)[:, None]
        if "frozen" in state:
            given, parts, bags_given = state["frozen"]
            vectors[given.rows] = given.vectors  # minus zeros, too
            own = own if final else own.copy()
            own[given.rows] = given.own(parts, *bags_given, matrix)
        kept = {"input": own, name: outputs}
        if "numbers" in state:
            kept["ngrams"] = state["numbers"].tolist()
        else:
            kept["bucket_rows"] = state["bucket_rows"]
        return {
            "vectors_": vectors,
            "node_vectors_" if name == "nodes" else "context_vectors_": outputs,
            "ngram_vectors_": ngrams,
            "_state": kept,
            "_numbers": None,
            "_n_buckets": self.bucket,
            "_limits_of_ngrams": (self.min_n, self.max_n),
            "_stop_words": self.stop_words,
        }

    def _subwords(self):
        """Return the n-grams of a model that hashes them."""
        return Subwords(
            self.ngram_vectors_,
            *self._limits_of_ngrams,
            self._n_buckets,
            self._state["bucket_rows"],
            own=self._state["input"],
        )

    def _hashed(self):
        """Return the n-grams, numbered one by one, in buckets.

        n-grams that meet in a bucket are replaced by their mean, and the words' own
        vectors make up for the difference.
        """
        min_n, max_n = self._limits_of_ngrams
        table = TokenTable.from_tokens(self.words_)
        _, numbers = self._known_ngrams().rows(table, min_n, max_n)
        _, buckets = ngram_buckets(table, min_n, max_n, EXPORTED_BUCKETS)
        seen = np.zeros(EXPORTED_BUCKETS, np.uint8)
        seen[buckets] = 1
        rows = numbered(seen)
        places, firsts = np.unique(numbers, return_index=True)
        target = rows[buckets[firsts]]
        vectors = np.zeros((int(seen.sum()), self.vectors_.shape[1]), np.float32)
        np.add.at(vectors, target, self.ngram_vectors_[places])
        met = np.bincount(target, minlength=len(vectors))
        vectors /= np.maximum(met, 1).astype(np.float32)[:, None]
        parts = Subwords(vectors, min_n, max_n, EXPORTED_BUCKETS, rows)
        sums, counts = parts.sums(self.words_)
        own = self.vectors_ * (counts + 1).astype(np.float32)[:, None] - sums
        return parts._replace(own=own)

    def _known_ngrams(self):
        """Return what numbers n-grams by their spelling, built at the first use."""
        if self._numbers is None:
            self._numbers = NgramNumbers(self._state["ngrams"])
        return self._numbers

    def _made_of_ngrams(self, words):
        """Return the means of the n-grams of some words."""
        if self._n_buckets is not None:
            sums, counts = self._subwords().sums(words)
        else:
            table = TokenTable.from_tokens(words)
            bounds, rows = self._known_ngrams().rows(table, *self._limits_of_ngrams)
            sums = np.zeros((len(words), self.vectors_.shape[1]), np.float32)
            vectors = readonly(self.ngram_vectors_)
            add_rows(readonly(bounds), readonly(rows), vectors, sums)
            found = np.concatenate([[0], np.cumsum(rows >= 0)])
            counts = np.diff(found[bounds])
        return sums / np.maximum(counts, 1).astype(np.float32)[:, None]


def _parts(state):
    """Return the matrix of a state, and its numbers of words and n-grams."""
    n_words = len(state["input"])
    return state["matrix"], n_words, len(state["matrix"]) - n_words


def _ngrams_of(bags, n_words):
    """Return bounds and rows of the n-grams alone, counted from the first of them."""
    offsets, rows = bags
    return offsets - np.arange(len(offsets)), rows[rows >= n_words] - np.int32(n_words)


def _without_ngrams(bags, chosen, n_words):
    """Return bags of which some hold their word alone."""
    offsets, rows = bags
    sizes = np.diff(offsets)
    left = (rows < n_words) | ~np.repeat(chosen, sizes)
    sizes = np.where(chosen, 1, sizes)
    return np.concatenate([[0], np.cumsum(sizes)]), rows[left]
