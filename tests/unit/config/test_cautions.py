"""Laws of warnings."""

BASE = "channels: [{name: desk, type: console}]\n"
FEEDS = "feeds: [{name: here, path: .}]\n"
RULES = "rules: [{name: rule, keywords: [fire]}]\n"


def warnings(load, *texts: str) -> list[str]:
    return list(map(str, load(*texts).warnings))


def test_an_hasty_interval_is_a_warning_at_its_place(load) -> None:
    """Less than 5 minutes is told for public feeds, not for directories and feeds that may be at private addresses."""
    text = """
        feeds:
          - {name: a, url: "https://a.example/", every: 299s}
          - {name: b, url: "https://b.example/", every: 5m}
          - {name: c, url: "http://10.0.0.1/", every: 1s, allow_private: [10.0.0.0/8]}
          - {name: d, path: ., every: 1s}
    """
    assert warnings(load, text, RULES, BASE) == [
        "a.yaml:3:49: feeds.0.every: polled more often than every 5m: publishers may block us"
    ]


def test_a_hasty_cron_line_is_a_warning(load) -> None:
    """Two slots of a line that are less than 5 minutes apart are told, on whatever days they are."""
    text = """
        feeds:
          - {name: a, url: "https://a.example/", every: "58-59 3 29 2 *"}
          - {name: b, url: "https://b.example/", every: "*/5 * * * *"}
          - {name: c, url: "https://c.example/", every: "59 23 * * *"}
    """
    assert warnings(load, text, RULES, BASE) == [
        "a.yaml:3:49: feeds.0.every: polled more often than every 5m: publishers may block us"
    ]


def test_what_others_on_the_way_could_use_is_a_warning(load) -> None:
    """A certificate that is not checked is told, and what lets us in where it is sent without TLS."""
    text = """
        feeds:
          - {name: a, url: "https://a.example/", insecure_tls: yes, headers: {X-Key: canary}}
          - {name: b, url: "https://b.example/", insecure_tls: no}
          - {name: c, url: "HTTP://c.example/", auth: {token: canary}}
    """
    unchecked = "the server's certificate is not checked: anybody on the way could be the server"
    assert warnings(load, text, RULES, BASE) == [
        f"a.yaml:3:56: feeds.0.insecure_tls: {unchecked}",
        "a.yaml:5:41: feeds.2.auth: sent where anybody on the way can read it: use https in the url",
    ]


def test_a_channel_for_the_service_itself_is_used(load) -> None:
    """A channel that only `ops` names is not told to be without use."""
    text = """
        ops: [night]
        channels: [{name: desk, type: console}, {name: night, type: console}, {name: idle, type: console}]
        routes: [{channels: desk}]
    """
    [line] = warnings(load, text, FEEDS, RULES)
    assert line.startswith("a.yaml:3:")
    assert "channels.2.name" in line


def test_a_hasty_default_is_a_warning_for_each_feed_that_has_it(load) -> None:
    """An interval from `defaults` counts as the feed's own."""
    [line] = warnings(load, "defaults: {every: 1m}\nfeeds: [{name: a, url: 'https://a.example/'}]", RULES, BASE)
    assert line.startswith("a.yaml:2:9: feeds.0: polled")


def test_a_word_of_two_entities_is_a_warning_at_the_second(load) -> None:
    """A name, acronym or alias that an earlier entity has, in any case, is told with that entity's id."""
    text = """
        entities:
          - {id: atlantis, name: Atlantis, aliases: [Atlantean, atlantean], acronym: ATL}
          - {id: city, name: City, aliases: [pier, ATLANTEAN], acronym: Atl}
    """
    assert warnings(load, text, FEEDS, RULES, BASE) == [
        'a.yaml:4:44: entities.1.aliases.1: also a word of the entity "atlantis": a keyword stands for that one',
        'a.yaml:4:65: entities.1.acronym: also a word of the entity "atlantis": a keyword stands for that one',
    ]


def test_a_tag_that_no_feed_has_is_a_warning(load) -> None:
    """A rule or a route may ask for a tag before a feed has it: it is told, with the nearest tag there is."""
    text = """
        feeds: [{name: a, path: ., tags: [seas]}]
        rules: [{name: r, keywords: [fire], feeds: {tags: [seas, sea]}}]
        routes:
          - channels: [desk]
            routes: [{match: {feed_tags: lakes}}]
    """
    assert warnings(load, text, BASE) == [
        'a.yaml:3:58: rules.0.feeds.tags.1: no feed has the tag "sea" (did you mean "seas"?)',
        'a.yaml:6:34: routes.0.routes.0.match.feed_tags: no feed has the tag "lakes"',
    ]


