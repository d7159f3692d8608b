"""The lowest edge: connections to addresses that were checked, and what went wrong with them in plain words.

It refuses to follow redirects, to keep cookies, to read proxies from the environment, and to connect to an address
that nobody allowed.
"""
