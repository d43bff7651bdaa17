// The address of the same data as a page shows: its own, with the format before the query.

export type DataFormat = "json" | "csv";

// Null where the page has no data of its own.
export function dataAddress(pathname: string, search: string, format: DataFormat): string | null {
  const [page = "", app, one] = pathname.split("/").slice(1);
  if (page === "") return `/home.${format}`;
  if (app === undefined || !["predict", "review", "images"].includes(page)) return null;
  // An image of the queue is a place in it: its data are the queue's.
  if (one === undefined || page === "review") return `/${page}/${app}.${format}${search}`;
  return format === "json" ? `/${page}/${app}/${one}.json` : null;
}
