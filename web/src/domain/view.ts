// How the picture lies on the stage: a scale and where its top left corner is.

import { type Box, clamp, type Point, type Size } from "./geometry";

export interface View {
  // Screen pixels to a pixel of the picture.
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const LARGEST_SCALE = 24;
// A small picture is not blown up beyond this to fill the stage.
const LARGEST_FIT = 4;
const MARGIN = 16;
// At least so much of the picture stays in sight, in screen pixels.
const IN_SIGHT = 48;

// The whole picture in the middle of the stage.
export function fitted(picture: Size, stage: Size): View {
  const room = stage.width < 560 ? 0 : MARGIN;
  const scale = Math.max(
    0.01,
    Math.min(
      (stage.width - 2 * room) / picture.width,
      (stage.height - 2 * room) / picture.height,
      LARGEST_FIT,
    ),
  );
  return {
    scale,
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
  };
}

// Zooms by a factor around a point of the stage, which stays where it is.
export function zoomed(view: View, factor: number, at: Point, picture: Size, stage: Size): View {
  const smallest = Math.min(fitted(picture, stage).scale, 1);
  const scale = clamp(view.scale * factor, smallest, LARGEST_SCALE);
  const ratio = scale / view.scale;
  const next = { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
  return panned(next, 0, 0, picture, stage);
}

export function panned(view: View, dx: number, dy: number, picture: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: clamp(view.x + dx, IN_SIGHT - picture.width * view.scale, stage.width - IN_SIGHT),
    y: clamp(view.y + dy, IN_SIGHT - picture.height * view.scale, stage.height - IN_SIGHT),
  };
}

export function toPicture(view: View, at: Point): Point {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

// A box of the picture on the stage, in screen pixels.
export function onStage(view: View, box: Box) {
  return {
    x: view.x + box[0] * view.scale,
    y: view.y + box[1] * view.scale,
    width: (box[2] - box[0]) * view.scale,
    height: (box[3] - box[1]) * view.scale,
  };
}
