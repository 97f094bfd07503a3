"""Judges an answer: a document, not there yet, or one of the failures of a source."""

import re

import msgspec

from tipoff.core.collect.model import Answer, Judgement, SourceRequest, Verdict

_OUT_OF_CREDITS = b"OUT_OF_USAGE_CREDITS"
_ABSENT = re.compile(rb"<Code>\s*(AccessDenied|NoSuchKey)\s*</Code>")
_HTML = (b"<!doctype", b"<html", b"<?xml", b"<")


def judge(request: SourceRequest, answer: Answer) -> Judgement:
    """The verdict on an answer. No content makes it raise."""
    return _by_status(request, answer) or _by_shape(request, answer) or _by_content(request, answer)


def _by_status(request: SourceRequest, answer: Answer) -> Judgement | None:
    status = answer.status
    if status == 200:
        return None
    detail = f"HTTP {status}"
    if status == 304:
        return Judgement(Verdict.UNCHANGED)
    if _OUT_OF_CREDITS in answer.body:
        return Judgement(Verdict.QUOTA_EXHAUSTED, detail)
    if status == 429:
        return Judgement(Verdict.RATE_LIMITED, detail)
    if status == 408 or status >= 500:
        return Judgement(Verdict.UNAVAILABLE, detail)
    if not request.exists and _says_absent(request, answer):
        return Judgement(absent(request), detail)
    is_key = request.key is not None and status in (401, 403)
    return Judgement(Verdict.KEY_REFUSED if is_key else Verdict.REQUEST_REFUSED, detail)


def _says_absent(request: SourceRequest, answer: Answer) -> bool:
    """True if the host says that it has no such file.

    A host on Cloud Storage or S3 without list permission answers 403 with the XML error AccessDenied. Any other 403,
    such as a page of the host's firewall or an empty one, refuses the caller, and says nothing of the file.
    """
    if answer.status == 404:
        return True
    return answer.status == 403 and request.host.forbids_absent and _ABSENT.search(answer.body[:2000]) is not None


def absent(request: SourceRequest) -> Verdict:
    """The verdict on a document that does not exist."""
    return Verdict.POSTPONED if request.game is not None and request.game.is_postponed else Verdict.NOT_THERE_YET


def _by_shape(request: SourceRequest, answer: Answer) -> Judgement | None:
    body = answer.body.strip()
    if request.shape == "pdf":
        return _pdf(body)
    if request.shape == "html":
        return None if body else Judgement(Verdict.TRUNCATED_BODY, "an empty page")
    if not body:
        return Judgement(Verdict.TRUNCATED_BODY, "no bytes")
    if body[:9].lower().startswith(_HTML):
        return Judgement(Verdict.ERROR_PAGE, "a page where a document should be")
    if body[:1] not in (b"{", b"["):
        return Judgement(Verdict.ERROR_PAGE, "neither an object nor a list")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Judgement(Verdict.TRUNCATED_BODY, f"JSON that ends after {len(body)} bytes or breaks off inside")
    return None


def _pdf(body: bytes) -> Judgement | None:
    if not body.startswith(b"%PDF-"):
        return Judgement(Verdict.ERROR_PAGE, "no PDF")
    if b"%%EOF" not in body[-1024:]:
        return Judgement(Verdict.TRUNCATED_BODY, f"a PDF without its end after {len(body)} bytes")
    return None


def _by_content(request: SourceRequest, answer: Answer) -> Judgement:
    try:
        return request.judge(request, answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Judgement(Verdict.MOVED_SCHEMA, str(error))


def accept(request: SourceRequest, body: bytes) -> Judgement:
    """Accept any content as a document."""
    return Judgement(Verdict.DOCUMENT)


def judge_list(request: SourceRequest, entries: int) -> Judgement:
    """A list is a document. An empty list is correct only on a date without games to play."""
    if entries:
        return Judgement(Verdict.DOCUMENT)
    if any(not game.is_postponed for game in request.games):
        return Judgement(Verdict.EMPTY_ON_GAME_DAY, f"an empty list, and {len(request.games)} games")
    return Judgement(Verdict.EMPTY)
