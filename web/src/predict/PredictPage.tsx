// Predict: add a picture, see what the model found in it, correct it.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { appsQuery } from "../api/queries";
import type { App } from "../api/types";
import type { Thresholds } from "../domain/suppression";
import { useDesk } from "../shell/desk";
import { texts } from "../texts";
import { Notice } from "../ui/Notice";
import { ChooseFiles, DropZone } from "./DropZone";
import { HistoryList } from "./HistoryList";
import { OpenInference } from "./OpenInference";
import styles from "./PredictPage.module.css";
import { UploadList } from "./UploadList";
import { useFileDrop } from "./useFileDrop";

export function PredictPage() {
  const { app: name = "", inferenceId } = useParams({ strict: false });
  const apps = useQuery(appsQuery).data?.apps ?? [];
  const app = apps.find((each) => each.app === name);
  useEffect(() => {
    document.title = texts.title(`${texts.predict.title} · ${name}`);
  }, [name]);
  if (app === undefined) {
    const names = apps.map((each) => each.app).join(", ");
    return <Notice title={texts.shell.unknownApp(name, names)} />;
  }
  return <Predict key={name} app={app} inferenceId={inferenceId ?? null} />;
}

function Predict({ app, inferenceId }: { app: App; inferenceId: string | null }) {
  const { uploads } = useDesk();
  // The thresholds last used are those at which the next picture is asked for.
  const thresholds = useRef<Thresholds>({ confidence: app.threshold, overlap: app.nms });
  const add = (files: readonly File[]) => uploads.add(app.app, files, thresholds.current);
  const dragging = useFileDrop(add);
  return (
    <div className={styles.page}>
      <aside className={styles.side}>
        <ChooseFiles onFiles={add} />
        <UploadList app={app.app} />
        <HistoryList app={app.app} openId={inferenceId} />
      </aside>
      {inferenceId === null ? (
        <DropZone app={app} onFiles={add} />
      ) : (
        <OpenInference
          key={inferenceId}
          app={app}
          id={inferenceId}
          onThresholds={(at) => {
            thresholds.current = at;
          }}
        />
      )}
      {dragging && (
        <div className={styles.drop}>
          <strong>{texts.predict.release}</strong>
          <span>{texts.predict.releaseHint(app.app)}</span>
        </div>
      )}
    </div>
  );
}
