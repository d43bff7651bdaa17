// What can be done with the images that are chosen.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Facets, ImageFilter } from "../api/images";
import { sendToReview } from "../api/images";
import type { Role } from "../api/types";
import { texts } from "../texts";
import { Button, IconButton } from "../ui/Button";
import { toast } from "../ui/Toast";
import { chosenOf } from "./chosen";
import { FreezeDialog } from "./FreezeDialog";
import styles from "./SelectionBar.module.css";
import { ALL, NONE, reviewedOf, type Selection, sizeOf } from "./selection";

interface SelectionBarProps {
  app: string;
  filter: ImageFilter;
  total: number;
  counts: Facets | undefined;
  role: Role;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

export function SelectionBar(props: SelectionBarProps) {
  const { app, filter, total, counts, role, selection, onSelect } = props;
  const [freezes, setFreezes] = useState(false);
  const review = useReview(app, () => onSelect(NONE));
  const size = sizeOf(selection, total);
  if (size === 0) return null;
  const mayFreeze = role === "scientist" || role === "engineer" || role === "admin";
  const isWhole = selection.isAll && selection.ids.size === 0;
  const send = () => review.mutate(() => chosenOf(app, filter, total, selection));
  return (
    <section className={styles.bar} aria-label={texts.selection.title}>
      <IconButton icon="close" name={texts.selection.none} onClick={() => onSelect(NONE)} />
      <strong className={styles.size} aria-live="polite">
        {texts.selection.selected(size)}
      </strong>
      {!isWhole && size < total && (
        <Button kind="quiet" onClick={() => onSelect(ALL)}>
          {texts.selection.all(total)}
        </Button>
      )}
      <span className={styles.gap} />
      <Button icon="review" disabled={review.isPending} onClick={send}>
        {review.isPending ? texts.selection.working : texts.selection.review}
      </Button>
      {mayFreeze && (
        <Button icon="snapshot" onClick={() => setFreezes(true)}>
          {texts.selection.snapshot}
        </Button>
      )}
      <FreezeDialog
        open={freezes}
        onOpenChange={setFreezes}
        app={app}
        size={size}
        reviewed={reviewedOf(selection, reviewedOfAll(filter, total, counts))}
        chosen={() => chosenOf(app, filter, total, selection)}
        onDone={() => onSelect(NONE)}
      />
    </section>
  );
}

function useReview(app: string, onDone: () => void) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const openQueue = () =>
    void navigate({ to: "/review/$app", params: { app }, search: { strategy: "requested" } });
  return useMutation({
    mutationFn: async (chosen: () => ReturnType<typeof chosenOf>) =>
      sendToReview(app, await chosen()),
    onSuccess: ({ requested }) => {
      onDone();
      toast(texts.selection.reviewDone(requested), {
        kind: "good",
        action: { label: texts.selection.openQueue, onClick: openQueue },
      });
      void queryClient.invalidateQueries({ queryKey: ["images", app] });
      void queryClient.invalidateQueries({ queryKey: ["facets", app] });
      void queryClient.invalidateQueries({ queryKey: ["queue", app] });
    },
    onError: (error) => toast(error.message, { kind: "bad" }),
  });
}

// The facet is counted without its own field, which therefore decides first.
function reviewedOfAll({ reviewed }: ImageFilter, total: number, counts: Facets | undefined) {
  if (reviewed !== undefined) return reviewed === "yes" ? total : 0;
  return counts?.facets.reviewed.find(({ value }) => value === "yes")?.count ?? 0;
}
