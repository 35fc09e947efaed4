"""The schema we serve, and documents checked against it."""

from functools import cache, lru_cache
from importlib.resources import files

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    parse,
    validate,
)


@cache
def served() -> GraphQLSchema:
    """Our part of Linear's schema."""
    text = files("mayak.sandbox.linear").joinpath("schema.graphql").read_text("utf-8")
    return build_schema(text)


@lru_cache(maxsize=500)
def document_of(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """The document of a query and what is wrong with it; None when it cannot be parsed."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(served(), document))


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is asked for: by name, or the only one."""
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    named = [one for one in operations if name is None or (one.name and one.name.value == name)]
    return named[0] if len(named) == 1 else None


def title_of(query: str, name: str | None) -> str:
    """What the journal calls the operation: its name, or else that of its first field."""
    document, _ = document_of(query)
    operation = operation_of(document, name) if document else None
    if operation is None:
        return name or "unknown"
    if operation.name:
        return operation.name.value
    first = operation.selection_set.selections[0]
    return first.name.value if isinstance(first, FieldNode) else "unknown"


def is_mutation(query: str, name: str | None) -> bool:
    document, _ = document_of(query)
    operation = operation_of(document, name) if document else None
    return operation is not None and operation.operation is OperationType.MUTATION
