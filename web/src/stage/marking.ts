// What the stage and the panels beside it share: the selected box, the tool in hand, and the deeds.

import type { Box } from "../domain/geometry";
import type { Finding } from "../domain/review";

export type Tool = "select" | "draw";

export interface Marking {
  readonly findings: readonly Finding[];
  readonly selected: Finding | null;
  readonly hovered: string | null;
  readonly tool: Tool;
  readonly newLabel: string;
  readonly mayUndo: boolean;
  readonly mayRedo: boolean;
  select(key: string | null): void;
  hover(key: string | null): void;
  setTool(tool: Tool): void;
  setNewLabel(label: string): void;
  setBox(finding: Finding, box: Box): void;
  setLabel(finding: Finding, label: string): void;
  confirm(finding: Finding): void;
  reject(finding: Finding): void;
  draw(box: Box): void;
  undo(): void;
  redo(): void;
  // Selects the next finding; false past the last one, where none is.
  step(by: 1 | -1): boolean;
}

export interface StageHandle {
  // Whether the key means something to the stage.
  onKey(event: KeyboardEvent): boolean;
}
