"""Whether an execution may write log entries.

Without the permission the entries are lost and the execution goes on
(https://cloud.google.com/workflows/docs/log-workflow#access_control).
"""

import logging

from tipoff_local.errors import ApiError
from tipoff_local.iam.access import Access, Caller

_LOG = logging.getLogger(__name__)


def may_log(access: Access, caller: Caller, execution: str) -> bool:
    """Check logging.logEntries.create. A refusal is a warning in the log of the server."""
    try:
        access.check(caller, "workflowexecutions.log")
    except ApiError as error:
        _LOG.warning("%s: log entries are lost: %s", execution, error.message)
        return False
    return True
