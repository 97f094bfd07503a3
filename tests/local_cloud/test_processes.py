"""A child process reports that it is ready on one line, whatever its libraries print."""

import subprocess
import sys

CHILD = """
import os
from tipoff_local.processes import report_ready, send_other_output_to_log
send_other_output_to_log()
os.write(1, b"100% of a progress bar")
report_ready("ready")
"""


def test_only_the_ready_line_reaches_the_parent() -> None:
    """DuckDB's progress bar once came before the line, and the warehouse did not start on a busy machine."""
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ready\n", "100% of a progress bar")
