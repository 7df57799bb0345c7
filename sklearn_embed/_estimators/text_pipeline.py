"""One call that makes a strong pipeline for texts, of plain and visible steps."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sklearn.base import BaseEstimator, is_classifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from sklearn_embed._core.typing import Documents, RandomState, Tokenizer, VectorSource
from sklearn_embed._estimators.block_scaler import BlockScaler
from sklearn_embed._estimators.mean_pool import MeanPoolEmbedder
from sklearn_embed._estimators.one_hot import OneHotTokens
from sklearn_embed._estimators.texts import Texts
from sklearn_embed._estimators.word2vec import Word2VecVectorizer
from sklearn_embed._estimators.word_class import WordClassVectorizer
from sklearn_embed._text.tokens import DEFAULT_PATTERN, WORDS_AND_MARKS
from sklearn_embed.io._sources import cuts_texts


def text_pipeline(
    estimator: str | BaseEstimator = "classifier",
    *,
    unlabeled: Documents | None = None,
    pretrained: VectorSource | Sequence[VectorSource] = None,
    tokenizer: Tokenizer = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    memory: Any = None,
    verbose: bool = False,
) -> Pipeline:
    """Return a pipeline that does well on most texts, in seconds.

    It is a plain scikit-learn Pipeline of plain steps, each of which can be looked at,
    searched, replaced and left out: blocks of columns side by side, and one linear
    model.

    Parameters
    ----------
    estimator : {"classifier", "regressor"} or estimator, default="classifier"
        The last step.

        - "classifier": :class:`~sklearn.svm.LinearSVC` with ``C=1``, for which the
          columns are scaled.  It has `decision_function`, and no `predict_proba`; see
          Notes.
        - "regressor": :class:`~sklearn.linear_model.Ridge`, its penalty chosen by
          cross-validation.
        - An estimator that takes sparse rows, taken as it is.
    unlabeled : iterable of documents or None, default=None
        Further texts, on which vectors are trained in addition to those given to
        `fit`.  `clone` shares them.
    pretrained : source of word vectors, list of these, or None, default=None
        Vectors from elsewhere: whatever `MeanPoolEmbedder` takes, static models such
        as model2vec's included, which cut texts themselves.  `clone` shares them.
    tokenizer : callable, "char" or None, default=None
        str → list of str, in place of a regular expression.  "char" takes every
        character but white space as a token, a sound choice for Chinese.
    n_jobs : int or None, default=None
        Threads of the steps that have any.  None means 1, -1 all processors.
    random_state : int, RandomState instance or None, default=None
        Seed of whatever is drawn.
    memory : str, joblib.Memory or None, default=None
        Where the pipeline keeps fitted transformers; as its parameter.
    verbose : bool, default=False
        Whether the pipeline says how long each step takes.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Not fitted.  Its steps are "texts", "blocks" and "estimator".

    Raises
    ------
    ValueError
        If `estimator` is another string, or `unlabeled` an iterator.
    TypeError
        If `estimator` is no estimator.

    See Also
    --------
    WordClassVectorizer, MeanPoolEmbedder, BlockScaler : Its steps.
    sklearn.pipeline.make_pipeline : To build another one.

    Notes
    -----
    Which blocks there are:

    - "words": unit TF-IDF rows of words and pairs of neighbours, term frequencies as
      logarithms.  Here and in "classes", words may have one letter, and each mark of
      punctuation is a word.
    - "characters": the same of all runs of three to five characters, blanks included.
    - "classes": the rows of `WordClassVectorizer`, if the estimator is a classifier:
      vectors counted from labels.
    - "vectors": the means of `Word2VecVectorizer`'s vectors, trained on the texts and
      on `unlabeled`.
    - "pretrained": the means of the vectors that are given; several are "pretrained1",
      "pretrained2" and so on.

    In these means, words weigh as in TF-IDF.

    The rows of TF-IDF have length 1.  The others are centred, and their lengths have
    the root mean square 0.3, of "classes" less where there are few labels; or 1 for
    pretrained vectors, and for vectors trained on `unlabeled` texts, too, which know
    more than the texts with labels tell.  Document frequencies are those of the texts
    with labels, since words that these do not have must not take away from the others.

    A fit takes two to four times as long as one of TF-IDF and LinearSVC.  With dozens
    of classes, each against the rest, nearly all of its time goes to the last step;
    there ``set_params(estimator__multi_class="crammer_singer", estimator__tol=0.2)``
    is as accurate and takes half of it.

    For probabilities, wrap it, ``CalibratedClassifierCV(text_pipeline())``, or give
    another estimator, such as ``LogisticRegression(C=10)``.  Where documents
    may have several labels, give ``OneVsRestClassifier(LinearSVC())``.  A block is left
    out by ``set_params(blocks__vectors="drop")``.

    `X` holds strings, in any container: documents that are tokens already have no
    characters between them, and are refused.

    Examples
    --------
    >>> from sklearn_embed import text_pipeline
    >>> texts = ["a fine film", "fine and funny", "a dull film", "dull and long"] * 5
    >>> model = text_pipeline(random_state=0).fit(texts, [1, 1, 0, 0] * 5)
    >>> model.predict(["a funny film", "long and dull"])
    array([1, 0])
    >>> [name for name, _ in model["blocks"].transformer_list]
    ['words', 'characters', 'classes', 'vectors']
    """
    if isinstance(unlabeled, Iterator):
        raise ValueError(
            "unlabeled is an iterator, which the first step would use up: give a list."
        )
    last = _last_step(estimator, random_state)
    # "I", "a" and punctuation tell styles apart.
    pattern = WORDS_AND_MARKS if tokenizer is None else DEFAULT_PATTERN
    words = OneHotTokens(ngram_range=(1, 2), tokenizer=tokenizer, token_pattern=pattern)
    characters = OneHotTokens(analyzer="char", ngram_range=(3, 5))
    blocks: list[tuple[str, Any]] = [
        ("words", _tfidf(words)),
        ("characters", _tfidf(characters)),
    ]
    cut: dict[str, Any] = {
        "tokenizer": tokenizer,
        "n_jobs": n_jobs,
        "random_state": random_state,
    }
    if is_classifier(last):
        classes = (
            ("rows", WordClassVectorizer(token_pattern=pattern, **cut)),
            ("scaler", BlockScaler(0.3, shrinkage=200)),
        )
        blocks.append(("classes", Pipeline([*classes])))
    trained = MeanPoolEmbedder(
        Word2VecVectorizer(**cut),
        weights="idf",
        normalize=True,
        center=True,
        scale=0.3 if unlabeled is None else 1.0,
        unlabeled=unlabeled,
        n_jobs=n_jobs,
    )
    blocks.append(("vectors", trained))
    blocks += _pretrained(pretrained, unlabeled, tokenizer, n_jobs)
    steps = [
        ("texts", Texts()),
        ("blocks", FeatureUnion(blocks)),
        ("estimator", last),
    ]
    return Pipeline(steps, memory=memory, verbose=verbose)


def _last_step(estimator, random_state):
    """Return the model at the end."""
    if isinstance(estimator, str):
        if estimator == "classifier":
            # Labels are predicted alike from 0.001 to 0.03, where it stops sooner.
            return LinearSVC(tol=0.01, random_state=random_state)
        if estimator == "regressor":
            ridge = Ridge(solver="sparse_cg", tol=1e-3)
            return GridSearchCV(ridge, {"alpha": [0.3, 1.0, 3.0, 10.0]}, cv=3)
        raise ValueError(
            f"estimator={estimator!r} must be 'classifier', 'regressor' or an "
            "estimator."
        )
    if not hasattr(estimator, "fit") or isinstance(estimator, type):
        raise TypeError(
            f"estimator={estimator!r} must be 'classifier', 'regressor' or an "
            "estimator, such as LinearSVC()."
        )
    return estimator


def _tfidf(counts):
    """Return what makes unit TF-IDF rows of counts."""
    tfidf = TfidfTransformer(sublinear_tf=True)
    return Pipeline([("counts", counts), ("tfidf", tfidf)])


def _pretrained(pretrained, unlabeled, tokenizer, n_jobs):
    """Return the blocks of vectors from elsewhere."""
    sources = pretrained if isinstance(pretrained, (list, tuple)) else [pretrained]
    sources = [source for source in sources if source is not None]
    return [
        (
            f"pretrained{number if len(sources) > 1 else ''}",
            MeanPoolEmbedder(
                source,
                weights="idf",
                normalize=True,
                center=True,
                scale=1.0,
                tokenizer=None if cuts_texts(source) else tokenizer,
                unlabeled=unlabeled,
                n_jobs=n_jobs,
            ),
        )
        for number, source in enumerate(sources, 1)
    ]
