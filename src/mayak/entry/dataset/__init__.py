"""The examination of retrieval by a folder of texts, questions and what answers them."""
