// The way from page to page: in the header, and on a phone at the bottom edge.

import { Link, useLocation } from "@tanstack/react-router";
import type { Role } from "../api/types";
import { texts } from "../texts";
import { Icon } from "../ui/Icon";
import styles from "./Navigation.module.css";
import { pageOf, pagesFor } from "./pages";

export function Navigation({ role, app }: { role: Role; app: string | undefined }) {
  const open = pageOf(useLocation().pathname);
  return (
    <nav className={styles.navigation} aria-label={texts.shell.navigation}>
      {pagesFor(role)
        .filter(({ to }) => app !== undefined || to === "/")
        .map(({ name, to, icon }) => (
          <Link
            key={name}
            to={to}
            params={{ app: app ?? "" }}
            className={styles.link}
            aria-current={name === open?.name ? "page" : undefined}
          >
            <Icon name={icon} />
            {texts.shell.pages[name]}
          </Link>
        ))}
    </nav>
  );
}
