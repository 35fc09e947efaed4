"""Vectors in which texts that share words, word stems and letter groups are near each other.

Features are hashed into the dimensions with a sign each, so that in any number of dimensions the
cosine of two vectors estimates that of the features themselves (Weinberger et al., 2009, "Feature
hashing for large scale multitask learning"). Nothing in it knows a language.
"""

import math
import re
import zlib
from collections import Counter
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

STEM = 5
"""Letters of a word that stay when it is inflected, more or less."""
HEAVY = 6
"""Letters from which on a word counts in full; shorter ones are mostly grammar."""
GROUP_WEIGHT = 0.15
"""Of three letters in a row, beside the word they stand in."""
_WORD = re.compile(r"\w+")


def vector(text: str, dimensions: int) -> Vector:
    """Of length one. The same text gives the same vector in every process."""
    lowered = text.lower().replace("ё", "е")
    words = Counter(_WORD.findall(lowered) or [lowered.strip()])
    hashes: list[int] = []
    weights: list[float] = []
    for word, times in words.items():
        whole, stem, weight = _features(word)
        weight *= 1 + math.log(times)
        hashes += (whole, stem)
        weights += (weight, weight)
    groups, seen = np.unique(_groups(" ".join(words)), return_counts=True)
    every = np.concatenate([np.array(hashes, np.uint64), groups])
    counted = np.concatenate([np.array(weights), GROUP_WEIGHT * np.sqrt(seen)])
    return _folded(every, counted, dimensions)


@lru_cache(maxsize=1 << 16)
def _features(word: str) -> tuple[int, int, float]:
    """The numbers of the word and of its stem, and what each weighs."""
    weight = (min(len(word), HEAVY) / HEAVY) ** 2
    return _hash(word), _hash("stem " + word[:STEM]), weight


def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def _groups(text: str) -> NDArray[np.uint64]:
    """A number for every three characters in a row."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    return codes[:-2] * np.uint64(1 << 42) + codes[1:-1] * np.uint64(1 << 21) + codes[2:]


def _folded(features: NDArray[np.uint64], weights: NDArray[np.float64], dimensions: int) -> Vector:
    # Multiplicative mixing (Knuth, TAOCP 3, 6.4), so that near numbers land far apart.
    mixed = (features * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    places = (mixed % np.uint64(dimensions)).astype(np.intp)
    signs = np.where((mixed >> np.uint64(43)) & np.uint64(1), 1.0, -1.0)
    summed = np.bincount(places, weights * signs, dimensions)
    length = float(np.linalg.norm(summed))
    if length == 0:  # everything cancelled out
        summed[int(places[0])], length = 1.0, 1.0
    return np.asarray(summed / length, np.float32)
