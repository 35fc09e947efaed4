"""Attio, as it really behaves, over the rows of a World."""
