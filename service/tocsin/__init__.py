"""Tocsin watches news feeds and rings when a rule matches."""
