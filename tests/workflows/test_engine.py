"""The engine with its journal: restart, cancellation, order of parallel branches, replay, coverage."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workflows.coverage import coverage, covered
from tests.workflows.replay import recording, replay
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer, json_response
from tipoff_local.workflows.context import Clock
from tipoff_local.workflows.engine.executor import Executor
from tipoff_local.workflows.engine.journal import Journal
from tipoff_local.workflows.engine.recorder import Diverged
from tipoff_local.workflows.engine.store import ExecutionRecord, WorkflowRecord

NAME = "projects/tipoff-local/locations/us-west2/workflows/w"


class Signer:
    def sign(self, audience: str, email: str) -> str:
        return f"{email}->{audience}"


class Counter:
    """Counts calls; a call to `/hold` waits until released."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.release = threading.Event()
        self.server = HttpServer(self._answer)

    def _answer(self, request: Request) -> Response:
        self.calls.append(request.target)
        if request.target.startswith("/hold"):
            self.release.wait(10)
        return json_response({"n": len(self.calls)})


@pytest.fixture
def counter() -> Iterator[Counter]:
    found = Counter()
    found.server.start()
    yield found
    found.release.set()
    found.server.stop()


def engine(folder: Path, scale: float = 0) -> Executor:
    return Executor(Journal(folder), Signer(), None, Clock(scale), "1234")


def deployed(executor: Executor, source: str, name: str = NAME, revision: str = "000001-abc") -> None:
    record = WorkflowRecord(name=name, revision_id=revision, source=source, created_s=1, updated_s=1)
    executor.store.put_workflow(record)


def started(executor: Executor, source: str, **argument: object) -> ExecutionRecord:
    deployed(executor, source)
    return executor.start(NAME, json.dumps(argument))


def finished(executor: Executor, source: str, **argument: object) -> ExecutionRecord:
    return executor.wait(started(executor, source, **argument).name, 10)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


THREE_CALLS = """
main:
  params: [args]
  steps:
    - first: {call: http.get, args: {url: '${args.url + "/one"}'}, result: a}
    - hold: {call: http.get, args: {url: '${args.url + "/hold"}'}, result: b}
    - last: {call: http.get, args: {url: '${args.url + "/three"}'}, result: c}
    - done: {return: ["${a.body.n}", "${uuid.generate()}"]}
"""


def test_an_execution_survives_a_restart_and_repeats_only_the_call_in_flight(tmp_path: Path, counter: Counter) -> None:
    before = engine(tmp_path)
    record = started(before, THREE_CALLS, url=counter.server.url)
    until(lambda: "/hold" in counter.calls)
    # The process ends here: its threads never write again, and its journal stays as it is.
    after = engine(tmp_path)
    counter.release.set()
    after.resume()
    done = after.wait(record.name, 10)
    assert done.state == "SUCCEEDED"
    assert json.loads(done.result)[0] == 1
    assert counter.calls.count("/one") == 1


KILLED = """
import sys, time
from pathlib import Path
from tipoff_local.workflows.server import WorkflowsServer
class Signer:
    def sign(self, audience, email): return "t"
server = WorkflowsServer(Path(sys.argv[1]), Signer(), "tipoff-local", "1", "us-west2")
server.start()
time.sleep(60)
"""


def test_sigkill_of_the_server_loses_nothing(tmp_path: Path, counter: Counter) -> None:
    # The server resumes at its start an execution that another process has created.
    executor = engine(tmp_path)
    deployed(executor, THREE_CALLS)
    record = ExecutionRecord(
        name=f"{NAME}/executions/1",
        workflow=NAME,
        revision_id="000001-abc",
        argument=json.dumps({"url": counter.server.url}),
        started_s=time.time(),
    )
    executor.store.create_execution(record)
    executor.journal.database.close()
    killed = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
    until(lambda: "/hold" in counter.calls)
    killed.kill()
    killed.wait()
    counter.release.set()
    after = engine(tmp_path)
    after.resume()
    assert after.wait(record.name, 10).state == "SUCCEEDED"
    assert [counter.calls.count(path) for path in ("/one", "/hold", "/three")] == [1, 2, 1]


