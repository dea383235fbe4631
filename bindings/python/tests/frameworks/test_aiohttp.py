"""aiohttp: its server and its client, one asking the other."""

import asyncio

import pytest

from support import framework, recorded

import watchpost
from watchpost import testing
from watchpost.integrations.aiohttp import AioHttpIntegration


def ask(handlers, *paths, body=None):
    """The statuses of a server with these handlers, asked by a client in one transaction."""
    aiohttp = framework("aiohttp")
    from aiohttp import web

    async def main():
        app = web.Application()
        app.add_routes([web.route("*", path, handler) for path, handler in handlers.items()])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        statuses = []
        async with aiohttp.ClientSession() as session:
            with watchpost.start_transaction(op="test", name="client"):
                for path in paths:
                    method = "GET" if body is None else "POST"
                    async with session.request(method, f"http://127.0.0.1:{port}{path}", json=body) as response:
                        statuses.append(response.status)
        await runner.cleanup()
        return statuses

    return asyncio.run(main())


@pytest.fixture
def handlers():
    web = pytest.importorskip("aiohttp.web")

    async def book(request):
        watchpost.set_tag("number", request.match_info["number"])
        if request.match_info["number"] == "5":
            raise ValueError("cannot book")
        return web.Response(text="booked")

    async def gone(request):
        raise web.HTTPGone

    return {"/book/{number}": book, "/gone": gone}


def test_both_sides(handlers):
    testing.init(traces_sample_rate=1.0, integrations=[AioHttpIntegration()])
    assert ask(handlers, "/book/1?q=planted", "/book/5", "/gone", "/nowhere") == [200, 500, 410, 404]
    found = recorded()
    client = found["transaction"].pop()
    assert client["transaction"] == "client"
    names = [(one["transaction"], one["transaction_info"]["source"]) for one in found["transaction"]]
    assert names[:3] == [("/book/{number}", "route"), ("/book/{number}", "route"), ("/gone", "route")]
    traces = [one["contexts"]["trace"] for one in found["transaction"]]
    assert [one["data"]["http.response.status_code"] for one in traces] == [200, 500, 410, 404]
    assert {one["trace_id"] for one in traces} == {client["contexts"]["trace"]["trace_id"]}
    assert [one["parent_span_id"] for one in traces] == [one["span_id"] for one in client["spans"]]
    assert [one["status"] for one in client["spans"]][:2] == ["ok", "internal_error"]
    (event,) = found["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.aiohttp", "handled": False}
    assert event["transaction"] == "/book/{number}" and event["tags"] == {"number": "5"}


def test_bodies_that_were_read(handlers):
    async def read(request):
        await request.json()
        raise ValueError("read")

    async def unread(request):
        raise ValueError("unread")

    def data(**options):
        testing.init(integrations=[AioHttpIntegration()], **options)
        body = {"amount": 5, "password": "planted"}
        assert ask({"/read": read, "/unread": unread}, "/read", "/unread", body=body) == [500, 500]
        return [event["request"].get("data") for event in recorded()["event"]]

    assert data(send_default_pii=True) == [{"amount": 5, "password": "[Filtered]"}, None]
    assert data() == [None, None]


def test_switched_off(handlers):
    testing.init(integrations=[])
    assert ask(handlers, "/book/5") == [500]
    assert recorded() == {}


def test_answers_that_are_errors(handlers):
    from aiohttp import web

    async def raises(request):
        raise {"503": web.HTTPServiceUnavailable, "404": web.HTTPNotFound}[request.match_info["status"]]

    async def answers(request):
        return web.Response(status=502)

    def events(**settings):
        testing.init(integrations=[AioHttpIntegration(**settings)])
        assert ask({"/raise/{status}": raises, "/answer": answers}, "/raise/503", "/raise/404", "/answer") == [503, 404, 502]
        return [event["exception"]["values"][-1] for event in recorded().get("event", ())]

    (event,) = events()
    assert event["type"] == "HTTPServiceUnavailable"
    assert event["mechanism"] == {"type": "auto.http.aiohttp", "handled": True}
    assert [one["type"] for one in events(failed_request_status_codes={404})] == ["HTTPNotFound"]
    assert events(failed_request_status_codes=set()) == []


def test_which_requests_are_transactions(handlers):
    testing.init(traces_sample_rate=1.0, integrations=[AioHttpIntegration(http_methods_to_capture=["post"])])
    assert ask(handlers, "/book/1") == [200]
    assert [one["transaction"] for one in recorded()["transaction"]] == ["client"]
    assert ask(handlers, "/book/1", body={}) == [200]
    assert [one["transaction"] for one in recorded()["transaction"]] == ["/book/{number}", "client"]


def test_names_of_handlers(handlers):
    testing.init(traces_sample_rate=1.0, integrations=[AioHttpIntegration(transaction_style="handler_name")])
    assert ask(handlers, "/gone") == [410]
    assert recorded()["transaction"][0]["transaction"].endswith("handlers.<locals>.gone")
