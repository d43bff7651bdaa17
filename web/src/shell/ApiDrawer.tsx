// The calls behind the open page, ready to be taken into a shell or a script.

import { useLocation } from "@tanstack/react-router";
import { useState } from "react";
import type { Role } from "../api/types";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Code } from "../ui/Code";
import { Dialog } from "../ui/Dialog";
import { Tabs } from "../ui/Tabs";
import styles from "./ApiDrawer.module.css";
import { type ApiCall, useCalls } from "./apiCalls";
import { asCurl, asPython } from "./callTexts";
import { type DataFormat, dataAddress } from "./dataAddress";

type Language = "curl" | "python";

const LANGUAGES = [
  { value: "curl", label: texts.api.curl },
  { value: "python", label: texts.api.python },
] as const;

export function ApiDrawer({ role }: { role: Role }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        kind="quiet"
        icon="code"
        className={styles.button}
        aria-label={texts.api.open}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <span className={styles.word}>{texts.api.open}</span>
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={texts.api.title}
        description={texts.api.lead}
        place="side"
        wide
      >
        <DataLinks />
        <Calls role={role} />
      </Dialog>
    </>
  );
}

function Calls({ role }: { role: Role }) {
  const calls = useCalls();
  const [language, setLanguage] = useState<Language>("curl");
  if (calls.length === 0) return <p className={styles.none}>{texts.api.none}</p>;
  return (
    <>
      <p className={styles.token}>{texts.api.token}</p>
      <Code name={texts.api.token}>{texts.api.tokenCommand(role)}</Code>
      <Tabs
        className={styles.tabs}
        name={texts.api.languages}
        value={language}
        tabs={LANGUAGES}
        onChange={setLanguage}
      >
        {calls.map((call) => (
          <Call key={call.title} call={call} language={language} />
        ))}
      </Tabs>
      <p className={styles.all}>
        <a href="/docs">{texts.api.all}</a>
      </p>
    </>
  );
}

function Call({ call, language }: { call: ApiCall; language: Language }) {
  const write = language === "curl" ? asCurl : asPython;
  return (
    <section className={styles.call}>
      <h3 className={styles.title}>{call.title}</h3>
      <Code name={call.title}>{write(call, location.origin)}</Code>
    </section>
  );
}

function DataLinks() {
  const { pathname, searchStr } = useLocation();
  const formats: readonly DataFormat[] = ["json", "csv"];
  const links = formats
    .map((format) => ({ format, address: dataAddress(pathname, searchStr, format) }))
    .filter(({ address }) => address !== null);
  if (links.length === 0) return null;
  return (
    <p className={styles.same}>
      {texts.api.same}
      {links.map(({ format, address }) => (
        <a key={format} href={address ?? ""}>
          {texts.api[format]}
        </a>
      ))}
    </p>
  );
}
