"""A small logistic regression, and how well its chances hold for clients it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mayak.lightrag.model.quality import TOLD_BY, Features

Numbers = npt.NDArray[np.float64]
PULL = 4.0
"""Strength of the pull of weights towards 0, on features scaled to one deviation."""
ROUNDS = 50
STEPS = (0.0, 0.8, 0.85, 0.9, 0.95, 1.001)
"""Bounds of the rows of the reliability table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An answer from texts, and whether it was right."""

    client: str
    features: Features
    right: bool


def fitted(samples: Sequence[Sample]) -> Numbers:
    """The bias, then a weight for each feature in `TOLD_BY`, by Newton's method on
    the likelihood less `PULL` / 2 times the squared weights.
    """
    given, right = _matrix(samples)
    middle, spread = given.mean(axis=0), given.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = np.column_stack([np.ones(len(given)), (given - middle) / spread])
    pull = np.full(scaled.shape[1], PULL)
    pull[0] = 0.0
    weights = np.zeros(scaled.shape[1])
    for _ in range(ROUNDS):
        chance = _sigmoid(scaled @ weights)
        slope = scaled.T @ (right - chance) - pull * weights
        bend = (scaled.T * (chance * (1 - chance))) @ scaled + np.diag(pull + 1e-9)
        weights = weights + np.linalg.solve(bend, slope)
    own = weights[1:] / spread
    return np.concatenate([[weights[0] - own @ middle], own])


def told(weights: Numbers, samples: Sequence[Sample]) -> Numbers:
    """The chance of each answer to be right."""
    given, _ = _matrix(samples)
    return _sigmoid(weights[0] + given @ weights[1:])


def examined(samples: Sequence[Sample]) -> dict[str, Any]:
    """The weights fitted to all, and figures of the chances that each client's answers get from
    weights fitted to the other clients.
    """
    chances = np.zeros(len(samples))
    for client in {one.client for one in samples}:
        held = np.array([one.client == client for one in samples])
        others = [one for one in samples if one.client != client]
        chances[held] = told(fitted(others), [one for one in samples if one.client == client])
    _, right = _matrix(samples)
    share = float(right.mean())
    weights = fitted(samples)
    names = ["bias", *TOLD_BY]
    return {
        "answers": len(samples),
        "right": int(right.sum()),
        "weights": {name: round(float(one), 3) for name, one in zip(names, weights, strict=True)},
        "brier": round(float(((chances - right) ** 2).mean()), 4),
        "brier_of_the_share": round(share * (1 - share), 4),
        "area_under_curve": _area(chances, right),
        "reliability": [_row(chances, right, *step) for step in pairwise(STEPS)],
    }


def _row(chances: Numbers, right: Numbers, low: float, high: float) -> dict[str, Any]:
    inside = (chances >= low) & (chances < high)
    if not inside.any():
        return {"from": low, "answers": 0}
    return {
        "from": low,
        "answers": int(inside.sum()),
        "told": round(float(chances[inside].mean()), 3),
        "right": round(float(right[inside].mean()), 3),
    }


def _area(chances: Numbers, right: Numbers) -> float:
    """How often a right answer gets a higher chance than a wrong one; 0.5 is by lot."""
    good, bad = chances[right == 1], chances[right == 0]
    ahead = (good[:, None] > bad[None, :]) + 0.5 * (good[:, None] == bad[None, :])
    return round(float(ahead.mean()), 3)


def _matrix(samples: Sequence[Sample]) -> tuple[Numbers, Numbers]:
    given = np.array(
        [[getattr(one.features, name) for name in TOLD_BY] for one in samples], dtype=np.float64
    )
    return given, np.array([one.right for one in samples], dtype=np.float64)


def _sigmoid(values: Numbers) -> Numbers:
    made: Numbers = 1 / (1 + np.exp(-values))
    return made
