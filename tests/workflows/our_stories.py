"""What is told of our workflows: which answers a story gives, and how it must end."""

from typing import Any

from tests.workflows.our_cloud import (
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
    Story,
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
    "predict": ("analyze/process-date-range", "precompute/process-date", "predict_start/start", "predict_start/status"),
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
    return {**_days(), **_batches(), **_ranges(), **_sources()}


def _sources() -> dict[str, Story]:
    """Of two sources, the schedule is required (and answered first where stages say so), the other one optional."""
    failed = (200, {"status": "failed", "outcome": "circuit_open", "code": "CIRCUIT_OPEN"})
    call, daily = "collect/collect", ARGUMENTS["daily"]
    optional = {"stages": [[{"source": "s", "required": False}]]}
    return {
        "collect: nothing is due": Story(
            "collect", {}, {"collect/due": [(200, OK | {"stages": []})]}, "SUCCEEDED", "ok"
        ),
        "collect: an optional source fails": Story("collect", optional, {call: [failed]}, "SUCCEEDED", "partial"),
        "collect: an optional source waits": Story("collect", optional, {call: [NOT_YET]}, "SUCCEEDED", "ok"),
        "postgame: the fallbacks have what NBA.com lacks": Story(
            "postgame", ARGUMENTS["postgame"], {call: [failed, DONE]}, "FAILED", ""
        ),
        "daily: the optional sources fail": Story("daily", daily, {call: [DONE, failed]}, "SUCCEEDED", "ok"),
    }


def _days() -> dict[str, Story]:
    daily, postgame = ARGUMENTS["daily"], ARGUMENTS["postgame"]
    analyze, grade = "analyze/process-date-range", "grade/grade"
    partial, no_games = (200, OK | {"outcome": "partial"}), (200, NO_GAMES)
    return {
        **{f"{key}: all is well": Story(key, ARGUMENTS[key], {}, "SUCCEEDED", goal(key)) for key in KEYS},
        **{
            f"{key}: by the clock": Story(key, {}, {}, "SUCCEEDED", goal(key)) for key in ("daily", "postgame", "train")
        },
        "daily: the sources are left alone": Story("daily", {"game_date": DATE}, {}, "SUCCEEDED", "ok"),
        "postgame: the sources are left alone": Story(
            "postgame", {"game_date": DATE, "collect": False}, {}, "SUCCEEDED", "ok"
        ),
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
        "reprocess: blocks of a day": told("ok", end_date="2024-11-03", block_days=1),
        "reprocess: eight days, one fails": Story(
            "reprocess", RANGE | {"end_date": "2024-11-08"}, {"predict_start/start": [refused(422)]}, "FAILED", ""
        ),
        "reprocess: a block of nothing": told("BAD_RANGE", block_days=0),
        "reprocess: only grade": told("ok", from_step="grade", to_step="grade"),
        "reprocess: only publish": told("ok", from_step="publish"),
        "reprocess: only ingest": told("ok", to_step="ingest"),
        "reprocess: backwards": told("BAD_RANGE", end_date="2024-10-01"),
        "reprocess: steps backwards": told("BAD_RANGE", from_step="grade", to_step="ingest"),
        "reprocess: unknown step": told("KeyError", to_step="gild"),
    }


STORIES = stories()
