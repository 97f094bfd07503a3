"""Trains on the simulated rows once per session."""

from datetime import date

import pytest
from tests.unit.forecast.simulated_rows import league

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.training import TrainingTable, fit_bundle

BEFORE = date(2025, 1, 1)


@pytest.fixture(scope="session")
def table() -> TrainingTable:
    """6,000 slate rows of three made-up seasons."""
    return league()


@pytest.fixture(scope="session")
def bundle(table: TrainingTable) -> ModelBundle:
    """Everything trained on the rows before 2025."""
    return fit_bundle(table, BEFORE)
