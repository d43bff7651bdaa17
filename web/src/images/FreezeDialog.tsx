// Freezing the chosen images as a snapshot, under a name.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { type Chosen, freeze, type Snapshot } from "../api/images";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { toast } from "../ui/Toast";
import styles from "./SavedFilters.module.css";

interface FreezeDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  app: string;
  // How many images are chosen, and how many of them are reviewed.
  size: number;
  reviewed: number;
  chosen: () => Promise<Chosen>;
  onDone: () => void;
}

export function FreezeDialog(props: FreezeDialogProps) {
  const { open, onOpenChange, app, size, reviewed, chosen, onDone } = props;
  const [name, setName] = useState("");
  const form = useId();
  const hint = useId();
  const { mutate, error, isPending, reset } = useFreeze(app, () => {
    setName("");
    onOpenChange(false);
    onDone();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate({ name: name.trim(), chosen });
  };
  const close = (next: boolean) => {
    reset();
    onOpenChange(next);
  };
  const actions = (
    <>
      <Button onClick={() => close(false)}>{texts.freeze.cancel}</Button>
      <Button
        type="submit"
        form={form}
        kind="primary"
        disabled={isPending || reviewed === 0 || name.trim() === ""}
      >
        {isPending ? texts.selection.working : texts.freeze.submit(reviewed)}
      </Button>
    </>
  );
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title={texts.freeze.title}
      description={reviewed === 0 ? texts.freeze.nothing : texts.freeze.description(size, reviewed)}
      actions={actions}
    >
      <form id={form} onSubmit={submit}>
        <label className={styles.field}>
          {texts.freeze.name}
          <input
            className={styles.input}
            value={name}
            required
            disabled={reviewed === 0}
            aria-invalid={error !== null}
            aria-describedby={hint}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <small id={hint} className={styles.hint}>
          {texts.freeze.nameHint}
        </small>
        {error !== null && (
          <p className={styles.problem} role="alert">
            {error.message}
          </p>
        )}
      </form>
    </Dialog>
  );
}

interface Asked {
  readonly name: string;
  readonly chosen: () => Promise<Chosen>;
}

function useFreeze(app: string, onDone: () => void) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const show = (snapshot: string) =>
    void navigate({ to: "/images/$app", params: { app }, search: { snapshot } });
  return useMutation({
    mutationFn: async ({ name, chosen }: Asked) => freeze(app, name, await chosen()),
    onSuccess: ({ name, images, parts }: Snapshot) => {
      onDone();
      toast(texts.freeze.done(name, images, partsOf(parts)), {
        kind: "good",
        action: { label: texts.freeze.show, onClick: () => show(name) },
      });
      void queryClient.invalidateQueries({ queryKey: ["facets", app] });
    },
  });
}

function partsOf(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .filter(([, number]) => number > 0)
    .map(([part, number]) => `${number.toLocaleString("en")} ${part}`)
    .join(", ");
}
