"""Trained models: the store that loads them, and the table that they are trained on."""
