"""redis and RQ, with a redis in memory."""

import asyncio

import pytest

from support import framework, recorded

import watchpost
from watchpost import testing
from watchpost.integrations.redis import RedisIntegration
from watchpost.integrations.rq import RqIntegration


def book(number):
    watchpost.set_tag("number", number)
    if number == 5:
        raise ValueError("cannot book")
    return number


@pytest.fixture
def client():
    framework("redis")
    return framework("fakeredis").FakeRedis()


def test_commands(client):
    testing.init(traces_sample_rate=1.0, integrations=[RedisIntegration()])
    with watchpost.start_transaction(op="test", name="commands"):
        client.set("key", "planted")
        assert client.get("key") == b"planted"
        with client.pipeline() as pipeline:
            pipeline.set("a", "planted").incr("b")
            pipeline.execute()
        watchpost.capture_message("m")
    found = recorded()
    spans = [(one["op"], one["description"]) for one in found["transaction"][0]["spans"]]
    assert spans == [("db.redis", "SET 'key'"), ("db.redis", "GET 'key'"), ("db.redis", "redis.pipeline.execute")]
    assert found["transaction"][0]["spans"][2]["data"]["redis.commands"] == 2
    crumbs = [one["message"] for one in found["event"][0]["breadcrumbs"]["values"]]
    assert crumbs == ["SET 'key'", "GET 'key'"] and "planted" not in str(found)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_caches_and_long_keys(kind):
    fakeredis = framework("fakeredis")
    testing.init(traces_sample_rate=1.0, integrations=[RedisIntegration(max_data_size=12, cache_prefixes=["page:"])])
    calls = [("set", "page:1", "planted"), ("get", "page:1"), ("get", "page:2"), ("delete", "page:1"), ("get", "k" * 50)]

    def plain():
        client = fakeredis.FakeRedis()
        for name, *args in calls:
            getattr(client, name)(*args)

    async def coroutine():
        client = fakeredis.FakeAsyncRedis()
        for name, *args in calls:
            await getattr(client, name)(*args)
        await client.aclose()

    with watchpost.start_transaction(op="test", name="commands"):
        plain() if kind == "plain" else asyncio.run(coroutine())
    found = recorded()
    spans = [(one["op"], one["description"], one["data"].get("cache.hit")) for one in found["transaction"][0]["spans"]]
    assert spans == [
        ("cache.put", "page:1", None), ("cache.get", "page:1", True), ("cache.get", "page:2", False),
        ("cache.remove", "page:1", None), ("db.redis", "GET 'kkkk...", None),
    ]
    assert "planted" not in str(found)


def test_commands_of_coroutines():
    fakeredis = framework("fakeredis")
    testing.init(traces_sample_rate=1.0, integrations=[RedisIntegration()])

    async def main():
        client = fakeredis.FakeAsyncRedis()
        with watchpost.start_transaction(op="test", name="commands"):
            await client.set("key", "planted")
        await client.aclose()

    asyncio.run(main())
    (transaction,) = recorded()["transaction"]
    assert [one["description"] for one in transaction["spans"]] == ["SET 'key'"]


def test_jobs(client):
    rq = framework("rq")
    testing.init(traces_sample_rate=1.0, integrations=[RqIntegration()])
    queue = rq.Queue(connection=client)
    with watchpost.start_transaction(op="test", name="orders"):
        for number in (1, 5):
            queue.enqueue(book, number)
    rq.SimpleWorker([queue], connection=client).work(burst=True)
    found = recorded()
    orders, *jobs = found["transaction"]
    assert [one["transaction"] for one in jobs] == ["test_redis_and_rq.book"] * 2
    assert {one["contexts"]["trace"]["trace_id"] for one in jobs} == {orders["contexts"]["trace"]["trace_id"]}
    assert [one["contexts"]["trace"]["status"] for one in jobs] == ["ok", "internal_error"]
    (event,) = [event for event in found["event"] if "exception" in event]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.queue.rq", "handled": False}
    assert event["tags"] == {"number": "5"} and event["contexts"]["rq-job"]["func"] == "test_redis_and_rq.book"
