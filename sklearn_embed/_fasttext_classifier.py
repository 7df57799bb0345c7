"""Embedding, average, linear layer: text classification trained as a whole."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklearn_embed._base import (
    COUNT,
    Integral,
    Interval,
    StrOptions,
    _fit_context,
    documented,
)
from sklearn_embed._kernels.common import padded_width, readonly
from sklearn_embed._kernels.sampling import draw_pool
from sklearn_embed._labels import (
    check_labels,
    document_weights,
    leaf_scores,
    tree_of,
)
from sklearn_embed._matrices import draw_rows, padded, padded_zeros
from sklearn_embed._sources import as_word_vectors
from sklearn_embed._subwords import Subwords
from sklearn_embed._supervised_job import (
    FeatureSpace,
    Labelled,
    Ngrams,
    SupervisedJob,
)
from sklearn_embed._text.subwords import check_bucket_rows, check_matrix
from sklearn_embed._text.tokens import DEFAULT_PATTERN, make_lookup
from sklearn_embed._text.vocabulary import Vocabulary, learn_vocabulary
from sklearn_embed._training import Threads, with_callbacks
from sklearn_embed._vectors import WordVectors
from sklearn_embed._word_model import Schedule, WordModel

#: Losses that judge each class by itself, so that several may be right.
SEPARATE = {"one_vs_all", "negative_sampling"}


@documented
class FastTextClassifier(ClassifierMixin, WordModel):
    r"""Classify documents by the average of vectors learned for the task.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    loss : {"auto", "softmax", "one_vs_all", "negative_sampling", \
            "hierarchical_softmax"}, default="auto"
        How a prediction is judged.

        - "auto": "softmax" where every document has one label, "one_vs_all" where
          `y` is a matrix of indicators.
        - "softmax": the class against all others.
        - "one_vs_all": every class by itself, right or wrong.
        - "negative_sampling": the class against `negative` drawn ones.
        - "hierarchical_softmax": the turns on the way to the class in a Huffman tree;
          time grows with the logarithm of the number of classes.
    negative : int, default=5
        Classes drawn for each document; at least 1.  Only for negative sampling.
    word_ngrams : int, default=1
        Longest sequence of words that has a vector of its own.  1: words alone.
    min_n, max_n : int, default=0
        Shortest and longest character n-gram that has a vector, the brackets of
        ``<word>`` included.  `max_n` 0: none.  With them, unknown words count.
    bucket : int, default=2_000_000
        Values that the hash of n-grams can take.  Those that do not occur in the
        training texts take no memory.
    pretrained : WordVectors, KeyedVectors, DataFrame, dict, str, path or None, \
            default=None
        Vectors with which words of the training texts begin.  `clone` shares them.
    learning_rate : float, default=0.5
        At the beginning; it falls linearly to 0.
    epochs : int, default=10
        Passes over the documents, in another order each time.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as everywhere in scikit-learn.
    {text}
    {vocabulary}
    {fitting}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels; with indicators, the numbers of their columns.
    {attributes}
    output_vectors_ : ndarray of shape (n_classes, vector_size), float32
        What the average is multiplied with; with hierarchical softmax a row for each
        inner node of the tree, n_classes - 1.

    See Also
    --------
    MeanPoolEmbedder : ``MeanPoolEmbedder(FastTextClassifier())`` gives the averages
        to any other estimator.
    Word2VecVectorizer : Vectors from texts without labels.

    Notes
    -----
    The score of class :math:`c` is :math:`u_c^\top \frac{1}{m} \sum_f v_f`, the sum
    over all features of a document: its words, their character n-grams, its word
    n-grams and a mark after the last word.  The mark acts as an intercept; a document
    without known words is judged by it alone.

    This is the supervised mode of fastText, with its hash functions.  Deviations:
    documents come in a new random order in every epoch; the learning rate falls with
    the documents read, not the tokens; n-grams that never occurred in training are
    zeros, not random numbers; negatives equal to the class are left out, not drawn
    again; weights, of documents or classes, are scaled to a mean of 1 by `fit`.

    It is no transformer: what it learns is a set of word vectors, which
    `MeanPoolEmbedder` averages in any way that is wanted.

    With one thread the result is the same, bit for bit, for the same `random_state`
    and documents.

    References
    ----------
    Joulin, Grave, Bojanowski and Mikolov (2017), "Bag of tricks for efficient text
    classification".

    Examples
    --------
    >>> from sklearn_embed import FastTextClassifier
    >>> texts = ["a fine film", "fine and funny", "a dull film", "dull and long"] * 5
    >>> model = FastTextClassifier(8, random_state=0).fit(texts, [1, 1, 0, 0] * 5)
    >>> model.predict(["funny", "long film"])
    array([1, 0])
    """

    _doc_section_attributes = WordModel._doc_section_attributes
    _shared_parameters = ("pretrained",)

    _parameter_constraints: dict = {
        **WordModel._parameter_constraints,
        "loss": [StrOptions({"auto", "softmax", "hierarchical_softmax"} | SEPARATE)],
        "negative": [COUNT],
        "word_ngrams": [COUNT],
        "min_n": [Interval(Integral, 0, None, closed="left")],
        "max_n": [Interval(Integral, 0, None, closed="left")],
        "bucket": [Interval(Integral, 1, 2**31 - 1, closed="left")],
        "pretrained": "no_validation",
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        vector_size=100,
        *,
        loss="auto",
        negative=5,
        word_ngrams=1,
        min_n=0,
        max_n=0,
        bucket=2_000_000,
        pretrained=None,
        learning_rate=0.5,
        epochs=10,
        class_weight=None,
        lowercase=True,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        token_pattern=DEFAULT_PATTERN,
        stop_words=None,
        min_count=1,
        max_features=None,
        vocabulary=None,
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
        self.loss = loss
        self.negative = negative
        self.word_ngrams = word_ngrams
        self.min_n = min_n
        self.max_n = max_n
        self.bucket = bucket
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.class_weight = class_weight
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.stop_words = stop_words
        self.min_count = min_count
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Learn vectors that tell the labels of documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels; or a matrix of 0 and 1, dense or sparse, for documents that
            have any number of labels.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            How much each document counts, relative to the others.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If labels and documents do not fit together, no word is left, or a
            parameter is out of range.
        TypeError
            If a document is neither a string nor a sequence of strings.
        FloatingPointError
            If training diverges.
        """
        documents, options = self._tokenize_to_fit(X)
        continued = self.warm_start and hasattr(self, "vectors_")
        seed = self._seed if continued else self._draw_seed()
        classes, several, matrix = check_labels(y)
        weights = document_weights(documents, y, sample_weight, self.class_weight)
        labelled = self._labelled(documents, matrix, weights)
        parts, held_out = self._hold_out(labelled, seed)
        texts = parts[0].documents
        words = learn_vocabulary([texts], self._limits())
        done = self.n_iter_ if continued else 0
        if done > self.epochs:
            raise ValueError(
                f"epochs={self.epochs} is less than the {done} epochs already trained: "
                "with warm_start=True it can only grow."
            )
        space = self._space(words, texts, classes, several, matrix, continued)
        schedule = Schedule(*self._rates(), self.epochs)
        epochs = range(done, self.epochs)
        self._learn(X, parts, held_out, space, options, seed, schedule, epochs)
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from one more batch of documents, in one pass.

        The learning rate is `learning_rate` throughout, and weights are taken as they
        are.  `epochs` and `early_stopping` play no part.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that will ever come.  Must be given in the first call, unless
            `y` is a matrix of indicators.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            How much each document counts.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all documents at once: give "
                "partial_fit a dict, or sample_weight."
            )
        begun = hasattr(self, "vectors_")
        known = self.classes_ if begun else None
        if classes is not None:
            classes = np.unique(column_or_1d(classes))
            if begun and not np.array_equal(classes, known):
                raise ValueError(
                    f"classes={classes!r} differ from those of the first call, {known}."
                )
            known = classes
        elif not begun and type_of_target(y) != "multilabel-indicator":
            raise ValueError("classes must be passed on the first call to partial_fit.")
        documents, options = self._tokenize_to_fit(X)
        classes, several, matrix = check_labels(y, known)
        weights = document_weights(
            documents, y, sample_weight, self.class_weight, scale=False
        )
        labelled = self._labelled(documents, matrix, weights)
        words, rare = self._grown_vocabulary(documents, begun, True)
        space = self._space(words, documents, classes, several, matrix, begun)
        seed = self._seed if begun else self._draw_seed()
        done = self.n_iter_ if begun else 0
        rate, _ = self._rates()
        schedule, epochs = Schedule(rate, rate, 1), range(done, done + 1)
        self._learn(X, [labelled], [], space, options, seed, schedule, epochs)
        self._rare_counts = rare
        return self

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

    def to_fasttext(self):
        """Return all that was learned as fastText's files hold it.

        Returns
        -------
        sklearn_embed.io.fasttext.FastTextModel
            For :func:`sklearn_embed.io.fasttext.write_model`.

        Raises
        ------
        ValueError
            If ``</s>``, fastText's mark for the end of a document, is a word.
        """
        from sklearn_embed.io.fasttext_models import classifier_to_fasttext

        return classifier_to_fasttext(self)

    @classmethod
    def from_fasttext(cls, source, **params):
        """Return a fitted classifier with what a supervised fastText model learned.

        Parameters
        ----------
        source : FastTextModel, str, path or binary file
            A supervised model, quantised or not.
        **params : dict
            Further parameters, such as `lowercase`.  Unless told otherwise, tokens
            are what stands between blanks, as in fastText.

        Returns
        -------
        FastTextClassifier
            Its classes are the labels without ``__label__``.
        """
        from sklearn_embed.io.fasttext_models import classifier_from_fasttext

        return classifier_from_fasttext(source, **params)

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

    def _hold_out(self, labelled, seed):
        """Hold documents out, if training is to stop early."""
        if not self.early_stopping:
            return [labelled], []
        n = len(labelled)
        n_out = int(np.ceil(self.validation_fraction * n))
        if n_out >= n:
            raise ValueError(
                f"early_stopping holds out {n_out} of {n} documents, which leaves "
                "none to train on: give more documents or less validation_fraction."
            )
        out = np.zeros(n, bool)
        out[np.random.default_rng([seed, 1]).permutation(n)[:n_out]] = True
        return [labelled[~out]], [labelled[out]]

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

    def _new_state(self, space, rng):
        """Return fresh parameters: inputs small and random, outputs zero."""
        size = self.vector_size
        inputs = padded_zeros(space.n_rows, size)
        draw_rows(inputs, size, 1 / size, rng)
        if self.pretrained is not None:
            given = as_word_vectors(self.pretrained)
            if given.vector_size != size:
                raise ValueError(
                    f"vector_size={size}, but the pretrained vectors have "
                    f"{given.vector_size} dimensions: they must be equal."
                )
            found = given.rows(space.words)
            rows = np.flatnonzero(found >= 0)
            inputs[rows, :size] = given.vectors[found[rows]]
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

    def _job(self, parts, held_out, space, state, seed, schedule):
        """Return what trains the parameters."""
        guide = None
        if space.loss == "negative_sampling":
            rng = np.random.default_rng([seed, 2])
            guide = readonly(draw_pool(space.label_counts, 0.5, rng))
        elif space.loss == "hierarchical_softmax":
            guide = tree_of(space.label_counts, space.leaves)
        matrices = state["inputs"], state["outputs"]
        return SupervisedJob(
            space,
            parts,
            held_out,
            matrices,
            space.loss,
            int(self.negative),
            guide,
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
        documents = self._tokenize(X)
        space = FeatureSpace(
            Vocabulary(self.words_, self.counts_, self.vocabulary_),
            self._ngrams,
            self._stop_words,
            self._state["bucket_rows"],
            self._skip,
        )
        with Threads(self.n_jobs) as threads:
            scores = space.scores(
                documents, self._state["inputs"], self._state["outputs"], threads
            )
        if self._loss == "hierarchical_softmax":
            scores = leaf_scores(scores, tree_of(self.label_counts_, self._leaves))
        return scores


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
