"""Reads the template of a webhook: JSON, whose strings are checked as templates here, each at its place."""

from collections.abc import Iterator

from tocsin.config.mistakes import Source
from tocsin.config.yamlfile import MapNode, Scalar, texts_in, typed
from tocsin.errors import Problem

KEY = "template"


def template_of(channel: Source) -> object:
    """Return the template of a channel, its numbers and its yes and no being such."""
    return typed(channel.below(KEY).node)


def slips_in(channel: Source) -> Iterator[Problem]:
    """Yield what is wrong with the strings of a channel's template."""
    template = channel.below(KEY).node
    if not isinstance(template, MapNode):
        return  # told as what it is
    from tocsin.alerts.template import SIGNS, slip_in  # noqa: PLC0415 - it takes long, and few have templates

    for steps, scalar in texts_in(template):
        if _holds(scalar, SIGNS):
            message = f"what a ${{…}} in a template stands for must not hold any of {' '.join(SIGNS)}"
            yield channel.problem(message, KEY, *steps)
        elif slip := slip_in(scalar.text or ""):
            yield channel.problem_in(slip.message, slip.at, KEY, *steps)


def _holds(scalar: Scalar, signs: tuple[str, ...]) -> bool:
    """Tell whether what was put in for a `${…}` has signs of templates: a secret is a text, whatever it looks like."""
    put_in = [(scalar.text or "")[swap.start : swap.end] for swap in scalar.swaps]
    return any(sign in value for value in put_in for sign in signs)
