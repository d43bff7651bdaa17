// The layers as what they are: a loop, from the raw image to the model that sees the next one.

import type { Layer, LayerName } from "../api/layers";
import { texts } from "../texts";
import { LayerCard } from "./LayerCard";
import styles from "./Loop.module.css";
import sections from "./Section.module.css";

const ORDER: readonly LayerName[] = [
  "raw",
  "capture",
  "history",
  "analytics",
  "training",
  "models",
];

// While they are fetched the loop stands there already, without its figures.
export function Loop({ layers }: { layers: readonly Layer[] | undefined }) {
  return (
    <section aria-labelledby="loop">
      <h2 id="loop" className={sections.title}>
        {texts.layers.title}
      </h2>
      <div className={styles.around}>
        <ol className={styles.loop} aria-busy={layers === undefined}>
          {ORDER.map((name) => (
            <li key={name} className={styles.place} data-layer={name}>
              <LayerCard name={name} layer={layers?.find((each) => each.name === name)} />
              <Way from={name} />
            </li>
          ))}
        </ol>
        <Water />
      </div>
    </section>
  );
}

// The arrow to the next layer, with the word for what leads there.
function Way({ from }: { from: LayerName }) {
  return (
    <span className={styles.way} aria-hidden="true">
      <svg viewBox="0 0 12 12" className={styles.arrow} aria-hidden="true">
        <path d="M1 6h10M7 2l4 4-4 4" />
      </svg>
      <span className={styles.word}>{texts.layers.ways[from]}</span>
    </span>
  );
}

// The pond that the loop goes around.
function Water() {
  return (
    <svg className={styles.water} viewBox="0 0 320 24" aria-hidden="true">
      <path d="M20 8c10 0 10 4 20 4s10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4" />
      <path d="M80 17c10 0 10 4 20 4s10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4 10-4 20-4 10 4 20 4" />
    </svg>
  );
}
