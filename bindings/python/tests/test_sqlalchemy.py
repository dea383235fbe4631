"""Queries of SQLAlchemy."""

import pytest

from support import framework, recorded

import watchpost
from watchpost import testing
from watchpost.integrations.sqlalchemy import SqlalchemyIntegration
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware


def in_request(work):
    def app(environ, start_response):
        work()
        start_response("200 OK", [])
        return []

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "shop", "wsgi.url_scheme": "http"}
    WatchpostWsgiMiddleware(app)(environ, lambda *_: None)


def test_queries():
    sqlalchemy = framework("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    testing.init(traces_sample_rate=1.0, integrations=[SqlalchemyIntegration()])

    def work():
        with engine.connect() as connection:
            query = sqlalchemy.text("SELECT :secret AS found")
            assert connection.execute(query, {"secret": "planted"}).scalar() == "planted"
            with pytest.raises(sqlalchemy.exc.OperationalError):
                connection.execute(sqlalchemy.text("SELECT * FROM nowhere"))
        watchpost.capture_message("m")

    in_request(work)
    found = recorded()
    (transaction,) = found["transaction"]
    spans = [(one["op"], one["description"], one["status"], one["origin"]) for one in transaction["spans"]]
    assert spans == [
        ("db", "SELECT ? AS found", "ok", "auto.db.sqlalchemy"),
        ("db", "SELECT * FROM nowhere", "internal_error", "auto.db.sqlalchemy"),
    ]
    assert transaction["spans"][0]["data"]["db.system"] == "sqlite"
    crumbs = [(one["category"], one["message"]) for one in found["event"][0]["breadcrumbs"]["values"]]
    assert crumbs == [("query", "SELECT ? AS found"), ("query", "SELECT * FROM nowhere")]
    assert "planted" not in str(found)
