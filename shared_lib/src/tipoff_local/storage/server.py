"""The Cloud Storage server: the HTTP server, the store and the outbox."""

from pathlib import Path

from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer, listen
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.storage.events import Outbox, Publish
from tipoff_local.storage.rest import Api
from tipoff_local.storage.store import Store
from tipoff_local.storage.usage import operation
from tipoff_local.usage import UsageLog


class StorageServer:
    """Cloud Storage's JSON API on 127.0.0.1.

    Args:
        folder: keeps the data over restarts and SIGKILL.
        publish: publishes a notification (topic path, data, attributes); it is called again later if it raises
            ApiError or OSError. Without it, notificationConfigs are refused.
        port: 0 lets the system choose.
        access: decides who may call; by default everybody may.
        usage: counts operations by class, under the name of the bucket.
    """

    def __init__(
        self,
        folder: Path,
        publish: Publish | None = None,
        port: int = 0,
        access: Access = UNRESTRICTED,
        usage: UsageLog | None = None,
    ) -> None:
        listener = listen(port)
        self._usage = usage or UsageLog(None, "")
        self._http = HttpServer(self._handle, listener=listener)
        self._store = Store(folder, self._http.url)
        self._outbox = Outbox(self._store.database, publish) if publish else None
        changed = self._outbox.wake if self._outbox else _nothing
        self._api = Api(self._store, changed, notifies=publish is not None, access=access)

    @property
    def url(self) -> str:
        """The value of STORAGE_EMULATOR_HOST."""
        return self._http.url

    @property
    def instance(self) -> str:
        """The token that `GET /.well-known/tipoff-local` answers."""
        return self._http.instance

    @property
    def unpublished(self) -> int:
        """Number of notifications that are committed and not yet published."""
        return self._outbox.waiting if self._outbox else 0

    def start(self) -> None:
        """Begin to serve, and to publish what an earlier run left in the outbox."""
        self._http.start()
        if self._outbox:
            self._outbox.start()

    def stop(self) -> None:
        """Stop serving; what is not published stays in the outbox."""
        self._http.stop()
        if self._outbox:
            self._outbox.stop()
        self._store.database.close()

    def _handle(self, request: Request) -> Response:
        answer = self._api.handle(request)
        found = operation(request)
        if found is not None:
            class_a = int(found.is_class_a)
            self._usage.add(found.bucket, storage_class_a=class_a, storage_class_b=1 - class_a)
        return answer


def _nothing() -> None:
    """No outbox to wake."""
