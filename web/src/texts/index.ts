// Every text of the pages, in one catalogue: a file for each page, joined here.

import { home } from "./home";
import { images } from "./images";
import { picture } from "./picture";
import { predict } from "./predict";
import { review } from "./review";
import { shell } from "./shell";
import { workspace } from "./workspace";

export { ago, fullTime, shortTime } from "./times";

export const texts = {
  name: "Millpond",
  title: (page: string) => `${page} · Millpond`,
  skip: "Skip to the content",
  ...shell,
  ...home,
  ...picture,
  ...predict,
  ...workspace,
  ...review,
  ...images,
} as const;
