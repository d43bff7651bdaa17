// The addresses of the pages.

import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { parseQuery, stringifyQuery } from "./api/plainQuery";
import { sessionQuery } from "./api/queries";
import { imageSearch, imagesSearch } from "./images/search";
import { isSignedOut } from "./queryClient";
import { reviewSearch } from "./review/search";
import { Broken } from "./shell/Broken";
import { NoPage } from "./shell/NoPage";
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
  component: lazyRouteComponent(() => import("./home/HomePage"), "HomePage"),
});

const predict = createRoute({
  getParentRoute: () => inside,
  path: "/predict/$app",
  component: lazyRouteComponent(() => import("./predict/PredictPage"), "PredictPage"),
});

const predictOne = createRoute({
  getParentRoute: () => predict,
  path: "/$inferenceId",
});

const review = createRoute({
  getParentRoute: () => inside,
  path: "/review/$app",
  validateSearch: reviewSearch,
  component: lazyRouteComponent(() => import("./review/ReviewPage"), "ReviewPage"),
});

const reviewOne = createRoute({
  getParentRoute: () => review,
  path: "/$objectId",
});

const images = createRoute({
  getParentRoute: () => inside,
  path: "/images/$app",
  validateSearch: imagesSearch,
  component: lazyRouteComponent(() => import("./images/ImagesPage"), "ImagesPage"),
});

const image = createRoute({
  getParentRoute: () => inside,
  path: "/images/$app/$objectId",
  validateSearch: imageSearch,
  component: lazyRouteComponent(() => import("./images/ImagePage"), "ImagePage"),
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
    parseSearch: parseQuery,
    stringifySearch: stringifyQuery,
  });
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
