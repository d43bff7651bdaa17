// The address leads nowhere.

import { Link } from "@tanstack/react-router";
import { texts } from "../texts";
import buttons from "../ui/Button.module.css";
import { Notice } from "../ui/Notice";

export function NoPage() {
  const home = (
    <Link to="/" className={`${buttons.button} ${buttons.plain}`}>
      {texts.errors.home}
    </Link>
  );
  return <Notice title={texts.errors.noPage} action={home} />;
}
