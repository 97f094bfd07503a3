"""Service-account identities: one local RSA key signs OIDC tokens as Google would, and verifies them.

Pub/Sub push, Workflows and Scheduler sign; the function host verifies, as Cloud Run's IAM does in production.
Claims follow "Authentication for push subscriptions" (decoded sample): aud, azp, sub, email, email_verified,
iat, exp (one hour), iss.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://accounts.google.com"
LIFETIME_S = 3600
# The audience of tokens for Google's APIs. Google's own access tokens are opaque; ours name their account.
ACCESS_AUDIENCE = "https://www.googleapis.com/"
# A function gets its token once, when it starts.
ACCESS_LIFETIME_S = 10 * 365 * 86_400
_RENEW_BEFORE_END_S = 600
_REQUIRED = ["iss", "aud", "exp", "iat", "sub", "email"]


class Unauthenticated(Exception):
    """The token is missing, forged, expired or made for another audience (HTTP 401)."""


class Forbidden(Exception):
    """The token is genuine, but its account may not call this (HTTP 403)."""


class Identity:
    """Signs and verifies identity tokens with the key in `folder/identity.pem`, which is made on first use.

    The servers of one local cloud share the folder and so the key.

    Args:
        now: returns seconds since the epoch.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._key = _load_or_make(folder / "identity.pem")
        self._public = self._key.public_key()
        self._now = now
        self._signed: dict[tuple[str, str], tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._key_id = hashlib.sha256(_public_bytes(self._public)).hexdigest()[:16]

    def sign(self, audience: str, email: str) -> str:
        """A JWT of `email` for `audience`. The same token is returned until ten minutes before it expires."""
        with self._lock:
            end, token = self._signed.get((audience, email), (0.0, ""))
            if end - self._now() < _RENEW_BEFORE_END_S:
                end, token = self._make(audience, email)
                self._signed[(audience, email)] = (end, token)
            return token

    def authorization(self, audience: str, email: str) -> dict[str, str]:
        """The request header that carries a signed token."""
        return {"Authorization": f"Bearer {self.sign(audience, email)}"}

    def access_token(self, email: str) -> str:
        """A token for the calls of an account to the APIs of this local cloud."""
        return self._make(ACCESS_AUDIENCE, email, ACCESS_LIFETIME_S)[1]

    def access_email(self, token: str) -> tuple[str, float]:
        """The account of an access token, and the end of the token in seconds since the epoch.

        Raises:
            Unauthenticated: the token is not valid, or is an identity token for another service.
        """
        claims = self._claims(token)
        email, end = claims["email"], claims["exp"]
        if claims["aud"] != ACCESS_AUDIENCE or not isinstance(email, str) or not isinstance(end, int):
            raise Unauthenticated("the token is no access token")
        return email, float(end)

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        """The public key as a JSON Web Key Set (RFC 7517), as served to verifiers."""
        key: dict[str, object] = RSAAlgorithm.to_jwk(self._public, as_dict=True)
        return {"keys": [key | {"kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def verify(self, token: str, audience: str | Collection[str], allowed_emails: Collection[str] | None = None) -> str:
        """Check a token and return the caller's e-mail address.

        Args:
            allowed_emails: the accounts that may call; None leaves that to the caller of this method.

        Raises:
            Unauthenticated: the token is not valid; only RS256 and a single string `aud` are accepted.
            Forbidden: the account is not among `allowed_emails`.
        """
        audiences = {audience} if isinstance(audience, str) else set(audience)
        claims = self._claims(token)
        if not isinstance(claims["aud"], str) or claims["aud"] not in audiences:
            raise Unauthenticated("the token is for another audience")
        email = claims["email"]
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise Unauthenticated("the token names no verified e-mail")
        if allowed_emails is not None and email not in allowed_emails:
            raise Forbidden(f"{email} lacks roles/run.invoker")
        return email

    def _make(self, audience: str, email: str, lifetime_s: int = LIFETIME_S) -> tuple[float, str]:
        now = int(self._now())
        subject = str(int.from_bytes(hashlib.sha256(email.encode()).digest()[:8]))
        claims = {
            "iss": ISSUER, "aud": audience, "azp": subject, "sub": subject,
            "email": email, "email_verified": True, "iat": now, "exp": now + lifetime_s,
        }  # fmt: skip
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})
        return float(now + lifetime_s), token

    def _claims(self, token: str) -> Mapping[str, object]:
        # The library reads the machine's clock. Times are checked below against ours, which tests can move.
        try:
            claims: Mapping[str, object] = jwt.decode(
                token, self._public, algorithms=["RS256"], issuer=ISSUER,
                options={
                    "verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False,
                    "require": _REQUIRED,
                },
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthenticated(f"the token is not genuine: {type(error).__name__}") from error
        self._check_times(claims)
        return claims

    def _check_times(self, claims: Mapping[str, object]) -> None:
        now, skew_s = self._now(), 5
        expires, issued, not_before = claims["exp"], claims["iat"], claims.get("nbf", 0)
        if not isinstance(expires, int) or not isinstance(issued, int) or not isinstance(not_before, int):
            raise Unauthenticated("the token's times are not integers")
        if expires <= now or issued > now + skew_s or not_before > now + skew_s:
            raise Unauthenticated("the token is expired or not yet valid")


def bearer(header: str | None) -> str | None:
    """The bearer token of an Authorization header; None if it has none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _load_or_make(path: Path) -> rsa.RSAPrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _publish_once(path, _new_key())
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA key")
    return key


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


def _publish_once(path: Path, content: bytes) -> None:
    # Two servers may start at the same moment. link() publishes exactly one key, and never half a file.
    mine = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    mine.touch(mode=0o600)
    mine.write_bytes(content)
    try:
        path.hardlink_to(mine)
    except FileExistsError:
        pass  # the other server was first: its key is used
    finally:
        mine.unlink()


def _public_bytes(key: rsa.RSAPublicKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)
