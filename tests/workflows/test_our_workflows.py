"""Our five workflows on the local engine, through the official clients: every step, switch arm and `except` is run.

A scripted stand-in answers for the functions. A story says what each of them answers; how the execution ends, whom it
asked and whom it alerted must follow. No story in which a step failed may end SUCCEEDED.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.cloud import workflows_v1
from google.cloud.workflows import executions_v1

from tipoff.cloud.clients.workflows import executions_client, workflows_client
from tipoff.runtime.settings import Settings
from tipoff.steps.grade import Graded
from tipoff.steps.predict_start import Started
from tipoff.steps.process import Processed
from tipoff.steps.publish import Published
from tipoff.steps.reprocess import Reprocessed
from tipoff.steps.train import Trained
from tipoff_local import mesh as meshes
from tipoff_local.errors import ApiError
from tipoff_local.httpd import HttpServer, json_response
from tipoff_local.identity import Identity, bearer
from tipoff_local.wire import Request, Response
from tipoff_local.workflows.coverage import covered
from tipoff_local.workflows.gate import Diverged
from tipoff_local.workflows.replay import Recording, recording, replay
from tipoff_local.workflows.server import WorkflowsServer

ROOT = Path(__file__).parents[2]
KEYS = ("daily", "predict", "postgame", "train", "reprocess")
PROJECT, NUMBER, REGION = "tipoff-tests", "123456789012", "us-west2"
PARENT = f"projects/{PROJECT}/locations/{REGION}"
DATE = "2024-11-01"
BATCH = "batch_2024-11-01_1"
RANGE = {"start_date": "2024-11-01", "end_date": "2024-11-02", "from_step": "ingest", "to_step": "publish"}

OK = {"status": "completed", "outcome": "ok", "code": "OK"}
NO_GAMES = {"status": "completed", "outcome": "no_games", "code": "NO_GAMES"}
NOT_READY = {"status": "error", "code": "NOT_READY", "message": "not yet", "facts": {"cause": "NO_SCHEDULE"}}
RUNNING = {"status": "error", "code": "ALREADY_RUNNING", "message": "another", "facts": {"cause": "ALREADY_RUNNING"}}
STARTED_BEFORE = RUNNING | {"facts": {"cause": "ALREADY_RUNNING", "batch_id": BATCH}}
STARTED = {"status": "started", "code": "STARTED", "batch_id": BATCH, "summary": {"total_games": 4}}
NO_BATCH = {"status": "no_games", "code": "NO_GAMES", "batch_id": ""}


def refused(status: int, code: str = "some_code") -> tuple[int, object]:
    return status, {"status": "error", "code": code, "message": "no", "facts": {"cause": code}}


def batch(state: str) -> tuple[int, object]:
    return 200, {"status": "in_progress", "state": state, "code": state.upper(), "progress": {"expected": 9}}


NOT_YET = 409, NOT_READY
DONE = 200, OK
CUT = 0, None

type Answers = list[tuple[int, object]]

USUAL: dict[str, Answers] = {
    "analyze/process-date-range": [DONE],
    "precompute/process-date": [DONE],
    "precompute/process-date-range": [DONE],
    "predict_start/start": [(202, STARTED)],
    "predict_start/status": [batch("in_progress"), batch("complete")],
    "grade/grade": [DONE],
    "publish/publish": [DONE],
    "train/train": [(200, {"status": "completed", "outcome": "activated", "model_id": "m1"})],
    "reprocess/reprocess": [(200, {"status": "completed", "code": "OK", "loaded": 3})],
}

# What each workflow asks, in order, when all goes well; and the argument with which it does.
CHAINS: dict[str, tuple[str, ...]] = {
    "daily": ("analyze/process-date-range", "precompute/process-date", "predict_start/start", "predict_start/status",
              "publish/publish"),
    "predict": ("analyze/process-date-range", "precompute/process-date", "predict_start/start", "predict_start/status"),
    "postgame": ("analyze/process-date-range", "grade/grade", "publish/publish"),
    "train": ("train/train",),
    "reprocess": ("reprocess/reprocess", "analyze/process-date-range", "precompute/process-date-range",
                  "predict_start/start", "predict_start/status", "grade/grade", "publish/publish"),
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, Any]] = {
    "daily": {"game_date": DATE},
    "predict": {"game_date": DATE, "digest": "d1"},
    "postgame": {"game_date": DATE},
    "train": {"cutoff_date": DATE},
    "reprocess": RANGE,
}
SUBJECTS = {"daily": f"daily:{DATE}", "predict": f"predict:{DATE}", "postgame": f"postgame:{DATE}",
            "train": f"train:{DATE}", "reprocess": "reprocess:2024-11-01:2024-11-02"}  # fmt: skip
BY_CHILD = ("predict_start/start", "predict_start/status")

# Answers that are failures for every step: each must end the execution FAILED.
FAILURES: dict[str, Answers] = {
    "422": [refused(422)],
    "500": [refused(500, "BUG")],
    "404": [refused(404, "NO_PLAYERS")],
    "400": [refused(400)],
    "503 for ever": [refused(503)],
    "429 for ever": [refused(429)],
    "504 for ever": [(504, "upstream request timeout")],
    "connection cut for ever": [CUT],
    "failed with 200": [(200, {"status": "failed", "outcome": "failed", "code": "FAILED"})],
    "a page with 200": [(200, "<html>hello</html>")],
    "a page with 409": [(409, "<html>conflict</html>")],
}
# These are tried at every step; all others at the first of each workflow and at /status (the steps share one text).
EVERYWHERE = ("422", "503 for ever", "failed with 200")
RETRIED = ("503 for ever", "429 for ever", "504 for ever", "connection cut for ever")


@dataclass(frozen=True)
class Story:
    """What is told: a workflow, its argument, what differs from the usual answers, and how it must end."""

    workflow: str
    argument: Mapping[str, Any]
    answers: Mapping[str, Answers]
    state: str
    ending: str


@dataclass(frozen=True)
class Ended:
    """What happened: the execution's end, the calls in order, the alerts' dedupe keys."""

    name: str
    state: str
    result: Any
    error: str
    asked: tuple[str, ...]
    alerts: tuple[str, ...]

    def times(self, call: str) -> int:
        return self.asked.count(call)


def goal(workflow: str) -> str:
    """The outcome when all goes well."""
    return "activated" if workflow == "train" else "ok"


def stories() -> dict[str, Story]:
    return {**_failing(), **_waiting(), **_other()}


def _failing() -> dict[str, Story]:
    return {
        f"{workflow}: {call} answers {how}": Story(workflow, ARGUMENTS[workflow], {call: answers}, "FAILED", "")
        for workflow, chain in CHAINS.items()
        for call in chain
        for how, answers in FAILURES.items()
        if how in EVERYWHERE or call in (chain[0], "predict_start/status")
    }


def _waiting() -> dict[str, Story]:
    found: dict[str, Story] = {}
    for workflow, chain in CHAINS.items():
        argument = ARGUMENTS[workflow]
        for call in [call for call in chain if call != "predict_start/status"]:
            late: Answers = [NOT_YET, *USUAL[call]]
            found[f"{workflow}: {call} is late"] = Story(workflow, argument, {call: late}, "SUCCEEDED", goal(workflow))
            never: dict[str, Answers] = {call: [NOT_YET]}
            found[f"{workflow}: {call} is never ready"] = Story(workflow, argument, never, "SUCCEEDED", "not_ready")
        for call in chain:
            again: dict[str, Answers] = {call: [refused(503), CUT, *USUAL[call]]}
            found[f"{workflow}: {call} fails twice"] = Story(workflow, argument, again, "SUCCEEDED", goal(workflow))
    return found


def _other() -> dict[str, Story]:
    return {**_days(), **_batches(), **_ranges()}


def _days() -> dict[str, Story]:
    daily, postgame = ARGUMENTS["daily"], ARGUMENTS["postgame"]
    analyze, grade = "analyze/process-date-range", "grade/grade"
    partial, no_games = (200, OK | {"outcome": "partial"}), (200, NO_GAMES)
    return {
        **{f"{key}: all is well": Story(key, ARGUMENTS[key], {}, "SUCCEEDED", goal(key)) for key in KEYS},
        **{
            f"{key}: by the clock": Story(key, {}, {}, "SUCCEEDED", goal(key)) for key in ("daily", "postgame", "train")
        },
        "daily: no game around": Story("daily", daily, {analyze: [no_games]}, "SUCCEEDED", "no_games"),
        "daily: no game": Story("daily", daily, {"precompute/process-date": [no_games]}, "SUCCEEDED", "no_games"),
        "postgame: no game": Story("postgame", postgame, {analyze: [no_games]}, "SUCCEEDED", "no_games"),
        "postgame: some games": Story("postgame", postgame, {grade: [partial]}, "SUCCEEDED", "partial"),
    }


def _batches() -> dict[str, Story]:
    start, status = "predict_start/start", "predict_start/status"
    daily, predict = ARGUMENTS["daily"], {"game_date": DATE}
    return {
        "daily: no game at the start": Story("daily", daily, {start: [(200, NO_BATCH)]}, "SUCCEEDED", "no_games"),
        "daily: batch partial": Story("daily", daily, {status: [batch("partial")]}, "FAILED", "BATCH_PARTIAL"),
        "predict: context as it is": Story("predict", predict, {}, "SUCCEEDED", "ok"),
        "predict: no games": Story("predict", predict, {start: [(200, NO_BATCH)]}, "SUCCEEDED", "no_games"),
        "predict: another batch runs": Story("predict", predict, {start: [(409, RUNNING)]}, "SUCCEEDED", "not_ready"),
        "predict: its own batch runs": Story("predict", predict, {start: [(409, STARTED_BEFORE)]}, "SUCCEEDED", "ok"),
        "predict: batch partial": Story("predict", predict, {status: [batch("partial")]}, "FAILED", "BATCH_PARTIAL"),
        "predict: batch stalled": Story("predict", predict, {status: [batch("stalled")]}, "FAILED", "BATCH_STALLED"),
        "predict: deadline": Story("predict", predict, {status: [batch("in_progress")]}, "FAILED", "BATCH_IN_PROGRESS"),
    }


def _ranges() -> dict[str, Story]:
    def told(ending: str, **argument: object) -> Story:
        state = "SUCCEEDED" if ending in ("ok", "planned") else "FAILED"
        return Story("reprocess", RANGE | argument, {}, state, ending)

    return {
        "reprocess: planned": told("planned", dry_run=True),
        "reprocess: only grade": told("ok", from_step="grade", to_step="grade"),
        "reprocess: only publish": told("ok", from_step="publish"),
        "reprocess: only ingest": told("ok", to_step="ingest"),
        "reprocess: backwards": told("BAD_RANGE", end_date="2024-10-01"),
        "reprocess: steps backwards": told("BAD_RANGE", from_step="grade", to_step="ingest"),
        "reprocess: unknown step": told("KeyError", to_step="gild"),
    }


@dataclass
class Functions:
    """Answers for all functions as the script says (the last answer for ever), to nobody without a valid token."""

    identity: Identity
    script: dict[str, Answers] = field(default_factory=dict)
    seen: list[tuple[str, Any]] = field(default_factory=list)
    names: meshes.Names | None = None
    slow_s: float = 0.0

    def answer(self, request: Request) -> Response:
        service, _, path = request.path[1:].partition("/")
        assert self.names is not None
        function = next(found for found in self.names.functions.values() if found.service == service)
        token = bearer(request.headers.get("authorization")) or ""
        try:
            self.identity.verify(token, function.url, function.invokers)
        except ApiError as error:
            return json_response(error.body(), error.status)
        call = f"{function.key}/{path}"
        self.seen.append((call, json.loads(request.body) if request.body else request.query))
        time.sleep(self.slow_s)
        answers = self.script[call]
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        if status == 0:
            return Response(200, cut=True)
        if isinstance(body, str):
            return Response(status, body.encode(), {"Content-Type": "text/html"})
        return json_response(body, status)


class Cloud:
    """The engine with our workflows deployed as mesh.yaml says, before the stand-in."""

    def __init__(self, folder: Path) -> None:
        identity = Identity(folder / "identity")
        self.functions = Functions(identity)
        self.http = HttpServer(self.functions.answer)
        self.published: list[tuple[str, bytes, dict[str, str]]] = []
        self.server = WorkflowsServer(folder, identity, PROJECT, NUMBER, REGION, publish=self._publish, sleep_scale=0)
        page = meshes.load(ROOT / "terraform" / "mesh.yaml")
        self.names = meshes.resolve(page, PROJECT, NUMBER, "dev", host_url=self.http.url)
        self.functions.names = self.names
        at = Settings(
            project_id=PROJECT,
            project_number=NUMBER,
            region=REGION,
            environment="dev",
            release="tests",
            workflows_emulator_host=self.server.grpc_endpoint,
        )
        self.workflows, self.executions = workflows_client(at), executions_client(at)

    def start(self) -> None:
        self.http.start()
        self.server.start()
        for key in KEYS:
            self.deploy(key, source(key), self.names.workflows[key].name)

    def stop(self) -> None:
        self.server.stop()
        self.http.stop()

    def deploy(self, key: str, text: str, workflow_id: str) -> None:
        resolved = self.names.workflows[key]
        account = f"projects/{PROJECT}/serviceAccounts/{resolved.email}"
        workflow = workflows_v1.Workflow(
            source_contents=text, user_env_vars=dict(resolved.env), service_account=account
        )
        self.workflows.create_workflow(parent=PARENT, workflow=workflow, workflow_id=workflow_id).result()

    def _publish(self, topic: str, data: bytes, attributes: dict[str, str]) -> str:
        self.published.append((topic, data, attributes))
        return str(len(self.published))

    def tell(self, story: Story, workflow_id: str | None = None) -> Ended:
        """Run one story to its end."""
        self.functions.script = {call: list(answers) for call, answers in (USUAL | dict(story.answers)).items()}
        self.functions.seen.clear()
        self.published.clear()
        parent = f"{PARENT}/workflows/{workflow_id or self.names.workflows[story.workflow].name}"
        argument = msgspec.json.encode(story.argument).decode()
        run = self.executions.create_execution(parent=parent, execution={"argument": argument})
        deadline = time.monotonic() + 30
        while run.state in (executions_v1.Execution.State.ACTIVE, executions_v1.Execution.State.QUEUED):
            assert time.monotonic() < deadline, f"{story} does not end"
            time.sleep(0.01)
            run = self.executions.get_execution(name=run.name)
        result = json.loads(run.result) if run.result else None
        asked = tuple(call for call, _ in self.functions.seen)
        alerts = tuple(attributes["dedupe_key"] for _, _, attributes in self.published)
        return Ended(run.name, run.state.name, result, run.error.payload, asked, alerts)

    def recording(self, ended: Ended) -> Recording:
        return recording(self.server.executor, ended.name)


def source(key: str) -> str:
    return (ROOT / "workflows" / f"{key}.yaml").read_text(encoding="utf-8")


STORIES = stories()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    found = Cloud(tmp_path_factory.mktemp("workflows"))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def told(cloud: Cloud) -> dict[str, Ended]:
    """Every story, told once."""
    return {title: cloud.tell(story) for title, story in STORIES.items()}


def test_each_story_ends_as_it_must(told: dict[str, Ended]) -> None:
    wrong = {
        title: (ended.state, ended.result, ended.error)
        for title, ended in told.items()
        if ended.state != STORIES[title].state
        or (ended.state == "SUCCEEDED" and ended.result["outcome"] != STORIES[title].ending)
        or (ended.state == "FAILED" and STORIES[title].ending not in ended.error)
    }
    assert not wrong


def test_every_step_arm_and_except_is_executed(cloud: Cloud, told: dict[str, Ended]) -> None:
    reports = {key: covered(cloud.server.journal, _workflow_path(cloud, key)) for key in KEYS}
    assert told
    assert not [f"{key}: {report.text()}" for key, report in reports.items() if report.missing]
    assert all(len(report.points) > 10 for report in reports.values())


def _workflow_path(cloud: Cloud, key: str) -> str:
    return f"{PARENT}/workflows/{cloud.names.workflows[key].name}"


FAILING = [title for title, story in STORIES.items() if story.state == "FAILED" and story.answers]


def test_no_branch_ends_succeeded_after_a_failure(told: dict[str, Ended]) -> None:
    """Pitfall: a chain that goes on, or says success, after a step has failed."""
    assert len(FAILING) > 100
    for title in FAILING:
        story, ended = STORIES[title], told[title]
        (broken,) = story.answers
        chain = CHAINS[story.workflow]
        after = chain[chain.index(broken) + 1 :]
        assert ended.state == "FAILED", title
        assert not set(after) & set(ended.asked), f"{title}: the chain went on"


def test_a_failure_is_told_once_to_a_person_by_each_workflow_that_it_ends(told: dict[str, Ended]) -> None:
    for title in FAILING:
        story, ended = STORIES[title], told[title]
        (broken,) = story.answers
        expected = [f"workflow_failed:{SUBJECTS[story.workflow]}"]
        if story.workflow != "predict" and broken in BY_CHILD:
            expected.insert(0, f"workflow_failed:predict:{DATE}")
        assert list(ended.alerts) == expected, title


def test_an_alert_names_its_cause(cloud: Cloud) -> None:
    cloud.tell(STORIES["postgame: grade/grade answers 422"])
    ((topic, data, attributes),) = cloud.published
    alert = json.loads(data)
    assert topic == cloud.names.topic_path("alerts")
    assert attributes == {"dedupe_key": f"workflow_failed:postgame:{DATE}"}
    assert (alert["kind"], alert["subject"]) == ("workflow_failed", f"postgame:{DATE}")
    assert json.loads(alert["message"])["body"]["code"] == "some_code"


def test_only_what_may_pass_is_repeated(told: dict[str, Ended]) -> None:
    """A retry budget: five attempts of what may pass, one of what cannot."""
    for title in [title for title in FAILING if " answers " in title]:
        (broken,) = STORIES[title].answers
        how = title.partition(" answers ")[2]
        attempts = told[title].times(broken)
        expected = 1 if how not in RETRIED else 6 if broken == "predict_start/status" else 5
        assert attempts == expected, (title, attempts)


def test_what_is_not_ready_is_asked_four_times_and_stops_the_chain(told: dict[str, Ended]) -> None:
    never = [title for title in STORIES if title.endswith("is never ready")]
    assert len(never) == 20 - 3
    for title in never:
        story, ended = STORIES[title], told[title]
        (late,) = story.answers
        chain = CHAINS[story.workflow]
        assert ended.times(late) == 4, title
        assert not set(chain[chain.index(late) + 1 :]) & set(ended.asked), f"{title}: the chain went on"
        assert not ended.alerts


def test_it_waits_longer_each_time(cloud: Cloud, told: dict[str, Ended]) -> None:
    calls = cloud.recording(told["train: train/train is never ready"]).calls
    waits = [json.loads(call.arguments) for call in calls if call.call == "sys.sleep"]
    assert [wait["seconds"] for wait in waits] == [10, 20, 40]
    assert [call.call for call in calls].count("sys.log") == 1


def test_waiting_can_be_forgone(cloud: Cloud) -> None:
    story = STORIES["postgame: grade/grade is never ready"]
    impatient = Story(story.workflow, {**story.argument, "waits": 0}, story.answers, story.state, story.ending)
    ended = cloud.tell(impatient)
    assert (ended.result["outcome"], ended.times("grade/grade")) == ("not_ready", 1)


def test_reprocess_counts_only_what_was_done(told: dict[str, Ended]) -> None:
    """A step that was not ready is not done, and what follows it is not tried."""
    order = ("ingest", "analyze", "precompute", "predict", "grade", "publish")
    first_calls = ("reprocess/reprocess", "analyze/process-date-range", "precompute/process-date-range",
                   "predict_start/start", "grade/grade", "publish/publish")  # fmt: skip
    for number, call in enumerate(first_calls):
        result = told[f"reprocess: {call} is never ready"].result
        assert result["steps"] == list(order[:number])
        assert result["stopped_at"]["outcome"] == "not_ready"
    assert told["reprocess: all is well"].result["steps"] == list(order)
    assert told["reprocess: all is well"].result["batches"] == ["ok", "ok"]
    assert told["reprocess: only grade"].asked == ("grade/grade",)
    assert told["reprocess: planned"].asked == ("reprocess/reprocess",)


def test_a_batch_that_was_started_before_is_watched(told: dict[str, Ended]) -> None:
    """The answer to /start may get lost; its repetition must find the batch, not give up on it."""
    ended = told["predict: its own batch runs"]
    assert ended.result["batch_id"] == BATCH
    assert ended.times("predict_start/status") == 2


def test_context_that_is_not_ready_starts_no_batch(told: dict[str, Ended]) -> None:
    for call in ("analyze/process-date-range", "precompute/process-date"):
        assert "predict_start/start" not in told[f"predict: {call} is never ready"].asked


def test_a_call_that_hangs_is_a_failure(cloud: Cloud) -> None:
    """Time-out: the same source with a shorter patience, since nobody waits half an hour here."""
    cloud.deploy("train", source("train").replace("timeout: 1800", "timeout: 0.05"), "hasty")
    cloud.functions.slow_s = 0.2
    ended = cloud.tell(STORIES["train: all is well"], "hasty")
    cloud.functions.slow_s = 0.0
    assert ended.state == "FAILED"
    assert "TimeoutError" in ended.error
    assert ended.alerts == (f"workflow_failed:train:{DATE}",)


def test_steps_are_asked_about_the_very_same_instant(cloud: Cloud) -> None:
    """Pitfall: each step taking its own `now` sees another world."""
    for key in ("daily", "predict", "postgame"):
        cloud.tell(STORIES[f"{key}: all is well"])
        instants = {body["as_of"] for call, body in cloud.functions.seen if call in CHAINS[key] and "as_of" in body}
        assert len(instants) == 1, key


def test_all_workflows_share_one_way_of_calling_and_alerting() -> None:
    assert len({source(key).partition("\n# One call of a function.")[2] for key in KEYS}) == 1


@pytest.mark.parametrize("answer", [Processed, Graded, Published, Started, Reprocessed, Trained])
def test_every_answer_says_its_status(answer: type[msgspec.Struct]) -> None:
    """The workflows take an answer without `status` for a failure."""
    assert "status" in answer.__struct_fields__


def test_a_recorded_execution_replays(cloud: Cloud, told: dict[str, Ended]) -> None:
    for title in ("daily: all is well", "reprocess: all is well", "predict: batch stalled"):
        key = STORIES[title].workflow
        replay(cloud.recording(told[title]), source(key))


CHANGES = {
    "another call": ("path: /publish", "path: /print"),
    "another argument": ('"look_back_days"), 3)', '"look_back_days"), 4)'),
    "another outcome": ("          outcome: ok\n", "          outcome: fine\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_source_does_not_replay(cloud: Cloud, told: dict[str, Ended], change: str) -> None:
    was, becomes = CHANGES[change]
    assert source("daily").count(was) == 1
    with pytest.raises(Diverged):
        replay(cloud.recording(told["daily: all is well"]), source("daily").replace(was, becomes))
