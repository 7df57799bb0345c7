"""fastText's parameters: words and n-grams in one matrix, words as bags of rows."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.arrays import draw_rows, padded_zeros, put_rows, stripped
from sklearn_embed._models.prediction import PredictionVectorizer
from sklearn_embed._models.pretrained import chosen_bags, given_ngrams, keeper
from sklearn_embed._text.char_ngrams import (
    NgramNumbers,
    check_bucket_rows,
    check_matrix,
    ngram_buckets,
    numbered,
    share_rows,
)
from sklearn_embed._text.kernels.char_ngrams import number_buckets
from sklearn_embed._text.table import TokenTable
from sklearn_embed._vectors.subwords import Subwords

#: Buckets of what leaves a model that numbers its n-grams one by one.
EXPORTED_BUCKETS = 2_000_000


class SubwordModel(PredictionVectorizer):
    """Base of vectorizers whose words are bags of rows: a word's own, its n-grams'.

    The state's "matrix" has a row for each word, which are its "input", then those of
    n-grams that do not share a word's row; "bucket_rows" says which row each bucket
    has, or each n-gram where they are numbered one by one, by "numbers"; "bags" says
    which rows a word is the mean of.
    """

    def __getstate__(self):
        state = super().__getstate__()
        # Made of the n-grams again when it is needed.
        return state | {"_numbers": None} if "_numbers" in state else state

    def _check_loaded(self):
        """Refuse arrays that would lead a kernel out of bounds."""
        super()._check_loaded()
        n_rows, width = len(self.subword_vectors_), self.vectors_.shape[1]
        check_matrix("subword_vectors_", self.subword_vectors_, None, width)
        if n_rows < len(self.words_):
            raise ValueError("subword_vectors_ has not one row for each word")
        n_buckets = self._n_buckets
        if n_buckets is None:
            n_buckets = len(self._state["ngrams"])
        check_bucket_rows(self._state["bucket_rows"], n_buckets, n_rows)

    def _new_state(self, vocabulary, known, rng):
        """Return fresh parameters: words and n-grams random, outputs zero."""
        self._check_limits(known)
        words, size = vocabulary.words, self.vector_size
        table, limits = TokenTable.from_tokens(words), (self.min_n, self.max_n)
        state = {"words": words}
        if self.bucket is None:
            state["numbers"] = NgramNumbers(self._state["ngrams"] if known else ())
            bounds, ngrams = state["numbers"].rows(table, *limits, grow=True)
            bucket_rows = np.arange(len(state["numbers"]), dtype=np.int32)
            n_ngrams = len(bucket_rows)
        else:
            bounds, ngrams = ngram_buckets(table, *limits, self.bucket)
            bucket_rows = np.full(self.bucket, -1, np.int32)
            n_ngrams = int(number_buckets(ngrams, bucket_rows, 0))
            ngrams = bucket_rows[ngrams]
        before = self._rows_before(words, known, bucket_rows, n_ngrams)
        shared = share_rows(bounds, ngrams, before)
        stored = np.flatnonzero(bucket_rows >= 0)
        bucket_rows[stored] = shared.rows[bucket_rows[stored]]
        matrix = padded_zeros(len(shared.members), size)
        draw_rows(matrix, size, 1 / size, rng)
        # The mean of a bag then begins as wide as that of rows drawn one by one.
        matrix *= np.sqrt(1 / shared.members, dtype=np.float32)[:, None]
        return state | {
            "matrix": matrix,
            "input": matrix[: len(words)],
            "bucket_rows": bucket_rows,
            "bags": shared[2:],
            **self._new_outputs(len(words)),
        }

    def _check_limits(self, known):
        """Refuse to go on with other n-grams than those that were trained."""
        limits = self.min_n, self.max_n
        if known and (self._n_buckets, self._limits_of_ngrams) != (self.bucket, limits):
            raise ValueError(
                "min_n, max_n and bucket cannot change with warm_start=True or "
                "partial_fit."
            )

    def _rows_before(self, words, known, numbers, n_ngrams):
        """Return what must agree for words and n-grams to share a row."""
        before = np.full(len(words) + n_ngrams, -1, np.int32)
        if self.pretrained is not None:  # each may be given its own
            before[len(words) :] = np.arange(n_ngrams)
        elif known:
            before[: len(words)] = [known.get(word, -1) for word in words]
            rows = self._state["bucket_rows"]
            both = np.flatnonzero((rows >= 0) & (numbers[: len(rows)] >= 0))
            before[len(words) + numbers[both]] = rows[both]
        return before

    def _trained(self):
        """Return the arrays that a fit has trained, by their names in the state."""
        return self._state | {"input": self.subword_vectors_[: len(self.words_)]}

    def _carry_over(self, vocabulary, state):
        """Carry words, outputs and n-grams over."""
        super()._carry_over(vocabulary, state)
        old, new = self._state["bucket_rows"], state["bucket_rows"]
        both = np.flatnonzero((old >= 0) & (new[: len(old)] >= 0))
        rows, firsts = np.unique(new[both], return_index=True)
        vectors = self.subword_vectors_[old[both[firsts]]]
        state["matrix"][rows, : self.vector_size] = vectors
        state["carried"] = rows

    def _place(self, vocabulary, given, state):
        """Start words and n-grams at the vectors given; return what keeps frozen ones.

        A frozen word is a bag of one row, its vector.  No rows are shared.
        """
        matrix, words = state["matrix"], vocabulary.words
        bounds, rows = self._parts_of(state, matrix).rows_of(words)
        parts = given.ngrams(self.min_n, self.max_n, self.bucket)
        taken, vectors = np.empty(0, np.int32), given.vectors[:0]
        if parts is not None:
            taken, vectors = given_ngrams(parts, words, rows)
        fresh = np.ones(len(matrix), bool)  # neither carried over nor taken over
        fresh[: len(words)] = False
        fresh[state.get("carried", [])] = False
        begins = fresh[taken] | (not given.trainable)
        put_rows(matrix, taken[begins], vectors[begins])
        fresh[taken] = False
        bags_given = chosen_bags(bounds, rows, given.rows)
        if given.trainable:
            own = given.own(parts, *bags_given, matrix)
            given.put(matrix, own)
            return None
        frozen = np.zeros(len(words), bool)
        frozen[given.rows] = True
        taught = np.zeros(len(matrix), bool)
        taught[rows[~np.repeat(frozen, np.diff(bounds))]] = True
        matrix[fresh & ~taught] = 0
        given.put(matrix)
        state["bags"] = _without_ngrams(state["bags"], frozen)
        state["frozen"] = given, parts, bags_given
        return keeper(
            (matrix, taken, vectors), (matrix, given.rows, given.vectors)
        ), True

    def _published(self, state, final):
        """Return the fitted attributes; ``final`` uses up the state."""
        size, words = self.vector_size, state["words"]
        state.pop("bags", None)  # what is published needs the room
        matrix = stripped(state["matrix"], size, in_place=final)
        name = "nodes" if "nodes" in state else "output"
        outputs = stripped(state[name], size, in_place=final)
        # As gensim adds them up: the word, then its n-grams.
        own = matrix[: len(words)]
        vectors, counts = self._parts_of(state, matrix).sums(words, own)
        vectors /= (counts + 1).astype(np.float32)[:, None]
        if "frozen" in state:
            given, parts, bags_given = state["frozen"]
            vectors[given.rows] = given.vectors  # minus zeros, too
            matrix = matrix if final else matrix.copy()
            matrix[given.rows] = given.own(parts, *bags_given, matrix)
        kept = {name: outputs, "bucket_rows": state["bucket_rows"]}
        if "numbers" in state:
            kept["ngrams"] = state["numbers"].tolist()
        return {
            "vectors_": vectors,
            "node_vectors_" if name == "nodes" else "context_vectors_": outputs,
            "subword_vectors_": matrix,
            "_state": kept,
            "_numbers": None,
            "_n_buckets": self.bucket,
            "_limits_of_ngrams": (self.min_n, self.max_n),
            "_stop_words": self.stop_words,
        }

    def _parts_of(self, state, matrix):
        """Return the n-grams of a state, in its matrix or a narrower one."""
        limits, numbers = (self.min_n, self.max_n), state.get("numbers")
        n_words = len(state["words"])
        return _parts(matrix, state["bucket_rows"], limits, n_words, numbers)

    def _subwords(self):
        """Return the n-grams that were trained, with their numbers."""
        if self._n_buckets is None and self._numbers is None:
            self._numbers = NgramNumbers(self._state["ngrams"])
        return _parts(
            self.subword_vectors_,
            self._state["bucket_rows"],
            self._limits_of_ngrams,
            len(self.words_),
            self._numbers,
        )

    def _hashed(self):
        """Return the n-grams, numbered one by one, in buckets.

        n-grams that meet in a bucket are replaced by their mean, and the words' own
        vectors make up for the difference.
        """
        parts = self._subwords()
        min_n, max_n = self._limits_of_ngrams
        table = TokenTable.from_tokens(self.words_)
        _, places = parts.rows_of(self.words_)
        _, numbers = parts.numbers.rows(table, min_n, max_n)
        _, buckets = ngram_buckets(table, min_n, max_n, EXPORTED_BUCKETS)
        seen = np.zeros(EXPORTED_BUCKETS, np.uint8)
        seen[buckets] = 1
        rows = numbered(seen)
        _, firsts = np.unique(numbers, return_index=True)
        target = rows[buckets[firsts]]
        vectors = np.zeros((int(seen.sum()), self.vectors_.shape[1]), np.float32)
        np.add.at(vectors, target, parts.vectors[places[firsts]])
        met = np.bincount(target, minlength=len(vectors))
        vectors /= np.maximum(met, 1).astype(np.float32)[:, None]
        parts = Subwords(vectors, min_n, max_n, EXPORTED_BUCKETS, rows)
        sums, counts = parts.sums(self.words_)
        own = self.vectors_ * (counts + 1).astype(np.float32)[:, None] - sums
        return parts._replace(own=own)

    def _made_of_ngrams(self, words):
        """Return the means of the n-grams of some words."""
        sums, counts = self._subwords().sums(words)
        return sums / np.maximum(counts, 1).astype(np.float32)[:, None]


def _parts(matrix, rows, limits, n_words, numbers):
    """Return the n-grams of a model; those numbered by spelling may be unknown."""
    missing, own = "zero" if numbers is None else "skip", matrix[:n_words]
    return Subwords(matrix, *limits, len(rows), rows, missing, own, numbers)


def _without_ngrams(bags, chosen):
    """Return bags of which some hold their word alone."""
    offsets, rows, weights = bags
    sizes = np.diff(offsets)
    left = ~np.repeat(chosen, sizes)
    left[offsets[:-1]] = True
    sizes = np.where(chosen, 1, sizes)
    return np.concatenate([[0], np.cumsum(sizes)]), rows[left], weights[left]
