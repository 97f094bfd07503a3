"""Cloud Storage clients."""

from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints, emulator_credentials

if TYPE_CHECKING:
    from google.auth.transport.urllib3 import AuthorizedHttp
    from google.cloud import storage

_ENDPOINT = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
# The concurrent requests of an instance. A connection beyond the pool is closed, with a warning.
CONNECTIONS, _TIMEOUT_S = 250, 60.0


def storage_client(at: Endpoints) -> "storage.Client":
    """A Cloud Storage client."""
    from google.cloud import storage

    if at.storage_emulator_host is None:
        return storage.Client(project=at.project_id)
    options = {"api_endpoint": at.storage_emulator_host}
    client = storage.Client(project=at.project_id, credentials=emulator_credentials(at), client_options=options)
    # A local server has no proxy and no .netrc. The search for them is a tenth of the cost of a request.
    client._http.trust_env = False
    return client


def storage_http(at: Endpoints) -> "AuthorizedHttp":
    """Authorised connections to Cloud Storage. Requests name a path."""
    import google.auth
    import urllib3
    from google.auth.transport.urllib3 import AuthorizedHttp

    pools = urllib3.PoolManager(maxsize=CONNECTIONS, timeout=_TIMEOUT_S)
    if at.storage_emulator_host is None:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    else:
        credentials = emulator_credentials(at)
    http = AuthorizedHttp(credentials, http=pools)
    # `pools` fetches tokens from another host. All other requests go to one host, so its pool is looked up once.
    http.http = pools.connection_from_url(at.storage_emulator_host or _ENDPOINT)
    return http
