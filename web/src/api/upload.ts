// Sending a picture to be predicted, with its progress, which `fetch` cannot tell.

import { texts } from "../texts";
import { ApiError, problemOf } from "./client";
import { connection } from "./connection";
import type { UploadAnswer } from "./types";

export interface Upload {
  readonly app: string;
  readonly file: File;
  // The same key sent again is answered again, and captured once.
  readonly key: string;
  readonly threshold: number;
  readonly nms: number;
}

// Resolves with the prediction; `onProgress` is told the share of bytes sent, from 0 to 1.
export function predict(
  upload: Upload,
  onProgress: (share: number) => void,
): Promise<UploadAnswer> {
  const form = new FormData();
  form.append("file", upload.file, upload.file.name);
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", addressOf(upload));
    sending.setRequestHeader("Accept", "application/json");
    sending.setRequestHeader("Idempotency-Key", upload.key);
    sending.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    sending.onerror = () => {
      connection.met(0);
      reject(new ApiError(0, texts.errors.unreachable));
    };
    sending.onload = () => {
      connection.met(sending.status);
      if (sending.status === 200) resolve(JSON.parse(sending.responseText) as UploadAnswer);
      else reject(problemOf(sending.status, sending.responseText));
    };
    sending.send(form);
  });
}

function addressOf({ app, threshold, nms }: Upload): string {
  const query = new URLSearchParams({
    threshold: String(threshold),
    nms: String(nms),
    candidates: "true",
  });
  return `/api/v1/apps/${encodeURIComponent(app)}/predict?${query}`;
}
