"""`tocsin entities`: whom and what the configuration knows, and every form in which it finds them."""

from pathlib import Path

from tocsin.cli.ending import Exit, printable
from tocsin.cli.frame import plan_for, print_json, settings_for
from tocsin.cli.table import print_table
from tocsin.errors import UsageError
from tocsin.model import Context, Entity, JsonObject, Surname
from tocsin.rules.entities import EntityForm, FormKind, entity_forms
from tocsin.text.suggestions import suggestion

WITHOUT_A_FORM = (
    "Found as well, without a form of their own: a possessive 's, accents that are missing or there, dots in an "
    "acronym (O.S.C.E.), and inflections in the article's language, of a name only with its capital."
)


def entities(config: Path | None, *, json: bool) -> Exit:
    """Print the entities in the order of the configuration."""
    known = plan_for(settings_for(config)).entities
    if json:
        for entity in known:
            print_json(
                {
                    "id": entity.id,
                    "name": entity.name,
                    "type": entity.type.value,
                    "forms": len(entity_forms(entity)),
                    "context": entity.context is not None,
                }
            )
    else:
        print_table(("id", "name", "type", "forms", "context"), map(_row, known))
    return Exit.FINE


def _row(entity: Entity) -> tuple[str, ...]:
    context = "" if entity.context is None else "yes"
    return entity.id, entity.name, entity.type.value, str(len(entity_forms(entity))), context


def expand(id_: str, config: Path | None, *, json: bool) -> Exit:
    """Print every form of an entity: what it comes from, when it counts, and how its case is compared.

    Raises:
        UsageError: the configuration has no such entity.
    """
    known = {entity.id: entity for entity in plan_for(settings_for(config)).entities}
    entity = known.get(id_.removeprefix("@"))
    if entity is None:
        raise UsageError(f'there is no entity "{id_}"{suggestion(id_, known)}')
    forms = entity_forms(entity)
    if json:
        for form in forms:
            print_json(_json(entity, form))
        return Exit.FINE
    rows = ((form.text, form.origin, _counts(entity, form), _case(entity, form)) for form in forms)
    print_table(("form", "origin", "counts", "case"), rows)
    for line in _context_lines(entity.context):
        print(printable(line))
    print(WITHOUT_A_FORM)
    return Exit.FINE


def _json(entity: Entity, form: EntityForm) -> JsonObject:
    context = entity.context
    return {
        "entity": entity.id,
        "form": form.text,
        "origin": form.origin,
        "kind": form.kind.value,
        "counts": _counts(entity, form),
        "case": _case(entity, form),
        "context": None
        if context is None
        else {"any": list(map(str, context.any)), "none": list(map(str, context.none)), "within": context.within},
    }


def _counts(entity: Entity, form: EntityForm) -> str:
    if form.partial and entity.surname is Surname.AFTER_FULL:
        return "only where the full name stands"
    return "by itself"


def _case(entity: Entity, form: EntityForm) -> str:
    if form.kind is FormKind.ACRONYM or (form.kind is FormKind.EXACT and entity.case_sensitive):
        return "exactly as here"
    if form.kind is FormKind.EXACT:
        return "any case, no inflection"
    return "as here, or a line in capitals" if entity.case_sensitive else "any case"


def _context_lines(context: Context | None) -> list[str]:
    if context is None:
        return []
    where = f"within {context.within} words of the mention" if context.within else "anywhere in title or body"
    lines = []
    if context.any:
        lines.append(f"One of these must stand {where}: {', '.join(map(str, context.any))}.")
    if context.none:
        lines.append(f"None of these may stand {where}: {', '.join(map(str, context.none))}.")
    return lines
