"""Serves a WSGI application until standard input ends."""

import socketserver
import sys
import threading
from wsgiref.simple_server import WSGIServer, make_server

import sentry_sdk


class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


def until_closed():
    sys.stdin.read()


def serve(application):
    server = make_server("127.0.0.1", 0, application, server_class=Threaded)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    print("listening:", server.server_port, flush=True)
    until_closed()
    server.shutdown()
    sentry_sdk.get_client().close(timeout=20)
