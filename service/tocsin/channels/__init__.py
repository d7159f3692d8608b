"""The ways out: each kind is one file with a pure function that makes its form of a message, and a short `send`.

A channel tries once and says what came of it as an `Attempt`; when to try again is not its business. What it is given
is untrusted text; each escapes it for its own medium.
"""
