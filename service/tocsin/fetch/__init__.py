"""Getting a feed's bytes: over HTTP, politely and within bounds, or from a directory.

It reads no feed: what the bytes mean is for `tocsin.feeds` to say. Failures are values.
"""
