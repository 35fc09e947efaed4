"""Chatwoot's application API, version 4.x, as clients find it."""
