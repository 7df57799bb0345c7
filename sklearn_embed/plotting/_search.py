"""What a search over hyperparameters found."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_embed.plotting._search_drawing import (
    draw_heatmap,
    draw_lines,
    draw_points,
    draw_ranking,
    name_best,
    write_title,
)
from sklearn_embed.plotting._search_table import ABSENT, Table, key_of
from sklearn_embed.plotting._style import axes_for, require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRAW = {
    "lines": draw_lines,
    "heatmap": draw_heatmap,
    "points": draw_points,
    "ranking": draw_ranking,
}
_MOST_LINES = 7
_MOST_CELLS = 15


class SearchDisplay:
    """Scores of a search over one, two or more hyperparameters.

    It is recommended to use :meth:`from_estimator` or :meth:`from_cv_results`.

    Parameters
    ----------
    candidates : sequence of dict
        The parameters of each candidate.
    means : array-like of shape (n_candidates,)
        Mean score of each; NaN where fitting failed.
    errors : array-like of shape (n_candidates,)
        Standard deviation of each over the splits.
    params : sequence of str
        The parameters to show.
    metric : str, default="score"
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        Around it.
    kind_ : {"lines", "heatmap", "points", "ranking"}
        What was drawn.
    best_params_ : dict
        The shown parameters of the best candidate.

    Notes
    -----
    Where the search varied more parameters than are shown, each shown combination
    stands for its best candidate.  Of a halving search, the last round of each
    candidate counts.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_embed import OneHotTokens
    >>> from sklearn_embed.plotting import SearchDisplay
    >>> texts = ["good film", "bad film", "a good cast", "a bad plot"] * 5
    >>> y = [1, 0] * 10
    >>> pipeline = make_pipeline(OneHotTokens(), LogisticRegression())
    >>> grid = {"logisticregression__C": [0.01, 0.1, 1]}
    >>> search = GridSearchCV(pipeline, grid, cv=2).fit(texts, y)
    >>> display = SearchDisplay.from_estimator(search)
    >>> display.kind_
    'lines'
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        candidates: Sequence[dict[str, Any]],
        means: ArrayLike,
        errors: ArrayLike,
        params: Sequence[str],
        *,
        metric: str = "score",
    ) -> None:
        self.candidates = candidates
        self.means = means
        self.errors = errors
        self.params = params
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        params: str | Sequence[str] | None = None,
        *,
        metric: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> SearchDisplay:
        """Draw the scores of a fitted search.

        Parameters
        ----------
        search : GridSearchCV, RandomizedSearchCV or the like
            Fitted: with `cv_results_`.
        params : str, sequence of str or None, default=None
            The parameters to show.  None: all that vary.
        metric : str or None, default=None
            Which score, where there are several.  None: the one to refit by, or the
            first.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        SearchDisplay
        """
        if not hasattr(search, "cv_results_"):
            raise TypeError(f"{type(search).__name__} has no cv_results_: fit it first")
        refit = getattr(search, "refit", None)
        if metric is None and isinstance(refit, str):
            metric = refit
        return cls.from_cv_results(
            search.cv_results_, params, metric=metric, ax=ax, **kwargs
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Any,
        params: str | Sequence[str] | None = None,
        *,
        metric: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> SearchDisplay:
        """Draw scores from the results of a search.

        Parameters
        ----------
        cv_results : dict or DataFrame
            As `cv_results_` of scikit-learn's searches.
        params : str, sequence of str or None, default=None
            The parameters to show.  None: all that vary.
        metric : str or None, default=None
            Which score, where there are several.  None: the first.
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        SearchDisplay
        """
        require_matplotlib()
        known = [k[10:] for k in cv_results if k.startswith("mean_test_")]
        if not known:
            raise ValueError("cv_results holds no mean_test_… scores")
        metric = known[0] if metric is None else metric
        if metric not in known:
            raise ValueError(f"metric must be one of {known}; it is {metric!r}")
        rows = _last_rounds(cv_results)
        candidates = [cv_results["params"][i] for i in rows]
        means = np.asarray(cv_results[f"mean_test_{metric}"], np.float64)[rows]
        errors = np.asarray(cv_results[f"std_test_{metric}"], np.float64)[rows]
        params = _params_to_show(candidates, params)
        name = metric.replace("_", " ")
        display = cls(candidates, means, errors, params, metric=name)
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "auto",
        n_candidates: int = 20,
        title: str | None = None,
    ) -> SearchDisplay:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw.  None: a new figure.
        kind : {"auto", "lines", "heatmap", "points", "ranking"}, default="auto"
            How.

            - "lines": score over the first parameter, a line for each value of the
              second; bars are the standard deviation over the splits.
            - "heatmap": score and standard deviation in the cells of a table of two
              parameters.
            - "points": the score as the colour of points whose place two numeric
              parameters give: for random searches.
            - "ranking": the best candidates one below the other, for any number of
              parameters.
            - "auto": whichever of these suits the number of parameters and values.
        n_candidates : int, default=20
            How many candidates a ranking shows.
        title : str or None, default=None
            Above the picture, where the best candidate is named as well.

        Returns
        -------
        self : SearchDisplay
        """
        table = self._table()
        if kind == "auto":
            kind = _suitable_kind(table)
        if kind not in _DRAW:
            raise ValueError(f"kind must be one of {['auto', *_DRAW]}; it is {kind!r}")
        needed = {"lines": (1, 2), "heatmap": (2,), "points": (2,)}.get(kind)
        if needed and len(self.params) not in needed:
            raise ValueError(
                f"kind={kind!r} shows {' or '.join(map(str, needed))} parameters, not "
                f"{len(self.params)}: choose them with params=, or kind='ranking'"
            )
        size = (8.0, 5.0)
        if kind == "ranking":
            table = table.sorted(n_candidates)
            size = (9.0, 1.4 + 0.34 * len(table.means))
        ax = axes_for(ax, size)
        best = int(np.nanargmax(table.means))
        self.best_params_ = dict(zip(self.params, table.values[best], strict=True))
        _DRAW[kind](ax, table, best)
        # A ranking has the best on top and its numbers below.
        write_title(ax, title, None if kind == "ranking" else name_best(table, best))
        self.kind_ = kind
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _table(self):
        """Return one row for each combination of shown values: its best candidate."""
        if not np.isfinite(np.asarray(self.means, np.float64)).any():
            raise ValueError("no candidate has a score: every fit failed")
        best = {}
        order = np.argsort(-np.asarray(self.means, np.float64), kind="stable")
        for i in order:
            values = tuple(self.candidates[i].get(name, ABSENT) for name in self.params)
            best.setdefault(tuple(map(key_of, values)), (int(i), values))
        rows = sorted(best.values(), key=lambda row: row[0])
        numbers = [i for i, _ in rows]
        return Table(
            self.params,
            [values for _, values in rows],
            np.asarray(self.means, np.float64)[numbers],
            np.asarray(self.errors, np.float64)[numbers],
            self.metric,
        )


def _last_rounds(cv_results):
    """Return the candidates' rows; of a halving search, those of their last round."""
    params = list(cv_results["params"])
    if "iter" not in cv_results:
        return np.arange(len(params))
    last = {}
    for i in np.argsort(cv_results["iter"], kind="stable"):
        last[tuple(sorted((k, key_of(v)) for k, v in params[i].items()))] = i
    return np.sort(list(last.values()))


def _params_to_show(candidates, params):
    """Return the names of parameters, checked; None: those that vary."""
    names = list(dict.fromkeys(name for each in candidates for name in each))
    if params is None:
        varied = [
            name
            for name in names
            if len({key_of(each.get(name, ABSENT)) for each in candidates}) > 1
        ]
        return varied or names[:1]
    params = [params] if isinstance(params, str) else list(params)
    for name in params:
        if name not in names:
            raise ValueError(f"the search had no parameter {name!r}, but {names}")
    if not params:
        raise ValueError("params is empty: there is nothing to show")
    return params


def _suitable_kind(table):
    """Choose how to draw by the number of parameters and of their values."""
    if len(table.params) == 1:
        return "lines"
    if len(table.params) > 2:
        return "ranking"
    n_first, n_second = (len(table.axis(k)[0]) for k in range(2))
    if n_second <= _MOST_LINES:
        return "lines"
    if max(n_first, n_second) <= _MOST_CELLS:
        return "heatmap"
    return "points" if table.is_numeric(0) and table.is_numeric(1) else "ranking"
