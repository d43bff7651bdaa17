// Filters that are kept under a name, for everyone on the application.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { filtersQuery, removeFilter, type SavedFilter, saveFilter } from "../api/images";
import { sessionQuery } from "../api/queries";
import { shortTime, texts } from "../texts";
import { isUser, personOf } from "../texts/people";
import { Button, IconButton } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Menu, MenuItem, MenuLine } from "../ui/Menu";
import { toast } from "../ui/Toast";
import styles from "./SavedFilters.module.css";

interface SavedFiltersProps {
  app: string;
  // The filter of the page, as it stands in the address; empty without one.
  query: string;
  onOpen: (query: string) => void;
}

export function SavedFilters({ app, query, onOpen }: SavedFiltersProps) {
  const [manages, setManages] = useState(false);
  const { data: saved = [] } = useQuery(filtersQuery(app));
  return (
    <>
      <Menu
        align="start"
        trigger={
          <Button icon="bookmark" className={styles.trigger} aria-label={texts.saved.title}>
            <span className={styles.word}>{texts.saved.menu}</span>
          </Button>
        }
      >
        {saved.map((one) => (
          <MenuItem
            key={one.name}
            onClick={() => onOpen(one.query)}
            {...(one.query === query ? { icon: "check" as const } : {})}
          >
            {one.name}
          </MenuItem>
        ))}
        {saved.length === 0 && <p className={styles.none}>{texts.saved.none}</p>}
        <MenuLine />
        <MenuItem onClick={() => setManages(true)}>{texts.saved.manage}</MenuItem>
      </Menu>
      <Dialog
        open={manages}
        onOpenChange={setManages}
        title={texts.saved.title}
        description={texts.saved.description}
      >
        {query === "" ? (
          <p className={styles.hint}>{texts.saved.nothing}</p>
        ) : (
          <SaveForm app={app} query={query} />
        )}
        <ul className={styles.list}>
          {saved.map((one) => (
            <Entry key={one.name} app={app} saved={one} />
          ))}
        </ul>
      </Dialog>
    </>
  );
}

function SaveForm({ app, query }: { app: string; query: string }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => saveFilter(app, name.trim(), query),
    onSuccess: () => {
      toast(texts.saved.savedAs(name.trim()), { kind: "good" });
      setName("");
      return queryClient.invalidateQueries(filtersQuery(app));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label className={styles.field}>
        {texts.saved.name}
        <input
          className={styles.input}
          value={name}
          maxLength={80}
          required
          aria-invalid={error !== null}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <Button type="submit" kind="primary" disabled={isPending || name.trim() === ""}>
        {texts.saved.save}
      </Button>
      {error !== null && (
        <p className={styles.problem} role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}

function Entry({ app, saved }: { app: string; saved: SavedFilter }) {
  const queryClient = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const { mutate } = useMutation({
    mutationFn: () => removeFilter(app, saved.name),
    onSuccess: () => {
      toast(texts.saved.removed(saved.name));
      return queryClient.invalidateQueries(filtersQuery(app));
    },
    onError: (error) => toast(error.message, { kind: "bad" }),
  });
  const mayRemove =
    session !== undefined && (session.role === "admin" || isUser(saved.made_by, session.user));
  return (
    <li className={styles.entry}>
      <span className={styles.about}>
        <strong>{saved.name}</strong>
        <small>{texts.saved.by(personOf(saved.made_by), shortTime(saved.recorded_at))}</small>
      </span>
      {mayRemove && (
        <IconButton icon="trash" name={texts.saved.remove(saved.name)} onClick={() => mutate()} />
      )}
    </li>
  );
}
