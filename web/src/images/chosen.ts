// The chosen images as they are sent: by their ids, or as the filter that says the same shortly.

import { type Chosen, type ImageFilter, imagesBetween } from "../api/images";
import { texts } from "../texts";
import { isChosen, type Selection } from "./selection";
import { MOST_NAMED } from "./useChoosing";

export async function chosenOf(
  app: string,
  { sort: _, ...filter }: ImageFilter,
  total: number,
  selection: Selection,
): Promise<Chosen> {
  if (!selection.isAll) return { object_ids: [...selection.ids.keys()] };
  if (selection.ids.size === 0) return { filter };
  if (total > MOST_NAMED) throw new Error(texts.selection.tooMany(MOST_NAMED));
  const all = await imagesBetween(app, filter, 0, total - 1);
  const ids = all.map(({ object_id }) => object_id);
  return { object_ids: ids.filter((id) => isChosen(selection, id)) };
}
