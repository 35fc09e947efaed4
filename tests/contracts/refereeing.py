"""What every published contract needs to be a referee: how openapi-core is shown what was said, and
how an overlay corrects a document.
"""

import copy
from collections.abc import Mapping
from typing import Any

import httpx
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict


class Asked:
    """An httpx request as openapi-core wants to see it."""

    def __init__(self, request: httpx.Request) -> None:
        self.host_url = f"{request.url.scheme}://{request.url.host}"
        self.path = request.url.path
        self.method = request.method.lower()
        self.body = request.content or None
        self.content_type = request.headers.get("content-type", "")
        # The validator writes what it finds in the path into these.
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.url.params.multi_items()),
            header=Headers(list(request.headers.items())),
        )


class Answered:
    """An httpx response as openapi-core wants to see it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.content_type = response.headers.get("content-type", "")
        self.headers = dict(response.headers)
        self.data = response.content


def patched(document: Any, entries: list[Mapping[str, Any]]) -> Any:
    """The document with the overlay's JSON patches (add, replace, remove) applied."""
    document = copy.deepcopy(document)
    for entry in entries:
        for step in entry["patch"]:
            *parents, last = [
                part.replace("~1", "/").replace("~0", "~") for part in step["path"][1:].split("/")
            ]
            place = document
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            if step["op"] == "remove":
                del place[last]
            elif isinstance(place, list):
                place.insert(len(place) if last == "-" else int(last), copy.deepcopy(step["value"]))
            else:
                assert step["op"] == "add" or last in place, f"nothing to replace: {step['path']}"
                place[last] = copy.deepcopy(step["value"])
    return document


def explained(error: BaseException) -> str:
    """An error of openapi-core with what is behind it: the schema violations themselves."""
    cause = error.__cause__ or error.__context__
    violations: list[Any] = list(getattr(cause or error, "schema_errors", None) or ())
    found = [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in violations]
    return "; ".join([type(error).__name__, *found, str(cause or error)[:200]])
