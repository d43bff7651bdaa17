// The pages that the frame leads to, and who may open them.

import type { Role } from "../api/types";
import type { IconName } from "../ui/Icon";

export type PageName = "home" | "predict" | "review" | "images";

interface Page {
  readonly name: PageName;
  readonly to: "/" | "/predict/$app" | "/review/$app" | "/images/$app";
  readonly icon: IconName;
  // Pressed after G, it leads there.
  readonly key: string;
  // Null for everyone; the administrator may open all.
  readonly roles: readonly Role[] | null;
}

const PAGES: readonly Page[] = [
  { name: "home", to: "/", icon: "home", key: "h", roles: null },
  {
    name: "predict",
    to: "/predict/$app",
    icon: "upload",
    key: "p",
    roles: ["user", "reviewer", "scientist", "engineer"],
  },
  {
    name: "review",
    to: "/review/$app",
    icon: "review",
    key: "r",
    roles: ["reviewer", "scientist", "engineer"],
  },
  {
    name: "images",
    to: "/images/$app",
    icon: "grid",
    key: "i",
    roles: ["reviewer", "scientist", "engineer"],
  },
];

export function pagesFor(role: Role): readonly Page[] {
  return PAGES.filter(({ roles }) => role === "admin" || roles === null || roles.includes(role));
}

// The page of an address: `/review/cells/17` is of Review.
export function pageOf(pathname: string): Page | undefined {
  const first = pathname.split("/")[1] ?? "";
  return PAGES.find(({ to }) => to.split("/")[1] === first);
}
