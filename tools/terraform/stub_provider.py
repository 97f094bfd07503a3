"""A schema-only terraform provider: the names and types of hashicorp/google without its code.

It lets the stock terraform binary run init, validate, plan and test without network, account or provider binary.
It never touches a cloud: planning echoes the proposal with unknown computed values, applying is an error. What it
proves and what it does not stands in docs/terraform.md. Copied into a filesystem mirror by gate.py and run by
terraform, in a virtual environment of its own (tf, grpcio, protobuf, msgpack, cryptography).
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import grpc
import msgpack
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

SCHEMA = Path(__file__).resolve().with_name("google_schema.json")
REFUSAL = "schema-only provider: apply is not possible"
DETAIL = "This stand-in knows the schema of hashicorp/google and no cloud. Run `terraform init` without the mirror."
UNKNOWN = msgpack.ExtType(0, b"\x00")
MODES = {"single": pb.Schema.NestedBlock.SINGLE, "list": pb.Schema.NestedBlock.LIST, "set": pb.Schema.NestedBlock.SET}


def attribute(name: str, spec: dict[str, Any]) -> pb.Schema.Attribute:
    """One attribute; its type travels as JSON."""
    flags = {flag: spec.get(flag, False) for flag in ("required", "optional", "computed")}
    return pb.Schema.Attribute(name=name, type=json.dumps(spec["type"]).encode(), **flags)


def block(spec: dict[str, Any]) -> pb.Schema.Block:
    """One block with its nested blocks."""
    attributes = [attribute(name, inner) for name, inner in spec.get("attributes", {}).items()]
    nested = [nested_block(name, inner) for name, inner in spec.get("block_types", {}).items()]
    return pb.Schema.Block(version=0, attributes=attributes, block_types=nested)


def nested_block(name: str, spec: dict[str, Any]) -> pb.Schema.NestedBlock:
    """A nested block with its nesting mode and how often it may occur."""
    limits = {limit: spec.get(limit, 0) for limit in ("min_items", "max_items")}
    return pb.Schema.NestedBlock(
        type_name=name, block=block(spec["block"]), nesting=MODES[spec["nesting_mode"]], **limits
    )


def with_unknowns(spec: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Mark what the API would compute on creation: null computed attributes, at any depth of blocks."""
    filled = dict(value)
    for name, inner in spec.get("attributes", {}).items():
        if inner.get("computed") and filled.get(name) is None:
            filled[name] = UNKNOWN
    for name, inner in spec.get("block_types", {}).items():
        filled[name] = _inside(inner, filled.get(name))
    return filled


