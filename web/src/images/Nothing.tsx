// Images without images: not allowed, none yet, none that match.

import { Link } from "@tanstack/react-router";
import type { Role } from "../api/types";
import { texts } from "../texts";
import { Button, join } from "../ui/Button";
import buttons from "../ui/Button.module.css";
import { Notice } from "../ui/Notice";

export function mayLook(role: Role): boolean {
  return role !== "user" && role !== "officer";
}

export function NotAllowed({ role, app }: { role: Role; app: string }) {
  return (
    <Notice
      title={texts.images.notAllowed}
      action={role === "user" ? <ToPredict app={app} /> : null}
    >
      {texts.images.notAllowedHint(texts.shell.roles[role])}
    </Notice>
  );
}

export function NoneYet({ app }: { app: string }) {
  return (
    <Notice title={texts.images.none} action={<ToPredict app={app} />}>
      {texts.images.noneHint}
    </Notice>
  );
}

export function Nothing({ onClear }: { onClear: () => void }) {
  const clear = <Button onClick={onClear}>{texts.filters.clear}</Button>;
  return (
    <Notice title={texts.images.nothing} action={clear}>
      {texts.images.nothingHint}
    </Notice>
  );
}

function ToPredict({ app }: { app: string }) {
  return (
    <Link to="/predict/$app" params={{ app }} className={join(buttons.button, buttons.primary)}>
      {texts.images.toPredict}
    </Link>
  );
}
