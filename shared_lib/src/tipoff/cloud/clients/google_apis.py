"""Authorised requests to APIs of Google Cloud that have no client library here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def api_session(project: str) -> "AuthorizedSession":
    """A session with the login of `gcloud auth application-default login`. Its requests count for the project."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[_SCOPE], quota_project_id=project)
    return AuthorizedSession(credentials)


def has_login() -> bool:
    """Whether there are credentials on this machine."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default(scopes=[_SCOPE])
    except DefaultCredentialsError:
        return False
    return True
