"""What a trained bundle is tied to: the feature list and the libraries that read it."""

from tipoff.forecast import boosting
from tipoff.forecast.features import REQUIRED

FEATURE_NAMES: tuple[str, ...] = REQUIRED


def library_versions() -> dict[str, str]:
    """Installed versions of the libraries a bundle was trained with."""
    return boosting.libraries()
