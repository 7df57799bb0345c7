# SPDX-License-Identifier: BSD-3-Clause
"""
A bank is not a bank: senses of a word by its context
=====================================================

Word2Vec has one vector for *bank*. A pair of language models has one for each place
where it stands: near those where it means the same.
"""

# %%
# Sentences with words of two senses
# ----------------------------------
# Made by a small grammar, so that the sense of each sentence is known. Both senses
# share most of their words; what tells them apart may stand before or after.

import random

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import ContextualVectorizer, Word2VecVectorizer
from sklearn_embed.plotting import ContextualSensesDisplay

GRAMMAR = {
    "bank, money": "clerk customer lawyer farmer; borrowed from|owed coins to|paid a "
    "loan at|asked; bank; for credit|about interest|with a cheque",
    "bank, river": "heron fisherman farmer otter; swam to|rested on|walked along|"
    "fished from; bank; of the stream|with wet feet|between the reeds",
    "spring, season": "gardener farmer teacher visitor; waited for|dreamed of|loved|"
    "missed; spring; after a long winter|with its blossoms|and the warm days",
    "spring, water": "shepherd farmer visitor deer; drank from|knelt at|found|"
    "passed; spring; among the rocks|with its cold water|below the hill",
}
ENDS = ["", "again", "this year", "in the evening", "like everybody else"]


def sentence(sense, draw):
    """Write one sentence."""
    who, does, what, where = GRAMMAR[sense].split("; ")
    parts = ["the", draw.choice(who.split()), draw.choice(does.split("|")), "the", what]
    # Often only one side tells.
    hidden = draw.choice(["left", "right", "neither"])
    if hidden == "left":
        parts[1:3] = [draw.choice(["farmer", "visitor"]), "saw"]
    if hidden != "right":
        parts.append(draw.choice(where.split("|")))
    return " ".join([*parts, draw.choice(ENDS)]).strip()


draw = random.Random(0)
senses = [draw.choice(list(GRAMMAR)) for _ in range(3000)]
texts = [sentence(sense, draw) for sense in senses]
pd.DataFrame({"sense": senses, "text": texts}).head(6)

# %%
# One vector, or one for each place
# ---------------------------------

shared = {"min_count": 1, "random_state": 0}
static = Word2VecVectorizer(32, **shared).fit(texts)
model = ContextualVectorizer(32, hidden_size=32, epochs=8, **shared)
_ = model.fit(texts)
static.most_similar("bank", topn=5)

# %%
# Word2Vec's neighbours are of both senses at once. In context, layer 1, only those
# tokens that are *bank*, too:

_ = model.set_params(layers=1)
for asked in (
    "the farmer saw the bank between the reeds",
    "the lawyer asked the bank in the evening",
):
    print(asked)
    for match in model.most_similar_in_context(
        asked, "bank", texts[:1000], topn=3, among=["bank"]
    ):
        sense = senses[match.document]
        print(f"    {match.similarity:.2f}  {match.context}  ({sense})")

# %%
# Both in one picture
# -------------------

display = ContextualSensesDisplay.from_estimator(
    model, texts[:600], "bank", labels=senses[:600]
)

# %%
# Which layer knows the sense?
# ----------------------------
# The share of right senses by a logistic regression of the word's own vector, and by
# its five nearest neighbours. Layer 0 is the same everywhere:

regression = LogisticRegression(max_iter=1000)
rows = {}
for layer in (0, 1, 2):
    model.set_params(layers=layer)
    rows[layer] = {}
    for word in ("bank", "spring"):
        found = model.occurrences(texts, word, max_occurrences=600)
        y = np.array(senses)[found.documents]
        for name, learner in (
            ("logistic regression", make_pipeline(StandardScaler(), regression)),
            ("5 neighbours", KNeighborsClassifier(5, metric="cosine")),
        ):
            right = cross_val_score(learner, found.vectors, y, cv=4).mean()
            rows[layer][word, name] = right
pd.DataFrame(rows).T.rename_axis("layer").round(3)
