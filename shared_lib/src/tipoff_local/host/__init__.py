"""The function host: runs built zips under functions-framework behind one port, and checks who may call them.

http://127.0.0.1:PORT/<service>/<path>      the function's own <path>, as Cloud Run delivers it
http://127.0.0.1:PORT/eventarc/<service>    a Pub/Sub push, turned into the CloudEvent that Eventarc sends
http://127.0.0.1:PORT/.well-known/jwks.json the public key of all local tokens
"""

from tipoff_local.host.host import FunctionHost
from tipoff_local.host.model import HostedFunction

__all__ = ["FunctionHost", "HostedFunction"]
