"""How good a ranking is, by the usual measures."""

import math
import statistics
from collections.abc import Mapping, Sequence

DEPTH = 10


def scored(ranked: Sequence[str], right: Mapping[str, float]) -> dict[str, float]:
    """Of one question: `right` is the grade of each text that answers it, not empty."""
    gains = [right.get(text, 0.0) for text in ranked[:DEPTH]]
    ideal = sorted(right.values(), reverse=True)[:DEPTH]
    first = next((place for place, gain in enumerate(gains, start=1) if gain), None)
    return {
        "ndcg@10": _discounted(gains) / _discounted(ideal),
        "recall@10": sum(gain > 0 for gain in gains) / len(right),
        "mrr": 1 / first if first else 0.0,
    }


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def mean(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: round(statistics.mean(one[name] for one in scores), 4) for name in scores[0]}


def spread(laps: Sequence[float]) -> dict[str, float]:
    """Milliseconds in the middle and at 95 of 100."""
    ordered = sorted(laps)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
    }
