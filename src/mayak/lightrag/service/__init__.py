"""What LightRAG can do: keep its chunks fresh, embed them, answer, show a source."""

from mayak.lightrag.service.answers import AnswerNotFound, answer_of, ask, rate

__all__ = ["AnswerNotFound", "answer_of", "ask", "rate"]
