"""Names are looked up once for a while, and failures are told as such."""

import asyncio
import ipaddress

import httpx
import pytest

from tocsin.net.resolver import KnownNames, NameNotFound, SystemResolver


class Answers:
    """A resolver that gives each answer once, the last for ever, and counts."""

    def __init__(self, *answers):
        self.asked = []
        self._answers = list(answers)

    async def __call__(self, host, port):
        self.asked.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_name_is_asked_for_once_a_minute(monkeypatch):
    """Within a minute the same addresses are found without asking; after it they are asked for anew."""
    answers = Answers(["192.0.2.1", "2001:db8::1"], ["192.0.2.2"])
    names = KnownNames(answers)
    first = await names.addresses("a.example.org", 80, 1)
    assert first == (ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("2001:db8::1"))
    assert await names.addresses("a.example.org", 443, 1) == first
    later = asyncio.get_running_loop().time() + 61
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later)
    assert await names.addresses("a.example.org", 80, None) == (ipaddress.ip_address("192.0.2.2"),)
    assert len(answers.asked) == 2


async def test_an_address_is_its_own_answer():
    """What is an address already is not looked up."""
    answers = Answers(OSError())
    assert await KnownNames(answers).addresses("::1", 80, 1) == (ipaddress.ip_address("::1"),)
    assert answers.asked == []


@pytest.mark.parametrize("failure", [OSError("no such name"), UnicodeError("too long"), []])
async def test_what_is_not_found_is_asked_for_again(failure):
    """A name without address is told as such, and may have one the next time."""
    names = KnownNames(Answers(failure, ["192.0.2.1"]))
    with pytest.raises(NameNotFound):
        await names.addresses("a.example.org", 80, 1)
    assert await names.addresses("a.example.org", 80, 1)


async def test_a_look_up_has_its_time():
    """A name server that says nothing is given up."""

    async def silent(host, port):
        await asyncio.Event().wait()

    with pytest.raises(httpx.ConnectTimeout):
        await KnownNames(silent).addresses("a.example.org", 80, 0.01)


async def test_names_without_end_do_not_fill_the_memory():
    """However many names are looked up, only so many are kept."""
    names = KnownNames(Answers(["192.0.2.1"]))
    for number in range(6_000):
        await names.addresses(f"h{number}.example.org", 80, None)
    assert len(names._known) == 5_000


async def test_the_system_resolves_every_spelling():
    """Names and spellings of addresses are resolved as the system does, each address once."""
    resolver = SystemResolver()
    assert "127.0.0.1" in await resolver("localhost", 80)
    assert list(await resolver("127.1", 80)) == ["127.0.0.1"]
    resolver.close()
