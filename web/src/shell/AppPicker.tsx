// The application that the page is about; another one is chosen without leaving the page.

import { useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { texts } from "../texts";
import { Select } from "../ui/Select";
import styles from "./AppPicker.module.css";
import { pageOf } from "./pages";

export function AppPicker({ apps }: { apps: readonly string[] }) {
  const { app } = useParams({ strict: false });
  const page = pageOf(useLocation().pathname);
  const navigate = useNavigate();
  if (app === undefined || page === undefined || !apps.includes(app)) return null;
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
        onChange={(next) => void navigate({ to: page.to, params: { app: next } })}
      />
    </>
  );
}
