"""Questions that count, list, add up or compare rows: read exactly, or not at all."""
