// The tools of the stage: select and draw, what is shown, and how large.

import { Popover } from "@base-ui/react/popover";
import type { View } from "../domain/view";
import { texts } from "../texts";
import { IconButton } from "../ui/Button";
import buttons from "../ui/Button.module.css";
import { Icon } from "../ui/Icon";
import { Select } from "../ui/Select";
import type { StageProps } from "./Stage";
import styles from "./Toolbar.module.css";

interface ToolbarProps extends Omit<StageProps, "ref" | "source" | "picture" | "name"> {
  view: View | null;
  isFitted: boolean;
  onZoom: (direction: 1 | -1) => void;
  onFit: () => void;
  showsBoxes: boolean;
  onShowBoxes: (shows: boolean) => void;
  showsRejected: boolean;
  onShowRejected: (shows: boolean) => void;
}

export function Toolbar(props: ToolbarProps) {
  const { marking, mayEdit, view, isFitted, onZoom, onFit } = props;
  return (
    <div className={styles.bar} role="toolbar" aria-label={texts.stage.title}>
      {marking !== null && mayEdit && <Tools {...props} marking={marking} />}
      {marking !== null && <Shown {...props} />}
      <span className={styles.gap} />
      <IconButton icon="minus" name={texts.stage.zoomOut} onClick={() => onZoom(-1)} />
      <output className={styles.zoom}>{view === null ? "" : texts.stage.zoom(view.scale)}</output>
      <IconButton icon="add" name={texts.stage.zoomIn} onClick={() => onZoom(1)} />
      <IconButton icon="fit" name={texts.stage.fit} onClick={onFit} disabled={isFitted} />
      {marking !== null && mayEdit && <Keys />}
    </div>
  );
}

type ToolsProps = Pick<ToolbarProps, "labels" | "colourOf"> & {
  marking: NonNullable<ToolbarProps["marking"]>;
};

function Tools({ marking, labels, colourOf }: ToolsProps) {
  return (
    <>
      <IconButton
        icon="pointer"
        name={texts.stage.select}
        pressed={marking.tool === "select"}
        onClick={() => marking.setTool("select")}
      />
      <IconButton
        icon="draw"
        name={texts.stage.draw}
        pressed={marking.tool === "draw"}
        onClick={() => marking.setTool("draw")}
      />
      {marking.tool === "draw" && (
        <Select
          quiet
          name={texts.stage.newLabel}
          value={marking.newLabel}
          options={labels}
          colourOf={colourOf}
          onChange={marking.setNewLabel}
        />
      )}
    </>
  );
}

function Shown({ marking, showsBoxes, onShowBoxes, showsRejected, onShowRejected }: ToolbarProps) {
  const anyRejected = marking?.findings.some(({ verdict }) => verdict === "rejected");
  return (
    <>
      <IconButton
        icon="eye"
        name={texts.stage.boxes}
        pressed={showsBoxes}
        onClick={() => onShowBoxes(!showsBoxes)}
      />
      {anyRejected && (
        <IconButton
          icon="trash"
          name={texts.stage.rejected}
          pressed={showsRejected}
          onClick={() => onShowRejected(!showsRejected)}
        />
      )}
    </>
  );
}

function Keys() {
  return (
    <Popover.Root>
      <Popover.Trigger className={`${buttons.icon} ${styles.keys}`} aria-label={texts.stage.keys}>
        <Icon name="keys" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className={styles.positioner} sideOffset={6} align="end">
          <Popover.Popup className={styles.popup}>
            <Popover.Title className={styles.title}>{texts.stage.keys}</Popover.Title>
            <dl className={styles.list}>
              {texts.stage.keyList.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
