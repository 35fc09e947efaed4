"""Linear, as it really behaves, over the rows of a World."""

from mayak.sandbox.linear.bulk import add_many

__all__ = ["add_many"]
