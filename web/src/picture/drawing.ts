// The picture with its boxes as a PNG, in the picture's own pixels.

import { pictureAddress } from "../api/queries";
import { colourOf } from "../domain/colours";
import type { Finding } from "../domain/review";
import type { Subject } from "../domain/subject";
import { isNothing, type Look, lookQuery, type Tone } from "./look";

// The largest that the server renders.
const LARGEST = 2048;
// What every browser decodes by itself, and so is fetched as it came.
const COMMON = ["image/jpeg", "image/png", "image/webp", "image/bmp"];

export interface Drawing {
  readonly subject: Subject;
  readonly findings: readonly Finding[];
  readonly labels: readonly string[];
  readonly look: Look;
  // What the browser does with the pixels, where the server does not render the look.
  readonly tone: Tone | null;
}

export async function asPng(drawing: Drawing): Promise<Blob> {
  const { subject, tone } = drawing;
  const canvas = new OffscreenCanvas(subject.width, subject.height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas");
  const picture = await createImageBitmap(await fetched(drawing));
  context.drawImage(picture, 0, 0, subject.width, subject.height);
  picture.close();
  if (tone !== null && !isNothing(tone)) retone(context, tone);
  for (const finding of drawing.findings) drawBox(context, finding, drawing.labels);
  return canvas.convertToBlob({ type: "image/png" });
}

async function fetched({ subject, look, tone }: Drawing): Promise<Blob> {
  const asIs =
    COMMON.includes(subject.media_type ?? "") && (tone !== null || lookQuery(look) === "");
  const rendered =
    pictureAddress(subject.object_id, LARGEST) + (tone === null ? lookQuery(look) : "");
  const answer = await fetch(asIs ? `/api/v1/objects/${subject.object_id}` : rendered);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.blob();
}

function retone(context: OffscreenCanvasRenderingContext2D, { slope, intercept }: Tone): void {
  const { width, height } = context.canvas;
  const image = context.getImageData(0, 0, width, height);
  const table = Uint8ClampedArray.from(
    { length: 256 },
    (_, grey) => slope * grey + intercept * 255,
  );
  for (let at = 0; at < image.data.length; at++) {
    // The fourth of each pixel is how opaque it is.
    if (at % 4 !== 3) image.data[at] = table[image.data[at] as number] as number;
  }
  context.putImageData(image, 0, 0);
}

function drawBox(
  context: OffscreenCanvasRenderingContext2D,
  { box, label, score, verdict }: Finding,
  labels: readonly string[],
): void {
  if (box === null) return;
  const [left, top, right, bottom] = box;
  const { width, height } = context.canvas;
  // As fine as on a screen, on which the picture is about a thousand pixels wide.
  const unit = Math.max(1, Math.max(width, height) / 1000);
  const colour = colourOf(label, labels);
  context.setLineDash(verdict === "open" ? [6 * unit, 4 * unit] : []);
  for (const [style, thickness] of [
    ["rgb(0 0 0 / 50%)", 4 * unit],
    [colour, 2 * unit],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = thickness;
    context.strokeRect(left, top, right - left, bottom - top);
  }
  const text = score === null ? label : `${label} ${Math.round(score * 100)}`;
  context.font = `600 ${12 * unit}px system-ui, sans-serif`;
  const tag = { width: context.measureText(text).width + 8 * unit, height: 17 * unit };
  const above = Math.max(0, top - tag.height);
  context.fillStyle = colour;
  context.fillRect(left, above, tag.width, tag.height);
  context.fillStyle = "#0a1414";
  context.textBaseline = "middle";
  context.fillText(text, left + 4 * unit, above + tag.height / 2);
}
