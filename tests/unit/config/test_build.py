"""Laws of compiling a configuration directory."""

import os
from dataclasses import replace
from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from tocsin.config import schema
from tocsin.config.build import load_plan, read_directory
from tocsin.errors import ConfigError
from tocsin.model import (
    Boilerplate,
    ChannelKind,
    Context,
    Dedup,
    DigestTimes,
    EntityType,
    FeedKind,
    FeedScope,
    FirstPoll,
    FullText,
    GroupBy,
    QuietHours,
    Route,
    RouteMatch,
    RuleTest,
    Severity,
    Surname,
    Term,
    Timing,
)
from tocsin.rules.parser import parse_query


def test_files_are_joined_wherever_they_stand(tmp_path: Path) -> None:
    """Every `*.yaml` and `*.yml` below the directory is read, in the order of names; hidden ones and others are not."""
    for name in ["b.yaml", "a/z.yml", "a.yaml", ".hidden.yaml", "..2026_01/b.yaml", "notes.txt", "a/deep/er/c.yaml"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"feeds: [{{name: '{name}', path: seeds}}]", encoding="utf-8")
    names = [feed.name for feed in load_plan(tmp_path, {}).feeds]
    assert names == ["a.yaml", "a/deep/er/c.yaml", "a/z.yml", "b.yaml"]


def test_a_mounted_volume_of_links_is_read_once(tmp_path: Path) -> None:
    """A Kubernetes volume, whose files are links into a hidden directory, holds each file once."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "a.yaml").write_text("feeds: [{name: a, path: seeds}]", encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert [feed.name for feed in load_plan(tmp_path, {}).feeds] == ["a"]


def write_feed(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"feeds: [{{name: '{path.stem}', path: seeds}}]", encoding="utf-8")


def names_read(directory: Path) -> list[str]:
    return [file.name for file in read_directory(directory, {})]


def test_linked_directories_are_read(tmp_path: Path) -> None:
    """A directory that is a link, at any depth, is read under the link's name, also where a hidden one holds it."""
    config = tmp_path / "config"
    write_feed(config / "a.yaml")
    write_feed(tmp_path / "shared" / "b.yaml")
    write_feed(tmp_path / "other" / "c.yml")
    write_feed(config / "..2026" / "sub" / "d.yaml")
    (config / "..data").symlink_to("..2026")
    (config / "sub").symlink_to("..data/sub")
    (config / "linked").symlink_to(tmp_path / "shared")
    (tmp_path / "shared" / "deeper").symlink_to(tmp_path / "other")
    assert names_read(config) == ["a.yaml", "linked/b.yaml", "linked/deeper/c.yml", "sub/d.yaml"]


def test_a_directory_is_read_once_whatever_leads_to_it(tmp_path: Path) -> None:
    """Links to what is read anyway, to each other's targets, to themselves and upwards add nothing, and end."""
    config = tmp_path / "config"
    write_feed(config / "real" / "a.yaml")
    write_feed(tmp_path / "shared" / "b.yaml")
    (config / "again").symlink_to("real")
    (config / "real" / "up").symlink_to("..")
    (config / "itself").symlink_to("itself")
    (config / "one").symlink_to(tmp_path / "shared")
    (config / "two").symlink_to(tmp_path / "shared")
    (tmp_path / "shared" / "back").symlink_to(config)
    assert names_read(config) == ["one/b.yaml", "real/a.yaml"]


def test_a_link_that_leads_nowhere_is_a_mistake(tmp_path: Path) -> None:
    """A `*.yaml` whose target is gone is named; names that it may have held are not said to be missing elsewhere."""
    (tmp_path / "a.yaml").write_text("rules: [{name: a, keywords: [fire], notify: desk}]", encoding="utf-8")
    (tmp_path / "b.yaml").symlink_to("gone.yaml")
    (tmp_path / "notes.txt").symlink_to("gone.txt")
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path, {})
    assert str(caught.value).endswith("cannot be read: No such file or directory")
    assert [problem.file for problem in caught.value.problems] == ["b.yaml"]


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    """A pipe with the name of a YAML file is not waited for."""
    write_feed(tmp_path / "a.yaml")
    os.mkfifo(tmp_path / "b.yaml")
    assert names_read(tmp_path) == ["a.yaml"]


