"""Pooling by its definition, in float64."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


def power_mean(vectors, shares, power, by_number):
    """Equation 1 of Rücklé et al. (2018), with weights; real roots."""
    if np.isinf(power):
        extreme = np.max if power > 0 else np.min
        return extreme(shares[:, None] * vectors, axis=0)
    total = len(shares) if by_number else shares.sum()
    mean = shares @ vectors**power / total
    return np.sign(mean) * np.abs(mean) ** (1 / power)


def pool(recipe, documents, row_of, weights, vectors):
    """Pool lists of token ids; ``row_of`` leads into weights and vectors."""
    vectors, weights = np.asarray(vectors, float), np.asarray(weights, float)
    rows = np.full((len(documents), recipe.n_columns(vectors.shape[1])), recipe.fill)
    for s, ids in enumerate(documents):
        words = [row_of[i] for i in ids if row_of[i] >= 0 and weights[row_of[i]]]
        if words:
            rows[s] = pool_document(recipe, vectors[words], weights[words])
    return finish(rows, recipe)


def pool_document(recipe, vectors, shares):
    """Pool the vectors of one document."""
    weighted = shares[:, None] * vectors
    if recipe.kind == "concat":
        row = np.zeros(recipe.max_length * vectors.shape[1])
        first = weighted[: recipe.max_length].ravel()
        row[: len(first)] = first
        return row
    if recipe.kind == "power":
        parts = [
            power_mean(vectors, shares, power, recipe.by_number)
            for power in recipe.powers
        ]
        return np.concatenate(parts)
    if recipe.kind == "mean":
        return weighted.sum(0) / (len(shares) if recipe.by_number else shares.sum())
    return getattr(weighted, recipe.kind)(axis=0)


def finish(rows, recipe):
    """Remove components and normalise."""
    if recipe.components is not None:
        strengths = np.ones(len(recipe.components))
        if recipe.strengths is not None:
            strengths = np.asarray(recipe.strengths, float)
        components = np.asarray(recipe.components, float)
        rows = rows - rows @ components.T @ np.diag(strengths) @ components
    if recipe.normalize:
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        rows = rows / np.where(lengths == 0, 1, lengths)
    return rows


def sif_embedding(documents, vectors, counts, a):
    """Algorithm 1 of Arora et al. (2017), on lists of words."""
    total = sum(counts.values())
    rows = np.array(
        [
            np.mean([a / (a + counts[w] / total) * vectors[w] for w in words], axis=0)
            for words in documents
        ]
    )
    u = np.linalg.svd(rows)[2][0]
    return rows - rows @ np.outer(u, u)


def usif_embedding(documents, vectors, counts, m):
    """Algorithm 1 of Ethayarajh (2018), on lists of words."""
    total, n_words = sum(counts.values()), len(counts)
    p = {word: count / total for word, count in counts.items()}
    length = np.mean([len(words) for words in documents])
    threshold = 1 - (1 - 1 / n_words) ** length
    alpha = sum(share > threshold for share in p.values()) / n_words
    a = (1 - alpha) / (alpha * 0.5 * n_words)
    rows = np.array(
        [
            np.mean([a / (0.5 * a + p[w]) * vectors[w] for w in words], axis=0)
            for words in documents
        ]
    )
    _, sigma, axes = np.linalg.svd(rows)
    result = rows.copy()
    for i in range(m):
        share = sigma[i] ** 2 / np.sum(sigma[:m] ** 2)
        result -= share * rows @ np.outer(axes[i], axes[i])
    return result


def mutual_info_weights(documents, words, labels):
    """0.1 + sqrt(I / max I), I less its bias; documents are lists of words."""
    n, classes = len(labels), sorted(set(labels))
    found = []
    for word in words:
        has = [word in document for document in documents]
        total = 0.0
        for occurs in (True, False):
            for label in classes:
                pairs = list(zip(has, labels, strict=True))
                both = pairs.count((occurs, label)) / n
                if both:
                    apart = has.count(occurs) / n * labels.count(label) / n
                    total += both * np.log(both / apart)
        found.append(max(total - (len(classes) - 1) / (2 * n), 0) * any(has))
    return 0.1 + np.sqrt(np.array(found) / max(found))


def joined_rows(rows, scale):
    """Rows without their mean, of a root mean square length; zeros do not count."""
    rows = np.asarray(rows, float)
    some = rows.any(axis=1)
    centred = np.where(some[:, None], rows - rows[some].mean(axis=0), 0)
    lengths = np.linalg.norm(centred[some], axis=1)
    return centred / np.sqrt(np.mean(lengths**2)) * scale
