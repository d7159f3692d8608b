"""Turns environment and YAML into a `Plan`, or into the list of everything that is wrong with them.

Rooms within: `settings` (the process environment), `yamlfile` (one file into nodes that know where they stand),
`values` and `choices` (one text into one value), `schema` (which keys there are), `mistakes` (what is wrong, in our
words), `build` (a directory into checked parts), `compile` (the parts into a plan), `requests` (what goes along with
requests, and to whom), `cautions` and `remarks` (what runs but looks wrong).

Nothing is fetched, opened or resolved but the configuration itself and the files that it takes secrets and authorities
from: whether a feed answers is not asked here, only whether the directory of a feed is there.
"""
