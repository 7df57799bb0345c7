"""Every display draws what it says, on any words, and labels never overlap."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from functools import partial

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_embed import MeanPoolEmbedder, Word2VecVectorizer
from sklearn_embed._vectors import WordVectors
from sklearn_embed.plotting import (
    AnalogyDisplay,
    LossCurveDisplay,
    SearchDisplay,
    SimilarityDisplay,
    WordMapDisplay,
    _labels,
    _projection,
    _style,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt

FAMILY = {
    "man": [1.0, 0, 0, 0.1],
    "woman": [1, 1, 0, 0],
    "king": [1, 0, 1, 0],
    "queen": [1, 1, 1, 0.1],
    "cat": [0, 0, 1, 2],
    "dog": [0, 0.1, 1, 2],
}
CHINESE = {"猫": [1.0, 0], "狗": [0.9, 0.1], "cat": [0.8, 0.2]}
RUSSIAN = {"кошка": [1.0, 0], "собака": [0.9, 0.1], "мир": [0, 1.0]}
HOSTILE = [
    "$x$",
    "$\\alpha",
    "_hidden",
    "a\nb\tc",
    "nul\x00",
    "\ud800",
    "שלום",
    "\u202eevil",
    "{}%s<b>",
    "x" * 500,
    "",
    " ",
]
RESULTS = {
    "params": [{"a": a, "b": b} for a in (1, 10, 100) for b in ("x", "y")],
    "mean_test_score": np.array([0.1, 0.2, 0.6, 0.4, 0.3, 0.5]),
    "std_test_score": np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]),
}


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


def many(n=120, seed=0):
    rng = np.random.default_rng(seed)
    counts = np.sort(rng.integers(1, 10_000, n))[::-1]
    words = [f"word{i}" * (1 + i % 3) for i in range(n)]
    return WordVectors(words, rng.normal(size=(n, 5)), counts)


PICTURES = [
    pytest.param(draw, id=name)
    for name, draw in {
        "map": partial(WordMapDisplay.from_estimator, FAMILY, projection="pca"),
        "loss": LossCurveDisplay([2.0, 1.0], [2.5, 1.5]).plot,
        "similarity": partial(SimilarityDisplay.from_estimator, FAMILY),
        "search": partial(SearchDisplay.from_cv_results, RESULTS),
        "analogy": partial(
            AnalogyDisplay.from_estimator, FAMILY, "man", "woman", "king"
        ),
    }.items()
]


def boxes_of(annotations):
    return np.array(
        [a.get_window_extent().extents for a in annotations if a is not None]
    )


def n_overlaps(boxes):
    left, bottom, right, top = boxes.T
    wide = (left[:, None] < right) & (left < right[:, None])
    high = (bottom[:, None] < top) & (bottom < top[:, None])
    return int((wide & high).sum() - len(boxes)) // 2


# ---------------------------------------------------------------- all displays


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_draws_on_the_axes_it_is_given(draw):
    figure, (left, right) = plt.subplots(1, 2)
    display = draw(ax=left)
    assert display.ax_ is left
    assert display.figure_ is figure
    assert not right.has_data()


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_makes_a_figure_if_it_is_given_none(draw):
    display = draw()
    assert display.figure_ is display.ax_.figure
    display.figure_.canvas.draw()


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_draws_in_a_subfigure(draw):
    figure = plt.figure(layout="constrained")
    part, _ = figure.subfigures(1, 2)
    assert draw(ax=part.subplots()).figure_ is part
    figure.canvas.draw()


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_names_the_package_that_is_missing(draw, monkeypatch):
    monkeypatch.setattr(_style, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install sklearn-embed\[plot\]"):
        draw()


@pytest.mark.parametrize("wrap", ["pipeline", "pooled"])
def test_the_embedding_is_found_inside_other_estimators(model, wrap):
    texts, y = ["the cat", "the dog", "a cat"], [0, 1, 0]
    inside = model if wrap == "pipeline" else MeanPoolEmbedder(model)
    outer = make_pipeline(inside, LogisticRegression())
    if wrap == "pipeline":
        outer.steps[1][1].fit(model.transform(texts), y)
    else:
        outer.fit(texts, y)
    display = WordMapDisplay.from_estimator(outer, projection="pca")
    assert display.words == model.words_
    assert LossCurveDisplay.from_estimator(outer).loss == model.loss_curve_


def test_words_of_any_kind_are_drawn_as_they_are_written():
    rng = np.random.default_rng(0)
    vectors = dict(zip(HOSTILE, rng.normal(size=(len(HOSTILE), 3)), strict=True))
    displays = [
        WordMapDisplay.from_estimator(vectors, projection="pca"),
        WordMapDisplay.from_estimator(
            vectors, {f"_{word}": [word] for word in HOSTILE}, projection="pca"
        ),
        SimilarityDisplay.from_estimator(vectors, title="$"),
        AnalogyDisplay.from_estimator(vectors, *HOSTILE[:3], title="$"),
        LossCurveDisplay([1.0, 2.0], name="_$").plot(title="$"),
    ]
    for display in displays:
        display.figure_.canvas.draw()
    shown = {label.get_text() for label in displays[0].labels_ if label is not None}
    assert {"$x$", r"a\nb\tc", r"nul\x00", r"\ud800", "_hidden"} <= shown
    assert len(displays[1].legend_.get_texts()) == len(HOSTILE)


# ---------------------------------------------------------------- fonts


def test_cyrillic_is_drawn_in_the_usual_font():
    display = WordMapDisplay.from_estimator(RUSSIAN, projection="pca")
    display.figure_.canvas.draw()
    assert {label.get_text() for label in display.labels_} == set(RUSSIAN)


def test_characters_without_a_font_are_said_in_one_warning(monkeypatch):
    usual = matplotlib.font_manager.findfont("DejaVu Sans")
    monkeypatch.setattr(
        _style, "_installed_fonts", lambda fresh: {"DejaVu Sans": usual}
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        display = WordMapDisplay.from_estimator(CHINESE, projection="pca")
        display.figure_.canvas.draw()
        display.figure_.canvas.draw()
    [warning] = caught
    assert "2 of the characters to be shown (狗猫)" in str(warning.message)
    assert "fonts-noto-cjk" in str(warning.message)
    assert {label.get_text() for label in display.labels_} == {"□", "cat"}
    assert display.words == list(CHINESE)


def test_a_font_that_has_the_characters_is_used_where_the_usual_one_has_not():
    with matplotlib.rc_context({"font.family": "STIXSizeOneSym"}):
        display = WordMapDisplay.from_estimator(RUSSIAN, projection="pca")
        display.figure_.canvas.draw()
    assert display.labels_[0].get_fontfamily()[0] == "STIXSizeOneSym"
    assert display.labels_[0].get_text() == "кошка"


@pytest.mark.parametrize(
    ("word", "shown"),
    [("a\u2028b", r"a\u2028b"), ("ab" * 40, "ab" * 14 + "a…"), ("naïve", "naïve")],
)
def test_a_word_is_shown_on_one_line_of_bounded_length(word, shown):
    assert _style.printable(word) == shown


# ---------------------------------------------------------------- labels


@settings(deadline=None, max_examples=60)
@given(
    places=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), min_size=1),
    seed=st.integers(0, 99),
)
def test_labels_never_overlap_and_stay_inside(places, seed):
    points = np.array(places, float)
    extents = np.random.default_rng(seed).uniform(4, 60, (len(points), 2))
    dots = np.hstack([points - 2, points + 2])
    frame = np.array([0.0, 0, 300, 200])
    offsets = _labels.arrange(points, dots, extents, frame)
    boxes = [
        np.concatenate([p + o - e / 2, p + o + e / 2])
        for p, o, e in zip(points, offsets, extents, strict=True)
        if o is not None
    ]
    if boxes:
        boxes = np.array(boxes)
        assert n_overlaps(boxes) == 0
        assert (boxes[:, :2] >= -1e-9).all()
        assert (boxes[:, 2:] <= frame[2:] + 1e-9).all()


def test_a_lone_label_stands_close_to_the_right_of_its_point():
    [offset] = _labels.arrange(
        np.array([[50.0, 50]]),
        np.array([[48.0, 48, 52, 52]]),
        np.array([[20.0, 10]]),
        np.array([0.0, 0, 100, 100]),
    )
    assert_allclose(offset, [10 + 2 + _labels.RINGS[0], 0])


@pytest.mark.parametrize("size", [(4, 3), (8, 6)])
def test_labels_of_a_drawn_map_do_not_overlap(size):
    _, ax = plt.subplots(figsize=size, layout="constrained")
    display = WordMapDisplay.from_estimator(many(), projection="pca", ax=ax)
    display.figure_.canvas.draw()
    boxes = boxes_of(display.labels_)
    assert n_overlaps(boxes) == 0
    assert len(boxes) >= 20
    assert display.labels_[0] is not None


def test_the_same_map_is_drawn_twice():
    first, second = (
        WordMapDisplay.from_estimator(many(), projection="tsne") for _ in range(2)
    )
    assert_array_equal(first.positions, second.positions)
    for a, b in zip(first.labels_, second.labels_, strict=True):
        assert (a is None) == (b is None)
        assert a is None or a.xyann == b.xyann


# ---------------------------------------------------------------- word map


def test_frequent_words_come_first_and_stop_words_not_at_all():
    words = ["the", "cat", "of", "dog"]
    vectors = WordVectors(words, np.eye(4), [9, 8, 7, 6])
    display = WordMapDisplay.from_estimator(
        vectors, n_words=2, stop_words="english", projection="pca"
    )
    assert display.words == ["cat", "dog"]
    assert_array_equal(display.counts, [8, 6])
    display = WordMapDisplay.from_estimator(
        vectors, stop_words=["cat"], projection="pca"
    )
    assert display.words == ["the", "of", "dog"]


def test_groups_get_colours_and_a_legend():
    groups = {"people": ["man", "woman", "king"], "animals": ["cat", "dog"]}
    display = WordMapDisplay.from_estimator(FAMILY, groups, projection="pca")
    assert [t.get_text() for t in display.legend_.get_texts()] == list(groups)
    assert [len(p.get_offsets()) for p in display.points_] == [3, 2]
    colors = [tuple(p.get_facecolor()[0]) for p in display.points_]
    assert len(set(colors)) == 2
    assert display.plot(legend=False).legend_ is None


def test_more_groups_than_colours_differ_by_markers():
    looks = {(_style.color_of(k), _style.marker_of(k)) for k in range(40)}
    assert len(looks) == 40


def test_the_number_of_labels_can_be_limited():
    display = WordMapDisplay.from_estimator(FAMILY, projection="pca", n_labels=2)
    assert [label is not None for label in display.labels_] == [True] * 2 + [False] * 4
    assert display.plot(n_labels=99, fontsize=7).labels_[0].get_fontsize() == 7


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"words": "man"}, ValueError, "sequence of str"),
        ({"words": ["man", "moose"]}, KeyError, "'moose'"),
        ({"words": [f"w{i}" for i in range(9)]}, KeyError, "and 4 more"),
        ({"words": []}, ValueError, "empty"),
        ({"stop_words": "klingon"}, ValueError, "klingon"),
        ({"stop_words": list(FAMILY)}, ValueError, "no word is left"),
        ({"projection": "umap"}, ValueError, "umap"),
        ({"projection": PCA(3)}, ValueError, "2 columns"),
    ],
)
def test_a_map_of_nothing_sensible_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        WordMapDisplay.from_estimator(FAMILY, **options)


def test_positions_that_do_not_fit_the_words_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        WordMapDisplay(np.zeros((3, 2)), ["a", "b"]).plot()


@pytest.mark.parametrize("projection", ["pca", "tsne"])
@pytest.mark.parametrize(
    "matrix",
    [np.eye(1), np.eye(2), np.eye(4), np.ones((9, 3)), np.ones((9, 1)), np.eye(7)],
)
def test_any_matrix_has_finite_positions(matrix, projection):
    places = _projection.positions(matrix, projection)
    assert places.shape == (len(matrix), 2)
    assert np.isfinite(places).all()


def test_a_transformer_projects():
    places = _projection.positions(many().vectors, PCA(2, random_state=0))
    assert_allclose(places, PCA(2, random_state=0).fit_transform(many().vectors))


def test_neighbours_stay_together_on_the_map():
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(3, 10)), 20, axis=0)
    places = _projection.positions(centres + 0.05 * rng.normal(size=centres.shape))
    kind = np.repeat(range(3), 20)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert_array_equal(kind[distances.argmin(1)], kind)


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
