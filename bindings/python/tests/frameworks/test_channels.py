"""Consumers of Django Channels."""

import asyncio

import pytest

import shop_site
from support import framework, recorded, serve_asgi

import watchpost
from watchpost import testing
from watchpost.integrations.asgi import WatchpostAsgiMiddleware
from watchpost.integrations.channels import ChannelsIntegration

TRACE = "771a43a4192642f0b136d5159a501700"


@pytest.fixture(scope="module")
def app():
    framework("channels")
    shop_site.site()
    from channels.generic.http import AsyncHttpConsumer
    from channels.generic.websocket import AsyncWebsocketConsumer, JsonWebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.urls import path, re_path

    class Room(AsyncWebsocketConsumer):
        async def receive(self, text_data):
            watchpost.set_tag("room", self.scope["url_route"]["kwargs"]["room"])
            if text_data == "bad":
                raise ValueError("bad word")
            await self.send(text_data=text_data)

    class Orders(JsonWebsocketConsumer):  # Works in a thread.
        def receive_json(self, content):
            watchpost.set_tag("amount", content["amount"])
            raise ValueError("cannot book")

    class Stream(AsyncHttpConsumer):
        async def handle(self, body):
            if body:
                raise ValueError("cannot stream")
            await self.send_response(200, b"streamed")

    websockets = [path("rooms/<str:room>/", Room.as_asgi()), re_path(r"^orders/$", Orders.as_asgi())]
    return ProtocolTypeRouter({
        "websocket": URLRouter([path("ws/", URLRouter(websockets))]),
        "http": URLRouter([path("stream/", Stream.as_asgi())]),
    })


def talk(app, path, *messages):
    """The answers on one connection, and the error that ended it."""
    from channels.testing import WebsocketCommunicator

    async def main():
        headers = [(b"host", b"shop.example"), (b"sentry-trace", f"{TRACE}-b7ad6b7169203331-1".encode())]
        there = WebsocketCommunicator(app, path, headers=headers)
        assert (await there.connect(timeout=30))[0]
        answers = []
        try:
            for message in messages:
                await there.send_to(text_data=message)
                answers.append(await there.receive_from(timeout=30))
            await there.disconnect(timeout=30)
        except ValueError as error:
            return answers, str(error)
        return answers, None

    return asyncio.run(main())


def start(**options):
    testing.init(traces_sample_rate=1.0, integrations=[ChannelsIntegration()], **options)


def test_a_connection(app):
    start()
    assert talk(app, "/ws/rooms/lobby/", "good", "bad") == (["good"], "bad word")
    found = recorded()
    (event,) = found["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.http.channels", "handled": False}
    assert event["transaction"] == "/ws/rooms/<room>/" and event["tags"] == {"room": "lobby"}
    assert event["request"]["url"].endswith("/ws/rooms/lobby/")
    (transaction,) = found["transaction"]
    assert (transaction["transaction"], transaction["transaction_info"]["source"]) == ("/ws/rooms/<room>/", "route")
    trace = transaction["contexts"]["trace"]
    assert (trace["op"], trace["trace_id"]) == ("websocket.server", TRACE)
    assert event["contexts"]["trace"]["trace_id"] == TRACE
    watchpost.capture_message("after")
    assert "tags" not in testing.events()[0]


def test_a_consumer_in_a_thread(app):
    start()
    assert talk(app, "/ws/orders/", '{"amount": 5}') == ([], "cannot book")
    (event,) = recorded()["event"]
    assert event["tags"] == {"amount": "5"} and event["transaction"] == "/ws/orders/"


def test_http(app):
    start(send_default_pii=True)
    assert serve_asgi(app, "/stream/") == 200
    headers = [(b"content-type", b"application/json")]
    assert str(serve_asgi(app, "/stream/", headers, "POST", body=[b'{"amount": 5}'])) == "cannot stream"
    found = recorded()
    assert [one["contexts"]["trace"]["op"] for one in found["transaction"]] == ["http.server"] * 2
    (event,) = found["event"]
    assert event["request"]["data"] == {"amount": 5} and event["transaction"] == "/stream/"


def test_an_outer_middleware_meets_the_same_connection_once(app):
    start()
    assert talk(WatchpostAsgiMiddleware(app), "/ws/rooms/lobby/", "bad") == ([], "bad word")
    found = recorded()
    assert len(found["event"]) == len(found["transaction"]) == 1
    assert found["event"][0]["transaction"] == "/ws/rooms/<room>/"


def test_who_is_logged_in(app):
    class Ada:
        is_authenticated, pk, email = True, 5, "ada@example.com"

        def get_username(self):
            return "ada"

    async def with_user(scope, receive, send):
        return await app({**scope, "user": Ada()}, receive, send)

    start(send_default_pii=True)
    talk(with_user, "/ws/rooms/lobby/", "bad")
    assert recorded()["event"][0]["user"] == {"id": "5", "email": "ada@example.com", "username": "ada"}


def test_a_worker_of_a_channel(app):
    from channels.consumer import SyncConsumer

    class Print(SyncConsumer):
        def order_print(self, message):
            raise ValueError(message["number"])

    async def receive():
        return {"type": "order.print", "number": 5}

    start()
    with pytest.raises(ValueError, match="5"):
        asyncio.run(Print()({"type": "channel", "channel": "printer"}, receive, None))
    (event,) = recorded()["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.channels", "handled": False}
    assert event["tags"] == {"channel": "printer"}


def test_switched_off(app):
    testing.init(integrations=[])
    assert talk(app, "/ws/rooms/lobby/", "bad") == ([], "bad word")
    assert recorded() == {}
