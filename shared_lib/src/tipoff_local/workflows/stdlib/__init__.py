"""The standard library (docs: Standard library overview): a table from documented name to function."""

from tipoff_local.workflows.stdlib import collections, connectors, helpers, http, system, text, time_math
from tipoff_local.workflows.stdlib.policies import FUNCTION_VALUES, PREDICATES
from tipoff_local.workflows.stdlib.registry import FUNCTIONS, Function, Parameter

__all__ = ["FUNCTIONS", "FUNCTION_VALUES", "PREDICATES", "Function", "Parameter"]

# Importing a module of the library declares its functions.
MODULES = (collections, connectors, helpers, http, system, text, time_math)
