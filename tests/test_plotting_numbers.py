"""Losses, similarities, searches and analogies are drawn as they are."""

# SPDX-License-Identifier: BSD-3-Clause

import matplotlib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pictures import CHINESE, FAMILY, RESULTS, boxes_of, many, n_overlaps
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from sklearn_embed import RecurrentLanguageModel, Word2VecVectorizer
from sklearn_embed.plotting import (
    AnalogyDisplay,
    LossCurveDisplay,
    NextWordsDisplay,
    SearchDisplay,
    SimilarityDisplay,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    model = Word2VecVectorizer(
        8, min_count=1, epochs=3, early_stopping=True, random_state=0
    )
    return model.fit(texts)


# ---------------------------------------------------------------- loss


def test_both_losses_are_drawn_over_epochs_from_one(model):
    display = LossCurveDisplay.from_estimator(model)
    assert_array_equal(display.line_.get_xdata(), [1, 2, 3])
    assert_array_equal(display.line_.get_ydata(), model.loss_curve_)
    held_out = model.validation_loss_curve_
    assert_array_equal(display.validation_line_.get_ydata(), held_out)
    assert display.best_.get_offsets()[0, 0] == np.argmin(held_out) + 1


def test_curves_of_two_models_have_two_colours():
    first = LossCurveDisplay([3.0, 2.0], [3.0, 2.5], name="a").plot()
    second = LossCurveDisplay([4.0, 1.0], name="b").plot(ax=first.ax_)
    assert first.line_.get_color() == first.validation_line_.get_color()
    assert first.line_.get_color() != second.line_.get_color()
    assert second.best_ is None
    labels = [text.get_text() for text in first.ax_.get_legend().get_texts()]
    assert {"a, training", "a, validation", "b, training"} <= set(labels)


def test_what_was_not_trained_has_no_losses():
    with pytest.raises(TypeError, match="no loss_curve_"):
        LossCurveDisplay.from_estimator(Word2VecVectorizer())


# ---------------------------------------------------------------- language models

SENTENCES = ["the cat sat", "the dog sat down", "the cat ran"] * 20


def language_model(**params):
    model = RecurrentLanguageModel(4, hidden_size=5, epochs=2, random_state=0, **params)
    return model.fit(SENTENCES)


def test_a_language_model_has_a_curve_of_perplexities():
    fitted = language_model(early_stopping=True)
    display = LossCurveDisplay.from_estimator(fitted)
    assert_allclose(display.line_.get_ydata(), np.exp(fitted.loss_curve_))
    held_out = np.exp(fitted.validation_loss_curve_)
    assert_allclose(display.validation_line_.get_ydata(), held_out)
    assert display.ax_.get_ylabel() == "perplexity"
    plain = LossCurveDisplay.from_estimator(fitted, perplexity=False)
    assert_array_equal(plain.line_.get_ydata(), fitted.loss_curve_)


def test_losses_against_drawn_words_are_no_perplexities():
    drawn = language_model(loss="sampled_softmax", negative=3)
    display = LossCurveDisplay.from_estimator(drawn)
    assert_array_equal(display.line_.get_ydata(), drawn.loss_curve_)
    assert display.ax_.get_ylabel() == "mean loss"
    judged = language_model(loss="sampled_softmax", early_stopping=True)
    display = LossCurveDisplay.from_estimator(judged)
    assert display.line_ is None
    held_out = np.exp(judged.validation_loss_curve_)
    assert_allclose(display.validation_line_.get_ydata(), held_out)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_next_words_are_those_that_the_model_predicts(direction):
    fitted = language_model(direction=direction)
    display = NextWordsDisplay.from_estimator(fitted, "The zebra sat", topn=9)
    assert display.words == ["the", "zebra = <unk>", "sat", "</s>"]
    expected = np.exp(fitted.log_proba(["the zebra sat"])[0])
    assert_allclose(display.probabilities, expected)
    names = ["the", "<unk>", "sat", "</s>"]
    for name, share, column in zip(
        names, display.probabilities, display.candidates, strict=True
    ):
        assert dict(column)[name] == pytest.approx(share, rel=1e-5)
    assert len(display.frames_) == 4
    assert len(display.texts_) == sum(map(len, display.candidates))
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels[0].startswith("the\n")
    assert labels[3].startswith("(end)\n")


def test_what_cannot_be_shown_of_next_words_is_refused():
    fitted = language_model()
    with pytest.raises(ValueError, match="at most 29"):
        NextWordsDisplay.from_estimator(fitted, "the " * 30)
    with pytest.raises(ValueError, match="topn=0"):
        NextWordsDisplay.from_estimator(fitted, "the", topn=0)
    with pytest.raises(TypeError, match="no predict_next"):
        NextWordsDisplay.from_estimator(Word2VecVectorizer(), "the")
    with pytest.raises(ValueError, match="one for each word"):
        NextWordsDisplay(["a"], [0.1, 0.2], [[("a", 0.1)]]).plot()


# ---------------------------------------------------------------- similarity


def test_similarities_are_cosines_and_the_diagonal_is_blank():
    display = SimilarityDisplay.from_estimator(FAMILY, order="given")
    matrix = np.array(list(FAMILY.values()))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    assert_allclose(display.similarities, matrix @ matrix.T, rtol=1e-6)
    assert display.image_.get_array().mask.diagonal().all()
    assert len(display.texts_) == 30
    assert display.colorbar_ is not None


def test_similar_words_stand_side_by_side():
    display = SimilarityDisplay.from_estimator(FAMILY, ["cat", "man", "dog", "woman"])
    assert abs(display.rows.index("cat") - display.rows.index("dog")) == 1
    assert abs(display.rows.index("man") - display.rows.index("woman")) == 1


def test_rows_and_columns_may_differ():
    display = SimilarityDisplay.from_estimator(
        FAMILY, ["cat", "dog"], ["man", "woman", "king"], numbers=False
    )
    assert display.image_.get_array().shape == (2, 3)
    assert not np.ma.is_masked(display.image_.get_array())
    assert display.texts_ == []


def test_a_large_heat_map_has_no_names():
    display = SimilarityDisplay.from_estimator(many(), n_words=100, order="given")
    assert len(display.ax_.get_xticks()) == 0
    assert display.texts_ == []


def test_a_heat_map_of_nothing_sensible_is_refused():
    with pytest.raises(ValueError, match="order"):
        SimilarityDisplay.from_estimator(FAMILY, order="random")
    with pytest.raises(ValueError, match=r"shape \(1, 2\)"):
        SimilarityDisplay(np.eye(2), ["a"], ["b", "c"]).plot()


# ---------------------------------------------------------------- search


def test_one_parameter_is_a_line_with_the_spread_of_the_best():
    display = SearchDisplay.from_cv_results(RESULTS, "a")
    assert display.kind_ == "lines"
    [bars] = display.ax_.containers
    assert_array_equal(bars.lines[0].get_xdata(), [1, 10, 100])
    assert_allclose(bars.lines[0].get_ydata(), [0.2, 0.6, 0.5])
    heights = [np.ptp(s[:, 1]) / 2 for s in bars.lines[2][0].get_segments()]
    assert_allclose(heights, [0.02, 0.03, 0.06])
    assert display.ax_.get_xscale() == "log"
    assert display.best_params_ == {"a": 10}
    assert "best: 0.600 ± 0.030 (a 10)" in display.ax_.get_title()


def test_two_parameters_are_lines_or_a_table():
    display = SearchDisplay.from_cv_results(RESULTS)
    assert len(display.ax_.containers) == 2
    assert display.best_params_ == {"a": 10, "b": "x"}
    low, high = display.ax_.get_ylim()
    assert low < 0.1 < 0.6 < high < 1
    display.plot(kind="heatmap")
    image = display.ax_.images[0].get_array()
    assert_allclose(image, [[0.1, 0.6, 0.3], [0.2, 0.4, 0.5]])


def test_many_parameters_are_a_ranking():
    params = [{"s__a": i, "s__b": i % 2, "t__c": [i]} for i in range(5)]
    results = {
        "params": [*params, {"s__a": 9}],
        "mean_test_score": [0.1, 0.5, np.nan, 0.4, 0.2, 0.3],
        "std_test_score": [0.1] * 6,
    }
    display = SearchDisplay.from_cv_results(results, title="all")
    assert display.kind_ == "ranking"
    assert display.ax_.get_title() == "all"
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == [
        "a 1, b 1, c [1]",
        "a 3, b 1, c [3]",
        "a 9",
        "a 4, b 0, c [4]",
        "a 0, b 0, c [0]",
    ]
    assert len(display.plot(n_candidates=2).ax_.get_yticks()) == 2
    assert display.ax_.get_title() == ""


def test_a_random_search_is_points_in_the_colour_of_their_score():
    rng = np.random.default_rng(0)
    params = [dict(zip("ab", pair, strict=True)) for pair in rng.uniform(size=(30, 2))]
    results = pd.DataFrame(
        {
            "params": params,
            "mean_test_score": rng.uniform(size=30),
            "std_test_score": rng.uniform(size=30),
        }
    )
    display = SearchDisplay.from_cv_results(results)
    assert display.kind_ == "points"
    assert_allclose(
        display.ax_.collections[0].get_array(), results["mean_test_score"].to_numpy()
    )


def test_a_large_grid_is_a_heat_map():
    params = [{"a": a, "b": b} for a in range(3) for b in range(9)]
    results = {
        "params": params,
        "mean_test_score": np.arange(27.0),
        "std_test_score": np.ones(27),
    }
    assert SearchDisplay.from_cv_results(results).kind_ == "heatmap"


def test_the_last_round_of_a_halving_search_counts():
    results = {
        "params": [{"a": 1}, {"a": 2}, {"a": 2}],
        "iter": np.array([0, 0, 1]),
        "mean_test_score": np.array([0.5, 0.9, 0.6]),
        "std_test_score": np.zeros(3),
    }
    [bars] = SearchDisplay.from_cv_results(results).ax_.containers
    assert_array_equal(bars.lines[0].get_ydata(), [0.5, 0.6])


def test_the_score_to_refit_by_is_the_one_shown():
    class Search:
        refit = "f1"
        cv_results_ = {
            "params": [{"a": None}, {"a": LogisticRegression()}, {"a": len}],
            "mean_test_accuracy": [0.1, 0.2, 0.3],
            "std_test_accuracy": [0, 0, 0],
            "mean_test_f1": [0.6, 0.5, 0.4],
            "std_test_f1": [0, 0, 0],
        }

    display = SearchDisplay.from_estimator(Search())
    assert display.ax_.get_ylabel() == "f1"
    ticks = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert ticks == ["None", "LogisticRegression", "len"]
    with pytest.raises(ValueError, match="metric must be one of"):
        SearchDisplay.from_estimator(Search(), metric="recall")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SearchDisplay.from_estimator(PCA()), TypeError, "fit it first"),
        (
            lambda: SearchDisplay.from_cv_results({"params": []}),
            ValueError,
            "mean_test",
        ),
        (
            lambda: SearchDisplay.from_cv_results(RESULTS, "c"),
            ValueError,
            "no parameter 'c'",
        ),
        (lambda: SearchDisplay.from_cv_results(RESULTS, []), ValueError, "empty"),
        (
            lambda: SearchDisplay.from_cv_results(RESULTS, kind="pie"),
            ValueError,
            "kind must be",
        ),
        (
            lambda: SearchDisplay.from_cv_results(RESULTS, "a", kind="heatmap"),
            ValueError,
            "shows 2 parameters",
        ),
        (
            lambda: SearchDisplay([{"a": 1}], [np.nan], [np.nan], ["a"]).plot(),
            ValueError,
            "every fit failed",
        ),
    ],
)
def test_a_search_that_cannot_be_shown_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


