"""An answer in the shape of a JSON schema, filled with what the model would have said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mayak.sandbox.openai.prompt import Source

DEEPEST = 12
"""Levels after which a schema that contains itself gets null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A schema to be filled in."""

    root: Any
    said: str
    sources: Sequence[Source]

    def filled(self, schema: Any, depth: int = 0) -> Any:
        """Texts are the answer, whole numbers the number of a source, lists have one element."""
        if not isinstance(schema, Mapping) or depth > DEEPEST:
            return None
        if "$ref" in schema:
            return self.filled(self._referred(str(schema["$ref"])), depth + 1)
        for several in ("anyOf", "oneOf", "allOf"):
            if schema.get(several):
                return self.filled(schema[several][0], depth + 1)
        if "const" in schema or schema.get("enum"):
            return schema["const"] if "const" in schema else schema["enum"][0]
        return self._typed(schema, depth)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) and kind else kind
        if kind == "object":
            parts = schema.get("properties") or {}
            return {name: self.filled(one, depth + 1) for name, one in parts.items()}
        if kind == "array":
            return [self.filled(schema.get("items"), depth + 1)]
        plain = {
            "string": self.said,
            "integer": self.sources[0].number if self.sources else 0,
            "number": 0.5,
            "boolean": bool(self.sources),
        }
        return plain.get(str(kind))

    def _referred(self, reference: str) -> Any:
        found = self.root
        for part in reference.removeprefix("#").strip("/").split("/"):
            if part:
                found = found.get(part) if isinstance(found, Mapping) else None
        return found
