"""Compiled loops that train."""

# SPDX-License-Identifier: BSD-3-Clause
