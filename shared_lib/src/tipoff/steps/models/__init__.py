"""Trained models: where they are stored, and the rows they are trained on."""
