"""The error type of the local cloud: a Google API status with its reason, sent as REST or as gRPC."""

from http import HTTPStatus

import grpc

_GRPC_OF_HTTP = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class ApiError(Exception):
    """An answer other than success, as the service would give it.

    Attributes:
        status: HTTP status code.
        message: the service's message.
        reason: REST reason such as `notFound` or `conditionNotMet`.
    """

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or _reason(status)

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC code of this status; UNKNOWN for a status without one."""
        return _GRPC_OF_HTTP.get(self.status, grpc.StatusCode.UNKNOWN)

    def body(self) -> dict[str, object]:
        """The JSON error body shared by Google's REST services."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        error = {"code": self.status, "message": self.message, "status": self.code.name, "errors": [detail]}
        return {"error": error}


def unsupported(feature: str) -> ApiError:
    """501 / UNIMPLEMENTED for a feature that the local cloud does not have."""
    return ApiError(501, f"The local cloud does not implement: {feature}.", "notImplemented")


def not_found(what: str) -> ApiError:
    """404 with Cloud Storage's message."""
    return ApiError(404, what, "notFound")


def invalid(message: str) -> ApiError:
    """400: the request itself is wrong; a retry cannot help."""
    return ApiError(400, message, "invalid")


def _reason(status: int) -> str:
    words = HTTPStatus(status).phrase.split()
    return words[0].lower() + "".join(word.capitalize() for word in words[1:])
