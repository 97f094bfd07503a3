"""One rendered page for all tests of this folder."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tipoff.site import ReportData, render


def load_sample() -> ModuleType:
    """The module `sample.py` beside this file (tests are not a package)."""
    spec = importlib.util.spec_from_file_location("page_sample", Path(__file__).with_name("sample.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def data() -> ReportData:
    report = load_sample().report()
    assert isinstance(report, ReportData)
    return report


@pytest.fixture(scope="session")
def html(data: ReportData) -> str:
    return render(data)
