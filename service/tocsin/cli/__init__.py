"""The commands: each reads its words, calls what does the work, and says how it went. A file per command or family."""
