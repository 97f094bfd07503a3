"""Scenarios for the workflows: which answers the functions give, and how the execution must end."""

from typing import Any

from tests.workflows.deployed_workflows import (
    CUT,
    DONE,
    KEYS,
    NO_BATCH,
    NO_GAMES,
    NOT_YET,
    OK,
    RUNNING,
    STARTED_BEFORE,
    USUAL,
    Answers,
    Scenario,
    batch,
    refused,
)

DATE = "2024-11-01"
RANGE = {"start_date": "2024-11-01", "end_date": "2024-11-01", "from_step": "ingest", "to_step": "publish"}

# What each workflow asks, in order, when all goes well; and the argument with which it does.
CHAINS: dict[str, tuple[str, ...]] = {
    "collect": ("collect/due", "collect/collect"),
    "daily": ("collect/collect", "analyze/process-date-range", "precompute/process-date", "predict_start/start",
              "predict_start/status", "publish/publish"),
    "predict": ("analyze/process-date-range", "precompute/process-date", "predict_start/start", "predict_start/status",
                "publish/publish"),
    "postgame": ("collect/collect", "analyze/process-date-range", "grade/grade", "publish/publish"),
    "train": ("train/train",),
    "reconcile": ("reconcile/reconcile",),
    "reprocess": ("reprocess/replay", "analyze/process-date-range", "precompute/process-date-range",
                  "predict_start/start", "predict_start/status", "grade/grade", "publish/publish"),
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, Any]] = {
    "collect": {"as_of": f"{DATE}T12:00:00Z"},
    "daily": {"game_date": DATE, "collect": True},
    "predict": {"game_date": DATE, "digest": "d1"},
    "postgame": {"game_date": DATE},
    "train": {"cutoff_date": DATE},
    "reconcile": {"as_of": f"{DATE}T12:00:00Z"},
    "reprocess": RANGE,
}
SUBJECTS = {"collect": f"collect:{DATE}", "daily": f"daily:{DATE}", "predict": f"predict:{DATE}",
            "postgame": f"postgame:{DATE}", "train": f"train:{DATE}", "reconcile": f"reconcile:{DATE}",
            "reprocess": f"reprocess:{DATE}:{DATE}"}  # fmt: skip
# Calls that a workflow leaves to another one, which then tells a person first.
BY_CHILD = {"predict_start/start": "predict", "predict_start/status": "predict", "collect/collect": "collect"}

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


def goal(workflow: str) -> str:
    """The outcome when all goes well."""
    return "activated" if workflow == "train" else "ok"


def scenarios() -> dict[str, Scenario]:
    return {**_failing(), **_waiting(), **_other()}


def _failing() -> dict[str, Scenario]:
    return {
        f"{workflow}: {call} answers {how}": Scenario(workflow, ARGUMENTS[workflow], {call: answers}, "FAILED", "")
        for workflow, chain in CHAINS.items()
        for call in chain
        for how, answers in FAILURES.items()
        if how in EVERYWHERE or call in (chain[0], "predict_start/status")
    }


def _waiting() -> dict[str, Scenario]:
    found: dict[str, Scenario] = {}
    for workflow, chain in CHAINS.items():
        argument = ARGUMENTS[workflow]
        for call in [call for call in chain if call != "predict_start/status"]:
            late: Answers = [NOT_YET, *USUAL[call]]
            found[f"{workflow}: {call} is late"] = Scenario(
                workflow, argument, {call: late}, "SUCCEEDED", goal(workflow)
            )
            never: dict[str, Answers] = {call: [NOT_YET]}
            found[f"{workflow}: {call} is never ready"] = Scenario(workflow, argument, never, "SUCCEEDED", "not_ready")
        for call in chain:
            again: dict[str, Answers] = {call: [refused(503), CUT, *USUAL[call]]}
            found[f"{workflow}: {call} fails twice"] = Scenario(workflow, argument, again, "SUCCEEDED", goal(workflow))
    return found


def _other() -> dict[str, Scenario]:
    return {**_days(), **_batches(), **_ranges(), **_sources()}


def _sources() -> dict[str, Scenario]:
    """Of two sources, the schedule is required (and answered first where stages say so), the other one optional."""
    failed = (200, {"status": "failed", "outcome": "circuit_open", "code": "CIRCUIT_OPEN"})
    call, daily = "collect/collect", ARGUMENTS["daily"]
    optional = {"stages": [[{"source": "s", "required": False}]]}
    return {
        "collect: nothing is due": Scenario(
            "collect", {}, {"collect/due": [(200, OK | {"stages": []})]}, "SUCCEEDED", "ok"
        ),
        "collect: an optional source fails": Scenario("collect", optional, {call: [failed]}, "SUCCEEDED", "partial"),
        "collect: an optional source waits": Scenario("collect", optional, {call: [NOT_YET]}, "SUCCEEDED", "ok"),
        "postgame: the fallbacks have what NBA.com lacks": Scenario(
            "postgame", ARGUMENTS["postgame"], {call: [failed, DONE]}, "FAILED", ""
        ),
        "daily: the optional sources fail": Scenario("daily", daily, {call: [DONE, failed]}, "SUCCEEDED", "ok"),
    }


