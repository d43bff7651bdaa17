// Review: the queue, one picture after the other.

export function ReviewPage() {
  return null;
}
