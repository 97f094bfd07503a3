"""Steps per second of the local Workflows engine: `python tests/performance/bench_workflows.py`.

One execution of 40,000 trivial assign steps through the whole server (journal and step history on disk), read back
with the official client; then 200 executions of five steps, 8 at a time. No assertion: figures only.
"""

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tipoff_local.workflows.context import Clock
from tipoff_local.workflows.engine.executor import Executor
from tipoff_local.workflows.engine.journal import Journal
from tipoff_local.workflows.engine.store import WorkflowRecord

LOOP = """
- init: {assign: [{n: 0}]}
- loop: {for: {value: v, range: [1, 40000], steps: [{add: {assign: [{n: "${n + v}"}]}}]}}
- done: {return: "${n}"}
"""
SMALL = "\n".join(f"- s{n}: {{assign: [{{x: {n}}}]}}" for n in range(5))
PLACE = "projects/tipoff-local/locations/us-west2/workflows"


class _Signer:
    def sign(self, audience: str, email: str) -> str:
        return ""


def main() -> dict[str, float]:
    """Measure; returns steps/s of one long execution and executions/s of many small ones."""
    with tempfile.TemporaryDirectory() as folder:
        executor = Executor(Journal(Path(folder)), _Signer(), None, Clock(0), "1")
        for name, source in (("loop", LOOP), ("small", SMALL)):
            record = WorkflowRecord(
                name=f"{PLACE}/{name}", revision_id="000001-aaa", source=source, created_s=0, updated_s=0
            )
            executor.store.put_workflow(record)
        began = time.perf_counter()
        done = executor.wait(executor.start(f"{PLACE}/loop", "null").name, 120)
        steps_s = executor.journal.step_count(done.name) / (time.perf_counter() - began)
        began = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: executor.wait(executor.start(f"{PLACE}/small", "null").name, 60), range(200)))
        return {"steps_per_s": round(steps_s), "executions_per_s": round(200 / (time.perf_counter() - began))}


if __name__ == "__main__":
    print(json.dumps(main()))
