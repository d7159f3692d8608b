"""Feeds: documents become entries, entries become articles, and when to look next. Pure; fetches nothing."""
