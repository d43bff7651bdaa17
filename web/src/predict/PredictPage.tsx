// Predict: add a picture, see what the model found in it, correct it.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { appsQuery } from "../api/queries";
import type { App } from "../api/types";
import type { Thresholds } from "../domain/suppression";
import { type ApiCall, useApiCalls } from "../shell/apiCalls";
import { useDesk } from "../shell/desk";
import { texts } from "../texts";
import { Notice } from "../ui/Notice";
import { toast } from "../ui/Toast";
import { ChooseFiles } from "./ChooseFiles";
import { DropZone } from "./DropZone";
import type { Found } from "./files";
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
  const add = ({ files, others }: Found) => {
    if (others > 0) toast(texts.predict.others(others));
    uploads.add(app.app, files, thresholds.current);
  };
  const dragging = useFileDrop(add);
  useApiCalls(useMemo(() => callsOf(app, inferenceId), [app, inferenceId]));
  return (
    <div className={styles.page}>
      <aside className={styles.side}>
        <ChooseFiles onFound={add} />
        <UploadList app={app.app} />
        <HistoryList app={app} openId={inferenceId} />
      </aside>
      {inferenceId === null ? (
        <DropZone app={app} onFound={add} />
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

function callsOf({ app, threshold, nms }: App, inferenceId: string | null): ApiCall[] {
  const below = `/api/v1/apps/${app}`;
  const predict: ApiCall = {
    title: texts.predict.calls.predict,
    method: "POST",
    path: `${below}/predict?threshold=${threshold}&nms=${nms}`,
    file: "picture.jpg",
  };
  if (inferenceId === null) {
    const path = `${below}/inferences?limit=50`;
    return [predict, { title: texts.predict.calls.list, method: "GET", path }];
  }
  const path = `/api/v1/inferences/${inferenceId}`;
  const body = [{ action: "complete" }];
  return [
    { title: texts.predict.calls.one, method: "GET", path: `${path}?candidates=true` },
    { title: texts.predict.calls.annotate, method: "POST", path: `${path}/annotations`, body },
    predict,
  ];
}
