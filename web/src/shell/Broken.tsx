// What is left of a page that threw an error.

import { ApiError } from "../api/client";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";

export function Broken({ error }: { error: unknown }) {
  const reload = <Button onClick={() => location.reload()}>{texts.errors.reload}</Button>;
  return (
    <Notice kind="bad" title={texts.errors.title} action={reload}>
      {messageOf(error)}
    </Notice>
  );
}

// A part of the pages that cannot be fetched is away with the server, or older than it.
function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  const isPart = error instanceof Error && /import|module|preload/i.test(error.message);
  return isPart ? texts.errors.part : texts.errors.page;
}
