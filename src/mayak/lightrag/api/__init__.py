"""HTTP face of LightRAG: ask, read again, judge, open sources, see what is ready."""

from fastapi import APIRouter

from mayak.lightrag.api import answers, cases, questions, sets, sources, status
from mayak.lightrag.api.views import AnswerView

router = APIRouter(tags=["lightrag"])
for part in (questions, answers, cases, sources, status, sets):
    router.include_router(part.router)

__all__ = ["AnswerView", "router"]