def test_a_stopped_server_leaves_the_execution_active(tmp_path: Path) -> None:
    before = engine(tmp_path, scale=1)
    record = started(before, "- a: {call: sys.sleep, args: {seconds: 0.4}}")
    until(lambda: before.journal.current_steps(record.name))
    began = time.time()
    before.stop()
    assert before.store.active()[0].name == record.name
    after = engine(tmp_path, scale=1)
    after.resume()
    assert after.wait(record.name, 10).state == "SUCCEEDED"
    assert time.time() - began < 5


def test_a_running_execution_keeps_its_revision(tmp_path: Path, counter: Counter) -> None:
    executor = engine(tmp_path)
    record = started(executor, THREE_CALLS, url=counter.server.url)
    until(lambda: "/hold" in counter.calls)
    deployed(executor, "- a: {return: new}", revision="000002-abc")
    counter.release.set()
    assert json.loads(executor.wait(record.name, 10).result)[0] == 1


def test_cancellation_interrupts_a_sleep_and_no_handler_sees_it(tmp_path: Path) -> None:
    executor = engine(tmp_path, scale=1)
    source = """
    - a:
        try: {call: sys.sleep, args: {seconds: 1000}}
        except: {as: e, steps: [{b: {return: caught}}]}
    """
    record = started(executor, source)
    until(lambda: executor.journal.current_steps(record.name))
    assert executor.cancel(record.name) is not None
    until(lambda: not executor._threads)
    assert executor.wait(record.name, 1).state == "CANCELLED"
    assert executor.cancel(record.name) is None


def test_cancellation_reaches_every_parallel_branch(tmp_path: Path) -> None:
    executor = engine(tmp_path, scale=1)
    source = """
    - a:
        parallel:
          for: {value: v, range: [1, 5], steps: [{b: {call: sys.sleep, args: {seconds: 1000}}}]}
    """
    record = started(executor, source)
    until(lambda: len(executor.journal.current_steps(record.name)) >= 5)
    executor.cancel(record.name)
    until(lambda: not executor._threads)
    assert executor.wait(record.name, 1).state == "CANCELLED"


def test_a_failure_has_payload_context_and_stack(tmp_path: Path) -> None:
    source = "main: {steps: [{a: {call: sub}}]}\nsub:\n  steps:\n    - b: {return: '${1 / 0}'}"
    done = finished(engine(tmp_path), source)
    assert done.state == "FAILED"
    assert json.loads(done.error_payload)["tags"] == ["ZeroDivisionError", "ArithmeticError"]
    assert done.error_context == 'ZeroDivisionError: division by zero\nin step "b", routine "sub", line: 4'
    assert [(f.routine, f.step) for f in done.stack] == [("sub", "b"), ("main", "a")]


def test_bytes_cannot_be_returned(tmp_path: Path) -> None:
    done = finished(engine(tmp_path), "- a: {return: '${text.encode(\"x\")}'}")
    assert "TypeError" in done.error_payload


def test_step_history_has_times_and_states(tmp_path: Path) -> None:
    executor = engine(tmp_path)
    done = finished(executor, "- a: {assign: [{x: 1}]}\n- b: {raise: bad}")
    entries = executor.journal.step_entries(done.name)
    assert [(e.step, e.state) for e in entries] == [("a", "STATE_SUCCEEDED"), ("b", "STATE_FAILED")]
    assert all(e.ended_s >= e.started_s > 0 for e in entries)


CHILD = """
main:
  params: [args]
  steps:
    - run:
        call: googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run
        args: {workflow_id: child, argument: {n: "${args.n}"}}
        result: r
    - done: {return: "${r}"}
"""


