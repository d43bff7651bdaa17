// The addresses of the pages.

import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  type RouteComponent,
  redirect,
} from "@tanstack/react-router";
import { parseQuery, stringifyQuery } from "./api/plainQuery";
import { sessionQuery } from "./api/queries";
import { imageSearch, imagesSearch } from "./images/search";
import { isSignedOut } from "./queryClient";
import { reviewSearch } from "./review/search";
import { Broken } from "./shell/Broken";
import { NoPage } from "./shell/NoPage";
import { part } from "./shell/part";
import { Shell } from "./shell/Shell";
import { SignInPage } from "./shell/SignInPage";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NoPage,
  errorComponent: Broken,
});

const signInRoute = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): { next?: string } =>
    isOwnAddress(search.next) ? { next: search.next } : {},
  component: SignInPage,
});

// Everything that takes a session.
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(sessionQuery);
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      const next = location.href === "/" ? {} : { next: location.href };
      throw redirect({ to: "/sign-in", search: next });
    }
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  component: part(() => import("./home/HomePage").then(({ HomePage }) => HomePage)),
});

const predict = createRoute({
  getParentRoute: () => inside,
  path: "/predict/$app",
  component: part(() => import("./predict/PredictPage").then(({ PredictPage }) => PredictPage)),
});

const predictOne = createRoute({
  getParentRoute: () => predict,
  path: "/$inferenceId",
});

const review = createRoute({
  getParentRoute: () => inside,
  path: "/review/$app",
  validateSearch: reviewSearch,
  component: part(() => import("./review/ReviewPage").then(({ ReviewPage }) => ReviewPage)),
});

const reviewOne = createRoute({
  getParentRoute: () => review,
  path: "/$objectId",
});

const images = createRoute({
  getParentRoute: () => inside,
  path: "/images/$app",
  validateSearch: imagesSearch,
  component: part(() => import("./images/ImagesPage").then(({ ImagesPage }) => ImagesPage)),
});

const image = createRoute({
  getParentRoute: () => inside,
  path: "/images/$app/$objectId",
  validateSearch: imageSearch,
  component: part(() => import("./images/ImagePage").then(({ ImagePage }) => ImagePage)),
});

export function makeRouter(queryClient: QueryClient) {
  const inner = inside.addChildren([
    home,
    predict.addChildren([predictOne]),
    review.addChildren([reviewOne]),
    images,
    image,
  ]);
  return createRouter({
    routeTree: root.addChildren([signInRoute, inner]),
    context: { queryClient },
    defaultErrorComponent: Broken,
    parseSearch: parseQuery,
    stringifySearch: stringifyQuery,
  });
}

// Asks for the part of the page that is opened at once, beside the session that it takes. Those who
// have to sign in first come to it afterwards.
export function fetchPart(router: ReturnType<typeof makeRouter>): void {
  const matched: readonly { routeId: keyof typeof router.routesById }[] = router.matchRoutes(
    router.latestLocation,
  );
  for (const { routeId } of matched) {
    const component: RouteComponent | undefined = router.routesById[routeId].options.component;
    // Whatever is wrong with it is said when the page itself asks for it.
    component?.preload?.()?.catch(() => {});
  }
}

// Only addresses of our own are gone to after signing in.
function isOwnAddress(next: unknown): next is string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next);
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
