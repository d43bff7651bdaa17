// The findings, the surest first; the selected one opens to be judged.

import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Finding, Verdict } from "../domain/review";
import type { Marking } from "../stage/marking";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import { Icon, type IconName } from "../ui/Icon";
import { Select, Swatch } from "../ui/Select";
import styles from "./FindingList.module.css";

interface FindingListProps {
  labels: readonly string[];
  colourOf: (label: string) => string;
  marking: Marking;
  mayEdit: boolean;
}

const ICONS: Record<Verdict, IconName | null> = {
  open: null,
  confirmed: "check",
  corrected: "edit",
  added: "add",
  rejected: "close",
};

export function FindingList({ labels, colourOf, marking, mayEdit }: FindingListProps) {
  const list = useRef<HTMLUListElement>(null);
  const { findings, selected } = marking;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (!(event.target instanceof Element) || event.target.closest("[data-row]") === null) return;
    event.preventDefault();
    marking.step(event.key === "ArrowDown" ? 1 : -1);
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>("[data-row][aria-expanded=true]")?.focus(),
    );
  };
  const first = selected?.key ?? findings[0]?.key;
  return (
    <section className={styles.section} aria-labelledby="findings">
      <h2 id="findings" className={styles.title}>
        {texts.findings.title}
      </h2>
      <Legend labels={labels} colourOf={colourOf} findings={findings} />
      <ul
        ref={list}
        className={styles.list}
        aria-label={texts.findings.list}
        onKeyDown={onKeyDown}
        onPointerLeave={() => marking.hover(null)}
      >
        {findings.map((finding) => (
          <Row
            key={finding.key}
            finding={finding}
            labels={labels}
            colourOf={colourOf}
            marking={marking}
            mayEdit={mayEdit}
            isFirst={finding.key === first}
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps extends FindingListProps {
  finding: Finding;
  // The row that the tab key reaches.
  isFirst: boolean;
}

function Row({ finding, labels, colourOf, marking, mayEdit, isFirst }: RowProps) {
  const row = useRef<HTMLLIElement>(null);
  const isSelected = marking.selected?.key === finding.key;
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: "nearest" });
  }, [isSelected]);
  const score =
    finding.score === null ? texts.findings.person : texts.findings.score(finding.score);
  const verdict = texts.findings.verdicts[finding.verdict];
  const icon = ICONS[finding.verdict];
  return (
    <li
      ref={row}
      className={styles.item}
      data-selected={isSelected}
      data-hovered={marking.hovered === finding.key}
      data-verdict={finding.verdict}
      onPointerEnter={() => marking.hover(finding.key)}
    >
      <button
        type="button"
        data-row
        className={styles.row}
        tabIndex={isFirst ? 0 : -1}
        aria-expanded={isSelected}
        title={finding.source === "candidate" ? texts.findings.unsure : undefined}
        onClick={() => marking.select(isSelected ? null : finding.key)}
      >
        <Swatch colour={colourOf(finding.label)} />
        <span className={styles.label}>{finding.label}</span>
        <span className={styles.verdict} title={verdict} aria-hidden="true">
          {icon === null ? null : <Icon name={icon} />}
        </span>
        <span className={styles.score}>{score}</span>
        <span className="visually-hidden">{verdict}</span>
      </button>
      {isSelected && mayEdit && (
        <Judge finding={finding} labels={labels} colourOf={colourOf} marking={marking} />
      )}
    </li>
  );
}

function Judge({ finding, labels, colourOf, marking }: Omit<RowProps, "mayEdit" | "isFirst">) {
  const { verdict, source } = finding;
  const isSettled = verdict === "confirmed" || verdict === "added" || verdict === "corrected";
  const confirmWord =
    verdict === "rejected"
      ? texts.review.restore
      : source === "candidate"
        ? texts.review.keep
        : texts.review.confirm;
  return (
    <div className={styles.judge}>
      <Select
        className={styles.select}
        name={texts.review.label}
        value={finding.label}
        options={labels}
        colourOf={colourOf}
        onChange={(label) => marking.setLabel(finding, label)}
      />
      {!isSettled && (
        <Button
          kind="plain"
          icon={verdict === "rejected" ? "restore" : "check"}
          onClick={() => marking.confirm(finding)}
        >
          {confirmWord}
        </Button>
      )}
      {verdict !== "rejected" && source !== "candidate" && (
        <Button kind="danger" icon="trash" onClick={() => marking.reject(finding)}>
          {texts.review.reject}
        </Button>
      )}
    </div>
  );
}

interface LegendProps {
  labels: readonly string[];
  colourOf: (label: string) => string;
  findings: readonly Finding[];
}

function Legend({ labels, colourOf, findings }: LegendProps) {
  const standing = findings.filter(({ verdict }) => verdict !== "rejected");
  return (
    <ul className={styles.legend} aria-label={texts.findings.labels}>
      {labels.map((label) => (
        <li key={label} className={styles.class}>
          <Swatch colour={colourOf(label)} />
          {label}
          <b>{standing.filter((one) => one.label === label).length}</b>
        </li>
      ))}
    </ul>
  );
}