# ---------------------------------------------------------------- analogy


def test_the_parallelogram_is_one_and_its_step_is_level():
    display = AnalogyDisplay.from_estimator(FAMILY, "man", "woman", "king")
    assert display.words[display.answer] == "queen"
    man, woman, king = display.positions[:3]
    assert_allclose(display.target, woman - man + king)
    assert woman[1] - man[1] == pytest.approx(0, abs=1e-9)
    assert woman[0] > man[0]
    assert king[1] > man[1]
    assert "man is to woman as king is to queen" in display.title
    assert len(display.arrows_) == 2


def test_labels_of_an_analogy_keep_off_its_arrows():
    display = AnalogyDisplay.from_estimator(FAMILY, "man", "woman", "king")
    display.figure_.canvas.draw()
    man = display.labels_[0].get_window_extent()
    x, _ = display.ax_.transData.transform(display.positions[0])
    assert man.x1 <= x or man.y0 > man.y1
    assert n_overlaps(boxes_of(display.labels_)) == 0


def test_pairs_are_drawn_as_steps():
    pairs = [("man", "woman"), ("king", "queen")]
    display = AnalogyDisplay.from_pairs(FAMILY, pairs)
    assert display.pairs == [(0, 1), (2, 3)]
    assert len(display.arrows_) == 2
    assert display.target is None


def test_vectors_of_one_dimension_still_have_a_picture():
    display = AnalogyDisplay.from_estimator(
        {"a": [1.0], "b": [2.0], "c": [-1.0], "d": [4.0]}, "a", "b", "c"
    )
    assert np.isfinite(display.positions).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: AnalogyDisplay.from_estimator(FAMILY, "man", "man", "king"),
            ValueError,
            "must differ",
        ),
        (
            lambda: AnalogyDisplay.from_estimator(FAMILY, "man", "moose", "king"),
            KeyError,
            "moose",
        ),
        (
            lambda: AnalogyDisplay.from_estimator(CHINESE, *CHINESE),
            ValueError,
            "no further word",
        ),
        (lambda: AnalogyDisplay.from_pairs(FAMILY, ["man"]), ValueError, "two words"),
    ],
)
def test_an_analogy_that_cannot_be_drawn_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