@pytest.mark.parametrize(("name", "message"), [("gone", "there is no such directory"), ("", "holds no")])
def test_a_directory_without_configuration_is_a_mistake(tmp_path: Path, name: str, message: str) -> None:
    """A missing and an empty directory are named."""
    with pytest.raises(ConfigError, match=message) as caught:
        load_plan(tmp_path / name, {})
    assert str(tmp_path / name) in str(caught.value)


def test_an_http_feed_takes_defaults_where_it_says_nothing(load) -> None:
    """A feed's own value wins over `defaults`, and that over what is built in."""
    plan = load("""
        defaults: {every: 20m, max_age: 3d, first_poll: recent, allow_private: [10.0.0.0/8]}
        feeds:
          - {name: plain, url: "https://gazette.example.co.uk/rss"}
          - {name: own, url: "https://x.example/", every: auto, max_age: 1h, first_poll: all, allow_private: ["::1"]}
    """)
    plain, own = plan.feeds
    assert (plain.every, plain.max_age, plain.first_poll) == (
        timedelta(minutes=20),
        timedelta(days=3),
        FirstPoll.RECENT,
    )
    assert (plain.kind, plain.outlet, plain.allow_private) == (FeedKind.HTTP, None, (ip_network("10.0.0.0/8"),))
    assert (own.every, own.max_age, own.first_poll) == (None, timedelta(hours=1), FirstPoll.ALL)
    assert own.allow_private == (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def test_an_http_feed_without_defaults_is_adaptive_and_silent(load) -> None:
    """Built in: adaptive, 48 hours, nothing rings on the first poll."""
    [feed] = load("feeds: [{name: a, url: 'https://gazette.example/rss'}]").feeds
    assert (feed.every, feed.cron, feed.full_text) == (None, None, FullText.NEVER)
    assert (feed.max_age, feed.first_poll) == (timedelta(hours=48), FirstPoll.SILENT)


def test_a_cron_line_is_in_the_configured_zone(load) -> None:
    """A feed has a duration or a cron line, its own before that of `defaults`; the zone is that at the top."""
    plan = load("""
        timezone: Europe/Kyiv
        defaults: {every: "0  7 * * MON"}
        feeds:
          - {name: lines, url: "https://a.example/"}
          - {name: seconds, url: "https://a.example/", every: 90s}
          - {name: auto, url: "https://a.example/", every: auto}
          - {name: files, path: ., every: "*/2 * * * *"}
          - {name: looked at, path: .}
    """)
    assert [(feed.every, feed.cron) for feed in plan.feeds] == [
        (None, "0 7 * * mon"),
        (timedelta(seconds=90), None),
        (None, None),
        (None, "*/2 * * * *"),
        (timedelta(seconds=2), None),
    ]
    assert {feed.timezone for feed in plan.feeds} == {"Europe/Kyiv"}


def test_pages_are_read_where_a_feed_or_its_defaults_say_so(load) -> None:
    """A feed's own `full_text` wins over `defaults`, which are not for directories."""
    plan = load("""
        defaults: {full_text: auto}
        feeds:
          - {name: plain, url: "https://a.example/"}
          - {name: own, url: "https://a.example/", full_text: never}
          - {name: files, path: .}
          - {name: pages, path: ., full_text: always}
    """)
    chosen = [feed.full_text for feed in plan.feeds]
    assert chosen == [FullText.AUTO, FullText.NEVER, FullText.NEVER, FullText.ALWAYS]


def test_a_directory_feed_has_defaults_of_its_own(load) -> None:
    """A directory is polled every 2 s, everything in it rings, nothing is too old, whatever `defaults` says."""
    plan = load("""
        defaults: {every: 20m, max_age: 3d, first_poll: silent}
        feeds:
          - {name: seeds, path: some/where, boilerplate: ["Subscribe!", "Read more*"], tags: [a, b], language: en-GB}
          - {name: own, path: x, every: 1m, max_age: 1d, first_poll: recent, outlet: Gazette}
    """)
    seeds, own = plan.feeds
    assert (seeds.kind, seeds.location, seeds.outlet) == (FeedKind.DIRECTORY, "some/where", None)
    assert (seeds.every, seeds.max_age, seeds.first_poll) == (timedelta(seconds=2), None, FirstPoll.ALL)
    assert seeds.boilerplate == (Boilerplate(text="Subscribe!"), Boilerplate(text="Read more", to_end=True))
    assert (seeds.tags, seeds.language) == (("a", "b"), "en")
    assert (own.every, own.max_age, own.first_poll) == (timedelta(minutes=1), timedelta(days=1), FirstPoll.RECENT)
    assert own.outlet == "Gazette"


def test_names_mind_capitals_and_concepts_do_not(load) -> None:
    """Case counts for every type but concepts, unless the entity says otherwise."""
    plan = load("""
        entities:
          - {id: atlantis, name: Atlantis, type: place, aliases: [Atlantean, '"the sunken city"'], acronym: ATL}
          - {id: ships, name: ships, type: concept}
          - {id: loud, name: Loud, case: insensitive}
    """)
    atlantis, ships, loud = plan.entities
    assert (atlantis.name, atlantis.type, atlantis.acronym) == ("Atlantis", EntityType.PLACE, "ATL")
    assert atlantis.aliases == (Term(text="Atlantean"), Term(text="the sunken city", exact=True))
    assert (atlantis.case_sensitive, ships.case_sensitive, loud.case_sensitive) == (True, False, False)
    assert loud.type is EntityType.OTHER


def test_a_rule_is_compiled_with_all_it_asks(load) -> None:
    """Every key of a rule arrives in the plan, with the place it stands at."""
    plan = load("""
        channels: [{name: desk, type: console}]
        feeds: [{name: Gazette, path: x, tags: [sea]}]
        entities: [{id: atlantis, name: Atlantis}]
        rules:
          - name: Harbour
            keywords: [harbour fire, '"port ablaze"']
            entities: {any: [atlantis], all: [atlantis]}
            exclude: [drill]
            feeds: {names: Gazette, tags: [sea]}
            languages: [EN, en-US, uk]
            severity: high
            tags: [safety]
            notify: desk
            tests: [{rings: It burns.}, {silent: Nothing.}]
    """)
    [rule] = plan.rules
    assert rule.source == "a.yaml:6"
    assert rule.keywords == (Term(text="harbour fire"), Term(text="port ablaze", exact=True))
    assert (rule.entities_any, rule.entities_all, rule.exclude) == (("atlantis",), ("atlantis",), (Term(text="drill"),))
    assert rule.feeds == FeedScope(names=frozenset({"Gazette"}), tags=frozenset({"sea"}))
    assert (rule.languages, rule.severity, rule.tags, rule.notify) == (
        ("en", "uk"),
        Severity.HIGH,
        ("safety",),
        ("desk",),
    )
    assert rule.tests == (RuleTest(text="It burns.", rings=True), RuleTest(text="Nothing.", rings=False))


@pytest.mark.parametrize("feeds", ["Gazette", "[Gazette]", "{names: [Gazette]}"])
def test_a_rule_names_feeds_in_any_of_three_ways(load, feeds: str) -> None:
    """A name, a list of names and `{names}` mean the same."""
    plan = load(f"""
        feeds: [{{name: Gazette, path: x}}]
        rules: [{{name: a, keywords: [fire], feeds: {feeds}}}]
    """)
    assert plan.rules[0].feeds == FeedScope(names=frozenset({"Gazette"}))


def key_of(load, rule: str) -> str:
    plan = load(f"""
        feeds: [{{name: Gazette, path: x, tags: [sea]}}]
        entities: [{{id: atlantis, name: Atlantis}}]
        rules: [{{name: Harbour, {rule}}}]
    """)
    return plan.rules[0].key


def test_a_rule_key_changes_with_what_the_rule_asks_and_with_nothing_else(load) -> None:
    """Order, severity, tags and tests leave a rule the same; any other word, entity, feed or language does not."""
    same = [
        "keywords: [fire, smoke], feeds: [Gazette]",
        "keywords: [smoke, fire, fire], feeds: {names: Gazette}, severity: high, tags: [x], tests: [{rings: fire}]",
    ]
    other = [
        "keywords: [fire]",
        "keywords: ['\"fire\"']",
        "keywords: [fire], exclude: [drill]",
        "keywords: [fire, drill]",
        "keywords: [fire], entities: {any: [atlantis]}",
        "keywords: [fire], entities: {all: [atlantis]}",
        "keywords: [fire], feeds: {tags: [sea]}",
        "keywords: [fire], languages: [en]",
    ]
    keys = [key_of(load, rule) for rule in same]
    assert keys[0] == keys[1]
    assert keys[0].startswith("Harbour#")
    assert len(keys[0]) == len("Harbour#") + 12
    assert len({*keys, *(key_of(load, rule) for rule in other)}) == 1 + len(other)


def test_a_query_is_compiled_with_its_parts_put_in(load) -> None:
    """A rule's query is the tree of its text, `$name` replaced by what any file calls so; so is that of other parts."""
    plan = load(
        """
        queries: {fire: fire OR $glow, unused: smoke}
        rules:
          - {name: a, query: $fire AND harbour}
          - {name: b, keywords: [smoke]}
        """,
        "queries: {glow: glow*}",
    )
    query, none = (rule.query for rule in plan.rules)
    assert none is None
    assert query == parse_query("(fire OR (glow*)) AND harbour")


def test_a_rule_key_changes_with_the_query_and_the_parts_it_uses(load) -> None:
    """Blanks, comments, needless brackets and names of parts leave a rule the same; another term does not."""

    def key(query: str, part: str = "fire OR smoke") -> str:
        return (
            load(f"queries: {{x: {part}, y: alarm}}\nrules:\n  - name: a\n    query: |\n      {query}\n").rules[0].key
        )

    same = [
        key("$x AND harbour"),
        key("(fire OR  smoke) AND (harbour)   # why"),
        key("$x AND harbour", "(fire OR smoke)"),
    ]
    assert len(set(same)) == 1
    assert len({same[0], key("$x AND port"), key("$x AND harbour", "fire OR glow"), key("$y AND harbour")}) == 4


def test_a_rule_without_a_query_keeps_its_key(load) -> None:
    """The key of a rule of keywords and entities is what it was before there were queries: it would ring anew."""
    assert key_of(load, "keywords: [fire, '\"port ablaze\"'], entities: {any: [atlantis]}") == "Harbour#8ab21e43b903"


def test_an_entity_is_compiled_with_all_that_it_says(load) -> None:
    """Forms by language, the surname's rule, context and tests arrive in the plan, with the place of the entity."""
    plan = load("""
        entities:
          - id: poseidon
            name: Octavia Poseidon
            type: person
            forms: {uk-UA: Октавія Посейдон, el: Οκταβία}
            surname: alone
            context: {any: [sea, '"the deep"'], none: [film], within: 0}
            tests: [{rings: Octavia Poseidon spoke.}, {silent: Nobody spoke.}]
          - {id: other, name: Other Person, type: person}
          - {id: place, name: Place Amber, context: {none: [film]}}
    """)
    poseidon, other, place = plan.entities
    assert poseidon.forms == (("uk", "Октавія Посейдон"), ("el", "Οκταβία"))
    assert (poseidon.surname, other.surname) == (Surname.ALONE, Surname.AFTER_FULL)
    assert poseidon.context == Context(
        any=(Term(text="sea"), Term(text="the deep", exact=True)), none=(Term(text="film"),), within=0
    )
    assert (other.context, place.context) == (None, Context(none=(Term(text="film"),), within=25))
    assert [(test.text, test.rings) for test in poseidon.tests] == [
        ("Octavia Poseidon spoke.", True),
        ("Nobody spoke.", False),
    ]
    assert (poseidon.source, other.source) == ("a.yaml:3", "a.yaml:10")


def test_a_feed_has_a_country_of_its_own_or_the_default(load) -> None:
    """`country` is kept in small letters; `defaults` gives it to every feed that says nothing, directories too."""
    plan = load("""
        defaults: {country: UA}
        feeds: [{name: a, path: x}, {name: b, url: "https://b.example/", country: de}]
    """)
    assert [feed.country for feed in plan.feeds] == ["ua", "de"]
    assert load("feeds: [{name: a, path: x}]", "").feeds[0].country is None


def test_a_disabled_rule_is_checked_and_left_out(load, mistakes) -> None:
    """`enabled: no` takes a rule out of the plan, but not out of the checks; others may still refer to it."""
    text = "rules: [{name: a, keywords: [fire], enabled: no}, {name: b, keywords: [fire]}]\n"
    routes = "channels: [{name: c, type: console}]\nroutes: [{match: {rule: a}, channels: [c]}]"
    assert [rule.name for rule in load(text + routes).rules] == ["b"]
    assert mistakes("rules: [{name: a, keywords: [''], enabled: no}]")


def test_channels_carry_what_their_kind_needs(load) -> None:
    """Each kind's keys arrive in its spec, with the common ones and the time zone."""
    plan = load("""
        timezone: Europe/Kyiv
        defaults: {allow_private: [10.0.0.0/8]}
        channels:
          - {name: s, type: slack, url: "https://hooks.example/services/T/B/x", timeout: 1m}
          - {name: m, type: email, smtp: "smtp://u:p%40@mail.example", from: t@example.org, to: a@example.org}
          - {name: n, type: email, smtp: "smtp://localhost", from: T <t@example.org>, to: [a@x.example, b@x.example]}
          - {name: w, type: webhook, url: "https://x.io", secret: secret-of-24-characters., allow_private: [10.1.1.1]}
          - {name: u, type: webhook, url: "https://siem.example/in"}
          - {name: f, type: file, path: data/alerts.jsonl}
          - {name: c, type: console}
    """)
    slack, mail, two, webhook, unsigned, file, console = plan.channels
    assert (slack.kind, slack.url, slack.timeout) == (
        ChannelKind.SLACK,
        "https://hooks.example/services/T/B/x",
        timedelta(minutes=1),
    )
    assert (mail.smtp, mail.sender, mail.recipients) == (
        "smtp://u:p%40@mail.example",
        "t@example.org",
        ("a@example.org",),
    )
    assert two.recipients == ("a@x.example", "b@x.example")
    assert (webhook.url, webhook.secrets) == ("https://x.io", ("secret-of-24-characters.",))
    assert webhook.allow_private == (ip_network("10.0.0.0/8"), ip_network("10.1.1.1"))
    assert unsigned.secrets == ()
    assert (file.path, console.kind, console.recipients) == ("data/alerts.jsonl", ChannelKind.CONSOLE, ("",))
    assert {channel.timezone for channel in plan.channels} == {"Europe/Kyiv"}
    assert console.timeout == timedelta(seconds=15)


def test_routes_keep_their_order_and_their_children(load) -> None:
    """The tree arrives as written; one value and a list of one mean the same."""
    plan = load("""
        channels: [{name: a, type: console}, {name: b, type: console}]
        routes:
          - match: {severity: critical, tags: [x, y], languages: EN}
            channels: a
            continue: true
            routes: [{match: {severity: [high]}}]
          - channels: [b]
    """)
    child = Route(match=RouteMatch(severities=frozenset({Severity.HIGH})), channels=("a",))
    match = RouteMatch(severities=frozenset({Severity.CRITICAL}), tags=frozenset("xy"), languages=frozenset({"en"}))
    assert plan.routes == (Route(match=match, channels=("a",), goes_on=True, routes=(child,)), Route(channels=("b",)))


def test_routes_inherit_their_channels_and_times(load) -> None:
    """What a route does not say is as in the one above it, through any depth; what it says holds below it."""
    plan = load("""
        timezone: Europe/Kyiv
        channels: [{name: a, type: console}, {name: b, type: console}]
        routes:
          - channels: a
            group_by: story
            group_wait: 30s
            quiet_hours: {from: 22:00, to: "7:00", days: [sat, sun]}
            routes:
              - match: {severity: high}
                group_wait: 0s
                routes: [{match: {tags: x}, channels: b, digest: {cron: "0 7 * * MON-FRI"}}]
    """)
    [top] = plan.routes
    [child] = top.routes
    [grandchild] = child.routes
    quiet = QuietHours(start=time(22), end=time(7), timezone="Europe/Kyiv", days=frozenset({5, 6}))
    grouped = Timing(group_by=GroupBy.STORY, group_wait=timedelta(seconds=30), quiet_hours=quiet)
    assert (top.channels, top.timing) == (("a",), grouped)
    assert (child.channels, child.timing) == (("a",), replace(grouped, group_wait=timedelta(0)))
    digest = DigestTimes(cron="0 7 * * mon-fri", timezone="Europe/Kyiv")
    assert (grandchild.channels, grandchild.timing) == (("b",), replace(child.timing, digest=digest))


def test_a_key_without_a_value_counts_as_not_given(load, mistakes) -> None:
    """Lists whose items are all commented out, and keys left empty, are as if they were not there."""
    plan = load("timezone:\nfeeds:\nrules:\n  - {name: a, keywords: [fire], exclude: , severity: ~}")
    assert (plan.timezone, plan.feeds, plan.rules[0].severity) == ("UTC", (), Severity.NORMAL)
    assert mistakes("feeds: [{name: , path: x}]") == ["a.yaml:1:9: feeds.0.name: missing key"]
    assert mistakes("feedz:") == ['a.yaml:1:1: feedz: unknown key (did you mean "feeds"?)']


def test_every_secret_is_known_and_none_is_in_a_repr(load) -> None:
    """Substituted values, Slack and SMTP URLs, passwords and webhook secrets are in `secrets`, and not in `repr`."""
    plan = load(
        """
        contact: ${CONTACT}
        channels:
          - {name: s, type: slack, url: "https://hooks.example/${TOKEN}"}
          - {name: m, type: email, smtp: "smtps://u:p%40ssword@mail.example", from: a@example.org, to: a@example.org}
          - {name: w, type: webhook, url: "https://siem.example/in", secret: "a secret of 24 characters"}
        """,
        environment={"TOKEN": "canary", "CONTACT": "me@example.org"},
    )
    secrets = {
        "canary",
        "me@example.org",
        "https://hooks.example/canary",
        "smtps://u:p%40ssword@mail.example",
        "p@ssword",
        "a secret of 24 characters",
    }
    assert plan.secrets == secrets
    assert not [secret for secret in secrets - {"me@example.org"} if secret in repr(plan)]


def test_a_secret_is_struck_out_of_every_message(mistakes) -> None:
    """A mistake in or beside a substituted value is told without the value, in warnings' and errors' words alike."""
    lines = mistakes(
        """
        channels: [{name: canary-desk, type: console}]
        rules: [{name: a, keywords: [fire], notify: "${WHERE}"}]
        """,
        environment={"WHERE": "canary-dest"},
    )
    assert lines == ['a.yaml:3:45: rules.0.notify: there is no channel "***" (did you mean "canary-desk"?)']


def test_a_secret_that_a_message_cuts_short_is_struck_out_too(mistakes) -> None:
    """Messages about queries show long terms by their beginning: not by that of a secret."""
    secret = "canary" * 20
    for query in ("${WHERE} fire", "fire $x${WHERE}", "harbour-${WHERE} fire"):
        lines = mistakes(f"rules: [{{name: a, query: '{query}'}}]", environment={"WHERE": secret})
        assert "***" in lines[0]
        assert "can" not in lines[0]


def test_an_unreadable_file_does_not_make_others_look_wrong(mistakes) -> None:
    """Where a file could not be read, names are not said to be missing elsewhere; other mistakes are told."""
    lines = mistakes("channels: [{name: desk", "rules: [{name: a, keywords: [fire], notify: desk, severity: hot}]")
    assert [line.split(": ")[0] for line in lines] == ["a.yaml:2:1", "b.yaml:1:61"]


def test_a_missing_variable_is_one_mistake(mistakes) -> None:
    """What is wrong with a value only because its variable is missing is not told twice."""
    assert len(mistakes("channels: [{name: a, type: slack, url: '${X}'}]")) == 1


def test_the_environment_is_an_argument(load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables come from the mapping that is given, not from the process."""
    monkeypatch.setitem(os.environ, "CONTACT", "process")
    assert load("contact: ${CONTACT}", environment={"CONTACT": "given"}).contact == "given"


def test_ten_thousand_rules_are_read(load) -> None:
    """A file of 10,000 rules is within all limits."""
    rules = "".join(
        f"  - name: Rule {number}\n    keywords: [fire {number}, smoke {number}]\n    tags: [a]\n    languages: [en]\n"
        for number in range(10_000)
    )
    assert len(load("rules:\n" + rules).rules) == 10_000


def test_when_articles_are_one_story_is_in_the_plan(load) -> None:
    """What `dedup` and the keys of a rule say is what the plan has; parameters are in small letters."""
    plan = load(
        """
        feeds: [{name: a, path: .}]
        dedup: {window: 2d, containment: 0.7, lead: 0.4, strong: 1, tracking_parameters: [Partner]}
        rules:
          - {name: r, keywords: [ferry], min_sources: 50, on_update: yes, follow_up: [50, 1000]}
          - {name: s, keywords: [gale]}
        """
    )
    dedup = plan.dedup
    assert (dedup.window, dedup.containment, dedup.lead, dedup.strong) == (timedelta(days=2), 0.7, 0.4, 1.0)
    assert dedup.tracking == plan.feeds[0].tracking == {"partner"}
    said, unsaid = ((rule.min_sources, rule.on_update, rule.follow_up) for rule in plan.rules)
    assert (said, unsaid) == ((50, True, (50, 1000)), (1, False, ()))


def test_without_dedup_the_model_says_when_articles_are_one_story(load) -> None:
    """A configuration that does not say it has the model's thresholds."""
    assert load("rules: [{name: s, keywords: [gale]}]").dedup == Dedup()


def test_a_route_may_do_without_what_the_one_above_has(load) -> None:
    """`none` ends a digest, quiet hours and groups for a route and for those within it."""
    [top] = load(
        """
        channels: [{name: a, type: console}]
        routes:
          - channels: a
            group_by: story
            digest: {cron: 0 7 * * *}
            quiet_hours: {from: 22:00, to: 07:00}
            routes:
              - match: {severity: critical}
                group_by: none
                digest: none
                quiet_hours: none
                routes: [{match: {tags: x}}]
        """
    ).routes
    [child] = top.routes
    assert top.timing.digest
    assert top.timing.quiet_hours
    assert child.timing == child.routes[0].timing == Timing()


def test_times_and_days_of_quiet_hours_are_what_is_written(load) -> None:
    """Times need no quotes, 24:00 is midnight, and days come one by one or as spans over the end of the week."""
    quiet = [
        route.timing.quiet_hours
        for route in load(
            """
            channels: [{name: a, type: console}]
            routes:
              - {channels: a, continue: yes, quiet_hours: {from: 22:30, to: 7:05, days: sat-mon}}
              - {channels: a, continue: yes, quiet_hours: {from: 00:00, to: 24:00, days: [sat, sun]}}
              - {channels: a, quiet_hours: {from: 01:00, to: 02:00, days: [mon-wed, fri, fri]}}
            """
        ).routes
    ]
    assert [(hours.start, hours.end, hours.days) for hours in quiet if hours] == [
        (time(22, 30), time(7, 5), {5, 6, 0}),
        (time(0), time(0), {5, 6}),
        (time(1), time(2), {0, 1, 2, 4}),
    ]


def test_a_template_is_json_as_written(load) -> None:
    """Numbers, yes and no and null without quotes are these; all else, and what a variable stands for, is text."""
    [channel] = load(
        """
        channels:
          - name: hook
            type: webhook
            url: https://hook.example/
            template:
              text: "{{ notice.headline }}"
              numbers: [5, -1.5, 0, "5", 012, 1e3, 1.]
              flags: [true, false, "true", yes]
              nothing: [null, ~, ""]
              given:
                - $${COUNT}
                - ${COUNT}
                - "a ${COUNT}"
              dollars: "$${{ data.total }}"
              below:
                block: |
                  two
                  lines
        """,
        environment={"COUNT": "12"},
    ).channels
    assert channel.template == {
        "text": "{{ notice.headline }}",
        "numbers": [5, -1.5, 0, "5", "012", "1e3", "1."],
        "flags": [True, False, "true", "yes"],
        "nothing": [None, None, ""],
        "given": ["${COUNT}", "12", "a 12"],
        "dollars": "${{ data.total }}",
        "below": {"block": "two\nlines\n"},
    }
    assert isinstance(channel.template["flags"][0], bool)


def test_signs_of_templates_in_a_value_are_a_mistake(mistakes) -> None:
    """A secret is a text in a template, never a template itself, and is not shown."""
    template = 'channels: [{name: a, type: webhook, url: "https://h.example/", template: {text: "${KEY}"}}]'
    for value in ("a {{ canary }}", "{% canary", "{# canary"):
        [line] = mistakes(template, environment={"KEY": value})
        assert line.startswith(
            "a.yaml:1:81: channels.0.template.text: what a ${…} in a template stands for must not hold"
        )
        assert "canary" not in line


def test_apprise_that_is_not_installed_is_a_mistake_of_its_channel(mistakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` names the channel and says what to install."""
    monkeypatch.setattr(schema, "find_spec", lambda _name: None)
    assert mistakes("channels: [{name: a, type: apprise, url: 'ntfys://x', allow_apprise: yes}]") == [
        'a.yaml:1:12: channels.0: Apprise is not installed: pip install "tocsin[apprise]"'
    ]
