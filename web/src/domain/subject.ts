// What is open in the workspace: an inference with its image, or an image that has none.

import type { App, Inference } from "../api/types";

export interface Subject extends Omit<Inference, "inference_id"> {
  // Null for an image that no model has looked at.
  readonly inference_id: string | null;
}

// Where annotations go: the id of an inference, or `app/object` for an image that has none.
export type Place = string;

export function placeOf({ app, object_id, inference_id }: Subject): Place {
  return inference_id ?? `${app}/${object_id}`;
}

export function annotationsAddress(place: Place): string {
  const [app = "", objectId] = place.split("/");
  if (objectId === undefined) return `/api/v1/inferences/${encodeURIComponent(app)}/annotations`;
  const query = new URLSearchParams({ app });
  return `/api/v1/objects/${encodeURIComponent(objectId)}/annotations?${query}`;
}

// An image as a subject without an inference.
export function bareSubject(
  app: App,
  of: Pick<Subject, "object_id" | "width" | "height" | "annotations" | "media_type">,
): Subject {
  return {
    ...of,
    app: app.app,
    inference_id: null,
    model_version: null,
    duration_ms: 0,
    predictions: [],
    threshold: app.threshold,
    nms_threshold: app.nms,
  };
}
