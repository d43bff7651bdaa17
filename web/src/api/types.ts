// What the HTTP interface answers, as the pages use it.

import type { Box } from "../domain/geometry";

export type Task = "detection" | "classification";
export type Role = "user" | "reviewer" | "scientist" | "engineer" | "officer" | "admin";
export type Action = "confirm" | "correct" | "add" | "reject" | "reopen" | "complete";

export interface Session {
  readonly user: string;
  readonly role: Role;
}

export interface App {
  readonly app: string;
  readonly task: Task;
  readonly labels: readonly string[];
  // The thresholds that it uses unless asked otherwise.
  readonly threshold: number;
  readonly nms: number;
  readonly champion: string | null;
}

export interface AppList {
  readonly apps: readonly App[];
  readonly project: string;
}

export interface Candidate {
  readonly label: string;
  readonly score: number;
  readonly box: Box | null;
}

export interface Prediction extends Candidate {
  readonly prediction_id: string;
}

export interface Annotation {
  readonly annotation_id: string;
  readonly action: Action;
  // The prediction or annotation that it speaks about; null for `add` and `complete`.
  readonly target: string | null;
  readonly label: string | null;
  readonly box: Box | null;
  readonly annotator: string;
  readonly recorded_at: string;
}

// The answer to an upload.
export interface Answer {
  readonly inference_id: string;
  readonly object_id: string;
  readonly app: string;
  readonly model_version: string | null;
  readonly width: number;
  readonly height: number;
  // Null where another server answered, and did not say.
  readonly duration_ms: number | null;
  readonly predictions: readonly Prediction[];
  readonly candidates?: readonly Candidate[];
}

// The answer to an upload that the policy of its application leaves out: nothing of it is kept.
export interface Uncaptured {
  readonly captured: false;
  readonly predictions: readonly Candidate[];
}

export type UploadAnswer = (Answer & { readonly captured: true }) | Uncaptured;

// The same in full, as it is read later.
export interface Inference extends Answer {
  readonly threshold: number;
  readonly nms_threshold: number;
  // Absent until the server has told them.
  readonly media_type?: string;
  readonly annotations?: readonly Annotation[];
  readonly recorded_at?: string;
}

export interface InferenceSummary {
  readonly inference_id: string;
  readonly object_id: string;
  readonly recorded_at: string;
  readonly model_version: string | null;
  readonly predictions: number;
  readonly reviewed: boolean;
}

export interface InferencePage {
  readonly inferences: readonly InferenceSummary[];
  readonly next: string | null;
}

// An annotation as it is sent. The page makes its id, so that sending it twice keeps it once.
export interface AnnotationBody {
  readonly annotation_id: string;
  readonly action: Action;
  readonly prediction_id?: string;
  readonly target?: string;
  readonly label?: string;
  readonly box?: Box;
}
