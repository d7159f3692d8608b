"""Which fields of an article a rule looks at, known before there is one."""

from tocsin.model import Rule
from tocsin.model.query import And, AtLeast, EntityRef, Fielded, Near, Not, NotNear, Or, Query, Scope, children_of


def reads_body(rule: Rule) -> bool:
    """Tell whether the body of an article can make a difference to `rule`.

    It cannot only where every term is asked of another field. An entity always may look at it: for the full name that
    its surname stands for, for the words of its context.
    """
    if rule.keywords or rule.exclude or rule.entities_any or rule.entities_all:
        return True
    return rule.query is not None and _reads_body(rule.query)


def _reads_body(query: Query) -> bool:
    """Not recursive: queries are deep."""
    waiting: list[tuple[Query, Scope | None]] = [(query, None)]
    while waiting:
        node, scope = waiting.pop()
        match node:
            case Fielded():
                waiting.append((node.child, node.scope))
            case And() | Or() | Not() | Near() | NotNear() | AtLeast():
                waiting.extend((child, scope) for child in children_of(node))
            case EntityRef():
                return True
            case _ if scope in {None, Scope.BODY, Scope.LEAD}:
                return True
            case _:
                pass
    return False
