# SPDX-License-Identifier: BSD-3-Clause
"""
N-gram language models
======================

A language model gives a probability to each next word, and with that to a text:

.. math::

   p(x) = \\prod_i p(x_i \\mid x_1, \\ldots, x_{i-1})

:class:`~sklearn_embed.NGramLanguageModel` looks at the last few words only and counts.
Its counts are smoothed by interpolated modified Kneser and Ney's method, which asks how
many different words came before a word and not only how often it was seen. It takes a
second to fit and is the mark for every network.
"""

# %%
# Perplexity
# ----------
# How surprised is the model by new text? As if it had to choose among so many words
# that are all as likely. Longer contexts help until they are too rare to have been
# counted.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_embed import NGramLanguageModel, TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

train = TokenizedDocuments.from_documents(load_docstrings(subset="train").data)
test = TokenizedDocuments.from_documents(load_docstrings(subset="test").data)
model = NGramLanguageModel(5).fit(train)
vocabulary = list(model.vocabulary_)  # one for all, see below
orders = [1, 2, 3, 4, 5]
shuffled = train[np.random.default_rng(0).permutation(len(train))]
sizes = [2000, 8000, len(train)]
figure, axes = plt.subplots()
for size in sizes:
    perplexities = [
        NGramLanguageModel(order, vocabulary=vocabulary, min_count=1)
        .fit(shuffled[:size])
        .perplexity(test)
        for order in orders
    ]
    axes.plot(orders, perplexities, marker="o", label=f"{size:,} paragraphs")
axes.set(xlabel="order (words looked at, the next one included)", ylabel="perplexity")
axes.set(yscale="log", xticks=orders)
_ = axes.legend()

# %%
# Perplexities compare only with one vocabulary: words outside of it are one word,
# "unknown", and the smaller the vocabulary, the easier the task. So much of the text is
# unknown:

print(
    f"perplexity {model.perplexity(test):.0f}, unknown {model.unknown_share(test):.1%}"
)

# %%
# What comes next
# ---------------

pd.DataFrame(
    {
        prefix: [f"{word} {p:.2f}" for word, p in model.predict_next(prefix, topn=5)]
        for prefix in ("the number of", "return the", "an array of", "must be")
    }
)

# %%
# The same along a sentence: in each column the likeliest words, in the frame the one
# that follows, below it its probability.

from sklearn_embed.plotting import NextWordsDisplay

_ = NextWordsDisplay.from_estimator(model, "returns the number of elements in the list")

# %%
# Generated text
# --------------
# Draw a word, add it, draw the next. A low temperature prefers what is probable.

for temperature in (0.3, 1.0):
    for seed in (0, 1):
        words = model.sample(
            "the index", 25, temperature=temperature, random_state=seed
        )
        print(f"{temperature}:", " ".join(words))

# %%
# It reads well for as long as the context reaches and forgets what it was about.
#
# Which text is odd?
# ------------------
# The mean log-probability a word says how much a text is like those of training.

texts = [
    "returns the index of the first element of the array",
    "the array returns index of first the element of the",
    "the cat is sitting on the roof of the house",
]
lengths = [len(text.split()) + 1 for text in texts]
pd.DataFrame(
    {"text": texts, "log p a word": model.score_samples(texts) / lengths}
).round(2)

# %%
# What goes wrong
# ---------------
# - **Comparing perplexities** of different vocabularies or tokenisations means nothing.
# - **Memory** grows with the different n-grams; `max_memory` bounds it while counting.
# - **Far words** are out of reach: a pronoun's person, an opened bracket, the topic.
#
# References
# ----------
# Kneser and Ney (1995), "Improved backing-off for m-gram language modeling". Chen and
# Goodman (1999), "An empirical study of smoothing techniques for language modeling".
