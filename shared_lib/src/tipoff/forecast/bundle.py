"""The one artefact of a training run: every system's fitted part, with what it was made of.

Canonical JSON, so the same inputs give the same bytes; its sha256 is the model digest on each prediction.
"""

import hashlib
from collections.abc import Mapping
from datetime import date

import msgspec

from tipoff.core.errors import ContractViolation

FORMAT_VERSION = 1


class ModelBundle(msgspec.Struct, frozen=True, kw_only=True):
    """What training found.

    `trained_before` is the first date outside the training window: rows predicted by this bundle must not
    be earlier. `parts` maps system id to that system's own parameters; `libraries` maps name to version.
    """

    format_version: int = FORMAT_VERSION
    train_from: date | None = None
    trained_before: date | None = None
    rows: int = 0
    feature_names: tuple[str, ...] = ()
    libraries: dict[str, str] = {}
    parts: dict[str, msgspec.Raw] = {}

    def holds(self, part: str) -> bool:
        """Whether training fitted this part."""
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
        """The same bundle with these parts added or replaced."""
        encoded = {name: msgspec.Raw(_canonical(part)) for name, part in parts.items()}
        return msgspec.structs.replace(self, parts={**self.parts, **encoded})

    def to_bytes(self) -> bytes:
        """Canonical JSON: keys sorted, floats by shortest round trip."""
        return _canonical(self)

    @property
    def digest(self) -> str:
        """sha256 of `to_bytes()`, lower-case hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


UNTRAINED = ModelBundle()


def load(data: bytes, digest: str, feature_names: tuple[str, ...], libraries: Mapping[str, str]) -> ModelBundle:
    """The bundle in these bytes, or ContractViolation when anything about it is not as expected.

    Refused: other bytes than the digest promises, another format, another feature list (order included),
    another version of any library that the bundle was trained with.
    """
    if hashlib.sha256(data).hexdigest() != digest:
        raise ContractViolation("model_digest_differs", f"model bytes are not those of {digest}")
    try:
        bundle = msgspec.json.decode(data, type=ModelBundle)
    except msgspec.MsgspecError as error:
        raise ContractViolation("model_invalid", f"model {digest}: {error}") from error
    _refuse_other_world(bundle, feature_names, libraries)
    return bundle


def _refuse_other_world(bundle: ModelBundle, feature_names: tuple[str, ...], libraries: Mapping[str, str]) -> None:
    if bundle.format_version != FORMAT_VERSION:
        raise ContractViolation("model_format_differs", f"model format {bundle.format_version}")
    if bundle.feature_names != feature_names:
        raise ContractViolation("model_features_differ", "model was trained on another feature list")
    for name, version in bundle.libraries.items():
        if libraries.get(name) != version:
            raise ContractViolation(
                "model_library_differs", f"model needs {name} {version}, here is {libraries.get(name)}"
            )


def _canonical(value: msgspec.Struct) -> bytes:
    """JSON with sorted keys; raw parts are decoded first so that they are sorted too."""
    return msgspec.json.encode(msgspec.json.decode(msgspec.json.encode(value)), order="sorted")
