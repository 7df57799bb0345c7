"""fastText: words as bags of character n-grams, placed as word2vec places them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._base import Integral, Interval, StrOptions, documented
from sklearn_embed._kernels.common import readonly
from sklearn_embed._kernels.rows import put_rows
from sklearn_embed._kernels.subwords import add_rows, number_buckets
from sklearn_embed._matrices import draw_rows, padded_zeros, stripped
from sklearn_embed._pooling import pool_any
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
from sklearn_embed._text.tokens import DEFAULT_PATTERN, stop_word_set
from sklearn_embed._text.vocabulary import Vocabulary
from sklearn_embed._vectors import WordVectors
from sklearn_embed._word_weights import unit_factors

#: Buckets of what leaves a model that numbers its n-grams one by one.
EXPORTED_BUCKETS = 2_000_000


@documented
class FastTextVectorizer(PredictionVectorizer):
    r"""Learn vectors of words and of parts of words; average them per document.

    A word's vector is the mean of its own and of those of its character n-grams, so
    that rare, inflected and misspelt words borrow from what they are made of, and
    words never seen have a vector, too.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    min_n, max_n : int, default=3 and 6
        Shortest and longest n-gram in characters, the brackets of ``<word>``
        included.  `max_n` 0: none, which is word2vec.
    bucket : int or None, default=2_000_000
        Values that the n-grams' hash can take; n-grams whose hash agrees share a
        vector.  Memory grows with the values that occur.  None: every n-gram of the
        vocabulary has a vector of its own; unknown words use those they share.
    {prediction}
    pooling : {"mean", "normalized_mean"}, default="mean"
        What `transform` gives: the mean of the words' vectors or, as fastText, of the
        vectors scaled to length 1.
    {pretrained}
    {schedule}
    {text}
    {vocabulary}
    {fitting}

    Attributes
    ----------
    {attributes}
    context_vectors_ : ndarray of shape (n_words, vector_size), float32
        The parameters of words as predicted; not with hierarchical softmax.
    node_vectors_ : ndarray of shape (n_words - 1, vector_size), float32
        The parameters of the inner nodes of the Huffman tree; only with
        hierarchical softmax.
    ngram_vectors_ : ndarray of shape (n_ngrams, vector_size), float32
        A row for each bucket that occurs, or for each n-gram.

    See Also
    --------
    Word2VecVectorizer : The same without n-grams, and faster.
    FastTextClassifier : Vectors learned from labels.

    Notes
    -----
    The hash is fastText's own, and the models are interchangeable with those of
    fastText and gensim.  `min_count` says which words have a row of their own; rarer
    ones are made of n-grams in `transform`.

    Skip-gram computes the mean of a word's n-grams once, and predicts all neighbours
    from it as it moves; all n-grams then take its whole change.  The other deviations
    are those of `Word2VecVectorizer`.  n-grams never seen count as zeros in the mean
    of an unknown word; with ``bucket=None`` they do not count.

    References
    ----------
    Bojanowski, Grave, Joulin and Mikolov (2017), "Enriching word vectors with subword
    information", equation 1.

    Examples
    --------
    >>> from sklearn_embed import FastTextVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = FastTextVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> model.transform(["a cat", "doggy cats"]).any(axis=1)
    array([ True,  True])
    >>> "cats" in model.vocabulary_, model.vector("cats").shape
    (False, (8,))
    """

    _parameter_constraints: dict = {
        **PredictionVectorizer._parameter_constraints,
        "min_n": [Interval(Integral, 1, None, closed="left")],
        "max_n": [Interval(Integral, 0, 100, closed="both")],
        "bucket": [Interval(Integral, 1, 2**31 - 1, closed="left"), None],
        "pooling": [StrOptions({"mean", "normalized_mean"})],
    }

    def __init__(
        self,
        vector_size=100,
        *,
        min_n=3,
        max_n=6,
        bucket=2_000_000,
        window=5,
        architecture="skipgram",
        loss="negative_sampling",
        negative=5,
        ns_exponent=0.75,
        sample=1e-3,
        cbow_mean=True,
        shrink_windows=True,
        pooling="mean",
        pretrained=None,
        learning_rate=0.025,
        min_learning_rate=1e-4,
        epochs=5,
        lowercase=True,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        token_pattern=DEFAULT_PATTERN,
        stop_words=None,
        min_count=5,
        max_features=None,
        vocabulary=None,
        unlabeled=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        tol=1e-3,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=False,
    ):
        self.vector_size = vector_size
        self.min_n = min_n
        self.max_n = max_n
        self.bucket = bucket
        self.window = window
        self.architecture = architecture
        self.loss = loss
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.cbow_mean = cbow_mean
        self.shrink_windows = shrink_windows
        self.pooling = pooling
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.min_learning_rate = min_learning_rate
        self.epochs = epochs
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.stop_words = stop_words
        self.min_count = min_count
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.unlabeled = unlabeled
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def transform(self, X):
        """Return the mean of each document's word vectors, unknown words included.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_dimensions), float32
            A document without words, or of words without known n-grams, is a row of
            zeros.
        """
        check_is_fitted(self)
        factors = None
        if self.pooling == "normalized_mean":
            factors = unit_factors(self.vectors_)
        return pool_any(
            X,
            self._text_options,
            self._rows,
            self.vectors_,
            factors=factors,
            unknown=self._unknown,
            n_jobs=self._n_threads(),
        )

    def vector(self, word):
        """Return the vector of a word, known or not.

        Parameters
        ----------
        word : str
            Any word, cut and lowercased as those of the documents were.

        Returns
        -------
        ndarray of shape (n_dimensions,), float32
            Zeros if the word is unknown and shares no n-gram with the vocabulary.
        """
        check_is_fitted(self)
        row = self.vocabulary_.get(word)
        return self._made_of_ngrams([word])[0] if row is None else self.vectors_[row]

    def to_word_vectors(self):
        """Return words, vectors, counts and n-grams as one immutable value.

        Returns
        -------
        WordVectors
            Over the same memory.  With ``bucket=None`` the n-grams are hashed into
            2,000,000 buckets, where some meet: known words keep their vectors, those
            of unknown words differ a little.
        """
        check_is_fitted(self)
        if self._limits_of_ngrams[1] == 0:
            return super().to_word_vectors()
        parts = self._hashed() if self._n_buckets is None else self._subwords()
        return WordVectors(self.words_, self.vectors_, self.counts_, parts)

    def to_gensim(self):
        """Return a gensim model that can be trained further.

        Returns
        -------
        gensim.models.FastText
            With copies of all that was learned, and a row for every bucket.

        Raises
        ------
        ValueError
            If the loss is "softmax", which gensim does not know, or there are no
            n-grams.
        """
        from sklearn_embed.io.fasttext_models import fasttext_to_gensim

        return fasttext_to_gensim(self)

    @classmethod
    def from_gensim(cls, model, **params):
        """Return a fitted vectorizer with what a gensim model has learned.

        Parameters
        ----------
        model : gensim.models.FastText
            A trained one.
        **params : dict
            Parameters that a gensim model knows nothing of, such as `lowercase`.

        Returns
        -------
        FastTextVectorizer
            `partial_fit` goes on from there.
        """
        from sklearn_embed.io.fasttext_models import fasttext_from_gensim

        return fasttext_from_gensim(model, **params)

    def to_fasttext(self):
        """Return all that was learned as fastText's files hold it.

        Returns
        -------
        sklearn_embed.io.fasttext.FastTextModel
            For :func:`sklearn_embed.io.fasttext.write_model`.
        """
        from sklearn_embed.io.fasttext_models import vectorizer_to_fasttext

        return vectorizer_to_fasttext(self)

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

    def _rows(self, table):
        """Return the row of each token of a table; unknown: -1, stop word: -2."""
        rows = Vocabulary(self.words_, self.counts_, self.vocabulary_).rows(table)
        stops = stop_word_set(self._stop_words)
        if stops:
            rows = rows.copy()
            rows[[token in stops for token in table.tolist()]] = -2
        return rows

    def _unknown(self, documents, row_of, first):
        """Return row_of, further vectors and weights: what `pool_any` asks for."""
        ids = documents.flat_ids()
        unknown = np.unique(ids[row_of[ids] == -1])
        vectors = self._made_of_ngrams(documents.table.take(unknown))
        if self.pooling == "normalized_mean":
            vectors *= unit_factors(vectors)[:, None]
        rows = row_of.copy()
        # What nothing is known of does not count.
        places = len(self.vectors_) + np.arange(len(unknown))
        rows[unknown] = np.where(vectors.any(axis=1), places, -1)
        return rows, vectors, np.ones(len(unknown), np.float32)


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
