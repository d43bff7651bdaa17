// The open picture to take along: the answer, the picture with its boxes, or a piece of COCO.

import { placeOf, type Subject } from "../domain/subject";
import { texts } from "../texts";
import buttons from "../ui/Button.module.css";
import { Icon } from "../ui/Icon";
import { Menu, MenuItem, MenuLink } from "../ui/Menu";
import { toast } from "../ui/Toast";
import { asCoco } from "./coco";
import { asPng, type Drawing } from "./drawing";

export function DownloadMenu({ drawing }: { drawing: Drawing }) {
  const { subject, findings, labels } = drawing;
  const name = placeOf(subject).replace("/", "-");
  const coco = () => save(`${name}.coco.json`, json(asCoco(subject, findings, labels)));
  const png = () =>
    asPng(drawing).then(
      (blob) => save(`${name}.png`, blob),
      (error: Error) => toast(texts.download.failed(error.message), { kind: "bad" }),
    );
  const trigger = (
    <button
      type="button"
      className={buttons.icon}
      aria-label={texts.download.open}
      title={texts.download.open}
    >
      <Icon name="download" />
    </button>
  );
  return (
    <Menu trigger={trigger}>
      {subject.inference_id !== null && (
        <MenuLink href={answerAddress(subject)} download={`${name}.json`} note="JSON">
          {texts.download.answer}
        </MenuLink>
      )}
      <MenuItem onClick={png} note="PNG">
        {texts.download.picture}
      </MenuItem>
      <MenuItem onClick={coco} note="COCO">
        {texts.download.coco}
      </MenuItem>
      <MenuLink href={`/api/v1/objects/${subject.object_id}`} download>
        {texts.download.original}
      </MenuLink>
    </Menu>
  );
}

function answerAddress({ inference_id }: Subject): string {
  return `/api/v1/inferences/${encodeURIComponent(inference_id ?? "")}?candidates=true`;
}

function json(value: unknown): Blob {
  return new Blob([JSON.stringify(value, null, 2)], { type: "application/json" });
}

function save(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  // Browsers begin to read it at once, but not before this is over.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
