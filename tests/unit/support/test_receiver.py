"""The receiver that other tests lean on does what it is told."""

import httpx
import pytest

from support.receiver import Cut, Receiver, Reply, in_turn


async def test_requests_are_recorded_as_sent():
    """What is sent is recorded whole: method, target, headers, body."""
    async with Receiver() as receiver, httpx.AsyncClient() as client:
        answer = await client.post(f"{receiver.url}/in?a=1", content=b"\x00\xff", headers={"X-Name": "value"})
        [request] = await receiver.wait_for(1)
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert (request.method, request.target, request.body) == ("POST", "/in?a=1", b"\x00\xff")
    assert request.headers["x-name"] == "value"


async def test_answers_follow_the_script():
    """Replies come in turn over one connection, and the last one stays."""
    script = in_turn(Reply(status=500), Reply(status=429, headers={"Retry-After": "3"}), Reply(body=b"fine"))
    async with Receiver(script) as receiver, httpx.AsyncClient() as client:
        answers = [await client.get(receiver.url) for _ in range(4)]
        assert receiver.connections == 1
    assert [answer.status_code for answer in answers] == [500, 429, 200, 200]
    assert answers[1].headers["retry-after"] == "3"


@pytest.mark.parametrize(("cut", "recorded"), [(Cut.UNREAD, 0), (Cut.UNANSWERED, 1), (Cut.HALFWAY, 1)])
async def test_connections_are_cut_on_demand(cut, recorded):
    """A cut fails the request, and only one before reading leaves no record of it."""
    async with Receiver(Reply(body=b"x" * 100, cut=cut)) as receiver, httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.post(receiver.url, content=b"body")
        assert len(receiver.requests) == recorded


def test_a_thread_of_its_own_serves_processes():
    """In a thread it serves callers that have no loop."""
    with Receiver(Reply(status=202)).in_thread() as receiver:
        assert httpx.get(f"{receiver.url}/in").status_code == 202
        assert [request.target for request in receiver.requests] == ["/in"]
