"""Feeds: from bytes to entries, from entries to articles, and when to look again. Pure."""
