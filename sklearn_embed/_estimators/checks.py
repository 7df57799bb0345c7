"""Parameters that contradict each other, or that leave nothing to learn from."""

# SPDX-License-Identifier: BSD-3-Clause

from inspect import signature

from sklearn_embed._estimators.convergence import warn
from sklearn_embed._text.analyzers import without_word_ngrams
from sklearn_embed._text.tokens import TextOptions, make_analyze, stop_word_set
from sklearn_embed._text.vocabulary import VocabularyFilter


def check_settings(estimator):
    """Refuse parameters that exclude each other, before a document is read.

    Every fit calls it, after each parameter has been checked by itself.
    """
    params = estimator.get_params(deep=False)
    _check_subwords(params, type(estimator))
    check_rates(params, type(estimator))
    _check_document_limits(params)
    _check_analyzer(params, estimator._counts_word_ngrams)
    _warn_of_unused(params)


def refuse_document_limits(estimator):
    """Refuse limits that need all documents at once, which a stream has not."""
    limits = VocabularyFilter(min_df=estimator.min_df, max_df=estimator.max_df)
    if limits.asks_for_documents():
        raise ValueError(
            f"min_df={estimator.min_df} and max_df={estimator.max_df} need all "
            "documents at once: leave both at their defaults for partial_fit, and "
            "use min_count, which counts on from batch to batch."
        )


def _check_subwords(params, cls):
    """Refuse lengths of character n-grams of which there are none."""
    shortest, longest = params.get("min_n", 0), params.get("max_n", 0)
    # Where 0 is the default, a min_n alone was meant to give n-grams.
    has_none = "max_n" in params and signature(cls).parameters["max_n"].default == 0
    if shortest > longest and (longest > 0 or has_none):
        raise ValueError(
            f"min_n={shortest} is above max_n={longest}: no n-gram is as long. "
            "Lower min_n or raise max_n; max_n=0 means no n-grams."
        )


def check_rates(params, cls):
    """Refuse a last learning rate that was set above the first one.

    One that is "auto" is compared as soon as there is a number.
    """
    first, last = params.get("learning_rate"), params.get("min_learning_rate")
    # The default is lowered instead, where learning_rate is less.
    if last is None or last == signature(cls).parameters["min_learning_rate"].default:
        return
    if first == "auto":
        return
    if last > first:
        raise ValueError(
            f"min_learning_rate={last} is above learning_rate={first}: the rate falls "
            "from the latter to the former. Lower min_learning_rate."
        )


def _check_document_limits(params):
    """Refuse limits that no word can meet, whatever the documents are."""
    low, high = params.get("min_df", 1), params.get("max_df", 1.0)
    if isinstance(low, float) == isinstance(high, float) and high < low:
        raise ValueError(
            f"max_df={high} is below min_df={low}: no word occurs in that many "
            "documents. Raise max_df or lower min_df."
        )


def _check_analyzer(params, counts_word_ngrams):
    """Refuse parameters of words beside an analyzer that knows none."""
    analyzer = params.get("analyzer", "word")
    if not counts_word_ngrams:  # else a warning, as CountVectorizer's
        if "ngram_range" in params:
            without_word_ngrams(analyzer, params["ngram_range"])
        if analyzer != "word" and params.get("stop_words") is not None:
            raise ValueError(
                "stop_words are words, which there are none of beside "
                f"analyzer={analyzer!r}: set stop_words=None, or analyzer='word'."
            )


def _warn_of_unused(params):
    """Warn of parameters that another one makes useless, as scikit-learn does."""
    analyzer, default = params.get("analyzer", "word"), TextOptions()
    set_ = {
        name: params.get(name, value) not in (None, value)
        for name, value in default._asdict().items()
    }
    useless = []
    if analyzer != "word":
        useless = ["tokenizer", "token_pattern"]
        if callable(analyzer):
            useless += ["preprocessor", "ngram_range", "strip_accents"]
        set_["stop_words"] = params.get("stop_words") is not None
        other = "analyzer" if callable(analyzer) else f"analyzer={analyzer!r}"
        _warn_beside(set_, [*useless, "stop_words"], other)
    elif params.get("tokenizer") is not None:
        _warn_beside(set_, ["token_pattern"], "tokenizer")
    if params.get("preprocessor") is not None and not callable(analyzer):
        _warn_beside(set_, ["strip_accents"], "preprocessor")


def _warn_beside(set_, names, other):
    """Warn of those parameters among some that are set."""
    for name in names:
        if set_[name]:
            warn(
                f"{name} plays no part beside {other}: leave one of them at its "
                "default.",
                UserWarning,
            )


def warn_of_words(estimator, options, vocabulary=None):
    """Warn of stop words and of a vocabulary that no token of a string can equal.

    Parameters
    ----------
    estimator : estimator
        With stop words.
    options : TextOptions
        How strings are cut.
    vocabulary : collection of str or None, default=None
        Words given.
    """
    if options.analyzer != "word":
        return
    stops = stop_word_set(getattr(estimator, "stop_words", None))
    if stops:
        made = _cut_again(stops, options)
        if not made <= stops:
            warn(
                f"stop_words are cut into {sorted(made - stops)[:5]}, which are not "
                "among them: write stop words as tokens are after lowercasing, "
                "accent stripping and cutting.",
                UserWarning,
            )
    if options.lowercase and options.preprocessor is None and vocabulary is not None:
        wrong = [w for w in vocabulary if isinstance(w, str) and w != w.lower()]
        if wrong:
            warn(
                f"{len(wrong)} of {len(vocabulary)} words of vocabulary, such as "
                f"{wrong[0]!r}, have capitals, but lowercase=True: no text has them. "
                "Lowercase them, or set lowercase=False.",
                UserWarning,
            )


def _cut_again(words, options):
    """Return the tokens of some words; none where a user's function knows none."""
    analyze, made = make_analyze(options), set()
    try:
        for word in words:
            made.update(analyze(word))
    except Exception:  # a function for other strings than single words
        return set()
    return made
