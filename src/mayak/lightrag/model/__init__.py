"""LightRAG's own words: records, chunks, identifiers, evidence, answers. Pure rules, no I/O."""
