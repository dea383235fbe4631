"""Clusters of redis: a real one, of one server that has all slots."""

import asyncio
import os
import shutil
import subprocess
import time

import pytest

from support import framework, free_port, recorded

import watchpost
from watchpost import testing
from watchpost.integrations.redis import RedisIntegration

SPANS = [("db.redis", "SET 'key'"), ("db.redis", "GET 'key'"), ("db.redis", "redis.pipeline.execute")]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    redis = framework("redis")
    server = shutil.which("redis-server")
    if server is None and not os.environ.get("WATCHPOST_FRAMEWORKS"):
        pytest.skip("redis-server is not installed")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--save", "", "--appendonly", "no",
               "--cluster-port", str(free_port()), "--cluster-announce-ip", "127.0.0.1"]
    process = subprocess.Popen([server, *options], cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as node:
            wait_for(lambda: node.ping())
            node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            wait_for(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_for(reached):
    from redis.exceptions import RedisError

    for _ in range(600):
        try:
            if reached():
                return
        except RedisError:
            pass
        time.sleep(0.1)
    raise AssertionError("the cluster did not come up")


def check():
    watchpost.capture_message("m")
    found = recorded()
    (transaction,) = found["transaction"]
    assert [(one["op"], one["description"]) for one in transaction["spans"]] == SPANS
    assert transaction["spans"][2]["data"]["redis.commands"] == 2
    assert {one["status"] for one in transaction["spans"]} == {"ok"}
    crumbs = [one["message"] for one in found["event"][0]["breadcrumbs"]["values"]]
    assert crumbs == ["SET 'key'", "GET 'key'"] and "planted" not in str(found)


def test_a_cluster(port):
    from redis.cluster import RedisCluster

    with RedisCluster(host="127.0.0.1", port=port) as client:
        testing.init(traces_sample_rate=1.0, integrations=[RedisIntegration()])
        with watchpost.isolation_scope(), watchpost.start_transaction(op="test", name="commands"):
            client.set("key", "planted")
            assert client.get("key") == b"planted"
            with client.pipeline() as pipeline:
                pipeline.set("{a}1", "planted").incr("{a}2")
                pipeline.execute()
            watchpost.get_current_span().finish()
            check()


def test_a_cluster_and_coroutines(port):
    from redis.asyncio.cluster import RedisCluster

    async def main():
        async with RedisCluster(host="127.0.0.1", port=port) as client:
            await client.initialize()
            testing.init(traces_sample_rate=1.0, integrations=[RedisIntegration()])
            with watchpost.start_transaction(op="test", name="commands"):
                await client.set("key", "planted")
                assert await client.get("key") == b"planted"
                async with client.pipeline() as pipeline:
                    await pipeline.set("{a}1", "planted").incr("{a}2").execute()
            check()

    asyncio.run(main())
