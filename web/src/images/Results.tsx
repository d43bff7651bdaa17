// The images of a filter, and what is chosen of them.

import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Facets as Counts, ImageFilter, ImagesPage as Page } from "../api/images";
import { plainQuery } from "../api/plainQuery";
import type { App, Role } from "../api/types";
import { Grid } from "./Grid";
import type { GridSize } from "./layout";
import { placeOf, rememberPlace } from "./places";
import styles from "./Results.module.css";
import { SelectionBar } from "./SelectionBar";
import { NONE, type Selection } from "./selection";

interface ResultsProps {
  app: App;
  role: Role;
  filter: ImageFilter;
  page: Page;
  counts: Counts | undefined;
  // Another filter is asked for, and this is what is seen until it is answered.
  isOld: boolean;
  size: GridSize;
  colourOf: (label: string) => string;
}

export function Results({ app, role, filter, page, counts, isOld, size, colourOf }: ResultsProps) {
  const name = app.app;
  const query = plainQuery(filter);
  const navigate = useNavigate();
  const [start] = useState(() => placeOf(name, query));
  const [active, setActive] = useState(start?.active ?? 0);
  const [selection, setSelection] = useState<Selection>(start?.selection ?? NONE);
  const [aspect] = useState(() => aspectOf(page));
  useEffect(
    () => rememberPlace(name, query, { active, selection }),
    [name, query, active, selection],
  );
  const address = (place: number, id: string) =>
    `/images/${name}/${id}?${plainQuery({ ...filter, at: place })}`;
  return (
    <div className={styles.results} data-old={isOld} aria-busy={isOld}>
      <Grid
        app={name}
        filter={filter}
        total={page.total}
        size={size}
        aspect={aspect}
        selection={selection}
        onSelect={setSelection}
        start={start?.active ?? null}
        onActive={setActive}
        addressOf={(place, { object_id }) => address(place, object_id)}
        onOpen={(place, { object_id }) =>
          void navigate({
            to: "/images/$app/$objectId",
            params: { app: name, objectId: object_id },
            search: { ...filter, at: place },
          })
        }
        colourOf={colourOf}
      />
      <SelectionBar
        app={name}
        filter={filter}
        total={page.total}
        counts={counts}
        role={role}
        selection={selection}
        onSelect={setSelection}
      />
    </div>
  );
}

// The middle one of the first pictures.
function aspectOf({ images }: Page): number {
  const aspects = images
    .map(({ width, height }) => width / Math.max(1, height))
    .sort((a, b) => a - b);
  return aspects[Math.floor(aspects.length / 2)] ?? 4 / 3;
}
