// The start of the pages.

import "./styles/tokens.css";
import "./styles/base.css";

import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { forgetAll, makeQueryClient } from "./queryClient";
import { fetchPart, makeRouter } from "./routes";
import { applyTheme, storedTheme } from "./shell/theme";

applyTheme(storedTheme());

const queryClient = makeQueryClient(() => void toSignIn());
const router = makeRouter(queryClient);

// Wherever it happens that the session has ended: sign in, and come back.
async function toSignIn() {
  if (router.state.location.pathname === "/sign-in") return;
  const { href } = router.state.location;
  await router.navigate({ to: "/sign-in", search: href === "/" ? {} : { next: href } });
  forgetAll(queryClient);
}

fetchPart(router);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Tooltip.Provider delay={400}>
          <RouterProvider router={router} />
        </Tooltip.Provider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
