"""Parameters that contradict each other, or that leave nothing to learn from."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._text.analyzers import refuse_word_ngrams
from sklearn_embed._text.vocabulary import VocabularyFilter


def check_settings(estimator):
    """Refuse parameters that exclude each other, before a document is read.

    Every fit calls it, after each parameter has been checked by itself.
    """
    params = estimator.get_params(deep=False)
    _check_subwords(params)
    _check_document_limits(params)
    _check_analyzer(params)


def refuse_document_limits(estimator):
    """Refuse limits that need all documents at once, which a stream has not."""
    limits = VocabularyFilter(min_df=estimator.min_df, max_df=estimator.max_df)
    if limits.asks_for_documents():
        raise ValueError(
            f"min_df={estimator.min_df} and max_df={estimator.max_df} need all "
            "documents at once: leave both at their defaults for partial_fit, and "
            "use min_count, which counts on from batch to batch."
        )


def _check_subwords(params):
    """Refuse lengths of character n-grams of which there are none."""
    shortest, longest = params.get("min_n", 0), params.get("max_n", 0)
    if shortest > longest > 0:
        raise ValueError(
            f"min_n={shortest} is above max_n={longest}: no n-gram is as long. "
            "Lower min_n or raise max_n; max_n=0 means no n-grams."
        )


def _check_document_limits(params):
    """Refuse limits that no word can meet, whatever the documents are."""
    low, high = params.get("min_df", 1), params.get("max_df", 1.0)
    if isinstance(low, float) == isinstance(high, float) and high < low:
        raise ValueError(
            f"max_df={high} is below min_df={low}: no word occurs in that many "
            "documents. Raise max_df or lower min_df."
        )


def _check_analyzer(params):
    """Refuse parameters of words beside an analyzer that knows none."""
    analyzer = params.get("analyzer", "word")
    if "output" not in params:  # OneHotTokens warns, as CountVectorizer does
        if "ngram_range" in params:
            refuse_word_ngrams(analyzer, params["ngram_range"])
        if analyzer != "word" and params.get("stop_words") is not None:
            raise ValueError(
                "stop_words are words, which there are none of beside "
                f"analyzer={analyzer!r}: set stop_words=None, or analyzer='word'."
            )
