// The files of what was dropped or chosen: folders are gone through, and what is no image left out.

export interface Found {
  readonly files: readonly File[];
  // How many of a folder were left out.
  readonly others: number;
}

// A file that was named by itself is sent, whatever it is: the server says what it is not.
export async function dropped(data: DataTransfer): Promise<Found> {
  // The entries must be taken at once: after the first wait the browser has forgotten them.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((one) => !!one);
  const folders = entries.filter((entry) => entry.isDirectory);
  if (folders.length === 0) return { files: [...data.files], others: 0 };
  const single = entries.filter((entry) => entry.isFile) as FileSystemFileEntry[];
  const named = await Promise.all(single.map(fileOf));
  const inside = (await Promise.all(folders.map(filesBelow))).flat();
  const { files, others } = imagesOf(inside);
  return { files: [...named, ...files], others };
}

// Those of a folder that may be images, in the order of their paths.
export function imagesOf(files: readonly File[]): Found {
  const images = files.filter(mayBeImage);
  return { files: images, others: files.length - images.length };
}

const EXTENSIONS = /\.(jpe?g|png|webp|tiff?|bmp|dcm|dicom)$/i;

// DICOM files often have no extension at all, or a number for one.
function mayBeImage({ name }: File): boolean {
  if (name.startsWith(".") || name === "DICOMDIR") return false;
  return EXTENSIONS.test(name) || !/\.\D[^.]*$/.test(name);
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await fileOf(entry as FileSystemFileEntry)];
  const inside = await entriesOf((entry as FileSystemDirectoryEntry).createReader());
  inside.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const files: File[] = [];
  // One folder after the other: a deep tree is not opened all at once.
  for (const each of inside) files.push(...(await filesBelow(each)));
  return files;
}

// A reader gives a hundred or so at a time, and none when it is through.
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
