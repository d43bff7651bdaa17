// Images: everything an application has seen, under any filter.

export function ImagesPage() {
  return null;
}
