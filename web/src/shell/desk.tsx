// What a signed-in person has in hand, whichever page is open: uploads and unsaved changes.

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { annotate, inferenceQuery, inferencesQuery, subjectKey } from "../api/queries";
import type { Annotation, AnnotationBody, Answer } from "../api/types";
import { predict } from "../api/upload";
import type { Place, Subject } from "../domain/subject";
import { Deeds } from "../state/deeds";
import { Outbox } from "../state/outbox";
import { Uploads } from "../state/uploads";

interface Desk {
  readonly outbox: Outbox;
  // What can be taken back.
  readonly deeds: Deeds;
  readonly uploads: Uploads;
}

const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("useDesk outside of DeskProvider");
  return desk;
}

export function DeskProvider({ user, children }: { user: string; children: ReactNode }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const desk = useMemo(() => {
    const open = ({ app, inference_id }: Answer) =>
      void navigate({
        to: "/predict/$app/$inferenceId",
        params: { app, inferenceId: inference_id },
      });
    const uploads = makeUploads(queryClient, open);
    return { outbox: makeOutbox(user, queryClient), deeds: new Deeds(), uploads };
  }, [user, queryClient, navigate]);
  useEffect(() => {
    const wake = () => desk.outbox.wake();
    // The browser asks before it leaves pictures behind that are not sent.
    const warn = (event: BeforeUnloadEvent) => {
      if (desk.uploads.isUnderWay) event.preventDefault();
    };
    desk.outbox.wake();
    addEventListener("online", wake);
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("online", wake);
      removeEventListener("beforeunload", warn);
      desk.outbox.stop();
    };
  }, [desk]);
  return <DeskContext value={desk}>{children}</DeskContext>;
}

function makeOutbox(user: string, queryClient: QueryClient): Outbox {
  const send = (place: Place, bodies: AnnotationBody[]) =>
    mutate(queryClient, () => annotate(place, bodies));
  const onKept = (place: Place, kept: readonly Annotation[]) => {
    queryClient.setQueryData<Subject>(subjectKey(place), (known) =>
      known === undefined ? known : withAnnotations(known, kept),
    );
    void queryClient.invalidateQueries({ queryKey: ["inferences"] });
    if (kept.some(({ action }) => action === "complete")) {
      for (const of of ["queue", "images", "facets", "image"]) {
        void queryClient.invalidateQueries({ queryKey: [of] });
      }
    }
  };
  return new Outbox(user, { storage: localStorage, send, onKept });
}

function makeUploads(queryClient: QueryClient, open: (answer: Answer) => void): Uploads {
  return new Uploads({
    predict: (upload, onProgress) => mutate(queryClient, () => predict(upload, onProgress)),
    onDone: (inference, { threshold, nms }, isFirst) => {
      // Shown at once, and old at once: what people said since is fetched with the rest.
      const known = { ...inference, threshold, nms_threshold: nms };
      const { queryKey } = inferenceQuery(inference.inference_id);
      queryClient.setQueryData(queryKey, known, { updatedAt: 0 });
      void queryClient.invalidateQueries({ queryKey: inferencesQuery(inference.app).queryKey });
      if (isFirst) open(inference);
    },
  });
}

// A mutation of the query client, so that a session that has ended is noticed as everywhere.
function mutate<T>(queryClient: QueryClient, mutationFn: () => Promise<T>): Promise<T> {
  return queryClient.getMutationCache().build(queryClient, { mutationFn }).execute(undefined);
}

function withAnnotations(inference: Subject, kept: readonly Annotation[]): Subject {
  const ids = new Set(kept.map(({ annotation_id }) => annotation_id));
  const others = (inference.annotations ?? []).filter((one) => !ids.has(one.annotation_id));
  return { ...inference, annotations: [...others, ...kept] };
}
