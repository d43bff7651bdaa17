// The window of the picture as two sliders, and whether it is inverted.

import { Popover } from "@base-ui/react/popover";
import { texts } from "../texts";
import { Button } from "../ui/Button";
import buttons from "../ui/Button.module.css";
import { Checkbox } from "../ui/Checkbox";
import { Icon } from "../ui/Icon";
import { Skeleton } from "../ui/Skeleton";
import { Slider } from "../ui/Slider";
import styles from "./LookControls.module.css";
import { isSame, type Levels, PLAIN } from "./look";
import type { PictureLook } from "./useLook";

export function LookControls({ look }: { look: PictureLook }) {
  const { look: now, levels } = look;
  return (
    <Popover.Root onOpenChange={(open) => open && look.begin()}>
      <Popover.Trigger
        className={buttons.icon}
        aria-label={texts.look.open}
        title={texts.look.open}
        data-changed={!isSame(now, PLAIN)}
      >
        <Icon name="contrast" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className={styles.positioner} sideOffset={6} align="end">
          <Popover.Popup className={styles.popup}>
            <Popover.Title className={styles.title}>{texts.look.title}</Popover.Title>
            {levels === null ? <Skeleton height={96} /> : <Sliders look={look} levels={levels} />}
            <div className={styles.row}>
              <Checkbox checked={now.invert} onChange={look.setInvert}>
                {texts.look.invert}
              </Checkbox>
              <Button kind="quiet" disabled={isSame(now, PLAIN)} onClick={look.reset}>
                {texts.look.reset}
              </Button>
            </div>
            <Popover.Description className={styles.hint}>{texts.look.hint}</Popover.Description>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Sliders({ look, levels }: { look: PictureLook; levels: Levels }) {
  const window = look.look.window ?? levels;
  const range = levels.max - levels.min + 1;
  const step = range > 16 ? 1 : range / 256;
  const shown = (value: number) => (step === 1 ? String(Math.round(value)) : value.toFixed(2));
  return (
    <>
      <Slider
        name={texts.look.center}
        hint={texts.look.centerHint}
        value={window.center}
        min={levels.min}
        max={levels.max + 1}
        step={step}
        largeStep={range / 20}
        shown={shown(window.center)}
        onChange={(center) => look.setWindow({ center, width: window.width })}
      />
      <Slider
        name={texts.look.width}
        hint={texts.look.widthHint}
        value={window.width}
        min={step}
        max={2 * range}
        step={step}
        largeStep={range / 20}
        shown={shown(window.width)}
        onChange={(width) => look.setWindow({ center: window.center, width })}
      />
    </>
  );
}
