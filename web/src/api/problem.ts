/** What went wrong, as the server says it (RFC 9457), or as we saw it when the server could not say. */
export interface Problem {
  /** HTTP status; 0 when no reply came at all. */
  status: number;
  /** The server's own code, or `network` / `unexpected_reply` for what never reached our API. */
  code: string;
  title: string;
  /** Why, in the server's words; empty when it said nothing readable. */
  detail: string;
  requestId: string | null;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title || problem.code);
    this.name = "ApiError";
  }
}

/** Any thrown value as a Problem, so that every failure can be shown the same way. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 0, code: "unexpected", title: "", detail, requestId: null };
}

export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ApiError && error.problem.code === "unauthenticated";
}

/** The body of a refusal. Proxies answer with HTML and with nothing: such text is never shown. */
export function parseProblem(body: unknown, reply: Response): Problem {
  const fields = isRecord(body) ? body : {};
  const header = reply.headers.get("x-request-id");
  const fallback = reply.status === 401 ? "unauthenticated" : "unexpected_reply";
  return {
    status: reply.status,
    code: text(fields.code) ?? fallback,
    title: text(fields.title) ?? "",
    detail: text(fields.detail) ?? "",
    requestId: text(fields.request_id) ?? header,
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
