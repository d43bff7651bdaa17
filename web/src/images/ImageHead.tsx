// Above an image: the way back, its place among the others, and where it is worked on.

import { Link } from "@tanstack/react-router";
import { imageAddress } from "../api/images";
import { texts } from "../texts";
import { Button, IconButton, join } from "../ui/Button";
import buttons from "../ui/Button.module.css";
import { Icon } from "../ui/Icon";
import { Menu, MenuLink } from "../ui/Menu";
import styles from "./ImageHead.module.css";
import type { ImageSearch } from "./search";
import type { Neighbour, Neighbours } from "./useNeighbours";

interface ImageHeadProps {
  app: string;
  objectId: string;
  search: ImageSearch;
  neighbours: Neighbours;
  inferenceId: string | null;
  onGo: (neighbour: Neighbour | null) => void;
}

export function ImageHead(props: ImageHeadProps) {
  const { app, objectId, search, neighbours, inferenceId, onGo } = props;
  const { at: _, ...filter } = search;
  const { place, previous, next } = neighbours;
  return (
    <header className={styles.head}>
      <Link
        to="/images/$app"
        params={{ app }}
        search={filter}
        className={join(buttons.button, buttons.quiet, styles.back)}
        aria-label={texts.image.back}
      >
        <Icon name="back" />
        <span className={styles.word}>{texts.images.title}</span>
      </Link>
      <h1 className={styles.name} title={objectId}>
        {texts.image.title(objectId.slice(-12))}
      </h1>
      {place !== null && (
        <div className={styles.steps}>
          <IconButton
            icon="back"
            name={texts.image.previous}
            disabled={previous === null}
            onClick={() => onGo(previous)}
          />
          <span className={styles.place}>{texts.image.place(place.at + 1, place.total)}</span>
          <IconButton
            icon="next"
            name={texts.image.next}
            disabled={next === null}
            onClick={() => onGo(next)}
          />
        </div>
      )}
      <div className={styles.deeds}>
        {inferenceId !== null && (
          <Link
            to="/predict/$app/$inferenceId"
            params={{ app, inferenceId }}
            className={join(buttons.button, buttons.plain)}
          >
            {texts.image.openPredict}
          </Link>
        )}
        <Link
          to="/review/$app/$objectId"
          params={{ app, objectId }}
          className={join(buttons.button, buttons.primary)}
        >
          <Icon name="review" />
          {texts.image.openReview}
        </Link>
        <Menu
          trigger={
            <Button icon="download" aria-label={texts.data.menu} className={styles.data}>
              <span className={styles.word}>{texts.data.menu}</span>
            </Button>
          }
        >
          <MenuLink href={imageAddress(app, objectId)} icon="code">
            {texts.data.json}
          </MenuLink>
          <MenuLink href={`/api/v1/objects/${encodeURIComponent(objectId)}`} icon="image" download>
            {texts.data.original}
          </MenuLink>
        </Menu>
      </div>
    </header>
  );
}
