"""Every estimator against every promise: ours, and scikit-learn's own checks."""

import numpy as np
import pytest
from estimators import (
    CLASSIFIERS,
    ESTIMATORS,
    LANGUAGE_MODELS,
    every_estimator,
    name_of,
)
from sklearn.base import clone, is_classifier
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_embed import (
    ContextualVectorizer,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    NGramLanguageModel,
    OneHotTokens,
    PPMIVectorizer,
    RecurrentClassifier,
    RecurrentLanguageModel,
    WindowLanguageModel,
    Word2VecVectorizer,
    WordClassVectorizer,
)
from sklearn_embed.testing import check_each_wrapper_takes_documents, text_checks

# What scikit-learn asks of matrices of numbers and documents cannot answer.
NO_NUMBER_OF_FEATURES = "documents have no number of features"
NO_NUMBERS = "documents hold no numbers"
NOT_OURS = {
    "check_n_features_in": NO_NUMBER_OF_FEATURES,
    "check_n_features_in_after_fitting": NO_NUMBER_OF_FEATURES,
    "check_transformer_general": NO_NUMBER_OF_FEATURES,
    "check_estimators_empty_data_messages": NO_NUMBER_OF_FEATURES,
    "check_fit1d": "one dimension is what documents have",
    "check_fit2d_predict1d": "one dimension is what documents have",
    "check_complex_data": NO_NUMBERS,
    "check_estimators_nan_inf": NO_NUMBERS,
}
NOT_A_CLASSIFIERS = {
    name: NOT_OURS[name]
    for name in (
        "check_n_features_in",
        "check_n_features_in_after_fitting",
        "check_estimators_empty_data_messages",
        "check_fit1d",
        "check_fit2d_predict1d",
        "check_estimators_nan_inf",
    )
} | {
    "check_sample_weight_equivalence_on_dense_data": (
        "one step for a document of weight 2 is not two steps, nor in their order"
    ),
}
NOT_OF_WORD_CLASSES = NOT_OURS | {
    "check_transformer_data_not_an_array": "fit_transform is cross-fitted",
    "check_complex_data": None,  # refused, since its labels are no classes
}


@every_estimator
@pytest.mark.parametrize("check", text_checks(), ids=lambda check: check.__name__)
def test_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_wrappers_take_our_classifiers(classifier):
    check_each_wrapper_takes_documents(classifier)


@pytest.mark.parametrize("model", LANGUAGE_MODELS, ids=name_of)
@pytest.mark.parametrize("check", text_checks(), ids=lambda check: check.__name__)
def test_contract_of_language_models(model, check):
    check(model)


def as_documents(X):
    """Turn the rows of a matrix into strings; leave everything else to ourselves."""
    if hasattr(X, "__array__") or (isinstance(X, list) and isinstance(X[0], list)):
        X = np.asarray(X)
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return [str(row) for row in X]
    return X


class OverNumbers:
    """Makes documents of the rows of a matrix; stands left of an estimator.

    An honest text estimator says that it takes no matrices, and is spared nearly all
    of scikit-learn's checks.  With this it claims to take them.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def fit(self, X, y=None):
        return super().fit(as_documents(X), y)

    def transform(self, X):
        return super().transform(as_documents(X))

    def fit_transform(self, X, y=None):
        return self.fit(X, y).transform(X)


class OneHotTokensOverNumbers(OverNumbers, OneHotTokens):
    pass


class GloVeVectorizerOverNumbers(OverNumbers, GloVeVectorizer):
    pass


class PPMIVectorizerOverNumbers(OverNumbers, PPMIVectorizer):
    pass


class Word2VecVectorizerOverNumbers(OverNumbers, Word2VecVectorizer):
    def partial_fit(self, X, y=None):
        return super().partial_fit(as_documents(X), y)


class ContextualVectorizerOverNumbers(OverNumbers, ContextualVectorizer):
    def partial_fit(self, X, y=None):
        return super().partial_fit(as_documents(X), y)


class FastTextVectorizerOverNumbers(OverNumbers, FastTextVectorizer):
    def partial_fit(self, X, y=None):
        return super().partial_fit(as_documents(X), y)


class MeanPoolEmbedderOverNumbers(OverNumbers, MeanPoolEmbedder):
    pass


class WordClassVectorizerOverNumbers(OverNumbers, WordClassVectorizer):
    def fit(self, X, y, sample_weight=None):
        return WordClassVectorizer.fit(self, as_documents(X), y, sample_weight)

    def fit_transform(self, X, y, sample_weight=None):
        X = as_documents(X)
        return WordClassVectorizer.fit_transform(self, X, y, sample_weight)


class LanguageModelOverNumbers:
    """Counts columns, too, as FastTextClassifierOverNumbers does."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def fit(self, X, y=None):
        super().fit(as_documents(X), y)
        self.n_columns_ = np.asarray(X).shape[1:]
        return self

    def score(self, X, y=None):
        return super().score(self.counted(X), y)

    def score_samples(self, X):
        return super().score_samples(self.counted(X))

    def counted(self, X):
        if hasattr(self, "n_columns_") and np.asarray(X).shape[1:] != self.n_columns_:
            raise ValueError(
                f"{np.asarray(X).shape[1:]} features instead of {self.n_columns_}"
            )
        return as_documents(X)


