"""Questions worth trying first, where somebody knows the data: the demo does."""

from collections.abc import Mapping, Sequence


class ExampleQuestions:
    def __init__(self, by_project: Mapping[str, Sequence[str]]) -> None:
        self._by_project = {slug: list(asked) for slug, asked in by_project.items()}

    def of(self, slug: str) -> list[str]:
        """Examples of the project with this slug; may be empty."""
        return list(self._by_project.get(slug, []))
