"""Compiled loops over text."""

# SPDX-License-Identifier: BSD-3-Clause
