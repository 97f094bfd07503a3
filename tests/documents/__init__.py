"""Variants of documents that people really have. tests/documents/README.md says how to add one."""
