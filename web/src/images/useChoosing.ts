// Choosing images in the grid: one by one, a range from the last one chosen, all of the filter.

import { useRef } from "react";
import { type ImageCard, type ImageFilter, imagesBetween } from "../api/images";
import { texts } from "../texts";
import { toast } from "../ui/Toast";
import { ALL, choose, chooseMany, isChosen, NONE, type Selection } from "./selection";

// So many can be named one by one.
export const MOST_NAMED = 10_000;

interface ChoosingProps {
  app: string;
  filter: ImageFilter;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  cardAt: (place: number) => ImageCard | undefined;
}

export interface Choosing {
  // A range is counted from here.
  startAt(place: number): void;
  choose(place: number, chosen: boolean): void;
  toggle(place: number): void;
  chooseTo(place: number): void;
  all(): void;
  none(): void;
}

export function useChoosing(props: ChoosingProps): Choosing {
  const { app, filter, selection, onSelect, cardAt } = props;
  const start = useRef({ place: 0, before: selection });
  const latest = useRef(0);
  const startAt = (place: number, before: Selection) => {
    start.current = { place, before };
  };
  const one = (place: number, chosen: boolean) => {
    const card = cardAt(place);
    if (card === undefined) return;
    latest.current += 1;
    const next = choose(selection, card, chosen);
    startAt(place, next);
    onSelect(next);
  };
  const to = async (place: number) => {
    const { place: from, before } = start.current;
    const [first, last] = from < place ? [from, place] : [place, from];
    if (last - first >= MOST_NAMED) {
      toast(texts.selection.tooMany(MOST_NAMED), { kind: "bad" });
      return;
    }
    latest.current += 1;
    const asked = latest.current;
    const cards = cardsBetween(cardAt, first, last);
    try {
      const found = cards ?? (await imagesBetween(app, filter, first, last));
      if (asked === latest.current) onSelect(chooseMany(before, found, true));
    } catch (error) {
      toast((error as Error).message, { kind: "bad" });
    }
  };
  return {
    startAt: (place) => startAt(place, selection),
    choose: one,
    toggle: (place) => {
      const card = cardAt(place);
      if (card !== undefined) one(place, !isChosen(selection, card.object_id));
    },
    chooseTo: (place) => void to(place),
    all: () => {
      startAt(start.current.place, ALL);
      onSelect(ALL);
    },
    none: () => {
      startAt(start.current.place, NONE);
      onSelect(NONE);
    },
  };
}

// Null where some of them have not come yet.
function cardsBetween(
  cardAt: (place: number) => ImageCard | undefined,
  first: number,
  last: number,
): ImageCard[] | null {
  const cards: ImageCard[] = [];
  for (let place = first; place <= last; place++) {
    const card = cardAt(place);
    if (card === undefined) return null;
    cards.push(card);
  }
  return cards;
}
