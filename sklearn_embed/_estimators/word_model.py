"""Estimators that learn one vector a word: fit as a template, vectors out."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._estimators.base import (
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Integral,
    TextEstimator,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, Watch
from sklearn_embed._models.loop import EarlyStopping, KeepingJob, Schedule, train
from sklearn_embed._models.pretrained import Pretrainable
from sklearn_embed._text.tokens import make_lookup
from sklearn_embed._text.vocabulary import (
    Limits,
    Vocabulary,
    counted_table,
    counts_by_word,
)
from sklearn_embed._vectors.word_vectors import WordVectors


class WordModel(CallbackSupportMixin, Pretrainable):
    """Base of every estimator that learns one vector a word, from labels or without.

    A subclass says what is its own: `_new_state` (fresh parameters), `_job` (how an
    epoch is trained) and `_published` (which parameters become which attributes).
    The state is a dict of arrays; what has a row for each word, in the order of the
    vocabulary, is named in `_word_arrays`.  `_place` puts pretrained vectors into it.
    """

    _word_arrays = ("vectors",)

    _parameter_constraints: dict = {
        **TextEstimator._text_constraints,
        "vector_size": [COUNT],
        "pretrained": "no_validation",
        "min_count": [COUNT],
        "max_features": [COUNT, None],
        "epochs": [COUNT],
        "learning_rate": [POSITIVE],
        "early_stopping": ["boolean"],
        "validation_fraction": [FRACTION],
        "n_iter_no_change": [COUNT],
        "tol": [NOT_NEGATIVE],
        "warm_start": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def to_word_vectors(self):
        """Return words, vectors and counts as one immutable value.

        Returns
        -------
        WordVectors
            Over the same memory.
        """
        check_is_fitted(self)
        return WordVectors(self.words_, self.vectors_, self.counts_)

    def to_keyed_vectors(self):
        """Return gensim's KeyedVectors, for its queries and its file formats.

        Returns
        -------
        gensim.models.KeyedVectors
            Over the same memory; the matrix is not copied and stays read-only.
        """
        return self.to_word_vectors().to_keyed_vectors()

    def to_frame(self):
        """Return the vectors as a DataFrame.

        Returns
        -------
        pandas.DataFrame of shape (n_words, n_dimensions)
            Words in the index; the same memory.
        """
        return self.to_word_vectors().to_frame()

    def most_similar(self, positive=(), negative=(), topn=10):
        """Return the nearest words, by the cosine; see gensim's method of that name.

        Parameters
        ----------
        positive, negative : str, vector, or list of these
            What to add and what to subtract: ``positive=["king", "woman"],
            negative=["man"]`` asks for the fourth corner of an analogy.
        topn : int, default=10
            How many words.

        Returns
        -------
        list of (str, float)
            Words and cosines, nearest first.

        Raises
        ------
        KeyError
            If a word is unknown.
        """
        keyed = self.to_keyed_vectors()
        return keyed.most_similar(_listed(positive), _listed(negative), topn)

    def similarity(self, w1, w2):
        """Return the cosine of two words.

        Parameters
        ----------
        w1, w2 : str
            Words of the vocabulary.

        Returns
        -------
        float
            In [-1, 1].

        Raises
        ------
        KeyError
            If a word is unknown.
        """
        return float(self.to_keyed_vectors().similarity(w1, w2))

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        vectors, n_words = self.vectors_, len(self.words_)
        if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != n_words:
            raise ValueError(f"{n_words} words, but vectors {vectors.shape}")
        if self.counts_.dtype != np.int64 or self.counts_.shape != (n_words,):
            raise ValueError(f"{n_words} words, but counts {self.counts_.shape}")
        if self.vocabulary_ != {word: row for row, word in enumerate(self.words_)}:
            raise ValueError("vocabulary_ differs from words_")

    def _limits(self):
        """Return which words get a row."""
        return Limits(
            self.min_count, self.max_features, self.stop_words, self.vocabulary
        )

    def _draw_seed(self):
        """Draw the number that all randomness of a fit derives from."""
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _rates(self):
        """Return the first and the last learning rate."""
        return self.learning_rate, self.learning_rate

    def _hold_out(self, parts, seed):
        """Hold documents out of each part, if training is to stop early."""
        if not self.early_stopping:
            return parts, []
        rng = np.random.default_rng([seed, 1])
        kept, held_out = [], []
        for documents in parts:
            n = len(documents)
            n_out = int(np.ceil(self.validation_fraction * n))
            if n_out >= n:
                raise ValueError(
                    f"early_stopping holds out {n_out} of {n} documents, which leaves "
                    "none to train on: give more documents or less "
                    "validation_fraction."
                )
            out = np.zeros(n, bool)
            out[rng.permutation(n)[:n_out]] = True
            kept.append(documents[~out])
            held_out.append(documents[out])
        return kept, held_out

    def _learn_epochs(self, X, parts, held_out, vocabulary, options, seed, continued):
        """Train the epochs that are missing."""
        done = self.n_iter_ if continued else 0
        if done > self.epochs:
            raise ValueError(
                f"epochs={self.epochs} is less than the {done} epochs already trained: "
                "with warm_start=True it can only grow."
            )
        schedule = Schedule(*self._rates(), self.epochs)
        epochs = range(done, self.epochs)
        self._learn(X, parts, held_out, vocabulary, options, seed, schedule, epochs)

    def _learn_batch(self, X, part, vocabulary, rare, options):
        """Train one pass over one more batch; keep the counts of rarer words."""
        begun = hasattr(self, "vectors_")
        seed = self._seed if begun else self._draw_seed()
        done = self.n_iter_ if begun else 0
        rate, _ = self._rates()
        schedule, epochs = Schedule(rate, rate, 1), range(done, done + 1)
        self._learn(X, [part], [], vocabulary, options, seed, schedule, epochs)
        self._rare_counts = rare

    def _prepared(self, parts, held_out, vocabulary):
        """Return what `_job` takes of documents, made before there are parameters."""
        return parts, held_out

    def _learn(self, X, parts, held_out, vocabulary, options, seed, schedule, epochs):
        """Train, and only then change this estimator."""
        prepared = self._prepared(parts, held_out, vocabulary)
        rng = np.random.default_rng([seed, 0])
        known = self.vocabulary_ if epochs.start else {}
        state = self._new_state(vocabulary, known, rng)
        if known:
            self._carry_over(vocabulary, state)
        kept = self._start(vocabulary, known, state)
        job = self._job(*prepared, vocabulary, state, seed, schedule)
        if kept is not None:
            job = KeepingJob(job, *kept)

        def attributes(final=False):
            n_iter = epochs.start + len(losses)
            return {
                "words_": vocabulary.words,
                "vocabulary_": vocabulary.index,
                "counts_": vocabulary.counts,
                "n_iter_": n_iter,
                "_text_options": options,
                "_lookup": make_lookup(vocabulary.words, options),
                "_seed": seed,
                "_n_documents": sum(map(len, parts)),
                **self._published(state, final),
            }

        losses, held_out_losses = [], []
        stopping = None
        if held_out:
            stopping = EarlyStopping(self.n_iter_no_change, self.tol)
        watch = Watch(self, X, len(epochs), attributes)
        for loss, held_out_loss in train(
            job, epochs, self._n_threads(), watch, stopping, bool(held_out)
        ):
            losses.append(loss)
            if held_out:
                held_out_losses.append(held_out_loss)
        del job, prepared  # what is published needs the room
        before = self if epochs.start else None
        curve = getattr(before, "loss_curve_", []) + losses
        fitted = attributes(final=True) | {"loss_curve_": curve}
        if held_out:
            fitted["validation_loss_curve_"] = (
                getattr(before, "validation_loss_curve_", []) + held_out_losses
            )
        vars(self).pop("validation_loss_curve_", None)
        vars(self).update(fitted)

    def _trained(self):
        """Return the arrays that a fit has trained, by their names in the state."""
        return self._state

    def _carry_over(self, vocabulary, state):
        """Give words that were trained before the parameters they had."""
        old_rows, new_rows = [], []
        for word, old in self.vocabulary_.items():
            new = vocabulary.index.get(word)
            if new is not None:
                old_rows.append(old)
                new_rows.append(new)
        trained = self._trained()
        for name in set(self._word_arrays) & set(state) & set(trained):
            old = trained[name]
            if old.shape[1:] != (self.vector_size,)[: old.ndim - 1]:
                raise ValueError(
                    f"vector_size={self.vector_size} differs from the {old.shape[1]} "
                    "dimensions trained before: it cannot change with "
                    "warm_start=True or partial_fit."
                )
            if old.ndim == 1:
                state[name][new_rows] = old[old_rows]
            else:
                state[name][new_rows, : old.shape[1]] = old[old_rows]

    def _grown_vocabulary(self, documents, begun, update):
        """Return the vocabulary after one more batch, and counts of rarer words."""
        counts = counts_by_word([documents])
        for word, count in getattr(self, "_rare_counts", {}).items() if begun else ():
            counts[word] = counts.get(word, 0) + count
        words = list(self.words_) if begun else []
        known = {
            word: int(count) + counts.pop(word, 0)
            for word, count in zip(words, self.counts_ if begun else (), strict=True)
        }
        if begun and not update:
            return Vocabulary(words, list(known.values())), {}
        room = None if self.max_features is None else self.max_features - len(words)
        limits = self._limits()._replace(max_features=room)
        table, numbers = counted_table(counts)
        picks = limits.select(table, numbers)
        new = dict(zip(table.take(picks), numbers[picks].tolist(), strict=True))
        if not words and not new:
            raise limits.nothing_left()
        known.update(new)
        rare = {word: count for word, count in counts.items() if word not in known}
        return Vocabulary(list(known), list(known.values())), rare


def _listed(words):
    """Return a list of words or vectors; one alone becomes a list of one."""
    alone = isinstance(words, str) or getattr(words, "ndim", 0) == 1
    return [words] if alone else list(words)
