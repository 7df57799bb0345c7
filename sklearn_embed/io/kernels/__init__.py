"""Compiled loops over files."""

# SPDX-License-Identifier: BSD-3-Clause
