"""When an alert that rang is told again: its story reached more outlets, or its article changed materially."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from tocsin.alerts.envelope import timestamp
from tocsin.alerts.render import MOST_SOURCES, source_json, sources_json
from tocsin.model import ChannelKind, ChannelSpec, JsonObject, MessageKind, Rule, StorySource

#: What programs read; people are told only what their rules ask for.
_PROGRAMS = frozenset({ChannelKind.WEBHOOK, ChannelKind.FILE})


class UpdateReason(StrEnum):
    """Why an alert is told again."""

    SOURCES = "sources"  # an outlet has the story that had it not: programs are told
    FOLLOW_UP = "follow_up"  # as many outlets have it as the rule names
    CHANGED = "changed"  # its article says much that it did not


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a story grew: its articles before, and those that came, in the order in which they joined."""

    before: Sequence[StorySource]
    added: Sequence[StorySource]

    @property
    def after(self) -> Sequence[StorySource]:
        """All articles of the story."""
        return (*self.before, *self.added)


def outlets_of(sources: Sequence[StorySource]) -> tuple[str, ...]:
    """Return the outlets that have a story, each once, in the order in which they came."""
    outlets: dict[str, str] = {}
    for source in sources:
        outlets.setdefault(source.outlet.casefold(), source.outlet)
    return tuple(outlets.values())


def decide_update(growth: Growth, rule: Rule | None, *, changed: bool) -> UpdateReason | None:
    """Decide whether an alert is told again, and why; a rule that is gone asks for nothing."""
    before, after = len(outlets_of(growth.before)), len(outlets_of(growth.after))
    if changed:
        return UpdateReason.CHANGED
    if rule and any(before < wanted <= after for wanted in rule.follow_up):
        return UpdateReason.FOLLOW_UP
    return UpdateReason.SOURCES if after > before else None


def hears(channel: ChannelSpec, reason: UpdateReason) -> bool:
    """Tell whether a channel is told of updates with that reason: of outlets, programs are, and what can be edited."""
    return reason is not UpdateReason.SOURCES or channel.kind in _PROGRAMS or channel.edits


def renews(channel: ChannelSpec, reason: UpdateReason, growth: Growth) -> bool:
    """Tell whether a channel whose first message can be edited has that renewed besides what it is told anew."""
    grew = len(outlets_of(growth.after)) > len(outlets_of(growth.before))
    return channel.edits and reason is not UpdateReason.SOURCES and grew


def renewed(data: JsonObject, sources: Sequence[StorySource]) -> JsonObject:
    """Return what an alert says with the articles that its story has by now."""
    return {**data, "story": {**cast("Mapping[str, object]", data["story"]), **sources_json(sources)}}


def render_update(data: JsonObject, growth: Growth, reason: UpdateReason, number: int, at: datetime) -> JsonObject:
    """Return the payload of an update, from what the alert says by now."""
    update = {
        "number": number,
        "reason": reason.value,
        "outlets": len(outlets_of(growth.after)),
        "added": [source_json(source) for source in growth.added[:MOST_SOURCES]],
        "added_total": len(growth.added),
    }
    return {"type": MessageKind.UPDATED.value, "timestamp": timestamp(at), "data": {**data, "update": update}}
