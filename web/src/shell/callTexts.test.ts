import { describe, expect, it } from "vitest";
import { asCurl, asPython } from "./callTexts";

const ORIGIN = "http://127.0.0.1:8420";

describe("asCurl", () => {
  it("asks with the token, and quotes what the shell would read", () => {
    const call = { title: "", method: "GET", path: "/api/v1/apps/a/images?label=O'Neill&x=1" };
    expect(asCurl(call as never, ORIGIN)).toBe(
      [
        "curl --fail-with-body \\",
        `  -H "Authorization: Bearer $MILLPOND_TOKEN" \\`,
        `  'http://127.0.0.1:8420/api/v1/apps/a/images?label=O'\\''Neill&x=1'`,
      ].join("\n"),
    );
  });

  it("sends a body as JSON, and a file as a form", () => {
    const body = { title: "", method: "POST", path: "/api", body: { count: 1 } } as const;
    expect(asCurl(body, ORIGIN)).toContain(`-d '{"count":1}'`);
    const file = { title: "", method: "POST", path: "/api", file: "my picture.jpg" } as const;
    expect(asCurl(file, ORIGIN)).toContain(`-F file=@'my picture.jpg'`);
    const bare = { title: "", method: "POST", path: "/api" } as const;
    expect(asCurl(bare, ORIGIN)).toContain("-X POST");
  });
});

describe("asPython", () => {
  it("writes values of JSON as Python does", () => {
    const body = { yes: true, no: false, none: null, gone: undefined, list: ["a", 1.5] };
    const text = asPython({ title: "", method: "POST", path: "/api", body }, ORIGIN);
    expect(text).toContain(`json={"yes": True, "no": False, "none": None, "list": ["a", 1.5]},`);
  });

  it("prints CSV as text and all else as JSON", () => {
    const csv = { title: "", method: "GET", path: "/api?format=csv" } as const;
    expect(asPython(csv, ORIGIN)).toContain("print(answer.text)");
    expect(asPython({ ...csv, path: "/api" }, ORIGIN)).toContain("print(answer.json())");
  });
});
