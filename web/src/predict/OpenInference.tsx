// One inference by its id: fetched, then laid out.

import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../api/client";
import { inferenceQuery } from "../api/queries";
import type { App } from "../api/types";
import type { Thresholds } from "../domain/suppression";
import { texts } from "../texts";
import { Notice, Problem } from "../ui/Notice";
import { Workspace } from "../workspace/Workspace";

interface OpenInferenceProps {
  app: App;
  id: string;
  onThresholds: (at: Thresholds) => void;
}

export function OpenInference({ app, id, onThresholds }: OpenInferenceProps) {
  const { data, error, refetch } = useQuery(inferenceQuery(id));
  if (data !== undefined) {
    return <Workspace app={app} subject={data} onThresholds={onThresholds} />;
  }
  if (error instanceof ApiError && error.status === 404) {
    return <Notice title={texts.predict.notFound}>{error.message}</Notice>;
  }
  if (error !== null) return <Problem error={error} onRetry={() => refetch()} />;
  return <Notice>{texts.predict.loading}</Notice>;
}
