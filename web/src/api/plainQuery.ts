// The query of an address in plain words: `?label=WBC&label=RBC&min_score=0.5`, a list by repeating
// its name, so that an address of a page and a call of the HTTP interface read the same.

export function parseQuery(query: string): Record<string, unknown> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (typeof before === "string") found[name] = [before, value];
    else before.push(value);
  }
  return found;
}

// With its `?`, or nothing at all.
export function stringifyQuery(values: object): string {
  const query = plainQuery(values);
  return query === "" ? "" : `?${query}`;
}

export function plainQuery(values: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  return query.toString();
}
