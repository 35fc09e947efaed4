"""How vectors travel to PostgreSQL: in the binary form of pgvector, many in one parameter."""

import struct
from typing import LiteralString

import numpy as np
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from mayak.lightrag.model.embedder import Vector, Vectors
from mayak.platform.db import Conn, fetch_value

HALFVEC: LiteralString = "SELECT 'halfvec'::regtype::oid::bigint"


class HalfvecArray:
    """A `halfvec[]` as PostgreSQL reads it."""

    __slots__ = ("sent",)

    def __init__(self, sent: bytes) -> None:
        self.sent = sent


class _HalfvecArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: HalfvecArray) -> bytes:
        return obj.sent


psycopg.adapters.register_dumper(HalfvecArray, _HalfvecArrayDumper)


async def halfvecs(conn: Conn, vectors: Vectors) -> HalfvecArray:
    """Rows of `vectors` as a parameter: about 2 bytes a number, and no number is ever spelled."""
    rows, dimensions = vectors.shape
    element = np.dtype(
        [
            ("length", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("values", ">f2", (dimensions,)),
        ]
    )
    made = np.zeros(rows, element)
    made["length"] = 4 + 2 * dimensions
    made["dimensions"] = dimensions
    made["values"] = vectors
    # Of the array: its depth, no nulls, what it is of, how many, counted from 1.
    head = struct.pack(">iiIii", 1, 0, await fetch_value(conn, HALFVEC), rows, 1)
    return HalfvecArray(head + made.tobytes())


def as_halfvec(vector: Vector) -> str:
    """One vector in the spelling of pgvector; six digits are more than half precision keeps."""
    # Numbers of Python spell themselves twice as fast as those of numpy.
    return "[" + ",".join([f"{value:.6g}" for value in vector.tolist()]) + "]"
