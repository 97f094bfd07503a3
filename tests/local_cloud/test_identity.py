"""Identity tokens: a valid token names its caller, and every single defect is refused."""

import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tipoff_local.identity import ISSUER, Forbidden, Identity, Unauthenticated

AUDIENCE = "https://nba-grading-123.us-west2.run.app"
CALLER = "wf-postgame@tipoff-tests.iam.gserviceaccount.com"
NOW = 1_760_000_000.0


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return Identity(tmp_path, now=lambda: NOW)


def claims(**changes: object) -> dict[str, object]:
    genuine = {
        "iss": ISSUER, "aud": AUDIENCE, "azp": "1", "sub": "1", "email": CALLER, "email_verified": True,
        "iat": int(NOW), "exp": int(NOW) + 3600,
    }  # fmt: skip
    return {key: value for key, value in (genuine | changes).items() if value is not ...}


def signed(identity: Identity, **changes: object) -> str:
    key = serialization.load_pem_private_key((identity.folder / "identity.pem").read_bytes(), None)
    return jwt.encode(claims(**changes), key, algorithm="RS256")  # type: ignore[arg-type]


def test_a_valid_token_names_its_caller_and_verifies_with_the_published_key(identity: Identity) -> None:
    token = identity.sign(AUDIENCE, CALLER)
    assert identity.verify(token, AUDIENCE, {CALLER}) == CALLER
    published = jwt.PyJWK(identity.jwks()["keys"][0])
    options = {"verify_exp": False, "verify_iat": False}
    decoded = jwt.decode(token, published, algorithms=["RS256"], audience=AUDIENCE, options=options)  # type: ignore[arg-type]
    assert decoded["email"] == CALLER and decoded["exp"] - decoded["iat"] == 3600


def test_servers_that_share_a_folder_share_the_key(identity: Identity) -> None:
    assert Identity(identity.folder, now=lambda: NOW).verify(identity.sign(AUDIENCE, CALLER), AUDIENCE, {CALLER})


def test_a_token_is_renewed_before_it_expires(tmp_path: Path) -> None:
    clock = [NOW]
    identity = Identity(tmp_path, now=lambda: clock[0])
    first = identity.sign(AUDIENCE, CALLER)
    assert identity.sign(AUDIENCE, CALLER) == first
    clock[0] += 3300
    second = identity.sign(AUDIENCE, CALLER)
    assert second != first
    clock[0] += 400
    identity.verify(second, AUDIENCE, {CALLER})
    with pytest.raises(Unauthenticated):
        identity.verify(first, AUDIENCE, {CALLER})


FAULTS: dict[str, dict[str, object]] = {
    "expired": {"exp": int(NOW)},
    "issued in the future": {"iat": int(NOW) + 60},
    "not yet valid": {"nbf": int(NOW) + 60},
    "wrong audience": {"aud": "https://other"},
    "two audiences": {"aud": [AUDIENCE, "https://other"]},
    "wrong issuer": {"iss": "https://evil"},
    "unverified e-mail": {"email_verified": False},
    "no e-mail": {"email": ...},
    "no expiry": {"exp": ...},
    "no audience": {"aud": ...},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_single_wrong_claim_is_401(identity: Identity, fault: str) -> None:
    with pytest.raises(Unauthenticated):
        identity.verify(signed(identity, **FAULTS[fault]), AUDIENCE, {CALLER})


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _unsigned(identity: Identity) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims())}."


def _public_key_as_secret(identity: Identity) -> str:
    secret = str(identity.jwks()["keys"][0]["n"]).encode()
    signing_input = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims())}"
    digest = hmac.digest(secret, signing_input.encode(), "sha256")
    return f"{signing_input}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _other_key(identity: Identity) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims(), key, algorithm="RS256")


def _tampered(identity: Identity) -> str:
    head, _, signature = identity.sign(AUDIENCE, CALLER).split(".")
    return f"{head}.{_part(claims(email='owner@example.com'))}.{signature}"


FORGERIES: list[Callable[[Identity], str]] = [
    _unsigned, _public_key_as_secret, _other_key, _tampered, lambda identity: "", lambda identity: "a.b.c",
    lambda identity: "\udcff", lambda identity: "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_token_is_401(identity: Identity, forge: Callable[[Identity], str]) -> None:
    with pytest.raises(Unauthenticated):
        identity.verify(forge(identity), AUDIENCE, {CALLER, "owner@example.com"})


def test_a_valid_token_of_an_account_without_permission_is_403(identity: Identity) -> None:
    with pytest.raises(Forbidden):
        identity.verify(identity.sign(AUDIENCE, CALLER), AUDIENCE, {"somebody@else"})
