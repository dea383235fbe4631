"""The second of three services, on Flask: asks the next one over urllib."""

import os
import sys
import threading
import urllib.request

import flask
import watchpost
from werkzeug.serving import make_server

watchpost.init(
    dsn=os.environ["SENTRY_DSN"],
    storage_dir=os.environ["WATCHPOST_STORAGE_DIR"],
    traces_sample_rate=1.0,
)
app = flask.Flask(__name__)


@app.get("/orders/<int:number>")
def order(number):
    with urllib.request.urlopen(f"{os.environ['WATCHPOST_NEXT']}/stock/{number}", timeout=60) as answer:
        return answer.read()


# One request after the other, so that none is left when it has shut down.
server = make_server("127.0.0.1", 0, app)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"listening {server.port}", flush=True)

# Whoever started it closes its input when it is to end.
sys.stdin.read()
server.shutdown()
watchpost.flush(60)
