"""The library versions that a trained bundle depends on."""

from tipoff.forecast import boosting
from tipoff.forecast.features import REQUIRED

FEATURE_NAMES: tuple[str, ...] = REQUIRED


def library_versions() -> dict[str, str]:
    """The installed versions of the libraries of the prediction systems."""
    return boosting.libraries()
