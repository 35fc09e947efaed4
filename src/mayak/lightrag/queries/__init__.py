"""All SQL of LightRAG, by what it is about."""
