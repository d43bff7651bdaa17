// A piece of code to read and to take along.

import { useEffect, useState } from "react";
import { texts } from "../texts";
import { Button } from "./Button";
import styles from "./Code.module.css";

// How long the button says that it has copied.
const SAID_MS = 1500;

export function Code({ children, name }: { children: string; name: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await toClipboard(children);
    setCopied(true);
  };
  return (
    <div className={styles.code}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section className={styles.text} tabIndex={0} aria-label={name}>
        <pre>
          <code>{children}</code>
        </pre>
      </section>
      <Button
        className={styles.copy}
        icon={copied ? "check" : "copy"}
        aria-label={`${texts.ui.copy}: ${name}`}
        onClick={copy}
      >
        {copied ? texts.ui.copied : texts.ui.copy}
      </Button>
      <span className="visually-hidden" role="status">
        {copied ? texts.ui.copied : ""}
      </span>
    </div>
  );
}

// Browsers have the clipboard on https and on this machine only; elsewhere the old way works.
async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  // Within the dialog, if there is one, for that keeps the focus to itself.
  (document.querySelector("[role=dialog]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
