"""Word2vec: words placed so that they predict the words around them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._base import StrOptions, documented
from sklearn_embed._matrices import draw_rows, padded_zeros, stripped
from sklearn_embed._prediction import PredictionVectorizer
from sklearn_embed._pretrained import keeper
from sklearn_embed._text.tokens import DEFAULT_PATTERN


@documented
class Word2VecVectorizer(PredictionVectorizer):
    r"""Learn word vectors by predicting neighbours; average them per document.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    {prediction}
    combine : {"input", "output", "sum", "concatenate"}, default="input"
        Which parameters become `vectors_`: those of words as predictors, those of
        words as predicted, the sum of both, or both side by side.
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

    See Also
    --------
    MeanPoolEmbedder : Other ways to pool, and vectors from elsewhere.
    TokenizedDocuments : Tokenise once, search over many candidates.

    Notes
    -----
    For a word :math:`o` with input vector :math:`v` of its neighbour and output
    vectors :math:`u`, negative sampling minimises

    .. math:: -\log \sigma(u_o^\top v) - \sum_{k=1}^K \log \sigma(-u_{n_k}^\top v)

    by stochastic gradient descent, the :math:`n_k` drawn with probability
    proportional to :math:`count^{0.75}`.  A word of share :math:`f` in the text is
    kept with probability :math:`\sqrt{t / f} + t / f`, :math:`t` being `sample`.

    Deviations from the original program: the negatives are drawn once for all
    neighbours of a word, and a word comes up eight times among some thousand draws
    (for as often as it has to: the processor's cache then holds its row), and not
    again for a while; neighbours are trained two at a time, both from the same old
    values, and the nodes of a Huffman tree six at a time; the sigmoid is not cut
    off at ±6; the learning rate is constant over 1,024 tokens; documents of any
    length are read whole; vectors start uniformly in ±1/d, as gensim's, instead of
    ±0.5/d.

    `loss_curve_` is measured in passing, before each update.  While the learning
    rate is high, the vectors follow the text that is being read, so that this loss
    can rise towards the end of training while that of held-out documents falls.

    With one thread the result is the same, bit for bit, for the same `random_state`
    and documents.  Several threads update the same matrices without locks (Recht et
    al. 2011), so that results differ slightly from run to run; of the 512 commonest
    words each thread has vectors of its own, which it shares every few words.

    References
    ----------
    Mikolov, Chen, Corrado and Dean (2013), "Efficient estimation of word
    representations in vector space".

    Mikolov, Sutskever, Chen, Corrado and Dean (2013), "Distributed representations
    of words and phrases and their compositionality", equations 3 to 5.

    Recht, Re, Wright and Niu (2011), "Hogwild!: A lock-free approach to
    parallelizing stochastic gradient descent".

    Examples
    --------
    >>> from sklearn_embed import Word2VecVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = Word2VecVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> model.transform(["a cat", "fish"]).shape
    (2, 8)
    >>> model.words_[:3]
    ['cat', 'dog', 'sat']
    """

    _parameter_constraints: dict = {
        **PredictionVectorizer._parameter_constraints,
        "combine": [StrOptions({"input", "output", "sum", "concatenate"})],
    }

    def __init__(
        self,
        vector_size=100,
        *,
        window=5,
        architecture="skipgram",
        loss="negative_sampling",
        negative=5,
        ns_exponent=0.75,
        sample=1e-3,
        cbow_mean=True,
        shrink_windows=True,
        combine="input",
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
        self.window = window
        self.architecture = architecture
        self.loss = loss
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.cbow_mean = cbow_mean
        self.shrink_windows = shrink_windows
        self.combine = combine
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

    def to_gensim(self):
        """Return a gensim model that can be trained further.

        Returns
        -------
        gensim.models.Word2Vec
            With copies of all that was learned, the Huffman tree included.

        Raises
        ------
        ValueError
            If the loss is "softmax", which gensim does not know.
        """
        from sklearn_embed.io.models import word2vec_to_gensim

        return word2vec_to_gensim(self)

    @classmethod
    def from_gensim(cls, model, **params):
        """Return a fitted vectorizer with what a gensim model has learned.

        Parameters
        ----------
        model : gensim.models.Word2Vec
            A trained one.
        **params : dict
            Parameters that a gensim model knows nothing of, such as `lowercase`.

        Returns
        -------
        Word2VecVectorizer
            `partial_fit` goes on from there.
        """
        from sklearn_embed.io.models import word2vec_from_gensim

        return word2vec_from_gensim(model, **params)

    def _new_state(self, vocabulary, known, rng):
        """Return fresh parameters: words small and random, outputs zero."""
        if self.loss == "hierarchical_softmax" and self.combine != "input":
            raise ValueError(
                f"combine={self.combine!r} needs output vectors of words, which "
                "hierarchical softmax has not: use combine='input'."
            )
        inputs = padded_zeros(len(vocabulary), self.vector_size)
        draw_rows(inputs, self.vector_size, 1 / self.vector_size, rng)
        return {"input": inputs, **self._new_outputs(len(vocabulary))}

    def _check_pretrained(self, pretrained):
        """Refuse a penalty, and frozen vectors that the result would not hold."""
        super()._check_pretrained(pretrained)
        if not pretrained.trainable and self.combine not in ("input", "output"):
            raise ValueError(
                f"trainable=False of pretrained keeps the vectors given, but "
                f"combine={self.combine!r} makes others of them: use combine='input' "
                "or combine='output'."
            )

    def _place(self, vocabulary, given, state):
        """Start words at the vectors given; return what keeps frozen ones."""
        matrix = state["output" if self.combine == "output" else "input"]
        given.put(matrix)
        if given.trainable:
            return None
        return keeper((matrix, given.rows, given.vectors)), True

    def _published(self, state, final):
        """Return the fitted attributes; ``final`` uses up the state."""
        size = self.vector_size
        plain = {
            name: stripped(matrix, size, in_place=final)
            for name, matrix in state.items()
        }
        inputs, outputs = plain.values()
        vectors = {
            "input": lambda: inputs,
            "output": lambda: outputs,
            "sum": lambda: inputs + outputs,
            "concatenate": lambda: np.hstack([inputs, outputs]),
        }[self.combine]()
        name = "node_vectors_" if "nodes" in plain else "context_vectors_"
        return {"vectors_": vectors, name: outputs, "_state": plain}
