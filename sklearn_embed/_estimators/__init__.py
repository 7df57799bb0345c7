"""The scikit-learn surface: one file an estimator."""

# SPDX-License-Identifier: BSD-3-Clause
