"""Builds what is deployed (`dist/`) and generates the files that are kept in git."""

from tipoff_ops.build.project import Project, find_project

__all__ = ["Project", "find_project"]
