// The tags of a DICOM file, as far as one's role may see them.

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { texts } from "../texts";
import { IconButton } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Problem } from "../ui/Notice";
import { Skeleton } from "../ui/Skeleton";
import styles from "./TagsButton.module.css";
import { type Tag, type Tags, tagsQuery } from "./tagsQuery";

export function TagsButton({ objectId }: { objectId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton icon="tag" name={texts.tags.open} onClick={() => setOpen(true)} />
      <Dialog open={open} onOpenChange={setOpen} title={texts.tags.title} place="side" wide>
        <TagsOf objectId={objectId} />
      </Dialog>
    </>
  );
}

function TagsOf({ objectId }: { objectId: string }) {
  const { data, error, refetch } = useQuery(tagsQuery(objectId));
  if (error !== null) return <Problem error={error} onRetry={() => refetch()} />;
  return data === undefined ? <Skeleton height={320} /> : <TagList {...data} />;
}

function TagList({ tags, withheld }: Tags) {
  const [wanted, setWanted] = useState("");
  const found = tags.filter((tag) => fits(tag, wanted.trim().toLowerCase()));
  return (
    <>
      {withheld > 0 && <p className={styles.withheld}>{texts.tags.withheld(withheld)}</p>}
      <input
        type="search"
        className={styles.search}
        placeholder={texts.tags.search}
        aria-label={texts.tags.search}
        value={wanted}
        onChange={({ target }) => setWanted(target.value)}
      />
      <dl className={styles.list}>
        {found.map((tag) => (
          <div key={tag.tag} className={styles.tag}>
            <dt>
              {tag.name || tag.keyword}
              <span className={styles.number}>{tag.tag}</span>
            </dt>
            <dd>{tag.value === "" ? texts.tags.empty : tag.value}</dd>
          </div>
        ))}
      </dl>
      {found.length === 0 && <p>{texts.tags.none}</p>}
    </>
  );
}

function fits({ tag, keyword, name, value }: Tag, wanted: string): boolean {
  return [tag, keyword, name, value].some((text) => text.toLowerCase().includes(wanted));
}