def _days() -> dict[str, Scenario]:
    daily, postgame = ARGUMENTS["daily"], ARGUMENTS["postgame"]
    analyze, grade = "analyze/process-date-range", "grade/grade"
    partial, no_games = (200, OK | {"outcome": "partial"}), (200, NO_GAMES)
    return {
        **{f"{key}: all is well": Scenario(key, ARGUMENTS[key], {}, "SUCCEEDED", goal(key)) for key in KEYS},
        **{
            f"{key}: by the clock": Scenario(key, {}, {}, "SUCCEEDED", goal(key))
            for key in ("daily", "postgame", "train")
        },
        "daily: the sources are left alone": Scenario("daily", {"game_date": DATE}, {}, "SUCCEEDED", "ok"),
        "postgame: the sources are left alone": Scenario(
            "postgame", {"game_date": DATE, "collect": False}, {}, "SUCCEEDED", "ok"
        ),
        "daily: no game around": Scenario("daily", daily, {analyze: [no_games]}, "SUCCEEDED", "no_games"),
        "daily: no game": Scenario("daily", daily, {"precompute/process-date": [no_games]}, "SUCCEEDED", "no_games"),
        "postgame: no game": Scenario("postgame", postgame, {analyze: [no_games]}, "SUCCEEDED", "no_games"),
        "postgame: some games": Scenario("postgame", postgame, {grade: [partial]}, "SUCCEEDED", "partial"),
    }


def _batches() -> dict[str, Scenario]:
    start, status = "predict_start/start", "predict_start/status"
    daily, predict = ARGUMENTS["daily"], {"game_date": DATE}
    return {
        "daily: no game at the start": Scenario("daily", daily, {start: [(200, NO_BATCH)]}, "SUCCEEDED", "no_games"),
        "daily: batch partial": Scenario("daily", daily, {status: [batch("partial")]}, "FAILED", "BATCH_PARTIAL"),
        "predict: context as it is": Scenario("predict", predict, {}, "SUCCEEDED", "ok"),
        "predict: no games": Scenario("predict", predict, {start: [(200, NO_BATCH)]}, "SUCCEEDED", "no_games"),
        "predict: another batch runs": Scenario(
            "predict", predict, {start: [(409, RUNNING)]}, "SUCCEEDED", "not_ready"
        ),
        "predict: its own batch runs": Scenario(
            "predict", predict, {start: [(409, STARTED_BEFORE)]}, "SUCCEEDED", "ok"
        ),
        "predict: batch partial": Scenario("predict", predict, {status: [batch("partial")]}, "FAILED", "BATCH_PARTIAL"),
        "predict: batch stalled": Scenario("predict", predict, {status: [batch("stalled")]}, "FAILED", "BATCH_STALLED"),
        "predict: deadline": Scenario(
            "predict", predict, {status: [batch("in_progress")]}, "FAILED", "BATCH_IN_PROGRESS"
        ),
    }


def _ranges() -> dict[str, Scenario]:
    def scenario(ending: str, **argument: object) -> Scenario:
        state = "SUCCEEDED" if ending in ("ok", "planned") else "FAILED"
        return Scenario("reprocess", RANGE | argument, {}, state, ending)

    return {
        "reprocess: planned": scenario("planned", dry_run=True),
        "reprocess: blocks of a day": scenario("ok", end_date="2024-11-03", block_days=1),
        "reprocess: eight days, one fails": Scenario(
            "reprocess", RANGE | {"end_date": "2024-11-08"}, {"predict_start/start": [refused(422)]}, "FAILED", ""
        ),
        "reprocess: three dates are published": scenario("ok", end_date="2024-11-03", from_step="publish"),
        "reprocess: a block of nothing": scenario("BAD_RANGE", block_days=0),
        "reprocess: only grade": scenario("ok", from_step="grade", to_step="grade"),
        "reprocess: only publish": scenario("ok", from_step="publish"),
        "reprocess: only ingest": scenario("ok", to_step="ingest"),
        "reprocess: backwards": scenario("BAD_RANGE", end_date="2024-10-01"),
        "reprocess: steps backwards": scenario("BAD_RANGE", from_step="grade", to_step="ingest"),
        "reprocess: unknown step": scenario("KeyError", to_step="gild"),
    }


SCENARIOS = scenarios()
