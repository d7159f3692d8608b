"""Which keys a configuration has, what may stand under each, and the JSON Schema of it for editors.

The docstring under a key is its description there.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from functools import cache, partial
from importlib.util import find_spec
from itertools import chain, pairwise
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    SecretStr,
    SkipValidation,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tocsin.config import values
from tocsin.config.choices import Mistake, read_choice
from tocsin.config.values import CronLine, SmtpUrl
from tocsin.model import (
    Boilerplate,
    ChannelKind,
    Dedup,
    EntityType,
    FirstPoll,
    FullText,
    GroupBy,
    Network,
    Retention,
    Severity,
    Surname,
    Term,
    WebhookForm,
)
from tocsin.model.query import Query
from tocsin.text.suggestions import suggestion

T = TypeVar("T")

#: Kinds of channels that people may look for, and that `type: apprise` reaches.
THROUGH_APPRISE = frozenset({"googlechat", "matrix", "mattermost", "pushover", "rocketchat", "signal", "sms", "syslog"})


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class CaseRule(StrEnum):
    """Whether an entity's words must be written as configured."""

    SENSITIVE = "sensitive"
    INSENSITIVE = "insensitive"


# ---------------------------------------------------------------------------------------------------------------
# Kinds of values


def text_of(value: object) -> str:
    """Return `value` if it is a text."""
    if not isinstance(value, str):
        raise Mistake("no value: write a text" if value is None else "expected a text here, not a list or keys")
    return value


def _reading(read: Callable[[str], object]) -> PlainValidator:
    return PlainValidator(lambda value: read(text_of(value)), json_schema_input_type=str)


