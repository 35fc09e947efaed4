"""mayak eval --dataset: how good retrieval is on a folder of texts and questions."""

from pathlib import Path
from typing import Any

from rich.table import Table

from mayak.config import Settings
from mayak.entry.cli.output import out


def run(settings: Settings, folder: Path, *, cache: Path | None = None) -> dict[str, Any]:
    """The report, as `--json` prints it. Raises InvalidInput for a folder that is no dataset."""
    from mayak.entry.dataset.examine import run_dataset

    return run_dataset(settings, folder, cache=cache)


def show(document: dict[str, Any]) -> None:
    """The report for people."""
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("questions", "texts", "ranking", "nDCG@10", "recall@10", "MRR"):
        table.add_column(heading, justify="right")
    for name, figures in document["sets"].items():
        for place, way in enumerate(("dense", "lexical", "hybrid")):
            table.add_row(
                "" if place else name,
                "" if place else str(figures["questions"]),
                "" if place else str(figures["texts"]),
                way,
                *(f"{figures[way][measure]:.3f}" for measure in ("ndcg@10", "recall@10", "mrr")),
            )
    out.print(table)
    hybrid = document["latency_ms"]["hybrid"]
    out.print(
        f"{document['model']}; a hybrid search takes {hybrid['p50']} ms, 95 of 100 at most"
        f" {hybrid['p95']} ms, without the vector of the question.",
        soft_wrap=True,
    )
