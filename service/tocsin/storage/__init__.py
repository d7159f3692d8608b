"""The storage room: the one implementation of `ports.Store`, on SQLite and PostgreSQL with the same statements.

It keeps what it is handed and gives it back as it was. It decides nothing about feeds, stories or retries, reads no
clock and logs nothing: every method is one transaction, and what a driver complains of becomes a `StorageError`.
"""
