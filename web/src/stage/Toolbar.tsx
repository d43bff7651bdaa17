// The tools of the stage: select and draw, what is shown, and how large.

import type { View } from "../domain/view";
import { texts } from "../texts";
import { IconButton } from "../ui/Button";
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
      {marking !== null && mayEdit && <Past marking={marking} />}
      <span className={styles.gap} />
      {props.tools}
      <IconButton icon="minus" name={texts.stage.zoomOut} onClick={() => onZoom(-1)} />
      <output className={styles.zoom}>{view === null ? "" : texts.stage.zoom(view.scale)}</output>
      <IconButton icon="add" name={texts.stage.zoomIn} onClick={() => onZoom(1)} />
      <IconButton icon="fit" name={texts.stage.fit} onClick={onFit} disabled={isFitted} />
      {marking !== null && mayEdit && (
        <IconButton
          className={styles.keys}
          icon="keys"
          name={texts.stage.keys}
          onClick={props.onKeys}
        />
      )}
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

function Past({ marking }: Pick<ToolsProps, "marking">) {
  return (
    <>
      <IconButton
        icon="undo"
        name={texts.stage.undo}
        disabled={!marking.mayUndo}
        onClick={marking.undo}
      />
      <IconButton
        icon="redo"
        name={texts.stage.redo}
        disabled={!marking.mayRedo}
        onClick={marking.redo}
      />
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
