import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { server } from "../test/server";
import { api, cookie, unwrap } from "./client";
import { ApiError, type Problem, problemOf } from "./problem";

const status = () => unwrap(api.GET("/lightrag/status"));

async function refusal(reply: Response): Promise<Problem> {
  server.use(http.get("*/api/lightrag/status", () => reply));
  const error: unknown = await status().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return problemOf(error);
}

describe("a refusal is thrown as the problem the server described", () => {
  test("with its code, detail and request id", async () => {
    const body = { status: 409, code: "no_project_selected", detail: "Open one.", request_id: "r1" };
    const problem = await refusal(HttpResponse.json(body, { status: 409 }));
    expect(problem).toMatchObject({ code: "no_project_selected", detail: "Open one.", requestId: "r1" });
  });

  test("a proxy's HTML page is never shown", async () => {
    const problem = await refusal(HttpResponse.html("<h1>502 Bad Gateway</h1>", { status: 502 }));
    expect(problem).toMatchObject({ status: 502, code: "unexpected_reply", detail: "" });
  });

  test("an empty body", async () => {
    const headers = { "x-request-id": "r2" };
    const problem = await refusal(new HttpResponse(null, { status: 500, headers }));
    expect(problem).toMatchObject({ status: 500, code: "unexpected_reply", requestId: "r2" });
  });

  test("a 401 without a body still means: log in", async () => {
    const problem = await refusal(new HttpResponse(null, { status: 401 }));
    expect(problem.code).toBe("unauthenticated");
  });

  test("a page of HTML with status 200 is not data", async () => {
    const problem = await refusal(HttpResponse.html("<!doctype html>"));
    expect(problem.code).toBe("unexpected_reply");
  });

  test("no reply at all", async () => {
    expect(await refusal(HttpResponse.error())).toMatchObject({ status: 0, code: "network" });
  });
});

describe("every change carries the token of the page", () => {
  test("and a read does not", async () => {
    document.cookie = "mayak_csrf=t%3D1";
    const seen: (string | null)[] = [];
    const note = ({ request }: { request: Request }) => {
      seen.push(request.headers.get("x-csrf-token"));
      return HttpResponse.json({});
    };
    server.use(http.get("*/api/lightrag/status", note), http.post("*/api/lightrag/refresh", note));
    await status();
    await unwrap(api.POST("/lightrag/refresh"));
    expect(seen).toEqual([null, "t=1"]);
  });

  test("a cookie is found by its whole name", () => {
    expect(cookie("csrf", "mayak_csrf=a; csrf=b=c")).toBe("b=c");
    expect(cookie("csrf", "mayak_csrf=a")).toBeNull();
  });
});
