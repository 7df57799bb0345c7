"""What the estimators share: documents at the door, parameters checked, copies."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection, Iterable
from numbers import Integral, Real
from typing import TYPE_CHECKING

from sklearn.base import BaseEstimator, TransformerMixin, _clone_parametrized
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.threads import n_threads
from sklearn_embed._core.typing import FilePath, Method
from sklearn_embed._estimators import persistence
from sklearn_embed._estimators.checks import check_settings, warn_of_words
from sklearn_embed._estimators.convergence import level_outside
from sklearn_embed._estimators.last_vectors import made_by
from sklearn_embed._text.analyzers import BY_CHARACTER
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed._text.scripts import warn_if_unspaced
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokenized import tokenize
from sklearn_embed._text.tokens import (
    TextOptions,
    checked_encoding,
    make_analyze,
    make_preprocess,
    make_split,
    stop_word_set,
)
from sklearn_embed._text.vocabulary import Vocabulary, VocabularyFilter

if TYPE_CHECKING:
    from typing_extensions import Self

    def _fit_context(
        *, prefer_skip_nested_validation: bool
    ) -> Callable[[Method], Method]: ...
else:
    from sklearn.base import _fit_context

__all__ = [
    "COUNT",
    "FRACTION",
    "NOT_NEGATIVE",
    "POSITIVE",
    "VOCABULARY_CONSTRAINTS",
    "Integral",
    "Interval",
    "StrOptions",
    "TextEstimator",
    "TextTransformer",
    "_fit_context",
    "at_least",
    "limits_of",
]

POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
FRACTION = Interval(Real, 0, 1, closed="neither")
COUNT = Interval(Integral, 1, None, closed="left")


def at_least(number):
    """Return the constraint of an integer that is no less than ``number``."""
    return Interval(Integral, number, None, closed="left")


class StopWordLists(StrOptions):
    """Names of lists of stop words; an error says where others are."""

    def __str__(self):
        return (
            f"{super().__str__()} (the package stopwordsiso has lists of many "
            "languages: stop_words=stopwordsiso.stopwords('ru'))"
        )


#: Of a vocabulary: a number of documents, or a share of them.
DOCUMENT_FREQUENCY = [Interval(RealNotInt, 0, 1, closed="both"), COUNT]

#: Parameters of everything that selects words.
VOCABULARY_CONSTRAINTS: dict = {
    "min_count": [COUNT],
    "min_df": DOCUMENT_FREQUENCY,
    "max_df": DOCUMENT_FREQUENCY,
    "max_features": [COUNT, None],
}


def limits_of(estimator):
    """Return which words get a row."""
    return VocabularyFilter(
        estimator.min_count,
        estimator.max_features,
        estimator.stop_words,
        estimator.vocabulary,
        estimator.min_df,
        estimator.max_df,
    )


def check_words_kept(estimator):
    """Refuse a fitted estimator whose list of words has become another one.

    Rows are found by the number of a word: kernels must not be led beyond them.
    """
    words, counts = (vars(estimator).get(name) for name in ("words_", "counts_"))
    if words is not None and counts is not None and len(words) != len(counts):
        raise ValueError(
            f"The list of {len(counts)} words has become one of {len(words)}: fit "
            "again instead of changing words_."
        )


def fitted_vocabulary(estimator):
    """Return the words of a fitted estimator that have a row."""
    check_words_kept(estimator)
    return Vocabulary(estimator.words_, estimator.counts_, estimator.vocabulary_)


def _unchanged(text):
    """Return a string as it is."""
    return text


class TextEstimator(BaseEstimator):
    """Base of everything that takes documents."""

    # Whether n-grams of words are counted: nothing trained on a text has them.
    _counts_word_ngrams = False

    # Parameters that clone hands on as they are: big, and never changed.
    _shared_parameters: tuple[str, ...] = ()

    # Parameters that are sources of vectors, which `save` writes as WordVectors.
    _vector_parameters: tuple[str, ...] = ()

    _text_constraints: dict = {
        "lowercase": ["boolean"],
        "strip_accents": [StrOptions({"ascii", "unicode"}), callable, None],
        "preprocessor": [callable, None],
        "tokenizer": [StrOptions({"char"}), callable, None],
        "token_pattern": [str, None],
        "analyzer": [StrOptions({"word", *BY_CHARACTER}), callable],
        "ngram_range": [tuple],
        "stop_words": [StopWordLists({"english"}), list, tuple, set, frozenset, None],
        "vocabulary": ["array-like", Iterable, os.PathLike, None],
    }

    _doc_link_module = "sklearn_embed"
    _doc_link_template = (
        "https://sklearn-embed.readthedocs.io/en/stable/generated/"
        "{estimator_module}.{estimator_name}.html"
    )

    def _doc_link_url_param_generator(self):
        return {
            "estimator_module": "sklearn_embed",
            "estimator_name": type(self).__name__,
        }

    def __sklearn_clone__(self):
        bare = copy.copy(self)
        for name in self._shared_parameters:
            setattr(bare, name, None)
        twin = _clone_parametrized(bare)
        for name in self._shared_parameters:
            setattr(twin, name, getattr(self, name))
        return twin

    def __getstate__(self):
        state = self._plain_state()
        if isinstance(state.get("words_"), list):
            # Two arrays, which joblib pickles and hashes in no time; of a list of
            # strings and a dict it takes one at a time.
            table = TokenTable.from_tokens(state["words_"])
            state["words_"] = table.blob, table.offsets
            state.pop("vocabulary_", None)
        return state

    def __setstate__(self, state):
        words = state.get("words_")
        if isinstance(words, tuple):
            words = TokenTable.trusted(*words).tolist()
            index = dict(zip(words, range(len(words)), strict=True))
            state = {**state, "words_": words, "vocabulary_": index}
        super().__setstate__(state)
        if "words_" in vars(self):
            left_out = self._left_out(vars(self).get("_model"))
            self._lookup = make_lookup(self.words_, self._text_options, left_out)

    def _plain_state(self):
        """Return parameters and fitted attributes by name."""
        for made in made_by(type(self)).values():
            made.settle(self)
        state = super().__getstate__()
        # Made of the words again, faster than it could be read.
        return {name: value for name, value in state.items() if name != "_lookup"}

    def _left_out(self, model):
        """Return the tokens that do not even count as unknown; see `make_lookup`."""
        return ()

    def save(self, path: FilePath) -> None:
        """Write this estimator to a file of arrays and JSON, which cannot run code.

        Parameters
        ----------
        path : str or path
            The file, written whole or not at all: if anything goes wrong, what was
            there before stays.

        Raises
        ------
        TypeError
            If a parameter is neither a plain value nor a source of vectors, such as a
            function; it is named.

        See Also
        --------
        load : Read it again.

        Notes
        -----
        ``joblib.dump`` writes every parameter, functions of a module included, but
        such a file is a pickle: read it only if you trust it.  ``skops.io.dump``
        is in between: ``skops.io.load`` wants to be told which types to trust.  Those
        of this package are listed by :func:`~sklearn_embed.trusted_types`.
        """
        persistence.save(self, path)

    @classmethod
    def load(cls, path: FilePath, *, mmap: bool = False) -> Self:
        """Read an estimator that `save` wrote.

        Parameters
        ----------
        path : str or path
            The file.
        mmap : bool, default=False
            Whether to map its arrays instead of reading them: nothing is read before
            it is used, and all processes share one copy.  They are read-only then.

        Returns
        -------
        estimator
            Of this class, with the same rows, bit for bit; training goes on where it
            stood.

        Raises
        ------
        VectorFileError
            If the file is damaged, from a later version, or of another class.
        """
        return persistence.load(cls, path, mmap)

    def _check_loaded(self):
        """Refuse fitted attributes, read from a file, that do not fit together.

        Whatever is fitted is written if it is made of arrays of numbers, lists of
        strings, numbers, strings, None, WordVectors, Subwords, estimators of this
        package, and lists, tuples, sets and dicts of these.  A subclass leaves out of
        `__getstate__` what `__setstate__` makes anew, and checks here whatever a
        kernel takes on trust.
        """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def _options(self):
        """How this estimator turns strings into tokens."""
        return TextOptions(
            self.lowercase,
            self.strip_accents,
            self.preprocessor,
            self.tokenizer,
            self.token_pattern,
            self.analyzer,
            tuple(self.ngram_range) if self.analyzer in BY_CHARACTER else (1, 1),
            checked_encoding(getattr(self, "encoding", None)),
            getattr(self, "decode_error", "strict"),
        )

    def _cutting_options(self):
        """How strings become tokens in the end, which may be for a part to say."""
        return self._options()

    def build_preprocessor(self) -> Callable[[str], str]:
        """Return the function that prepares a string before it is cut.

        Returns
        -------
        callable
            str → str: lowercasing and accent stripping, or `preprocessor`.
        """
        options = self._cutting_options()
        if isinstance(options.analyzer, PieceTokenizer):
            return _unchanged
        return make_preprocess(options._replace(analyzer="word")) or _unchanged

    def build_tokenizer(self) -> Callable[[str], Iterable[str]]:
        """Return the function that cuts a prepared string into words.

        Returns
        -------
        callable
            str → list of str: what `token_pattern` finds, or `tokenizer`.
        """
        options = self._cutting_options()
        if isinstance(options.analyzer, PieceTokenizer):
            return options.analyzer
        return make_split(options._replace(analyzer="word"))

    def build_analyzer(self) -> Callable[[str], list[str]]:
        """Return the function that makes tokens of one string, in all steps.

        Returns
        -------
        callable
            str → list of str: prepared, cut, stop words left out, n-grams made.
        """
        check_settings(self)
        options = self._cutting_options()
        in_pieces = isinstance(options.analyzer, PieceTokenizer)
        if options.analyzer != "word" and not in_pieces:
            return make_analyze(options)
        stops = stop_word_set(getattr(self, "stop_words", None))
        return make_analyze(options, stops, self.ngram_range)

    def _tokenize_to_fit(self, X, options=None):
        """Return documents as tokens, and how later strings must be cut."""
        # `_fit_context` leaves this out where partial_fit goes on, whatever
        # parameters have been set since.
        self._validate_params()
        check_settings(self)
        options = options or self._options()
        documents = tokenize(X, options, n_jobs=self._n_threads())
        if documents is not X:
            warn_if_unspaced(documents, level_outside())
        if len(documents) == 0:
            raise ValueError(
                "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is "
                "required: X holds no documents."
            )
        if documents.options is not None:
            given = getattr(self, "vocabulary", None)
            is_listed = isinstance(given, Collection) and not isinstance(given, str)
            warn_of_words(self, documents.options, given if is_listed else None)
        return documents, documents.options or options

    def _tokenize_further(self, X, options, name):
        """Return documents beside those of a fit as tokens; messages call them so."""
        documents = tokenize(X, options, name, self._n_threads())
        if documents is not X:
            warn_if_unspaced(documents, level_outside())
        return documents

    def _tokenize(self, X):
        """Return documents as tokens, cut as those of fit were."""
        check_is_fitted(self)
        check_words_kept(self)
        return tokenize(X, self._text_options, n_jobs=self._n_threads())

    def _n_threads(self):
        """Return the number of threads that `n_jobs` allows."""
        return n_threads(getattr(self, "n_jobs", None))


class TextTransformer(TransformerMixin, TextEstimator):
    """Base of everything that turns documents into rows."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
