// How many images are reviewed at a time; the address remembers it.

import { Link } from "@tanstack/react-router";
import type { Strategy } from "../api/queue";
import type { App } from "../api/types";
import { texts } from "../texts";
import { VIEWS, type View } from "./search";
import styles from "./ViewSwitch.module.css";

interface ViewSwitchProps {
  app: App;
  strategy: Strategy;
  view: View;
}

export function ViewSwitch({ app, strategy, view }: ViewSwitchProps) {
  return (
    <nav className={styles.switch} aria-label={texts.queue.atOnce}>
      <span className={styles.name}>{texts.queue.atOnce}</span>
      <ul className={styles.views}>
        {VIEWS.map((each) => (
          <li key={each}>
            <Link
              to="/review/$app"
              params={{ app: app.app }}
              search={{ strategy, view: each }}
              className={styles.view}
              aria-current={each === view ? "true" : undefined}
            >
              {texts.queue.views[each]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
