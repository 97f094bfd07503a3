"""The files of a source that Tipoff does not have; `test_new_source` adds them to a copy of the repository."""
