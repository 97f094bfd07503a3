"""Cloud Storage: buckets, generations, preconditions, uploads, listings, notifications.

Not implemented and refused with 501: compose, batch, ACLs, lifecycle, holds, soft delete, customer keys, the
XML API.
"""

from tipoff_local.storage.events import Publish
from tipoff_local.storage.server import StorageServer

__all__ = ["Publish", "StorageServer"]
