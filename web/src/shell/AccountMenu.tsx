// Who is signed in, the theme, and the way out.

import { Menu } from "@base-ui/react/menu";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { signOut } from "../api/queries";
import type { Session } from "../api/types";
import { forgetAll } from "../queryClient";
import { texts } from "../texts";
import { Icon, type IconName } from "../ui/Icon";
import styles from "./AccountMenu.module.css";
import { applyTheme, storedTheme, THEMES, type Theme } from "./theme";

const ICONS: Record<Theme, IconName> = { auto: "auto", light: "sun", dark: "moon" };

export function AccountMenu({ session }: { session: Session }) {
  const leave = useLeave();
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={styles.trigger} aria-label={texts.shell.account(session.user)}>
        <span className={styles.initial} data-initial={session.user.slice(0, 1).toUpperCase()} />
        <span className={styles.user}>{session.user}</span>
        <Icon name="chevron" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className={styles.positioner} sideOffset={6} align="end">
          <Menu.Popup className={styles.popup}>
            <div className={styles.who}>
              <strong>{session.user}</strong>
              <span>{texts.shell.roles[session.role]}</span>
            </div>
            <ThemeChoice />
            <Menu.Separator className={styles.line} />
            <Menu.Item className={styles.item} onClick={() => leave.mutate()}>
              <Icon name="leave" />
              {texts.shell.signOut}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <Menu.RadioGroup value={theme} onValueChange={choose} aria-label={texts.shell.theme}>
      {THEMES.map((each) => (
        <Menu.RadioItem key={each} value={each} className={styles.item} closeOnClick={false}>
          <Icon name={ICONS[each]} />
          {texts.shell.themes[each]}
          <Menu.RadioItemIndicator className={styles.chosen}>
            <Icon name="check" />
          </Menu.RadioItemIndicator>
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}

function useLeave() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: "/sign-in" });
      forgetAll(queryClient);
    },
  });
}
