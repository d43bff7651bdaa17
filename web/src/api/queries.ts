// What the pages read, under the keys by which it is kept and renewed.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { annotationsAddress, type Place } from "../domain/subject";
import { post, request } from "./client";
import type {
  Annotation,
  AnnotationBody,
  AppList,
  Inference,
  InferencePage,
  Session,
} from "./types";

const PAGE = 50;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => request<Session>("/api/v1/session", { signal }),
  staleTime: 5 * 60_000,
});

export const appsQuery = queryOptions({
  queryKey: ["apps"],
  queryFn: ({ signal }) => request<AppList>("/api/v1/apps", { signal }),
  staleTime: 30_000,
});

// Under which an inference is kept, or an image that has none.
export function subjectKey(place: Place) {
  return ["inference", place] as const;
}

export function inferenceAddress(id: string): string {
  return `/api/v1/inferences/${encodeURIComponent(id)}?candidates=true`;
}

export function inferenceQuery(id: string) {
  return queryOptions({
    queryKey: subjectKey(id),
    queryFn: ({ signal }) => request<Inference>(inferenceAddress(id), { signal }),
    staleTime: 15_000,
  });
}

export function inferencesQuery(app: string) {
  return infiniteQueryOptions({
    queryKey: ["inferences", app],
    queryFn: ({ pageParam, signal }) =>
      request<InferencePage>(
        `/api/v1/apps/${encodeURIComponent(app)}/inferences?limit=${PAGE}${
          pageParam === null ? "" : `&cursor=${encodeURIComponent(pageParam)}`
        }`,
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    staleTime: 15_000,
  });
}

export function pictureAddress(objectId: string, size: number): string {
  return `/api/v1/objects/${encodeURIComponent(objectId)}/thumbnail?size=${size}`;
}

export function signIn(user: string, password: string): Promise<unknown> {
  return post("/api/v1/login", { user, password });
}

export function signOut(): Promise<unknown> {
  return post("/api/v1/logout");
}

export function annotate(place: Place, bodies: AnnotationBody[]): Promise<Annotation[]> {
  return post(annotationsAddress(place), bodies);
}
