"""Vector operations, and the functions that are made of them, in both widths."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sklearn_embed._core import simd
from sklearn_embed._core.compile import kernel
from sklearn_embed._core.numeric import EXP, LOG1P, decay, log1p_unit

TINY = np.float64(np.finfo(np.float32).tiny)


@kernel
def exp_and_log1p(x, up, down, logs):
    for i in range(0, len(x), simd.WIDTH):
        v = simd.load(x, i)
        more, less = simd.exp(v)
        simd.store(up, i, more)
        simd.store(down, i, less)
        simd.store(logs, i, simd.log1p(simd.least(more, less)))


@kernel
def plain_decay(x, out):
    for i in range(len(x)):
        out[i] = decay(x[i])


@kernel
def plain_log1p(x, out):
    for i in range(len(x)):
        out[i] = log1p_unit(x[i])


@kernel
def arithmetic(a, b, out):
    x, y = simd.load(a, 0), simd.load(b, 0)
    simd.store(out, 0, simd.add(x, y))
    simd.store(out, simd.WIDTH, simd.subtract(x, y))
    simd.store(out, 2 * simd.WIDTH, simd.multiply(x, y))
    simd.store(out, 3 * simd.WIDTH, simd.divide(x, y))
    simd.store(out, 4 * simd.WIDTH, simd.least(x, y))
    simd.store(out, 5 * simd.WIDTH, simd.greatest(x, y))
    simd.store(out, 6 * simd.WIDTH, simd.fill(a[0]))
    simd.store_sums(out, 7 * simd.WIDTH, (x, y, simd.add(x, y)))


def relative(found, expected):
    return np.abs(found - expected) / np.maximum(np.abs(expected), TINY)


def through_chebyshev_nodes(function, low, high, n):
    """Return the coefficients of a polynomial, that of x**0 first."""
    angles = (2 * np.arange(n) + 1) * np.pi / (2 * n)
    x = (low + high) / 2 + (high - low) / 2 * np.cos(angles)
    return np.linalg.solve(np.vander(x, increasing=True), function(x))


def test_the_coefficients_come_from_where_their_comment_says():
    half = np.log(2) / 2
    c = through_chebyshev_nodes(np.exp, -half, half, 6)
    np.testing.assert_allclose(EXP, c[2:], rtol=1e-6)
    np.testing.assert_allclose(c[:2], [1.00000008, 1.00000001], atol=5e-9)
    c = through_chebyshev_nodes(lambda x: np.log1p(x) / x, 0, 1, 9)
    np.testing.assert_allclose(LOG1P, c, rtol=1e-5)


def test_the_polynomials_are_as_good_as_their_comment_says():
    r = np.linspace(-np.log(2) / 2, np.log(2) / 2, 100_001)
    y = 1 + r + sum(np.float64(c) * r**k for k, c in enumerate(EXP, 2))
    assert relative(y, np.exp(r)).max() < 2.1e-7
    x = np.linspace(0, 1, 100_001)[1:]
    y = sum(np.float64(c) * x**k for k, c in enumerate(LOG1P, 1))
    assert relative(y, np.log1p(x)).max() < 7.9e-8


def test_exp_and_log1p_keep_their_bounds():
    x = np.linspace(-87, 87, 1 << 18).astype(np.float32)
    up, down, logs = (np.empty_like(x) for _ in range(3))
    exp_and_log1p(x, up, down, logs)
    exact = x.astype(np.float64)
    # Beyond 10 the reduction of the argument, in float32, adds to the error.
    near = np.abs(exact) <= 10
    assert relative(up, np.exp(exact))[near].max() < 5e-7
    assert relative(down, np.exp(-exact))[near].max() < 5e-7
    assert relative(up, np.exp(exact)).max() < 5e-6
    least = np.minimum(up, down).astype(np.float64)
    assert relative(logs, np.log1p(least)).max() < 2e-7


def test_plain_functions_keep_their_bounds():
    x = np.linspace(0, 10, 1 << 18).astype(np.float32)
    out = np.empty_like(x)
    plain_decay(x, out)
    assert relative(out, np.exp(-x.astype(np.float64))).max() < 5e-7
    x /= 10
    plain_log1p(x, out)
    assert relative(out, np.log1p(x.astype(np.float64))).max() < 2e-7


def test_nan_stays_nan():
    x = np.full(simd.WIDTH, np.nan, np.float32)
    results = [np.zeros_like(x) for _ in range(5)]
    exp_and_log1p(x, *results[:3])
    plain_decay(x, results[3])
    plain_log1p(x, results[4])
    assert np.isnan(results).all()


def test_arithmetic_is_numpys():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, simd.WIDTH)).astype(np.float32)
    out = np.zeros(8 * simd.WIDTH, np.float32)
    arithmetic(a, b, out)
    rows = out.reshape(8, -1)
    expected = [a + b, a - b, a * b, a / b, np.minimum(a, b), np.maximum(a, b)]
    np.testing.assert_allclose(rows[:6], expected, rtol=3e-7)
    assert (rows[6] == a[0]).all()
    sums = [a.sum(), b.sum(), (a + b).sum()]
    np.testing.assert_allclose(rows[7, :3], sums, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif("SKLEARN_EMBED_SIMD_WIDTH" in os.environ, reason="this is it")
@pytest.mark.parametrize(
    "files",
    [
        ["test_simd.py"],
        ["test_kernel_word2vec.py"],
        ["test_kernel_classifier.py", "test_kernel_glove.py"],
    ],
    ids=lambda files: files[-1],
)
def test_kernels_agree_with_their_twins_in_the_other_width(files):
    width = 24 - simd.WIDTH
    folder = Path(__file__).parent
    tests = [str(folder / name) for name in files]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "SKLEARN_EMBED_SIMD_WIDTH": str(width)}
    done = subprocess.run(
        [*command, f"--rootdir={folder.parent}"],
        env=environment,
        capture_output=True,
        text=True,
        cwd=folder.parent,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
