// The pictures being sent: two at a time, each with its progress and its end.

import { ApiError } from "../api/client";
import type { Answer, Candidate, UploadAnswer } from "../api/types";
import type { Upload } from "../api/upload";
import type { Thresholds } from "../domain/suppression";
import { Store } from "./store";

export interface UploadItem extends Upload {
  readonly phase: "waiting" | "sending" | "working" | "done" | "failed";
  // The share of bytes sent, from 0 to 1.
  readonly progress: number;
  readonly inferenceId: string | null;
  // What was found in a picture that is not kept; null of one that is.
  readonly unkept: readonly Candidate[] | null;
  readonly problem: string | null;
  // Whether the same bytes may be taken when they are sent again.
  readonly mayRetry: boolean;
}

export interface UploadPorts {
  predict(upload: Upload, onProgress: (share: number) => void): Promise<UploadAnswer>;
  onDone(answer: Answer, upload: Upload, isFirst: boolean): void;
}

const AT_ONCE = 2;
const FRESH = { inferenceId: null, unkept: null, problem: null, mayRetry: false } as const;

export class Uploads extends Store<readonly UploadItem[]> {
  constructor(private readonly ports: UploadPorts) {
    super([]);
  }

  get isUnderWay(): boolean {
    return this.get().some(({ phase }) => phase !== "done" && phase !== "failed");
  }

  add(app: string, files: readonly File[], at: Thresholds): void {
    const items = files.map((file): UploadItem => {
      const key = crypto.randomUUID();
      const asked = { app, file, key, threshold: at.confidence, nms: at.overlap };
      return { ...asked, phase: "waiting", progress: 0, ...FRESH };
    });
    this.set([...this.get().filter(({ phase }) => phase !== "done"), ...items]);
    this.next();
  }

  retry(key: string): void {
    this.update(key, { phase: "waiting", progress: 0, ...FRESH });
    this.next();
  }

  dismiss(key: string): void {
    this.set(this.get().filter((item) => item.key !== key));
  }

  // Sends no more of what waits; what is under way ends by itself.
  stop(): void {
    this.set(this.get().filter(({ phase }) => phase !== "waiting"));
  }

  private next(): void {
    const busy = this.get().filter(({ phase }) => phase === "sending" || phase === "working");
    const waiting = this.get().filter(({ phase }) => phase === "waiting");
    for (const item of waiting.slice(0, AT_ONCE - busy.length)) void this.send(item);
  }

  private async send(item: UploadItem): Promise<void> {
    this.update(item.key, { phase: "sending" });
    try {
      const answer = await this.ports.predict(item, (progress) =>
        this.update(item.key, { progress, phase: progress < 1 ? "sending" : "working" }),
      );
      this.done(item, answer);
    } catch (error) {
      const problem = error instanceof ApiError ? error.message : String(error);
      const mayRetry = error instanceof ApiError && (error.passes || error.status === 401);
      this.update(item.key, { phase: "failed", problem, mayRetry });
    }
    this.next();
  }

  private done(item: UploadItem, answer: UploadAnswer): void {
    if (!answer.captured) {
      this.update(item.key, { phase: "done", unkept: answer.predictions });
      return;
    }
    const isFirst = !this.get().some(({ inferenceId }) => inferenceId !== null);
    this.update(item.key, { phase: "done", inferenceId: answer.inference_id });
    this.ports.onDone(answer, item, isFirst);
  }

  private update(key: string, fields: Partial<UploadItem>): void {
    this.set(this.get().map((item) => (item.key === key ? { ...item, ...fields } : item)));
  }
}
