"""Senses of words by their vectors in context: a part of ``contextual.py``.

See there for what is compared.
"""

# SPDX-License-Identifier: BSD-3-Clause

import re

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from sklearn_embed import TokenizedDocuments

WINDOW, MOST, NEAREST = 5, 400, 5

#: Vectors of occurrences: names, parameters, neighbours that they are averaged with.
PLAIN, NORMALIZED = {"normalize_layers": False}, {"normalize_layers": True}
SENSE_VECTORS = (
    ("layer 1", PLAIN | {"layers": 1}, 0),
    ("layer 2", PLAIN | {"layers": 2}, 0),
    ("layers 1, 2", PLAIN | {"layers": [1, 2]}, 0),
    ("layer 2 ±5", PLAIN | {"layers": 2}, 5),
    ("layers 0, 2 ±5, normalized", NORMALIZED | {"layers": [0, 2]}, 5),
)

#: Words that are tested; those that layers and window were chosen by follow.
TESTED = "bank", "plant", "spring"

#: Beginnings of cue words of two senses each.
CUES = {
    "bank": (
        "money financ loan invest deposit credit currency monetary banking account",
        "river stream shore tributar valley flow bridge creek",
    ),
    "plant": (
        "factory factories nuclear manufactur industr produc assembl power electric",
        "species flower leaves leaf seed root garden botan tree fruit",
    ),
    "spring": (
        "season summer autumn winter april march semester offensive",
        "water steel coil mineral river geotherm mechanical elastic",
    ),
    "cell": (
        "protein dna gene membran bacteri tissue blood biolog enzyme organism",
        "prison prisoner jail inmate phone mobile cellular network battery guard",
    ),
    "court": (
        "judge law legal justice appeal crimin lawyer trial ruling supreme",
        "king queen prince duke palace royal emperor nobl",
    ),
    "mass": (
        "physic energy gravit particle star kilogram veloc density atom momentum",
        "church cathol priest liturg pope altar mary bishop",
    ),
    "bass": (
        "guitar drum album band vocal song music",
        "fish lake river trout catch species fishing",
    ),
    "star": (
        "galax planet orbit astronom telescop luminos solar mass",
        "film actor actress movie televis show comed drama",
    ),
    "rock": (
        "band album guitar song music singer concert",
        "granit limeston geolog sediment volcan mineral cliff mountain erosion",
    ),
    "organ": (
        "church pipe organist music keyboard bach choir",
        "heart liver kidney transplant tissue patient blood brain",
    ),
    "pitch": (
        "note tone music sound frequenc melod",
        "cricket football stadium batsm bowl rugby footbal match",
    ),
    "tank": (
        "army armour armor gun infantry battl soldier regiment division",
        "water fuel gas oil liquid storage tanks pump",
    ),
    "capital": (
        "invest market stock financ loan fund econom",
        "province city cities region empire emperor population dynasty",
    ),
    "plane": (
        "pilot airport crash flight airlin aircraft passenger",
        "geometr euclid projectiv parallel axis vector coordinat curve",
    ),
    "race": (
        "driver lap formula horse cyclist car circuit championship",
        "ethnic racial black white negro racis color slave",
    ),
    "letter": (
        "alphabet vowel consonant pronounc latin greek script",
        "wrote sent written king friend president publish reply",
    ),
    "shell": (
        "artiller explos gun fired bomb battery cannon",
        "snail mollus species egg turtle sea animal",
    ),
    "seal": (
        "state flag arms emblem coat document wax",
        "whale animal hunt fur walrus species fish",
    ),
    "party": (
        "elect parliament political vote democrat communist liberal",
        "birthday guest dance christmas dress night girl friend",
    ),
}


def is_cue(tokens, beginnings):
    """Return for each token whether it is a cue word."""
    return np.array([token.startswith(tuple(beginnings.split())) for token in tokens])


def labelled_occurrences(X, word):
    """Return documents, positions and senses of the first clear occurrences."""
    owners, positions, senses, counts = [], [], [], [0, 0]
    for number, tokens in enumerate(X):
        if word not in tokens:
            continue
        cues = [is_cue(tokens, beginnings) for beginnings in CUES[word]]
        for place in np.flatnonzero(np.array(tokens) == word)[:1]:
            far = np.ones(len(tokens), bool)
            far[max(0, place - WINDOW) : place + WINDOW + 1] = False
            for sense in (0, 1):
                clear = (cues[sense] & far).any() and not cues[1 - sense].any()
                if clear and counts[sense] < MOST // 2:
                    counts[sense] += 1
                    owners.append(number)
                    positions.append(place)
                    senses.append(sense)
    return np.array(owners), np.array(positions), np.array(senses)


def shares_of_neighbours(rows, senses):
    """Return for each occurrence how many of the nearest are of the same sense."""
    rows = normalize(rows - rows.mean(axis=0))
    similar = rows @ rows.T
    np.fill_diagonal(similar, -2)
    nearest = senses[np.argsort(-similar, axis=1)[:, :NEAREST]] == senses[:, None]
    return nearest.mean(axis=1)


def balanced(shares, senses):
    """Return the mean over both senses of the mean, and its standard error."""
    parts = [shares[senses == sense] for sense in (0, 1)]
    variance = sum(part.var(ddof=1) / len(part) for part in parts) / 4
    return np.mean([part.mean() for part in parts]), np.sqrt(variance)


def show_senses(word, texts, model, w2v, pattern):
    """Print how well occurrences of a sense lie together; return the differences."""
    vectors = w2v.to_word_vectors()
    found = [text for text in texts if re.search(rf"(?i)\b{word}\b", text)]
    some = TokenizedDocuments.from_documents(found, token_pattern=pattern)
    owners, positions, senses = labelled_occurrences(some, word)
    chosen = some[owners]
    print(f"\n{word}: {np.bincount(senses)} occurrences of each sense")
    windows = []
    for tokens, place in zip(chosen, positions, strict=True):
        around = tokens[max(0, place - WINDOW) : place]
        around += tokens[place + 1 : place + 1 + WINDOW]
        rows = vectors.rows(around)
        windows.append(vectors.vectors[rows[rows >= 0]].mean(axis=0))
    base, gains = shares_of_neighbours(np.array(windows), senses), {}
    print(f"{'words ±5':>26} {balanced(base, senses)[0]:.3f}")
    for name, params, window in SENSE_VECTORS:
        model.set_params(**params)
        tokens = model.transform_tokens(chosen, window=window)
        rows = tokens.vectors[tokens.offsets[:-1] + positions]
        shares = shares_of_neighbours(rows, senses)
        gain, error = balanced(shares - base, senses)
        gains[name] = gain
        share = balanced(shares, senses)[0]
        print(f"{name:>26} {share:.3f} {gain:+.3f} ± {error:.3f}", flush=True)
    return gains


def show_all_senses(words, texts, model, w2v, pattern):
    """Print the senses of words, and how often each kind of vector is better."""
    words, fixed = words or TESTED, (texts, model, w2v, pattern)
    if "others" in words:
        words = [word for word in CUES if word not in TESTED]
    gains = pd.DataFrame([show_senses(word, *fixed) for word in words])
    print(f"\nAll {len(words)}")
    for name, column in gains.items():
        print(f"{name:>26} {column.mean():+.3f}, better on {(column > 0).sum()}")