def test_a_channel_that_nothing_reaches_is_a_warning(load) -> None:
    """With routes, a channel needs one of them, at any depth, or a rule's `notify`; without, all are reached."""
    text = """
        channels:
          - {name: a, type: console}
          - {name: b, type: console}
          - {name: c, type: console}
          - {name: d, type: console}
        rules: [{name: r, keywords: [fire], notify: [c]}]
    """
    routes = "routes: [{channels: [a], routes: [{match: {tags: x}, channels: b}]}]"
    assert warnings(load, text, FEEDS) == []
    assert warnings(load, text, FEEDS, routes) == [
        "a.yaml:6:12: channels.3.name: no route and no rule sends anything here"
    ]


def test_routes_that_may_lose_an_alert_are_a_warning(load) -> None:
    """Unless a top-level route takes everything, the last route is told."""
    one = "  - {match: {severity: high}, channels: desk}\n"
    [line] = warnings(load, BASE + "routes:\n" + one + one, FEEDS, RULES)
    assert line.startswith("a.yaml:4:5: routes.1: no route takes the rest")
    assert warnings(load, BASE + "routes:\n" + one + "  - channels: desk\n", FEEDS, RULES) == []


def test_a_configuration_without_channels_is_a_warning_at_the_first_rule(load) -> None:
    """Where feeds and rules may ring and no channel is there to tell of it, that is told, once."""
    two = "rules:\n  - {name: a, keywords: [fire]}\n  - {name: b, keywords: [smoke]}\n"
    assert warnings(load, two, FEEDS) == ["a.yaml:2:5: rules.0: no channels: every alert is dropped (no_route)"]
    assert warnings(load, two, FEEDS, BASE) == []


