"""Rows from word vectors of any origin: the mean over a document's words."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Preprocessor,
    StopWords,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.pooling_transformer import PoolingTransformer
from sklearn_embed._text.tokens import DEFAULT_PATTERN


@register
class MeanPoolEmbedder(PoolingTransformer):
    r"""Represent each document by the mean, or another summary, of its words' vectors.

    The vectors may come from anywhere: an embedding vectorizer of this package,
    which is fitted along with it, gensim, a DataFrame, a dict or a file.

    Parameters
    ----------
    embedding : estimator, WordVectors, KeyedVectors, DataFrame, dict, str or path
        Where the vectors come from.

        - An unfitted vectorizer: `fit` fits a clone of it; its parameters can be
          searched as ``embedding__vector_size`` and so on.
        - A fitted vectorizer: taken as it is, shared by `clone`.
        - gensim's ``KeyedVectors``, a DataFrame whose index holds the words, a
          dict from word to vector, a file of vectors: shared by `clone`, too.  How
          a file is read is said by :class:`sklearn_embed.io.VectorFile`.
        - The folder of a static model, such as model2vec's, or what
          :func:`sklearn_embed.io.read_vectors` makes of it: words are pieces of words
          then, into which the model's own tokenizer cuts strings; see Notes.
    pooling : {"mean", "sum", "max", "min", "power", "concat"}, default="mean"
        What becomes of the vectors of a document's words.

        - "mean", "sum", "max", "min": by column.
        - "power": several power means side by side; see `powers`.
        - "concat": the first `max_length` words' vectors side by side, as a
          flattened embedding layer gives them; zeros where there are fewer.
    powers : array-like of float, default=(-inf, 1, inf)
        Exponents for "power": whole numbers from 1 on, infinity (the maximum) and
        minus infinity (the minimum).
    max_length : int or None, default=None
        Words for "concat".  None: as many as the longest document of `fit` has.
    weights : {"idf", "sif", "usif", "mutual_info"}, callable or None, default=None
        Weights of the words.

        - None: all equal.
        - "idf": the smooth inverse document frequency
          :math:`\ln\frac{1 + n}{1 + df} + 1` of the documents given to `fit`, as in
          :class:`~sklearn.feature_extraction.text.TfidfVectorizer`.
        - "sif": smooth inverse frequency, :math:`\frac{a}{a + p}`, with `smoothing`
          as :math:`a` and a word's share :math:`p` in the text.
        - "usif": :math:`\frac{a}{a/2 + p}`, with :math:`a` from the vocabulary and
          the mean length of the documents; see Notes.
        - "mutual_info": by what a word tells about the label of its document, from
          `y`; see Notes.
        - A function: list of words → one number a word, not negative.  0 leaves a
          word out.
    smoothing : float or "auto", default="auto"
        The :math:`a` of "sif".  "auto": 0.001, as in the paper, where frequencies
        were counted in 2,000,000 tokens and more, otherwise 2,000 by their number.
    n_components_removed : int, default=0
        Directions that all documents have in common, learned in `fit` and removed
        from every row: 1 in Arora et al. (2017), 5 in Ethayarajh (2018).  With
        weights="usif" each is removed in part; see Notes.  Not for "concat".
    normalize_words : bool, default=False
        Whether words' vectors are scaled to length 1 first.
    normalize : bool or None, default=None
        Whether rows are scaled to length 1, before they are centred.  None: if a
        static model's config says so; those of other vectors are not.
    center : bool, default=False
        Whether the mean of the rows of `fit` is subtracted.  Rows of zeros, those of
        documents without words, stay zeros, which then are in the middle.
    scale : float or None, default=None
        Root mean square of the lengths that the rows of `fit` have in the end: all
        are multiplied by one number.  Beside TF-IDF in a FeatureUnion, 0.3 with
        `normalize` and `center` neither drowns nor is drowned.  None: as they come.
    oov : {"skip", "zero", "subword", "mean", "error"}, default="skip"
        What becomes of words without a vector ("out of vocabulary").

        - "skip": they do not count.
        - "zero", "mean": they have the vector of zeros, or the mean of all vectors.
        - "subword": they have the mean of their n-grams' vectors, where the source
          knows n-grams, as fastText does.
        - "error": they are refused.
    empty : {"zero", "nan", "error"}, default="zero"
        What becomes of documents without any word that counts: a row of zeros, a
        row of NaN, or an error.
    lowercase : bool, default=True
        Whether strings are lowercased before they are cut into tokens.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Whether accents are removed, and how; as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`.
    preprocessor : callable or None, default=None
        str → str, in place of lowercasing and accent stripping.
    tokenizer : callable, "char" or None, default=None
        str → list of str, in place of `token_pattern`.  "char" takes every
        character but white space as a token.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a token: two or more word characters, as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What a token of a string is.

        - "word": what `tokenizer` or `token_pattern` finds.
        - "char": every run of so many characters as `ngram_range` says, blanks
          included.
        - "char_wb": the same within words, each with a blank on both sides.
        - A function: str → list of str, in place of all parameters of text.
    ngram_range : tuple of two int, default=(1, 1)
        Least and largest number of characters of the n-grams that are tokens, for
        analyzer="char" and "char_wb" alone.
    stop_words : "english", collection of str or None, default=None
        Tokens to leave out.
        A vectorizer as `embedding` brings its own rules; then these must be left
        at their defaults, except for `stop_words`.
    unlabeled : iterable of documents, TokenizedDocuments or None, default=None
        Further texts, for all that is learned without labels: frequencies of words,
        components, mean and scale of rows, and the vectors, if `embedding` is to be
        fitted, takes such texts and has none of its own.  `clone` shares it.
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.  The result does not depend on it.

    Attributes
    ----------
    embedding_ : object
        The fitted vectorizer, or `embedding` itself.
    vectors_ : ndarray of shape (n_words, n_dimensions), float32
        The words' vectors, not copied.
    weights_ : ndarray of shape (n_words,), float32, or None
        Weight of each word.
    components_ : ndarray of shape (n_removed, n_columns), float32, or None
        What is removed: orthogonal directions of length 1.
    component_weights_ : ndarray of shape (n_removed,), float32, or None
        Share of each direction that is removed.
    mean_ : ndarray of shape (n_columns,), float32, or None
        What is subtracted from rows.
    factor_ : float
        What rows are multiplied by, after that.
    smoothing_ : float
        The number that `smoothing` came to; only with weights="sif".
    max_length_ : int
        Words that count; only with pooling="concat".

    See Also
    --------
    Word2VecVectorizer : Learn vectors and average them.
    sklearn.pipeline.FeatureUnion : Rows of several embeddings side by side.

    Notes
    -----
    A word with weight :math:`w` and vector :math:`v` contributes :math:`wv` to "sum",
    "max", "min" and "concat".  A mean is :math:`\sum wv / \sum w`; with "sif" and
    "usif" it is, as in their papers, :math:`\sum wv / n`, :math:`n` being the number
    of words.  A power mean is :math:`(\sum w v^p / \sum w)^{1/p}`, or with
    :math:`n` below; "power" with 1, inf and -inf gives what "mean", "max" and "min"
    give.

    Of an odd power the root of a negative number is negative: the real solution.
    The program of Rücklé et al. (2018) takes the real part of the principal complex
    root instead, which is :math:`\cos(\pi/p)` times the size; then a column no longer
    tells the sign of its words.  Fractional powers of negative numbers are not real,
    and negative powers have a pole where numbers cancel: both are refused.

    Counts for "sif" and "usif" are those that the vectors bring along; where they
    bring none, words are counted in the documents of `fit`.  The counts that gensim
    makes up for vectors read from a file are not used.  A word without a vector
    weighs, if `oov` gives it one, as much as a word that was never counted.

    With "usif", :math:`a = \frac{1 - \alpha}{\alpha |V| / 2}`, where :math:`\alpha` is
    the fraction of the :math:`|V|` counted words with
    :math:`p > 1 - (1 - 1/|V|)^{\bar n}`, and :math:`\bar n` is the mean number of
    tokens in the documents of `fit`.  Of component :math:`i` the share
    :math:`\sigma_i^2 / \sum_j \sigma_j^2` is removed.

    With "mutual_info", a word weighs :math:`0.1 + \sqrt{I / I_{max}}`, :math:`I`
    being the mutual information of its occurrence in a document and the document's
    label, less the bias :math:`(K - 1) / 2n` of this estimate for :math:`K` classes
    and :math:`n` documents (Miller 1955), at least 0.  Of several labels, each counts
    as a document.

    A static model (Tulkens and van Dongen 2024) is a matrix of vectors, one for each
    piece of a word that its tokenizer may find, and rows are means of pieces: by
    default those that model2vec's ``encode`` gives.  Everything that is said of words
    here holds for pieces, `weights` and `stop_words` included; `oov` is "skip", as no
    word is unknown, and parameters of text stay at their defaults.  Tokens that were
    ready-made or cut by other rules are cut into pieces, each as if it were a text;
    ``TokenizedDocuments.from_documents(X, analyzer=vectors.tokenizer)`` makes documents
    of pieces.

    Components are the first right singular vectors of the documents' rows, not
    centred, by way of the exact eigenvectors of their products' sum, for which the
    rows need not be in memory together.

    Rows are the same, bit for bit, for every `n_jobs` and whatever other documents
    there are.  A search over `KeyedVectors` on several processes sends them to each
    of them; `WordVectors` saved by :func:`sklearn_embed.io.write_vectors` and given
    by the path of the file are read where they are needed.

    References
    ----------
    Arora, Liang and Ma (2017), "A simple but tough-to-beat baseline for sentence
    embeddings", algorithm 1.

    Ethayarajh (2018), "Unsupervised random walk sentence embeddings: A strong but
    simple baseline".

    Miller (1955), "Note on the bias of information estimates".

    Rücklé, Eger, Peyrard and Gurevych (2018), "Concatenated power mean word
    embeddings as universal cross-lingual sentence representations".

    Tulkens and van Dongen (2024), "Model2Vec: Fast state-of-the-art static
    embeddings".

    Examples
    --------
    >>> from sklearn_embed import MeanPoolEmbedder
    >>> pets = {"cat": [1.0, 0.0], "dog": [0.0, 1.0]}
    >>> embedder = MeanPoolEmbedder(pets)
    >>> embedder.fit_transform(["the cat", "cat and dog", "fish"])
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 0. ]], dtype=float32)

    Two embeddings side by side:

    >>> from sklearn.pipeline import FeatureUnion
    >>> ages = {"cat": [9.0], "dog": [5.0]}
    >>> union = FeatureUnion([("pets", embedder), ("ages", MeanPoolEmbedder(ages))])
    >>> union.fit_transform(["the cat", "cat and dog"])
    array([[1. , 0. , 9. ],
           [0.5, 0.5, 7. ]], dtype=float32)
    """

    def __init__(
        self,
        embedding: VectorSource,
        *,
        pooling: str = "mean",
        powers: ArrayLike = (-np.inf, 1, np.inf),
        max_length: int | None = None,
        weights: str | Callable[[str], float] | None = None,
        smoothing: float | str = "auto",
        n_components_removed: int = 0,
        normalize_words: bool = False,
        normalize: bool | None = None,
        center: bool = False,
        scale: float | None = None,
        oov: str = "skip",
        empty: str = "zero",
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        stop_words: StopWords = None,
        unlabeled: Documents | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.embedding = embedding
        self.pooling = pooling
        self.powers = powers
        self.max_length = max_length
        self.weights = weights
        self.smoothing = smoothing
        self.n_components_removed = n_components_removed
        self.normalize_words = normalize_words
        self.normalize = normalize
        self.center = center
        self.scale = scale
        self.oov = oov
        self.empty = empty
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.stop_words = stop_words
        self.unlabeled = unlabeled
        self.n_jobs = n_jobs
