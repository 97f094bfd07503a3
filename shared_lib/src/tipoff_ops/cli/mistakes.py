"""Exceptions that a user can repair, each as one sentence that says what to do."""

from zipfile import BadZipFile

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError

from tipoff.core.errors import TipoffError
from tipoff_local.processes import ChildFailed


def sentence(error: BaseException) -> str | None:
    """What to tell the user about an exception; None if it is a bug."""
    match error:
        case TipoffError():
            return error.message
        case GoogleAuthError():
            return f"no Google login: run `gcloud auth application-default login` ({error})"
        case GoogleAPICallError() | RetryError():
            return f"the service refused the call: {error.message}"
        case BadZipFile():
            return f"not a zip: {error}"
        case FileNotFoundError() | PermissionError() | IsADirectoryError() | NotADirectoryError():
            return f"{error.strerror}: {error.filename}"
        case ChildFailed():
            return str(error)
        case _:
            return None
