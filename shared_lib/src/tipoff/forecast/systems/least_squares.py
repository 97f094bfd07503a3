"""Non-negative least squares."""

import numpy as np

from tipoff.forecast.distributions import Floats


def non_negative(design: Floats, target: Floats, ridge: float = 1e-6) -> Floats:
    """Weights >= 0 minimising |design @ w - target|^2 + ridge * n * |w|^2, shape (design columns,).

    Solved by Lawson-Hanson on the normal equations.
    """
    from scipy.optimize import nnls

    gram = design.T @ design + ridge * len(design) * np.eye(design.shape[1])
    lower = np.linalg.cholesky(gram)
    right = np.linalg.solve(lower, design.T @ target)
    return np.asarray(nnls(lower.T, right)[0], dtype=np.float64)
