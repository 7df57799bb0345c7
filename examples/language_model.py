# SPDX-License-Identifier: BSD-3-Clause
"""
A language model and its text
=============================

Interpolated Kneser–Ney n-grams on English and Russian sentences: what comes next, how
surprising is a text, and what the model writes by itself.
"""

# %%
# On documentation
# ----------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV

from sklearn_embed import NGramLanguageModel, TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

train = TokenizedDocuments.from_documents(
    load_docstrings(subset="train").data, token_pattern=r"[\w']+|[.,;:()]"
)
search = GridSearchCV(NGramLanguageModel(), {"order": [1, 2, 3, 5]}, cv=2)
search.fit(train)
table = pd.DataFrame(search.cv_results_)[["param_order", "mean_test_score"]]
table["perplexity"] = np.exp(-table["mean_test_score"]).round(1)
table

# %%
# `score` is the mean log-probability a word: a search works on it as on any other.
#
# Word by word
# ------------
# Where is the model surprised?

model = search.best_estimator_
sentence = "returns the number of rows of the blue elephant ."
words = [*sentence.split(), "(end)"]
surprise = -model.log_proba([sentence.split()])[0] / np.log(2)
figure, axes = plt.subplots(figsize=(6.4, 3))
axes.bar(range(len(words)), surprise)
axes.set_xticks(range(len(words)), words, rotation=30)
_ = axes.set_ylabel("bits")

# %%
# What it writes
# --------------

for temperature in (0.5, 1.0, 1.5):
    print(
        temperature,
        " ".join(
            model.sample(
                "the function returns", 30, temperature=temperature, random_state=2
            )
        ),
    )

# %%
# In Russian
# ----------
# A few proverbs are enough to see the mechanism: where sentences share words, the model
# crosses over from one to another.

PROVERBS = """тише едешь дальше будешь
без труда не вытащишь и рыбку из пруда
не имей сто рублей а имей сто друзей
слово не воробей вылетит не поймаешь
не зная броду не суйся в воду
в гостях хорошо а дома лучше
не всё то золото что блестит
в тихом омуте не без рыбки"""
russian = NGramLanguageModel(3, min_count=1).fit(PROVERBS.splitlines())
drawn = [
    " ".join(russian.sample(n_words=12, temperature=0.6, random_state=seed))
    for seed in range(12)
]
print(*sorted(set(filter(None, drawn))), sep="\n")
