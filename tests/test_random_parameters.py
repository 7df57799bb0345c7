"""Whatever the parameters: a fit with finite rows, or an error that names one."""

# SPDX-License-Identifier: BSD-3-Clause

import pytest
from hypothesis import HealthCheck, given, settings
from random_parameters import CLASSES, cases, problem_of, values_of


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_any_parameters_end_in_a_fit_or_in_a_named_error(cls):
    @settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases([cls]))
    def run(case):
        assert problem_of(case) is None, case

    run()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_parameter_is_searched(cls):
    params = cls.__init__.__kwdefaults__.keys()
    assert params <= cls._parameter_constraints.keys()
    for name, constraints in cls._parameter_constraints.items():
        for strategy in values_of(name, constraints):
            strategy.validate()