def test_a_directory_that_is_not_there_is_a_warning_at_its_place(load, tmp_path, monkeypatch) -> None:
    """A directory feed's path is looked for from the working directory; a file there is no directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    text = """
        feeds:
          - {name: a, path: here}
          - {name: b, path: gone}
          - {name: c, path: file}
    """
    assert warnings(load, text, RULES, BASE) == [
        "a.yaml:4:21: feeds.1.path: there is no directory gone; it is waited for",
        "a.yaml:5:21: feeds.2.path: there is no directory file; it is waited for",
    ]


def test_a_configuration_that_does_nothing_is_a_warning(load, tmp_path) -> None:
    """Without feeds, and without rules, that is told of the directory."""
    whole = tmp_path / "configuration"
    idle = [f"{whole}: no feeds: nothing is watched", f"{whole}: no rules: nothing can ring"]
    assert warnings(load, "") == idle
    assert warnings(load, FEEDS) == idle[1:]
    assert warnings(load, RULES) == idle[:1]


def test_a_rule_that_waits_for_more_outlets_than_there_are_is_a_warning(load) -> None:
    """The outlets of the feeds that a rule listens to are counted, not where articles name their outlets themselves."""
    text = """
        feeds:
          - {name: a, url: "https://a.example/", outlet: Gazette, tags: [sea]}
          - {name: b, url: "https://b.example/", outlet: GAZETTE, tags: [sea]}
          - {name: c, path: ., tags: [any]}
        rules:
          - {name: few, keywords: [ferry], feeds: {tags: [sea]}, min_sources: 2}
          - {name: one, keywords: [gale], feeds: {tags: [sea]}, min_sources: 1}
          - {name: open, keywords: [storm], feeds: {tags: [any]}, min_sources: 9}
          - {name: all, keywords: [fog], min_sources: 9}
        channels: [{name: d, type: console}]
    """
    assert warnings(load, text) == [
        "a.yaml:7:71: rules.0.min_sources: never reached: the feeds of this rule are of 1 outlet"
    ]


def test_a_follow_up_before_the_alert_is_a_warning(load) -> None:
    """Each number in `follow_up` that is not above `min_sources` is told at its place."""
    text = """
        feeds: [{name: c, path: .}]
        rules:
          - {name: early, keywords: [ferry], min_sources: 3, follow_up: [2, 3, 4]}
          - {name: fine, keywords: [gale], min_sources: 2, follow_up: [3, 5]}
          - {name: plain, keywords: [fog], follow_up: [2]}
        channels: [{name: d, type: console}]
    """
    assert warnings(load, text) == [
        f"a.yaml:4:{column}: rules.0.follow_up.{number}: "
        "not above min_sources: so many outlets have it when the rule rings"
        for number, column in enumerate((66, 69))
    ]


def timing_warnings(load, *routes: str) -> list[str]:
    """Return the warnings about routes, each a line below `routes:`."""
    return warnings(load, FEEDS, RULES, BASE, "\n".join(["routes:", *routes]) + "\n")


def test_what_a_digest_makes_idle_is_a_warning(load) -> None:
    """Groups and quiet hours beside a digest, be it of the route itself or of the one above, are told."""
    lines = timing_warnings(
        load,
        "  - channels: desk",
        "    digest: {cron: 0 7 * * *}",
        "    group_by: story",
        "    group_wait: 1m",
        "    routes:",
        '      - {match: {severity: high}, quiet_hours: {from: "22:00", to: "07:00"}}',
    )
    assert lines == [
        "d.yaml:4:5: routes.0.group_by: without effect: the digest wins",
        "d.yaml:5:5: routes.0.group_wait: without effect: the digest wins",
        "d.yaml:7:35: routes.0.routes.0.quiet_hours: without effect: the digest wins",
    ]


def test_a_route_that_takes_nothing_itself_uses_nothing(load) -> None:
    """What a route without channels says is for those within it alone: if they have digests, it has no effect."""
    lines = timing_warnings(
        load,
        "  - group_by: story",
        "    routes:",
        "      - {channels: desk, digest: {cron: 0 7 * * *}}",
        "  - channels: desk",
    )
    assert lines == ["d.yaml:2:5: routes.0.group_by: without effect: the digest wins"]


def test_what_some_route_below_uses_is_no_warning(load) -> None:
    """A key that only routes within a route make use of has its effect there; `none` and no time ask for nothing."""
    used = timing_warnings(
        load,
        "  - channels: desk",
        "    group_wait: 1m",
        "    group_interval: 10m",
        "    quiet_hours: none",
        "    routes:",
        "      - {match: {severity: high}, group_by: story}",
        "      - {match: {severity: info}, digest: {cron: 0 7 * * *}, group_by: none, group_wait: 0s}",
    )
    assert used == []


def test_waits_of_groups_without_groups_are_a_warning(load) -> None:
    """Where nothing is grouped, a group's wait is told to delay single alerts, and its interval to do nothing."""
    lines = timing_warnings(
        load,
        "  - channels: desk",
        "    group_wait: 1m",
        "    group_interval: 10m",
        "    routes:",
        "      - {match: {severity: high}, group_by: story, group_wait: 0s, group_interval: 1m}",
    )
    assert lines == [
        "d.yaml:3:5: routes.0.group_wait: nothing is grouped (group_by is none): each alert is only told later",
        "d.yaml:4:5: routes.0.group_interval: without effect: group_by is none",
    ]


def test_a_digest_that_may_pause_for_years_is_a_warning(load) -> None:
    """A slot on the 29th of February only is told, one a year is not."""
    leap, yearly = (
        f"  - {{channels: desk, continue: true, digest: {{cron: {cron}}}}}" for cron in ("0 0 29 2 *", "0 0 1 1 *")
    )
    assert timing_warnings(load, yearly, leap, "  - channels: desk") == [
        "d.yaml:3:53: routes.1.digest.cron: more than a year may pass between two slots of this digest"
    ]


def test_a_rule_that_hides_itself_is_a_warning(load) -> None:
    """What `inhibit` says of a rule and itself is told, in a list and alone."""
    text = """
        inhibit:
          - {rule: rule, hides: [other, rule]}
          - {rule: rule, hides: rule}
          - {rule: other, hides: rule}
        rules: [{name: other, keywords: [smoke]}]
    """
    assert warnings(load, text, FEEDS, RULES, BASE) == [
        "a.yaml:3:33: inhibit.0.hides.1: a rule cannot hide itself",
        "a.yaml:4:25: inhibit.1.hides: a rule cannot hide itself",
    ]


def test_a_memory_shorter_than_the_window_of_stories_is_a_warning(load) -> None:
    """Articles that are forgotten before their copies may come are told of."""
    common = (FEEDS, RULES, BASE)
    message = "shorter than dedup.window: what copies an article that is gone rings again"
    assert warnings(load, "retention: {articles: 95h}", *common) == [f"a.yaml:1:23: retention.articles: {message}"]
    assert warnings(load, "retention: {articles: 96h}", *common) == []
    assert warnings(load, "retention: {articles: 2d}\ndedup: {window: 48h}", *common) == []
