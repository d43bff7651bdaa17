// Requests to the HTTP interface: one place for headers, problems and lost connections.

import { texts } from "../texts";
import { connection } from "./connection";

// What the server refused, or status 0 when it could not be reached.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  // Whether the same request may well succeed a little later.
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await succeed(path, init);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

// The files of an answer that has several, by their names.
export async function requestFiles(path: string): Promise<Map<string, File>> {
  const response = await succeed(path, { headers: { Accept: "multipart/form-data" } });
  const parts = [...(await response.formData())];
  return new Map(parts.filter((part): part is [string, File] => part[1] instanceof File));
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  return request<T>(path, { method: "POST", headers: jsonHeaders(), ...json });
}

// The message of an `application/problem+json` answer (RFC 9457), or of what came instead of one.
export function problemOf(status: number, text: string): ApiError {
  try {
    const problem = JSON.parse(text) as { detail?: string; title?: string; request_id?: string };
    const message = problem.detail ?? problem.title ?? texts.errors.status(status);
    return new ApiError(status, message, problem.request_id ?? null);
  } catch {
    return new ApiError(status, texts.errors.status(status));
  }
}

function jsonHeaders() {
  return { "Content-Type": "application/json" };
}

async function succeed(path: string, init: RequestInit): Promise<Response> {
  const response = await reach(path, init);
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, {
      ...init,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...init.headers },
    });
    connection.met(response.status);
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    connection.met(0);
    throw new ApiError(0, texts.errors.unreachable);
  }
}
