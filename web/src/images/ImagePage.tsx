// One image with its whole chain.

export function ImagePage() {
  return null;
}
