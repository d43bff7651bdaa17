// The application that the page is about; another one is chosen without leaving the page.

import { useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { texts } from "../texts";
import { Select } from "../ui/Select";
import styles from "./AppPicker.module.css";
import { pageOf } from "./pages";

interface AppPickerProps {
  apps: readonly string[];
  // The one that the pages are about.
  app: string | undefined;
  onPick: (app: string) => void;
}

export function AppPicker({ apps, app, onPick }: AppPickerProps) {
  const { app: asked = app } = useParams({ strict: false });
  const page = pageOf(useLocation().pathname);
  const navigate = useNavigate();
  if (app === undefined || page === undefined || asked !== app) return null;
  const pick = (next: string) => {
    onPick(next);
    void navigate({ to: page.to, params: { app: next } });
  };
  return (
    <>
      <span className={styles.slash} aria-hidden="true">
        /
      </span>
      <Select
        quiet
        className={styles.picker}
        name={texts.shell.apps}
        value={app}
        options={apps}
        onChange={pick}
      />
    </>
  );
}
