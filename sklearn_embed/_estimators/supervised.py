"""What predicts labels from averaged vectors: parameters, training, predictions."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.arrays import (
    draw_rows,
    padded,
    padded_width,
    padded_zeros,
    put_rows,
    readonly,
)
from sklearn_embed._core.threads import Threads
from sklearn_embed._estimators.labels import tree_of
from sklearn_embed._estimators.word_model import WordModel
from sklearn_embed._models.classifier import (
    FeatureSpace,
    Labelled,
    Ngrams,
    SupervisedJob,
)
from sklearn_embed._models.kernels.classifier_loss import make_loss
from sklearn_embed._models.kernels.sampling import draw_pool
from sklearn_embed._models.pretrained import chosen_bags, given_ngrams, keeper
from sklearn_embed._text.char_ngrams import check_bucket_rows, check_matrix
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import make_lookup
from sklearn_embed._text.vocabulary import Vocabulary
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors

#: Losses that judge each class by itself, so that several may be right.
SEPARATE = {"one_vs_all", "negative_sampling"}


class SupervisedModel(WordModel):
    """Base of text classifiers whose word vectors are learned from the labels.

    The state's "inputs" has a row for each word, for the mark that ends a document
    and for each bucket of n-grams that occurs; "outputs" one for each class, or for
    each inner node of a tree.
    """

    def decision_function(self, X):
        """Return how much speaks for each class.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents,) or (n_documents, n_classes), float32
            With two classes, one number: above 0 for the second one.  With
            hierarchical softmax, logarithms of probabilities.
        """
        scores = self._scores(X)
        if len(self.classes_) == 2 and not self._several:
            return scores[:, 1] - scores[:, 0]
        return scores

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_classes), float64
            Rows sum to 1, unless a document can have several labels.
        """
        scores = self._scores(X).astype(np.float64)
        if self._loss in SEPARATE:
            shares = 1 / (1 + np.exp(-np.clip(scores, -700, 700)))
        else:
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        if not self._several:
            shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X):
        """Return the most probable class, or all that are more probable than not.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents,) or (n_documents, n_classes)
            Labels, or indicators if `fit` was given indicators.
        """
        if self._loss == "hierarchical_softmax":
            return self.classes_[self._predicted(FeatureSpace.best_leaves, X)]
        scores = self._scores(X)
        if self._several:
            return (scores > 0).astype(np.int64)
        return self.classes_[scores.argmax(axis=1)]

    def to_word_vectors(self):
        """Return words, vectors, counts and subwords as one immutable value.

        Returns
        -------
        WordVectors
            With character n-grams, unknown words have vectors, too.
        """
        check_is_fitted(self)
        subwords = None
        if self._ngrams.max_n > 0:
            buckets = self._state["inputs"][len(self.words_) + 1 :, : self.vector_size]
            subwords = Subwords(
                np.ascontiguousarray(buckets),
                *self._ngrams[1:],
                self._state["bucket_rows"],
                "skip" if self._skip else "zero",
                own=np.ascontiguousarray(
                    self._state["inputs"][: len(self.words_), : self.vector_size]
                ),
            )
        return WordVectors(self.words_, self.vectors_, self.counts_, subwords)

    def _adopt(self, space, inputs, outputs):
        """Become fitted with parameters learned elsewhere."""
        options = self._options()
        state = {"inputs": padded(inputs), "outputs": padded(outputs), "space": space}
        vars(self).update(
            {
                "words_": space.words,
                "vocabulary_": space.index,
                "counts_": space.counts,
                "loss_curve_": [],
                "n_iter_": self.epochs,
                "_seed": self._draw_seed(),
                "_text_options": options,
                "_lookup": make_lookup(space.words, options),
                "_n_documents": int(space.label_counts.sum()),
                **self._published(state, final=True),
            }
        )

    def _rates(self):
        """Return the first and the last learning rate."""
        return self.learning_rate, 0.0

    def _labelled(self, documents, matrix, weights):
        """Put documents and labels together."""
        check_consistent_length(documents, matrix)
        return Labelled(documents, matrix.indptr, matrix.indices, weights)

    def _space(self, words, documents, classes, several, matrix, continued):
        """Return what has a row, and what has an output."""
        loss = self.loss
        if loss == "auto":
            loss = "one_vs_all" if several else "softmax"
        if several and loss not in SEPARATE:
            raise ValueError(
                f"loss={loss!r} gives every document one label, but y holds "
                "indicators of several: use 'auto', 'one_vs_all' or "
                "'negative_sampling'."
            )
        ngrams = Ngrams(self.word_ngrams, self.min_n, self.max_n, self.bucket)
        counts = np.bincount(matrix.indices, minlength=len(classes))
        known = None
        if continued:
            if not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"y holds the classes {classes}, but {self.classes_} were learned "
                    "before: they cannot change with warm_start=True or partial_fit."
                )
            same = ngrams == self._ngrams or not (ngrams.wanted or self._ngrams.wanted)
            if not same or loss != self._loss:
                raise ValueError(
                    "loss, word_ngrams, min_n, max_n and bucket cannot change with "
                    "warm_start=True or partial_fit."
                )
            # The tree stays as it was: its nodes mean what they meant.
            counts = self.label_counts_
            known = self._state["bucket_rows"]
        space = FeatureSpace.learn(words, ngrams, self.stop_words, documents, known)
        space.classes, space.several, space.loss = classes, several, loss
        space.label_counts = counts
        leaves = np.argsort(-counts, kind="stable")
        space.leaves = self._leaves if continued else leaves
        return space

    @property
    def _ngrams(self):
        return Ngrams(*self._ngram_limits)

    def _check_loaded(self):
        """Refuse arrays that would lead a kernel out of bounds."""
        super()._check_loaded()
        state, n_classes = self._state, len(self.classes_)
        width = padded_width(self.vectors_.shape[1])
        check_matrix("inputs", state["inputs"], None, width)
        n_ngrams = len(state["inputs"]) - len(self.words_) - 1
        check_bucket_rows(state["bucket_rows"], len(state["bucket_rows"]), n_ngrams)
        if self._ngrams.wanted and len(state["bucket_rows"]) != self._ngrams.n_buckets:
            raise ValueError("bucket_rows has not one row for each bucket")
        tree = self._loss == "hierarchical_softmax"
        check_matrix("outputs", state["outputs"], max(n_classes - tree, 1), width)
        if self.label_counts_.shape != (n_classes,):
            raise ValueError("label_counts_ has not one count for each class")
        if sorted(self._leaves.tolist()) != list(range(n_classes)):
            raise ValueError("the tree does not hold each class once")

    def _new_state(self, space, known, rng):
        """Return fresh parameters: inputs small and random, outputs zero."""
        size = self.vector_size
        inputs = padded_zeros(space.n_rows, size)
        draw_rows(inputs, size, 1 / size, rng)
        n_outputs = len(space.classes)
        if space.loss == "hierarchical_softmax":
            n_outputs = max(n_outputs - 1, 1)
        outputs = padded_zeros(n_outputs, size)
        return {"inputs": inputs, "outputs": outputs, "space": space}

    def _carry_over(self, space, state):
        """Carry over the rows of words, mark and buckets, and the outputs."""
        old = self._state
        if self.output_vectors_.shape[1] != self.vector_size:
            raise ValueError(
                f"vector_size={self.vector_size} differs from the "
                f"{self.output_vectors_.shape[1]} dimensions trained before: it cannot "
                "change with warm_start=True or partial_fit."
            )
        state["outputs"][:] = old["outputs"]
        index = self.vocabulary_
        pairs = [(index[w], i) for i, w in enumerate(space.words) if w in index]
        pairs.append((len(index), len(space)))
        rows, new_rows = np.array(pairs).T
        state["inputs"][new_rows] = old["inputs"][rows]
        both = np.flatnonzero((old["bucket_rows"] >= 0) & (space.bucket_rows >= 0))
        new_rows = space.bucket_rows[both] + len(space) + 1
        rows = old["bucket_rows"][both] + len(index) + 1
        state["inputs"][new_rows] = old["inputs"][rows]
        state["carried"] = new_rows

    def _place(self, space, given, state):
        """Start words and n-grams at the vectors given; return what keeps frozen ones.

        Rows of n-grams follow those of words and the mark.
        """
        matrix, first = state["inputs"], len(space) + 1
        if space.ngrams.max_n == 0:
            given.put(matrix)
            if given.trainable:
                return None
            return keeper((matrix, given.rows, given.vectors)), True
        parts = given.ngrams(*space.ngrams[1:])
        if parts is None and not given.trainable:
            raise ValueError(
                f"trainable=False of pretrained with max_n={self.max_n} needs a source "
                "of vectors of n-grams, with the same min_n, max_n and bucket: words "
                "are made of them. Use such a source, or max_n=0."
            )
        bounds, buckets = space.character_ngrams(TokenTable.from_tokens(space.words))
        rows = space.bucket_rows[buckets]
        taken, vectors = np.empty(0, np.int32), given.vectors[:0]
        if parts is not None:
            taken, vectors = given_ngrams(parts, space.words, rows)
        taken = taken + np.int32(first)
        begins = np.ones(len(taken), bool)
        if given.trainable:
            begins = ~np.isin(taken, state.get("carried", []))
        put_rows(matrix, taken[begins], vectors[begins])
        rows[rows >= 0] += np.int32(first)
        own = given.own(parts, *chosen_bags(bounds, rows, given.rows), matrix)
        given.put(matrix, own)
        if given.trainable:
            return None
        return keeper((matrix, taken, vectors), (matrix, given.rows, own)), True

    def _job(self, parts, held_out, space, state, seed, schedule):
        """Return what trains the parameters."""
        pool = tree = None
        if space.loss == "negative_sampling":
            rng = np.random.default_rng([seed, 2])
            pool = readonly(draw_pool(space.label_counts, 0.5, rng))
        elif space.loss == "hierarchical_softmax":
            tree = tree_of(space.label_counts, space.leaves)
        loss = make_loss(space.loss, self.negative, pool, tree)
        matrices = state["inputs"], state["outputs"]
        return SupervisedJob(
            space,
            parts,
            held_out,
            matrices,
            loss,
            seed,
            schedule,
        )

    def _published(self, state, final):
        """Return the fitted attributes."""
        space, size = state["space"], self.vector_size
        matrices = {name: state[name] for name in ("inputs", "outputs")}
        if not final:
            matrices = {name: matrix.copy() for name, matrix in matrices.items()}
        return {
            "vectors_": word_vectors(space, matrices["inputs"], size),
            "classes_": space.classes,
            "label_counts_": space.label_counts,
            "output_vectors_": np.ascontiguousarray(matrices["outputs"][:, :size]),
            "_several": space.several,
            "_leaves": space.leaves,
            "_skip": space.skip,
            "_loss": space.loss,
            "_ngram_limits": tuple(space.ngrams),
            "_stop_words": space.stop_words,
            "_state": matrices | {"bucket_rows": space.bucket_rows},
        }

    def _scores(self, X):
        """Return a score for each class, logarithms of probabilities from a tree."""
        return self._predicted(FeatureSpace.scores, X)

    def _predicted(self, method, X):
        """Return what a method of `FeatureSpace` says about documents."""
        documents = self._tokenize(X)
        space = FeatureSpace(
            Vocabulary(self.words_, self.counts_, self.vocabulary_),
            self._ngrams,
            self._stop_words,
            self._state["bucket_rows"],
            self._skip,
        )
        tree = None
        if self._loss == "hierarchical_softmax":
            tree = tree_of(self.label_counts_, self._leaves)
        matrices = self._state["inputs"], self._state["outputs"]
        with Threads(self.n_jobs) as threads:
            return method(space, documents, *matrices, threads, tree)


def word_vectors(space, inputs, size):
    """Return the vector of each word: the mean of its own and its n-grams'."""
    own = np.ascontiguousarray(inputs[: len(space), :size])
    if space.ngrams.max_n == 0:
        return own
    buckets = np.ascontiguousarray(inputs[len(space) + 1 :, :size])
    missing = "skip" if space.skip else "zero"
    parts = Subwords(buckets, *space.ngrams[1:], space.bucket_rows, missing)
    vectors, counts = parts.sums(space.words, own)
    vectors /= (counts + 1).astype(np.float32)[:, None]
    return vectors
