"""The golden set: questions over the built-in World, what each should find, and the examination."""

from mayak.entry.golden.cases import KINDS, Case, Kind, Rule, load

__all__ = ["KINDS", "Case", "Kind", "Rule", "load"]
