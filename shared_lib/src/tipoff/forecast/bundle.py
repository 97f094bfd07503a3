"""The artefact of a training run: the fitted parts of all systems, and what they were trained with.

It is canonical JSON, so the same inputs give the same bytes. Its sha256 is the model digest of each prediction.
"""

import hashlib
from collections.abc import Mapping
from datetime import date

import msgspec

from tipoff.core.errors import ContractViolation

FORMAT_VERSION = 1


class ModelBundle(msgspec.Struct, frozen=True, kw_only=True):
    """The result of training.

    `trained_before` is the first date after the training window. The bundle must not predict earlier rows. `parts`
    maps a system id to the system's parameters; `libraries` maps a name to a version.
    """

    format_version: int = FORMAT_VERSION
    train_from: date | None = None
    trained_before: date | None = None
    rows: int = 0
    feature_names: tuple[str, ...] = ()
    libraries: dict[str, str] = {}
    parts: dict[str, msgspec.Raw] = {}

    def holds(self, part: str) -> bool:
        """Whether the bundle has this part."""
        return part in self.parts

    def part[P: msgspec.Struct](self, name: str, kind: type[P]) -> P:
        """The fitted parameters of one system, or their defaults where training has none.

        Raises ContractViolation when the part does not have the shape `kind` demands.
        """
        if name not in self.parts:
            return kind()
        try:
            return msgspec.json.decode(self.parts[name], type=kind)
        except msgspec.ValidationError as error:
            raise ContractViolation("model_part_invalid", f"model part {name}: {error}") from error

    def with_parts(self, parts: Mapping[str, msgspec.Struct]) -> "ModelBundle":
        """A copy of the bundle with these parts added or replaced."""
        encoded = {name: msgspec.Raw(_canonical(part)) for name, part in parts.items()}
        return msgspec.structs.replace(self, parts={**self.parts, **encoded})

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, and the shortest exact form of floats."""
        return _canonical(self)

    @property
    def digest(self) -> str:
        """sha256 of `to_bytes()`, lower-case hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


UNTRAINED = ModelBundle()


def load(data: bytes, digest: str, feature_names: tuple[str, ...], libraries: Mapping[str, str]) -> ModelBundle:
    """The bundle in these bytes.

    Raises:
        ContractViolation: the bytes have another digest, or the bundle has another format, feature list (in any order)
            or version of a library.
    """
    if hashlib.sha256(data).hexdigest() != digest:
        raise ContractViolation("model_digest_differs", f"the model does not have the digest {digest}")
    try:
        bundle = msgspec.json.decode(data, type=ModelBundle)
    except msgspec.MsgspecError as error:
        raise ContractViolation("model_invalid", f"model {digest}: {error}") from error
    _check_compatible(bundle, feature_names, libraries)
    return bundle


def _check_compatible(bundle: ModelBundle, feature_names: tuple[str, ...], libraries: Mapping[str, str]) -> None:
    if bundle.format_version != FORMAT_VERSION:
        raise ContractViolation("model_format_differs", f"model format {bundle.format_version}")
    if bundle.feature_names != feature_names:
        raise ContractViolation("model_features_differ", "the model was trained on another feature list")
    for name, version in bundle.libraries.items():
        if libraries.get(name) != version:
            raise ContractViolation(
                "model_library_differs", f"model needs {name} {version}, here is {libraries.get(name)}"
            )


def _canonical(value: msgspec.Struct) -> bytes:
    """JSON with sorted keys. Raw parts are decoded first, to sort their keys too."""
    return msgspec.json.encode(msgspec.json.decode(msgspec.json.encode(value)), order="sorted")
