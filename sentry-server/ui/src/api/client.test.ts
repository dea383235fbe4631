import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, buildUrl, getJson, getPage, parseLink, send } from "./client";

afterEach(() => vi.unstubAllGlobals());

function answer(body: unknown, init: ResponseInit = {}) {
  const fetch = vi.fn(async (..._arguments: Parameters<typeof globalThis.fetch>) => new Response(body === undefined ? null : JSON.stringify(body), { headers: { "content-type": "application/json" }, ...init }));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

describe("parseLink", () => {
  it("takes only cursors that lead somewhere", () => {
    expect(parseLink('<http://x/?a=1,2&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", <http://x/?cursor=0:25:0>; rel="next"; results="true"; cursor="0:25:0"')).toEqual({ next: "0:25:0" });
    expect(parseLink("")).toEqual({});
  });
});

describe("calls", () => {
  it("repeats lists and leaves out what is not set", () => {
    expect(buildUrl("organizations/main/issues/", { id: ["1", "2"], cursor: undefined, query: "" })).toBe("/api/0/organizations/main/issues/?id=1&id=2&query=");
  });
  it("reads a page with its neighbours", async () => {
    answer([{ id: "1" }], { headers: { link: '<u>; rel="next"; results="true"; cursor="0:1:0"', "x-hits": "7" } });
    expect(await getPage("x/")).toEqual({ items: [{ id: "1" }], next: "0:1:0", hits: 7 });
  });
  it("marks writes, and only writes", async () => {
    const fetch = answer({});
    await send("PUT", "issues/1/", { status: "resolved" });
    expect(fetch.mock.calls[0]![1]).toMatchObject({ method: "PUT", headers: { "X-Watchpost-Request": "1", "Content-Type": "application/json" }, credentials: "same-origin" });
    await getJson("issues/1/");
    expect(fetch.mock.calls[1]![1]!.headers).not.toHaveProperty("X-Watchpost-Request");
  });
  it("takes an empty 204 for an answer", async () => {
    answer(undefined, { status: 204, headers: {} });
    expect(await send("PUT", "issues/1/", {})).toBeUndefined();
  });
  it("says what failed in the server's words", async () => {
    answer({ detail: "No such issue" }, { status: 404 });
    await expect(getJson("issues/9/")).rejects.toMatchObject({ status: 404, detail: "No such issue", what: "GET /api/0/issues/9/" });
    answer({ status: ["not a status"], id: ["missing"] }, { status: 400 });
    await expect(send("PUT", "issues/9/", {})).rejects.toMatchObject({ detail: "status: not a status · id: missing" });
  });
  it("survives an error that is not JSON, and no answer at all", async () => {
    vi.stubGlobal("fetch", async () => new Response("<html>bad gateway", { status: 502, statusText: "Bad Gateway" }));
    await expect(getJson("x/")).rejects.toMatchObject({ status: 502, detail: "502 Bad Gateway" });
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("failed to fetch");
    });
    await expect(getJson("x/")).rejects.toBeInstanceOf(ApiError);
    await expect(getJson("x/")).rejects.toMatchObject({ status: 0 });
  });
});
