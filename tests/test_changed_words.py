"""A list of words that has been changed after fit leads no kernel beyond its rows."""

import pytest
from estimators import CLASSIFIERS, ESTIMATORS
from sklearn.base import clone

from sklearn_embed import (
    NGramLanguageModel,
    RecurrentLanguageModel,
    WindowLanguageModel,
)

TEXTS = ["the cat sat down", "the dog sat down", "a cat and a dog"] * 4
LABELS = [0, 1, 0] * 4
ASKED = ["x99 x50", "the cat"]
MODELS = [
    *ESTIMATORS,
    *CLASSIFIERS,
    NGramLanguageModel(2, min_count=1),
    WindowLanguageModel(4, min_count=1, epochs=1, hidden_size=4, random_state=0),
    RecurrentLanguageModel(4, min_count=1, epochs=1, hidden_size=4, random_state=0),
]


def longer(words):
    words.extend(f"x{i}" for i in range(100))


def shorter(words):
    del words[2:]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("change", [longer, shorter])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_changed_words_are_refused_or_play_no_part(model, change):
    fitted = clone(model).fit(TEXTS, LABELS)
    if not isinstance(getattr(fitted, "words_", None), list):
        return
    asked = [
        getattr(fitted, name)
        for name in ("transform", "predict_proba", "predict", "score_samples")
        if hasattr(fitted, name)
    ]
    before = [ask(ASKED) for ask in asked]
    change(fitted.words_)
    for ask, rows in zip(asked, before, strict=True):
        try:
            again = ask(ASKED)
        except ValueError as error:
            assert "has become one of" in str(error) or "changed" in str(error)
        else:
            assert abs(again - rows).max() == 0
