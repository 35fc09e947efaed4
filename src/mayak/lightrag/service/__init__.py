"""What LightRAG can do: keep its chunks fresh, embed them, answer, show a source."""
