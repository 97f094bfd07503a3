"""Pub/Sub: topics, pull, streaming pull, push with identity tokens, retry back-off and dead letters.

Not implemented and refused with UNIMPLEMENTED / 501: filters, ordering keys, seek, snapshots, schemas,
exactly-once delivery, export subscriptions, unwrapped push.
"""

from tipoff_local.pubsub.server import PubsubServer

__all__ = ["PubsubServer"]
