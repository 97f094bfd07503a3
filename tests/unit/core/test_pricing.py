"""Any line can be priced from the 19 quantiles of a prediction row."""

import numpy as np
import pytest

from tipoff.core.predictions import Quantile
from tipoff.core.pricing import prob_over, prob_push, prob_under
from tipoff.forecast import distributions as dist

LEVELS = [round(0.05 * step, 2) for step in range(1, 20)]
LARGEST_ERROR = 0.014


def of_mean(mean: float) -> dist.Distribution:
    means = np.array([mean])
    return dist.Distribution(dist.negative_binomial(means, dist.VarianceLaw().variance(means))[0])


@pytest.mark.parametrize("mean", [1.0, 2.5, 6.0, 12.0, 20.0, 27.5, 33.0])
def test_a_line_is_priced_as_by_the_whole_distribution(mean: float) -> None:
    exact = of_mean(mean)
    quantiles = [Quantile(level, exact.quantile(level)) for level in LEVELS]
    for half_points in range(121):
        line = half_points / 2
        assert prob_over(quantiles, line) == pytest.approx(exact.prob_over(line), abs=LARGEST_ERROR), line
        assert prob_push(quantiles, line) == pytest.approx(exact.prob_push(line), abs=LARGEST_ERROR), line
        total = prob_over(quantiles, line) + prob_push(quantiles, line) + prob_under(quantiles, line)
        assert total == pytest.approx(1.0)


def test_what_is_no_distribution_is_refused() -> None:
    for quantiles in ([], [Quantile(0.5, 10.0)], [Quantile(0.5, 10.0), Quantile(0.9, 8.0)]):
        with pytest.raises(ValueError, match="quantiles"):
            prob_over(quantiles, 9.5)
