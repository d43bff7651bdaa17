import { expect, it } from "vitest";
import { imagesOf } from "./files";

const file = (name: string) => new File([], name);

it("takes the images of a folder, DICOM without an extension among them", () => {
  const names = ["a.JPG", "b.tiff", "IM0001", "1.2.840.113619.2", "scan.dcm"];
  const { files, others } = imagesOf(
    [...names, ".DS_Store", "DICOMDIR", "notes.txt", "labels.xml"].map(file),
  );
  expect(files.map(({ name }) => name)).toEqual(names);
  expect(others).toBe(4);
});
