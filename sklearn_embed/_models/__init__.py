"""What is trained: plain objects that know no estimator."""

# SPDX-License-Identifier: BSD-3-Clause
