"""An OpenAI-compatible API: embeddings, chat, models."""