def test_a_child_execution_gives_its_result(tmp_path: Path) -> None:
    executor = engine(tmp_path)
    deployed(executor, "main: {params: [a], steps: [{x: {return: '${a.n * 2}'}}]}", NAME[:-1] + "child")
    assert finished(executor, CHILD, n=21).result == "42"
    assert len(executor.store.executions(NAME[:-1] + "child", 10, 0)) == 1


def test_a_failed_child_is_an_operation_error(tmp_path: Path) -> None:
    executor = engine(tmp_path)
    deployed(executor, "- x: {raise: {code: 7}}", NAME[:-1] + "child")
    payload = json.loads(finished(executor, CHILD, n=1).error_payload)
    assert payload["tags"] == ["OperationError"]
    assert json.loads(payload["operation"]["error"]["payload"]) == {"code": 7}


RACE = """
main:
  params: [args]
  steps:
    - init: {assign: [{seen: []}]}
    - race:
        parallel:
          shared: [seen]
          for:
            value: v
            range: [1, 8]
            steps:
              - ask: {call: http.get, args: {url: '${args.url + "/" + string(v)}'}}
              - note: {assign: [{seen: "${list.concat(seen, v)}"}]}
    - done: {return: "${seen}"}
"""


def test_replay_follows_the_recorded_order_of_parallel_branches(tmp_path: Path, counter: Counter) -> None:
    executor = engine(tmp_path)
    done = finished(executor, RACE, url=counter.server.url)
    recorded = recording(executor, done.name)
    for _ in range(20):
        replay(recorded, RACE)  # raises if the order of `seen` differs


@pytest.mark.parametrize(
    ("was", "now", "difference"),
    [
        ('"/one"', '"/uno"', "recorded http.get"),
        ("first: {call: http.get", "first: {call: http.post", "recorded http.get"),
        ("    - last: {call: http.get, args: {url: '${args.url + \"/three\"}'}, result: c}\n", "", "recorded http.get"),
        ("${a.body.n}", "${a.body.n + 1}", "recorded SUCCEEDED"),
        ('["${a', '["${sys.now()}", "${a', "recorded uuid.generate"),
    ],
)
def test_a_changed_workflow_fails_to_replay(
    tmp_path: Path, counter: Counter, was: str, now: str, difference: str
) -> None:
    counter.release.set()
    executor = engine(tmp_path)
    recorded = recording(executor, finished(executor, THREE_CALLS, url=counter.server.url).name)
    calls = len(counter.calls)
    replay(recorded, THREE_CALLS)
    assert was in THREE_CALLS
    with pytest.raises(Diverged, match=difference):
        replay(recorded, THREE_CALLS.replace(was, now))
    assert len(counter.calls) == calls


BRANCHY = """
main:
  params: [args]
  steps:
    - pick:
        switch:
          - condition: ${args.n == 1}
            next: one
          - condition: ${args.n == 2}
            steps:
              - two: {assign: [{x: 2}]}
    - risky:
        try: {raise: bad}
        except: {as: e, steps: [{handled: {assign: [{y: 1}]}}]}
    - one: {return: 1}
"""


def test_coverage_names_what_was_not_executed(tmp_path: Path) -> None:
    executor = engine(tmp_path)
    finished(executor, BRANCHY, n=1)
    missing = covered(executor.journal, NAME).missing
    assert [(p.step, p.mark) for p in missing] == [
        ("pick", "arm:none"),
        ("pick", "arm:1"),
        ("two", "step"),
        ("risky", "except"),
        ("risky", "step"),
        ("handled", "step"),
    ]
    executor.wait(executor.start(NAME, '{"n": 2}').name, 5)
    assert [p.mark for p in covered(executor.journal, NAME).missing] == ["arm:none"]
    executor.wait(executor.start(NAME, '{"n": 3}').name, 5)
    assert not covered(executor.journal, NAME).missing


def test_coverage_of_a_replay_needs_no_server(tmp_path: Path) -> None:
    executor = engine(tmp_path)
    recorded = recording(executor, finished(executor, BRANCHY, n=1).name)
    assert coverage(BRANCHY, replay(recorded, BRANCHY).passed).missing
