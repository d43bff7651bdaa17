// One layer: what it is, how much it holds, how fresh it is, and what is wrong, if anything is.

import type { Layer, LayerName } from "../api/layers";
import { ago, fullTime, texts } from "../texts";
import { Icon } from "../ui/Icon";
import { Skeleton } from "../ui/Skeleton";
import styles from "./LayerCard.module.css";

export function LayerCard({ name, layer }: { name: LayerName; layer: Layer | undefined }) {
  return (
    <article className={styles.card} data-state={layer?.state}>
      <h3 className={styles.name}>
        {texts.layers.names[name]}
        {layer !== undefined && <State state={layer.state} />}
      </h3>
      <p className={styles.what}>{texts.layers.what[name]}</p>
      {layer === undefined ? <Skeleton height={48} /> : <Figures layer={layer} />}
      {layer?.note != null && <p className={styles.note}>{layer.note}</p>}
    </article>
  );
}

// In order says nothing for the eye: calm is what is left when nothing is wrong.
function State({ state }: { state: Layer["state"] }) {
  if (state === "ok") return <span className="visually-hidden">{texts.layers.states.ok}</span>;
  const isWrong = state === "behind" || state === "broken";
  return (
    <span className={styles.state}>
      {isWrong && <Icon name="warning" size={13} />}
      {texts.layers.states[state]}
    </span>
  );
}

function Figures({ layer: { counts, newest } }: { layer: Layer }) {
  const [first, ...others] = Object.entries(counts);
  return (
    <div>
      {first !== undefined && (
        <p className={styles.figure}>
          <Figure name={first[0]} number={first[1]} />
        </p>
      )}
      <p className={styles.others}>
        {others.map(([name, number]) => (
          <span key={name}>{texts.home.counted(name, number)}</span>
        ))}
        {newest !== null && (
          <time dateTime={newest} title={fullTime(newest)}>
            {texts.home.newest(ago(newest))}
          </time>
        )}
      </p>
    </div>
  );
}

function Figure({ name, number }: { name: string; number: number }) {
  if (name.endsWith("bytes")) return <strong>{texts.home.counted(name, number)}</strong>;
  return (
    <>
      <strong>{number.toLocaleString("en")}</strong> {texts.home.noun(name, number)}
    </>
  );
}
