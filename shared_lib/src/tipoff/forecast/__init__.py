"""Prediction systems, distributions, calibration and evaluation: pure, without I/O."""
