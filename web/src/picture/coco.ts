// One image with its boxes in the form of COCO (cocodataset.org, "Data format").

import type { Finding } from "../domain/review";
import type { Subject } from "../domain/subject";

// As the marts have it: categories from 1 in the order of the labels, `bbox` as x, y, width and
// height, the whole picture for a label without a box, and ids that lead back.
export function asCoco(subject: Subject, findings: readonly Finding[], labels: readonly string[]) {
  const { object_id, width, height, app } = subject;
  return {
    info: { contributor: "Millpond", description: app },
    licenses: [],
    categories: labels.map((name, index) => ({ id: index + 1, name, supercategory: "" })),
    images: [{ id: 1, file_name: fileName(subject), width, height, object_id }],
    annotations: findings.map(({ label, box, score, key, source }, index) => {
      const [left, top, right, bottom] = box ?? [0, 0, width, height];
      const ids = { prediction: { prediction_id: key }, person: { annotation_id: key } };
      return {
        id: index + 1,
        image_id: 1,
        category_id: labels.indexOf(label) + 1,
        bbox: [left, top, right - left, bottom - top],
        area: (right - left) * (bottom - top),
        iscrowd: 0,
        ...(source === "candidate" ? {} : ids[source]),
        ...(score === null ? {} : { score }),
      };
    }),
  };
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/tiff": "tif",
  "image/bmp": "bmp",
  "application/dicom": "dcm",
};

function fileName({ object_id, media_type = "" }: Subject): string {
  return `${object_id}.${EXTENSIONS[media_type] ?? "bin"}`;
}
