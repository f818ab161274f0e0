"""What the server answers instead of a message.

ApiError                 an HTTP error of the Messages API: status, type, message, headers
└── ScriptError          the script itself is at fault; HTTP 500 that clients are told not to retry
"""

from __future__ import annotations

from collections.abc import Mapping

STATUS_OF: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""HTTP status of each error type (platform.claude.com, "Claude API errors")."""


class ApiError(Exception):
    """An error in the shape of the API: `{"type": "error", "error": {"type", "message"}}`."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = STATUS_OF[kind] if status is None else status
        self.headers: Mapping[str, str] = headers or {}

    def body(self, request_id: str | None = None) -> dict[str, object]:
        """The JSON object that carries this error, as an HTTP body or as the data of `event: error`."""
        body: dict[str, object] = {
            "type": "error",
            "error": {"type": self.kind, "message": self.message},
        }
        if request_id is not None:
            body["request_id"] = request_id
        return body


class ScriptError(ApiError):
    """The script asks for a reply that no model could give to this request."""

    def __init__(self, message: str) -> None:
        super().__init__(
            "api_error",
            f"Offline model, script error: {message}",
            headers={"x-should-retry": "false"},
        )


def invalid(message: str) -> ApiError:
    """HTTP 400 `invalid_request_error`."""
    return ApiError("invalid_request_error", message)
