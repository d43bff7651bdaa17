// Above the grid: how many images there are, their order and size, saved filters, their data.

import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import type { ReactNode } from "react";
import { type ImageFilter, type ImageSort, imagesAddress } from "../api/images";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Menu, MenuLink } from "../ui/Menu";
import { Select } from "../ui/Select";
import { type GridSize, SIZES } from "./layout";
import { SORTS } from "./search";
import styles from "./Toolbar.module.css";

interface ToolbarProps {
  app: string;
  filter: ImageFilter;
  // Undefined until it is known.
  total: number | undefined;
  size: GridSize;
  onSize: (size: GridSize) => void;
  onSort: (sort: ImageSort) => void;
  // Before and after what is always there: the filters of a phone, the saved ones.
  children?: ReactNode;
}

export function Toolbar({ app, filter, total, size, onSize, onSort, children }: ToolbarProps) {
  const sorts = SORTS.map((sort) => texts.grid.sorts[sort]);
  return (
    <div className={styles.bar}>
      <h1 className={styles.total} aria-live="polite">
        {total === undefined ? texts.images.title : texts.images.total(total)}
      </h1>
      {children}
      <Select
        name={texts.grid.sort}
        value={texts.grid.sorts[filter.sort ?? "newest"]}
        options={sorts}
        onChange={(said) =>
          onSort(SORTS[sorts.indexOf(said as (typeof sorts)[number])] as ImageSort)
        }
        className={styles.sort}
      />
      <SizeChoice size={size} onSize={onSize} />
      <DataMenu app={app} filter={filter} total={total ?? 0} />
    </div>
  );
}

function SizeChoice({ size, onSize }: { size: GridSize; onSize: (size: GridSize) => void }) {
  return (
    <ToggleGroup
      className={styles.sizes}
      aria-label={texts.grid.size}
      value={[size]}
      onValueChange={([next]) => next !== undefined && onSize(next as GridSize)}
    >
      {SIZES.map((each) => (
        <Toggle
          key={each}
          value={each}
          className={styles.size}
          aria-label={texts.grid.sizes[each]}
          title={texts.grid.sizes[each]}
        >
          <Squares size={each} />
        </Toggle>
      ))}
    </ToggleGroup>
  );
}

const SQUARES: Record<GridSize, readonly number[]> = { s: [1, 6, 11], m: [2, 9], l: [3] };

function Squares({ size }: { size: GridSize }) {
  const places = SQUARES[size];
  const side = size === "s" ? 3.5 : size === "m" ? 5.5 : 10;
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      {places.flatMap((x) =>
        places.map((y) => <rect key={`${x} ${y}`} x={x} y={y} width={side} height={side} rx="1" />),
      )}
    </svg>
  );
}

const MOST = 500;

function DataMenu({ app, filter, total }: { app: string; filter: ImageFilter; total: number }) {
  const csv = imagesAddress(app, { ...filter, format: "csv" });
  const json = imagesAddress(app, { ...filter, limit: MOST, boxes: true });
  return (
    <Menu
      trigger={
        <Button icon="download" className={styles.menu} aria-label={texts.data.menu}>
          <span className={styles.word}>{texts.data.menu}</span>
        </Button>
      }
    >
      <MenuLink href={json} icon="code" note={texts.data.jsonNote(MOST, total)}>
        {texts.data.json}
      </MenuLink>
      <MenuLink
        href={csv}
        icon="download"
        download={`${app}-images.csv`}
        note={texts.data.csvNote(total)}
      >
        {texts.data.csv}
      </MenuLink>
    </Menu>
  );
}
