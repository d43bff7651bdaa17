// The calls by which a page gets what it shows, told to the drawer that shows them.

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

export interface ApiCall {
  readonly title: string;
  readonly method: "GET" | "POST";
  // From the root of the server, with its query.
  readonly path: string;
  readonly body?: unknown;
  // A file that is sent instead of a body, as the form's `file`.
  readonly file?: string;
}

interface Calls {
  readonly calls: readonly ApiCall[];
  readonly setCalls: (calls: readonly ApiCall[]) => void;
}

const Context = createContext<Calls>({ calls: [], setCalls: () => {} });

export function ApiCallsProvider({ children }: { children: ReactNode }) {
  const [calls, setCalls] = useState<readonly ApiCall[]>([]);
  const value = useMemo(() => ({ calls, setCalls }), [calls]);
  return <Context value={value}>{children}</Context>;
}

export function useCalls(): readonly ApiCall[] {
  return useContext(Context).calls;
}

// Says what the page that is open asks of the server; give the same array while it is the same.
export function useApiCalls(calls: readonly ApiCall[]): void {
  const { setCalls } = useContext(Context);
  useEffect(() => {
    setCalls(calls);
    return () => setCalls([]);
  }, [calls, setCalls]);
}
