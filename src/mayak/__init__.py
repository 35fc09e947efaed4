"""Mayak: a self-hosted control tower for client work."""

__version__ = "0.1.0"
