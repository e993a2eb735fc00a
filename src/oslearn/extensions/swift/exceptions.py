"""Swift's own errors, and its words for those of the tree.

Interface: the classes; `fault(identity_url, error)`.
Upstream: `RESPONSE_REASONS` in swift/common/swob.py.
"""

from __future__ import annotations

from urllib.parse import quote

from oslearn.core.oslo.exception import OpenStackError
from oslearn.core.oslo.http import Reply, Request

EXPLANATIONS = {
    202: "The request is accepted for processing.",
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    401: "This server could not verify that you are authorized to access the document you requested.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method is not allowed for this resource.",
    406: "The resource is not available in a format acceptable to your browser.",
    409: "There was a conflict when trying to complete your request.",
    411: "Content-Length header required.",
    412: "A precondition for this request was not met.",
    413: "The body of your request was too large for this server.",
    416: "The Range requested is not available.",
    422: "Unable to process the contained instructions",
    500: "The server has either erred or is incapable of performing the requested operation.",
    503: "The server is currently unavailable. Please try again at a later time.",
}
HTML, TEXT = "text/html; charset=UTF-8", "text/plain; charset=UTF-8"


class LengthRequired(OpenStackError):
    """411: a body whose length nobody said."""

    code, title = 411, "Length Required"
    message = ""


class PreconditionFailed(OpenStackError):
    """412: what the request takes for granted is not so."""

    code, title = 412, "Precondition Failed"
    message = ""


class BadURL(PreconditionFailed):
    """412: a path without an account. Nobody says what the words are, so that they count as a page."""

    def __init__(self) -> None:
        super().__init__("Bad URL")
        self.headers = {"Content-Type": HTML}


class RangeNotSatisfiable(OpenStackError):
    """416. `headers` tell the size."""

    code, title = 416, "Requested Range Not Satisfiable"
    message = ""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__()
        self.headers = headers


class UnprocessableEntity(OpenStackError):
    """422: the data is not what its checksum says."""

    code, title = 422, "Unprocessable Entity"
    message = ""


def page(code: int, title: str) -> str:
    """The page of a status."""
    return f"<html><h1>{title}</h1><p>{EXPLANATIONS[code]}</p></html>"


def fault(identity_url: str, req: Request, error: OpenStackError) -> Reply:
    """The reply to an error: its own words if it has any, else the page of its status."""
    if error.code >= 500 or str(error) == type(error).message:
        headers = {"Content-Type": HTML}
        if error.code == 401:
            realm = quote(error.values.get("account", "unknown"))
            headers["WWW-Authenticate"] = f'Swift realm="{realm}", Keystone uri="{identity_url}/v3"'
        return Reply(error.code, page(error.code, "Internal Error" if error.code == 500 else error.title), headers)
    return Reply(error.code, str(error), {"Content-Type": TEXT})
