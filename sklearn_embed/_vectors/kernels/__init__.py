"""Compiled loops over vectors."""

# SPDX-License-Identifier: BSD-3-Clause
