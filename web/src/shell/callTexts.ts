// A call of the HTTP interface, written out for a shell and for Python.

import type { ApiCall } from "./apiCalls";

export function asCurl(call: ApiCall, origin: string): string {
  const parts = [
    "curl --fail-with-body",
    `-H "Authorization: Bearer $MILLPOND_TOKEN"`,
    ...(call.file === undefined ? [] : [`-F file=@${quoted(call.file)}`]),
    ...(call.body === undefined
      ? []
      : [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(call.body))}`]),
    ...(call.method === "POST" && call.file === undefined && call.body === undefined
      ? ["-X POST"]
      : []),
    quoted(origin + call.path),
  ];
  return parts.join(" \\\n  ");
}

export function asPython(call: ApiCall, origin: string): string {
  const lines = ["import os", "", "import httpx", "", "answer = httpx.request("];
  const body = call.body === undefined ? [] : [`    json=${literal(call.body)},`];
  const file =
    call.file === undefined ? [] : [`    files={"file": open(${literal(call.file)}, "rb")},`];
  lines.push(
    `    "${call.method}",`,
    `    ${literal(origin + call.path)},`,
    `    headers={"Authorization": f"Bearer {os.environ['MILLPOND_TOKEN']}"},`,
    ...body,
    ...file,
    ")",
    "answer.raise_for_status()",
    isText(call) ? "print(answer.text)" : "print(answer.json())",
  );
  return lines.join("\n");
}

function isText({ path }: ApiCall): boolean {
  return new URLSearchParams(path.split("?")[1]).get("format") === "csv";
}

// One word of a POSIX shell, whatever is in it.
function quoted(word: string): string {
  return /^[\w./:@=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

// A value of JSON as Python writes it.
function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    const fields = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${fields.map(([name, each]) => `${literal(name)}: ${literal(each)}`).join(", ")}}`;
  }
  // A string of JSON is one of Python too, but for what JSON leaves of surrogates.
  return JSON.stringify(value);
}
