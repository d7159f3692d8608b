"""Rules: what users ask for, and finding it in articles with evidence. Pure; knows text, no feed and no alert."""
