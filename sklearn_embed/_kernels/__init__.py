"""Compiled loops: arrays in, arrays changed in place; numpy and numba only."""

# SPDX-License-Identifier: BSD-3-Clause
