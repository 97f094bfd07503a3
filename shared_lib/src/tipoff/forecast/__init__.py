"""Prediction systems, distributions, calibration and evaluation: pure, no input or output of its own."""