def _shown_as(**schema: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string"} | schema, mode="validation")


def _choice(choices: type[StrEnum]) -> tuple[PlainValidator, WithJsonSchema]:
    read = partial(read_choice, choices=choices)
    return _reading(read), _shown_as(enum=[choice.value for choice in choices])


def _not_empty(value: object) -> object:
    if value == []:  # looked at here: afterwards, a list of wrong items would look empty too
        raise Mistake("empty list: leave the key out or write at least one")
    return value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else _not_empty(value)


class _ShownAsOneOrMore:
    """Makes the JSON Schema of a list accept one of its items too."""

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        array = handler(schema)
        return {"anyOf": [array["items"], {**array, "minItems": 1}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that the whole configuration defines, for the references to them."""

    feeds: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


def _reference(noun: str, names: Callable[[Known], frozenset[str]]) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        known = names(info.context) if isinstance(info.context, Known) else frozenset({name})
        if name not in known:
            raise Mistake(f'{noun} "{name}"{suggestion(name, known)}')
        return name

    return AfterValidator(check)


_SPAN = "^({0})(-({0}))?$".format("|".join(Weekday))


def _read_weekdays(text: str) -> tuple[Weekday, ...]:
    """Read a day of the week, or a span of them, as cron lines have it: `mon-fri`, `sat-mon`."""
    week = tuple(Weekday)
    first, *last = (week.index(read_choice(name, Weekday)) for name in text.split("-", 1))
    length = (last[0] - first) % len(week) + 1 if last else 1
    return tuple(week[(first + day) % len(week)] for day in range(length))


Text: TypeAlias = Annotated[str, _reading(values.read_text), _shown_as(minLength=1)]
Name: TypeAlias = Annotated[str, _reading(values.read_name), _shown_as(minLength=1, maxLength=values.LONGEST_NAME)]
Slug: TypeAlias = Annotated[str, _reading(values.read_slug), _shown_as(pattern=f"^{values.SLUG}$")]
Contact: TypeAlias = Annotated[str, _reading(values.read_contact)]
TimeZone: TypeAlias = Annotated[str, _reading(values.read_timezone)]
Language: TypeAlias = Annotated[str, _reading(values.read_language), _shown_as(minLength=2)]
Country: TypeAlias = Annotated[str, _reading(values.read_country), _shown_as(minLength=2, maxLength=2)]
WebUrl: TypeAlias = Annotated[str, _reading(values.read_web_url), _shown_as(pattern="^[Hh][Tt][Tt][Pp][Ss]?://|\\$\\{")]
Address: TypeAlias = Annotated[str, _reading(values.read_address)]
Sender: TypeAlias = Annotated[str, _reading(values.read_sender)]
Keyword: TypeAlias = Annotated[Term, _reading(values.read_term), _shown_as(type=["string", "number"])]
QueryText: TypeAlias = Annotated[Query, _reading(values.read_query), _shown_as(minLength=1)]
PartName: TypeAlias = Annotated[str, _reading(values.read_part_name), _shown_as(pattern=f"^{values.PART}$")]
Word: TypeAlias = Annotated[str, _reading(values.read_word), _shown_as(type=["string", "number"])]
Paragraph: TypeAlias = Annotated[Boilerplate, _reading(values.read_boilerplate)]
Reach: TypeAlias = Annotated[
    int,
    _reading(values.read_reach),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": values.LONGEST_REACH}, mode="validation"),
]
Sources: TypeAlias = Annotated[
    int,
    _reading(values.read_sources),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": values.MOST_SOURCES}, mode="validation"),
]
Outlets: TypeAlias = Annotated[
    int,
    _reading(values.read_outlets),
    WithJsonSchema({"type": "integer", "minimum": 2, "maximum": values.MOST_OUTLETS}, mode="validation"),
]
Share: TypeAlias = Annotated[
    float,
    _reading(values.read_share),
    WithJsonSchema({"type": "number", "minimum": values.LEAST_SHARE, "maximum": 1}, mode="validation"),
]
Window: TypeAlias = Annotated[timedelta, _reading(values.read_window), _shown_as(pattern="^[0-9]+[smhd]$|\\$\\{")]
Parameter: TypeAlias = Annotated[str, _reading(values.read_parameter), _shown_as(minLength=1)]
Addresses: TypeAlias = Annotated[Network, _reading(values.read_network)]
Duration: TypeAlias = Annotated[timedelta, _reading(values.read_duration), _shown_as(pattern="^[0-9]+[smhd]$|\\$\\{")]
Wait: TypeAlias = Annotated[timedelta, _reading(values.read_wait), _shown_as(pattern="^[0-9]+[smhd]$|\\$\\{")]
Cron: TypeAlias = Annotated[str, _reading(values.read_cron_line), _shown_as(pattern="^\\S+( +\\S+){4}$|\\$\\{")]
TimeOfDay: TypeAlias = Annotated[time, _reading(values.read_time), _shown_as(pattern="^[0-9]{1,2}:[0-9]{2}$|\\$\\{")]
EndTime: TypeAlias = Annotated[time, _reading(values.read_end_time), _shown_as(pattern="^[0-9]{1,2}:[0-9]{2}$|\\$\\{")]
Rate: TypeAlias = Annotated[
    int,
    _reading(values.read_rate),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": values.HIGHEST_RATE}, mode="validation"),
]
Interval: TypeAlias = Annotated[
    timedelta | CronLine | None,
    _reading(values.read_interval),
    _shown_as(pattern="^auto$|^[0-9]+[smhd]$|^\\S+( +\\S+){4}$|\\$\\{"),
]
Flag: TypeAlias = Annotated[
    bool,
    _reading(values.read_flag),
    WithJsonSchema({"enum": [True, False, "yes", "no", "on", "off"]}, mode="validation"),
]
HeaderName: TypeAlias = Annotated[str, _reading(values.read_header_name)]
HeaderValue: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_header_value(text)))]
User: TypeAlias = Annotated[str, _reading(values.read_user)]
Password: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_password(text)))]
Token: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_token(text)))]
ProxyUrl: TypeAlias = Annotated[
    SecretStr,
    _reading(lambda text: SecretStr(values.read_proxy_url(text))),
    _shown_as(pattern="^none$|^[Hh][Tt][Tt][Pp][Ss]?://|\\$\\{"),
]
CaFile: TypeAlias = Annotated[str, _reading(values.read_ca_file), _shown_as(minLength=1)]
SlackUrl: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_web_url(text)))]
WebhookSecret: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_webhook_secret(text)))]
WebhookSecrets: TypeAlias = Annotated[tuple[WebhookSecret, ...], BeforeValidator(_one_or_more), _ShownAsOneOrMore()]
SecretUrl: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_web_url(text)))]
AppriseUrl: TypeAlias = Annotated[SecretStr, _reading(lambda text: SecretStr(values.read_apprise_url(text)))]
Target: TypeAlias = Annotated[str, _reading(values.read_target), _shown_as(type=["string", "integer"])]
MailServer: TypeAlias = Annotated[SmtpUrl, _reading(values.read_smtp_url)]

FirstPollName: TypeAlias = Annotated[FirstPoll, *_choice(FirstPoll)]
FullTextName: TypeAlias = Annotated[FullText, *_choice(FullText)]
TypeName: TypeAlias = Annotated[EntityType, *_choice(EntityType)]
CaseName: TypeAlias = Annotated[CaseRule, *_choice(CaseRule)]
SurnameName: TypeAlias = Annotated[Surname, *_choice(Surname)]
SeverityName: TypeAlias = Annotated[Severity, *_choice(Severity)]
GroupByName: TypeAlias = Annotated[GroupBy, *_choice(GroupBy)]
Weekdays: TypeAlias = Annotated[tuple[Weekday, ...], _reading(_read_weekdays), _shown_as(pattern=_SPAN)]
FormName: TypeAlias = Annotated[WebhookForm, *_choice(WebhookForm)]

FeedName: TypeAlias = Annotated[Name, _reference("there is no feed", lambda known: known.feeds)]
EntityId: TypeAlias = Annotated[Text, _reference("there is no entity", lambda known: known.entities)]
RuleName: TypeAlias = Annotated[Name, _reference("there is no rule", lambda known: known.rules)]
ChannelName: TypeAlias = Annotated[Name, _reference("there is no channel", lambda known: known.channels)]


def _once_a_language(value: object) -> object:
    if isinstance(value, dict):
        codes = [str(code).replace("_", "-").partition("-")[0].lower() for code in value]
        twice = next((code for number, code in enumerate(codes) if code in codes[:number]), None)
        if twice:
            raise Mistake(f"the language {twice} is given twice; more words for it are aliases")
    return value


def _once_a_header(value: object) -> object:
    if isinstance(value, dict):
        names = [str(name).lower() for name in value]
        twice = next((name for number, name in enumerate(value) if names[number] in names[:number]), None)
        if twice:
            raise Mistake(f"the header {twice} is given twice")
    return value


def _read_template(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict) or not value:
        raise Mistake('expected JSON: {text: "{{ notice.headline }}"}')
    return value


JsonTemplate: TypeAlias = Annotated[
    Mapping[str, object],
    PlainValidator(_read_template),
    WithJsonSchema({"type": "object", "minProperties": 1}, mode="validation"),
]
Headers: TypeAlias = Annotated[Mapping[HeaderName, HeaderValue], BeforeValidator(_once_a_header)]
Forms: TypeAlias = Annotated[Mapping[Language, Word], BeforeValidator(_once_a_language)]
Some: TypeAlias = Annotated[tuple[T, ...], BeforeValidator(_not_empty), Field(json_schema_extra={"minItems": 1})]
OneOrMore: TypeAlias = Annotated[tuple[T, ...], BeforeValidator(_one_or_more), _ShownAsOneOrMore()]


# ---------------------------------------------------------------------------------------------------------------
# Keys


class Section(BaseModel):
    """A mapping of known keys. One without a value counts as not given."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
        defer_build=True,  # a validator takes long to build, and few of them are needed
    )

    @classmethod
    def known_keys(cls) -> Mapping[str, object]:
        """Return the types of the keys' values, by the names that users write."""
        return {info.alias or name: info.annotation for name, info in cls.model_fields.items()}

    @classmethod
    def below(cls, key: str) -> "type[Section] | None":
        """Return the section that stands under a key, alone or in a list."""
        return _section_in(cls.known_keys().get(key))

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        known = cls.known_keys()
        return {key: given for key, given in value.items() if given is not None or key not in known}


def _section_in(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)


def _or_none(section: type[Section], nothing: Section) -> BeforeValidator:
    """Read `none` as `nothing`, a section that stands for there being none."""
    return BeforeValidator(
        lambda value: nothing if value == "none" else value, json_schema_input_type=section | Literal["none"]
    )


class Defaults(Section):
    """What feeds (and, for `allow_private`, channels) have where they say nothing themselves."""

    every: Interval = None
    """How often an HTTP feed is polled: `auto` (between 10m and 60m, by how often it has something new), a duration
    like 90s, 10m, 2h, 1d, or a cron line like 0 7 * * mon-fri, in `timezone`. Default: auto."""
    max_age: Duration | None = None
    """Articles older than this do not ring, unless they were published after the feed's last poll. Default: 48h."""
    first_poll: FirstPollName | None = None
    """What rings when an HTTP feed is read for the first time: nothing (silent), what is not older than `max_age`
    (recent), or all of it. Default: silent."""
    country: Country | None = None
    """The country of the publishers, like de or ua; queries ask for it as `country:de`."""
    allow_private: tuple[Addresses, ...] = ()
    """Private addresses that feeds and channels may reach, as CIDR ranges or single addresses."""
    full_text: FullTextName = FullText.NEVER
    """Whether the page behind an entry of an HTTP feed is read: never, auto (where a rule asks for the text and the
    feed gives little of it) or always (wherever the feed gives less than the text). Default: never."""


class Credentials(Section):
    """How a server lets us in: a user and a password, or a token."""

    user: User | None = None
    """The user, for basic authentication."""
    password: Password | None = None
    """The password, a secret."""
    token: Token | None = None
    """A bearer token, a secret."""

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        basic = bool(self.user), bool(self.password)
        if basic != (not self.token, not self.token):
            raise Mistake("needs either user and password, or token")
        return self


class Feed(Section):
    """A source to poll: a URL, or a directory."""

    name: Name
    """What the feed is called; unique."""
    url: WebUrl | None = None
    """Where it is: http or https. Either this or `path`."""
    path: Text | None = None
    """A directory that is watched for new files, relative to the working directory. Either this or `url`."""
    tags: tuple[Name, ...] = ()
    """Words to choose feeds by, in rules and routes."""
    language: Language | None = None
    """The language of its articles, like en or uk. Default: what the feed itself says."""
    country: Country | None = None
    """The country of its publisher, like de or ua; queries ask for it as `country:de`."""
    outlet: Name | None = None
    """The publisher. Default: the registered domain of an article's URL, else of the feed's, else the feed's name."""
    every: Interval | None = None
    """How often it is polled: `auto`, a duration like 90s, 10m, 2h, 1d, or a cron line like 0 7 * * mon-fri, in
    `timezone`. Directories: 2s."""
    max_age: Duration | None = None
    """Articles older than this do not ring, unless they were published after the last poll. Directories: no limit."""
    first_poll: FirstPollName | None = None
    """What rings on the first poll: silent (nothing), recent (within `max_age`) or all. Directories: all."""
    full_text: FullTextName | None = None
    """Whether the page behind an entry is read: never, auto (where a rule asks for the text and the feed gives little
    of it) or always (wherever the feed gives less than the text)."""
    boilerplate: tuple[Paragraph, ...] = ()
    """Paragraphs around the articles that are never matched; with a trailing `*`, a paragraph that begins so and all
    that follows it."""
    allow_private: tuple[Addresses, ...] = ()
    """Private addresses that this feed may be at, as CIDR ranges or single addresses."""
    headers: Headers | None = None
    """What is sent along to the feed's server and to no other, like {X-Api-Key: "${KEY}"}; the values are secrets."""
    auth: Credentials | None = None
    """How the feed's server lets us in: {user, password} or {token}; sent to no other server."""
    proxy: ProxyUrl | None = None
    """The proxy for this feed and its pages, like http://user:password@proxy:3128, a secret; or none. Default: that at
    the top."""
    insecure_tls: Flag = False
    """Whether the server's certificate is not checked: anybody on the way could be the server."""


class RuleTest(Section):
    """A text that the rule must ring on, or must stay silent on."""

    rings: Text | None = None
    """A text that the rule rings on."""
    silent: Text | None = None
    """A text that the rule does not ring on."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if bool(self.rings) == bool(self.silent):
            raise Mistake("needs either rings or silent")
        return self


class EntityTest(RuleTest):
    """A text that must mention the entity, or must not."""

    rings: Text | None = None
    """A text that mentions the entity."""
    silent: Text | None = None
    """A text that does not mention the entity."""


class Context(Section):
    """Words that must, or must not, stand around a mention for it to count."""

    any: Some[Keyword] = ()
    """One of these must be there; in inner quotes: exactly these words."""
    none: Some[Keyword] = ()
    """None of these may be there."""
    within: Reach = 25
    """How many words before and after the mention are looked at; 0: title and body as a whole."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Context":
        if not (self.any or self.none):
            raise Mistake("needs any or none")
        return self


class Entity(Section):
    """A person, place, organisation or concept, and the words that mean it."""

    id: Slug
    """What rules call it: small letters, digits, - and _; unique."""
    name: Word
    """Its name; a word for it like the aliases."""
    type: TypeName = EntityType.OTHER
    """What it is. A concept is a set of words to be taken as one another."""
    aliases: tuple[Keyword, ...] = ()
    """Other words for it, in any language; in inner quotes: exactly these words."""
    acronym: Word | None = None
    """Its short form in capitals; matches in capitals only."""
    forms: Forms | None = None
    """Its name as written in other languages, like {uk: Атлантида}; their spellings and cases are made from it."""
    case: CaseName | None = None
    """Whether capitals must be as written. Default: insensitive for concepts, else sensitive."""
    surname: SurnameName | None = None
    """When a person's surname counts by itself: alone (everywhere), after_full (where the full name stands anywhere in
    title or body) or never. Default: after_full."""
    context: Context | None = None
    """What must, and must not, stand around a mention for it to count."""
    tests: tuple[EntityTest, ...] = ()
    """Texts that `tocsin check` looks for the entity in."""


class EntityChoice(Section):
    """Entities that an article must mention."""

    any: Some[EntityId] = ()
    """At least one of these."""
    all: Some[EntityId] = ()
    """Every one of these."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> "EntityChoice":
        if not (self.any or self.all):
            raise Mistake("needs any or all")
        return self


class FeedChoice(Section):
    """Feeds by name, by tag, or both: one is enough."""

    names: OneOrMore[FeedName] = ()
    """The feeds of these names."""
    tags: OneOrMore[Name] = ()
    """The feeds that have one of these tags."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> "FeedChoice":
        if not (self.names or self.tags):
            raise Mistake("needs names or tags")
        return self


def _rising(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise Mistake("write the numbers in rising order, each once")
    return numbers


def _names_as_choice(value: object) -> object:
    return {"names": value} if isinstance(value, str | list) else value


class Rule(Section):
    """What to ring on. All that it has must hold; of `keywords` one is enough."""

    name: Name
    """What the rule is called; unique."""
    keywords: Some[Keyword] = ()
    """Words and loose phrases, one of which must be there; in inner quotes: exactly these words."""
    query: QueryText | None = None
    """What must be there, in the query language: (ceasefire OR truce) NEAR/8 violat* AND NOT title:opinion."""
    entities: EntityChoice | None = None
    """Entities that must be mentioned, by their ids."""
    exclude: tuple[Keyword, ...] = ()
    """Keywords that must not be there."""
    feeds: Annotated[
        FeedChoice | None,
        BeforeValidator(_names_as_choice, json_schema_input_type=FeedName | tuple[FeedName, ...] | FeedChoice),
    ] = None
    """The feeds that the rule listens to: names, or {tags: […]}. Default: all."""
    languages: OneOrMore[Language] = ()
    """The languages of articles that the rule looks at. Default: all."""
    severity: SeverityName = Severity.NORMAL
    """How urgent its alerts are."""
    tags: tuple[Name, ...] = ()
    """Words for routes to choose by."""
    notify: OneOrMore[ChannelName] = ()
    """Channels that get its alerts at once, besides those of the routes."""
    tests: tuple[RuleTest, ...] = ()
    """Texts that `tocsin check` tries the rule on."""
    min_sources: Sources = 1
    """How many outlets must have a story before the rule rings for it. Default: 1, which is at once."""
    on_update: Flag = False
    """Whether an alert is told again when its article changed materially."""
    follow_up: Annotated[Some[Outlets], AfterValidator(_rising)] = ()
    """Numbers of outlets at which an alert is told again, in rising order, like [5, 20]."""
    max_per_hour: Rate = 30
    """How many of its alerts a channel gets within an hour; the rest is told in one summary. Default: 30."""
    enabled: Flag = True
    """Whether the rule is in use."""


class RouteMatch(Section):
    """What an alert must have: in a list one is enough, different keys must all hold."""

    rule: OneOrMore[RuleName] = ()
    """Names of rules."""
    severity: OneOrMore[SeverityName] = ()
    """Severities."""
    tags: OneOrMore[Name] = ()
    """Tags of rules."""
    feeds: OneOrMore[FeedName] = ()
    """Names of feeds."""
    feed_tags: OneOrMore[Name] = ()
    """Tags of feeds."""
    languages: OneOrMore[Language] = ()
    """Languages of articles."""
    countries: OneOrMore[Country] = ()
    """Countries of feeds, like de or ua."""


class Digest(Section):
    """When the alerts of a route are told together."""

    cron: Cron
    """The times, as a cron line like 0 7,17 * * mon-fri."""
    timezone: TimeZone | None = None
    """The time zone of the times, as an IANA name. Default: that at the top."""
    empty: Flag = False
    """Whether a digest is sent when nothing rang, too."""


class Quiet(Section):
    """Hours in which nothing but critical alerts is sent; what rings is told when they are over."""

    start: TimeOfDay = Field(alias="from")
    """When they begin, like "22:00"."""
    end: EndTime = Field(alias="to")
    """When they are over, like "07:00"; not later than `from`: on the next day."""
    timezone: TimeZone | None = None
    """The time zone of the times, as an IANA name. Default: that at the top."""
    days: OneOrMore[Weekdays] = ()
    """The days on which they begin, like mon-fri or [sat, sun]. Default: all."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.start == self.end and set(chain(*self.days or [Weekday])) == set(Weekday):
            raise Mistake("from and to are the same time on all days: it would never be over")
        return self


#: What says that a route does without what the route above has.
NO_DIGEST, NO_QUIET_HOURS = Digest.model_construct(cron=""), Quiet.model_construct(start=time(0), end=time(1))


class Route(Section):
    """Which alerts go to which channels, and when; the first that matches takes an alert."""

    match: RouteMatch = RouteMatch()
    """What an alert must have. Default: nothing, so that every alert matches."""
    channels: OneOrMore[ChannelName] = ()
    """Where it goes. Default: the channels of the route above."""
    goes_on: Flag = Field(default=False, alias="continue")
    """Whether the routes after this one are tried as well."""
    group_by: GroupByName | None = None
    """What alerts that are told together have in common: rule, story, feed, or none (each is told by itself).
    Default: that of the route above, none at the top."""
    group_wait: Wait | None = None
    """How long the first alert of a group waits for others. Default: that of the route above, 0s at the top."""
    group_interval: Duration | None = None
    """How long after a group was told the next alerts of it are. Default: that of the route above, 5m at the top."""
    digest: Annotated[Digest | None, _or_none(Digest, NO_DIGEST)] = None
    """When alerts are told together, in place of groups; or none. Default: that of the route above, none at the top."""
    quiet_hours: Annotated[Quiet | None, _or_none(Quiet, NO_QUIET_HOURS)] = None
    """Hours in which only critical alerts are sent; or none. Default: those of the route above, none at the top."""
    routes: tuple["Route", ...] = ()
    """Routes within this one, tried first."""


class Channel(Section):
    """What every channel has."""

    name: Name
    """What the channel is called; unique."""
    allow_private: tuple[Addresses, ...] = ()
    """Private addresses that this channel may be at, as CIDR ranges or single addresses."""
    proxy: ProxyUrl | None = None
    """The proxy for this channel, like http://user:password@proxy:3128, a secret; or none. Default: that at the top."""
    timeout: Duration | None = None
    """How long one attempt may take as a whole. Default: 15s."""


class SlackChannel(Channel):
    """Slack, by an incoming webhook, or by a bot that can answer in threads and change what it sent."""

    type: Literal["slack"]
    """A Slack incoming webhook, or a bot."""
    url: SlackUrl | None = None
    """The webhook's URL, a secret. With a token: Slack's API, by default https://slack.com/api."""
    token: Token | None = None
    """The bot's token (xoxb-…), a secret; it needs the scope chat:write."""
    channel: Target | None = None
    """The channel that the bot writes to, by its id (C0123456789)."""

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if bool(self.token) != bool(self.channel) or not (self.url or self.token):
            raise Mistake("needs either url, the webhook's, or token and channel, the bot's")
        return self


class EmailChannel(Channel):
    """An SMTP server and the addresses that get each alert."""

    type: Literal["email"]
    """Email over SMTP."""
    smtp: MailServer
    """The server, a secret: smtp://user:password@host:port (STARTTLS), smtps:// (TLS), ?tls=none for loopback only."""
    sender: Sender = Field(alias="from")
    """The sender's address, bare or as Name <address>."""
    to: OneOrMore[Address]
    """The recipients' addresses; each gets a message of its own."""


class WebhookChannel(Channel):
    """An HTTP endpoint that takes the alert's payload, signed as Standard Webhooks."""

    type: Literal["webhook"]
    """An HTTP endpoint that takes the payload as JSON."""
    url: WebUrl
    """Where the payload is posted."""
    secret: WebhookSecrets = ()
    """What signs it: whsec_ and base64 of 24 to 64 bytes, or a text of 24 bytes and more. Several, while receivers go
    from one to the next: one signature each. Default: not signed."""
    format: FormName = WebhookForm.STANDARD
    """What is posted: standard (the payload) or cloudevents (its data in a CloudEvents 1.0 envelope)."""
    template: JsonTemplate | None = None
    """JSON to post in place of the payload; its strings are templates: {text: "{{ notice.headline }}"}."""

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if self.template is not None and "format" in self.model_fields_set:
            raise Mistake("needs either format or template")
        return self


class TeamsChannel(Channel):
    """A Microsoft Teams workflow that posts what a webhook gets."""

    type: Literal["teams"]
    """A Microsoft Teams workflow."""
    url: SecretUrl
    """The workflow's URL, a secret."""


class DiscordChannel(Channel):
    """A Discord webhook."""

    type: Literal["discord"]
    """A Discord webhook."""
    url: SecretUrl
    """The webhook's URL, a secret."""


class TelegramChannel(Channel):
    """A Telegram bot and the chat that it writes to."""

    type: Literal["telegram"]
    """A Telegram bot."""
    token: Token
    """The bot's token, a secret."""
    chat: Target
    """The chat's id, or @name of a channel."""
    url: WebUrl = "https://api.telegram.org"
    """The server of the Bot API. Default: https://api.telegram.org."""


class NtfyChannel(Channel):
    """A topic of an ntfy server."""

    type: Literal["ntfy"]
    """A topic of ntfy."""
    topic: Target
    """The topic."""
    url: WebUrl = "https://ntfy.sh"
    """The server. Default: https://ntfy.sh."""
    token: Token | None = None
    """An access token, a secret. Default: none."""


class PagerDutyChannel(Channel):
    """A service of PagerDuty, by its Events API v2."""

    type: Literal["pagerduty"]
    """A service of PagerDuty."""
    key: Token
    """The integration's routing key, a secret."""
    url: WebUrl = "https://events.pagerduty.com/v2/enqueue"
    """The Events API. Default: https://events.pagerduty.com/v2/enqueue."""


class AppriseChannel(Channel):
    """Any service that Apprise knows, by the extra `tocsin[apprise]`."""

    type: Literal["apprise"]
    """Any of the services of Apprise."""
    url: AppriseUrl
    """The service's Apprise URL, a secret."""
    allow_apprise: Flag
    """Must be true: Apprise connects by itself, and private addresses are not kept from it."""

    @model_validator(mode="after")
    def _is_allowed(self) -> Self:
        if not self.allow_apprise:
            raise Mistake("allow_apprise must be true: Apprise connects by itself, past the check of addresses")
        if find_spec("apprise") is None:
            raise Mistake('Apprise is not installed: pip install "tocsin[apprise]"')
        return self


class FileChannel(Channel):
    """A file that gets each payload as a JSON line."""

    type: Literal["file"]
    """A file of JSON lines."""
    path: Text
    """The file, relative to the working directory."""


class ConsoleChannel(Channel):
    """Standard output."""

    type: Literal["console"]
    """Standard output."""


AnyChannel: TypeAlias = Annotated[
    SlackChannel
    | EmailChannel
    | WebhookChannel
    | TeamsChannel
    | DiscordChannel
    | TelegramChannel
    | NtfyChannel
    | PagerDutyChannel
    | AppriseChannel
    | FileChannel
    | ConsoleChannel,
    Field(discriminator="type"),
]

CHANNELS: Mapping[ChannelKind, type[Channel]] = MappingProxyType(
    {
        ChannelKind.SLACK: SlackChannel,
        ChannelKind.EMAIL: EmailChannel,
        ChannelKind.WEBHOOK: WebhookChannel,
        ChannelKind.TEAMS: TeamsChannel,
        ChannelKind.DISCORD: DiscordChannel,
        ChannelKind.TELEGRAM: TelegramChannel,
        ChannelKind.NTFY: NtfyChannel,
        ChannelKind.PAGERDUTY: PagerDutyChannel,
        ChannelKind.APPRISE: AppriseChannel,
        ChannelKind.FILE: FileChannel,
        ChannelKind.CONSOLE: ConsoleChannel,
    }
)


_USUAL = Dedup()


class DedupChoice(Section):
    """When articles are one story."""

    window: Window = _USUAL.window
    """How far apart they may be published, from 1h to 7d. Default: 96h."""
    containment: Share = _USUAL.containment
    """The share of the shorter text's runs of five words that must stand in the other."""
    lead: Share = _USUAL.lead
    """The share of one's first 60 words that must stand in the other."""
    strong: Share = _USUAL.strong
    """The share of the shorter text from which the lead does not matter."""
    tracking_parameters: Some[Parameter] = ()
    """Parameters of the articles' URLs that make no difference, besides the usual ones."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.strong < self.containment:
            raise Mistake(f"strong (by default {_USUAL.strong}) must not be less than containment")
        return self


class Inhibition(Section):
    """A rule that hides others for a story for which it rang."""

    rule: RuleName
    """The rule that hides."""
    hides: OneOrMore[RuleName]
    """The rules whose alerts are kept and not sent for that story."""


_KEPT = Retention()


class RetentionChoice(Section):
    """How long rows are kept."""

    articles: Duration = _KEPT.articles
    """Articles, with their matches, alerts and stories. Default: 90d."""
    deliveries: Duration = _KEPT.deliveries
    """Messages that were delivered, or dropped by hand. Default: 30d."""
    dead: Duration = _KEPT.dead
    """Messages that were given up. Default: 90d."""


class General(Section):
    """The keys of a file but for its lists, whose items are read one by one."""

    timezone: TimeZone = "UTC"
    """The time zone of times in messages, as an IANA name like Europe/Kyiv."""
    contact: Contact | None = None
    """An address or URL that feeds' servers are told in the User-Agent header."""
    ops: OneOrMore[ChannelName] = ()
    """The channels that get what the service says of itself and of its feeds. Default: all."""
    proxy: ProxyUrl | None = None
    """The proxy that feeds, pages and channels are reached through, like http://user:password@proxy:3128, a secret.
    Default: none."""
    ca_file: CaFile | None = None
    """A file of certificates (PEM) of authorities that are trusted besides the usual ones."""
    heartbeat: SecretUrl | None = None
    """A URL that is asked every minute as long as everything works, such as a check of Healthchecks; a secret."""
    inhibit: Some[Inhibition] = ()
    """Rules that hide others for a story for which they rang."""
    retention: RetentionChoice = RetentionChoice()
    """How long rows are kept."""
    dedup: DedupChoice = DedupChoice()
    """When articles are one story, for which a rule rings once."""
    defaults: Defaults = Defaults()
    """What feeds and channels have where they say nothing themselves."""


class ConfigFile(General):
    """A configuration file of Tocsin. Lists are joined over all files; the other keys stand in one file only."""

    feeds: tuple[Feed, ...] = ()
    """The sources to poll."""
    entities: tuple[Entity, ...] = ()
    """People, places, organisations and concepts, with the words that mean them."""
    queries: Annotated[dict[PartName, QueryText], SkipValidation] = Field(default={})
    """Named parts of queries, each a query of its own; others use one as $name."""
    rules: tuple[Rule, ...] = ()
    """What to ring on."""
    channels: tuple[AnyChannel, ...] = ()
    """The ways out."""
    routes: tuple[Route, ...] = ()
    """Which alerts go to which channels. None at all: every alert goes to every channel."""


def kind_of(channel: Channel) -> ChannelKind:
    """Return the kind of channel that a section describes."""
    return next(kind for kind, section in CHANNELS.items() if isinstance(channel, section))


class _EditorSchema(GenerateJsonSchema):
    """Describes each key; one that is not given is left out, never null."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        shown, section = super().model_schema(schema), schema["cls"]
        for name, info in section.model_fields.items():
            shown["properties"][info.alias or name]["description"] = _description(section, name)
        return shown

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()) or isinstance(schema.get("default"), BaseModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def _description(section: type[BaseModel], name: str) -> str:
    """Return the docstring of a key, of the nearest class that has the key."""
    described = _descriptions()
    return next(described[kind.__name__, name] for kind in section.__mro__ if (kind.__name__, name) in described)


@cache
def _descriptions() -> Mapping[tuple[str, str], str]:
    """Read the docstrings under the keys in this module, by class and name; pydantic would at each start."""
    found = {}
    statements = ast.parse(inspect.getsource(sys.modules[__name__])).body
    for section in (statement for statement in statements if isinstance(statement, ast.ClassDef)):
        for key, below in pairwise(section.body):
            match key, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[section.name, name] = inspect.cleandoc(text)
    return found


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of one configuration file, for editors."""
    schema = ConfigFile.model_json_schema(schema_generator=_EditorSchema)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": "Tocsin configuration"}