def _inside(spec: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [with_unknowns(spec["block"], item) if isinstance(item, dict) else item for item in value]
    return with_unknowns(spec["block"], value) if isinstance(value, dict) else value


class Provider(rpc.ProviderServicer):
    """Answers the requests of terraform between init and plan, and refuses all others."""

    def __init__(self, document: dict[str, Any], stop: Callable[[], None]) -> None:
        self.resources: dict[str, Any] = document["resource_schemas"]
        self.data_sources: dict[str, Any] = document["data_source_schemas"]
        self.provider: dict[str, Any] = document["provider_schema"]
        self.stop = stop

    def GetMetadata(self, _request: Any, _context: Any) -> Any:
        """The types of resources and data sources served."""
        resources = [pb.GetMetadata.ResourceMetadata(type_name=name) for name in self.resources]
        data_sources = [pb.GetMetadata.DataSourceMetadata(type_name=name) for name in self.data_sources]
        return pb.GetMetadata.Response(resources=resources, data_sources=data_sources)

    def GetProviderSchema(self, _request: Any, _context: Any) -> Any:
        """The whole document."""
        resources, data_sources = (
            {name: pb.Schema(version=0, block=block(spec["block"])) for name, spec in specs.items()}
            for specs in (self.resources, self.data_sources)
        )
        own = pb.Schema(version=0, block=block(self.provider["block"]))
        return pb.GetProviderSchema.Response(provider=own, resource_schemas=resources, data_source_schemas=data_sources)

    def ValidateProviderConfig(self, _request: Any, _context: Any) -> Any:
        """Accept everything that the schema allows."""
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, _request: Any, _context: Any) -> Any:
        """Accept everything that the schema allows. Terraform itself has checked names and types."""
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, _request: Any, _context: Any) -> Any:
        """Accept everything that the schema allows."""
        return pb.ValidateDataResourceConfig.Response()

    def UpgradeResourceState(self, request: Any, _context: Any) -> Any:
        """The state has this version already."""
        state = json.loads(request.raw_state.json or b"null")
        return pb.UpgradeResourceState.Response(upgraded_state=pb.DynamicValue(msgpack=msgpack.packb(state)))

    def ConfigureProvider(self, _request: Any, _context: Any) -> Any:
        """Nothing to configure."""
        return pb.ConfigureProvider.Response()

    def ReadResource(self, request: Any, _context: Any) -> Any:
        """The state is current."""
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request: Any, _context: Any) -> Any:
        """Return the proposed state. On creation, computed attributes without a value become unknown."""
        proposed = msgpack.unpackb(request.proposed_new_state.msgpack, strict_map_key=False)
        if proposed is not None and msgpack.unpackb(request.prior_state.msgpack) is None:
            proposed = with_unknowns(self.resources[request.type_name]["block"], proposed)
        return pb.PlanResourceChange.Response(planned_state=pb.DynamicValue(msgpack=msgpack.packb(proposed)))

    def ApplyResourceChange(self, request: Any, _context: Any) -> Any:
        """Refuse: this provider cannot create anything."""
        problem = pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=REFUSAL, detail=DETAIL)
        return pb.ApplyResourceChange.Response(new_state=request.prior_state, diagnostics=[problem])

    def GetFunctions(self, _request: Any, _context: Any) -> Any:
        """This provider has none."""
        return pb.GetFunctions.Response()

    def StopProvider(self, _request: Any, _context: Any) -> Any:
        """Terraform was interrupted."""
        self.stop()
        return pb.StopProvider.Response()


class Controller(controller_rpc.GRPCControllerServicer):
    """Ends the process when terraform has finished."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop

    def Shutdown(self, _request: Any, _context: Any) -> Any:
        """Acknowledge, then exit."""
        self.stop()
        return controller.Empty()


class Stdio(stdio_rpc.GRPCStdioServicer):
    """Terraform reads output; there is none."""

    def StreamStdio(self, _request: Any, _context: Any) -> Iterator[Any]:
        """An empty stream."""
        return iter(())


def certificate() -> tuple[bytes, bytes, bytes]:
    """A certificate for one run: key and certificate in PEM, certificate in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key_pem = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key_pem, built.public_bytes(pem), built.public_bytes(serialization.Encoding.DER)


def build_server(stopped: Event) -> grpc.Server:
    """A server with the three services that terraform expects. It does not listen yet."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=[("grpc.max_send_message_length", 64 << 20)])
    rpc.add_ProviderServicer_to_server(Provider(json.loads(SCHEMA.read_bytes()), stopped.set), server)
    controller_rpc.add_GRPCControllerServicer_to_server(Controller(stopped.set), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(Stdio(), server)
    return server


def serve() -> None:
    """Started by terraform: write the plugin handshake to standard output, then serve until stopped."""
    stopped = Event()
    server = build_server(stopped)
    key_pem, cert_pem, der = certificate()
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/provider.sock"
        server.add_secure_port(f"unix://{socket}", grpc.ssl_server_credentials([(key_pem, cert_pem)]))
        server.start()
        sys.stdout.write(f"1|6|unix|{socket}|grpc|{base64.b64encode(der).decode().rstrip('=')}\n")
        sys.stdout.flush()
        stopped.wait()
        server.stop(grace=0.2).wait()


def stay(socket: str) -> None:
    """Started by the gate: serve many terraform commands on one socket until standard input ends."""
    server = build_server(Event())
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(grace=None).wait()


if __name__ == "__main__":
    stay(sys.argv[1])
