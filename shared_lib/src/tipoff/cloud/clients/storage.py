"""Cloud Storage clients."""

from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints

if TYPE_CHECKING:
    from google.auth.transport.urllib3 import AuthorizedHttp
    from google.cloud import storage

_ENDPOINT = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
# As many as an instance takes requests at once: what finds no room in the pool is closed, with a warning each.
CONNECTIONS, _TIMEOUT_S = 250, 60.0


def storage_client(at: Endpoints) -> "storage.Client":
    """A Cloud Storage client."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    if at.storage_emulator_host is None:
        return storage.Client(project=at.project_id)
    options = {"api_endpoint": at.storage_emulator_host}
    client = storage.Client(project=at.project_id, credentials=AnonymousCredentials(), client_options=options)
    # No proxy and no .netrc stands before a server of this machine; looking for them is a tenth of a request's cost.
    client._http.trust_env = False
    return client


def storage_http(at: Endpoints) -> "AuthorizedHttp":
    """Authorised connections to Cloud Storage; they are asked for paths."""
    import google.auth
    import urllib3
    from google.auth.credentials import AnonymousCredentials
    from google.auth.transport.urllib3 import AuthorizedHttp

    pools = urllib3.PoolManager(maxsize=CONNECTIONS, timeout=_TIMEOUT_S)
    if at.storage_emulator_host is None:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    else:
        credentials = AnonymousCredentials()
    http = AuthorizedHttp(credentials, http=pools)
    # Tokens come from another host, by `pools`; what is asked here goes to one, whose pool need not be looked for.
    http.http = pools.connection_from_url(at.storage_emulator_host or _ENDPOINT)
    return http
