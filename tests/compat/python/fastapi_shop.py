"""A shop on FastAPI, under uvicorn."""

import asyncio
import threading
import time

import sentry_sdk
import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException
from serving import until_closed

sentry_sdk.init(debug=True, traces_sample_rate=1.0, send_default_pii=True)
app = FastAPI()


class ChargeError(Exception):
    pass


@app.get("/items")
async def items(count: int = 3):
    with sentry_sdk.start_span(op="cache.get", name="items"):
        await asyncio.sleep(0.001)
    return {"items": count}


@app.post("/carts/{cart}/pay")
async def pay(cart: int):
    raise ChargeError(f"cart {cart} cannot be charged")


def mail():
    raise ChargeError("the receipt has no address")


@app.get("/receipt")
async def receipt(later: BackgroundTasks):
    later.add_task(mail)
    return {"receipt": "later"}


@app.get("/upstream")
def upstream():
    raise HTTPException(status_code=503, detail="the bank is closed")


if __name__ == "__main__":
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    print("listening:", server.servers[0].sockets[0].getsockname()[1], flush=True)
    until_closed()
    server.should_exit = True
    thread.join()
    sentry_sdk.get_client().close(timeout=20)
