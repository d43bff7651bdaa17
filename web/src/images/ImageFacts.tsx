// What is known of an image, in a few lines.

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ImageCard } from "../api/images";
import { fullTime, texts } from "../texts";
import styles from "./ImageFacts.module.css";

interface ImageFactsProps {
  app: string;
  image: Omit<ImageCard, "boxes">;
}

export function ImageFacts({ app, image }: ImageFactsProps) {
  const { subject_id, source, best, uncertainty, disagreement } = image;
  return (
    <dl className={styles.facts}>
      <Fact name={texts.image.size}>
        {texts.facts.size(image.width, image.height)}, {image.media_type.split("/")[1]},{" "}
        {texts.image.kilobytes(image.bytes)}
      </Fact>
      <Fact name={texts.image.arrived}>
        <time dateTime={image.recorded_at}>{fullTime(image.recorded_at)}</time>
      </Fact>
      {source !== null && (
        <Fact name={texts.image.source}>
          <Link to="/images/$app" params={{ app }} search={{ source: [source] }}>
            {source}
          </Link>
        </Fact>
      )}
      {subject_id !== null && (
        <Fact name={texts.image.subject}>
          <Link to="/images/$app" params={{ app }} search={{ subject: subject_id }}>
            {subject_id.slice(-12)}
          </Link>
        </Fact>
      )}
      {best !== null && (
        <Fact name={texts.image.best}>
          {best.label} {texts.findings.score(best.score)}
        </Fact>
      )}
      <Fact name={texts.image.outcome}>{outcomeOf(image)}</Fact>
      {uncertainty !== null && (
        <Fact name={texts.image.uncertainty}>{texts.image.percent(uncertainty)}</Fact>
      )}
      {disagreement !== null && (
        <Fact name={texts.image.disagreement}>{texts.image.percent(disagreement)}</Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function outcomeOf({ tp, fp, fn }: Omit<ImageCard, "boxes">): string {
  if (tp === null || fp === null || fn === null) return texts.image.noTruth;
  const { counts } = texts.outcomes;
  return [counts.tp(tp), counts.fp(fp), counts.fn(fn)].join(", ");
}