class NGramLanguageModelOverNumbers(LanguageModelOverNumbers, NGramLanguageModel):
    pass


class NetworkOverNumbers(LanguageModelOverNumbers):
    def partial_fit(self, X, y=None):
        super().partial_fit(as_documents(X), y)
        self.n_columns_ = np.asarray(X).shape[1:]
        return self


class WindowLanguageModelOverNumbers(NetworkOverNumbers, WindowLanguageModel):
    pass


class RecurrentLanguageModelOverNumbers(NetworkOverNumbers, RecurrentLanguageModel):
    pass


class ClassifierOverNumbers:
    """Counts columns, too: some checks end where nobody does."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def fit(self, X, y, sample_weight=None):
        super().fit(as_documents(X), y, sample_weight)
        return self.count(X)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        X_new = self.counted(X) if hasattr(self, "n_columns_") else as_documents(X)
        super().partial_fit(X_new, y, classes, sample_weight)
        return self.count(X)

    def decision_function(self, X):
        return super().decision_function(self.counted(X))

    def predict_proba(self, X):
        return super().predict_proba(self.counted(X))

    def predict(self, X):
        return super().predict(self.counted(X))

    def count(self, X):
        self.n_columns_ = np.asarray(X).shape[1:]
        return self

    def counted(self, X):
        if hasattr(self, "n_columns_") and np.asarray(X).shape[1:] != self.n_columns_:
            raise ValueError(
                f"{np.asarray(X).shape[1:]} features instead of {self.n_columns_}"
            )
        return as_documents(X)


class FastTextClassifierOverNumbers(ClassifierOverNumbers, FastTextClassifier):
    pass


class RecurrentClassifierOverNumbers(ClassifierOverNumbers, RecurrentClassifier):
    pass


def over_numbers(estimator):
    """Return the estimator as one that takes matrices, every number a token."""
    params = clone(estimator).get_params(deep=False)
    owner = params["embedding"] if hasattr(params.get("embedding"), "fit") else params
    owner.update(token_pattern=r"\S+") if owner is params else owner.set_params(
        token_pattern=r"\S+"
    )
    return globals()[f"{type(estimator).__name__}OverNumbers"](**params)


def label_of(check):
    """Name a check, with the arguments that it is called with."""
    options = getattr(check, "keywords", {})
    shown = [f"{name}={value}" for name, value in options.items()]
    return "-".join([getattr(check, "func", check).__name__, *shown])


def scikit_learn_checks():
    """Return scikit-learn's checks of one estimator of each class."""
    cases = []
    for one in {
        type(e): e for e in reversed(ESTIMATORS + CLASSIFIERS + LANGUAGE_MODELS)
    }.values():
        for estimator, check in estimator_checks_generator(over_numbers(one)):
            name = getattr(check, "func", check).__name__
            if name == "check_array_api_input":
                continue  # documents are no array of the array API
            marks = ()
            reason = NOT_OURS.get(name)
            if is_classifier(one):
                reason = NOT_A_CLASSIFIERS.get(name)
            if isinstance(one, WordClassVectorizer):
                reason = NOT_OF_WORD_CLASSES.get(name)
            if hasattr(one, "score_samples") and name == "check_fit2d_predict1d":
                reason = None  # nothing is predicted
            if reason is not None:
                marks = pytest.mark.xfail(reason=reason, strict=True)
            label = f"{type(estimator).__name__}-{label_of(check)}"
            cases.append(pytest.param(estimator, check, marks=marks, id=label))
    return cases


@pytest.mark.filterwarnings("ignore:.*documents have no known word")
@pytest.mark.filterwarnings("ignore:.*words .* are unknown. their vectors")
@pytest.mark.parametrize(("estimator", "check"), scikit_learn_checks())
def test_scikit_learn_check(estimator, check):
    check(clone(estimator))
