# SPDX-License-Identifier: BSD-3-Clause
"""
Recurrent language models
=========================

:class:`~sklearn_embed.RecurrentLanguageModel` reads one word after the other and keeps
a state, so that nothing limits how far back a word may lie. With vector :math:`e_t` of
the word and state :math:`h_t`,

.. math::

   h_t = \\tanh(W_e e_t + W_h h_{t-1} + b), \\qquad
   p(x_{t+1} \\mid x_1, \\ldots, x_t) = \\operatorname{softmax}(U h_t + c).

Slopes of this plain network vanish or explode over many steps. GRU and LSTM have gates
that decide what is kept; in an LSTM,

.. math::

   c_t = f_t \\circ c_{t-1} + i_t \\circ \\tilde c_t,
   \\qquad h_t = o_t \\circ \\tanh c_t,

with gates :math:`i, f, o` between 0 and 1. Exploding slopes are clipped: if their
common norm is above a threshold :math:`\\theta`, :math:`\\hat g \\leftarrow \\theta
\\hat g / \\lVert \\hat g \\rVert`.
"""

# %%
# Three cells and a counter
# -------------------------
# 2,500 paragraphs, a vocabulary of 2,000 words, the rest "unknown". Perplexity on other
# paragraphs, beside an n-gram model with the same vocabulary:

import time

import numpy as np
import pandas as pd

from sklearn_embed import (
    NGramLanguageModel,
    RecurrentLanguageModel,
    TokenizedDocuments,
)
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.plotting import LossCurveDisplay, NextWordsDisplay

texts = load_docstrings(subset="train").data
some = np.random.default_rng(0).permutation(len(texts))
train = TokenizedDocuments.from_documents([texts[i] for i in some[:2500]])
test = TokenizedDocuments.from_documents(load_docstrings(subset="test").data[::20])
counter = NGramLanguageModel(5, max_features=2000, min_count=1).fit(train)
shared = {"max_features": 2000, "min_count": 1, "epochs": 3, "random_state": 0}
models = {"n-grams of 5": counter}
for cell in ("rnn", "gru", "lstm"):
    models[cell] = RecurrentLanguageModel(50, cell=cell, hidden_size=100, **shared)
rows = {}
for name, model in models.items():
    start = time.process_time()
    if model is not counter:
        model.fit(train)
    seconds = time.process_time() - start
    rows[name] = {"perplexity": model.perplexity(test), "seconds": seconds}
pd.DataFrame(rows).T.round(1)

# %%
# On so little text counting is the better model, and it took no time; a network needs
# millions of words and minutes. Perplexity by epoch:

axes = None
for name, model in models.items():
    if model is not counter:
        axes = LossCurveDisplay.from_estimator(model, name=name, ax=axes).ax_

# %%
# What they expect
# ----------------
# In each column the likeliest words, in the frame the one that follows, below it its
# probability:

_ = NextWordsDisplay.from_estimator(
    models["lstm"], "returns the number of elements in the array"
)

# %%
# What they write
# ---------------

for name, model in models.items():
    text = model.sample("returns the", 18, temperature=0.7, random_state=1)
    print(f"{name:>12}: {' '.join(text)}")

# %%
# Both at once
# ------------
# A network and a counter err in different places. Three parts of the counter's
# probability and one of the network's:

both = [
    np.logaddexp(a + np.log(0.75), b + np.log(0.25))
    for a, b in zip(
        counter.log_proba(test), models["lstm"].log_proba(test), strict=True
    )
]
print(f"perplexity of the mixture: {np.exp(-np.mean(np.concatenate(both))):.1f}")

# %%
# What goes wrong
# ---------------
# - **Too little text**: see above. Compare with
#   :class:`~sklearn_embed.NGramLanguageModel`, always.
# - **Plain RNN**: forgets after some words; use GRU or LSTM.
# - **Rates**: without `max_norm` a high rate explodes.
#
# References
# ----------
# Elman (1990), "Finding structure in time". Hochreiter and Schmidhuber (1997), "Long
# short-term memory". Cho et al. (2014), "Learning phrase representations using RNN
# encoder-decoder". Pascanu, Mikolov and Bengio (2013), "On the difficulty of training
# recurrent neural networks". Mikolov et al. (2010), "Recurrent neural network based
# language model".
